"""The terminal: what a person types at `vitrine chat`, and the blocks of lines that come back."""

from __future__ import annotations

import re
import tempfile
from datetime import timedelta
from pathlib import Path

from bot.terminal_chat import TerminalConversation
from commerce.clock import ManualClock
from commerce.domain.geo import GeoPoint
from commerce.wiring import Shop
from tests.journeys.dsl import Seen, same_label

TYPING = timedelta(seconds=1)
_CHOICE = re.compile(r"^\s*(\d+)\. (.+)$", re.MULTILINE)
_LINK = re.compile(r"^\s*([^\n:]+): https?://\S+$", re.MULTILINE)


class TerminalDriver:
    """One person. A choice is tapped by typing its number, found beside its label."""

    def __init__(self, shop: Shop, language: str) -> None:
        self._shop = shop
        self._conversation = TerminalConversation(shop, language)
        self.contact = self._conversation.contact
        self._fresh: list[str] = []
        self._screen: list[str] = []

    def say(self, text: str) -> None:
        if isinstance(self._shop.clock, ManualClock):
            self._shop.clock.advance(TYPING)
        blocks = self._conversation.say(text)
        self._fresh += blocks
        self._screen += blocks

    def tap(self, label: str) -> None:
        for block in reversed(self._screen):
            choices = _CHOICE.findall(block)
            if not choices:
                continue
            # Of a list and its choices, the choices come last: the numbers that count stand at the end.
            for number, words in reversed(choices):
                if same_label(words, label):
                    return self.say(number)
            break
        return self.say(label)  # no longer among the choices: a person types what they mean

    def address(self, label: str) -> str:
        shown = "\n".join(self._screen)
        return re.findall(rf"^\s*{re.escape(label)}: (https?://\S+)$", shown, re.MULTILINE)[-1]

    def start(self, parameter: str) -> None:
        self.say(f"/start {parameter}")

    def share_location(self, point: GeoPoint) -> None:
        self.say(f"location {point.latitude},{point.longitude}")

    def send_photo(self, data: bytes, caption: str = "") -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "photo.jpg"
            path.write_bytes(data)
            self.say(f"photo {path}")
        if caption:
            self.say(caption)

    def new_messages(self) -> list[Seen]:
        self._fresh += (more := self._conversation.waiting())
        self._screen += more
        fresh, self._fresh = self._fresh, []
        return [
            Seen(
                text=block,
                buttons=(*(words for _, words in _CHOICE.findall(block)), *_LINK.findall(block)),
                pictures=block.count("🖼"),
                asks_location="location LAT,LON" in block,
            )
            for block in fresh
        ]

    def close(self) -> None:
        self._conversation.close()
