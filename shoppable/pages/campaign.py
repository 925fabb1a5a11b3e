"""Where the links of a campaign lead: its products as they are today, whatever was said when it was made."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from commerce.domain.campaign import Campaign
from commerce.ports import UnitOfWork
from shoppable import came_from
from shoppable.language import language
from shoppable.pages import share
from shoppable.pages.cards import card
from shoppable.pages.frame import page
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("campaign", __name__)

_ID = re.compile(r"[0-9a-z]{1,32}")


def campaign_at(uow: UnitOfWork, path: str) -> Campaign | None:
    """The campaign whose page this path is."""
    named = path.removeprefix("/c/")
    return uow.campaigns.get(named) if named != path and _ID.fullmatch(named) else None


@blueprint.get("/c/<campaign>")
def campaign(campaign: str) -> Response:
    shop = site().shop
    with shop.storage.read() as uow:
        found = campaign_at(uow, f"/c/{campaign}")
        if found is None:
            abort(404)
        known = uow.products.many([item.product_id for item in found.items])
        products = [known[item.product_id] for item in found.items if item.product_id in known]
        sold = [product for product in products if product.variants]
        shelf = Shelf.of(uow, sold, shop.clock.now())
        claim = uow.brand.get().claim_on(shop.campaigning.today())
        leaf = came_from.page_of(uow, found.came_from)
    return page(
        "campaign.html",
        title=found.headline(language()),
        claim=claim(language()),
        cards=[card(product, shelf) for product in sold],
        leaf=(leaf[0].lookbook.title(language()), came_from.path_of(*leaf)) if leaf else None,
        shared=share.of_campaign(found),
    )
