"""What people come for, by machine: the board's list, and moving it on with the version that was seen.

Mounted only where the shop has given out keys (setting API_KEYS). Handing over needs the code: see `counter`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, NotRequired

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from commerce.domain.collecting import (
    OPEN_STAGES,
    NotMoved,
    NotMovedOn,
    PickUp,
    PickUpKind,
    PickUpRef,
    RejectReason,
    Stage,
)
from commerce.domain.reservation import Refused
from shoppable import inputs, keys, shopper
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.operators import require_key
from shoppable.problems import Problem
from shoppable.shapes import Iso
from shoppable.site import site
from shoppable.words import NOT_MOVED

blueprint = Blueprint("api_pick_ups", __name__, url_prefix="/api/v1/pick-ups")
blueprint.before_request(require_key)

_exact = with_config(ConfigDict(extra="forbid"))
_PROBLEMS = (400, 401, 404, 409, 415, 422, 429)
_MOST = 200

Person = Annotated[str, Field(min_length=1, max_length=64, description="Who of the staff.")]
Version = Annotated[int, Field(ge=1, description="The one that was seen: with another nothing happens.")]


@_exact
class Move(TypedDict):
    version: Version
    by: Person


@_exact
class PickUpRejection(TypedDict):
    """`reason` "not_found", "damaged" and "sold" lower the stock. The shopper is offered something else."""

    version: Version
    by: Person
    reason: Literal["not_found", "damaged", "sold", "store_closes", "other"]
    note: NotRequired[Annotated[str, Field(max_length=500)]]


@_exact
class PickUpLineFacts(TypedDict):
    sku: str
    title: str
    colour: str
    size: str
    quantity: int


@_exact
class PickUpFacts(TypedDict):
    """`proxy`: who comes in the shopper’s place. `vehicle`, `spot`, `arrived_at`: they wait outside. `due_minor` is
    still to be paid at the counter."""

    kind: str
    id: str
    version: int
    stage: str
    store: str
    customer: str
    name: str
    number: int
    source: str
    lines: list[PickUpLineFacts]
    total_minor: int
    due_minor: int
    currency: str
    created_at: Iso
    expires_at: Iso | None
    proxy: str
    coming_at: Iso | None
    vehicle: str
    spot: str
    arrived_at: Iso | None
    slot_at: Iso | None


@_exact
class PickUps(TypedDict):
    pick_ups: list[PickUpFacts]


@_exact
class RejectedFacts(TypedDict):
    """`offered`: whether the shopper was offered something else."""

    kind: str
    id: str
    offered: bool


@blueprint.after_request
def private(response: Response) -> Response:
    return shopper.private(response)


@blueprint.get("")
@describes(
    Operation(
        "What is to be collected: open ones oldest first, then those that are over, newest first",
        {200: PickUps},
        (
            Parameter("store", "Of this store alone."),
            Parameter("stage", f"One of {', '.join(stage.value for stage in Stage)}; left out: the open ones."),
        ),
        problems=(400, 401, 429),
        key=True,
    )
)
def listed() -> ResponseReturnValue:
    store, given, shop = inputs.words_of("store", longest=64), inputs.words_of("stage", longest=16), site().shop
    try:
        stages = frozenset({Stage(given)}) if given else OPEN_STAGES
    except ValueError:
        raise Problem(400, "bad_parameter", "“{name}” is not one of ours.", name="stage") from None
    with shop.storage.read() as uow:
        found = uow.pick_ups.find(store_ids=[store] if store else None, stages=stages, limit=_MOST)
    return jsonify({"pick_ups": [_facts(card) for card in found]})


@blueprint.post("/<kind>/<subject>/accept")
@describes(Operation("Say that it is seen to", {200: PickUpFacts}, body=Move, problems=_PROBLEMS, key=True))
def accept(kind: str, subject: str) -> ResponseReturnValue:
    return _moved(kind, subject, Stage.ACCEPTED)


@blueprint.post("/<kind>/<subject>/preparing")
@describes(Operation("Begin to prepare it", {200: PickUpFacts}, body=Move, problems=_PROBLEMS, key=True))
def preparing(kind: str, subject: str) -> ResponseReturnValue:
    return _moved(kind, subject, Stage.PREPARING)


@blueprint.post("/<kind>/<subject>/ready")
@describes(Operation("Say that it waits at the counter", {200: PickUpFacts}, body=Move, problems=_PROBLEMS, key=True))
def ready(kind: str, subject: str) -> ResponseReturnValue:
    return _moved(kind, subject, Stage.READY)


@blueprint.post("/<kind>/<subject>/reject")
@describes(
    Operation(
        "Say that it cannot be served, and why: the shopper is offered something else",
        {200: RejectedFacts},
        body=PickUpRejection,
        problems=_PROBLEMS,
        key=True,
    )
)
def reject(kind: str, subject: str) -> ResponseReturnValue:
    ref, asked, shop = _ref(kind, subject), inputs.body_as(PickUpRejection), site().shop
    alike = shop.offering.look_alikes(ref)
    result = shop.storage.write(
        lambda uow: shop.offering.reject(
            uow,
            ref,
            RejectReason(asked["reason"]),
            alike=alike,
            actor=_actor(asked["by"]),
            version=asked["version"],
            note=inputs.clean(asked.get("note", "")),
        )
    )
    if isinstance(result, Refused):
        raise _problem(result.reason)
    site().wake()
    return jsonify({"kind": kind, "id": subject, "offered": result.offer is not None})


def _moved(kind: str, subject: str, to_stage: Stage) -> ResponseReturnValue:
    ref, asked, collecting = _ref(kind, subject), inputs.body_as(Move), site().shop.collecting
    verb = {
        Stage.ACCEPTED: collecting.accept,
        Stage.PREPARING: collecting.start_preparing,
        Stage.READY: collecting.ready,
    }[to_stage]
    actor = _actor(asked["by"])
    result = site().shop.storage.write(lambda uow: verb(uow, ref, asked["version"], by=actor))
    if isinstance(result, NotMovedOn):
        raise _problem(result.reason)
    site().wake()
    return jsonify(_facts(result))


def _ref(kind: str, subject: str) -> PickUpRef:
    try:
        return PickUpRef(PickUpKind(kind), inputs.clean(subject)[:64])
    except ValueError:
        raise _problem(NotMoved.NOT_FOUND) from None


def _actor(name: str) -> str:
    return f"staff:{keys.person(name)}"


def _problem(reason: NotMoved) -> Problem:
    return Problem(404 if reason is NotMoved.NOT_FOUND else 409, reason.value, NOT_MOVED[reason])


def _facts(card: PickUp) -> PickUpFacts:
    known = card.details
    return {
        "kind": card.ref.kind.value,
        "id": card.ref.id,
        "version": card.version,
        "stage": card.stage.value,
        "store": card.store_id,
        "customer": card.customer_id,
        "name": card.customer_name,
        "number": card.number,
        "source": card.source,
        "lines": [
            {
                "sku": line.sku,
                "title": line.title(site().languages[0]),
                "colour": line.colour,
                "size": line.size,
                "quantity": line.quantity,
            }
            for line in card.lines
        ],
        "total_minor": card.total.minor,
        "due_minor": card.due_minor,
        "currency": card.total.currency,
        "created_at": card.created_at.astimezone(UTC).isoformat(),
        "expires_at": _iso(card.expires_at),
        "proxy": known.proxy,
        "coming_at": _iso(known.coming_at),
        "vehicle": known.vehicle,
        "spot": known.spot,
        "arrived_at": _iso(known.arrived_at),
        "slot_at": _iso(known.slot_at),
    }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
