"""Stores that take no online orders for a while, told by machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.reservation import Refused
from commerce.domain.staff import NotPaused, PauseMethod
from shoppable import inputs, keys
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.operators import require_key
from shoppable.api.stock_shapes import NewPause, Paused
from shoppable.problems import Problem
from shoppable.site import site

blueprint = Blueprint("api_pauses", __name__, url_prefix="/api/v1/stores")
blueprint.before_request(require_key)


@blueprint.put("/<store>/pause")
@describes(
    Operation(
        "Take no online orders at a store until a time",
        {200: Paused},
        body=NewPause,
        problems=(401, 404, 415, 422, 429),
        key=True,
    )
)
def pause(store: str) -> ResponseReturnValue:
    asked, actor, shop = inputs.body_as(NewPause), keys.name_of_given_key(), site().shop
    until, reason = _until(asked, shop.clock.now()), inputs.clean(asked.get("reason", ""))
    method = PauseMethod(asked.get("method", ""))
    made = shop.storage.write(lambda uow: shop.pausing.pause(uow, store, until, reason, actor=actor, method=method))
    if isinstance(made, Refused):
        if made.reason is NotPaused.NO_SUCH_STORE:
            raise Problem(404, "no_such_store", "There is no such store.")
        raise Problem(422, "bad_body", inputs.WRONG_FIELD, name="until")
    return jsonify(
        {
            "store": store,
            "method": made.method.value,
            "until": made.until.astimezone(UTC).isoformat(),
            "reason": made.reason,
            "by": made.by,
        }
    )


@blueprint.delete("/<store>/pause")
@describes(
    Operation(
        "Take online orders again at once",
        {204: None},
        (Parameter("method", "Which pause ends: left out, that of everything; “reserve”, “pickup”."),),
        problems=(400, 401, 404, 429),
        key=True,
    )
)
def resume(store: str) -> ResponseReturnValue:
    actor, shop = keys.name_of_given_key(), site().shop
    method = _method(request.args.get("method", ""))
    if not shop.storage.write(lambda uow: shop.pausing.resume(uow, store, actor=actor, method=method)):
        raise Problem(404, "not_paused", "This store is not paused.")
    site().wake()
    return "", 204


def _method(given: str) -> PauseMethod:
    try:
        return PauseMethod(given)
    except ValueError:
        raise Problem(400, "bad_parameter", "“{name}” is not one of ours.", name="method") from None


def _until(asked: NewPause, now: datetime) -> datetime:
    """Exactly one of the two ways to say it."""
    if "minutes" in asked and "until" not in asked:
        return now + timedelta(minutes=asked["minutes"])
    if "until" in asked and "minutes" not in asked:
        try:
            moment = datetime.fromisoformat(asked["until"])
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    raise Problem(422, "bad_body", inputs.WRONG_FIELD, name="until")
