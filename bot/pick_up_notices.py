"""News of what somebody is to collect: it is being prepared, it is ready, its time runs out, it was handed over."""

from __future__ import annotations

from bot.conversation.action_codes import encode
from bot.conversation.coming_actions import AllGood, Trouble
from bot.conversation.pick_up_words import code_picture, coming_buttons, kept_until, place_and_hours
from bot.conversation.store_list import store_name
from bot.messages import Button, Reply
from bot.news import News
from commerce.domain.collecting import PickUp, PickUpKind, PickUpRef, Stage
from commerce.domain.money import Money
from commerce.domain.store import Store
from commerce.i18n import format_deadline
from commerce.services.reminding import LAST_CALL


def accepted(news: News) -> Reply | None:
    """Nothing once it is ready: that is said then."""
    found = _found(news)
    if found is None or found[0].stage not in (Stage.ACCEPTED, Stage.PREPARING):
        return None
    card, store = found
    name = store_name(news, store)
    if card.number:
        return news.reply(news.t("{store} is preparing your order {number}.", store=name, number=card.number))
    return news.reply(news.t("{store} is preparing your reservation.", store=name))


def ready(news: News) -> Reply | None:
    """Where, until when, the code, and what to tell the store; of a reservation or an order."""
    found = _found(news)
    if found is None or found[0].stage is not Stage.READY:
        return None
    card, store = found
    if card.number:
        text = news.t(
            "Order {number} is ready for pickup. {place}.", number=card.number, place=place_and_hours(news, store)
        )
    else:
        text = news.t("Ready for pickup. {place}.", place=place_and_hours(news, store))
    return _with_code(news, text, card, store)


def reminder(news: News) -> Reply | None:
    """Nothing for whoever has said meanwhile that they come."""
    found = _found(news)
    if found is None or found[0].stage is not Stage.READY:
        return None
    card, store = found
    if card.details.coming_at is not None or card.details.arrived_at is not None:
        return None
    is_last = news.fact("which") == LAST_CALL
    place = place_and_hours(news, store)
    if card.number:
        text = (
            news.t("Last call: your order {number} still waits for you. {place}.", number=card.number, place=place)
            if is_last
            else news.t("Reminder: your order {number} waits for you. {place}.", number=card.number, place=place)
        )
    elif is_last:
        text = news.t("Last call: your reservation still waits for you. {place}.", place=place)
    else:
        text = news.t("Reminder: your reservation waits for you. {place}.", place=place)
    return _with_code(news, text, card, store)


def _with_code(news: News, text: str, card: PickUp, store: Store) -> Reply:
    parts = [text, news.t("Code {code}.", code=card.code)]
    if card.details.slot_at is not None and card.details.slot_at > news.now:
        when = format_deadline(card.details.slot_at, news.now, news.language, store.timezone)
        parts.append(news.t("You come {when}.", when=when))
    if card.number and card.due_minor:
        parts.append(news.t("To pay there: {total}.", total=news.money(Money(card.due_minor, card.total.currency))))
    parts.append(kept_until(news, card, store))
    extended = news.shop.coming.is_extended(news.uow, card.ref)
    return news.reply(
        " ".join(part for part in parts if part),
        *coming_buttons(news, card, store, extended=extended),
        picture=code_picture(news, card),
    )


def handed(news: News) -> Reply | None:
    found = _found(news)
    if found is None or found[0].stage is not Stage.HANDED:
        return None
    return news.reply(news.t("Thanks! All good?"), *after_buttons(news, found[0].ref))


def after_buttons(news: News, ref: PickUpRef) -> tuple[Button, ...]:
    return (
        Button("😊", encode(AllGood())),
        Button(news.t("I have a problem"), encode(Trouble(ref.kind.value, ref.id))),
    )


def _found(news: News) -> tuple[PickUp, Store] | None:
    card = news.uow.pick_ups.get(PickUpRef(PickUpKind(news.fact("kind")), news.fact("id")))
    store = news.uow.stores.get(card.store_id) if card else None
    return (card, store) if card is not None and store is not None else None
