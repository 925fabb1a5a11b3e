"""Catalogues of chosen products: their photos on pages of ours, each a place that leads to its product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from commerce.domain.brand import Brand
from commerce.domain.layout import (
    COVER_PX,
    HEIGHT_PX,
    LARGEST_SCALE,
    SHOP_NAME,
    WIDTH_PX,
    Cover,
    Density,
    Places,
    cover_for,
    pages_for,
    with_caption,
)
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    Edition,
    FoundBy,
    Hotspot,
    NotPublished,
    Origin,
    Page,
    PageKind,
    Review,
)
from commerce.domain.product import Picture
from commerce.domain.reservation import Refused
from commerce.domain.sheet import Align, Block, Box, Face, Fit, Photo, Sheet, Words
from commerce.ports import Ids, MediaStore, Storage, UnitOfWork
from commerce.ports.publishing import SheetDrawer
from commerce.services.proposing import Progress
from commerce.services.publishing import MOST_HOTSPOTS, MOST_PAGES, Publishing, in_order, tidied

MOST_CHOSEN = 1_000
_COVER_CUT_FRAC = 0.4  # of a photo on the cover that may be lost: there it is an impression, the whole one comes later


@dataclass(frozen=True, slots=True)
class Chosen:
    """`variant_id` 0: any of its variants."""

    product_id: int
    variant_id: int = 0


@dataclass(frozen=True, slots=True)
class LaidOut:
    """`left_out`: no longer sold, or without a photo."""

    edition: Edition
    left_out: tuple[Chosen, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """Something chosen that has a photo."""

    chosen: Chosen
    photo_key: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A page before it is drawn."""

    kind: PageKind
    places: Places
    shown: tuple[_Shown, ...]


class LayingOut:
    """For marketers."""

    def __init__(
        self,
        storage: Storage,
        ids: Ids,
        media: MediaStore,
        drawer: SheetDrawer,
        publishing: Publishing,
        shop_name: str,
    ) -> None:
        self._storage, self._ids, self._media, self._drawer = storage, ids, media, drawer
        self._publishing, self._shop_name = publishing, shop_name

    def make(
        self,
        chosen: Sequence[Chosen],
        title: LocalText,
        *,
        density: Density = Density.MIXED,
        cover: Cover = Cover.ONE,
        actor: str,
        slug: str = "",
        progress: Progress = lambda done, of: None,
    ) -> LaidOut | Refused[NotPublished]:
        """A draft, in the order in which they were chosen. Takes about a fifth of a second a page; `progress` hears of
        each."""
        if tidied(title) is None:
            return Refused(NotPublished.NO_TITLE)
        planned = self._planned(chosen, density, cover)
        if isinstance(planned, Refused):
            return planned
        leaves, left_out = planned
        pages, spots = self._drawn(leaves, progress)
        details = {"left_out": len(left_out)}
        made = self._publishing.add(pages, spots, title, origin=Origin.LAYOUT, actor=actor, slug=slug, details=details)
        return made if isinstance(made, Refused) else LaidOut(made, left_out)

    def again(
        self,
        lookbook_id: str,
        revision: int,
        chosen: Sequence[Chosen],
        *,
        density: Density,
        cover: Cover,
        actor: str,
        progress: Progress = lambda done, of: None,
    ) -> LaidOut | Refused[NotPublished]:
        """The pages of ours are laid out anew, with what stands on them; pages made elsewhere stay, behind them."""
        with self._storage.read() as uow:
            before = self._publishing.edition(uow, lookbook_id)
        if before is None:
            return Refused(NotPublished.NOT_FOUND)
        if before.lookbook.revision != revision:
            return Refused(NotPublished.STALE)
        kept = [page for page in before.pages if not page.is_ours]
        planned = self._planned(chosen, density, cover, beside=len(kept))
        if isinstance(planned, Refused):
            return planned
        leaves, left_out = planned
        drawn, spots = self._drawn(leaves, progress)
        behind, on_them = _behind(before, kept, len(drawn))
        saved = self._storage.write(
            lambda uow: self._publishing.save(
                uow, lookbook_id, revision, pages=(*drawn, *behind), hotspots=(*spots, *on_them), actor=actor
            )
        )
        gone = before.pages if not isinstance(saved, Refused) else drawn
        self._publishing.forget_pictures(lookbook_id, gone)
        return saved if isinstance(saved, Refused) else LaidOut(saved, left_out)

    # --- planning

    def _planned(
        self, chosen: Sequence[Chosen], density: Density, cover: Cover, beside: int = 0
    ) -> tuple[list[_Leaf], tuple[Chosen, ...]] | Refused[NotPublished]:
        """`beside`: how many other pages there are."""
        wanted = tuple(dict.fromkeys(chosen))
        if len(wanted) > MOST_CHOSEN:
            return Refused(NotPublished.TOO_MANY_PAGES)
        with self._storage.read() as uow:
            shown = self._with_photos(uow, wanted)
        if not shown:
            return Refused(NotPublished.NO_PHOTO if wanted else NotPublished.NO_PAGES)
        sizes = [each.size for each in shown]
        on_cover = cover_for(sizes, cover)
        leaves = [_Leaf(PageKind.COVER, on_cover, tuple(shown[: len(on_cover)]))] if on_cover else []
        at = 0
        for places in pages_for(sizes, density):
            leaves.append(_Leaf(PageKind.LAID_OUT, places, tuple(shown[at : at + len(places)])))
            at += len(places)
        if len(leaves) + beside > MOST_PAGES or len(shown) + len(on_cover) > MOST_HOTSPOTS:
            return Refused(NotPublished.TOO_MANY_PAGES)
        have = {each.chosen for each in shown}
        return leaves, tuple(each for each in wanted if each not in have)

    def _with_photos(self, uow: UnitOfWork, chosen: Sequence[Chosen]) -> list[_Shown]:
        products = uow.products.many({each.product_id for each in chosen})
        shown = []
        for each in chosen:
            product = products.get(each.product_id)
            if product is None or not product.variants:
                continue
            variant = next((one for one in product.variants if one.id == each.variant_id), None)
            picture = product.picture_for(variant)
            size = self._size(picture) if picture and (variant or not each.variant_id) else None
            if picture and size:
                shown.append(_Shown(each, picture.media_key, size))
        return shown

    def _size(self, picture: Picture) -> tuple[int, int] | None:
        if picture.width_px and picture.height_px:
            return picture.width_px, picture.height_px
        return self._drawer.size_of(self._media.get(picture.media_key) or b"")

    # --- drawing

    def _drawn(self, leaves: Sequence[_Leaf], progress: Progress) -> tuple[list[Page], list[Hotspot]]:
        pages: list[Page] = []
        spots: list[Hotspot] = []
        with self._storage.read() as uow:
            brand = uow.brand.get()
        try:
            for number, jpeg in enumerate(self._drawer.draw(self._sheets(leaves, brand)), start=1):
                leaf = leaves[number - 1]
                key = self._media.put(jpeg, ".jpg")
                pages.append(Page(number, key, WIDTH_PX, HEIGHT_PX, kind=leaf.kind, paper=brand.paper))
                spots += (
                    self._spot(leaf, number, box, each) for box, each in zip(leaf.places, leaf.shown, strict=True)
                )
                progress(number, len(leaves))
        except BaseException:  # whatever it was: no page belongs to anything yet
            for page in pages:
                self._media.delete(page.picture_key)
            raise
        return pages, spots

    def _spot(self, leaf: _Leaf, number: int, box: Box, shown: _Shown) -> Hotspot:
        region = box.of(WIDTH_PX, HEIGHT_PX) if leaf.kind is PageKind.COVER else with_caption(box)
        chosen = shown.chosen
        return Hotspot(
            self._ids.new_id(), number, region, chosen.product_id, chosen.variant_id, FoundBy.LAYOUT, Review.SURE
        )

    def _sheets(self, leaves: Sequence[_Leaf], brand: Brand) -> Iterator[Sheet]:
        """One at a time: the photos of one page are in memory."""
        for leaf in leaves:
            cut = _COVER_CUT_FRAC if leaf.kind is PageKind.COVER else 0.15
            photos = tuple(
                Photo(self._media.get(each.photo_key) or b"", box, Fit.BEST, LARGEST_SCALE, most_cut_frac=cut)
                for box, each in zip(leaf.places, leaf.shown, strict=True)
            )
            yield Sheet(WIDTH_PX, HEIGHT_PX, brand.paper, photos + self._signed(leaf, brand))

    def _signed(self, leaf: _Leaf, brand: Brand) -> tuple[Block | Words, ...]:
        """The shop's name on the cover. The title is none of the picture's: it is said in the reader's language."""
        if leaf.kind is not PageKind.COVER:
            return ()
        name = Words(self._shop_name.upper(), SHOP_NAME, brand.ink, 36, 18, Face.SANS, Align.MIDDLE, Align.MIDDLE, 9.0)
        return Block(Box(0, COVER_PX, WIDTH_PX, 6), brand.accent), name


def chosen_in(edition: Edition) -> tuple[Chosen, ...]:
    """What its pages of ours show, in their order, each once."""
    ours = [page.number for page in edition.pages if page.kind is PageKind.LAID_OUT]
    return tuple(
        dict.fromkeys(
            Chosen(spot.product_id, spot.variant_id)
            for number in ours
            for spot in edition.on(number)
            if spot.found_by is FoundBy.LAYOUT
        )
    )


def _behind(before: Edition, kept: Sequence[Page], first: int) -> tuple[tuple[Page, ...], tuple[Hotspot, ...]]:
    """Pages that stay, and what stands on them, counted on behind so many new ones."""
    pages, spots = in_order(before.pages, before.hotspots, [page.number for page in kept])
    return (
        tuple(replace(page, number=page.number + first) for page in pages),
        tuple(replace(spot, page=spot.page + first) for spot in spots),
    )
