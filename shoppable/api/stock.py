"""What happens in the stores, told by machine: sales, counts, damage, returns; safety stock; who moved what and why."""

from __future__ import annotations

from datetime import UTC
from typing import Literal

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.stocktaking import Counted, HeldFor, NotCounted, StockEntry
from shoppable import inputs, keys
from shoppable.api.facts import band_name
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.operators import require_key
from shoppable.api.stock_shapes import (
    Differences,
    Movements,
    NewSafety,
    StockTaken,
    UnitsCounted,
    UnitsMoved,
    WhoLost,
)
from shoppable.problems import Problem
from shoppable.site import site

blueprint = Blueprint("api_stock", __name__, url_prefix="/api/v1/stock")
blueprint.before_request(require_key)

_WRITES = (401, 404, 409, 415, 422, 429)
_READS = (400, 401, 404, 429)
_PAGE = 50
_NO_SUCH_PLACE = "There is no such variant or store."


@blueprint.post("/sales")
@describes(Operation("Units were sold at the counter", {200: StockTaken}, body=UnitsMoved, problems=_WRITES, key=True))
def sales() -> ResponseReturnValue:
    return _moved(MovementReason.SALE)


@blueprint.post("/damage")
@describes(Operation("Units cannot be sold any more", {200: StockTaken}, body=UnitsMoved, problems=_WRITES, key=True))
def damage() -> ResponseReturnValue:
    return _moved(MovementReason.DAMAGE)


@blueprint.post("/not-found")
@describes(
    Operation("Units are not where they should be", {200: StockTaken}, body=UnitsMoved, problems=_WRITES, key=True)
)
def not_found() -> ResponseReturnValue:
    return _moved(MovementReason.NOT_FOUND)


@blueprint.post("/returns")
@describes(Operation("Units are back on the shelf", {200: StockTaken}, body=UnitsMoved, problems=_WRITES, key=True))
def returns() -> ResponseReturnValue:
    return _moved(MovementReason.RETURN)


@blueprint.post("/counts")
@describes(Operation("Somebody counted a shelf", {200: StockTaken}, body=UnitsCounted, problems=_WRITES, key=True))
def counts() -> ResponseReturnValue:
    asked = inputs.body_as(UnitsCounted)
    return _enter(
        StockEntry(
            MovementReason.COUNT, asked["sku"], asked["store"], asked["on_hand"], asked["reference"],
            inputs.clean(asked.get("note", "")), asked.get("override", False),
        )
    )  # fmt: skip


@blueprint.put("/<path:sku>/<store>/safety")
@describes(
    Operation("Keep units back from online shoppers", {200: StockTaken}, body=NewSafety, problems=_WRITES, key=True)
)
def safety(sku: str, store: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewSafety), keys.name_of_given_key(), site().shop
    level = shop.storage.write(lambda uow: shop.stocktaking.set_safety(uow, sku, store, asked["safety"], actor=actor))
    if isinstance(level, Refused):
        raise _problem(level.reason)
    return jsonify(_taken(sku, Counted(level)))


@blueprint.get("/<path:sku>/movements")
@describes(
    Operation(
        "Who moved this thing, when and why",
        {200: Movements},
        (
            Parameter("store", "Only at this store."),
            Parameter("before", "Older than this movement.", {"type": "integer"}),
            Parameter("limit", "At most so many.", {"type": "integer", "default": _PAGE}),
        ),
        problems=_READS,
        key=True,
    )
)
def movements(sku: str) -> ResponseReturnValue:
    shop, store = site().shop, inputs.words_of("store", longest=64)
    before = inputs.whole_number("before", default=None, least=1, most=10**14)
    limit = inputs.whole_number("limit", default=_PAGE, least=1, most=500) or _PAGE
    with shop.storage.read() as uow:
        found = shop.stocktaking.movements(uow, sku, store, before_id=before, limit=limit)
    if isinstance(found, Refused):
        raise _problem(found.reason)
    listed = [
        {
            "id": each.id,
            "at": each.at.astimezone(UTC).isoformat(),
            "store": each.store_id,
            "on_hand_change": each.on_hand_change,
            "held_change": each.held_change,
            "reason": each.reason.value,
            "reference": each.reference,
            "by": each.actor,
            "note": each.note,
        }
        for each in found
    ]
    return jsonify({"sku": sku, "movements": listed, "next_before": found[-1].id if len(found) == limit else None})


@blueprint.get("/differences")
@describes(
    Operation(
        "Where the last feed or a till says another number",
        {200: Differences},
        (Parameter("store", "Only at this store."),),
        problems=_READS,
        key=True,
    )
)
def differences() -> ResponseReturnValue:
    shop, store = site().shop, inputs.words_of("store", longest=64)
    with shop.storage.read() as uow:
        found = shop.stocktaking.differences(uow, store)
    return jsonify(
        {
            "differences": [
                {
                    "sku": each.sku,
                    "store": each.store_id,
                    "source": each.source,
                    "theirs": each.theirs,
                    "ours": each.ours,
                    "moved_since": each.moved_since,
                    "unexplained": each.unexplained,
                }
                for each in found
            ]
        }
    )


def _moved(reason: MovementReason) -> ResponseReturnValue:
    asked = inputs.body_as(UnitsMoved)
    return _enter(
        StockEntry(
            reason, asked["sku"], asked["store"], asked.get("quantity", 1), asked["reference"],
            inputs.clean(asked.get("note", "")), asked.get("override", False),
        )
    )  # fmt: skip


def _enter(entry: StockEntry) -> ResponseReturnValue:
    shop, actor = site().shop, keys.name_of_given_key()
    taken = shop.storage.write(lambda uow: shop.stocktaking.enter(uow, entry, actor=actor))
    if isinstance(taken, Refused):
        raise _problem(taken.reason)
    if taken.lost:
        site().wake()  # whoever lost something hears it now
    return jsonify(_taken(entry.sku, taken))


def _taken(sku: str, taken: Counted) -> StockTaken:
    level: StockLevel = taken.level
    return {
        "sku": sku,
        "store": level.store_id,
        "on_hand": level.on_hand,
        "held": level.held,
        "safety": level.safety,
        "available": level.available,
        "band": band_name(level.band),
        "counted": taken.is_new,
        "lost": [_lost(each) for each in taken.lost],
        "missing": taken.missing,
    }


def _lost(held: HeldFor) -> WhoLost:
    kind: Literal["reservation", "order"] = "reservation" if held.reservation_id else "order"
    return {"kind": kind, "id": held.reservation_id or held.order_id, "quantity": held.hold.quantity}


def _problem(reason: NotCounted) -> Problem:
    match reason:
        case NotCounted.NO_SUCH_VARIANT | NotCounted.NO_SUCH_STORE:
            return Problem(404, reason.value, _NO_SUCH_PLACE)
        case NotCounted.QUANTITY | NotCounted.REFERENCE:
            return Problem(422, "bad_body", inputs.WRONG_FIELD, name=reason.value)
        case NotCounted.NOT_THAT_MANY:
            return Problem(409, reason.value, "There are not that many on the shelf: count it first.")
        case NotCounted.HELD_ONLINE:
            return Problem(409, reason.value, "These units are held online. With “override” their owners lose them.")
        case NotCounted.PAID_FOR:
            return Problem(409, reason.value, "These units are promised to somebody and cannot be taken away.")
