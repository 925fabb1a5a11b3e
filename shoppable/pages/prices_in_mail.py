"""A price as a picture, drawn at the moment when somebody opens the mail that shows it."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from commerce.drawing.plain import plain_png
from commerce.i18n import format_money
from commerce.services.campaign_words import lowest_words, price_words
from commerce.services.campaign_words import words as campaign_words
from commerce.services.campaigning import facts_of
from commerce.services.share_cards import price_sheet
from shoppable import inputs
from shoppable.language import language, translate
from shoppable.limits import LOOK
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("prices_in_mail", __name__)


@blueprint.get("/mail/price/<int:product_id>.png")
def price(product_id: int) -> Response:
    """Kept by nobody: mail programs and their proxies ask again at every opening. What is sold out, or no longer sold,
    says so in the price's place."""
    inputs.take_turn("look", LOOK)
    shop, spoken = site().shop, language()
    with shop.storage.read() as uow:
        product = uow.products.get(product_id)
        if product is None:
            abort(404)
        brand = uow.brand.get()
        facts = next(iter(facts_of(uow, [product_id])), None)
        shelf = Shelf.of(uow, [product], shop.clock.now())
    if facts is None:
        sheet = price_sheet(brand, price=translate("No longer sold"), lines=(), is_sold_out=True)
    elif not any(shelf.is_available(variant) for variant in product.variants):
        sheet = price_sheet(brand, price=translate("Sold out for the moment."), lines=(), is_sold_out=True)
    else:
        before = format_money(facts.before, spoken) if facts.before else ""
        lines = (
            campaign_words(spoken, "instead of {price}", price=before) if before else "",
            lowest_words(facts.lowest, spoken),
        )
        said = price_words(facts.price, spoken, is_from=facts.is_from)
        sheet = price_sheet(brand, price=said, lines=tuple(filter(None, lines)))
    response = Response(plain_png(sheet), mimetype="image/png")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # mail is read on pages of other sites
    return response
