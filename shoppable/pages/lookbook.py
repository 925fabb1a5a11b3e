"""A catalogue as shoppers leaf through it: pages with places that lead to products, and the same products in words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.lookbook import Did, Edition, Hotspot, Lookbook, LookbookState, Page, ReadingEvent, came_from
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.stock import Band
from commerce.ports import UnitOfWork
from commerce.services.catalog import prior_price
from commerce.services.publishing import LONGEST_SLUG
from shoppable import brought, inputs, recommended, security
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import LOOK
from shoppable.pages.cards import Card, card
from shoppable.pages.frame import page, telegram_link
from shoppable.problems import Problem
from shoppable.reading_shapes import ReadingReport
from shoppable.shelf import Shelf, product_path
from shoppable.site import site

blueprint = Blueprint("lookbook", __name__)


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


@blueprint.get("/l/<slug>")
def lookbook(slug: str) -> ResponseReturnValue:
    """Prices and stock are of this moment. With `X-Part: facts` the changing parts alone, for an open page."""
    return _lookbook(slug)


@blueprint.get("/embed/l/<slug>")
def embedded(slug: str) -> ResponseReturnValue:
    """The same in a frame of somebody else's page, without our head and foot. Its links open in the whole window."""
    response = _lookbook(slug, is_embedded=True)
    security.may_be_framed(response)
    return response


def _lookbook(slug: str, *, is_embedded: bool = False) -> Response:
    with site().shop.storage.read() as uow:
        edition = _edition(uow, slug)
        pages = _pages(uow, edition)
    book = edition.lookbook
    if request.headers.get("X-Part") == "facts":
        return page("lookbook_facts.html", pages=pages, book=book, mark=_mark(pages))
    return page(
        "lookbook.html",
        book=book,
        title=book.title(language()),
        pages=pages,
        mark=_mark(pages),
        path=f"/l/{book.slug}",
        bot=_deep_link(0, book.slug, 1),
        is_embedded=is_embedded,
    )


@blueprint.get("/l/<slug>/facts")
def facts(slug: str) -> ResponseReturnValue:
    """Whether prices or stock have changed since: a small answer that an open page asks for every two seconds."""
    with site().shop.storage.read() as uow:
        mark = _mark_of(uow, slug)
    if request.if_none_match.contains(mark):
        return Response(status=304)
    answer = jsonify({"mark": mark})
    answer.set_etag(mark)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _mark_of(uow: UnitOfWork, slug: str) -> str:
    """The mark, worked out again when anything in the shop or the catalogue has changed, and once a minute: stores open
    and close."""
    seq = uow.products.last_change()  # asked first: nothing that was committed before is missed
    book = uow.lookbooks.by_slug(slug[:LONGEST_SLUG])
    state = (seq, book.revision if book else 0, int(site().shop.clock.now().timestamp() // 60))
    kept = site().kept.setdefault("marks", {})
    assert isinstance(kept, dict)
    known = kept.get((slug, language()))
    if known is None or known[0] != state:
        known = kept[slug, language()] = (state, _mark(_pages(uow, _edition(uow, slug))))  # only of slugs that exist
    return str(known[1])


@blueprint.get("/l/<slug>/<int:number>/<int:product_id>")
def sheet(slug: str, number: int, product_id: int) -> ResponseReturnValue:
    """What a hotspot opens: today's price, sizes, where it is. Without the script a browser is led to the product."""
    shop = site().shop
    with shop.storage.read() as uow:
        edition = _edition(uow, slug)
        if product_id not in {spot.product_id for spot in edition.on(number)}:
            abort(404)
        product = uow.products.get(product_id)
        if product is None or not product.variants:
            abort(404)
        if request.headers.get("X-Part") != "sheet":
            return redirect(_path(product, edition.lookbook, number), 303)
        shelf = Shelf.of(uow, [product], shop.clock.now())
        choices = [_choice(variant, shelf) for variant in product.variants]
        prior = prior_price(uow, min(product.variants, key=lambda variant: variant.price.minor))
    return page(
        "lookbook_sheet.html",
        product=product,
        shown=card(product, shelf),
        path=_path(product, edition.lookbook, number),
        source=came_from(edition.lookbook.id, number),
        page_number=number,
        slug=slug,
        choices=[each for each in choices if each.is_available],
        missing=[each for each in choices if not each.is_available],
        prior=prior,
        places=[
            (store, translate(_BANDS[max((shelf.band(v, store) for v in product.variants), key=_ORDER.index)]))
            for store in shelf.stores_with(product.variants)
        ],
        telegram=_deep_link(product.id, slug, number),
    )


_ORDER = [Band.NONE, Band.LAST, Band.FEW, Band.IN_STOCK]
_BANDS = {Band.NONE: "sold out", Band.LAST: "last one", Band.FEW: "only a few left", Band.IN_STOCK: "in stock"}


@dataclass(frozen=True, slots=True)
class Choice:
    variant: Variant
    label: str
    is_available: bool
    price: Money


def _choice(variant: Variant, shelf: Shelf) -> Choice:
    lexicon = site().shop.lexicon
    try:
        colour = lexicon.label("colour", variant.colour, language()) if variant.colour else variant.colour_words
    except KeyError:
        colour = variant.colour_words or variant.colour
    label = " · ".join(part for part in (colour, variant.size) if part) or translate("One size")
    return Choice(variant, label, shelf.is_available(variant), variant.price)


def _deep_link(product_id: int, slug: str, number: int) -> str:
    """Into the bot, on this product and this page; '' without a bot. Telegram allows 64 letters, digits, _ and -."""
    bot = telegram_link()
    start = f"l_{product_id}_{number}_{slug}"[:64]
    return f"{bot}?start={start}" if bot else ""


def _edition(uow: UnitOfWork, slug: str) -> Edition:
    """404 for what never was; 410 for what was withdrawn."""
    edition = site().shop.publishing.seen_by_shoppers(uow, slug) if len(slug) <= LONGEST_SLUG else None
    if edition is None:
        known = uow.lookbooks.by_slug(slug[:LONGEST_SLUG])
        if known is not None and known.state is LookbookState.WITHDRAWN:
            raise Problem(410, "catalogue_over", "This catalogue is over. See the first page for what we have today.")
        abort(404)
    return edition


def _pages(uow: UnitOfWork, edition: Edition) -> list[PageShown]:
    """Hotspots whose product is no longer sold are left out."""
    products = {
        product_id: product
        for product_id, product in uow.products.many({spot.product_id for spot in edition.hotspots}).items()
        if product.variants
    }
    shelf = Shelf.of(uow, products.values(), site().shop.clock.now())
    return [
        PageShown(
            each,
            tuple(
                _spot(uow, spot, products[spot.product_id], shelf, edition.lookbook)
                for spot in edition.on(each.number)
                if spot.product_id in products
            ),
        )
        for each in edition.pages
    ]


def _spot(uow: UnitOfWork, spot: Hotspot, product: Product, shelf: Shelf, book: Lookbook) -> Spot:
    variants = tuple(variant for variant in product.variants if variant.id == spot.variant_id) or product.variants
    region = spot.region
    return Spot(
        spot,
        card(product, shelf, variants),
        prior_price(uow, min(variants, key=lambda variant: variant.price.minor)),
        _path(product, book, spot.page),
        round(region.x_frac * 1000),
        round(region.y_frac * 1000),
        round(region.width_frac * 1000),
        round(region.height_frac * 1000),
    )


def _path(product: Product, book: Lookbook, number: int) -> str:
    return f"{product_path(product, language())}?from={came_from(book.id, number)}"


def _mark(pages: Sequence[PageShown]) -> str:
    """Changes with whatever the page says of a price or of stock."""
    said = [
        (spot.hotspot.id, spot.card.price.minor, spot.prior, spot.card.sold_out, spot.card.sizes, spot.card.stock)
        for each in pages
        for spot in each.spots
    ]
    return hashlib.sha256(repr((language(), said)).encode()).hexdigest()[:20]


# --- what readers do


@blueprint.post("/l/<slug>/events")
def events(slug: str) -> ResponseReturnValue:
    """Counts. With the reader's consent the events are theirs; without it they name nobody."""
    security.require_same_origin()
    known = session.current()
    inputs.take_turn("look", LOOK, known.address if known else None)
    told = inputs.body_as(ReadingReport)
    # Whoever agrees is known by the cookie of the chat: it is to know where they stopped, and what to suggest.
    contact = session.current_or_new() if told.get("consent", False) else None
    shop = site().shop
    now = shop.clock.now()

    source = brought.source(inputs.clean(told.get("source", ""))[:128], otherwise="")

    def work(uow: UnitOfWork) -> int:
        book = _edition(uow, slug).lookbook
        visitor, customer_id = recommended.reader(uow, contact)
        return uow.reading.add(
            ReadingEvent(
                event_id=each["id"],
                did=Did(each["did"]),
                at=now,
                lookbook_id=book.id,
                page=each.get("page", 0),
                product_id=each.get("product", 0),
                dwell_ms=each.get("dwell_ms", 0),
                visitor=visitor,
                customer_id=customer_id,
                source=source,
            )
            for each in told["events"]
        )

    shop.storage.write(work)
    return session.keep(Response(status=204))
