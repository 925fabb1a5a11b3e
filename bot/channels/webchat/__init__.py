"""Web chat: the page of the shop itself. See README.md beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.port import Channel

if TYPE_CHECKING:
    from bot.messages import Capabilities
    from commerce.ports import MediaStore
    from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    return ""  # it comes with the pages and needs no vendor


def build(settings: Settings, media: MediaStore) -> Channel:
    from bot.channels.webchat.send import WebChat

    return WebChat(media)


def capabilities() -> Capabilities:
    from bot.channels.webchat.send import CAPABILITIES

    return CAPABILITIES
