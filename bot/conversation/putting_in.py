"""Putting a thing into the cart. A variant that nobody chose never goes in, and nothing is asked twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import AddToCart, BringBack
from bot.conversation.basket import bring_back, meant, no_discount, refused
from bot.conversation.cards import levels_of, similar_button, store_button
from bot.conversation.cart_words import cart_turn, item_name
from bot.conversation.offer_words import notify_button
from bot.conversation.options import (
    colour_of,
    focus_on,
    matching,
    product_focus,
    size_named,
    subject,
)
from bot.conversation.questions import ask_product, gone, no_such_size, size_buttons, variant_or_question
from bot.conversation.results import show as search
from bot.conversation.talk import Ability, Talk, Turn
from bot.sessions import Focus, Goal, Pending, Question
from commerce.domain.cart import NotInCart
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.services.wishes import wish_of
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def in_words(talk: Talk) -> Turn:
    """« ajoute-la en 38 », « mets-en deux dans le panier », « ajoute la deuxième »."""
    back = _saved_one(talk)
    if back:
        return bring_back(talk, BringBack(back))
    focus = subject(talk)
    if focus is None and talk.slots.category:
        return search(talk, wish_of(talk.slots))
    if focus is None:
        return ask_product(talk, Goal.CART)
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    asked = talk.slots.price_max_minor or talk.slots.price_min_minor
    if asked and asked not in {variant.price.minor for variant in product.variants}:
        return no_discount(talk)  # « mets-la à 10 € »: nothing is put in that would cost more than was said
    quantity = talk.slots.quantity or 1
    if talk.slots.size and not size_named(product, talk.slots.size):
        return _asked(no_such_size(talk, product, focus, talk.slots.size), quantity)
    return add(talk, focus, quantity)


def tapped(talk: Talk, action: AddToCart) -> Turn:
    if not action.variant_id:
        return add(talk, product_focus(talk, action.product_id))
    with talk.shop.storage.read() as uow:
        found = uow.products.by_variant(action.variant_id)
    return _put(talk, *found) if found else gone(talk, action.product_id)


def add(talk: Talk, focus: Focus, quantity: int = 1) -> Turn:
    """Asks for the size and the colour, each only while it is not known; then puts it in."""
    product = talk.shop.catalog.product(focus.product_id)
    if product is None:
        return gone(talk, focus.product_id)
    found = variant_or_question(talk, product, focus, Goal.CART)
    return _asked(found, quantity) if isinstance(found, Turn) else _put(talk, product, found[1], quantity)


def _asked(turn: Turn, quantity: int) -> Turn:
    """The question keeps in mind where it leads, and how many."""
    pending = turn.session.pending
    if pending is None:
        return turn
    return replace(turn, session=replace(turn.session, pending=replace(pending, goal=Goal.CART, quantity=quantity)))


def _put(talk: Talk, product: Product, variant: Variant, quantity: int = 1) -> Turn:
    """Into the cart, and the cart shown: what went in is named with its size."""
    session = replace(talk.session, focus=focus_on(product, (variant,)), pending=None)
    talk = talk.with_session(session)
    alike = matching(product, colour_of(product, variant))
    available = levels_of(talk, [alike])
    sizes = tuple(dict.fromkeys(v.size for v in alike if v.size and available[v.id]))
    source = session.source_of(talk.now) or talk.contact.channel

    def act(uow: UnitOfWork) -> Turn:
        contact = talk.message.contact
        customer = talk.shop.customers.recognise(uow, contact, language=talk.language)
        result = talk.shop.carts.add(uow, customer.id, variant.id, quantity, source=source)
        if not isinstance(result, Refused):
            name = item_name(talk, product, variant)
            if quantity > 1:
                name = f"{quantity} × {name}"
            return cart_turn(talk, uow, result, customer.id, talk.t("Added: {item}.", item=name))
        if result.reason is NotInCart.SOLD_OUT:
            return _sold_out(talk, product, variant, sizes)
        text = refused(talk, result.reason)
        return cart_turn(talk, uow, talk.shop.carts.of(uow, customer.id), customer.id, text)

    return Turn((), session, act)


def _sold_out(talk: Talk, product: Product, variant: Variant, sizes: tuple[str, ...]) -> Turn:
    """Says so, with the sizes that are left; one of them goes into the cart when it is chosen."""
    text = talk.t("{item}: sold out for now.", item=item_name(talk, product, variant))
    notify = notify_button(talk, variant.id)
    if not sizes:
        return talk.say(text, buttons=(notify, similar_button(talk, product.id), store_button(talk, product.id)))
    text += " " + talk.t("Still there: {sizes}.", sizes=", ".join(sizes))
    return talk.say(
        text,
        buttons=(*size_buttons(product, sizes), notify, similar_button(talk, product.id)),
        session=replace(talk.session, pending=Pending(Question.SIZE, Goal.CART)),
    )


def _saved_one(talk: Talk) -> int:
    """« remets le sac dans le panier »: the one thing saved for later that the words describe; 0 for anything else."""
    if talk.customer is None or not talk.slots.category or talk.slots.quantity:
        return 0
    with talk.shop.storage.read() as uow:
        cart = talk.shop.carts.of(uow, talk.customer.id)
        if cart is None or not cart.saved:
            return 0
        quote = talk.shop.quoting.quote(uow, cart, customer_id=talk.customer.id)
    found = meant(talk, [(line, True) for line in quote.saved])
    return found[0][0].variant.id if len(found) == 1 else 0


ABILITY = Ability(intents={Intent.ADD_TO_CART: in_words}, actions={AddToCart: tapped})
