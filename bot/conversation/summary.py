"""The summary before an order: everything in it, the total, and the ways to pay that can be had here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.actions import CancelOrder, ChangeCheckout, PlaceOrder, encode
from bot.conversation.order_words import recap
from bot.conversation.talk import Voice
from bot.messages import Button, Reply
from commerce.domain.cart import Fulfilment
from commerce.domain.payment import PaymentState, Placed
from commerce.domain.quote import Quote
from commerce.i18n import format_time

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

IN_CHAT = frozenset({"telegram"})  # ways to pay that are a channel's own, named as the channel
PAY_IN_STORE = "pay_in_store"
FREE = "free"  # nothing to pay


def ways_to_pay(voice: Voice, quote: Quote) -> tuple[str, ...]:
    """Names of the ways to pay that can be had here, the chat's own first."""
    if quote.totals is None:
        return ()
    if quote.totals.total_minor == 0:
        return (FREE,)
    here = voice.contact.channel
    names = voice.shop.quoting.providers_for(quote.cart.draft.fulfilment, quote.totals.currency)
    usable = [name for name in names if name not in IN_CHAT or name == here]
    return tuple(sorted(usable, key=lambda name: (name not in IN_CHAT, name == PAY_IN_STORE)))


def summary(voice: Voice, uow: UnitOfWork, quote: Quote, intro: str = "", placed: Placed | None = None) -> Reply:
    """What is about to be ordered, and a button for each way to pay. The total of the buttons is the one shown.

    `placed`: it is ordered already and its invoice comes by itself; the buttons are the other ways to pay.
    """
    draft, totals = quote.cart.draft, quote.totals
    assert totals is not None
    store = uow.stores.get(draft.store_id) if draft.fulfilment is Fulfilment.PICKUP else None
    lines = [intro, recap(voice, quote, store)]
    reach = " · ".join(each for each in (draft.email, draft.phone) if each)
    if reach:
        lines.append(voice.t("News: here, and {contact}.", contact=reach))
    if voice.shop.settings.terms_url:
        lines.append(voice.t("Terms of sale: {url}", url=voice.shop.settings.terms_url))
    if placed is not None:
        lines.append(held(voice, uow, placed))
    buttons = [
        Button(label, encode(PlaceOrder(name, totals.total_minor)))
        for name, label in _labels(voice, quote)
        if placed is None or name != placed.attempt.provider
    ]
    if not reach:
        buttons.append(Button(voice.t("Add an e-mail or phone"), encode(ChangeCheckout("contact"))))
    buttons.append(Button(voice.t("Change"), encode(ChangeCheckout())))
    if placed is not None:
        buttons.append(Button(voice.t("Cancel"), encode(CancelOrder(placed.order.id))))
    return Reply("\n".join(line for line in lines if line), buttons=tuple(buttons), language=voice.language)


def held(voice: Voice, uow: UnitOfWork, placed: Placed, *, is_new_here: bool = False) -> str:
    """Until when the order waits for its payment; and where its invoice is, when it was sent here before."""
    order, attempt = placed.order, placed.attempt
    store = uow.stores.get(order.store_id)
    until = ""
    if order.expires_at is not None and store is not None:
        until = format_time(order.expires_at, voice.language, store.timezone)
    text = voice.t("Order {number}: everything is held for you until {time}.", number=order.number, time=until)
    if attempt.provider in IN_CHAT and attempt.state is PaymentState.REQUIRES_ACTION and not is_new_here:
        text += " " + voice.t("Its invoice is above, in this chat.")
    return text


def _labels(voice: Voice, quote: Quote) -> list[tuple[str, str]]:
    """(way, label): one in the chat, one by a link, one at the counter; more of a kind are not offered."""
    found: dict[str, tuple[str, str]] = {}
    for name in ways_to_pay(voice, quote):
        if name == FREE:
            found.setdefault("free", (name, voice.t("Order")))
        elif name in IN_CHAT:
            found.setdefault("chat", (name, voice.t("Pay")))
        elif name == PAY_IN_STORE:
            found.setdefault("store", (name, voice.t("Pay in store")))
        else:
            found.setdefault("link", (name, voice.t("Payment link") if "chat" in found else voice.t("Pay")))
    return list(found.values())


def link_way(names: tuple[str, ...]) -> str:
    """The first of these ways that is a page to pay at; ''."""
    return next((name for name in names if name not in IN_CHAT and name not in (PAY_IN_STORE, FREE)), "")
