"""News for whoever has lost units that a person of the shop needed: what happened, and what else there is, at once."""

from __future__ import annotations

from bot.conversation.actions import Reserve, Similar, encode, short
from bot.conversation.offer_words import choice_buttons, holding
from bot.messages import Button, Reply
from bot.news import News
from bot.sessions import load
from commerce.domain.staff import PauseMethod
from commerce.domain.store import Store

_MOST_STORES = 5


def reservation_lost(news: News) -> Reply | None:
    """A person of the store has sold what was held: what else there is, at once."""
    reservation = news.uow.reservations.get(str(news.facts.get("reservation_id", "")))
    if reservation is None:
        return None
    text = news.t("Reservation {code} is cancelled, nothing to pay.", code=reservation.code)
    return _sold_meanwhile(news, reservation.store_id, text)


def order_lost(news: News) -> Reply | None:
    """The same of something that was about to be paid for."""
    order = news.uow.orders.get(str(news.facts.get("order_id", "")))
    if order is None:
        return None
    return _sold_meanwhile(news, order.store_id, news.t("You have not been charged for it."))


def _sold_meanwhile(news: News, store_id: str, what_now: str) -> Reply | None:
    found = news.uow.products.by_variant(_number(news.facts.get("variant_id")))
    store = news.uow.stores.get(store_id)
    if found is None or store is None:
        return Reply(what_now, language=news.language)
    product, variant = found
    item = ", ".join(part for part in (product.title(news.language), variant.size) if part)
    name = store.name(news.language)
    gone = news.t("Sorry: the last one at {store} has just been sold: {item}.", store=name, item=item)
    offer = news.shop.offering.get(news.uow, str(news.facts.get("offer_id", "")))
    if offer is not None and offer.is_open and offer.taken is None:
        near = load(news.uow, news.contact, news.now).location
        choices = choice_buttons(news, news.uow, offer, offer.choices, near)
        similar = Button(news.t("Similar items"), encode(Similar(product.id)))
        return Reply(f"{gone} {what_now} {holding(news, offer)}", buttons=(*choices, similar), language=news.language)
    others = _stores_with(news, variant.id, store)
    lines = [f"{gone} {what_now}"]
    if others:
        lines += ["", news.t("You can still have it here:")]
        lines += [f"{number}. {other.name(news.language)}" for number, other in enumerate(others, 1)]
    buttons = [
        Button(
            news.t("Reserve at {store}", store=other.short_name(news.language)),
            encode(Reserve(variant.id, short(other.id))),
        )
        for other in others
    ]
    buttons.append(Button(news.t("Similar items"), encode(Similar(product.id))))
    return Reply("\n".join(lines), buttons=tuple(buttons), language=news.language)


def _stores_with(news: News, variant_id: int, lost_at: Store) -> list[Store]:
    """Where it may be had now, the nearest to the store that lost it first."""
    now = news.shop.clock.now()
    there = {level.store_id for level in news.uow.stock.levels([variant_id]) if level.available > 0}
    found = [
        store
        for store in news.uow.stores.all()
        if store.id in there
        and store.takes_visitors
        and (store.closes_at(now) or store.next_opening(now))
        and news.uow.pauses.get(store.id, now, PauseMethod.RESERVE) is None
    ]
    here = lost_at.point
    found.sort(key=lambda store: here.distance_m(store.point) if here and store.point else float("inf"))
    return found[:_MOST_STORES]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
