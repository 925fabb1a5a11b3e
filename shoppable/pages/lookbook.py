"""A catalogue as shoppers leaf through it: pages with places that lead to products, and the same products in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from commerce.domain.lookbook import Did, Edition, ReadingEvent, came_from
from commerce.domain.money import Money
from commerce.domain.product import Variant
from commerce.domain.sources import campaign
from commerce.domain.stock import Band
from commerce.ports import UnitOfWork
from commerce.services.catalog import prior_price
from shoppable import brought, inputs, recommended, security, streams
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import LOOK
from shoppable.pages import leaves, share
from shoppable.pages.cards import card
from shoppable.pages.frame import finished, has_session, page, telegram_link
from shoppable.pages.leaves import Opened
from shoppable.problems import Problem
from shoppable.reading_shapes import ReadingReport
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("lookbook", __name__)

_LISTENER_LOOKS_EVERY_S = 0.5
_ONE_HOUR_S = 3600


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
        opened = leaves.opened(uow, slug)
    if request.headers.get("X-Part") == "facts":
        return finished(opened.text("facts", lambda: render_template("lookbook_facts.html", opened=opened)))
    if request.args or has_session():
        response = finished(_whole(opened, is_embedded))
    else:  # most readers are nobody yet, and read the same page
        response = finished(opened.text(f"whole {is_embedded}", lambda: _whole(opened, is_embedded)))
    security.may_be_styled(response, opened.style)
    return response


def previewed(opened: Opened) -> Response:
    """What is not published yet, for the shop's own people."""
    response = finished(_whole(opened, is_embedded=False))
    security.may_be_styled(response, opened.style)
    return response


def _whole(opened: Opened, is_embedded: bool) -> str:
    book = opened.book
    values = {"opened": opened, "book": book, "title": book.title(language()), "bot": _deep_link(0, book.slug, 1)}
    article = opened.text("article", lambda: render_template("lookbook_article.html", **values))
    shared = share.of_catalogue(book, [each.page for each in opened.pages])
    return render_template("lookbook.html", **values, article=article, shared=shared, is_embedded=is_embedded)


@blueprint.get("/l/<slug>/facts")
def facts(slug: str) -> ResponseReturnValue:
    """Whether prices or stock have changed since. As a stream of events, `mark` whenever they do; beyond the places for
    those, a small answer that an open page asks for every two seconds."""
    g.for_machines = True
    mark = _mark(slug)
    if streams.is_wanted():
        return streams.answer(site().listeners, _marks(slug))
    if request.if_none_match.contains(mark):
        return Response(status=304)
    answer = jsonify({"mark": mark})
    answer.set_etag(mark)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _mark(slug: str) -> str:
    with site().shop.storage.read() as uow:
        return leaves.opened(uow, slug).mark


def _marks(slug: str) -> Iterator[str]:
    told, is_over, has_gone = "", False, streams.gone()

    def look() -> Iterator[str]:
        nonlocal told, is_over
        try:
            mark = _mark(slug)
        except (Problem, HTTPException):  # withdrawn meanwhile: whoever asks again is told so
            is_over = True
            return
        if mark != told:
            told = mark
            yield f"event: mark\ndata: {mark}\n\n"

    return streams.stream(look, lambda: is_over or has_gone(), _LISTENER_LOOKS_EVERY_S)


@blueprint.get("/embed.js")
def embed_script() -> ResponseReturnValue:
    """For pages of others: a script element puts a catalogue there, in a frame of the right size."""
    response = current_app.send_static_file("embed.js")
    response.headers["Cache-Control"] = f"public, max-age={_ONE_HOUR_S}"
    security.may_be_used_anywhere(response)
    return response


@blueprint.get("/l/<slug>/<int:number>/<int:product_id>")
def sheet(slug: str, number: int, product_id: int) -> ResponseReturnValue:
    """What a hotspot opens: today's price, sizes, where it is. Without the script a browser is led to the product."""
    with site().shop.storage.read() as uow:
        return sheet_of(uow, leaves.edition_of(uow, leaves.book_of(uow, slug)), number, product_id)


def sheet_of(uow: UnitOfWork, edition: Edition, number: int, product_id: int) -> ResponseReturnValue:
    """The same of any edition."""
    book = edition.lookbook
    product = uow.products.get(product_id)
    is_there = product_id in {spot.product_id for spot in edition.on(number)}
    if product is None or not product.variants or not is_there:
        abort(404)
    if request.headers.get("X-Part") != "sheet":
        return redirect(leaves.path_of(product, book, number), 303)
    shelf = Shelf.of(uow, [product], site().shop.clock.now())
    choices = [_choice(variant, shelf) for variant in product.variants]
    return page(
        "lookbook_sheet.html",
        product=product,
        shown=card(product, shelf),
        path=leaves.path_of(product, book, number),
        source=came_from(book.id, number),
        page_number=number,
        slug=book.slug,
        choices=[each for each in choices if each.is_available],
        missing=[each for each in choices if not each.is_available],
        prior=prior_price(uow, min(product.variants, key=lambda variant: variant.price.minor)),
        places=[
            (store, translate(_BANDS[max((shelf.band(v, store) for v in product.variants), key=_ORDER.index)]))
            for store in shelf.stores_with(product.variants)
        ],
        telegram=_deep_link(product.id, book.slug, number),
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

    source = brought.source(campaign(inputs.clean(told.get("source", ""))), otherwise="")

    def work(uow: UnitOfWork) -> int:
        book = leaves.book_of(uow, slug)
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
