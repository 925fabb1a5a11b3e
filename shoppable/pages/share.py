"""The cards of pages that are shared, and what is said beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, Response, abort, request

from commerce.domain.campaign import Campaign
from commerce.domain.lookbook import Lookbook, Page, Post
from commerce.domain.product import Product
from commerce.ports import UnitOfWork
from commerce.services.posting import PAGE
from commerce.services.publishing import LONGEST_SLUG
from shoppable.language import language, translate, translate_plural
from shoppable.sharing import Shared, card_response
from shoppable.shelf import main_picture, product_path
from shoppable.site import site

blueprint = Blueprint("share", __name__)

_NUMBER = re.compile(r"([1-9][0-9]{0,17})(?:-[a-z0-9-]{0,100})?")
_ID = re.compile(r"[0-9a-z]{1,32}")


def of_catalogue(book: Lookbook, pages: Sequence[Page]) -> Shared:
    count = translate_plural("{count} page", "{count} pages", len(pages))
    return Shared(
        path=f"/l/{book.slug}",
        title=book.title(language()),
        description=translate("A catalogue to leaf through: every product with today’s price and where it is."),
        note=f"{translate('Catalogue')} · {count}",
        picture_keys=tuple(page.picture_key for page in pages[:1]),
        version=str(book.version),
    )


def of_product(product: Product, post: Post | None = None) -> Shared:
    """`post`: one of ours that leads here, whose picture and words come first."""
    spoken, own = language(), main_picture(product)
    title = (post.caption(spoken) if post else "") or product.title(spoken)
    keys = (post.picture_key if post else "", own.media_key if own else "")
    return Shared(
        path=product_path(product, spoken),
        title=title,
        description=product.description(spoken) or product.title(spoken),
        note=product.title(spoken) if title != product.title(spoken) else product.brand,
        picture_keys=tuple(filter(None, keys)),
        post=post.id if post else "",
        kind="product",
    )


def of_posts(posts: list[Post]) -> Shared:
    return Shared(
        path=PAGE,
        title=translate("As seen in our posts"),
        description=translate(
            "The pictures of our posts, each with what is in it: today’s price, and whether it is still there."
        ),
        note="",
        picture_keys=tuple(post.picture_key for post in posts),
    )


def of_campaign(campaign: Campaign) -> Shared:
    spoken = language()
    return Shared(
        path=campaign.path,
        title=campaign.headline(spoken),
        description=", ".join(item.title(spoken) for item in campaign.items),
        note=translate_plural("{count} product", "{count} products", len(campaign.items)),
        picture_keys=tuple(item.picture_key for item in campaign.items if item.picture_key),
        version=str(campaign.revision),
    )


def post_of(uow: UnitOfWork, product_id: int) -> Post | None:
    """The post that the address names, where it is shown and leads to this product."""
    named = request.args.get("post", "")
    post = uow.posts.get(named) if _ID.fullmatch(named) else None
    return post if post is not None and post.is_shown and product_id in post.product_ids else None


@blueprint.get("/l/<slug>/card.jpg")
def catalogue(slug: str) -> Response:
    with site().shop.storage.read() as uow:
        edition = site().shop.publishing.seen_by_shoppers(uow, slug) if len(slug) <= LONGEST_SLUG else None
        brand = uow.brand.get()
    if edition is None:
        abort(404)
    return card_response(of_catalogue(edition.lookbook, edition.pages), brand)


@blueprint.get("/p/<address>/card.jpg")
def product(address: str) -> Response:
    match = _NUMBER.fullmatch(address)
    with site().shop.storage.read() as uow:
        found = uow.products.get(int(match[1])) if match else None
        post = post_of(uow, found.id) if found else None
        brand = uow.brand.get()
    if found is None:
        abort(404)
    return card_response(of_product(found, post), brand)


@blueprint.get(f"{PAGE}/card.jpg")
def posts() -> Response:
    with site().shop.storage.read() as uow:
        shown, brand = uow.posts.all(shown_only=True), uow.brand.get()
    return card_response(of_posts(shown), brand)


@blueprint.get("/c/<campaign>/card.jpg")
def campaign(campaign: str) -> Response:
    with site().shop.storage.read() as uow:
        found = uow.campaigns.get(campaign) if _ID.fullmatch(campaign) else None
        brand = uow.brand.get()
    if found is None:
        abort(404)
    return card_response(of_campaign(found), brand)
