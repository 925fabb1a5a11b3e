"""What people see of a bot in one chat: its messages, and the buttons under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as the person sees it. `keys`: the keyboard that it put in place of the person's own."""

    message_id: int
    text: str
    photos: tuple[bytes, ...] = ()
    documents: tuple[bytes, ...] = ()
    buttons: tuple[tuple[str, ...], ...] = ()
    keys: tuple[str, ...] = ()
    asks_location: str = ""  # the label of the button that shares the position
    raw: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def button(self, label: str) -> dict[str, Any] | None:
        """The button under it that carries that label."""
        rows = self.raw.get("reply_markup", {}).get("inline_keyboard", ())
        return next((button for row in rows for button in row if is_label(button["text"], label)), None)


class NoSuchButton(LookupError):
    """Nothing on the screen carries that label."""


class Screen:
    """Of a person, or of everybody in a group."""

    def __init__(self) -> None:
        self._screen: list[Shown] = []
        self._read = 0

    @property
    def screen(self) -> list[Shown]:
        return list(self._screen)

    @property
    def buttons(self) -> list[str]:
        """Labels on the screen, newest message first."""
        return list(dict.fromkeys(label for shown in reversed(self._screen) for row in shown.buttons for label in row))

    def replies(self) -> list[Shown]:
        """What the bot has shown since the last call."""
        fresh, self._read = self._screen[self._read :], len(self._screen)
        return fresh

    # --- for the stand-in

    def show(self, shown: Shown) -> None:
        """A message appears, or takes the place of the one it edits."""
        for index, earlier in enumerate(self._screen):
            if earlier.message_id == shown.message_id:
                self._screen[index] = shown
                return
        self._screen.append(shown)

    def hide(self, message_id: int) -> None:
        self._forget(lambda shown: shown.message_id == message_id)

    def _forget(self, gone: Callable[[Shown], bool]) -> None:
        self._read -= sum(gone(shown) for shown in self._screen[: self._read])
        self._screen = [shown for shown in self._screen if not gone(shown)]


def is_label(label: str, wanted: str) -> bool:
    return " ".join(label.split()) == " ".join(wanted.split())
