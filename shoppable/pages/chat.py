"""The web chat as a page. The same script opens it in a corner of every other page."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from commerce.domain.lookbook import Lookbook, LookbookState
from commerce.domain.product import Product
from commerce.services.publishing import is_slug
from shoppable.pages.frame import page
from shoppable.site import site

blueprint = Blueprint("chat", __name__)


@blueprint.get("/chat")
def chat() -> Response:
    """With `?product=ID` the conversation begins about that product; with `&do=stores` where to find it, with
    `&back=ID` by waiting for that variant of it. With `?catalogue=SLUG&page=4` on that page of a catalogue."""
    product, wish = _product(), "stores" if request.args.get("do") == "stores" else "show"
    back = next((v for v in product.variants if str(v.id) == request.args.get("back", "")), None) if product else None
    opening = f"whenback:{back.id}" if back else f"{wish}:{product.id}" if product else ""
    book, number = _leafed()
    if book is not None and wish == "show" and back is None:
        opening = f"leaf:{book.id}:{number}:{product.id if product else 0}"
    response = page(
        "chat.html", product=product, wish=wish, back=back, opening=opening, book=book, number=number
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _leafed() -> tuple[Lookbook | None, int]:
    """The catalogue and the page from which the chat was opened."""
    slug, number = request.args.get("catalogue", ""), request.args.get("page", "")
    if not is_slug(slug):
        return None, 0
    with site().shop.storage.read() as uow:
        book = uow.lookbooks.by_slug(slug)
    if book is None or book.state is not LookbookState.PUBLISHED:
        return None, 0
    return book, int(number) if re.fullmatch(r"[1-9][0-9]{0,4}", number) else 0


def _product() -> Product | None:
    number = request.args.get("product", "")
    return site().shop.catalog.product(int(number)) if re.fullmatch(r"[1-9][0-9]{0,17}", number) else None
