"""The checkout: who, where to, how to pay; then the order is placed once and the shopper goes to pay."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Cart, CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.order import NotOrdered, OrderRefused
from commerce.domain.payment import Placed
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.own_units import pending_order
from shoppable import coming, inputs, ordering, shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import CART, CHECKOUT
from shoppable.pages import trolley
from shoppable.pages.frame import page
from shoppable.pages.orders import begin, leave_to_pay
from shoppable.problems import Problem
from shoppable.site import site
from shoppable.words import NOT_ORDERED

blueprint = Blueprint("checkout", __name__, url_prefix="/checkout")
shopper.keep_to_one_person(blueprint)

_TOTAL = re.compile(r"[0-9]{1,15}")
# What can be said on this page and is not worth a complaint before anything was said.
_ASKED_HERE = frozenset({
    NotOrdered.NO_FULFILMENT, NotOrdered.NO_ADDRESS, NotOrdered.NO_CONTACT, NotOrdered.NO_PROVIDER,
})  # fmt: skip


@blueprint.get("")
def checkout() -> ResponseReturnValue:
    return _page(editing=request.args.get("edit") == "1")


def _page(
    *,
    editing: bool = False,
    typed: CheckoutDraft | None = None,
    wrong: dict[str, str] | None = None,
    refused: OrderRefused | None = None,
    trouble: str = "",
    slot: datetime | None = None,
    says_later: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    """The page as things stand now; `typed` with what is `wrong` in it, or why the order was `refused`. `slot`: when
    they said that they come for it."""
    shop = site().shop
    with shop.storage.read() as uow:
        quote = shopper.quoted(uow, shopper.customer_of(uow, session.current()))
        if quote is None or not (quote.lines or quote.gone):
            return _to("/cart")
        cart, draft = quote.cart, typed or quote.cart.draft
        told = ordering.is_told(quote) and not editing and not wrong
        delivery, stores = ordering.delivery(uow, cart), ordering.collect(uow, cart)
        store = uow.stores.get(draft.store_id) if draft.store_id else None
        pending = pending_order(uow, cart)
        own = coming.slot_of(uow, pending) if pending and pending.store_id == draft.store_id else None
        found = shop.checkout.times_to_come(uow, store, own=own) if told and store else []
        reasons = [refused.reason] if refused else [each for each in quote.missing if each not in _ASKED_HERE]
        told_why = [_why(uow, reason, quote.store_id, refused) for reason in dict.fromkeys(reasons)]
    short = [line for line in quote.lines if line.is_short or (refused and line.variant.id in refused.variant_ids)]
    shown = page(
        "checkout.html",
        draft=draft,
        wrong=wrong or {},
        told=told,
        why=[*told_why, *([trouble] if trouble else [])],
        lines=[trolley.line(line) for line in quote.lines],
        short=[(trolley.line(line), line.available or 0) for line in short],
        rows=trolley.rows(
            quote.totals, coupon=cart.coupon if quote.promotion else "", fulfilment=quote.cart.draft.fulfilment
        )
        if quote.totals
        else [],
        total=quote.totals.total if quote.totals else None,
        delivery=delivery,
        stores=stores,
        store=store,
        countries=ordering.countries(),
        ways=ordering.ways_to_pay(quote),
        may_pay=told and not set(quote.missing) - {NotOrdered.NO_PROVIDER},
        terms_url=shop.settings.terms_url,
        pending=pending,
        days=coming.days(found, store, slot or own) if store else [],
        says_later=says_later,
        slot_full=refused is not None and refused.reason is NotOrdered.SLOT_FULL,
        at=shop.clock.now(),
    )
    return shown, status


def _why(uow: UnitOfWork, reason: NotOrdered, store_id: str, refused: OrderRefused | None) -> str:
    words = translate(NOT_ORDERED[reason])
    return f"{words} {ordering.paused(uow, store_id)}." if reason is NotOrdered.STORE_PAUSED and store_id else words


@blueprint.post("/details")
def details() -> ResponseReturnValue:
    """Who and where to. What is wrong is said beside its field, with everything that was typed still there."""
    contact = _known()
    shop = site().shop
    with shop.storage.read() as uow:
        cart = _cart(uow, contact)
        if cart is None:
            return _to("/cart")
        stores = {each.store.id for each in ordering.collect(uow, cart)}
        stores |= {cart.draft.store_id} - {""}
    draft, wrong = ordering.read_details(request.form, cart.draft, stores)
    if wrong:
        return _page(editing=True, typed=draft, wrong=wrong, status=422)
    shop.storage.write(lambda uow: shop.carts.set_draft(uow, shopper.recognised(uow, contact).id, draft))
    return _to("/checkout")


@blueprint.post("/where")
def where() -> ResponseReturnValue:
    """Another way to get it, by one button: everything else that was said stays."""
    contact, shop = _known(), site().shop
    how, store_id = request.form.get("how", ""), request.form.get("store", "")

    def work(uow: UnitOfWork) -> bool:
        cart = _cart(uow, contact)
        if cart is None:
            return False
        if how == Fulfilment.PICKUP and uow.stores.get(store_id) is not None:
            draft = replace(cart.draft, fulfilment=Fulfilment.PICKUP, store_id=store_id, provider="")
        elif how == Fulfilment.DELIVERY:
            draft = replace(cart.draft, fulfilment=Fulfilment.DELIVERY, store_id="", provider="")
        else:
            raise Problem(400, "bad_form", "This form cannot be understood. Please reload the page.")
        shop.carts.set_draft(uow, cart.customer_id, draft)
        return True

    return _to("/checkout" if shop.storage.write(work) else "/cart")


@blueprint.post("/pay")
def pay() -> ResponseReturnValue:
    """Places the order in one transaction, then asks the provider where to pay, outside of it.

    Pressed twice, or again after coming back, it is the same order and the same payment.
    """
    contact, shop = _known(), site().shop
    inputs.take_turn("checkout", CHECKOUT, contact.address)
    provider, expected = request.form.get("provider", ""), request.form.get("total", "")
    accepted = request.form.get("terms") == "yes"
    slot_at = coming.read(request.form.get("slot", ""))

    def work(uow: UnitOfWork) -> Placed | OrderRefused | None:
        cart = _cart(uow, contact)
        if cart is None:
            return None
        shop.carts.set_draft(
            uow, cart.customer_id, replace(cart.draft, provider=provider[:40], terms_accepted=accepted)
        )
        if not accepted:
            return None
        return shop.checkout.place(
            uow,
            customer_id=cart.customer_id,
            contact=contact,
            source=ordering.source_of(cart),
            language=language(),
            expected_total_minor=int(expected) if _TOTAL.fullmatch(expected) else -1,
            slot_at=slot_at if cart.draft.fulfilment is Fulfilment.PICKUP else None,
        )

    placed = write_again(shop.storage, work)
    later = "slot" in request.form and slot_at is None
    if placed is None:
        trouble = translate("Please accept the terms of sale to order.")
        said = "" if accepted else trouble
        return _page(wrong={}, trouble=said, slot=slot_at, says_later=later, status=422)
    if isinstance(placed, OrderRefused):
        return _page(refused=placed, slot=slot_at, says_later=later, status=409)
    return leave_to_pay(placed.order.id, begin(placed.attempt))


def _known() -> Contact:
    """Whose checkout it is. Who has no cookie has no cart either."""
    contact = session.current()
    if contact is None:
        raise Problem(400, "no_cart", "Your cart is empty, or your browser keeps no cookies.")
    inputs.take_turn("cart", CART, contact.address)
    return contact


def _cart(uow: UnitOfWork, contact: Contact) -> Cart | None:
    customer = shopper.customer_of(uow, contact)
    return site().shop.carts.of(uow, customer.id) if customer else None


def _to(path: str) -> Response:
    response = redirect(path, 303)
    assert isinstance(response, Response)
    return response
