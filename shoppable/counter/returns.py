"""What comes back over the counter: a return's code is shown, staff say whether it can be sold again."""

from __future__ import annotations

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.handing_over import HandOverRefused
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.returns import COMING_STATES, ReturnKind, ReturnRequest, ReturnState
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_money
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import Told, not_handed_over
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site

KINDS = {
    ReturnKind.RETURN: "Return",
    ReturnKind.EXCHANGE: "Exchange",
    ReturnKind.PROBLEM: "Problem",
    ReturnKind.WITHDRAWAL: "Withdrawal",
}
STATES = {
    ReturnState.REQUESTED: "Asked for",
    ReturnState.APPROVED: "Agreed",
    ReturnState.RECEIVED: "Received",
    ReturnState.SETTLED: "Settled",
    ReturnState.REJECTED: "Refused",
    ReturnState.CANCELLED: "Cancelled",
}
DONE = {"received": "Received.", "handed": "Handed over.", "rejected": "Refused: the customer knows why."}


def own_return(uow: UnitOfWork, request_id: str, member: StaffMember) -> ReturnRequest:
    """404 for what is not there. One that names no store may be brought to any."""
    found = (
        uow.returns.get(request_id) if request_id.isalnum() and request_id.isascii() and len(request_id) <= 32 else None
    )
    if found is None or not member.may(Permission.ORDERS, found.store_id):
        abort(404)
    return found


@blueprint.get("/returns/<request_id>")
@access.needs(Permission.ORDERS)
def returned(request_id: str) -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _return_page(request_id, Told(translate(DONE[done])) if done in DONE else None)


def _return_page(request_id: str, told: Told | None, status: int = 200) -> ResponseReturnValue:
    member, shop, spoken = access.member(), site().shop, language()
    with shop.storage.read() as uow:
        found = own_return(uow, request_id, member)
        order = uow.orders.get(found.order_id)
        new = uow.products.by_variant(found.new_variant_id) if found.new_variant_id else None
        stores = [store for store in uow.stores.all() if member.works_at(store.id) and store.takes_visitors]
    by_position = {line.position: line for line in order.lines} if order else {}
    difference = -found.refund_minor if found.refund_minor < 0 else 0
    return counter_page(
        "counter/return.html",
        room="orders",
        status=status,
        told=told,
        asked=found,
        order=order,
        kind=translate(KINDS[found.kind]),
        state=translate(STATES[found.state]),
        lines=[
            (line.quantity, by_position[line.position].title(spoken), by_position[line.position].sku)
            for line in found.lines
            if line.position in by_position
        ],
        new=f"{new[0].title(spoken)} · {new[1].size}" if new else "",
        stores=stores,
        code=inputs.clean(request.args.get("code", ""))[:20],
        is_coming=found.state in COMING_STATES,
        waits_for_new=found.kind is ReturnKind.EXCHANGE and found.state is ReturnState.RECEIVED,
        may_be_refused=found.kind is not ReturnKind.WITHDRAWAL and found.state in COMING_STATES,
        money=format_money(Money(abs(found.refund_minor), found.currency or shop.settings.currency), spoken),
        difference=difference,
    )


@blueprint.post("/returns/<request_id>/receive")
@access.needs(Permission.ORDERS)
def receive_return(request_id: str) -> ResponseReturnValue:
    member, shop, form = access.member(), site().shop, request.form
    store_id = access.own_store(form.get("store", "")).id

    def work(uow: UnitOfWork) -> object:
        return shop.taking_back.receive(
            uow,
            own_return(uow, request_id, member).id,
            code=inputs.clean(form.get("code", "")),
            by=member.id,
            store_id=store_id,
            resellable=form.get("resellable") == "yes",
            difference_paid=form.get("difference_paid") == "yes",
        )

    return _after(request_id, write_again(shop.storage, work), "received")


@blueprint.post("/returns/<request_id>/hand-over")
@access.needs(Permission.ORDERS)
def hand_new_unit(request_id: str) -> ResponseReturnValue:
    member, shop, form = access.member(), site().shop, request.form
    store_id = access.own_store(form.get("store", "")).id

    def work(uow: UnitOfWork) -> object:
        return shop.taking_back.hand_over(
            uow,
            own_return(uow, request_id, member).id,
            code=inputs.clean(form.get("code", "")),
            by=member.id,
            store_id=store_id,
            to=inputs.clean(form.get("to", ""))[:80],
        )

    return _after(request_id, write_again(shop.storage, work), "handed")


@blueprint.post("/returns/<request_id>/reject")
@access.needs(Permission.ORDERS)
def reject_return(request_id: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    note = inputs.clean(request.form.get("note", ""))[:1000]
    if not note:
        return _return_page(request_id, Told(translate("Say why: the customer reads it."), is_bad=True), 422)

    def work(uow: UnitOfWork) -> object:
        return shop.returns.reject(uow, own_return(uow, request_id, member).id, by=member.id, note=note)

    result = write_again(shop.storage, work)
    if isinstance(result, Refused):
        return _return_page(request_id, Told(translate("This cannot be refused any more."), is_bad=True), 409)
    site().wake()
    return redirect(f"/staff/returns/{request_id}?done=rejected", 303)


def _after(request_id: str, result: object, done: str) -> ResponseReturnValue:
    site().wake()
    if isinstance(result, HandOverRefused):
        return _return_page(request_id, Told(not_handed_over(result), is_bad=True), 409)
    return redirect(f"/staff/returns/{request_id}?done={done}", 303)
