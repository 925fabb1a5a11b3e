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
    """With `?product=ID` the conversation begins about that product; with `&do=stores` where to find it."""
    response = page("chat.html", product=_product(), wish="stores" if request.args.get("do") == "stores" else "show")
    response.headers["Cache-Control"] = "no-store"
    return response


def _product() -> Product | None:
    number = request.args.get("product", "")
    return site().shop.catalog.product(int(number)) if re.fullmatch(r"[1-9][0-9]{0,17}", number) else None
