"""What every command shares: opening the shop, printing for people or machines, showing progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from commerce.wiring import Shop

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Lang = Annotated[str, typer.Option("--lang", help="Language of questions and answers: fr or en.")]
Progress = Callable[[str, int, int | None], None]  # what, done, of how many (None: not known)

# What those who report progress call it, and what it is called for people; see `locales/`.
_STAGES = {
    "drawing": "Drawing the demo’s products",
    "scan": "Opening the list of products (bytes)",
    "read": "Reading products",
    "stock": "Counting stock",
    "apply": "Taking them over",
    "pictures": "Fetching pictures",
    "Reading the catalogue": "Learning names for the search",
    "Looking at pictures": "Looking at pictures",
    "catalogue": "Reading a printed catalogue",
    "lookbook": "Laying out a catalogue",
    "posts": "Fetching posts",
}


def refuse(reason: str) -> NoReturn:
    """Prints why and ends with exit code 1."""
    print(f"Refused: {reason}", file=sys.stderr)
    raise typer.Exit(1)


def misuse(reason: str) -> NoReturn:
    """Prints what is wrong with the call and ends with exit code 2."""
    print(reason, file=sys.stderr)
    raise typer.Exit(2)


def language(lang: str) -> str:
    """The language asked for, if the shop speaks it."""
    from commerce.settings import load_settings

    settings = load_settings()
    lang = lang or settings.default_language
    if lang not in settings.languages:
        misuse(f"--lang {lang}: this shop speaks {', '.join(settings.languages)}")
    return lang


@contextmanager
def open_shop(*, indexed: bool = True) -> Iterator[Shop]:
    """The shop of the settings in force, its database migrated; `indexed`: ready to search."""
    from commerce.settings import load_settings
    from commerce.wiring import build_shop
    from vitrine.logs import configure_logs

    configure_logs()
    with build_shop(load_settings()) as shop:
        if indexed:
            shop.index_keeper.refresh()
        yield shop


def print_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    print()


@contextmanager
def progress_bars(*, quiet: bool = False, language: str = "en") -> Iterator[Progress]:
    """A callback that shows one bar a stage on a terminal, and a line a stage elsewhere. Goes to standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from commerce.i18n import format_number
    from vitrine.opening import words

    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    last: dict[str, tuple[int, int | None]] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def report(stage: str, done: int, total: int | None) -> None:
            what = words(language, _STAGES.get(stage, stage))
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)
            last[what] = (done, total)

        yield report
    if not console.is_terminal:
        for what, (done, total) in last.items():
            count = format_number(done, language)
            if total is not None:
                count = words(language, "{done} of {total}", done=count, total=format_number(total, language))
            console.print(f"{what}: {count}", highlight=False)
