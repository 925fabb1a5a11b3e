"""Carts: the caller's own by the browser's cookie, or one made for a machine, known by an id that nobody guesses."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Cart, NotInCart
from commerce.domain.customer import Contact
from commerce.domain.promotion import NotApplied
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from shoppable import brought, inputs, security, shopper
from shoppable.api import selling
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.products import LANG
from shoppable.chat import session
from shoppable.limits import CART, LOOK
from shoppable.problems import Problem
from shoppable.selling_shapes import CartFacts, CartMark, NewCoupon, NewLine
from shoppable.site import site
from shoppable.words import NOT_APPLIED, NOT_IN_CART

blueprint = Blueprint("api_carts", __name__, url_prefix="/api/v1/carts")

_ID = re.compile(r"[0-9a-f]{32}")
_SEEN = Parameter("If-None-Match", "`ETag` of the answer before: 304 when nothing has changed.", where="header")
_READING, _WRITING = (404, 429), (400, 403, 404, 409, 415, 422, 429)


def of_machine(cart_id: str) -> Contact:
    """The contact behind a machine's cart. As with the browser's cookie, the database knows a keyed hash alone."""
    if not _ID.fullmatch(cart_id):
        raise _no_such_cart()
    return Contact(session.CHANNEL, session.ACCOUNT, session.sign("cart-id", cart_id))


def _no_such_cart() -> Problem:
    return Problem(404, "no_such_cart", "There is no such cart.")


def caller(cart_id: str) -> Contact | None:
    """Who asks: by the id in the address, else by the cookie. A cookie is only believed from our own pages when
    something is to change; an id is a proof by itself."""
    if cart_id:
        return of_machine(cart_id)
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        security.require_same_origin()
    return session.current()


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


def _facts(uow: UnitOfWork, contact: Contact | None, cart_id: str) -> CartFacts:
    quote = shopper.quoted(uow, shopper.customer_of(uow, contact))
    return selling.cart(quote, shopper.mark(quote.cart if quote else None), cart_id=cart_id)


@blueprint.get("/mark")
@describes(
    Operation("Whether the browser's cart has changed: cheap, to be asked every second", {200: CartMark}, (_SEEN,))
)
def mark() -> ResponseReturnValue:
    contact = session.current()
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    with site().shop.storage.read() as uow:
        customer = shopper.customer_of(uow, contact)
        cart = site().shop.carts.of(uow, customer.id) if customer else None
    found: CartMark = {
        "mark": shopper.mark(cart),
        "units": sum(line.quantity for line in cart.wanted) if cart else 0,
    }
    response: Response = jsonify(found)
    response.set_etag(found["mark"])
    return response.make_conditional(request)


@blueprint.post("")
@describes(Operation("Make a cart for a machine; keep its id as a secret", {201: CartFacts}, (LANG,), problems=(429,)))
def make() -> ResponseReturnValue:
    inputs.take_turn("cart", CART)
    shop = site().shop
    cart_id = shop.ids.new_id()
    contact = of_machine(cart_id)

    def work(uow: UnitOfWork) -> CartFacts:
        customer = shopper.recognised(uow, contact)
        uow.carts.create(shop.ids.new_id(), customer.id, shop.clock.now())
        return _facts(uow, contact, cart_id)

    return jsonify(shop.storage.write(work)), 201


@blueprint.get("")
@describes(Operation("The browser's own cart, at today's prices", {200: CartFacts}, (LANG,), problems=_READING))
def own() -> ResponseReturnValue:
    return _read("")


@blueprint.get("/<cart>")
@describes(Operation("A machine's cart, at today's prices", {200: CartFacts}, (LANG,), problems=_READING))
def one(cart: str) -> ResponseReturnValue:
    return _read(cart)


def _read(cart_id: str) -> ResponseReturnValue:
    contact = caller(cart_id)
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    with site().shop.storage.read() as uow:
        if cart_id and shopper.customer_of(uow, contact) is None:
            raise _no_such_cart()
        return jsonify(_facts(uow, contact, cart_id))


@blueprint.put("/lines/<path:sku>")
@describes(
    Operation(
        "So many of a variant in the browser's own cart; 0 takes it out", {200: CartFacts}, (LANG,), body=NewLine,
        problems=_WRITING,
    )
)  # fmt: skip
def own_line(sku: str) -> ResponseReturnValue:
    return _put_line("", sku)


@blueprint.put("/<cart>/lines/<path:sku>")
@describes(
    Operation(
        "So many of a variant in a machine's cart; 0 takes it out", {200: CartFacts}, (LANG,), body=NewLine,
        problems=_WRITING,
    )
)  # fmt: skip
def line(cart: str, sku: str) -> ResponseReturnValue:
    return _put_line(cart, sku)


def _put_line(cart_id: str, sku: str) -> ResponseReturnValue:
    asked = inputs.body_as(NewLine)
    if not asked:
        raise Problem(422, "bad_body", inputs.WRONG_FIELD, name="quantity")

    def work(uow: UnitOfWork, cart: Cart | None, who: str) -> object:
        carts, found = site().shop.carts, uow.products.by_sku(sku) if len(sku) <= 128 and "\0" not in sku else None
        if found is None:
            raise Problem(404, "no_such_variant", "There is no such variant.")
        variant = found[1]
        result: object = cart
        if "quantity" in asked:
            wanted = {each.variant_id: each.quantity for each in (cart.wanted if cart else ())}
            if asked["quantity"] and variant.id not in wanted:
                source = "machine" if cart_id else brought.source()
                result = carts.add(uow, who, variant.id, asked["quantity"], source)
            elif variant.id in wanted:
                result = carts.set_quantity(uow, who, variant.id, asked["quantity"], saved=False)
        if "saved" in asked and not isinstance(result, Refused):
            result = carts.set_saved(uow, who, variant.id, asked["saved"])
        return result

    return _change(cart_id, work)


@blueprint.put("/coupon")
@describes(Operation("A code for the browser's own cart", {200: CartFacts}, (LANG,), body=NewCoupon, problems=_WRITING))
def own_coupon() -> ResponseReturnValue:
    return _put_coupon("")


@blueprint.put("/<cart>/coupon")
@describes(Operation("A code for a machine's cart", {200: CartFacts}, (LANG,), body=NewCoupon, problems=_WRITING))
def coupon(cart: str) -> ResponseReturnValue:
    return _put_coupon(cart)


def _put_coupon(cart_id: str) -> ResponseReturnValue:
    code = inputs.clean(inputs.body_as(NewCoupon)["code"])

    def work(uow: UnitOfWork, cart: Cart | None, who: str) -> object:
        carts = site().shop.carts
        return carts.apply_coupon(uow, who, code) if code else carts.drop_coupon(uow, who)

    return _change(cart_id, work)


def _change(cart_id: str, work: Callable[[UnitOfWork, Cart | None, str], object]) -> ResponseReturnValue:
    """Changes the caller's cart in one transaction and answers with what it has become."""
    contact, shop = caller(cart_id), site().shop
    inputs.take_turn("cart", CART, contact.address if contact else None)
    known = contact or session.current_or_new()

    def change(uow: UnitOfWork) -> CartFacts:
        customer = shopper.customer_of(uow, known)
        if customer is None:
            if cart_id:
                raise _no_such_cart()
            customer = shopper.recognised(uow, known)
        result = work(uow, shop.carts.of(uow, customer.id), customer.id)
        match result:
            case Refused(reason=NotInCart() as reason):
                raise Problem(409, f"not_in_cart_{reason.value}", NOT_IN_CART[reason])
            case Refused(reason=NotApplied() as reason):
                raise Problem(409, f"not_applied_{reason.value}", NOT_APPLIED[reason])
        return _facts(uow, known, cart_id)

    return jsonify(shop.storage.write(change))
