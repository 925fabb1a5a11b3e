"""demo, serve, worker, poll, rehearse: the commands that keep running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrine.console import language

Said = Annotated[str, typer.Option("--lang", help="Language of what is said here: fr or en; else the shop's own.")]


def register(app: typer.Typer) -> None:
    for command in (demo, serve, worker, poll, rehearse):
        app.command()(command)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where the demo shop lives.")] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    lang: Said = "",
) -> None:
    """A shop of about 300 drawn products in three stores, with everything running. Nothing to set up."""
    from vitrine.demo import run_demo

    run_demo(directory, port, language(lang))


def serve(
    workers: Annotated[
        bool, typer.Option("--with-worker/--web-only", help="Answer conversations in this process too.")
    ] = True,
    lang: Said = "",
) -> None:
    """The pages, the JSON API and the vendors' hooks; by default the conversations too."""
    from commerce.settings import load_settings
    from vitrine.serve import serve_forever

    serve_forever(load_settings(), with_worker=workers, language=language(lang))


def worker() -> None:
    """Answers conversations, sends what is to be sent, lets reservations expire. For more than one process."""
    from commerce.settings import load_settings
    from vitrine.serve import work_forever

    work_forever(load_settings(), polling=False)


def poll() -> None:
    """Telegram without a public address: fetches what shoppers write and answers it."""
    from commerce.settings import load_settings
    from vitrine.serve import work_forever

    work_forever(load_settings(), polling=True)


def rehearse(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Keep the rehearsal here; without it, in a folder that is deleted.")
    ] = None,
) -> None:
    """A small shop, a clock that moves on request and stand-ins for the vendors, all on this machine."""
    from vitrine.rehearsal import run_rehearsal

    run_rehearsal(port, directory)
