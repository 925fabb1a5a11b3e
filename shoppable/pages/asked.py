"""What the address of a list of products asks for, and the conditions in it that can be taken away again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request

from commerce.domain.money import Money, exponent
from commerce.domain.search import Filters, SearchRequest
from commerce.domain.store import Store
from shoppable import inputs
from shoppable.language import language
from shoppable.pages.cards import swatch
from shoppable.pages.frame import here
from shoppable.site import site

LAST_PAGE = 40


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


def asked_for(given: Mapping[str, str] | None = None) -> Asked:
    """Whatever cannot be read in an address that people edit or share is left out rather than refused. `given`: what is
    asked instead of it."""
    values = request.args if given is None else given

    def text(name: str, longest: int) -> str:
        return inputs.clean(values.get(name, ""))[:longest]

    number = values.get("page", "")
    amount = text("price_max", 9).replace(",", ".")
    return Asked(
        words=text("q", 200),
        category=text("category", 64),
        colour=text("colour", 64),
        size=text("size", 32),
        price_max=amount if _amount(amount) is not None else "",
        store=text("store", 64),
        page=min(LAST_PAGE, max(1, int(number))) if number.isascii() and number.isdecimal() and len(number) < 6 else 1,
    )


def _amount(text: str) -> int | None:
    """Minor units of the shop's currency."""
    whole, _, cents = text.partition(".")
    if not (whole.isascii() and whole.isdecimal() and (not cents or (cents.isascii() and cents.isdecimal()))):
        return None
    digits = exponent(site().shop.settings.currency)
    major = int(10**digits)
    return int(whole) * major + int((cents + "0" * digits)[:digits] or "0")


def filters_of(asked: Asked) -> Filters:
    lexicon = site().shop.lexicon
    return Filters(
        categories=inputs.categories_of(lexicon, asked.category),
        colours=inputs.colours_of(lexicon, asked.colour),
        sizes=inputs.sizes_of(asked.size),
        price_max_minor=_amount(asked.price_max) if asked.price_max else None,
        store_ids=frozenset({asked.store} if asked.store else ()),
        in_stock=bool(asked.store),
    )


def question(asked: Asked, per_page: int) -> SearchRequest:
    """What the words mean, as a conversation would read them, narrowed by what was chosen beside them."""
    chosen, offset = filters_of(asked), (asked.page - 1) * per_page
    if not asked.words:
        return SearchRequest(language=language(), filters=chosen, limit=per_page, offset=offset)
    asking = site().shop.asking
    return asking.request(asked.words, language=language(), limit=per_page, offset=offset, filters=chosen)


def largest_price(asked: Asked) -> Money | None:
    minor = _amount(asked.price_max) if asked.price_max else None
    return None if minor is None else Money(minor, site().shop.settings.currency)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in force, with the address of this page without it."""

    kind: str
    label: str
    without: str


def active(asked: Asked, stores: Sequence[Store]) -> list[Condition]:
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
