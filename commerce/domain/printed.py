"""What is printed on a page that somebody made elsewhere: its picture, its words and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from commerce.domain.lookbook import Region


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is printed, and where."""

    text: str
    region: Region


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """`jpeg` is the whole page, `width_px` by `height_px`. `pictures`: where pictures lie on it, largest first."""

    number: int
    jpeg: bytes
    width_px: int
    height_px: int
    words: tuple[Word, ...] = ()
    pictures: tuple[Region, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)
