"""Ordering by machine: one cart, one order, one payment, however often the request is repeated."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Cart, CheckoutDraft, Fulfilment
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource
from commerce.domain.payment import PaymentAttempt, Placed
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import coming, inputs, ordering, shopper
from shoppable.api import carts, idempotency, selling
from shoppable.api.idempotency import Answer
from shoppable.api.openapi import Operation, describes
from shoppable.api.products import LANG
from shoppable.language import language, translate
from shoppable.limits import CHECKOUT
from shoppable.problems import Problem, body_of
from shoppable.selling_shapes import Checkout, Ordered
from shoppable.site import site
from shoppable.words import NOT_ORDERED

blueprint = Blueprint("api_checkout", __name__, url_prefix="/api/v1/checkout")

# What the caller can set right in the request itself; everything else has changed in the shop.
_IN_THE_REQUEST = frozenset({
    NotOrdered.NO_FULFILMENT, NotOrdered.NO_ADDRESS, NotOrdered.NO_DELIVERY_THERE, NotOrdered.NO_CONTACT,
    NotOrdered.NO_PROVIDER,
})  # fmt: skip


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.post("")
@describes(
    Operation(
        "Order what is in the cart and begin its payment; the shopper pays it at `payment.url`",
        {201: Ordered},
        (LANG, idempotency.KEY),
        body=Checkout,
        problems=(400, 403, 404, 409, 415, 422, 429, 503),
    )
)
def checkout() -> ResponseReturnValue:
    asked = inputs.body_as(Checkout)
    contact = carts.caller(asked.get("cart", ""))
    inputs.take_turn("checkout", CHECKOUT, contact.address if contact else None)
    if contact is None:
        raise Problem(404, "no_such_cart", "There is no such cart.")
    if not asked["terms_accepted"]:
        raise Problem(422, "terms_not_accepted", "Please accept the terms of sale to order.")
    shop = site().shop
    machine, slot_at = bool(asked.get("cart")), coming.read(asked.get("slot", ""))

    def place(uow: UnitOfWork) -> Placed | OrderRefused:
        customer = shopper.customer_of(uow, contact)
        cart = shop.carts.of(uow, customer.id) if customer else None
        if cart is None:
            raise Problem(404, "no_such_cart", "There is no such cart.")
        shop.carts.set_draft(uow, cart.customer_id, _draft(cart, asked))
        return shop.checkout.place(
            uow,
            customer_id=cart.customer_id,
            contact=contact,
            source=OrderSource.AGENT if machine else ordering.source_of(cart),
            language=language(),
            expected_total_minor=asked["expected_total_minor"],
            slot_at=slot_at,
        )

    def work() -> Answer:
        placed = write_again(shop.storage, place)
        if isinstance(placed, OrderRefused):
            return _refused(placed)
        return Answer(201, _ordered(placed, site().shop.paying.begin(placed.attempt.id)))

    return idempotency.once(contact.address, work)


def _draft(cart: Cart, asked: Checkout) -> CheckoutDraft:
    """What was said before, with what is said now. Raises Problem for what cannot be written down."""
    before = cart.draft
    fulfilment = Fulfilment(asked["fulfilment"]) if "fulfilment" in asked else before.fulfilment
    address = selling.address_of(asked["address"]) if "address" in asked else before.address
    email = inputs.clean(asked.get("email", before.email))
    phone = inputs.clean(asked.get("phone", before.phone))
    for name, value, rule in (("email", email, ordering.EMAIL), ("phone", phone, ordering.PHONE)):
        if value and not rule.fullmatch(value):
            raise Problem(422, "bad_body", inputs.WRONG_FIELD, name=name)
    return replace(
        before,
        name=inputs.clean(asked.get("name", before.name)),
        email=email,
        phone=phone,
        fulfilment=fulfilment,
        store_id=asked.get("store", before.store_id) if fulfilment is Fulfilment.PICKUP else "",
        address=address,
        provider=asked["provider"],
        terms_accepted=True,
    )


def _refused(refused: OrderRefused) -> Answer:
    status = 422 if refused.reason in _IN_THE_REQUEST else 409
    return Answer(
        status, body_of(status, f"not_ordered_{refused.reason.value}", translate(NOT_ORDERED[refused.reason]))
    )


def _ordered(placed: Placed, attempt: PaymentAttempt) -> Ordered:
    """Nothing that names a person: this is kept for repetitions."""
    order = placed.order
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state.value,
        "totals": selling.totals(order),
        "url": site().shop.order_links.url(order.id),
        "payment": selling.payment(attempt),
    }
