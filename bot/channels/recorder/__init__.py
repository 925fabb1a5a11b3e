"""The recorder: a channel in memory, for tests, rehearsals and demos. See README.md beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.port import Channel

if TYPE_CHECKING:
    from bot.messages import Capabilities
    from commerce.ports import MediaStore
    from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    return "made by tests and rehearsals alone"


def build(settings: Settings, media: MediaStore) -> Channel:
    from bot.channels.recorder.send import Recorder

    return Recorder(media)


def capabilities() -> Capabilities:
    from bot.channels.recorder.send import CAPABILITIES

    return CAPABILITIES
