"""Orders: a list of one's own, a page for each, paying, cancelling, the receipt. Somebody else's looks like none."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import NotCollecting, PickUpKind, PickUpRef
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderEvent, OrderRefused, OrderState
from commerce.domain.payment import HAS_MONEY, OPEN_PAYMENTS, PaymentAttempt, PaymentState, Placed, Refund
from commerce.domain.product import Picture
from commerce.domain.reservation import Refused
from commerce.domain.store import Store
from commerce.i18n import format_day
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.alerting import pick_up_changed
from commerce.services.ending import successor_of, who_cancels
from shoppable import coming, inputs, shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import CHECKOUT, LOOK, LOOK_UP
from shoppable.pages import trolley
from shoppable.pages.frame import page
from shoppable.shelf import main_picture, product_path
from shoppable.site import site
from shoppable.words import NOT_CANCELLED, NOT_COLLECTING, NOT_ORDERED, ORDER_STATES, how_to_pay

blueprint = Blueprint("orders", __name__)
shopper.keep_to_one_person(blueprint)

_ID = re.compile(r"[0-9a-f]{32}")
_OVER = frozenset({
    OrderState.COMPLETED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REFUNDED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of an order with the picture of what was bought, where it is still sold."""

    title: str
    path: str
    picture: Picture | None
    quantity: int
    unit_price: Money
    total: Money
    returned: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that an order's page tells. `proof`: what opened it, when that was a signed link."""

    order: Order
    proof: str
    lines: tuple[Bought, ...]
    events: tuple[OrderEvent, ...]
    attempts: tuple[PaymentAttempt, ...]
    refunds: tuple[Refund, ...]
    store: Store | None
    is_ending: bool  # cancelled by the shopper; the provider is to close its payment first
    successor: Order | None  # the cart was ordered again with other things in it
    may_cancel: bool
    slot_at: datetime | None  # when they come for it
    days: tuple[coming.Day, ...]  # when they could

    @property
    def attempt(self) -> PaymentAttempt | None:
        return self.attempts[-1] if self.attempts else None

    def path(self, below: str = "") -> str:
        return f"/orders/{self.order.id}{below}" + (f"?k={self.proof}" if self.proof else "")

    @property
    def path_of_successor(self) -> str:
        """Whoever came with a signed link goes on with one."""
        if self.successor is None:
            return ""
        proof = f"?k={site().shop.order_links.proof(self.successor.id)}" if self.proof else ""
        return f"/orders/{self.successor.id}{proof}"


@blueprint.get("/orders")
def orders() -> Response:
    shop = site().shop
    with shop.storage.read() as uow:
        customer = shopper.customer_of(uow, session.current())
        mine = shop.orders.of_customer(uow, customer.id) if customer else []
    return page(
        "orders.html",
        orders=[(each, translate(ORDER_STATES[each.state])) for each in mine],
        zone=shop.settings.timezone,
        at=shop.clock.now(),
    )


def seen_order(uow: UnitOfWork, order_id: str) -> tuple[Order, str]:
    """The order, for its owner or for who has a signed link to it (`k`), and that link's proof ('' for the owner).

    Ends in a 404 that is the same for a stranger's order as for one that never was.
    """
    found = uow.orders.get(order_id) if _ID.fullmatch(order_id) else None
    if found is None:
        abort(404)
    proof = request.values.get("k", "")
    if proof and site().shop.order_links.opens(order_id, proof):
        return found, proof
    customer = shopper.customer_of(uow, session.current())
    if customer is None or customer.id != found.customer_id:
        abort(404)
    return found, ""


def _shown(order_id: str) -> Shown:
    with site().shop.storage.read() as uow:
        order, proof = seen_order(uow, order_id)
        store = uow.stores.get(order.store_id) if order.fulfilment is Fulfilment.PICKUP else None
        return Shown(
            order,
            proof,
            tuple(_bought(uow, order)),
            tuple(uow.orders.events(order.id)),
            tuple(uow.payments.of_order(order.id)),
            tuple(uow.payments.refunds_of(order.id)),
            store,
            bool(who_cancels(uow, order)),
            successor_of(uow, order),
            site().shop.orders.may_cancel(uow, order),
            coming.slot_of(uow, order) if store else None,
            tuple(coming.days_for(uow, order, store)),
        )


def _bought(uow: UnitOfWork, order: Order) -> list[Bought]:
    bought = []
    for each in order.lines:
        found = uow.products.by_variant(each.variant_id)
        bought.append(
            Bought(
                title=each.title(language()),
                path=product_path(found[0], language()) if found else "",
                picture=main_picture(*found) if found else None,
                quantity=each.quantity,
                unit_price=Money(each.unit_price_minor, order.currency),
                total=Money(each.unit_price_minor * each.quantity, order.currency),
                returned=each.returned,
            )
        )
    return bought


@blueprint.get("/orders/<order_id>")
def order(order_id: str) -> ResponseReturnValue:
    return _page(_shown(order_id))


def _page(shown: Shown, *, trouble: str = "", status: int = 200) -> ResponseReturnValue:
    """With the header `X-Part: order`, the part of it that changes."""
    shop, found = site().shop, shown.order
    store = shown.store
    ready = found.state is OrderState.READY and bool(found.pickup_code) and found.fulfilment is Fulfilment.PICKUP
    attempt = shown.attempt
    pays = found.state is OrderState.PENDING_PAYMENT and not shown.is_ending
    response = page(
        "order_part.html" if request.headers.get("X-Part") == "order" else "order.html",
        shown=shown,
        order=found,
        mark=_mark(shown),
        state=translate(ORDER_STATES[found.state]),
        is_over=found.state in _OVER,
        waits=pays or shown.is_ending or found.state is OrderState.REFUND_PENDING,
        lines=shown.lines,
        rows=trolley.rows(found, coupon=found.coupon, fulfilment=found.fulfilment),
        events=[(each.at, translate(ORDER_STATES[each.to_state])) for each in _moves(shown.events)],
        store=store,
        zone=store.timezone if store else shop.settings.timezone,
        at=shop.clock.now(),
        may_pay_now=pays
        and attempt is not None
        and attempt.state is PaymentState.REQUIRES_ACTION
        and bool(attempt.url),
        being_made=pays and attempt is not None and attempt.state in {PaymentState.CREATED, PaymentState.UNKNOWN},
        declined=pays and (attempt is None or attempt.state in {PaymentState.FAILED, PaymentState.CANCELED}),
        returned=request.path.endswith("/paid"),
        may_cancel=shown.may_cancel and not shown.is_ending,
        has_receipt=found.paid_minor > 0,
        code=found.pickup_code if ready else "",
        qr=qr_of(found) if ready else "",
        comes=_comes(shown),
        refunds=[(each, Money(each.amount.minor, each.amount.currency)) for each in shown.refunds],
        trouble=trouble,
        how_to_pay=how_to_pay,
    )
    return response, status


def _comes(shown: Shown) -> str:
    return coming.in_words(shown.slot_at, shown.store) if shown.slot_at and shown.store else ""


def _moves(events: tuple[OrderEvent, ...]) -> list[OrderEvent]:
    """What changed the state: notes of the shop to itself stay inside."""
    return [each for each in events if each.from_state != each.to_state]


def _mark(shown: Shown) -> str:
    """Changes whenever something on the page would."""
    parts = [f"{shown.order.id}.{shown.order.version}"]
    parts += [f"{each.id}.{each.version}.{each.state}" for each in shown.attempts]
    parts += [f"{each.id}.{each.state}" for each in shown.refunds]
    parts += [coming.written(shown.slot_at)] if shown.slot_at else []
    return session.sign("order-mark", "\n".join(parts))[:16]


@blueprint.get("/orders/<order_id>/mark")
def mark(order_id: str) -> ResponseReturnValue:
    """For the page's script: whether it is worth asking for the page again."""
    contact = session.current()
    inputs.take_turn("look", LOOK, contact.address if contact else None)
    found = _mark(_shown(order_id))
    response = jsonify({"mark": found})
    response.set_etag(found)
    return response.make_conditional(request)


@blueprint.get("/orders/<order_id>/paid")
def paid(order_id: str) -> ResponseReturnValue:
    """Where a provider sends the shopper back to. What the address says about money is believed by nobody: the
    provider itself is asked, and until it has answered the page says that we wait, and looks again."""
    shown = _shown(order_id)
    attempt = shown.attempt
    waits = attempt is not None and attempt.state in OPEN_PAYMENTS and shown.order.state is OrderState.PENDING_PAYMENT
    if attempt is not None and waits and not site().buckets.wait_s("look-up", attempt.id, LOOK_UP):
        site().shop.paying.look(attempt.id)
        shown = _shown(order_id)
    return _page(shown)


@blueprint.post("/orders/<order_id>/pay")
def pay(order_id: str) -> ResponseReturnValue:
    """Pay (again): the same payment while it is open, another one where the last was declined."""
    contact, shop = session.current(), site().shop
    inputs.take_turn("checkout", CHECKOUT, contact.address if contact else None)

    def work(uow: UnitOfWork) -> Placed | OrderRefused | None:
        found, _ = seen_order(uow, order_id)
        return shop.checkout.pay_order(uow, found)

    placed = write_again(shop.storage, work)
    if isinstance(placed, Placed):
        return leave_to_pay(placed.order.id, begin(placed.attempt))
    words = translate(NOT_ORDERED[placed.reason]) if placed else translate("This order cannot be paid any more.")
    return _page(_shown(order_id), trouble=words, status=409)


def begin(attempt: PaymentAttempt) -> PaymentAttempt:
    """Asks the provider for a page to pay at, outside of any transaction. Without an answer the order's page waits."""
    return site().shop.paying.begin(attempt.id)


def leave_to_pay(order_id: str, attempt: PaymentAttempt) -> Response:
    """On to paying, or to the order's page where there is nowhere to go (yet)."""
    # Whoever came with a signed link goes on with one, to the order that replaced theirs too.
    given = f"?k={site().shop.order_links.proof(order_id)}" if request.values.get("k") else ""
    below = "/leave" if attempt.state is PaymentState.REQUIRES_ACTION and attempt.url else ""
    response = redirect(f"/orders/{order_id}{below}{given}", 303)
    assert isinstance(response, Response)
    return response


@blueprint.get("/orders/<order_id>/leave")
def leave(order_id: str) -> ResponseReturnValue:
    """The step to the provider's page: a page of ours that goes on by itself, with a link for where it does not.

    A redirect would not do: browsers hold the checkout form's `form-action` against every address that it ends at.
    """
    shown = _shown(order_id)
    attempt = shown.attempt
    if attempt is None or attempt.state is not PaymentState.REQUIRES_ACTION or not _is_web(attempt.url):
        response = redirect(shown.path(), 303)
        assert isinstance(response, Response)
        return response
    return page(
        "leave.html", url=attempt.url, order=shown.order, back=shown.path(), provider=how_to_pay(attempt.provider)
    )


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


@blueprint.post("/orders/<order_id>/cancel")
def cancel(order_id: str) -> ResponseReturnValue:
    shop = site().shop

    def work(uow: UnitOfWork) -> object:
        found, _ = seen_order(uow, order_id)
        return shop.orders.cancel(uow, found.id, found.customer_id)

    result = write_again(shop.storage, work)
    shown = _shown(order_id)
    if isinstance(result, Refused):
        return _page(shown, trouble=translate(NOT_CANCELLED[result.reason]), status=409)
    response = redirect(shown.path(), 303)
    assert isinstance(response, Response)
    return response


@blueprint.post("/orders/<order_id>/slot")
def slot(order_id: str) -> ResponseReturnValue:
    """When they come for it, until it is ready for them."""
    shop, asked = site().shop, coming.read(request.form.get("slot", ""))

    def work(uow: UnitOfWork) -> Refused[NotCollecting] | None:
        found, _ = seen_order(uow, order_id)
        if asked is None or found.fulfilment is not Fulfilment.PICKUP or found.state not in coming.MAY_CHOOSE:
            return Refused(NotCollecting.OVER)
        refused = shop.slots.take_for(uow, found, asked)
        if not refused:
            pick_up_changed(uow, PickUpRef(PickUpKind.ORDER, found.id), found.store_id, shop.clock.now())
        return refused

    refused = shop.storage.write(work)
    shown = _shown(order_id)
    if refused:
        return _page(shown, trouble=translate(NOT_COLLECTING[refused.reason]), status=409)
    response = redirect(shown.path(), 303)
    assert isinstance(response, Response)
    return response


@blueprint.get("/orders/<order_id>/receipt")
def receipt(order_id: str) -> ResponseReturnValue:
    """To be printed. Only of what was paid."""
    shown = _shown(order_id)
    found = shown.order
    if found.paid_minor <= 0:
        abort(404)
    return page(
        "receipt.html",
        shown=shown,
        order=found,
        lines=[
            (line, Money(line.unit_price_minor, found.currency), Money(line.total_minor, found.currency))
            for line in found.lines
        ],
        percent=trolley.percent,
        rows=trolley.rows(found, coupon=found.coupon, fulfilment=found.fulfilment),
        payments=[
            (how_to_pay(each.provider), Money(each.captured_minor, found.currency))
            for each in shown.attempts
            if each.state in HAS_MONEY and each.captured_minor
        ],
        refunded=Money(found.refunded_minor, found.currency) if found.refunded_minor else None,
        store=shown.store,
        comes=_comes(shown),
        day=format_day(
            found.created_at, language(), shown.store.timezone if shown.store else site().shop.settings.timezone
        ),
    )


def qr_of(found: Order) -> str:
    """What the counter scans, as the address of a picture: the order's id, which nobody guesses, and its code."""
    import segno

    out = io.BytesIO()
    segno.make(f"vitrine:order:{found.id}:{found.pickup_code}", error="m", micro=False).save(
        out, kind="png", scale=6, border=3
    )
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"
