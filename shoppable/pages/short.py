"""/s/{code}: to a page of ours, counted once for each person who follows it."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.lookbook import ShortLink
from commerce.ports import UnitOfWork
from commerce.services.short_links import CODE, source_of
from shoppable import brought, came_from, inputs
from shoppable.language import language
from shoppable.limits import LOOK
from shoppable.pages.campaign import campaign_at
from shoppable.shelf import product_path
from shoppable.site import site

blueprint = Blueprint("short", __name__)

_COME_BACK_S = 1
# Programs that look at a link because somebody has sent it: they are led on, and nobody has followed it yet.
_PREVIEWS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|embedly|pinterest|vkshare|skype", re.IGNORECASE
)


def _path(uow: UnitOfWork, link: ShortLink) -> str:
    """Where it leads now; of a post: the product that was tapped, or the first one that is sold; of a campaign: the
    product that was tapped, the catalogue that it was made of (`to=catalogue`), or its page."""
    post = uow.posts.get(link.post_id) if link.post_id else None
    if post is not None:
        known = uow.products.many(post.product_ids)
        asked = [each for each in post.product_ids if str(each) == request.args.get("product")]
        for product_id in (*asked, *post.product_ids):
            if product_id in known and known[product_id].variants:
                return product_path(known[product_id], language())
    if link.path.startswith("/c/"):
        return _in_campaign(uow, link)
    return site().shop.short_links.own_path(link.path)


def _in_campaign(uow: UnitOfWork, link: ShortLink) -> str:
    """The first page of the shop where the campaign was removed: its printed codes are still about."""
    campaign = campaign_at(uow, link.path)
    if campaign is None:
        return "/"
    for item in campaign.items:
        product = uow.products.get(item.product_id) if str(item.product_id) == request.args.get("product") else None
        if product is not None and product.variants:
            return product_path(product, language())
    leaf = came_from.page_of(uow, campaign.came_from) if request.args.get("to") == "catalogue" else None
    return came_from.path_of(*leaf) if leaf else campaign.path


@blueprint.get("/s/<code>")
def follow(code: str) -> ResponseReturnValue:
    """Lines of the cart made afterwards say `link:<code>` where nothing better is known."""
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        # Browsers throw such an answer away and ask again when somebody follows the link.
        return Response(status=503, headers={"Retry-After": str(_COME_BACK_S)})
    inputs.take_turn("look", LOOK)
    shop = site().shop
    with shop.storage.read() as uow:
        link = uow.short_links.get(code) if CODE.fullmatch(code) else None
        path = _path(uow, link) if link else ""
    if link is None or not path:
        abort(404)
    is_preview = _PREVIEWS.search(request.headers.get("User-Agent", "")) is not None
    # What is shown of a post that is shared is its own picture, not the product's alone.
    response = redirect(f"{path}?post={link.post_id}" if is_preview and link.post_id else path, 302)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    if request.method == "HEAD" or is_preview:
        return response
    shop.storage.write(lambda uow: shop.short_links.followed(uow, link))
    return brought.remember(response, source_of(link.code))
