"""A journey as one reads it: say, tap, expect. Every line is given as "French ‖ English" and played in one language.

A journey talks through a `Driver`: one person at one end of a channel. The same journey runs over every driver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from commerce.domain.geo import GeoPoint

_NUMBER = re.compile(r"^[0-9] (?=[^\W\d])")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as the person sees it: everything written in it, the labels of its buttons, what came with it."""

    text: str
    buttons: tuple[str, ...] = ()
    pictures: int = 0
    asks_location: bool = False
    documents: tuple[str, ...] = ()  # what the files say that came with it


class Driver(Protocol):
    """One person in one channel. Every method returns when the shop has answered all there is to answer."""

    def say(self, text: str) -> None: ...

    def tap(self, label: str) -> None:
        """Presses the newest button with that label, as a person finds it: by what it says."""
        ...

    def address(self, label: str) -> str:
        """Where the newest button with that label leads."""
        ...

    def start(self, parameter: str) -> None:
        """Opens the conversation by a link that carries something."""
        ...

    def share_location(self, point: GeoPoint) -> None: ...

    def send_photo(self, data: bytes, caption: str = "") -> None: ...

    def new_messages(self) -> list[Seen]:
        """What came since the last call, oldest first."""
        ...


def normal(text: str) -> str:
    """Typographic spaces are spaces."""
    return text.translate(_SPACES)


def same_label(shown: str, wanted: str) -> bool:
    """Labels are equal but for the number of the product that some channels put before them, and others beside."""
    bare = shown.split(". ", 1)[1] if shown[:1].isdigit() and ". " in shown[:5] else shown
    return normal(wanted) in (normal(shown), normal(bare)) or normal(shown) == _NUMBER.sub("", normal(wanted))


class Talk:
    """A person's journey in one language over one driver."""

    def __init__(self, driver: Driver, language: str) -> None:
        self.driver, self.language = driver, language
        self.last: list[Seen] = []

    def of(self, both: str) -> str:
        """The half of "French ‖ English" that is ours; a line without ‖ is the same in both."""
        french, _, english = both.partition("‖")
        return (french if self.language == "fr" or not english else english).strip()

    def say(self, both: str) -> Talk:
        self.driver.say(self.of(both))
        return self._listen()

    def tap(self, both: str) -> Talk:
        self.driver.tap(self.of(both))
        return self._listen()

    def address(self, both: str) -> str:
        return self.driver.address(self.of(both))

    def start(self, parameter: str) -> Talk:
        self.driver.start(parameter)
        return self._listen()

    def share_location(self, latitude: float, longitude: float) -> Talk:
        self.driver.share_location(GeoPoint(latitude, longitude))
        return self._listen()

    def send_photo(self, picture: bytes | Path, caption: str = "") -> Talk:
        data = picture.read_bytes() if isinstance(picture, Path) else picture
        self.driver.send_photo(data, self.of(caption) if caption else "")
        return self._listen()

    def wait(self) -> Talk:
        """Messages that came by themselves."""
        return self._listen()

    @property
    def text(self) -> str:
        """All that was said since the last thing we did."""
        return normal("\n".join(seen.text for seen in self.last))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(normal(label) for seen in self.last for label in seen.buttons)

    def expect(self, *lines: str) -> Talk:
        """Each line occurs in the answer."""
        for both in lines:
            assert normal(self.of(both)) in self.text, f"missing: {self.of(both)!r}\n--- in ---\n{self.text}"
        return self

    def expect_not(self, *lines: str) -> Talk:
        for both in lines:
            assert normal(self.of(both)) not in self.text, f"unwanted: {self.of(both)!r}\n--- in ---\n{self.text}"
        return self

    def expect_buttons(self, *labels: str) -> Talk:
        """Each button is there."""
        for both in labels:
            wanted = self.of(both)
            assert any(same_label(label, wanted) for label in self.labels), f"no [{wanted}] among {self.labels}"
        return self

    def expect_no_button(self, *labels: str) -> Talk:
        for both in labels:
            wanted = self.of(both)
            assert not any(same_label(label, wanted) for label in self.labels), f"unwanted [{wanted}]"
        return self

    def expect_location_request(self) -> Talk:
        assert any(seen.asks_location for seen in self.last), self.last
        return self

    def expect_picture(self) -> Talk:
        assert any(seen.pictures for seen in self.last), self.last
        return self

    def expect_document(self, *lines: str) -> str:
        """A file came, and each line occurs in what it says."""
        files = [normal(said) for seen in self.last for said in seen.documents]
        assert files, self.last
        for both in lines:
            assert normal(self.of(both)) in files[-1], f"missing: {self.of(both)!r}\n--- in ---\n{files[-1]}"
        return files[-1]

    def expect_order(self, *lines: str) -> Talk:
        """The lines occur one after the other."""
        place = 0
        for both in lines:
            found = self.text.find(normal(self.of(both)), place)
            assert found >= 0, f"missing, or too early: {self.of(both)!r}\n--- in ---\n{self.text}"
            place = found + 1
        return self

    def _listen(self) -> Talk:
        self.last = self.driver.new_messages()
        return self
