"""Giving money back from the counter, and saying yes or no to what is more than one person may give back alone."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import abort, request
from flask.typing import ResponseReturnValue

from commerce.domain.money import Money, exponent
from commerce.domain.payment import NotRefunded
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.i18n import format_money
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.staff_refunds import RefundWaiting
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.counter.orders import order_page, own_order
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import NOT_REFUNDED

DONE = {
    "approved": "Approved: the money is on its way back.",
    "declined": "Declined: nothing goes back.",
}


@blueprint.post("/orders/<order>/refund")
@access.needs(Permission.REFUND)
def refund(order: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop

    def work(uow: UnitOfWork) -> object:
        found = own_order(uow, order, member)
        amount = _minor(request.form.get("amount", ""), found.currency)
        return shop.staff_refunds.ask(uow, member, found.id, amount) if amount else None

    result = write_again(shop.storage, work)
    if result is None:
        return order_page(order, Told(translate("This is no amount."), is_bad=True), 422)
    if isinstance(result, Refused):
        return order_page(order, Told(translate(NOT_REFUNDED[result.reason]), is_bad=True), 409)
    site().wake()
    done = "refund-waits" if isinstance(result, RefundWaiting) else "refunded"
    return access.lead_to(f"/staff/orders/{order}?done={done}")


@blueprint.get("/refunds")
@access.needs(Permission.REFUND_ANY)
def refunds() -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _page(Told(translate(DONE[done])) if done in DONE else None)


@blueprint.post("/refunds/<order>/approve")
@access.needs(Permission.REFUND_ANY)
def approve_refund(order: str) -> ResponseReturnValue:
    member, shop, given = access.member(), site().shop, request.form.get("amount_minor", "")
    amount = int(given) if given.isascii() and given.isdecimal() and len(given) <= 12 else 0
    result = write_again(shop.storage, lambda uow: shop.staff_refunds.approve(uow, member, order, amount))
    if isinstance(result, Refused):
        if result.reason is NotRefunded.NOT_FOUND:
            abort(404)
        return _page(Told(translate(NOT_REFUNDED[result.reason]), is_bad=True), 409)
    site().wake()
    return access.lead_to("/staff/refunds?done=approved")


@blueprint.post("/refunds/<order>/decline")
@access.needs(Permission.REFUND_ANY)
def decline_refund(order: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    if not shop.storage.write(lambda uow: shop.staff_refunds.decline(uow, member, order)):
        abort(404)
    return access.lead_to("/staff/refunds?done=declined")


def _page(told: Told | None, status: int = 200) -> ResponseReturnValue:
    member = access.member()
    with site().shop.storage.read() as uow:
        waiting = site().shop.staff_refunds.waiting(uow)
        people = {each.id: each.name for each in uow.team.all()}
        stores = {store.id: store.short_name(language()) for store in uow.stores.all()}
    return counter_page(
        "counter/refunds.html",
        room="refunds",
        status=status,
        told=told,
        waiting=[
            {
                "order_id": each.order_id,
                "number": each.order_number,
                "amount": format_money(each.amount, language()),
                "amount_minor": each.amount.minor,
                "store": stores.get(each.store_id, each.store_id),
                "asked_by": people.get(each.asked_by, each.asked_by),
                "is_own": each.asked_by == member.id,
            }
            for each in waiting
        ],
    )


def _minor(text: str, currency: str) -> int:
    """An amount as people type it, « 12,50 »; 0 for anything else."""
    try:
        amount = Decimal(inputs.clean(text)[:20].replace(",", ".").replace(" ", "").replace("\u202f", ""))
    except InvalidOperation:
        return 0
    minor = amount.scaleb(exponent(currency)) if amount.is_finite() and abs(amount) < 10**9 else Decimal(0)
    return Money(int(minor), currency).minor if minor == minor.to_integral_value() and minor > 0 else 0
