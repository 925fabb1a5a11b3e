"""The terminal: `vitrine chat`. See README.md beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.port import Channel

if TYPE_CHECKING:
    from bot.messages import Capabilities
    from commerce.ports import MediaStore
    from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    return "`vitrine chat` makes its own"  # a worker has no terminal to write to


def build(settings: Settings, media: MediaStore) -> Channel:
    from bot.channels.terminal.send import Terminal

    return Terminal()


def capabilities() -> Capabilities:
    from bot.channels.terminal.send import CAPABILITIES

    return CAPABILITIES
