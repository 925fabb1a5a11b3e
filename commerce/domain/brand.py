"""How the shop looks and what it promises wherever it is shown: three colours, a logo, two lines of words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from commerce.domain.localtext import LocalText

LEAST_CONTRAST = 4.5  # of words on their ground, WCAG 2.2, 1.4.3
_COLOUR = re.compile(r"#[0-9a-f]{6}")
WHITE, BLACK = "#ffffff", "#000000"


@dataclass(frozen=True, slots=True)
class Brand:
    """Colours are sRGB, "#rrggbb" in small letters: `ink` and `accent` are written on `paper`. `claim`: what is
    promised, such as “Free delivery from €60”, until the end of the day `claim_until`."""

    ink: str = "#22201c"
    paper: str = "#f8f5ef"
    accent: str = "#2f6b4f"
    logo_key: str = ""  # in the media store
    tagline: LocalText = field(default_factory=LocalText)
    claim: LocalText = field(default_factory=LocalText)
    claim_until: date | None = None

    def __post_init__(self) -> None:
        for colour in (self.ink, self.paper, self.accent):
            if not is_colour(colour):
                raise ValueError(f"not a colour: {colour!r}")

    @property
    def on_accent(self) -> str:
        """White or black, whichever is read better on the accent: one of them always is, with 4.58 at least."""
        return max((WHITE, BLACK), key=lambda colour: contrast(colour, self.accent))

    def claim_on(self, today: date) -> LocalText:
        """What is promised on that day; nothing once it is over."""
        return self.claim if self.claim_until is None or today <= self.claim_until else LocalText()


class NotBranded(StrEnum):
    """Why a brand was not kept."""

    NO_COLOUR = "no_colour"  # not written as #rrggbb
    FAINT_INK = "faint_ink"  # words in this colour are not read on the paper
    FAINT_ACCENT = "faint_accent"
    UNREADABLE = "unreadable"  # the logo


def is_colour(text: str) -> bool:
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """From 1 to 21, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)
