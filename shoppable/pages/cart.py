"""The cart: what is in it, what it costs now, and every change to it by a plain form."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import MAX_QUANTITY, NotInCart
from commerce.domain.linking import TokenPurpose
from commerce.domain.promotion import NotApplied
from commerce.domain.reservation import Refused
from commerce.ports import UnitOfWork
from commerce.services.own_units import pending_order
from shoppable import brought, inputs, security, shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import CART
from shoppable.pages import trolley
from shoppable.pages.frame import page, telegram_link
from shoppable.problems import Problem
from shoppable.site import site
from shoppable.words import NOT_APPLIED, NOT_IN_CART, NOT_ORDERED

blueprint = Blueprint("cart", __name__)
shopper.keep_to_one_person(blueprint)

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9:._-]{0,127}")
SKU_SHOWN = re.compile(r"[\w .\-/+]{1,64}")
MOST_SKUS_SHOWN = 8
_LONGEST_CODE = 40

SAID = {
    "added": "“{item}” is in your cart.",
    "set": "Your cart has been changed.",
    "removed": "“{item}” has been taken out.",
    "saved": "“{item}” is saved for later.",
    "wanted": "“{item}” is back in your cart.",
    "coupon": "The code counts.",
    "coupon_dropped": "The code has been taken out.",
    "filled": "Your cart has been filled by the link.",
    "taken_out": "You opened this link before. What you took out of your cart since stays out.",
    "linked": "This is one cart now, here and in your conversation.",
    "nothing": "That was not in your cart any more.",
}


@blueprint.get("/cart")
def cart() -> Response:
    """The page; with the header `X-Part: cart`, the part of it that changes, for the script that keeps it fresh."""
    shop = site().shop
    contact = session.current()
    with shop.storage.read() as uow:
        customer = shopper.customer_of(uow, contact)
        quote = shopper.quoted(uow, customer)
        pending = pending_order(uow, quote.cart) if quote else None
        said, undo = _said(uow)
    telegram = telegram_link()
    shown = page(
        "cart_part.html" if request.headers.get("X-Part") == "cart" else "cart.html",
        mark=shopper.mark(quote.cart if quote else None),
        units=sum(line.quantity for line in quote.cart.wanted) if quote else 0,
        lines=[trolley.line(line) for line in quote.lines] if quote else [],
        saved=[trolley.line(line) for line in quote.saved] if quote else [],
        gone=quote.gone if quote else (),
        rows=trolley.rows(
            quote.totals, coupon=quote.cart.coupon if quote.promotion else "", fulfilment=quote.cart.draft.fulfilment
        )
        if quote and quote.totals
        else [],
        coupon=quote.cart.coupon if quote else "",
        not_applied=translate(NOT_APPLIED[quote.not_applied]) if quote and quote.not_applied else "",
        pending=pending,
        said=said,
        undo=undo,
        unknown=_unknown(),
        rest_is_there=request.args.get("said") == "filled",
        most=MAX_QUANTITY,
        telegram=telegram,
    )
    if telegram:
        security.let_forms_lead_to(shown, "https://t.me")
    return shown


def _said(uow: UnitOfWork) -> tuple[str, tuple[int, int] | None]:
    """What the form before has done, in words, and (variant, quantity) where it can be taken back."""
    code, variant = request.args.get("said", ""), request.args.get("of", "")
    found = uow.products.by_variant(int(variant)) if _NUMBER.fullmatch(variant) else None
    item = found[0].title(language()) if found else ""
    if code in SAID:
        quantity = request.args.get("n", "")
        undo = (
            (int(variant), int(quantity))
            if code == "removed" and found and re.fullmatch("[1-9][0-9]?", quantity)
            else None
        )
        return ("" if "{item}" in SAID[code] and not item else translate(SAID[code], item=item)), undo
    for reasons in (NOT_IN_CART, NOT_APPLIED, NOT_ORDERED):
        for reason, words in reasons.items():
            if code == f"not_{reason.value}":
                return translate(words), None
    return "", None


def _unknown() -> list[str]:
    """SKUs of a link that are not sold here: only what looks like one is repeated."""
    return [sku for sku in request.args.getlist("unknown")[:MOST_SKUS_SHOWN] if SKU_SHOWN.fullmatch(sku)]


def back(
    said: str, *, of: int | None = None, quantity: int | None = None, unknown: list[str] | None = None
) -> Response:
    """To the cart, with what happened in its address: nothing is lost by a reload, nothing is done twice."""
    if request.form.get("back") == "checkout":
        return _to("/checkout")
    values: list[tuple[str, str]] = [("said", said)] if said else []
    if of is not None:
        values.append(("of", str(of)))
    if quantity is not None:
        values.append(("n", str(quantity)))
    values += [("unknown", sku) for sku in unknown or [] if SKU_SHOWN.fullmatch(sku)][:MOST_SKUS_SHOWN]
    return _to(f"/cart?{urlencode(values)}" if values else "/cart")


def _to(path: str) -> Response:
    response = redirect(path, 303)
    assert isinstance(response, Response)
    return response


def change(work: Callable[[UnitOfWork, str], object]) -> object:
    """Runs a change of this person's cart (given their customer's id) in one transaction."""
    contact = session.current()
    inputs.take_turn("cart", CART, contact.address if contact else None)
    known = contact or session.current_or_new()
    return site().shop.storage.write(lambda uow: work(uow, shopper.recognised(uow, known).id))


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    """From a product's page: the variant that was chosen there."""
    variant, quantity = _variant(), _quantity()
    source = request.form.get("source", "")
    source = brought.source(source if _SOURCE.fullmatch(source) else "")
    result = change(lambda uow, who: site().shop.carts.add(uow, who, variant, quantity, source))
    return _answer(result, "added", variant)


@blueprint.post("/cart/lines")
def line() -> ResponseReturnValue:
    """One line of the cart: another quantity, saved for later, wanted again, taken out. The button says what."""
    carts, variant, do = site().shop.carts, _variant(), request.form.get("do", "set")
    saved = request.form.get("saved") == "1"
    match do:
        case "set":
            quantity = _quantity()
            return _answer(change(lambda uow, who: carts.set_quantity(uow, who, variant, quantity)), "set", variant)
        case "remove":
            quantity = _quantity(default=1)
            result = change(lambda uow, who: carts.set_quantity(uow, who, variant, 0, saved=saved))
            return _answer(result, "removed", variant, quantity=None if saved else quantity)
        case "save" | "want":
            result = change(lambda uow, who: carts.set_saved(uow, who, variant, do == "save"))
            return _answer(result, "saved" if do == "save" else "wanted", variant)
    raise Problem(400, "bad_form", "This form cannot be understood. Please reload the page.")


@blueprint.post("/cart/coupon")
def coupon() -> ResponseReturnValue:
    carts, typed = site().shop.carts, inputs.clean(request.form.get("code", ""))[:_LONGEST_CODE]
    if request.form.get("do") == "drop" or not typed:
        change(lambda uow, who: carts.drop_coupon(uow, who))
        return back("coupon_dropped")
    result = change(lambda uow, who: carts.apply_coupon(uow, who, typed))
    return back(f"not_{result.reason.value}" if isinstance(result, Refused) else "coupon")


@blueprint.post("/cart/telegram")
def telegram() -> ResponseReturnValue:
    """Continue in Telegram: a one-time link that brings this cart along. Made only now, so that none lies about."""
    address, shop = telegram_link(), site().shop
    if not address:
        raise Problem(404, "no_telegram", "This shop is not on Telegram.")
    contact = session.current_or_new()
    inputs.take_turn("cart", CART, contact.address)

    def offer(uow: UnitOfWork) -> str:
        customer = shopper.recognised(uow, contact)
        cart = shop.carts.of(uow, customer.id)
        return shop.linking.offer(uow, customer.id, contact, TokenPurpose.CART, cart.came_from if cart else "")

    return _to(f"{address}?start=c_{shop.storage.write(offer)}")


def _answer(result: object, said: str, variant: int, *, quantity: int | None = None) -> Response:
    match result:
        case Refused(reason=NotInCart() | NotApplied() as reason):
            return back(f"not_{reason.value}", of=variant)
        case None | False:
            return back("nothing")
        case _:
            return back(said, of=variant, quantity=quantity)


def _variant() -> int:
    text = request.form.get("variant", "")
    if not _NUMBER.fullmatch(text):
        raise Problem(400, "bad_form", "This form cannot be understood. Please reload the page.")
    return int(text)


def _quantity(default: int | None = None) -> int:
    text = request.form.get("quantity", "" if default is None else str(default))
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise Problem(400, "bad_form", "This form cannot be understood. Please reload the page.")
    return int(text)
