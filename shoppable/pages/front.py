"""The shop front: everything there is, or what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from commerce.domain.search import Found, Hit, SearchAnswer, Why
from shoppable import inputs
from shoppable.language import language
from shoppable.limits import SEARCH
from shoppable.pages import for_you, posts
from shoppable.pages.asked import LAST_PAGE, Asked, active, asked_for, largest_price, question
from shoppable.pages.cards import Card, card, swatch
from shoppable.pages.frame import here, page
from shoppable.pages.menu import menu
from shoppable.pages.remembering import Listed, remembered
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("front", __name__)

PER_PAGE = 24
_FRESH_S = 20.0
_CATALOGUES = 3  # the newest, named on the first page


@blueprint.get("/")
def front() -> Response:
    inputs.take_turn("search", SEARCH)
    shop, asked = site().shop, asked_for()
    answer = _browsed(asked) if asked.is_browsing else shop.discovery.search(question(asked, PER_PAGE))
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [found.product for found in (*answer.found, *answer.nearest)], shop.clock.now())
        is_first = asked.is_everything and asked.page == 1
        posted = posts.shown(uow, posts.MOST_ON_FRONT) if is_first else []
        catalogues = uow.lookbooks.shown() if is_first else []
    choices = menu(site())
    return page(
        "front.html",
        asked=asked,
        posts=posted,
        catalogues=catalogues[:_CATALOGUES],
        for_you=for_you.beside() if is_first else None,
        cards=_cards(answer.found, shelf),
        nearest=_cards(answer.nearest, shelf),
        answer=answer,
        floor=answer.price_floor,
        corrected=_corrected(asked, answer),
        categories=choices.categories(language()),
        colours=[swatch(key) for key in choices.colours],
        stores=shelf.stores,
        active=active(asked, shelf.stores),
        older=here(page=asked.page + 1) if _has_more(asked, answer) else None,
        newer=here(page=asked.page - 1 if asked.page > 2 else None) if asked.page > 1 else None,
        largest=largest_price(asked),
    )


def _browsed(asked: Asked) -> SearchAnswer:
    """What most people look at: everything, or everything of a kind. Which products, in which order, is remembered."""

    def ask() -> Listed:
        answer = site().shop.discovery.search(question(asked, PER_PAGE))
        return Listed(tuple(found.product.id for found in answer.found), answer.total)

    listed = remembered(("browse", asked.category, asked.page), _FRESH_S, ask)
    with site().shop.storage.read() as uow:
        products = uow.products.many(listed.ids)
    shown = [products[number] for number in listed.ids if number in products and products[number].variants]
    found = tuple(Found(product, Hit(product.id, 1.0, Why.ATTRIBUTES), product.variants) for product in shown)
    return SearchAnswer(found, "", listed.total)


def _cards(found: Sequence[Found], shelf: Shelf) -> list[Card]:
    return [card(each.product, shelf, each.variants) for each in found]


def _has_more(asked: Asked, answer: SearchAnswer) -> bool:
    return asked.page < LAST_PAGE and bool(answer.found) and asked.page * PER_PAGE < answer.total


def _corrected(asked: Asked, answer: SearchAnswer) -> str:
    """The words as they were read, when that is not how they were written."""
    return answer.read_as if asked.words and answer.read_as.casefold() != asked.words.casefold() else ""
