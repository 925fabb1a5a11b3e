"""chat, transcript: talking to the shop from the terminal."""

from __future__ import annotations

import sys

import typer

from vitrine.console import Json, Lang, language, open_shop


def register(app: typer.Typer) -> None:
    app.command()(chat)


def chat(lang: Lang = "", json: Json = False) -> None:
    """A conversation in the terminal; reads standard input, so it can be scripted.

    A line is what the shopper says; a number taps that button; `photo PATH` and `location LAT,LON` send those.
    """
    from bot.terminal_chat import run_chat

    spoken = language(lang)
    with open_shop() as shop:
        run_chat(shop, lang=spoken, stdin=sys.stdin, stdout=sys.stdout, json_output=json)
