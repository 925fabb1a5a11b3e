"""Ready-made replies with which the team of the demo shop begins."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from commerce.domain.conversation import CannedReply
from commerce.domain.localtext import LocalText

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def demo_replies() -> list[CannedReply]:
    """In both languages. The French follows the typography of the pages."""
    written = tomllib.loads(files("vitrine.demo_shop").joinpath("replies.toml").read_text("utf-8"))
    return [
        CannedReply(f"demo-{number}", each["title"], LocalText({"fr": _spaced(each["fr"]), "en": each["en"]}), number)
        for number, each in enumerate(written["reply"], 1)
    ]


def put_replies(uow: UnitOfWork) -> None:
    for reply in demo_replies():
        uow.conversations.put_canned(reply)


def _spaced(french: str) -> str:
    """With the spaces that do not break before the signs that want one."""
    for sign in ("?", "!", ";"):
        french = french.replace(f" {sign}", f"\u202f{sign}")
    return french.replace(" :", "\u00a0:").replace("n° ", "n°\u00a0")
