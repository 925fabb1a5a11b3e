"""Which products a printed page shows, and where: by the numbers on it, by its prices and words, and by its pictures.

What two of these say alike is sure. What they say differently is put before a person, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from commerce.domain.lookbook import Doubt, FoundBy, Hotspot, Region, Review
from commerce.domain.printed import PrintedPage, Word, around, distance
from commerce.domain.printed_numbers import Said, said_on
from commerce.domain.printed_prices import PrintedPrice, prices_on
from commerce.domain.product import Product, Variant
from commerce.domain.search import Hit, Why
from commerce.ports import Ids, ImageMatcher, NotSeen, Storage, TextIndex, UnitOfWork
from commerce.services.article_numbers import KnownNumbers, further_size
from commerce.services.printed_layout import belonging, captions, frames, lies_in, prices_of
from commerce.services.printed_titles import Titles

_BESIDE_FRAC = 0.12  # how far from its SKU another one of the same product is still the same place
_LOOKED_AT = 10  # of what a picture resembles: a product that is not among them is not in it
_WITHOUT_NUMBER = {FoundBy.PICTURE: Doubt.PICTURE_ALONE, FoundBy.PRICE: Doubt.NO_NUMBER}
_SURE = frozenset({Why.EXACT_PICTURE, Why.VERY_CLOSE})

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Named:
    """A product that the page names, with the words that do. `caption`: those around them; `prices`: those that are
    printed for it, nearest first."""

    product: Product
    variant: Variant | None
    words: tuple[Word, ...]
    found_by: FoundBy = FoundBy.SKU
    is_weak: bool = False
    is_one_of_several: bool = False
    prices: tuple[PrintedPrice, ...] = ()
    caption: tuple[Word, ...] = ()

    @property
    def region(self) -> Region:
        return around([word.region for word in self.caption or self.words])


@dataclass(frozen=True, slots=True)
class Proposed:
    """`by_picture_alone`: of the pictures that belong to a named product, how many the visual index would have found
    without the name: a figure for the marketer, not a decision."""

    hotspots: tuple[Hotspot, ...]
    pictures_of_named: int
    by_picture_alone: int


class Proposing:
    """Reads pages; writes nothing."""

    def __init__(
        self, storage: Storage, ids: Ids, image_matcher: ImageMatcher, text_index: TextIndex, currency: str
    ) -> None:
        self._storage, self._ids, self._image_matcher, self._currency = storage, ids, image_matcher, currency
        self._titles = Titles(text_index)

    def propose(self, pages: Sequence[PrintedPage], progress: Progress = lambda done, of: None) -> Proposed:
        """Hotspots for all pages. Takes a tenth of a second a picture, and once some seconds a million article numbers;
        `progress` hears of each page."""
        read = []
        for page in pages:
            prices = prices_on(page, self._currency)
            read.append((page, prices, said_on(page, frozenset(word for price in prices for word in price.words))))
        with self._storage.read() as uow:
            known = KnownNumbers(uow, {key for _, _, said in read for each in said for key in each.keys})
        found: list[Hotspot] = []
        of_named = alone = 0
        for page, prices, said in read:
            spots, pictured, recognised = self._of_page(page, prices, said, known)
            found += spots
            of_named += pictured
            alone += recognised
            progress(page.number, len(pages))
        if any(spot.found_by is FoundBy.SKU for spot in found):
            found = [_without_number(spot) for spot in found]
        return Proposed(tuple(found), of_named, alone)

    def _of_page(
        self, page: PrintedPage, prices: Sequence[PrintedPrice], said: Sequence[Said], known: KnownNumbers
    ) -> tuple[list[Hotspot], int, int]:
        pictures = frames(page.pictures)
        with self._storage.read() as uow:
            named = _captioned(self._named(uow, said, known), page.blocks())
            belongs = belonging([each.region for each in named], pictures)
            named = _priced(named, prices, belongs)
            named = [each for at, each in enumerate(named) if not each.is_weak or each.prices or at in belongs]
            told = {word for each in named for price in each.prices for word in price.words}
            free = [price for price in prices if price.is_signed and not told.intersection(price.words)]
            for title in self._titles.beside(uow, page, free, [word for each in named for word in each.words]):
                words = (*title.words, *title.price.words)
                named.append(_Named(title.product, None, words, FoundBy.PRICE, prices=(title.price,)))
        seen = {region: self._looks_like(page, region) for region in pictures}
        belongs = belonging([each.region for each in named], pictures)
        for ground in (each for each in page.pictures if each not in pictures):
            bare = [at for at, each in enumerate(named) if at not in belongs and lies_in(each.region, ground)]
            hits = self._looks_like(page, ground) if len(bare) == 1 else ()
            if any(hit.product_id == named[bare[0]].product.id for hit in hits):
                belongs[bare[0]], seen[ground] = ground, hits
        spots: list[Hotspot] = []
        of_named = alone = 0
        for at, each in enumerate(named):
            picture = belongs.get(at)
            spot = self._spot(page, each, picture)
            if picture is not None:
                hits = seen[picture]
                of_named += 1
                alone += bool(hits) and hits[0].product_id == each.product.id
                spot = _checked(spot, hits)
            elif each.found_by is FoundBy.PRICE:
                spot = _doubtful(spot, Doubt.NO_NUMBER)
            spots.append(spot)
        others = [region for region in pictures if region not in belongs.values()]
        return [*spots, *self._by_picture(page, others, seen, named)], of_named, alone

    # --- names

    def _named(self, uow: UnitOfWork, said: Sequence[Said], known: KnownNumbers) -> list[_Named]:
        """Products by SKU, product number or barcode, in reading order. One that is named for each of its sizes side by
        side is named once."""
        meant, taken = [], set[int]()
        for each in said:
            if not taken & each.tokens and (owner := known.of(each)) is not None:
                taken |= each.tokens
                meant.append((min(each.tokens), each, owner))
        products = uow.products.many({owner.product_id for _, _, owner in meant})
        found: list[_Named] = []
        for _, each, owner in sorted(meant, key=lambda one: one[0]):
            product = products.get(owner.product_id)
            if product is None:
                continue
            variant = next((one for one in product.variants if one.id == owner.variant_id), None)
            if variant is not None and each.then and further_size(product, variant, each.then[0]):
                variant = None
            _add(found, _Named(product, variant, each.words, FoundBy.SKU, each.is_weak, owner.is_one_of_several))
        return found

    def _spot(self, page: PrintedPage, named: _Named, picture: Region | None) -> Hotspot:
        spot = Hotspot(
            id=self._ids.new_id(),
            page=page.number,
            region=around([named.region, *([picture] if picture else [price.region for price in named.prices[:1]])]),
            product_id=named.product.id,
            variant_id=named.variant.id if named.variant else 0,
            found_by=named.found_by,
            review=Review.SURE,
            printed=" ".join(word.text for word in named.words)[:200],
        )
        if named.is_one_of_several:
            spot = _doubtful(spot, Doubt.SEVERAL_NUMBERS)
        return _with_price(spot, named)

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
        self,
        page: PrintedPage,
        free: Sequence[Region],
        seen: dict[Region, tuple[Hit, ...]],
        named: Sequence[_Named],
    ) -> list[Hotspot]:
        """Pictures that no name belongs to, where they are surely one of ours: what the page names besides, or not."""
        by_id = {each.product.id: each for each in named}
        spots = []
        for region in free:
            best = next(iter(seen[region]), None)
            if best is None or best.why not in _SURE:
                continue
            spot = Hotspot(self._ids.new_id(), page.number, region, best.product_id, 0, FoundBy.PICTURE, Review.SURE)
            if (owner := by_id.get(best.product_id)) is not None:
                spot = replace(spot, found_by=owner.found_by, printed=" ".join(word.text for word in owner.words)[:200])
            elif best.why is not Why.EXACT_PICTURE:
                spot = _doubtful(spot, Doubt.PICTURE_ALONE)
            spots.append(spot)
        return spots


def _add(found: list[_Named], new: _Named) -> None:
    """To what is named, or to the very place where it is named already."""
    for at, each in enumerate(found):
        if each.product.id == new.product.id and distance(each.region, new.region) <= _BESIDE_FRAC:
            kept = each.variant if each.variant == new.variant else None
            is_weak = each.is_weak and new.is_weak
            found[at] = replace(each, variant=kept, words=(*each.words, *new.words), is_weak=is_weak)
            return
    found.append(new)


def _captioned(named: Sequence[_Named], blocks: Sequence[Sequence[Word]]) -> list[_Named]:
    around_each = captions([each.words for each in named], blocks)
    return [replace(each, caption=caption) for each, caption in zip(named, around_each, strict=True)]


def _priced(named: Sequence[_Named], prices: Sequence[PrintedPrice], pictured: Collection[int]) -> list[_Named]:
    own = prices_of([each.region for each in named], [price.region for price in prices], pictured)
    return [replace(each, prices=tuple(prices[number] for number in own[at])) for at, each in enumerate(named)]


def _with_price(spot: Hotspot, named: _Named) -> Hotspot:
    """A printed price that is not today's is put before a person: paper does not change. Beside a former price stands
    the present one: any of them will do."""
    prices = [price for price in named.prices if price.is_signed] or named.prices
    if not prices:
        return spot
    variants = (named.variant,) if named.variant else named.product.variants
    today = {variant.price.minor for variant in variants}
    for price in prices:
        for amount in price.amounts_minor:
            if amount in today:
                return replace(spot, printed_price_minor=amount)
    return _doubtful(replace(spot, printed_price_minor=prices[0].amounts_minor[0]), Doubt.OTHER_PRICE)


def _checked(spot: Hotspot, hits: Sequence[Hit]) -> Hotspot:
    """Doubtful where the picture is surely something else than what is printed beside it; what has a name and a price,
    but no number, is sure only when the picture says so too."""
    if any(hit.product_id == spot.product_id for hit in hits):
        return spot
    if hits and hits[0].why in _SURE:
        return _doubtful(spot, Doubt.OTHER_PICTURE)
    return _doubtful(spot, Doubt.NO_NUMBER) if spot.found_by is FoundBy.PRICE else spot


def _without_number(spot: Hotspot) -> Hotspot:
    """Where others have a number, one that is placed without has perhaps a wrong one."""
    if spot.review is not Review.SURE or spot.found_by not in _WITHOUT_NUMBER:
        return spot
    return _doubtful(spot, _WITHOUT_NUMBER[spot.found_by])


def _doubtful(spot: Hotspot, why: Doubt) -> Hotspot:
    return replace(spot, review=Review.DOUBTFUL, doubts=(*spot.doubts, why))
