"""Orders: a shopper's own, and for operators with a key all of them, whatever door they came through."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Fulfilment
from commerce.domain.order import Order, OrderSource, OrderState
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import coming, inputs, keys, shopper
from shoppable.api import carts, selling
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.products import LANG
from shoppable.chat import session
from shoppable.limits import CART, LOOK, WRONG_KEY
from shoppable.problems import Problem
from shoppable.selling_shapes import OrderFacts, Orders
from shoppable.site import site
from shoppable.words import NOT_CANCELLED

blueprint = Blueprint("api_orders", __name__, url_prefix="/api/v1/orders")

_ID = re.compile(r"[0-9a-f]{32}")
_PAGE = 50
_CART = Parameter("cart", "Id of a machine's cart: what was ordered from it.")
_PROOF = Parameter("k", "The proof in an order's own link.")


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


def operator() -> bool:
    """Whether a key was sent; raises Problem when it is a wrong one."""
    if "Authorization" not in request.headers:
        return False
    if keys.given_key_is_valid():
        return True
    inputs.take_turn("key", WRONG_KEY)
    raise Problem(401, "key_needed", "This needs a valid key (header Authorization: Bearer …).")


def no_such_order() -> Problem:
    return Problem(404, "no_such_order", "There is no such order.")


@blueprint.get("")
@describes(
    Operation(
        "Orders, newest first: the browser's own; with `cart`, a machine's; with a key, everybody's",
        {200: Orders},
        (
            LANG,
            _CART,
            Parameter("state", "With a key: only those in this state.", {"type": "string", "enum": [*OrderState]}),
            Parameter("source", "With a key: only those of this source.", {"type": "string", "enum": [*OrderSource]}),
            Parameter("store", "With a key: only those whose units come from this store."),
            Parameter("before", "With a key: only those with a smaller number.", {"type": "integer", "minimum": 1}),
        ),
        problems=(400, 401, 404, 429),
    )
)
def orders() -> ResponseReturnValue:
    if operator():
        return _all()
    contact = carts.of_machine(request.args["cart"]) if request.args.get("cart") else session.current()
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    shop = site().shop
    with shop.storage.read() as uow:
        customer = shopper.customer_of(uow, contact)
        mine = shop.orders.of_customer(uow, customer.id) if customer else []
        answer: Orders = {"orders": [facts(uow, each) for each in mine], "next_before": None}
    return jsonify(answer)


def _all() -> ResponseReturnValue:
    state, source = request.args.get("state", ""), request.args.get("source", "")
    for name, value, known in (("state", state, OrderState), ("source", source, OrderSource)):
        if value and value not in set(known):
            raise Problem(400, "bad_parameter", inputs.WRONG_FIELD, name=name)
    before = inputs.whole_number("before", default=None, least=1, most=10**12)
    with site().shop.storage.read() as uow:
        found = uow.orders.find(
            state=OrderState(state) if state else None,
            source=OrderSource(source) if source else None,
            store_id=inputs.words_of("store", longest=64),
            before_number=before,
            limit=_PAGE,
        )
        answer: Orders = {
            "orders": [facts(uow, each) for each in found],
            "next_before": found[-1].number if len(found) == _PAGE else None,
        }
    return jsonify(answer)


def facts(uow: UnitOfWork, order: Order) -> OrderFacts:
    return selling.order(
        order,
        uow.payments.of_order(order.id),
        [each for each in uow.orders.events(order.id) if each.from_state != each.to_state],
        url=site().shop.order_links.url(order.id),
        slot_at=coming.slot_of(uow, order) if order.fulfilment is Fulfilment.PICKUP else None,
    )


def seen(uow: UnitOfWork, order_id: str) -> Order:
    """For its owner (cookie, or the machine's cart), for who has a signed link, and for operators. Raises a Problem
    that is the same for a stranger's order as for one that never was."""
    found = uow.orders.get(order_id) if _ID.fullmatch(order_id) else None
    if found is None:
        raise no_such_order()
    if operator() or site().shop.order_links.opens(order_id, request.args.get("k", "")):
        return found
    contact = carts.caller(request.args.get("cart", ""))
    customer = shopper.customer_of(uow, contact)
    if customer is None or customer.id != found.customer_id:
        raise no_such_order()
    return found


@blueprint.get("/<order>")
@describes(Operation("One order", {200: OrderFacts}, (LANG, _CART, _PROOF), problems=(401, 404, 429)))
def one(order: str) -> ResponseReturnValue:
    operator()
    contact = session.current()
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    with site().shop.storage.read() as uow:
        return jsonify(facts(uow, seen(uow, order)))


@blueprint.post("/<order>/cancel")
@describes(
    Operation(
        "Cancel one's own order, while the shop has not begun to prepare it; what is paid is given back",
        {200: OrderFacts},
        (LANG, _CART, _PROOF),
        problems=(401, 403, 404, 409, 429),
    )
)
def cancel(order: str) -> ResponseReturnValue:
    inputs.take_turn("cart", CART)
    shop = site().shop

    def work(uow: UnitOfWork) -> OrderFacts:
        found = seen(uow, order)
        result = shop.orders.cancel(uow, found.id, found.customer_id)
        if isinstance(result, Refused):
            raise Problem(409, f"not_cancelled_{result.reason.value}", NOT_CANCELLED[result.reason])
        return facts(uow, uow.orders.get(found.id) or found)

    return jsonify(write_again(shop.storage, work))
