"""The command line. Each room of commands is a module of `vitrine.commands`; heavy imports wait inside the commands.

Exit codes: 0 done, 1 refused (the reason is printed), 2 misused.
"""

from __future__ import annotations

import sys

import typer

from commerce.errors import SettingsError, VitrineError
from vitrine.commands import catalogue, conversations, eyes, operating, promotions, publishing, serving, staff, stock

app = typer.Typer(
    name="vitrine",
    help="A shop window that talks. Start with `vitrine demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for room in (serving, catalogue, conversations, eyes, promotions, publishing, operating, stock, staff):
    room.register(app)


def main() -> None:
    """Runs a command and ends the process with its exit code."""
    try:
        app()
    except SettingsError as error:
        print(f"The settings do not allow it:\n{error}", file=sys.stderr)
        sys.exit(2)
    except VitrineError as error:
        print(f"Refused: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
