"""Where the photos of chosen products stand on the pages of a catalogue that we lay out ourselves.

Pixels of a page, from its top left corner. Under each photo a strip is left free: its caption is no part of the
picture, for prices change and readers have languages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from commerce.domain.lookbook import Region
from commerce.domain.sheet import Box

WIDTH_PX, HEIGHT_PX = 1200, 1600
CAPTION_PX = 112  # under each photo
LARGEST_SCALE = 4.0  # a page is seen at less than half its pixels: a photo is then not twice its own size
_LEAST_FILLED = 0.7  # of the size that a place has for a photo: one that stays smaller is for another place

Places = tuple[Box, ...]
Size = tuple[int, int]


class Density(StrEnum):
    """How much stands on a page."""

    AIRY = "airy"
    MIXED = "mixed"
    DENSE = "dense"


class Cover(StrEnum):
    """What the first page shows."""

    ONE = "one"  # the first product, large; many where its photo is too small for that
    MANY = "many"
    NONE = "none"


# --- pages for photos that bear to be large

_EDGE, _GUTTER = 84, 24
_COLUMN = (WIDTH_PX - 2 * _EDGE - _GUTTER) // 2  # of two

_ONE: Places = (Box(132, 96, 936, 1248),)
_ONE_ASIDE: Places = (Box(348, 210, 768, 1024),)
_TWO_STEPS: Places = (Box(_EDGE, 90, _COLUMN, 636), Box(WIDTH_PX - _EDGE - _COLUMN, 762, _COLUMN, 636))
_TWO: Places = (Box(_EDGE, 180, _COLUMN, 672), Box(WIDTH_PX - _EDGE - _COLUMN, 580, _COLUMN, 672))
_THREE: Places = (Box(_EDGE, 210, 648, 864), Box(780, 210, 336, 448), Box(780, 810, 336, 448))
_FOUR: Places = tuple(Box(x, y, _COLUMN, 590) for y in (84, 830) for x in (_EDGE, WIDTH_PX - _EDGE - _COLUMN))

_CELL, _ROW = 312, 494  # of three columns: a photo's width, and from one row to the next
_X = tuple(_EDGE + number * (_CELL + 48) for number in range(3))
_Y = tuple(75 + number * _ROW for number in range(3))
_SIX: Places = (
    Box(_X[0], _Y[0], 672, 844),
    *(Box(_X[2], y, _CELL, 350) for y in _Y[:2]),
    *(Box(x, _Y[2], _CELL, 350) for x in _X),
)


def _mirrored(places: Places) -> Places:
    return tuple(Box(WIDTH_PX - box.x_px - box.width_px, box.y_px, box.width_px, box.height_px) for box in places)


_RHYTHMS: dict[Density, tuple[Places, ...]] = {
    Density.AIRY: (_TWO_STEPS, _ONE, _THREE, _ONE_ASIDE, _TWO),
    Density.MIXED: (_FOUR, _ONE, _SIX, _TWO_STEPS, _mirrored(_THREE), _FOUR, _ONE_ASIDE, _mirrored(_SIX), _THREE),
    Density.DENSE: (_SIX, _FOUR, _mirrored(_SIX)),
}
_LAST: tuple[Places, ...] = (_FOUR, _THREE, _TWO, _ONE)  # where what is left does not fill a page of the rhythm


# --- pages for small photos

_SMALL_ROWS = {
    1: (1,), 2: (2,), 3: (3,), 4: (2, 2), 5: (3, 2), 6: (3, 3), 7: (2, 3, 2), 8: (3, 2, 3), 9: (3, 3, 3),
}  # fmt: skip
_SMALL_RHYTHMS = {Density.AIRY: (4, 3), Density.MIXED: (8, 6, 7), Density.DENSE: (9,)}
_SMALL_PX, _BETWEEN_ROWS = 320, 36


def _small(count: int) -> Places:
    """Rows in the middle of the page, each in the middle of its width."""
    rows = _SMALL_ROWS[count]
    step = _SMALL_PX + CAPTION_PX + _BETWEEN_ROWS
    top = (HEIGHT_PX - step * len(rows) + _BETWEEN_ROWS) // 2
    return tuple(
        Box((WIDTH_PX - wide * (_CELL + 48) + 48) // 2 + number * (_CELL + 48), top + row * step, _CELL, _SMALL_PX)
        for row, wide in enumerate(rows)
        for number in range(wide)
    )


def _small_count(rest: int, wanted: int) -> int:
    """So many of the rest that no page is left with one or two."""
    if rest <= wanted:
        return rest
    return math.ceil(rest / 2) if rest < wanted + 3 else wanted


# --- the whole


def pages_for(sizes: Sequence[Size], density: Density) -> list[Places]:
    """A page after the other for photos of these sizes, in their order: as many places as photos."""
    rhythm, small = _RHYTHMS[density], _SMALL_RHYTHMS[density]
    pages: list[Places] = []
    at = turn = 0
    while at < len(sizes):
        rest = sizes[at:]
        turns = [(turn + number) % len(rhythm) for number in range(len(rhythm))]
        best = next((number for number in turns if _suits(rhythm[number], rest)), None)
        last = next((places for places in _LAST if _suits(places, rest)), None)
        if best is not None:
            pages.append(rhythm[best])
            turn = best + 1
        elif last is not None and len(rest) <= len(last):
            pages.append(last)
        else:
            pages.append(_small(_small_count(len(rest), small[turn % len(small)])))
            turn += 1
        at += len(pages[-1])
    return pages


def _suits(places: Places, sizes: Sequence[Size]) -> bool:
    """Whether there are so many photos, each large enough for its place."""
    return len(places) <= len(sizes) and all(map(_fills, places, sizes))


def _fills(box: Box, size: Size) -> bool:
    scale = min(box.width_px / size[0], box.height_px / size[1])
    return min(scale, LARGEST_SCALE) >= scale * _LEAST_FILLED


# --- the cover

COVER_PX = 1180  # from the top: the photos
TITLE = Region(0.07, 0.765, 0.86, 0.125)  # left free for the title
SHOP_NAME = Box(_EDGE, 1466, WIDTH_PX - 2 * _EDGE, 60)
_GRIDS = ((2, 2), (3, 2), (3, 3), (4, 3), (5, 4))  # across, down


def cover_for(sizes: Sequence[Size], cover: Cover) -> Places:
    """Places for the first photos; () without a cover. One that is alone is large whatever its size."""
    if cover is Cover.NONE or not sizes:
        return ()
    whole = Box(0, 0, WIDTH_PX, COVER_PX)
    if len(sizes) == 1 or (cover is Cover.ONE and _fills(whole, sizes[0])):
        return (whole,)
    grids = [_grid(across, down) for across, down in _GRIDS if across * down <= len(sizes)]
    bearing = [places for places in grids if _suits(places, sizes)]
    return next(iter(bearing or grids[-1:]), _grid(len(sizes), 1))


def _grid(across: int, down: int) -> Places:
    """The whole width, without gaps."""
    xs = [WIDTH_PX * number // across for number in range(across + 1)]
    ys = [COVER_PX * number // down for number in range(down + 1)]
    return tuple(
        Box(left, top, right - left, bottom - top) for top, bottom in pairwise(ys) for left, right in pairwise(xs)
    )


def with_caption(box: Box) -> Region:
    """The part of the page that leads to the product: its photo and the strip below it."""
    return Box(box.x_px, box.y_px, box.width_px, box.height_px + CAPTION_PX).of(WIDTH_PX, HEIGHT_PX)
