"""Finding products: by words and conditions, by what resembles a product, by a photo."""

from __future__ import annotations

import binascii
import time
from base64 import b64decode

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.geo import GeoPoint
from commerce.domain.product import Product
from commerce.domain.search import SearchAnswer, SearchRequest
from commerce.ports import NotSeen
from shoppable import inputs
from shoppable.api import facts
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.language import language
from shoppable.limits import PHOTO, SEARCH
from shoppable.photos import LARGEST_PHOTO_BYTES, photo_of_form, room_for_a_photo
from shoppable.problems import Problem
from shoppable.shapes import Hits, PhotoHits, PhotoQuestion, ProductFacts
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("api_products", __name__, url_prefix="/api/v1")

_COUNT = {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}
_MINOR = {"type": "integer", "minimum": 0, "maximum": inputs.LARGEST_AMOUNT_MINOR}
LANG = Parameter("lang", "Language of the answer (fr, en); otherwise the header Accept-Language decides.")
NEAR = Parameter("near", "Where the shopper is: latitude,longitude in degrees, a town or a postcode.")
_LIMIT = Parameter("limit", "How many at most.", _COUNT)
_CONDITIONS = (
    Parameter("size", "Size, as the shop writes it."),
    Parameter("colour", "Colour: a key or a word in either language; a basic colour stands for its shades."),
    Parameter("category", "Category: a key or a word in either language, with everything that is one."),
    Parameter("gender", "women, men, girls, boys, unisex, kids, or a word for them."),
    Parameter("price_min_minor", "Lowest price in minor units.", _MINOR),
    Parameter("price_max_minor", "Highest price in minor units.", _MINOR),
    Parameter("store", "Only what this store (its id) has."),
    Parameter("in_stock", "Only what is in stock somewhere.", {"type": "boolean"}),
)


def _request(words: str, *, limit: int, offset: int = 0) -> SearchRequest:
    """What the words mean, as a conversation would read them, narrowed by the conditions in the address."""
    chosen = inputs.filters()
    if not words:
        return SearchRequest(language=language(), filters=chosen, limit=limit, offset=offset)
    asking = site().shop.asking
    return asking.request(words, language=language(), limit=limit, offset=offset, filters=chosen)


def _answer(answer: SearchAnswer, near: GeoPoint | None, *, limit: int, offset: int, began_s: float) -> Hits:
    shop = site().shop
    with shop.storage.read() as uow:
        products = [found.product for found in (*answer.found, *answer.nearest)]
        shelf = Shelf.of(uow, products, shop.clock.now(), near)
    took_ms = (time.perf_counter() - began_s) * 1000
    return facts.hits(answer, shelf, offset=offset, limit=limit, took_ms=took_ms)


@blueprint.get("/products")
@describes(
    Operation(
        "Products for words (typos forgiven, French and English) and conditions, best first",
        {200: Hits},
        (
            Parameter("q", "Words of the shopper."),
            LANG,
            *_CONDITIONS,
            NEAR,
            _LIMIT,
            Parameter("cursor", "`next_cursor` of the answer before."),
        ),
    )
)
def search() -> ResponseReturnValue:
    inputs.take_turn("search", SEARCH)
    began_s = time.perf_counter()
    limit = inputs.whole_number("limit", default=10, least=1, most=50) or 10
    offset = inputs.offset_of(request.args.get("cursor", ""))
    near = inputs.near()
    answer = site().shop.discovery.search(_request(inputs.words_of("q"), limit=limit, offset=offset))
    return jsonify(_answer(answer, near, limit=limit, offset=offset, began_s=began_s))


def known(source_id: str) -> Product:
    product = site().shop.catalog.by_source_id(source_id) if len(source_id) <= 128 and "\0" not in source_id else None
    if product is None:
        raise Problem(404, "no_such_product", "There is no such product.")
    return product


@blueprint.get("/products/<path:product>")
@describes(
    Operation(
        "A product with its variants, prices and stock by store", {200: ProductFacts}, (LANG, NEAR), problems=(400, 404)
    )
)
def product(product: str) -> ResponseReturnValue:
    shop = site().shop
    found, near = known(product), inputs.near()
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [found], shop.clock.now(), near)
    return jsonify(facts.product_facts(found, shelf))


@blueprint.get("/similar")
@describes(
    Operation(
        "Products that resemble one",
        {200: Hits},
        (Parameter("id", "The product's id."), LANG, *_CONDITIONS, NEAR, _LIMIT),
        problems=(400, 404, 429),
    )
)
def similar() -> ResponseReturnValue:
    inputs.take_turn("search", SEARCH)
    began_s = time.perf_counter()
    limit = inputs.whole_number("limit", default=10, least=1, most=50) or 10
    near = inputs.near()
    answer = site().shop.discovery.similar(known(request.args.get("id", "")).id, _request("", limit=limit))
    return jsonify(_answer(answer, near, limit=limit, offset=0, began_s=began_s))


@blueprint.post("/similar")
@describes(
    Operation(
        "Products that resemble what a photo shows, and what there is to choose from in it",
        {200: PhotoHits},
        (LANG, *_CONDITIONS, NEAR, _LIMIT),
        body=PhotoQuestion,
        photo=True,
        problems=(400, 413, 415, 422, 429, 503),
    )
)
def similar_to_photo() -> ResponseReturnValue:
    inputs.take_turn("photo", PHOTO)
    began_s = time.perf_counter()
    room_for_a_photo()
    limit = inputs.whole_number("limit", default=10, least=1, most=50) or 10
    near = inputs.near()
    if request.mimetype == "multipart/form-data":
        photo, words = photo_of_form(), inputs.clean(request.form.get("words", ""))[: inputs.LONGEST_WORDS]
        box = request.form.get("box", "")
        part, is_told = inputs.part_in(box), bool(box)
    else:
        question = inputs.body_as(PhotoQuestion)
        photo, words = _decoded(question["photo_base64"]), inputs.clean(question.get("words", ""))
        edges = question.get("box", [])
        part, is_told = inputs.part_of(edges), bool(edges)
    if is_told and part is None:
        raise Problem(422, "bad_body", inputs.WRONG_FIELD, name="box")
    shop = site().shop
    seen = shop.image_matcher.look(photo, part)
    if isinstance(seen, NotSeen):
        raise not_seen(seen)
    answer = shop.discovery.by_photo(seen, _request(words, limit=limit))
    if isinstance(answer, NotSeen):
        raise not_seen(answer)
    hits = _answer(answer, near, limit=limit, offset=0, began_s=began_s)
    found: PhotoHits = {**hits, "garments": [facts.garment(each) for each in seen.garments]}
    return jsonify(found)


def _decoded(text: str) -> bytes:
    try:
        photo = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "bad_body", inputs.WRONG_FIELD, name="photo_base64") from error
    if len(photo) > LARGEST_PHOTO_BYTES:
        raise Problem(413, "too_large", "This photo is too large: at most 10 MB.")
    return photo


NOT_SEEN = {
    NotSeen.OFF: "This shop cannot search by photo at the moment.",
    NotSeen.TOO_LARGE: "This photo is too large: at most 10 MB.",
    NotSeen.UNKNOWN_FORMAT: "This is not a photo that we can read. Send a JPEG, PNG or WebP.",
    NotSeen.DAMAGED: "This photo is damaged. Please send it again.",
    NotSeen.TOO_SLOW: "This photo took too long to read. Please send another one.",
    NotSeen.TOO_SMALL: "This photo is too small to recognise anything.",
    NotSeen.AGAIN: "This photo has to be sent again.",
    NotSeen.NO_PRODUCT: "We do not see a fashion item in this photo.",
}


def not_seen(reason: NotSeen) -> Problem:
    status = {NotSeen.OFF: 503, NotSeen.TOO_LARGE: 413, NotSeen.UNKNOWN_FORMAT: 415}.get(reason, 422)
    return Problem(status, f"photo_{reason.value}", NOT_SEEN[reason])
