"""The summary before an order: everything in it, the total, and the ways to pay that can be had here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.actions import ChangeCheckout, PlaceOrder, encode
from bot.conversation.order_words import recap
from bot.conversation.talk import Voice
from bot.messages import Button, Reply
from commerce.domain.cart import Fulfilment
from commerce.domain.quote import Quote

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


def summary(voice: Voice, uow: UnitOfWork, quote: Quote, intro: str = "") -> Reply:
    """What is about to be ordered, and a button for each way to pay. The total of the buttons is the one shown."""
    draft, totals = quote.cart.draft, quote.totals
    assert totals is not None
    store = uow.stores.get(draft.store_id) if draft.fulfilment is Fulfilment.PICKUP else None
    lines = [intro, recap(voice, quote, store)]
    reach = " · ".join(each for each in (draft.email, draft.phone) if each)
    if reach:
        lines.append(voice.t("News: here, and {contact}.", contact=reach))
    if voice.shop.settings.terms_url:
        lines.append(voice.t("Terms of sale: {url}", url=voice.shop.settings.terms_url))
    buttons = [Button(label, encode(PlaceOrder(name, totals.total_minor))) for name, label in _labels(voice, quote)]
    if not reach:
        buttons.append(Button(voice.t("Add an e-mail or phone"), encode(ChangeCheckout("contact"))))
    buttons.append(Button(voice.t("Change"), encode(ChangeCheckout())))
    return Reply("\n".join(line for line in lines if line), buttons=tuple(buttons), language=voice.language)


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
