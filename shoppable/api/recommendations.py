"""What the caller's shopper may like, and why: the same list as on the pages and in the chat."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from commerce.domain.recommending import LONGEST, Recommendation
from commerce.domain.search import Found, Why
from commerce.domain.search import Hit as FoundHit
from shoppable import inputs, recommended, shopper
from shoppable.api import facts
from shoppable.api.carts import caller
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.products import LANG, NEAR
from shoppable.limits import SEARCH
from shoppable.shapes import Hit
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("api_recommendations", __name__, url_prefix="/api/v1/recommendations")

_LIMIT = Parameter("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": LONGEST, "default": 6})
_CART = Parameter("cart", "A machine's cart: whose shopper is asked about; left out, the browser's own.")


class Recommended(TypedDict):
    """`because`: page, seen, like_seen, goes_with_bought, goes_with_cart, again, saved, like_awaited, popular, new.
    `reason` says so in words; `about` is the id of the product that it refers to, `catalogue` and `page` where they saw
    it."""

    product: Hit
    because: str
    reason: str
    about: str
    catalogue: str
    page: int


class Recommendations(TypedDict):
    """`choice`: what this shopper said about suggestions from what they do. `personal`: whether any is."""

    choice: Literal["allowed", "refused", "unasked"]
    personal: bool
    items: list[Recommended]


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.get("")
@describes(
    Operation(
        "What this shopper may like, best first, each with the reason; without one, what everybody is shown",
        {200: Recommendations},
        (_CART, _LIMIT, NEAR, LANG),
        problems=(400, 404, 429),
    )
)
def recommendations() -> ResponseReturnValue:
    inputs.take_turn("search", SEARCH)
    limit = inputs.whole_number("limit", default=6, least=1, most=LONGEST) or 6
    near, shop = inputs.near(), site().shop
    shown = recommended.shown_to(caller(request.args.get("cart", "")), limit=limit, near=near)
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [each.product for each in shown.items], shop.clock.now(), near)
    answer: Recommendations = {
        "choice": shown.choice.value,
        "personal": shown.is_personal,
        "items": [_item(each, shelf) for each in shown.items],
    }
    return jsonify(answer)


def _item(each: Recommendation, shelf: Shelf) -> Recommended:
    found = Found(each.product, FoundHit(each.product.id, 1.0, Why.ATTRIBUTES), each.variants)
    return {
        "product": facts.hit(found, shelf),
        "because": each.reason.because.value,
        "reason": recommended.because(each),
        "about": each.about.source_id if each.about else "",
        "catalogue": each.lookbook.slug if each.lookbook else "",
        "page": each.reason.page,
    }
