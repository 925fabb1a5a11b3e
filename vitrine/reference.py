"""Writes docs/reference/ from the code: settings, commands, proofs, access. `--check` fails when a page is stale.

python -m vitrine.reference [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from commerce.settings import Settings

DIRECTORY = Path(__file__).parent.parent / "docs" / "reference"
_GENERATED = "<!-- Written by `python -m vitrine.reference`: do not edit. -->"


def settings_page() -> str:
    """A row a setting, in the order of the table."""
    lines = [
        "# Settings",
        "",
        _GENERATED,
        "",
        "Each is read from the environment (`VITRINE_…`), else from `vitrine.toml` in the working directory under its",
        "name in lower case. A secret that is not set closes the door it guards.",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `VITRINE_{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is PydanticUndefined or value in ("", ()) or isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value}`"


def commands_page() -> str:
    """A section a command, with its arguments and options."""
    from vitrine.cli import app

    lines = [
        "# Commands",
        "",
        _GENERATED,
        "",
        "`vitrine …` or `python -m vitrine …`. Exit codes: 0 done, 1 refused, 2 misused.",
    ]
    for path, command in _commands(typer.main.get_command(app), ()):
        lines += ["", f"## vitrine {' '.join(path)}", "", (command.help or "").strip()]
        parameters = [line for line in map(_parameter, command.params) if line]
        lines += ["", *parameters] if parameters else []
    return "\n".join(lines).rstrip() + "\n"


def _parameter(parameter: Any) -> str:
    about = getattr(parameter, "help", None) or ""
    if parameter.param_type_name == "argument":
        return f"- `{parameter.metavar or parameter.name.upper()}` {about}".rstrip()
    if "--help" in parameter.opts:
        return ""
    names = " / ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    return f"- {names} {about}".rstrip()


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The leaves of the tree. Typer keeps its own kind of Click, so commands are told apart by what they have."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, (*path, name))


def proofs_page() -> str:
    """A row a promise."""
    from vitrine.prove.running import promises

    lines = [
        "# Proofs",
        "",
        _GENERATED,
        "",
        "`vitrine prove NAME` runs one for real on a scratch database and prints its figure and its seed.",
        "",
        "| name | promise | full n | n in CI |",
        "|---|---|---|---|",
    ]
    for name, promise in promises().items():
        lines.append(f"| `{name}` | {promise.promise} | {promise.default_n:,} | {promise.ci_n:,} |")
    return "\n".join(lines) + "\n"


def access_page() -> str:
    """A row an address and method, by who may use it."""
    from shoppable.doors import DOORS
    from vitrine.every_door import app_with_every_door

    lines = [
        "# Who may go where",
        "",
        _GENERATED,
        "",
        "Every address of the shop. A thing of somebody else, or of a store where one does not work, answers exactly",
        "like one that does not exist. The table is `shoppable/doors.py`; a test tries every line of it as nobody, as",
        "two shoppers, as staff of two stores, as marketer, owner and as somebody who has left, and fails when an",
        "address has no line.",
        "",
        "| address | method | who |",
        "|---|---|---|",
    ]
    who = {door.endpoint: door.in_words for door in DOORS}
    with app_with_every_door() as app:
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
            methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            lines.append(f"| `{rule.rule}` | {methods} | {who.get(rule.endpoint, 'unknown')} |")
    return "\n".join(lines) + "\n"


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "proofs.md": proofs_page,
    "access.md": access_page,
}


def main() -> int:
    """0 when every page is written (or, with --check, fresh); 1 when one is stale."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, page in PAGES.items():
        path, text = DIRECTORY / name, page()
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    if check and stale:
        print(f"stale: {', '.join(stale)}; run `python -m vitrine.reference`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
