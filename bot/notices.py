"""News that the shop has for a shopper, put into words when it is sent. One line a notice in the registry.

A notice waits in the outbox as its facts; what it says is read from the shop at the last moment, in the language the
shopper used last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import stock_notices
from bot.conversation.actions import FindInStore, encode
from bot.messages import Button, Reply
from bot.wording import words
from commerce.domain.customer import Contact

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop


@dataclass(frozen=True, slots=True)
class _News:
    """What a notice is made of."""

    shop: Shop
    uow: UnitOfWork
    language: str
    facts: Mapping[str, object]

    def t(self, msgid: str, **values: object) -> str:
        return words(self.language, msgid, **values)


def reservation_expired(news: _News) -> Reply | None:
    reservation = news.uow.reservations.get(str(news.facts.get("reservation_id", "")))
    if reservation is None:
        return None
    found = [news.uow.products.by_variant(line.variant_id) for line in reservation.lines]
    items = " + ".join(
        ", ".join(part for part in (product.title(news.language), variant.size) if part)
        for product, variant in filter(None, found)
    )
    first = next(filter(None, found), None)
    text = news.t("Reservation released, nothing to pay.")
    if items:
        text += " " + news.t("It was {items}, code {code}.", items=items, code=reservation.code)
    buttons = (Button(news.t("Find in store"), encode(FindInStore(first[0].id))),) if first else ()
    return Reply(text, buttons=buttons, language=news.language)


NOTICES: dict[str, Callable[[_News], Reply | None]] = {
    "reservation_expired": reservation_expired,
    "reservation_lost": stock_notices.reservation_lost,
    "order_lost": stock_notices.order_lost,
}


def in_words(shop: Shop, contact: Contact, kind: str, body: str) -> Reply | None:
    """The notice as a reply; None when there is nothing to say any more. Raises ValueError for an unknown kind or a
    body that is not a JSON object."""
    put = NOTICES.get(kind)
    if put is None:
        raise ValueError(f"unknown notice {kind!r}")
    facts = json.loads(body)
    if not isinstance(facts, dict):
        raise ValueError(f"notice {kind!r} without facts")
    with shop.storage.read() as uow:
        customer = uow.customers.by_contact(contact)
        offered = shop.settings.languages
        language = customer.language if customer and customer.language in offered else offered[0]
        return put(_News(shop, uow, language, facts))
