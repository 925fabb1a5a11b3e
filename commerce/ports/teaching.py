"""What the encoder is taught of the shop's own catalogue, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from commerce.domain.product import Product

Progress = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, of how much (None: not known)."""


@dataclass(frozen=True, slots=True)
class KindWords:
    """What products of a category are called in a language: "dress"; with a colour, "red dress"."""

    language: str
    text: str
    category: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Taught:
    """Figures are shares of 1, by name. `before` and `after` are of products that were held out of the teaching;
    `whole_…` of the catalogue as it is used, all of it taught (empty where it was refused)."""

    refused: tuple[str, ...]
    """Why the taught encoder is not better; nothing was changed then."""
    products: int
    pictures: int
    held_out: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    whole_before: Mapping[str, float]
    whole_after: Mapping[str, float]
    took_s: float


class Teachable(Protocol):
    """The part of an `ImageMatcher` that can be taught."""

    def teach(
        self,
        products: Sequence[Product],
        words: Sequence[KindWords],
        read: Callable[[int], bytes | None],
        on_progress: Progress,
        *,
        apply: bool,
    ) -> Taught:
        """Teaches the encoder these products and checks it. `read` gives a picture's bytes by its id. Where it is
        better, and with `apply`, it is wanted from then on: `rebuild` changes to it. Raises IndexNotBuilt where nothing
        can be taught."""
        ...

    def forget(self) -> bool:
        """The encoder as shipped is wanted again; `rebuild` changes to it. False where nothing was taught."""
        ...
