"""What comes back, on the order's page: the legal withdrawal in two steps with its receipt, exchanges and returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.coming_back import LineOptions, WayBack, units
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.product import Variant
from commerce.domain.reservation import Refused
from commerce.domain.returns import COMING_STATES, NotReturned, ReturnKind, ReturnReason, ReturnRequest, ReturnWay
from commerce.i18n import format_date
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from commerce.services.returns import ReturnOptions, Wanted
from shoppable import inputs, shopper
from shoppable.chat import session
from shoppable.language import language, translate
from shoppable.limits import CHECKOUT
from shoppable.pages.frame import page
from shoppable.pages.orders import seen_order
from shoppable.site import site
from shoppable.words import NOT_RETURNED, RETURN_REASONS

blueprint = Blueprint("returns", __name__)
shopper.keep_to_one_person(blueprint)

_LONGEST_NAME = 120
_KINDS = {kind.value: kind for kind in (ReturnKind.EXCHANGE, ReturnKind.RETURN, ReturnKind.PROBLEM)}


@dataclass(frozen=True, slots=True)
class Section:
    """What the order's page says of coming back. `last_day` of the withdrawal, in words; '' while it does not count."""

    found: ReturnOptions
    may_withdraw: bool
    last_day: str
    too_late: bool
    may_return: bool
    open_requests: tuple[ReturnRequest, ...]


def section(order: Order) -> Section:
    shop = site().shop
    with shop.storage.read() as uow:
        found = shop.returns.options(uow, order)
    way = found.withdrawal
    until = way.until if isinstance(way, WayBack) else None
    return Section(
        found,
        may_withdraw=isinstance(way, WayBack) and bool(found.lines_for(ReturnKind.WITHDRAWAL)),
        last_day=format_date(until - timedelta(seconds=1), language(), found.timezone) if until else "",
        too_late=found.withdrawal is NotReturned.TOO_LATE and bool(shop.settings.withdrawal_days),
        may_return=any(found.lines_for(kind) for kind in _KINDS.values()),
        open_requests=tuple(
            each for each in found.requests if each.state in COMING_STATES and each.kind is not ReturnKind.WITHDRAWAL
        ),
    )


# --- the legal withdrawal


@blueprint.get("/orders/<order_id>/withdrawal")
def withdrawal(order_id: str) -> ResponseReturnValue:
    """The first step, or the receipt where nothing is left to withdraw from."""
    return _withdrawal(order_id)


def _withdrawal(order_id: str, *, trouble: str = "", status: int = 200) -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        order, proof = seen_order(uow, order_id)
        found = shop.returns.options(uow, order)
        lines = found.lines_for(ReturnKind.WITHDRAWAL)
        customer = uow.customers.get(order.customer_id)
        amount = shop.withdrawing.amount(uow, order) if lines else 0
        response = page(
            "withdrawal.html",
            order=order,
            proof=proof,
            back=_path(order, proof),
            lines=[(each.line, way.quantity) for each in lines if (way := each.way(ReturnKind.WITHDRAWAL))],
            amount=Money(amount, order.currency),
            name=order.name or (customer.name if customer else ""),
            channels=[(contact.lane, _channel(contact)) for contact in _contacts(uow, order, proof)],
            seen=len(found.withdrawn),
            receipts=found.withdrawn,
            trouble=trouble or ("" if lines or found.withdrawn else translate(NOT_RETURNED[_why(found)])),
        )
    return response, status


def _why(found: ReturnOptions) -> NotReturned:
    return found.why_none(ReturnKind.WITHDRAWAL)


@blueprint.post("/orders/<order_id>/withdrawal")
def withdraw(order_id: str) -> ResponseReturnValue:
    """The second step. Twice is once: the answer is the same receipt."""
    shop = site().shop
    inputs.take_turn("checkout", CHECKOUT)
    name = inputs.clean(request.form.get("name", "")).strip()[:_LONGEST_NAME]
    chosen = {
        int(each) for each in request.form.getlist("line") if each.isascii() and each.isdecimal() and len(each) < 4
    }
    seen = request.form.get("seen", "0")

    def work(uow: UnitOfWork) -> ReturnRequest | Refused[NotReturned]:
        order, proof = seen_order(uow, order_id)
        found = shop.returns.options(uow, order)
        left = {each.line.position: way.quantity for each in found.lines if (way := each.way(ReturnKind.WITHDRAWAL))}
        contacts = _contacts(uow, order, proof)
        to = next((contact for contact in contacts if contact.lane == request.form.get("to", "")), contacts[0])
        return shop.withdrawing.withdraw(
            uow,
            order.id,
            order.customer_id,
            name=name or order.name,
            contact=to,
            channel=_channel(to),
            language=language(),
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 4 else 0,
            lines={position: count for position, count in left.items() if position in chosen},
        )

    with shop.storage.read() as uow:
        order, proof = seen_order(uow, order_id)
    if not name and not order.name:
        return _withdrawal(order_id, trouble=translate("Please write your name."), status=422)
    result = write_again(shop.storage, work)
    if isinstance(result, Refused):
        return _withdrawal(order_id, trouble=translate(NOT_RETURNED[result.reason]), status=409)
    return _see(_path(order, proof, "/withdrawal"))


@blueprint.get("/orders/<order_id>/withdrawal.txt")
def receipt(order_id: str) -> ResponseReturnValue:
    """The receipt, byte for byte as it was sent; the last one, or the one that is named (`r`)."""
    with site().shop.storage.read() as uow:
        order, _ = seen_order(uow, order_id)
        done = site().shop.returns.options(uow, order).withdrawn
    asked = request.args.get("r", "")
    found = next((each for each in reversed(done) if asked in ("", each.id)), None)
    if found is None:
        abort(404)
    response = Response(found.receipt, mimetype="text/plain")
    name = translate("withdrawal-{number}.txt", number=order.number)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _contacts(uow: UnitOfWork, order: Order, proof: str) -> list[Contact]:
    """Where the receipt can go. Whoever came by a link alone chooses nothing: it goes where news of the order goes."""
    first = uow.orders.contact_of(order.id)
    if proof:
        return [first] if first else []
    here = session.current()
    all_of_them = [here, first, *uow.customers.contacts(order.customer_id)]
    return list(dict.fromkeys(contact for contact in all_of_them if contact is not None))


def _channel(contact: Contact) -> str:
    if contact.channel == "telegram":
        return "Telegram"
    return translate("the chat on this site") if contact.channel == session.CHANNEL else contact.channel


# --- exchanges, returns, problems


@blueprint.get("/orders/<order_id>/return")
def asking(order_id: str) -> ResponseReturnValue:
    return _asking(order_id)


def _asking(order_id: str, *, trouble: str = "", status: int = 200) -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        order, proof = seen_order(uow, order_id)
        found = shop.returns.options(uow, order)
        lines = [each for each in found.lines if any(each.way(kind) for kind in _KINDS.values())]
        choices = {each.line.position: _instead(uow, found, each) for each in lines}
        stores = [store for store in uow.stores.all() if store.takes_visitors]
    response = page(
        "return.html",
        order=order,
        proof=proof,
        back=_path(order, proof),
        lines=lines,
        choices=choices,
        ways={each.line.position: [way.kind.value for way in each.ways] for each in lines},
        stores=stores,
        kinds=[kind for kind in _KINDS.values() if found.lines_for(kind)],
        reasons=[
            (each.value, translate(RETURN_REASONS[each])) for each in ReturnReason if each is not ReturnReason.NONE
        ],
        trouble=trouble or ("" if lines else translate(NOT_RETURNED[found.why_none(ReturnKind.PROBLEM)])),
    )
    return response, status


def _instead(uow: UnitOfWork, found: ReturnOptions, each: LineOptions) -> list[Variant]:
    """The other sizes and colours of what they have, that are to be had somewhere."""
    mine = units(each.line, found.requests)
    had = uow.products.by_variant(mine[0].variant_id) if mine and each.way(ReturnKind.EXCHANGE) else None
    if had is None:
        return []
    product, variant = had
    there = {level.variant_id for level in uow.stock.levels([v.id for v in product.variants]) if level.available > 0}
    return [other for other in product.variants if other.id in there and other.id != variant.id]


@blueprint.post("/orders/<order_id>/return")
def ask(order_id: str) -> ResponseReturnValue:
    shop, form = site().shop, request.form
    inputs.take_turn("checkout", CHECKOUT)
    kind = _KINDS.get(form.get("kind", ""))
    reason = next((each for each in ReturnReason if each.value == form.get("reason")), ReturnReason.NONE)
    way = ReturnWay.PARCEL if form.get("way") == ReturnWay.PARCEL.value else ReturnWay.STORE
    position, variant = _whole(form.get("line", "")), _whole(form.get("instead", ""))
    if kind is None or position is None:
        return _asking(order_id, trouble=translate("Please choose what comes back, and why."), status=422)
    wanted = Wanted(
        kind,
        {position: 1},
        reason,
        way,
        store_id=form.get("store", "")[:64],
        new_variant_id=variant or 0,
        note=inputs.clean(form.get("note", ""))[:1_000],
    )

    def work(uow: UnitOfWork) -> ReturnRequest | Refused[NotReturned]:
        order, _ = seen_order(uow, order_id)
        return shop.returns.request(uow, order.id, order.customer_id, wanted)

    result = write_again(shop.storage, work)
    if isinstance(result, Refused):
        return _asking(order_id, trouble=translate(NOT_RETURNED[result.reason]), status=409)
    with shop.storage.read() as uow:
        order, proof = seen_order(uow, order_id)
    return _see(_path(order, proof) + "#coming-back")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _path(order: Order, proof: str, below: str = "") -> str:
    return f"/orders/{order.id}{below}" + (f"?k={proof}" if proof else "")


def _see(path: str) -> Response:
    response = redirect(path, 303)
    assert isinstance(response, Response)
    return response


def install(app: Flask) -> None:
    app.jinja_env.globals.update(coming_back=section)
    app.register_blueprint(blueprint)
