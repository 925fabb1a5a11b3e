"""What a shop has to say about its products: the words a fit is taught with, and which of them fit which product."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HELD_OUT = 10
_LARGEST_GROUP_FRAC = 0.01

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Taught:
    """One product. `kind` and `colours` are the caller's own keys; "" and () where it does not know."""

    product_id: int
    names: Mapping[str, str]
    """By language."""
    kind: str
    colours: tuple[str, ...]
    picture_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """Words for every product of a kind, or for those of one of its colours."""

    language: str
    text: str
    kind: str
    colour: str = ""


class Descriptions:
    """Which captions describe which products."""

    def __init__(self, products: Sequence[Taught], captions: Sequence[Caption]) -> None:
        kinds = _numbers([*(product.kind for product in products), *(caption.kind for caption in captions)])
        colours = _numbers([colour for product in products for colour in product.colours])
        self._kinds = np.array([kinds.get(product.kind, -1) for product in products], np.int64)
        self._has = np.zeros((len(products), len(colours) + 1), np.bool_)
        self._has[:, -1] = True  # of a caption without a colour
        for row, product in enumerate(products):
            self._has[row, [colours[colour] for colour in product.colours]] = True
        self._captions = captions
        self._asked_kinds = np.array([kinds.get(caption.kind, -2) for caption in captions], np.int64)
        self._asked_colours = np.array(
            [colours.get(caption.colour, -2) if caption.colour else len(colours) for caption in captions], np.int64
        )

    def fits(self, captions: Places, products: Places) -> Flags:
        """[captions, products]; both by their place."""
        if not len(captions):
            return np.zeros((0, len(products)), np.bool_)
        same_kind = self._asked_kinds[captions][:, None] == self._kinds[products][None, :]
        coloured: Flags = self._has[products].T[self._asked_colours[captions]]
        fits: Flags = same_kind & coloured & (self._asked_colours[captions] >= 0)[:, None]
        return fits

    def of_each_product(self) -> list[Places]:
        """Places of the captions that describe it."""
        by_kind: dict[int, list[int]] = {}
        for at, kind in enumerate(self._asked_kinds.tolist()):
            by_kind.setdefault(kind, []).append(at)
        found = []
        for row, kind in enumerate(self._kinds.tolist()):
            some = [at for at in by_kind.get(kind, ()) if self._asked_colours[at] >= 0]
            found.append(np.array([at for at in some if self._has[row, self._asked_colours[at]]], np.int64))
        return found

    def kinds(self) -> list[tuple[str, int, Places]]:
        """Language, caption and products of each caption that names a kind alone."""
        everything = np.arange(len(self._kinds))
        return [
            (caption.language, at, np.flatnonzero(self.fits(np.array([at]), everything)[0]))
            for at, caption in enumerate(self._captions)
            if not caption.colour
        ]

    @property
    def kind_of(self) -> Places:
        """[products]: a number for each kind, -1 where it is not known."""
        return self._kinds


def _numbers(keys: Sequence[str]) -> dict[str, int]:
    return {key: number for number, key in enumerate(dict.fromkeys(key for key in keys if key))}


def linked(count: int, links: Sequence[tuple[int, int]]) -> Places:
    """[count]: for each the smallest place that it is linked with, directly or over others."""
    leader = list(range(count))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    for one, other in links:
        first, second = sorted((find(one), find(other)))
        leader[second] = first
    return np.array([find(at) for at in range(count)], np.int64)


def held_out(groups: Places, product_ids: Sequence[int]) -> Places:
    """Places of about a tenth of the products: by group, drawn by the id of its first product. A group of more than a
    hundredth of the catalogue (all that a shop calls "T-shirt") is always taught."""
    small = np.bincount(groups, minlength=len(groups))[groups] <= max(1.0, _LARGEST_GROUP_FRAC * len(groups))
    # Words before the id: whoever chose the products by a hash of their ids must not have chosen the held-out ones too.
    drawn = [hashlib.sha256(f"held out {product_ids[at]}".encode()).digest() for at in groups]
    return np.flatnonzero(small & np.array([int.from_bytes(one) % _HELD_OUT == 0 for one in drawn], np.bool_))


def same_names(products: Sequence[Taught], fold: Callable[[str], str] = str.casefold) -> Places:
    """[products]: equal for products that share a name in any language."""
    first: dict[str, int] = {}
    links = []
    for at, product in enumerate(products):
        for name in product.names.values():
            links.append((at, first.setdefault(fold(name), at)))
    return linked(len(products), links)
