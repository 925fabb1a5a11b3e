"""News of what is held for somebody: choices in place of what a store could not serve, and what came back."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.conversation.action_codes import encode
from bot.conversation.cards import similar_button, store_button
from bot.conversation.offer_actions import TakeWaited
from bot.conversation.offer_words import choice_buttons, holding, lost_at
from bot.conversation.options import variant_label
from bot.conversation.waits import kept_for, stop_button
from bot.messages import Button, Reply
from bot.news import News
from bot.sessions import load
from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason
from commerce.domain.money import Money
from commerce.domain.offering import OfferState
from commerce.domain.order import Order
from commerce.domain.payment import RefundReason, RefundState
from commerce.domain.waiting import WaitState
from commerce.i18n import format_deadline, format_time


def offer_made(news: News) -> Reply | None:
    """What the store said, and the choices; nothing when they are over already."""
    ref = PickUpRef(PickUpKind(news.fact("kind")), news.fact("id"))
    said = _sorry(news, ref)
    offer = news.shop.offering.get(news.uow, news.fact("offer_id")) if news.fact("offer_id") else None
    if offer is None:
        return _nothing_left(news, ref, said)
    if not offer.is_open or offer.taken is not None:
        return None
    text = f"{said} {holding(news, offer)}"
    near = load(news.uow, news.contact, news.now).location
    return news.reply(text, *choice_buttons(news, news.uow, offer, offer.choices, near))


def _sorry(news: News, ref: PickUpRef) -> str:
    store = lost_at(news.uow, ref)
    name = store.short_name(news.language) if store else ""
    match news.fact("reason"):
        case RejectReason.NOT_FOUND:
            return news.t("Sorry, {store} couldn’t find it.", store=name)
        case RejectReason.DAMAGED:
            return news.t("Sorry, what {store} has of it is damaged.", store=name)
        case RejectReason.SOLD:
            return news.t("Sorry, {store} has just sold the last one.", store=name)
        case RejectReason.STORE_CLOSES:
            return news.t("Sorry, {store} closes before you could come.", store=name)
        case _:
            return news.t("Sorry, {store} cannot serve you this time.", store=name)


def _nothing_left(news: News, ref: PickUpRef, said: str) -> Reply:
    text = f"{said} " + news.t("Nothing else of it is free at the moment.")
    order = news.uow.orders.get(ref.id) if ref.kind is PickUpKind.ORDER else None
    if order is not None and (back := _going_back(news, order)):
        text += " " + news.t("{amount} goes back the way you paid.", amount=news.money(back))
    else:
        text += " " + news.t("There is nothing to pay.")
    return news.reply(text, *_similar(news, ref))


def _going_back(news: News, order: Order) -> Money | None:
    """Because the order is called off. What had gone back before is not said again; what failed, a person sees to."""
    asked = [each for each in news.uow.payments.refunds_of(order.id) if each.reason is RefundReason.CANCELLED]
    minor = sum(each.amount.minor for each in asked if each.state is not RefundState.FAILED)
    return Money(minor, order.currency) if minor else None


def offer_over(news: News) -> Reply | None:
    offer = news.shop.offering.get(news.uow, news.fact("offer_id"))
    if offer is None or offer.state is not OfferState.EXPIRED:
        return None
    order = news.uow.orders.get(offer.instead_of.id) if offer.instead_of.kind is PickUpKind.ORDER else None
    if offer.taken is not None:
        text = news.t("It is still in your cart, but no longer held for you.")
    else:
        text = news.t("The time is over: nothing is held for you any more.")
    if order is not None and (back := _going_back(news, order)):
        text += " " + news.t("{amount} goes back the way you paid.", amount=news.money(back))
    return news.reply(text, *_similar(news, offer.instead_of))


def back_in_stock(news: News) -> Reply | None:
    """Nothing when they have taken it, or wait again."""
    waiter = news.uow.waiters.get(news.fact("waiter_id"))
    found = news.uow.products.by_variant(waiter.variant_id) if waiter else None
    if waiter is None or found is None or waiter.state is not WaitState.TOLD or waiter.until is None:
        return None
    product, variant = found
    store = news.uow.stores.get(waiter.told_store_id)
    if store is None:
        return None
    if not store.takes_visitors:
        where = (
            news.t("Back in stock in your size, to be sent") if variant.size else news.t("Back in stock, to be sent")
        )
        button = news.t("Order it")
    else:
        name = store.name(news.language)
        where = (
            news.t("Back in stock in your size at {store}", store=name)
            if variant.size
            else news.t("Back in stock at {store}", store=name)
        )
        button = news.t("Reserve {duration}", duration=kept_for(news))
    item, zone = variant_label(news, product, variant), ZoneInfo(store.timezone)
    text = news.t("{where}: {item}, {price}.", where=where, item=item, price=news.money(variant.price)) + " "
    if waiter.until.astimezone(zone).date() == news.now.astimezone(zone).date():
        until = format_time(waiter.until, news.language, store.timezone)
        text += news.t("One is kept for you until {time}.", time=until)
    else:
        until = format_deadline(waiter.until, news.now, news.language, store.timezone)
        text += news.t("One is kept for you, until {deadline}.", deadline=until)
    return news.reply(text, Button(button, encode(TakeWaited(waiter.id))), stop_button(news, waiter))


def wait_lost(news: News) -> Reply | None:
    """What was kept for somebody was sold in the store; they are told again when the next one comes."""
    waiter = news.uow.waiters.get(news.fact("waiter_id"))
    found = news.uow.products.by_variant(waiter.variant_id) if waiter else None
    if waiter is None or found is None or waiter.state is not WaitState.WAITING:
        return None
    store = news.uow.stores.get(news.fact("store_id"))
    text = news.t(
        "Sorry: the last one at {store} has just been sold: {item}.",
        store=store.name(news.language) if store else "",
        item=variant_label(news, *found),
    )
    text += " " + news.t("You keep your place: I will tell you again.")
    return news.reply(text, stop_button(news, waiter), similar_button(news, found[0].id))


def _similar(news: News, ref: PickUpRef) -> tuple[Button, ...]:
    thing = news.uow.reservations.get(ref.id) if ref.kind is PickUpKind.RESERVATION else news.uow.orders.get(ref.id)
    found = news.uow.products.by_variant(thing.lines[0].variant_id) if thing else None
    return (similar_button(news, found[0].id), store_button(news, found[0].id)) if found else ()
