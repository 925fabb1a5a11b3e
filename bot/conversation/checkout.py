"""« payer »: what must be known before the cart can be ordered, one question at a time; then the summary.

What is said is kept with the cart, so the page and the chat go on where the other one stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation import getting_it
from bot.conversation.actions import (
    ChangeCart,
    ChangeCheckout,
    CollectAt,
    OrderStatus,
    Pay,
    PickUpInStore,
    ShipIt,
    SkipContact,
    TellWhenOpen,
    encode,
    means,
    short,
)
from bot.conversation.cards import similar_button
from bot.conversation.cart_words import cart_turn, show_button
from bot.conversation.options import variant_label
from bot.conversation.order_words import country_name
from bot.conversation.ordering import invoiced_at_once, order, ordered
from bot.conversation.store_list import nearest, resumes, store_name
from bot.conversation.stores import store_named
from bot.conversation.summary import IN_CHAT, summary, ways_to_pay
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Goal, Pending, Question
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.order import NotOrdered, OrderRefused, OrderState
from commerce.domain.quote import Quote
from commerce.domain.staff import method_of
from commerce.domain.store import Store
from commerce.i18n import format_list
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_CLOSES = frozenset({"webchat"})  # whoever leaves the page cannot be written to any more


def pay(talk: Talk, _action: Pay | None = None) -> Turn:
    """The next question, or the summary. « payer, retrait à Bellecour » has answered one already."""
    store = store_named(talk)
    if store is not None:
        return drafting(talk, lambda draft: collected_at(draft, store))
    if talk.message.contact.channel in IN_CHAT:
        return Turn((), talk.session, lambda uow: next_step(talk, uow, ordering=True))
    with talk.shop.storage.read() as uow:
        return next_step(talk, uow)


def next_step(talk: Talk, uow: UnitOfWork, intro: str = "", *, ordering: bool = False) -> Turn:
    """What is to be asked now, after `intro`. Reads through `uow` alone, so it may answer from within `Turn.act`.

    `ordering`, in `Turn.act` alone: once nothing is to be asked, a chat that has invoices orders with the summary, and
    the invoice follows without another tap. Not after a refusal: whoever read that nothing was ordered decides anew.
    """
    customer = uow.customers.by_contact(talk.message.contact)
    cart = talk.shop.carts.of(uow, customer.id) if customer else None
    if customer is None or cart is None or not cart.wanted:
        return cart_turn(talk, uow, cart, customer.id if customer else "", intro)
    quote = talk.shop.quoting.quote(uow, cart, customer_id=customer.id, contact=talk.message.contact)
    for reason in quote.missing:
        if reason in _ASKED:
            return _ASKED[reason](talk, uow, quote, intro)
    draft = cart.draft
    if talk.message.contact.channel in _CLOSES and not (draft.email or draft.phone or talk.session.contact_asked):
        return ask_contact(talk, intro)
    if not ways_to_pay(talk, quote):
        text = talk.t("You cannot pay here, but I can hold things for you in a store, without payment.")
        return talk.say(f"{intro}\n{text}".strip(), buttons=(show_button(talk),))
    if ordering and (way := invoiced_at_once(talk, uow, quote)):
        return _with_invoice(talk, uow, quote, way, intro)
    return Turn((summary(talk, uow, quote, intro),), replace(talk.session, pending=None))


def _with_invoice(talk: Talk, uow: UnitOfWork, quote: Quote, way: str, intro: str) -> Turn:
    """The summary of what is ordered in this very turn, at the total it shows."""
    assert quote.totals is not None
    result = order(talk, uow, way, quote.totals.total_minor)
    if result is None:
        return next_step(talk, uow, intro)
    if isinstance(result, OrderRefused):
        return refused(talk, uow, result)
    there = talk.with_session(replace(talk.session, pending=None, contact_asked=False))
    if result.order.state is not OrderState.PENDING_PAYMENT:  # it was paid a moment ago
        return ordered(there, uow, result)
    return Turn((summary(talk, uow, quote, intro, result),), there.session)


def refused(talk: Talk, uow: UnitOfWork, why: OrderRefused) -> Turn:
    """Why it was not ordered, and what can be done: nothing was taken, nothing was charged."""
    match why.reason:
        case NotOrdered.PRICE_CHANGED:
            return next_step(
                talk, uow, talk.t("The total has changed since. Nothing was ordered. Here is the new one:")
            )
        case NotOrdered.COUPON:
            return next_step(talk, uow, talk.t("The code no longer counts. Nothing was ordered."))
        case NotOrdered.TOO_MANY_OPEN:
            mine = Button(talk.t("My orders"), encode(OrderStatus()))
            return talk.say(
                talk.t("You already have as many unpaid orders as one person may have. Pay or cancel one first."),
                buttons=(mine,),
            )
        case NotOrdered.SOLD_OUT:
            return next_step(talk, uow, talk.t("The last one has just gone. Nothing was ordered, nothing was charged."))
        case _:
            return next_step(talk, uow)


# --- sent or collected -----------------------------------------------------------------------------------------------


def ask_how(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str = "") -> Turn:
    found = getting_it.ways(talk, uow, quote.cart, talk.session.location)
    if found.is_none:
        return _nowhere(talk, quote, intro)
    question = talk.t("How would you like to get it?")
    return _choice(talk, found, f"{intro}\n{question}".strip())


def pick_up(talk: Talk, _action: PickUpInStore | None = None) -> Turn:
    """The stores alone that have everything."""
    with talk.shop.storage.read() as uow:
        quote = quoted(talk, uow)
        if quote is None:
            return next_step(talk, uow)
        found = replace(getting_it.ways(talk, uow, quote.cart, talk.session.location), fee=None)
    if found.is_none:
        return _nowhere(talk, quote, "")
    return _choice(talk, found, talk.t("Where would you like to pick it up?"))


def _choice(talk: Talk, found: getting_it.Ways, text: str, *more: Button) -> Turn:
    listed = getting_it.lines(talk, found, talk.session.location)
    return talk.say(
        "\n".join((text, *listed)),
        buttons=(*getting_it.buttons(talk, found), *more),
        session=replace(talk.session, pending=Pending(Question.HOW_TO_GET_IT, Goal.CHECKOUT)),
    )


def _nowhere(talk: Talk, quote: Quote, intro: str) -> Turn:
    """No place has all of it."""
    text = talk.t("No place has all of it at the moment. Take something out, or look at what is like it.")
    change = Button(talk.t("Change the cart"), encode(ChangeCart()))
    likes = (similar_button(talk, quote.lines[0].product.id),) if quote.lines else ()
    return talk.say(f"{intro}\n{text}".strip(), buttons=(*likes, change))


def ship(talk: Talk, _action: ShipIt) -> Turn:
    return drafting(talk, lambda draft: replace(draft, fulfilment=Fulfilment.DELIVERY, store_id="", provider=""))


def collect_at(talk: Talk, action: CollectAt) -> Turn:
    store = next((s for s in nearest(talk, None) if means(action.store, s.id)), None)
    if store is None:
        return pick_up(talk)
    return drafting(talk, lambda draft: collected_at(draft, store))


def collected_at(draft: CheckoutDraft, store: Store) -> CheckoutDraft:
    provider = draft.provider if draft.fulfilment is Fulfilment.PICKUP else ""
    return replace(draft, fulfilment=Fulfilment.PICKUP, store_id=store.id, provider=provider)


# --- what stands in the way ------------------------------------------------------------------------------------------


def _short(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str) -> Turn:
    """Something is not there: what, and how else everything could be had."""
    gone = [variant_label(talk, line.product, line.variant) for line in quote.lines if line.is_short]
    items = format_list(gone, talk.language)
    store = uow.stores.get(quote.store_id)
    if quote.cart.draft.fulfilment is Fulfilment.PICKUP and store is not None:
        text = talk.t("{store} has none left: {item}.", store=store_name(talk, store), item=items)
    else:
        text = talk.t("It cannot be sent at the moment: {items}.", items=items)
    text = intro or text
    first = next(line for line in quote.lines if line.is_short)
    more = (similar_button(talk, first.product.id), Button(talk.t("Change the cart"), encode(ChangeCart())))
    near = talk.session.location or (store.point if store else None)
    found = getting_it.ways(talk, uow, quote.cart, near, without=quote.store_id)
    if found.is_none:
        nowhere = talk.t("No other place has all of it at the moment.")
        return talk.say(f"{text}\n{nowhere}", buttons=more)
    elsewhere = talk.t("You can still have it here:")
    return _choice(talk, found, f"{text}\n\n{elsewhere}", *more)


def _paused(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str) -> Turn:
    """The store takes no orders for a while: until when, where else, and a word when it does again."""
    store = uow.stores.get(quote.store_id)
    pause = uow.pauses.get(quote.store_id, talk.now, method_of(quote.cart.draft.fulfilment))
    if store is None or pause is None:  # it is over already
        return ask_how(talk, uow, quote, intro)
    lines = [intro, resumes(talk, store, pause)]
    found = getting_it.ways(talk, uow, quote.cart, talk.session.location or store.point, without=store.id)
    buttons = [
        Button(other.short_name(talk.language), encode(CollectAt(short(other.id)))) for other in found.stores[:3]
    ]
    if not found.stores:  # nobody else has all of it: the next store, and honestly so
        others = getting_it.by_distance(nearest(talk, None), store.point)
        other = next((each for each in others if each.id != store.id), None)
        if other is not None:
            buttons.append(Button(other.short_name(talk.language), encode(CollectAt(short(other.id)))))
            lines.append(talk.t("{store} does not have all of your cart.", store=store_name(talk, other)))
    buttons.append(Button(talk.t("Tell me"), encode(TellWhenOpen(short(store.id)))))
    return talk.say("\n".join(line for line in lines if line), buttons=tuple(buttons))


def tell_when_open(talk: Talk, action: TellWhenOpen) -> Turn:
    store = next((s for s in talk.shop.catalog.stores() if means(action.store, s.id)), None)
    if store is None:
        return pick_up(talk)
    name = store_name(talk, store)

    def act(uow: UnitOfWork) -> Turn:
        if talk.shop.pausing.wait(uow, store.id, talk.message.contact) is None:
            return next_step(talk, uow, talk.t("{store} takes orders again.", store=name))
        return talk.say(talk.t("I will tell you here when {store} takes orders again.", store=name))

    return Turn((), talk.session, act)


def _not_open(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str) -> Turn:
    store = uow.stores.get(quote.store_id or quote.cart.draft.store_id)
    text = intro
    if store is not None:
        name = store_name(talk, store)
        closed = talk.t("{store} does not open in the coming days, so it cannot hold anything.", store=name)
        text = f"{intro}\n{closed}".strip()
    return ask_how(talk, uow, quote, text)


def _no_longer_sold(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str) -> Turn:
    return cart_turn(talk, uow, quote.cart, quote.cart.customer_id, intro)


# --- the address -----------------------------------------------------------------------------------------------------


def ask_address(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str = "") -> Turn:
    question = talk.t("Where shall we send it? Write the name, the street with its number, the postcode and the town.")
    return asking(talk, Question.ADDRESS, f"{intro}\n{question}".strip())


def _no_delivery_there(talk: Talk, uow: UnitOfWork, quote: Quote, intro: str) -> Turn:
    address = quote.cart.draft.address
    countries = [country_name(talk.language, code) for code in talk.shop.settings.delivery_countries]
    text = talk.t(
        "We do not deliver to {country}, only to {countries}.",
        country=country_name(talk.language, address.country if address else ""),
        countries=format_list(countries, talk.language),
    )
    return ask_address(talk, uow, quote, f"{intro}\n{text}".strip())


# --- another way to reach the shopper --------------------------------------------------------------------------------


def ask_contact(talk: Talk, intro: str = "") -> Turn:
    question = talk.t(
        "Where can we reach you should this chat be closed? An e-mail address or a phone number, for the receipt and "
        "news of this order alone."
    )
    skip = Button(talk.t("Skip"), encode(SkipContact()))
    return asking(talk, Question.CONTACT, f"{intro}\n{question}".strip(), skip)


def skip_contact(talk: Talk, _action: SkipContact) -> Turn:
    talk = talk.with_session(replace(talk.session, contact_asked=True, pending=None))
    return pay(talk)


# --- changing one's mind ---------------------------------------------------------------------------------------------


def change(talk: Talk, action: ChangeCheckout) -> Turn:
    with talk.shop.storage.read() as uow:
        quote = quoted(talk, uow)
        if quote is None:
            return next_step(talk, uow)
        match action.what:
            case "how":
                return ask_how(talk, uow, quote)
            case "address":
                return ask_address(talk, uow, quote)
            case "contact":
                return ask_contact(talk)
            case "code":
                return asking(talk, Question.CODE, talk.t("Which code?"))
    what = [("how", talk.t("Delivery or store")), ("contact", talk.t("How to reach me")), ("code", talk.t("Code"))]
    if quote.cart.draft.fulfilment is Fulfilment.DELIVERY:
        what.insert(1, ("address", talk.t("Address")))
    buttons = tuple(Button(label, encode(ChangeCheckout(key))) for key, label in what)
    return talk.say(talk.t("What do you want to change?"), buttons=(*buttons, show_button(talk)))


# --- how it is done --------------------------------------------------------------------------------------------------


def asking(talk: Talk, question: Question, text: str, *buttons: Button) -> Turn:
    session = replace(talk.session, pending=Pending(question, Goal.CHECKOUT))
    return talk.say(text, buttons=buttons, session=session)


def quoted(talk: Talk, uow: UnitOfWork) -> Quote | None:
    """The cart as it stands; None while there is nothing in it."""
    customer = uow.customers.by_contact(talk.message.contact)
    cart = talk.shop.carts.of(uow, customer.id) if customer else None
    if customer is None or cart is None or not cart.wanted:
        return None
    return talk.shop.quoting.quote(uow, cart, customer_id=customer.id, contact=talk.message.contact)


def write(talk: Talk, uow: UnitOfWork, change: Callable[[CheckoutDraft], CheckoutDraft]) -> None:
    customer = talk.shop.customers.recognise(uow, talk.message.contact, language=talk.language)
    cart = talk.shop.carts.of(uow, customer.id)
    draft = change(cart.draft if cart else CheckoutDraft())
    if cart is None or draft != cart.draft:
        talk.shop.carts.set_draft(uow, customer.id, draft)


def drafting(talk: Talk, change: Callable[[CheckoutDraft], CheckoutDraft], intro: str = "") -> Turn:
    """Keeps what was said with the cart, and goes on."""
    there = talk.with_session(replace(talk.session, pending=None))

    def act(uow: UnitOfWork) -> Turn:
        write(there, uow, change)
        return next_step(there, uow, intro, ordering=True)

    return Turn((), there.session, act)


_ASKED: dict[NotOrdered, Callable[[Talk, UnitOfWork, Quote, str], Turn]] = {
    NotOrdered.NO_SUCH_VARIANT: _no_longer_sold,
    NotOrdered.QUANTITY: _no_longer_sold,
    NotOrdered.NO_FULFILMENT: ask_how,
    NotOrdered.STORE_NOT_OPEN: _not_open,
    NotOrdered.STORE_PAUSED: _paused,
    NotOrdered.SOLD_OUT: _short,
    NotOrdered.NO_ADDRESS: ask_address,
    NotOrdered.NO_DELIVERY_THERE: _no_delivery_there,
}

ABILITY = Ability(
    intents={Intent.CHECKOUT: pay},
    actions={
        Pay: pay,
        PickUpInStore: pick_up,
        ShipIt: ship,
        CollectAt: collect_at,
        ChangeCheckout: change,
        SkipContact: skip_contact,
        TellWhenOpen: tell_when_open,
    },
)
