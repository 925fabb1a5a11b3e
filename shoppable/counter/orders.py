"""Every order of every source in one list, and what staff do with one: move it on, take its money, give money back."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.dispute import NOTHING_GOES_BACK
from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, Order, OrderSource, OrderState
from commerce.domain.reservation import Refused
from commerce.domain.store import Store
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_moment, format_money
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.entering import EnteredLine, EnteredOrder
from shoppable import came_from, inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import Told
from shoppable.counter.cards import SOURCES
from shoppable.counter.files import csv_file
from shoppable.counter.frame import counter_page, store_ids_of
from shoppable.counter.pick_up import names, who
from shoppable.language import language, translate
from shoppable.pages.frame import here
from shoppable.site import site
from shoppable.words import DISPUTE_STATES, NOT_ADVANCED, NOT_ENTERED, ORDER_STATES

_PAGE = 50
_MOST_LINES = 10
_MOST_IN_A_FILE = 10_000
UNKNOWN = "unknown"
CAME = {
    "catalogue": "A catalogue",
    "link": "A short link or a post",
    "campaign": "A campaign or a QR code",
    "site": "Another site",
    UNKNOWN: "Not known",
}
_STEPS = {
    OrderState.PREPARING: "Being prepared",
    OrderState.READY: "Ready",
    OrderState.SHIPPED: "Sent",
    OrderState.COMPLETED: "Delivered",
    OrderState.CANCELLED: "Cancel the order",
}
DONE = {
    "moved": "Done: the order has moved on.",
    "paid": "Noted: the till has the money.",
    "refunded": "The money is on its way back.",
    "refund-waits": "That is more than one person may give back alone: a second one is asked to confirm it.",
    "entered": "The order is entered.",
}


@blueprint.get("/orders")
@access.needs(Permission.ORDERS)
def orders() -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    before = inputs.whole_number("before", default=None, least=1, most=10**12)
    with shop.storage.read() as uow:
        stores = [store for store in uow.stores.all() if member.works_at(store.id)]
        found = _asked_for(uow, stores, before, _PAGE)
        disputed = uow.disputes.open_among(each.id for each in found)
        brought_by = {each.came_from: came_from.in_words(uow, each.came_from) for each in found}
    zone = shop.settings.timezone
    return counter_page(
        "counter/orders.html",
        room="orders",
        orders=[
            {
                "path": f"/staff/orders/{each.id}",
                "number": each.number,
                "at": format_moment(each.created_at, language(), zone),
                "name": each.name,
                "state": translate(ORDER_STATES[each.state]),
                "source": translate(SOURCES[each.source.value]),
                "came_from": brought_by[each.came_from],
                "store": next((store.short_name(language()) for store in stores if store.id == each.store_id), ""),
                "total": format_money(each.total, language()),
                "is_disputed": each.id in disputed,
                "items": " + ".join(f"{line.quantity} × {line.title(language())}" for line in each.lines),
            }
            for each in found
        ],
        next_before=found[-1].number if len(found) == _PAGE else None,
        stores=stores,
        asked={name: request.args.get(name, "") for name in ("state", "source", "store", "came")},
        query=here(before=None).partition("?")[2],
        came=[(value, translate(label)) for value, label in CAME.items()],
        states=[(each.value, translate(ORDER_STATES[each])) for each in OrderState],
        sources=[(each.value, translate(SOURCES[each.value])) for each in OrderSource],
        told=_done(),
    )


@blueprint.get("/orders.csv")
@access.needs(Permission.ORDERS)
def orders_csv() -> ResponseReturnValue:
    """For spreadsheets: names of columns are the same in every language. The newest ones of what is asked for."""
    member, shop = access.member(), site().shop
    with shop.storage.read() as uow:
        stores = [store for store in uow.stores.all() if member.works_at(store.id)]
        found = _asked_for(uow, stores, None, _MOST_IN_A_FILE)
        brought_by = {each.came_from: came_from.in_words(uow, each.came_from) for each in found}
    head = ["number", "at", "state", "source", "came_from", "came_from_name", "store", "currency"]
    return csv_file(
        "orders",
        [*head, "total_minor", "paid_minor", "refunded_minor"],
        (
            (
                *(each.number, each.created_at.isoformat(timespec="seconds"), each.state.value, each.source.value),
                *(each.came_from, brought_by[each.came_from], each.store_id, each.currency),
                *(each.total_minor, each.paid_minor, each.refunded_minor),
            )
            for each in found
        ),
    )


def _asked_for(uow: UnitOfWork, stores: Sequence[Store], before: int | None, most: int) -> list[Order]:
    """As the list's form says it, newest first; only of stores where the member works."""
    state, source, came = (request.args.get(name, "") for name in ("state", "source", "came"))
    asked, own = request.args.get("store", ""), store_ids_of(access.member())
    ids = [asked] if asked in {store.id for store in stores} else [None] if own is None else sorted(own)
    found = [
        each
        for store_id in ids
        for each in uow.orders.find(
            state=OrderState(state) if state in set(OrderState) else None,
            source=OrderSource(source) if source in set(OrderSource) else None,
            store_id=store_id or "",
            came_from=(came.removeprefix(UNKNOWN) if came in CAME else None),
            before_number=before,
            limit=most,
        )
    ]
    return sorted(found, key=lambda each: -each.number)[:most]


def _done() -> Told | None:
    done = request.args.get("done", "")
    return Told(translate(DONE[done])) if done in DONE else None


def own_order(uow: UnitOfWork, order_id: str, member: StaffMember) -> Order:
    """404 for what is not there and for another store's: the two look alike."""
    found = uow.orders.get(order_id) if order_id.isalnum() and order_id.isascii() and len(order_id) <= 32 else None
    if found is None or not member.may(Permission.ORDERS, found.store_id):
        abort(404)
    return found


@blueprint.get("/orders/<order>")
@access.needs(Permission.ORDERS)
def order(order: str) -> ResponseReturnValue:
    return order_page(order, _done())


def order_page(order_id: str, told: Told | None, status: int = 200) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    with shop.storage.read() as uow:
        found = own_order(uow, order_id, member)
        store = uow.stores.get(found.store_id)
        events = uow.orders.events(found.id)
        attempts = uow.payments.of_order(found.id)
        refunds = uow.payments.refunds_of(found.id)
        returns = uow.returns.of_order(found.id)
        paid = shop.orders.is_paid(uow, found)
        contact = uow.orders.contact_of(found.id)
        waiting = shop.staff_refunds.waiting_for(uow, found.id)
        disputes = uow.disputes.of_order(found.id)
        brought_by = came_from.in_words(uow, found.came_from)
    spoken, people, zone = language(), names(), shop.settings.timezone
    refundable = sum(each.refundable_minor for each in attempts)
    held_up = waiting is not None or any(each.state in NOTHING_GOES_BACK for each in disputes)
    may_give_back = member.may(Permission.REFUND, found.store_id) and not held_up
    return counter_page(
        "counter/order.html",
        room="orders",
        status=status,
        order=found,
        store=store,
        told=told,
        state=translate(ORDER_STATES[found.state]),
        source=translate(SOURCES[found.source.value]),
        came_from=brought_by,
        channel=contact.channel if contact else "",
        at=format_moment(found.created_at, spoken, zone),
        is_pickup=found.fulfilment is Fulfilment.PICKUP,
        paid=paid,
        steps=_steps(found, paid=paid),
        may_be_paid=found.state in (OrderState.PLACED, OrderState.PREPARING, OrderState.READY) and not paid,
        refundable=refundable if may_give_back else 0,
        refund_waits=format_money(waiting.amount, spoken) if waiting else "",
        refundable_text=format_money(Money(refundable, found.currency), spoken),
        events=[
            (
                format_moment(each.at, spoken, zone),
                translate(ORDER_STATES[each.to_state]),
                who(uow_names=people, actor=each.actor),
                each.note,
            )
            for each in events
        ],
        payments=[
            (each.provider, format_money(each.amount, spoken), each.state.value, each.payment_ref or each.session_ref)
            for each in attempts
        ],
        disputes=[
            (
                format_money(each.amount, spoken),
                translate(DISPUTE_STATES[each.state]),
                each.reason.replace("_", " "),
                format_moment(each.due_at, spoken, zone) if each.due_at and each.is_open else "",
                each.is_withheld and each.is_open,
                each.reference,
            )
            for each in disputes
        ],
        is_disputed=any(each.state in NOTHING_GOES_BACK for each in disputes),
        refunds=[(format_money(each.amount, spoken), each.state.value, each.reason.value) for each in refunds],
        returns=returns,
    )


def _steps(found: Order, *, paid: bool) -> list[tuple[str, str]]:
    """What may come next. Handing over at the counter has a form of its own: it needs the code."""
    pickup = found.fulfilment is Fulfilment.PICKUP
    possible = []
    for state, words in _STEPS.items():
        if state is OrderState.CANCELLED:
            fits = found.is_open
        elif pickup:
            fits = state in (OrderState.PREPARING, OrderState.READY) and state in ORDER_MOVES[found.state]
        else:
            fits = state is not OrderState.READY and state in ORDER_MOVES[found.state] and paid
        if fits:
            possible.append((state.value, translate(words)))
    return possible


@blueprint.post("/orders/<order>/state")
@access.needs(Permission.ORDERS)
def move_order(order: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop
    state, version = request.form.get("state", ""), request.form.get("version", "")
    if state not in {each.value for each in _STEPS}:
        abort(404)

    def work(uow: UnitOfWork) -> object:
        found = own_order(uow, order, member)
        return shop.orders.advance(
            uow,
            found.id,
            OrderState(state),
            actor=f"staff:{member.id}",
            version=int(version) if version.isascii() and version.isdecimal() else 0,
            note=inputs.clean(request.form.get("note", ""))[:200],
        )

    result = write_again(shop.storage, work)
    site().wake()
    if isinstance(result, Refused):
        return order_page(order, Told(translate(NOT_ADVANCED[result.reason]), is_bad=True), 409)
    return redirect(f"/staff/orders/{order}?done=moved", 303)


@blueprint.post("/orders/<order>/paid")
@access.needs(Permission.ORDERS)
def order_paid(order: str) -> ResponseReturnValue:
    member, shop = access.member(), site().shop

    def work(uow: UnitOfWork) -> object:
        return shop.paying.paid_at_counter(uow, own_order(uow, order, member).id, f"staff:{member.id}")

    result = write_again(shop.storage, work)
    site().wake()
    if isinstance(result, Refused):
        return order_page(order, Told(translate(NOT_ADVANCED[result.reason]), is_bad=True), 409)
    return redirect(f"/staff/orders/{order}?done=paid", 303)


# --- entering an order that was taken elsewhere


@blueprint.get("/orders/new")
@access.needs(Permission.ORDERS)
def new_order() -> ResponseReturnValue:
    return _neworder_page(None)


def _neworder_page(told: Told | None, status: int = 200) -> ResponseReturnValue:
    member = access.member()
    with site().shop.storage.read() as uow:
        stores = [store for store in uow.stores.all() if member.works_at(store.id)]
    lines = list(zip(request.form.getlist("sku"), request.form.getlist("quantity"), strict=False))
    return counter_page(
        "counter/new_order.html",
        room="orders",
        status=status,
        stores=stores,
        told=told,
        given=request.form,
        lines=(lines + [("", "1")] * 4)[: max(4, len(lines))],
    )


@blueprint.post("/orders/new")
@access.needs(Permission.ORDERS)
def enter_order() -> ResponseReturnValue:
    """By telephone (held, paid at the counter) or at the counter (paid and taken along)."""
    member, shop, form = access.member(), site().shop, request.form
    store_id = access.own_store(form.get("store", "")).id
    source = OrderSource.COUNTER if form.get("source") == "counter" else OrderSource.PHONE
    phone = inputs.clean(form.get("phone", ""))[:32]
    asked = [
        (inputs.clean(sku), int(units) if units.isascii() and units.isdecimal() and len(units) < 4 else 1)
        for sku, units in zip(form.getlist("sku")[:_MOST_LINES], form.getlist("quantity")[:_MOST_LINES], strict=False)
        if sku.strip()
    ]

    def work(uow: UnitOfWork) -> Order | Refused | str:  # type: ignore[type-arg]
        lines = []
        for sku, units in asked:
            found = uow.products.by_sku(sku) or uow.products.by_gtin(sku)
            if found is None:
                return sku
            lines.append(EnteredLine(found[1].id, units))
        contact = Contact(source.value, store_id, phone or shop.ids.new_id())
        return shop.orders.enter(
            uow,
            EnteredOrder(
                source=source,
                store_id=store_id,
                lines=lines,
                contact=contact,
                language=language(),
                name=inputs.clean(form.get("name", ""))[:120],
                email=inputs.clean(form.get("email", ""))[:254],
                phone=phone,
            ),
            actor=f"staff:{member.id}",
        )

    result = write_again(shop.storage, work)
    if isinstance(result, str):
        return _neworder_page(Told(translate("We know no “{sku}”.", sku=result), is_bad=True), 422)
    if isinstance(result, Refused):
        return _neworder_page(Told(translate(NOT_ENTERED[result.reason]), is_bad=True), 409)
    site().wake()
    return redirect(f"/staff/orders/{result.id}?done=entered", 303)
