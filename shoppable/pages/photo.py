"""Search with a photo: sent from any page, shown with what there is to choose from in it, and what resembles that.

The photo is the sender's alone: its address works with the cookie of the browser that sent it, until it is deleted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from commerce.domain.search import Found, SearchAnswer, SearchRequest, Why
from commerce.ports import NotSeen, PartOfPicture
from commerce.services.photos import RememberedGarment, RememberedPhoto
from shoppable import inputs
from shoppable.api.facts import garment_label
from shoppable.api.products import NOT_SEEN, not_seen
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import PHOTO, SEARCH
from shoppable.pages.asked import LAST_PAGE, Asked, active, asked_for, filters_of, largest_price
from shoppable.pages.cards import Card, card, how_alike, swatch
from shoppable.pages.frame import here, page
from shoppable.pages.menu import menu
from shoppable.photos import photo_of_form, room_for_a_photo
from shoppable.security import require_same_origin
from shoppable.shelf import Shelf, picture_path
from shoppable.site import site

blueprint = Blueprint("photo", __name__)
blueprint.after_request(session.keep)

PER_PAGE = 24
_KEY = re.compile(r"[0-9a-f]{32}\.photo")
_WORDS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A thing in the photo. The box is in thousandths of the photo's width and height, as the drawing takes it."""

    number: int
    label: str
    path: str
    chosen: bool
    x: int
    y: int
    width: int
    height: int


@blueprint.post("/photo")
def look() -> ResponseReturnValue:
    """Receives a photo, looks at it once, and sends the browser to the page about it."""
    require_same_origin()
    contact = session.current()
    inputs.take_turn("photo", PHOTO, contact.address if contact else None)
    room_for_a_photo()
    photo = photo_of_form()
    seen = site().shop.image_matcher.look(photo)
    if isinstance(seen, NotSeen):
        return _useless(seen)
    shop = site().shop
    [key] = shop.photos.put(contact or session.current_or_new(), [seen.clean_jpeg])
    shop.photos.remember(key, seen)
    words = inputs.clean(request.form.get("words", ""))[:_WORDS_KEPT]
    return redirect(url_for("photo.results", of=key, q=words or None), 303)


@blueprint.get("/photo")
def results() -> Response:
    inputs.take_turn("search", SEARCH)
    shop, asked = site().shop, asked_for()
    key, part = request.args.get("of", ""), inputs.part_in(request.args.get("box", ""))
    contact = session.current()
    data = shop.photos.get(contact, key) if contact and _KEY.fullmatch(key) else None
    whole = shop.photos.recall(contact, key) if contact and data else None
    if contact is None or data is None or whole is None:
        return _private(page("photo.html", photo=None, problem="", asked=asked), 404 if key else 200)
    meant = _meant(key, data, whole, part)
    if isinstance(meant, NotSeen):
        return _useless(meant)
    item = meant.picked if part is None else 0
    seen = meant.seen(shop.clock.now(), data)
    assert seen is not None
    to_choose = shop.discovery.to_choose_from(seen)
    answer = SearchAnswer((), "", 0) if to_choose else shop.discovery.by_photo(seen, _question(asked))
    if isinstance(answer, NotSeen):
        return _useless(answer)
    with shop.storage.read() as uow:
        products = [found.product for found in (*answer.found, *answer.nearest)]
        shelf = Shelf.of(uow, products, shop.clock.now())
    more = asked.page < LAST_PAGE and bool(answer.found) and asked.page * PER_PAGE < answer.total
    return _private(
        page(
            "photo.html",
            photo=picture_path(key),
            key=key,
            asked=asked,
            problem="",
            choices=_choices(whole.garments, item),
            asks=bool(to_choose),
            part=part,
            box=request.args.get("box", "") if part else "",
            item=item,
            answer=answer,
            cards=_cards(answer.found, shelf),
            nearest=_cards(answer.nearest, shelf),
            floor=answer.price_floor,
            only_far=bool(answer.found) and all(found.hit.why is Why.FAR for found in answer.found),
            hours=shop.settings.photo_keep_h,
            colours=[swatch(colour) for colour in menu(site()).colours],
            stores=shelf.stores,
            active=active(asked, shelf.stores),
            largest=largest_price(asked),
            older=here(page=asked.page + 1) if more else None,
            newer=here(page=asked.page - 1 if asked.page > 2 else None) if asked.page > 1 else None,
        )
    )


@blueprint.get("/photo/<key>")
def picture(key: str) -> Response:
    """The photo itself, to whoever sent it."""
    contact = session.current()
    data = site().shop.photos.get(contact, key) if contact and _KEY.fullmatch(key) else None
    if data is None:
        abort(404)
    response = Response(data, mimetype="image/jpeg")
    response.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _private(response)


def _meant(key: str, data: bytes, whole: RememberedPhoto, part: PartOfPicture | None) -> RememberedPhoto | NotSeen:
    """The photo, or the thing in it that was chosen; a part that was drawn by hand is looked at once."""
    if part is None:
        item = request.args.get("item", "")
        return replace(whole, picked=int(item) if item.isascii() and item.isdecimal() and len(item) < 3 else 0)
    shop, contact = site().shop, session.current()
    assert contact is not None
    known = shop.photos.recall(contact, key, part)
    if known is None:
        inputs.take_turn("photo", PHOTO, contact.address)
        seen = shop.image_matcher.look(data, part)
        if isinstance(seen, NotSeen):
            return seen
        shop.photos.remember(key, seen, part)
        known = RememberedPhoto.of(seen, shop.photos.until())
    return known


def _question(asked: Asked) -> SearchRequest:
    """What the words beside the photo mean, as a conversation would read them, narrowed by what was chosen."""
    chosen, offset = filters_of(asked), (asked.page - 1) * PER_PAGE
    if not asked.words:
        return SearchRequest(language=language(), filters=chosen, limit=PER_PAGE, offset=offset)
    asking = site().shop.asking
    return asking.request(asked.words, language=language(), limit=PER_PAGE, offset=offset, filters=chosen)


def _choices(garments: Sequence[RememberedGarment], item: int) -> list[Choice]:
    choices = []
    for number, garment in enumerate(garments, 1):
        left, top, right, bottom = (round(edge * 1000) for edge in garment.box)
        path = here(item=number, box=None, page=None)
        label = garment_label(garment.category)
        choices.append(Choice(number, label, path, number == item, left, top, right - left, bottom - top))
    return choices


def _cards(found: Sequence[Found], shelf: Shelf) -> list[Card]:
    return [card(each.product, shelf, each.variants, note=how_alike(each)) for each in found]


def _useless(reason: NotSeen) -> Response:
    """Why nothing can be found with this photo, and the way to another one or to a person."""
    problem = translate(NOT_SEEN[reason])
    response = page("photo.html", photo=None, problem=problem, asked=asked_for())
    return _private(response, not_seen(reason).status)


def _private(response: Response, status: int = 200) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    if status != 200:
        response.status_code = status
    return response
