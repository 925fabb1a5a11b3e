"""Which products a printed page shows, and where: by the SKUs on it, by its prices and words, and by its pictures.

What two of these say alike is sure. What they say differently is put before a person, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from commerce.domain.lookbook import Doubt, FoundBy, Hotspot, Region, Review
from commerce.domain.money import exponent
from commerce.domain.printed import PrintedPage, Word
from commerce.domain.product import Product, Variant
from commerce.domain.search import Hit, Why
from commerce.ports import Ids, ImageMatcher, NotSeen, Storage, UnitOfWork

_REACH_FRAC = 0.3  # how far from its picture a SKU is still about it
_BESIDE_FRAC = 0.12  # how far from its SKU a price is still about it
_LOOKED_AT = 10  # of what a picture resembles: a product that is not among them is not in it
_SURE = frozenset({Why.EXACT_PICTURE, Why.VERY_CLOSE})
_PRICE = re.compile(r"^(?:[€$£]\s?)?(\d{1,5}(?:[ \u00a0\u202f.,]\d{3})*(?:[.,]\d{2})?)\s?(?:[€$£]|EUR|CAD|USD)?$")
_EDGES = ".,;:!?()[]{}«»\"'“”*•–—"
_SHORTEST_SKU = 3
_JOINTS = "-_/."  # a word without digits may be an article number when it is put together, such as tote-brown

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Named:
    """A product that the page names, with the words that do."""

    product: Product
    variant: Variant | None
    words: tuple[Word, ...]

    @property
    def region(self) -> Region:
        return _around([word.region for word in self.words])


@dataclass(frozen=True, slots=True)
class Proposed:
    """`by_picture_alone`: of the pictures that belong to a named product, how many the visual index would have found
    without the name: a figure for the marketer, not a decision."""

    hotspots: tuple[Hotspot, ...]
    pictures_of_named: int
    by_picture_alone: int


class Proposing:
    """Reads pages; writes nothing."""

    def __init__(self, storage: Storage, ids: Ids, image_matcher: ImageMatcher, currency: str) -> None:
        self._storage, self._ids, self._image_matcher, self._currency = storage, ids, image_matcher, currency

    def propose(self, pages: Sequence[PrintedPage], progress: Progress = lambda done, of: None) -> Proposed:
        """Hotspots for all pages. Takes a tenth of a second a picture; `progress` hears of each page."""
        found: list[Hotspot] = []
        of_named = alone = 0
        for page in pages:
            spots, pictured, recognised = self._of_page(page)
            found += spots
            of_named += pictured
            alone += recognised
            progress(page.number, len(pages))
        return Proposed(tuple(found), of_named, alone)

    def _of_page(self, page: PrintedPage) -> tuple[list[Hotspot], int, int]:
        with self._storage.read() as uow:
            named = self._named(uow, page)
        seen = {region: self._looks_like(page, region) for region in page.pictures}
        spots: list[Hotspot] = []
        belongs = _belong(named, page.pictures)
        of_named = alone = 0
        for at, each in enumerate(named):
            where, picture = each.region, belongs.get(at)
            spot = self._spot(page, each, where if picture is None else _around([where, picture]))
            if picture is not None:
                hits = seen[picture]
                of_named += 1
                alone += bool(hits) and hits[0].product_id == each.product.id
                spot = _checked(spot, hits)
            spots.append(self._with_price(page, spot, each, where))
        free = [region for region in page.pictures if region not in belongs.values()]
        spots += self._by_picture(page, free, seen, {each.product.id for each in named})
        return spots, of_named, alone

    # --- names

    def _named(self, uow: UnitOfWork, page: PrintedPage) -> list[_Named]:
        """Products by SKU, product number or barcode, in reading order. One that is named for each of its sizes side by
        side is named once."""
        found: list[_Named] = []
        for word in page.words:
            said = word.text.strip(_EDGES)
            if len(said) < _SHORTEST_SKU or not any(sign.isdigit() or sign in _JOINTS for sign in said):
                continue
            known = uow.products.by_sku(said) or (uow.products.by_gtin(said) if said.isdigit() else None)
            product, variant = known or (uow.products.by_source_id(said), None)
            if product is None or (known is None and _PRICE.match(word.text) and len(said) < 5):
                continue  # a short number is a page, a size or a price, whatever else it is
            same = next(
                (
                    at
                    for at, each in enumerate(found)
                    if each.product.id == product.id and _distance(each.region, word.region) <= _BESIDE_FRAC
                ),
                None,
            )
            if same is None:
                found.append(_Named(product, variant, (word,)))
            else:
                before = found[same]
                kept = before.variant if before.variant == variant else None
                found[same] = _Named(product, kept, (*before.words, word))
        return found

    def _spot(self, page: PrintedPage, named: _Named, where: Region) -> Hotspot:
        return Hotspot(
            id=self._ids.new_id(),
            page=page.number,
            region=where,
            product_id=named.product.id,
            variant_id=named.variant.id if named.variant else 0,
            found_by=FoundBy.SKU,
            review=Review.SURE,
            printed=" ".join(word.text for word in named.words)[:200],
        )

    # --- prices

    def _with_price(self, page: PrintedPage, spot: Hotspot, named: _Named, where: Region) -> Hotspot:
        """A printed price that is not today's is put before a person: paper does not change."""
        printed = min(
            (
                (_distance(word.region, where), amount)
                for word in page.words
                if (amount := self._amount(word.text)) is not None
                and word not in named.words
                and _distance(word.region, where) <= _BESIDE_FRAC
            ),
            default=None,
        )
        if printed is None:
            return spot
        variants = (named.variant,) if named.variant else named.product.variants
        spot = replace(spot, printed_price_minor=printed[1])
        if any(variant.price.minor == printed[1] for variant in variants):
            return spot
        return _doubtful(spot, Doubt.OTHER_PRICE)

    def _amount(self, text: str) -> int | None:
        """Minor units of « 79,00 € »; None for what is not surely a price."""
        match = _PRICE.match(text.strip("()[]"))
        if match is None or not (re.search(r"[€$£]|EUR|CAD|USD", text) or re.search(r"[.,]\d{2}$", match[1])):
            return None
        digits = exponent(self._currency)
        whole, cents = re.match(r"^(.*?)(?:[.,](\d{2}))?$", match[1]).groups()  # type: ignore[union-attr]
        major = re.sub(r"\D", "", whole)
        return int(major + (cents or "").ljust(digits, "0")[:digits])

    # --- pictures

    def _looks_like(self, page: PrintedPage, region: Region) -> tuple[Hit, ...]:
        """What the visual index says of that part of the page; () where the shop does not see."""
        part = (
            region.x_frac,
            region.y_frac,
            min(1.0, region.x_frac + region.width_frac),
            min(1.0, region.y_frac + region.height_frac),
        )
        seen = self._image_matcher.look(page.jpeg, part)
        if isinstance(seen, NotSeen):
            return ()
        hits = self._image_matcher.match(seen, limit=_LOOKED_AT)
        return () if isinstance(hits, NotSeen) else hits

    def _by_picture(
        self, page: PrintedPage, free: Sequence[Region], seen: dict[Region, tuple[Hit, ...]], named: set[int]
    ) -> list[Hotspot]:
        """Pictures that no name belongs to, where they are surely one of ours."""
        spots = []
        for region in free:
            best = next(iter(seen[region]), None)
            if best is None or best.why not in _SURE or best.product_id in named:
                continue
            spot = Hotspot(self._ids.new_id(), page.number, region, best.product_id, 0, FoundBy.PICTURE, Review.SURE)
            spots.append(spot if best.why is Why.EXACT_PICTURE else _doubtful(spot, Doubt.PICTURE_ALONE))
        return spots


def _belong(named: Sequence[_Named], pictures: Sequence[Region]) -> dict[int, Region]:
    """Which picture each name is about, by its place in `named`. The nearest pairs are made first, and every picture
    belongs to one name: what stands beside a picture is about it rather than what stands above or below."""
    pairs = sorted(
        (cost, at, number)
        for at, each in enumerate(named)
        for number, picture in enumerate(pictures)
        if (cost := _cost(each.region, picture)) <= _REACH_FRAC
    )
    belongs: dict[int, Region] = {}
    taken: set[int] = set()
    for _, at, number in pairs:
        if at not in belongs and number not in taken:
            belongs[at] = pictures[number]
            taken.add(number)
    return belongs


def _cost(words: Region, picture: Region) -> float:
    """How little words are about a picture: their distance, of which the way across counts a quarter beside it."""
    middle = words.y_frac + words.height_frac / 2
    is_beside = picture.y_frac <= middle <= picture.y_frac + picture.height_frac
    return _distance(words, picture) * (0.25 if is_beside else 1.0)


def _checked(spot: Hotspot, hits: Sequence[Hit]) -> Hotspot:
    """Doubtful where the picture is surely something else than what is printed beside it."""
    if not hits or any(hit.product_id == spot.product_id for hit in hits):
        return spot
    return _doubtful(spot, Doubt.OTHER_PICTURE) if hits[0].why in _SURE else spot


def _doubtful(spot: Hotspot, why: Doubt) -> Hotspot:
    return replace(spot, review=Review.DOUBTFUL, doubts=(*spot.doubts, why))


def _around(regions: Sequence[Region]) -> Region:
    """The smallest region around all of them."""
    left = min(region.x_frac for region in regions)
    top = min(region.y_frac for region in regions)
    right = max(region.x_frac + region.width_frac for region in regions)
    bottom = max(region.y_frac + region.height_frac for region in regions)
    return Region(left, top, min(right, 1.0) - left, min(bottom, 1.0) - top)


def _distance(one: Region, other: Region) -> float:
    """Between their nearest edges, in fractions of the page; 0 where they touch or lie in each other."""
    across = max(0.0, other.x_frac - one.x_frac - one.width_frac, one.x_frac - other.x_frac - other.width_frac)
    down = max(0.0, other.y_frac - one.y_frac - one.height_frac, one.y_frac - other.y_frac - other.height_frac)
    return float((across**2 + down**2) ** 0.5)
