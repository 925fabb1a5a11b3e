"""What a checkout page offers: ways to get the cart, ways to pay, and whether what was said is enough."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from commerce.domain.cart import Cart, CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.money import Money
from commerce.domain.order import NotOrdered, OrderSource
from commerce.domain.staff import PauseMethod
from commerce.domain.store import Store
from commerce.i18n import locale_of
from shoppable import inputs
from shoppable.language import language, translate
from shoppable.shelf import is_to_be_visited
from shoppable.site import site
from shoppable.words import HOW_TO_PAY_MORE, how_to_pay

if TYPE_CHECKING:
    from commerce.domain.quote import Quote
    from commerce.ports import UnitOfWork

_MOST_STORES = 20
EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]{1,190}\.[^@\s<>\"',;.]{2,63}")
PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,24}")
_NOT_ON_A_PAGE = frozenset({"telegram"})  # invoices in the chat: there is no page to go to


@dataclass(frozen=True, slots=True)
class Delivery:
    """By parcel. `why_not` in words; '' when it can be had."""

    fee: Money | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Collect:
    """A store in which to pick everything up. `closes`, `opens`: of this moment, as on the page of the stores."""

    store: Store
    why_not: str
    closes: datetime | None
    opens: datetime | None


@dataclass(frozen=True, slots=True)
class WayToPay:
    name: str
    words: str
    more: str
    is_now: bool  # else nothing is paid before it is collected


def delivery(uow: UnitOfWork, cart: Cart) -> Delivery:
    asked = _quote(uow, cart, replace(cart.draft, fulfilment=Fulfilment.DELIVERY, store_id=""))
    fee = Money(asked.totals.delivery_minor, asked.totals.currency) if asked.totals else None
    return Delivery(fee, _obstacle(uow, asked))


def collect(uow: UnitOfWork, cart: Cart) -> list[Collect]:
    """Stores that have at least one of the things, those that have everything first."""
    at = site().shop.clock.now()
    levels = uow.stock.levels([line.variant_id for line in cart.wanted])
    having = {level.store_id for level in levels if level.available > 0} | {
        each.store_id for each in uow.reservations.of_customer(cart.customer_id, only_open=True)
    }
    stores = [store for store in uow.stores.all() if store.id in having and is_to_be_visited(store, at)]
    offered = []
    for store in stores[:_MOST_STORES]:
        asked = _quote(uow, cart, replace(cart.draft, fulfilment=Fulfilment.PICKUP, store_id=store.id))
        offered.append(Collect(store, _obstacle(uow, asked), store.closes_at(at), store.next_opening(at)))
    return sorted(offered, key=lambda each: bool(each.why_not))


def _quote(uow: UnitOfWork, cart: Cart, draft: CheckoutDraft) -> Quote:
    return site().shop.quoting.quote(uow, replace(cart, draft=draft), customer_id=cart.customer_id)


def _obstacle(uow: UnitOfWork, asked: Quote) -> str:
    """Why everything cannot be had this way, in words; '' when it can."""
    if NotOrdered.STORE_PAUSED in asked.missing:
        return paused(uow, asked.store_id)
    if NotOrdered.STORE_NOT_OPEN in asked.missing:
        return translate("Does not open in the coming days")
    short = [line for line in asked.lines if line.is_short]
    if len(short) == len(asked.lines):
        return translate("Nothing of your cart is there")
    if short:
        return translate("Not there: {items}", items=", ".join(line.product.title(language()) for line in short))
    return ""


def paused(uow: UnitOfWork, store_id: str) -> str:
    """« Reprend les commandes à 10:45 »."""
    from commerce.i18n import format_deadline

    now = site().shop.clock.now()
    pause, store = uow.pauses.get(store_id, now, PauseMethod.PICKUP), uow.stores.get(store_id)
    if pause is None or store is None:
        return translate("Takes no online orders at the moment")
    return translate(
        "Takes online orders again: {when}", when=format_deadline(pause.until, now, language(), store.timezone)
    )


def ways_to_pay(quote: Quote) -> list[WayToPay]:
    if quote.totals is None:
        return []
    names = site().shop.quoting.providers_for(quote.cart.draft.fulfilment, quote.totals.currency)
    return [
        WayToPay(
            name,
            how_to_pay(name),
            translate(HOW_TO_PAY_MORE[name]) if name in HOW_TO_PAY_MORE else "",
            site().shop.providers[name].is_online,
        )
        for name in names
        if name not in _NOT_ON_A_PAGE
    ]


def is_told(quote: Quote) -> bool:
    """Whether contact and delivery are known well enough to show what is to be paid."""
    to_ask = set(quote.missing) - {NotOrdered.NO_PROVIDER, NotOrdered.COUPON}
    return bool(quote.cart.draft.name) and not to_ask


def source_of(cart: Cart) -> OrderSource:
    """Through which door what is in the cart came: what brought it, else where the newest thing was added."""
    newest = max(cart.wanted, key=lambda line: line.added_at, default=None)
    kind = (cart.came_from or (newest.source if newest else "")).partition(":")[0]
    return {"catalogue": OrderSource.CATALOGUE, "link": OrderSource.LINK}.get(kind, OrderSource.WEB)


def countries() -> list[tuple[str, str]]:
    """Codes and names of where we deliver, by name."""
    names = locale_of(language()).territories
    allowed = site().shop.settings.delivery_countries
    return sorted(((code, str(names.get(code, code))) for code in allowed), key=lambda pair: pair[1])


def read_details(
    form: Mapping[str, str], before: CheckoutDraft, stores: set[str]
) -> tuple[CheckoutDraft, dict[str, str]]:
    """What was typed, and what is wrong with it by field, in words. What was said about paying stays."""

    def typed(name: str, longest: int = 120) -> str:
        return " ".join(inputs.clean(form.get(name, "")).split())[:longest]

    wrong: dict[str, str] = {}
    name, email, phone = typed("name"), typed("email", 254), typed("phone", 30)
    if not name:
        wrong["name"] = translate("Please tell us your name.")
    if email and not EMAIL.fullmatch(email):
        wrong["email"] = translate("This does not look like an e-mail address.")
    if phone and not PHONE.fullmatch(phone):
        wrong["phone"] = translate("This does not look like a phone number.")
    if not email and not phone:
        wrong["email"] = translate("We need an e-mail address or a phone number, for the receipt and for news.")
    how = form.get("how", "")
    address, store_id, fulfilment = before.address, "", None
    if how == Fulfilment.DELIVERY:
        fulfilment = Fulfilment.DELIVERY
        address = PostalAddress(
            name,
            typed("line1"),
            typed("postcode", 12).upper(),
            typed("city", 80),
            typed("country", 2).upper(),
            typed("line2"),
        )
        for field in ("line1", "postcode", "city"):
            if not typed(field):
                wrong[field] = translate("This is missing.")
        if address.country not in site().shop.settings.delivery_countries:
            wrong["country"] = translate("We do not deliver to this country.")
    elif how == Fulfilment.PICKUP:
        fulfilment, store_id = Fulfilment.PICKUP, form.get("store", "")
        if store_id not in stores:
            store_id = ""
            wrong["store"] = translate("Please choose a store.")
    else:
        wrong["how"] = translate("Say whether we send it or you pick it up.")
    draft = replace(
        before, name=name, email=email, phone=phone, fulfilment=fulfilment, store_id=store_id, address=address
    )
    return draft, wrong
