"""The web chat as a page. The same script opens it in a corner of every other page."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from commerce.domain.product import Product
from shoppable.pages.frame import page
from shoppable.site import site

blueprint = Blueprint("chat", __name__)


@blueprint.get("/chat")
def chat() -> Response:
    """With `?product=ID` the conversation begins about that product; with `&do=stores` where to find it, with
    `&back=ID` by waiting for that variant of it."""
    product, wish = _product(), "stores" if request.args.get("do") == "stores" else "show"
    back = next((v for v in product.variants if str(v.id) == request.args.get("back", "")), None) if product else None
    opening = f"whenback:{back.id}" if back else f"{wish}:{product.id}" if product else ""
    response = page("chat.html", product=product, wish=wish, back=back, opening=opening)
    response.headers["Cache-Control"] = "no-store"
    return response


def _product() -> Product | None:
    number = request.args.get("product", "")
    return site().shop.catalog.product(int(number)) if re.fullmatch(r"[1-9][0-9]{0,17}", number) else None
