"""Orders as staff work on them, by machine: entering those taken elsewhere, moving them on, giving money back.

Mounted only where the shop has given out keys (setting API_KEYS).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderSource, OrderState
from commerce.domain.payment import NotRefunded, Refund, RefundReason
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.disputing import is_disputed
from commerce.services.entering import EnteredLine, EnteredOrder
from shoppable import inputs, keys, shopper
from shoppable.api import selling
from shoppable.api.openapi import Operation, describes
from shoppable.api.orders import facts, no_such_order
from shoppable.api.products import LANG
from shoppable.language import language
from shoppable.limits import WRONG_KEY
from shoppable.problems import Problem
from shoppable.selling_shapes import NewOrder, NewRefund, NewState, OrderFacts, RefundFacts, Refunds
from shoppable.site import site
from shoppable.words import NOT_ADVANCED, NOT_ENTERED, NOT_REFUNDED

blueprint = Blueprint("api_order_desk", __name__, url_prefix="/api/v1/orders")

_PROBLEMS = (400, 401, 404, 409, 415, 422, 429)


@blueprint.before_request
def require_key() -> None:
    if keys.given_key_is_valid():
        return
    inputs.take_turn("key", WRONG_KEY)
    raise Problem(401, "key_needed", "This needs a valid key (header Authorization: Bearer …).")


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.post("")
@describes(
    Operation(
        "Enter an order that was taken elsewhere: phone (held, paid at the counter), counter (paid and handed over), "
        "marketplace (paid there)",
        {201: OrderFacts},
        (LANG,),
        body=NewOrder,
        problems=_PROBLEMS,
        key=True,
    )
)
def enter() -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewOrder), keys.name_of_given_key(), site().shop
    spoken = asked.get("language", language())

    def work(uow: UnitOfWork) -> OrderFacts:
        contact, customer_id = _whose(uow, asked)
        entered = EnteredOrder(
            source=OrderSource(asked["source"]),
            store_id=asked["store"],
            lines=_lines(uow, asked),
            contact=contact,
            language=spoken if spoken in site().languages else site().languages[0],
            customer_id=customer_id,
            fulfilment=Fulfilment(asked["fulfilment"]),
            address=selling.address_of(asked["address"]) if "address" in asked else None,
            name=inputs.clean(asked.get("name", "")),
            email=inputs.clean(asked.get("email", "")),
            phone=inputs.clean(asked.get("phone", "")),
            reference=inputs.clean(asked.get("reference", "")),
        )
        order = shop.orders.enter(uow, entered, actor=actor)
        if isinstance(order, Refused):
            raise Problem(409, f"not_entered_{order.reason.value}", NOT_ENTERED[order.reason])
        return facts(uow, order)

    return jsonify(write_again(shop.storage, work)), 201


def _whose(uow: UnitOfWork, asked: NewOrder) -> tuple[Contact, str]:
    """The customer who was named; otherwise the one of that telephone, receipt or marketplace order, and of nothing
    else: nobody becomes somebody's chat because a number looks the same."""
    if "customer" in asked:
        contacts = uow.customers.contacts(asked["customer"])
        if not contacts:
            raise Problem(404, "no_such_customer", "There is no such customer.")
        return contacts[0], asked["customer"]
    phone, reference = inputs.clean(asked.get("phone", "")), inputs.clean(asked.get("reference", ""))
    address = (phone or reference) if asked["source"] == "phone" else (reference or phone)
    address = address or site().shop.ids.new_id()
    return Contact(asked["source"], asked["store"], address), ""


def _lines(uow: UnitOfWork, asked: NewOrder) -> list[EnteredLine]:
    lines = []
    for each in asked["lines"]:
        found = uow.products.by_sku(each["sku"])
        if found is None:
            raise Problem(404, "no_such_variant", "There is no such variant.")
        minor = each.get("unit_price_minor")
        price = None if minor is None else Money(minor, found[1].price.currency)
        lines.append(EnteredLine(found[1].id, each["quantity"], price))
    return lines


@blueprint.post("/<order>/state")
@describes(
    Operation(
        "Move an order on; with another `version` than the stored one nothing happens",
        {200: OrderFacts},
        (LANG,),
        body=NewState,
        problems=_PROBLEMS,
        key=True,
    )
)
def advance(order: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewState), keys.name_of_given_key(), site().shop

    def work(uow: UnitOfWork) -> OrderFacts:
        moved = shop.orders.advance(
            uow,
            _order(uow, order).id,
            OrderState(asked["state"]),
            actor=actor,
            version=asked.get("version"),
            note=inputs.clean(asked.get("note", "")),
        )
        if isinstance(moved, Refused):
            raise Problem(409, f"not_advanced_{moved.reason.value}", NOT_ADVANCED[moved.reason])
        return facts(uow, moved)

    return jsonify(shop.storage.write(work))


@blueprint.post("/<order>/paid")
@describes(
    Operation(
        "The till has the money for an order that was to be paid at the counter; saying it twice counts once",
        {200: OrderFacts},
        (LANG,),
        problems=_PROBLEMS,
        key=True,
    )
)
def paid(order: str) -> ResponseReturnValue:
    actor, shop = keys.name_of_given_key(), site().shop

    def work(uow: UnitOfWork) -> OrderFacts:
        result = shop.paying.paid_at_counter(uow, _order(uow, order).id, actor)
        if isinstance(result, Refused):
            raise Problem(409, f"not_advanced_{result.reason.value}", NOT_ADVANCED[result.reason])
        return facts(uow, result)

    return jsonify(write_again(shop.storage, work))


@blueprint.post("/<order>/refunds")
@describes(
    Operation(
        "Give money back; without an amount, everything that is left of what was paid",
        {202: Refunds},
        (LANG,),
        body=NewRefund,
        problems=_PROBLEMS,
        key=True,
    )
)
def refund(order: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewRefund), keys.name_of_given_key(), site().shop

    def work(uow: UnitOfWork) -> Refunds:
        found = _order(uow, order)
        asked_back: list[Refund] | Refused[NotRefunded] = Refused(NotRefunded.DISPUTED)
        if not is_disputed(uow, found.id):
            asked_back = shop.refunding.ask(uow, found.id, asked.get("amount_minor"), RefundReason(asked["reason"]))
        if isinstance(asked_back, Refused):
            raise Problem(409, f"not_refunded_{asked_back.reason.value}", NOT_REFUNDED[asked_back.reason])
        amount = sum(each.amount.minor for each in asked_back)
        uow.audit.add(actor, "refund_asked", found.id, {"amount_minor": amount}, shop.clock.now())
        return {"refunds": [_refund(each) for each in asked_back]}

    return jsonify(write_again(shop.storage, work)), 202


def _refund(asked_back: Refund) -> RefundFacts:
    return {
        "id": asked_back.id,
        "amount_minor": asked_back.amount.minor,
        "currency": asked_back.amount.currency,
        "state": asked_back.state.value,
        "reason": asked_back.reason.value,
    }


def _order(uow: UnitOfWork, order_id: str) -> Order:
    found = uow.orders.get(order_id) if order_id.isalnum() and len(order_id) <= 64 else None
    if found is None:
        raise no_such_order()
    return found
