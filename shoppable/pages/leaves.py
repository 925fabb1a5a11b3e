"""What a published catalogue says at this moment: its pages, and each place with today's price and stock.

A published version never changes, and what is said of it changes with the shop's change number alone, or with the
minute: stores open and close. So it is put together once for all readers, and again when one of these has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import abort

from commerce.domain.brand import BLACK, WHITE, contrast
from commerce.domain.layout import CAPTION_PX, HEIGHT_PX, TITLE
from commerce.domain.lookbook import (
    Edition,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    Page,
    PageKind,
    Region,
    came_from,
)
from commerce.domain.money import Money
from commerce.domain.product import Product
from commerce.ports import UnitOfWork
from commerce.services.catalog import prior_price
from commerce.services.publishing import LONGEST_SLUG
from shoppable.kept import Kept
from shoppable.language import language
from shoppable.pages.cards import Card, card
from shoppable.problems import Problem
from shoppable.shelf import Shelf, product_path
from shoppable.site import site

_MOST_KEPT = 48  # catalogues and languages; one of 24 places takes about 150 kB
_LANDSCAPE = 1.15  # width by height: such pages lie alone


@dataclass(frozen=True, slots=True)
class Spot:
    """A hotspot with today's facts. `prior`: what is said beside a cut price. `x` to `height`: thousandths of the
    page."""

    hotspot: Hotspot
    card: Card
    prior: Money | None
    path: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PageShown:
    page: Page
    spots: tuple[Spot, ...]

    @property
    def listed(self) -> tuple[Spot, ...]:
        """Each product of the page once, in reading order."""
        seen: dict[int, Spot] = {}
        for spot in self.spots:
            seen.setdefault(spot.hotspot.product_id, spot)
        return tuple(seen.values())

    @property
    def captions(self) -> tuple[Spot, ...]:
        """Those under whose photo a strip was left free for words."""
        if self.page.kind is not PageKind.LAID_OUT:
            return ()
        return tuple(spot for spot in self.spots if spot.hotspot.found_by is FoundBy.LAYOUT)

    @property
    def strip(self) -> int:
        """Its height under each of them, in thousandths of the page."""
        return round(1000 * CAPTION_PX / HEIGHT_PX)

    @property
    def has_title(self) -> bool:
        """A place was left free for it."""
        return self.page.kind is PageKind.COVER

    @property
    def ratio(self) -> float:
        """Width by height."""
        return round(self.page.width_px / self.page.height_px, 4)

    @property
    def shape(self) -> str:
        """Its class, the same for all pages of this size; see `styled`."""
        return f"is-{self.page.width_px}x{self.page.height_px}"

    @property
    def is_dark(self) -> bool:
        """White words are read better on its paper."""
        paper = self.page.paper
        return bool(paper) and contrast(WHITE, paper) > contrast(BLACK, paper)


@dataclass(frozen=True, slots=True)
class Opened:
    """A catalogue as it lies open in one language. `mark` changes with whatever it says of a price or of stock;
    `style`: see `styled`."""

    book: Lookbook
    pages: tuple[PageShown, ...]
    mark: str
    style: str = ""
    is_preview: bool = False
    _texts: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """What its places are under."""
        return f"/studio/{self.book.id}/preview" if self.is_preview else f"/l/{self.book.slug}"

    @property
    def is_in_pairs(self) -> bool:
        """On a wide screen two pages lie beside each other."""
        return len(self.pages) > 1 and self.pages[0].ratio <= _LANDSCAPE

    def sizes(self, shown: PageShown) -> str:
        """How wide lookbook.css shows that page, as in the attribute of an image of that name."""
        across = "50vw - 4.25rem" if self.is_in_pairs else "100vw - 8.5rem"
        book = f"min({across}, max(22rem, 100vh - 12.5rem) * {shown.ratio})"
        return f"(min-width: 820px) {book}, min(100vw - 2rem, 78vh * {shown.ratio})"

    def text(self, name: str, make: Callable[[], str]) -> str:
        """What `make` says, which may be said to everybody; it is asked once."""
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = make()
        return found


def styled(pages: Sequence[PageShown]) -> str:
    """A style sheet: how wide each page is by its height, so that nothing moves when its picture comes, and where the
    words stand on pages of ours."""
    rules = [f".{shape}{{--ratio:{ratio}}}" for shape, ratio in {each.shape: each.ratio for each in pages}.items()]
    rules += [_rule(f'[data-caption="{spot.hotspot.id}"]', _strip(spot)) for each in pages for spot in each.captions]
    if any(each.has_title for each in pages):
        rules.append(_rule(".lookbook-title", TITLE))
    return "".join(rules)


def _strip(spot: Spot) -> Region:
    """The lower end of its place."""
    region, height = spot.hotspot.region, CAPTION_PX / HEIGHT_PX
    top = max(region.y_frac, region.y_frac + region.height_frac - height)
    return Region(region.x_frac, top, region.width_frac, min(height, region.height_frac))


def _rule(selector: str, where: Region) -> str:
    names = ("left", "top", "width", "height")
    parts = zip(names, (where.x_frac, where.y_frac, where.width_frac, where.height_frac), strict=True)
    return selector + "{" + ";".join(f"{name}:{part * 100:.3f}%" for name, part in parts) + "}"


def opened(uow: UnitOfWork, slug: str) -> Opened:
    """Nothing may have been read in this view before. 404 and 410 as `book_of`."""
    change = uow.products.last_change()  # asked first: nothing that was committed before is missed
    book = book_of(uow, slug)
    kept = site().kept.setdefault("catalogues", Kept[Opened](_MOST_KEPT))
    assert isinstance(kept, Kept)
    state = (change, book.id, book.revision, int(site().shop.clock.now().timestamp() // 60))
    found: Opened = kept.get((book.slug, language()), state, lambda: _open(uow, book))
    return found


def book_of(uow: UnitOfWork, slug: str) -> Lookbook:
    """404 for what never was; 410 for what was withdrawn."""
    book = uow.lookbooks.by_slug(slug) if len(slug) <= LONGEST_SLUG else None
    if book is not None and book.state is LookbookState.WITHDRAWN:
        raise Problem(410, "catalogue_over", "This catalogue is over. See the first page for what we have today.")
    if book is None or book.state is not LookbookState.PUBLISHED:
        abort(404)
    return book


def edition_of(uow: UnitOfWork, book: Lookbook) -> Edition:
    """The version that shoppers see."""
    edition = uow.lookbooks.edition(book, book.version)
    if edition is None:
        abort(404)
    return edition


def path_of(product: Product, book: Lookbook, number: int) -> str:
    """Of the product's page, which remembers where it was seen."""
    return f"{product_path(product, language())}?from={came_from(book.id, number)}"


def _open(uow: UnitOfWork, book: Lookbook) -> Opened:
    return put_together(uow, edition_of(uow, book))


def put_together(uow: UnitOfWork, edition: Edition, *, is_preview: bool = False) -> Opened:
    """Of this moment; `opened` keeps what it makes."""
    pages = _pages(uow, edition)
    return Opened(edition.lookbook, pages, _mark(pages), styled(pages), is_preview)


def _pages(uow: UnitOfWork, edition: Edition) -> tuple[PageShown, ...]:
    """Hotspots whose product is no longer sold are left out."""
    products = {
        product_id: product
        for product_id, product in uow.products.many({spot.product_id for spot in edition.hotspots}).items()
        if product.variants
    }
    shelf = Shelf.of(uow, products.values(), site().shop.clock.now())
    return tuple(
        PageShown(
            each,
            tuple(
                _spot(uow, spot, products[spot.product_id], shelf, edition.lookbook)
                for spot in edition.on(each.number)
                if spot.product_id in products
            ),
        )
        for each in edition.pages
    )


def _spot(uow: UnitOfWork, spot: Hotspot, product: Product, shelf: Shelf, book: Lookbook) -> Spot:
    variants = tuple(variant for variant in product.variants if variant.id == spot.variant_id) or product.variants
    region = spot.region
    return Spot(
        spot,
        card(product, shelf, variants),
        prior_price(uow, min(variants, key=lambda variant: variant.price.minor)),
        path_of(product, book, spot.page),
        round(region.x_frac * 1000),
        round(region.y_frac * 1000),
        round(region.width_frac * 1000),
        round(region.height_frac * 1000),
    )


def _mark(pages: Sequence[PageShown]) -> str:
    said = [
        (spot.hotspot.id, spot.card.price.minor, spot.prior, spot.card.sold_out, spot.card.sizes, spot.card.stock)
        for each in pages
        for spot in each.spots
    ]
    return hashlib.sha256(repr((language(), said)).encode()).hexdigest()[:20]
