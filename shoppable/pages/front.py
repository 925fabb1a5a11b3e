"""The shop front: everything there is, or what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from commerce.domain.money import Money, exponent
from commerce.domain.search import Filters, Found, Hit, SearchAnswer, SearchRequest, Why
from commerce.domain.store import Store
from shoppable import inputs
from shoppable.language import language
from shoppable.limits import SEARCH
from shoppable.pages.cards import Card, card, swatch
from shoppable.pages.frame import here, page
from shoppable.pages.menu import menu
from shoppable.pages.remembering import Listed, remembered
from shoppable.shelf import Shelf
from shoppable.site import site

blueprint = Blueprint("front", __name__)

PER_PAGE = 24
_LAST_PAGE = 40
_FRESH_S = 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, already within bounds. `price_max` is in major units as people type it."""

    words: str
    category: str
    colour: str
    size: str
    price_max: str
    store: str
    page: int

    @property
    def is_browsing(self) -> bool:
        return not (self.words or self.colour or self.size or self.price_max or self.store)

    @property
    def is_everything(self) -> bool:
        return self.is_browsing and not self.category


def _asked() -> Asked:
    """Whatever cannot be read in an address that people edit or share is left out rather than refused."""

    def text(name: str, longest: int) -> str:
        return inputs.clean(request.args.get(name, ""))[:longest]

    number = request.args.get("page", "")
    amount = text("price_max", 9).replace(",", ".")
    return Asked(
        words=text("q", 200),
        category=text("category", 64),
        colour=text("colour", 64),
        size=text("size", 32),
        price_max=amount if _amount(amount) is not None else "",
        store=text("store", 64),
        page=min(_LAST_PAGE, max(1, int(number))) if number.isascii() and number.isdecimal() else 1,
    )


def _amount(text: str) -> int | None:
    """Minor units of the shop's currency."""
    whole, _, cents = text.partition(".")
    if not (whole.isascii() and whole.isdecimal() and (not cents or (cents.isascii() and cents.isdecimal()))):
        return None
    digits = exponent(site().shop.settings.currency)
    major = int(10**digits)
    return int(whole) * major + int((cents + "0" * digits)[:digits] or "0")


def _filters(asked: Asked) -> Filters:
    lexicon = site().shop.lexicon
    return Filters(
        categories=inputs.categories_of(lexicon, asked.category),
        colours=inputs.colours_of(lexicon, asked.colour),
        sizes=inputs.sizes_of(asked.size),
        price_max_minor=_amount(asked.price_max) if asked.price_max else None,
        store_ids=frozenset({asked.store} if asked.store else ()),
        in_stock=bool(asked.store),
    )


@blueprint.get("/")
def front() -> Response:
    inputs.take_turn("search", SEARCH)
    shop, asked = site().shop, _asked()
    answer = _browsed(asked) if asked.is_browsing else shop.discovery.search(_question(asked))
    with shop.storage.read() as uow:
        shelf = Shelf.of(uow, [found.product for found in (*answer.found, *answer.nearest)], shop.clock.now())
    choices = menu(site())
    return page(
        "front.html",
        asked=asked,
        cards=_cards(answer.found, shelf),
        nearest=_cards(answer.nearest, shelf),
        answer=answer,
        floor=answer.price_floor,
        corrected=_corrected(asked, answer),
        categories=choices.categories(language()),
        colours=[swatch(key) for key in choices.colours],
        stores=shelf.stores,
        active=_active(asked, shelf.stores),
        older=here(page=asked.page + 1) if _has_more(asked, answer) else None,
        newer=here(page=asked.page - 1 if asked.page > 2 else None) if asked.page > 1 else None,
        largest=_money(asked),
    )


def _browsed(asked: Asked) -> SearchAnswer:
    """What most people look at: everything, or everything of a kind. Which products, in which order, is remembered."""

    def ask() -> Listed:
        answer = site().shop.discovery.search(_question(asked))
        return Listed(tuple(found.product.id for found in answer.found), answer.total)

    listed = remembered(("browse", asked.category, asked.page), _FRESH_S, ask)
    with site().shop.storage.read() as uow:
        products = uow.products.many(listed.ids)
    shown = [products[number] for number in listed.ids if number in products and products[number].variants]
    found = tuple(Found(product, Hit(product.id, 1.0, Why.ATTRIBUTES), product.variants) for product in shown)
    return SearchAnswer(found, "", listed.total)


def _question(asked: Asked) -> SearchRequest:
    """What the words mean, as a conversation would read them, narrowed by what was chosen beside them."""
    chosen, offset = _filters(asked), (asked.page - 1) * PER_PAGE
    if not asked.words:
        return SearchRequest(language=language(), filters=chosen, limit=PER_PAGE, offset=offset)
    asking = site().shop.asking
    return asking.request(asked.words, language=language(), limit=PER_PAGE, offset=offset, filters=chosen)


def _cards(found: Sequence[Found], shelf: Shelf) -> list[Card]:
    return [card(each.product, shelf, each.variants) for each in found]


def _has_more(asked: Asked, answer: SearchAnswer) -> bool:
    return asked.page < _LAST_PAGE and bool(answer.found) and asked.page * PER_PAGE < answer.total


def _corrected(asked: Asked, answer: SearchAnswer) -> str:
    """The words as they were read, when that is not how they were written."""
    return answer.read_as if asked.words and answer.read_as.casefold() != asked.words.casefold() else ""


def _money(asked: Asked) -> Money | None:
    minor = _amount(asked.price_max) if asked.price_max else None
    return None if minor is None else Money(minor, site().shop.settings.currency)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in force, with the address of this page without it."""

    kind: str
    label: str
    without: str


def _active(asked: Asked, stores: Sequence[Store]) -> list[Condition]:
    lexicon, spoken = site().shop.lexicon, language()
    labels = {
        "category": lexicon.label("category", asked.category, spoken, plural=True)
        if asked.category in lexicon.keys("category")
        else asked.category,
        "colour": swatch(asked.colour).label if asked.colour else "",
        "size": asked.size,
        "price_max": asked.price_max,
        "store": next((store.name(spoken) for store in stores if store.id == asked.store), asked.store),
    }
    return [Condition(kind, label, here(**{kind: None, "page": None})) for kind, label in labels.items() if label]
