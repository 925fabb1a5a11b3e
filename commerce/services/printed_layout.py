"""What stands where on a page: which picture and which prices a name is about, which pictures are its ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from commerce.domain.lookbook import Region
from commerce.domain.printed import Word, distance

_REACH_FRAC = 0.3  # how far from its picture a number is still about it
_PRICE_REACH_FRAC = 0.12  # how far from its number a price is still about it
_GROUND = 4.0  # so many times a picture that lies on it
_IN_A_ROW = 0.25  # what the way across counts beside something
_IN_A_LIST = 0.1  # and from a number without a picture to the price at the end of its row


def frames(pictures: Sequence[Region]) -> list[Region]:
    """The pictures of things: not those on which others lie."""
    return [each for each in pictures if not any(is_ground_of(each, other) for other in pictures)]


def is_ground_of(picture: Region, other: Region) -> bool:
    return lies_in(other, picture) and _area(picture) >= _GROUND * _area(other)


def captions(names: Sequence[Sequence[Word]], blocks: Sequence[Sequence[Word]]) -> list[tuple[Word, ...]]:
    """The words around each name: the block in which it stands, unless others stand there too."""
    holder = {word: at for at, block in enumerate(blocks) for word in block}
    within = [{holder[word] for word in name} for name in names]
    count = Counter(at for each in within for at in each)
    return [
        tuple(dict.fromkeys((*name, *(word for at in sorted(each) if count[at] == 1 for word in blocks[at]))))
        for name, each in zip(names, within, strict=True)
    ]


def belonging(names: Sequence[Region], pictures: Sequence[Region]) -> dict[int, Region]:
    """Which picture each name is about, by its place in `names`. The nearest pairs are made first, and every picture
    belongs to one name: what stands beside a picture is about it rather than what stands above or below. A picture
    with several names on it shows all of them and belongs to none."""
    shared = {number for number, picture in enumerate(pictures) if sum(lies_in(name, picture) for name in names) > 1}
    pairs = sorted(
        (cost, at, number)
        for at, name in enumerate(names)
        for number, picture in enumerate(pictures)
        if number not in shared and (cost := _cost(name, picture)) <= _REACH_FRAC
    )
    belongs: dict[int, Region] = {}
    taken: set[int] = set()
    for _, at, number in pairs:
        if at not in belongs and number not in taken:
            belongs[at] = pictures[number]
            taken.add(number)
    return belongs


def prices_of(names: Sequence[Region], prices: Sequence[Region], pictured: Collection[int]) -> list[list[int]]:
    """The prices of each name, nearest first: a price belongs to the name that it is nearest to. `pictured`: the names
    with a picture; the others may stand in a list."""
    own: list[list[tuple[float, int]]] = [[] for _ in names]
    for number, price in enumerate(prices):
        cost, at = min(
            ((_cost(price, name, _IN_A_ROW if at in pictured else _IN_A_LIST), at) for at, name in enumerate(names)),
            default=(1.0, 0),
        )
        if cost <= _PRICE_REACH_FRAC:
            own[at].append((cost, number))
    return [[number for _, number in sorted(each)] for each in own]


def _cost(words: Region, thing: Region, in_a_row: float = _IN_A_ROW) -> float:
    """How little words are about a thing: their distance, of which the way across counts less beside it."""
    middle = words.y_frac + words.height_frac / 2
    is_beside = thing.y_frac <= middle <= thing.y_frac + thing.height_frac
    return distance(words, thing) * (in_a_row if is_beside else 1.0)


def lies_in(one: Region, other: Region) -> bool:
    across, down = one.x_frac + one.width_frac / 2, one.y_frac + one.height_frac / 2
    return (
        other.x_frac <= across <= other.x_frac + other.width_frac
        and other.y_frac <= down <= other.y_frac + other.height_frac
        and _area(one) < _area(other)
    )


def _area(region: Region) -> float:
    return region.width_frac * region.height_frac
