"""The counter, by machine: handing over with a code, taking back with a code, saying no, the list of withdrawals.

Mounted only where the shop has given out keys (setting API_KEYS). Refusals are answers of the shop that are kept: a
wrong code counts.
"""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, NotRequired

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.reservation import Refused
from commerce.domain.returns import NotReturned, ReturnRequest
from commerce.i18n import format_time
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import inputs, keys, shopper
from shoppable.api.openapi import Operation, describes
from shoppable.api.operators import require_key
from shoppable.language import language
from shoppable.problems import Problem
from shoppable.shapes import Iso
from shoppable.site import site

blueprint = Blueprint("api_counter", __name__, url_prefix="/api/v1")
blueprint.before_request(require_key)

_exact = with_config(ConfigDict(extra="forbid"))
_PROBLEMS = (401, 404, 409, 415, 422, 429)

Code = Annotated[str, Field(min_length=1, max_length=64, description="As the shopper shows or says it.")]
Person = Annotated[str, Field(min_length=1, max_length=64, description="Who of the staff.")]
Fetcher = Annotated[
    str, Field(max_length=120, description="Who came in the shopper's place; left out: they themselves.")
]


@_exact
class Handover(TypedDict):
    """`paid`: the till has just taken the money of an order that was to be paid here."""

    code: Code
    by: Person
    to: NotRequired[Fetcher]
    paid: NotRequired[bool]


@_exact
class HandedOver(TypedDict):
    id: str
    state: str
    at: Iso
    to: str


@_exact
class Receiving(TypedDict):
    """`resellable`: it goes back on this store’s shelf. `difference_paid`: of an exchange for something dearer."""

    code: Code
    by: Person
    store: Annotated[str, Field(min_length=1, max_length=64)]
    resellable: bool
    difference_paid: NotRequired[bool]


@_exact
class NewUnit(TypedDict):
    """The new unit of an exchange whose old one is back: fetched, or sent."""

    code: Code
    by: Person
    store: Annotated[str, Field(min_length=1, max_length=64)]
    to: NotRequired[Fetcher]


@_exact
class Rejection(TypedDict):
    by: Person
    note: Annotated[str, Field(min_length=1, max_length=1_000, description="The shopper reads it.")]


@_exact
class ReturnFacts(TypedDict):
    """`refund_minor` is negative where a difference was to be paid."""

    id: str
    kind: str
    state: str
    refund_minor: int
    currency: str


NOT_HANDED_OVER = {
    NotHandedOver.NOT_FOUND: "There is nothing of that kind here.",
    NotHandedOver.WRONG_CODE: "Unknown code.",
    NotHandedOver.LOCKED: "Too many wrong codes: locked for ten minutes.",
    NotHandedOver.SLOW: "Too many wrong codes in this store: one every ten seconds for now.",
    NotHandedOver.NOT_READY: "It is not ready yet.",
    NotHandedOver.BY_PARCEL: "This one is sent by parcel.",
    NotHandedOver.NOT_PAID: "It has to be paid first.",
    NotHandedOver.ALREADY: "Already handed over.",
    NotHandedOver.OVER: "This is over: there is nothing to hand over or to take back.",
    NotHandedOver.WRONG_STORE: "It waits in another store.",
}
_STATUS = {
    NotHandedOver.NOT_FOUND: 404,
    NotHandedOver.WRONG_CODE: 422,
    NotHandedOver.LOCKED: 429,
    NotHandedOver.SLOW: 429,
}


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.post("/orders/<order>/handover")
@describes(Operation("Hand an order over", {200: HandedOver}, body=Handover, problems=_PROBLEMS, key=True))
def hand_order_over(order: str) -> ResponseReturnValue:
    asked, shop = inputs.body_as(Handover), site().shop

    def work(uow: UnitOfWork) -> object:
        return shop.handing_over.order(
            uow,
            order,
            code=asked["code"],
            by=keys.person(asked["by"]),
            to=asked.get("to", ""),
            paid=asked.get("paid", False),
        )

    return _handed_over(order, write_again(shop.storage, work), asked.get("to", ""))


@blueprint.post("/reservations/<reservation>/handover")
@describes(Operation("Hand a reservation over", {200: HandedOver}, body=Handover, problems=_PROBLEMS, key=True))
def hand_reservation_over(reservation: str) -> ResponseReturnValue:
    asked, shop = inputs.body_as(Handover), site().shop

    def work(uow: UnitOfWork) -> object:
        return shop.handing_over.reservation(
            uow, reservation, code=asked["code"], by=keys.person(asked["by"]), to=asked.get("to", "")
        )

    return _handed_over(reservation, write_again(shop.storage, work), asked.get("to", ""))


@blueprint.post("/returns/<request_id>/receive")
@describes(
    Operation(
        "Take back what a return's code stands for", {200: ReturnFacts}, body=Receiving, problems=_PROBLEMS, key=True
    )
)
def receive(request_id: str) -> ResponseReturnValue:
    asked, shop = inputs.body_as(Receiving), site().shop
    return _taken_back(
        write_again(
            shop.storage,
            lambda uow: shop.taking_back.receive(
                uow,
                request_id,
                code=asked["code"],
                by=keys.person(asked["by"]),
                store_id=asked["store"],
                resellable=asked["resellable"],
                difference_paid=asked.get("difference_paid", False),
            ),
        )
    )


@blueprint.post("/returns/<request_id>/handover")
@describes(
    Operation(
        "Hand over or send the new unit of an exchange", {200: ReturnFacts}, body=NewUnit, problems=_PROBLEMS, key=True
    )
)
def hand_new_unit_over(request_id: str) -> ResponseReturnValue:
    asked, shop = inputs.body_as(NewUnit), site().shop
    return _taken_back(
        write_again(
            shop.storage,
            lambda uow: shop.taking_back.hand_over(
                uow,
                request_id,
                code=asked["code"],
                by=keys.person(asked["by"]),
                store_id=asked["store"],
                to=asked.get("to", ""),
            ),
        )
    )


@blueprint.post("/returns/<request_id>/reject")
@describes(Operation("Say no to a return, and why", {200: ReturnFacts}, body=Rejection, problems=_PROBLEMS, key=True))
def reject(request_id: str) -> ResponseReturnValue:
    asked, shop = inputs.body_as(Rejection), site().shop
    result = write_again(
        shop.storage, lambda uow: shop.returns.reject(uow, request_id, by=keys.person(asked["by"]), note=asked["note"])
    )
    if isinstance(result, Refused):
        if result.reason is NotReturned.NOT_FOUND:
            raise Problem(404, "no_such_return", "There is nothing of that kind here.")
        raise Problem(
            409, "return_over", "It has come back already, is over, or cannot be refused: a withdrawal is a right."
        )
    return jsonify(_facts(result))


@blueprint.get("/withdrawals.csv")
@describes(Operation("All withdrawals as CSV", {200: None}, problems=(401, 429), key=True))
def withdrawals() -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        text = shop.withdrawing.as_csv(uow)
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="withdrawals.csv"'
    return response


def _handed_over(subject: str, result: object, to: str) -> ResponseReturnValue:
    if isinstance(result, HandOverRefused):
        raise _problem(result)
    state = getattr(result, "state")  # noqa: B009  an order's or a reservation's
    at = site().shop.clock.now().astimezone(UTC).isoformat()
    return jsonify({"id": subject, "state": state.value, "at": at, "to": to})


def _taken_back(result: ReturnRequest | HandOverRefused) -> ResponseReturnValue:
    if isinstance(result, HandOverRefused):
        raise _problem(result)
    return jsonify(_facts(result))


def _facts(request: ReturnRequest) -> ReturnFacts:
    return {
        "id": request.id,
        "kind": request.kind.value,
        "state": request.state.value,
        "refund_minor": request.refund_minor,
        "currency": request.currency,
    }


def _problem(refused: HandOverRefused) -> Problem:
    status, code = _STATUS.get(refused.reason, 409), refused.reason.value
    if refused.reason is NotHandedOver.ALREADY and refused.at is not None:
        time = format_time(refused.at, language(), site().shop.settings.timezone)
        return Problem(status, code, "Already handed over at {time}.", time=time)
    wait_s = None
    if status == 429 and refused.at is not None:
        wait_s = (refused.at - site().shop.clock.now()).total_seconds()
    return Problem(status, code, NOT_HANDED_OVER[refused.reason], retry_after_s=wait_s)
