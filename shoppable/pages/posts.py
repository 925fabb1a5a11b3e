"""The link page: pictures of posts, each leading to what can be bought today."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from commerce.domain.lookbook import Post
from commerce.ports import UnitOfWork
from commerce.services.posting import PAGE, code_of
from shoppable.language import language
from shoppable.pages import share
from shoppable.pages.cards import Card, card
from shoppable.pages.frame import page
from shoppable.shelf import Shelf, picture_path
from shoppable.site import site

blueprint = Blueprint("posts", __name__)

MOST_ON_FRONT, _MOST = 8, 60


@dataclass(frozen=True, slots=True)
class Tile:
    """`sold_out`: of everything in it nothing is left. Products with the address that counts and leads there.
    `original`: where the post was made; '' for one of our own."""

    path: str
    picture: str
    caption: str
    products: tuple[tuple[str, Card], ...]
    sold_out: bool
    original: str


@blueprint.get(PAGE)
def posts() -> Response:
    with site().shop.storage.read() as uow:
        tiles = shown(uow, _MOST)
        shared = share.of_posts(uow.posts.all(shown_only=True))
    return page("links.html", posts=tiles, shared=shared)


def shown(uow: UnitOfWork, most: int) -> list[Tile]:
    """In their order, with the stock of this moment; a post of which nothing is sold any more is left out."""
    found = uow.posts.all(shown_only=True)[:most]
    products = {
        number: product
        for number, product in uow.products.many({number for post in found for number in post.product_ids}).items()
        if product.variants
    }
    if not products:
        return []
    shelf = Shelf.of(uow, products.values(), site().shop.clock.now())
    cards = {number: card(product, shelf) for number, product in products.items()}
    return [tile for post in found if (tile := _tile(post, cards)).products]


def _tile(post: Post, cards: dict[int, Card]) -> Tile:
    path = f"/s/{code_of(post)}"
    tagged = tuple((f"{path}?product={number}", cards[number]) for number in post.product_ids if number in cards)
    caption = post.caption(language())
    sold_out = all(each.sold_out for _, each in tagged)
    return Tile(path, picture_path(post.tile_key), caption, tagged, sold_out, post.external_url)
