"""The door of a shop's own till: POST /hooks/pos, signed. Mounted only where POS_SECRET is set.

`X-Vitrine-Signature: sha256=<hex>` is the HMAC-SHA256 of the raw body under the secret. Answers: 401 without a word
when it is not; 413 too large; 200 once the event is committed with its effect, be it new, known already or beyond
understanding (a dead letter); 503 with Retry-After when it could not be committed, so that it comes again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import datetime, timedelta
from typing import Annotated, Literal, NotRequired

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict
from werkzeug.exceptions import RequestEntityTooLarge

from commerce.domain.payment import CallbackKind, PaymentCallback
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import MOST_UNITS, TillEvent, TillLine, TillReport
from commerce.errors import StorageError
from commerce.ports import UnitOfWork
from shoppable.site import site

blueprint = Blueprint("pos", __name__)
log = logging.getLogger(__name__)

SOURCE = "pos"
SIGNATURE = "X-Vitrine-Signature"
MAX_BODY_BYTES = 1024 * 1024
RETRY_AFTER_S = 5
_SKEW = timedelta(minutes=5)  # a till's clock may be ahead of ours by so much


@with_config(ConfigDict(extra="forbid"))
class PosLine(TypedDict):
    """`quantity`: units that moved; for a count, how many there are. `version` orders counts of one moment."""

    sku: Annotated[str, Field(min_length=1, max_length=128)]
    quantity: Annotated[int, Field(ge=0, le=MOST_UNITS)]
    version: NotRequired[Annotated[int, Field(ge=0, le=2**62)]]


@with_config(ConfigDict(extra="ignore"))
class PosEvent(TypedDict):
    """What a till says has happened. `id` takes effect once."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,48}$")]
    type: Literal["sale", "count", "damage", "return", "not_found"]
    occurred_at: Annotated[str, Field(max_length=40)]
    store: Annotated[str, Field(min_length=1, max_length=64)]
    lines: Annotated[list[PosLine], Field(min_length=1, max_length=500)]
    note: NotRequired[Annotated[str, Field(max_length=500)]]


_EVENT = TypeAdapter(PosEvent)


@blueprint.post("/hooks/pos")
def receive() -> ResponseReturnValue:
    request.max_content_length = MAX_BODY_BYTES
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return Response(status=413)
    shop = site().shop
    if not _is_signed(body, request.headers.get(SIGNATURE, ""), shop.settings.secrets_of("pos_secret")):
        log.warning("an event of a till was refused: its signature is wrong")
        return Response(status=401)
    try:
        event = _read(body, shop.clock.now())
    except ValueError as error:
        return _keep_unreadable(body, str(error))
    try:
        report = shop.storage.write(lambda uow: _take(uow, event, body))
    except StorageError:
        return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    except ValueError as error:
        return _keep_unreadable(body, str(error), event.event_id)
    if report is None:
        return jsonify({"new": False})
    site().wake()  # somebody may have lost a hold
    return jsonify(
        {
            "new": True,
            "applied": report.applied,
            "stale": report.stale,
            "unknown": report.unknown,
            "short": report.short,
        }
    )


def _is_signed(body: bytes, offered: str, secrets: tuple[str, ...]) -> bool:
    """Constant time, whichever secret is right; a header that is no ASCII is wrong, not an error."""
    given = offered.strip().encode("utf-8", "surrogateescape")
    right = [
        hmac.compare_digest(given, b"sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode())
        for key in secrets
    ]
    return any(right)


def _read(body: bytes, now: datetime) -> TillEvent:
    """Raises ValueError for what is no event."""
    try:
        said = _EVENT.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['type']}") from error
    occurred_at = datetime.fromisoformat(said["occurred_at"])
    if occurred_at.tzinfo is None or occurred_at > now + _SKEW:
        raise ValueError("occurred_at: without a zone, or in the future")
    reason = MovementReason(said["type"])
    if reason is not MovementReason.COUNT and any(not line["quantity"] for line in said["lines"]):
        raise ValueError("lines: nothing moved")
    return TillEvent(
        SOURCE,
        said["id"],
        reason,
        said["store"],
        min(occurred_at, now),
        tuple(TillLine(line["sku"], line["quantity"], line.get("version", 0)) for line in said["lines"]),
        said.get("note", ""),
    )


def _take(uow: UnitOfWork, event: TillEvent, body: bytes) -> TillReport | None:
    """The event and its effect in one transaction; None when it was known."""
    shop = site().shop
    kept = PaymentCallback(SOURCE, event.event_id, CallbackKind.STOCK, event.occurred_at, body=body)
    row_id = uow.payment_calls.accept(kept, shop.clock.now())
    if row_id is None:
        return None
    report = shop.stocktaking.take_till_event(uow, event)
    uow.payment_calls.done(row_id)
    return report


def _keep_unreadable(body: bytes, error: str, event_id: str = "") -> ResponseReturnValue:
    """Authentic, and nobody can read it: kept for a person, and not asked for again."""
    shop = site().shop
    now = shop.clock.now()
    name = event_id or f"unreadable:{hashlib.sha256(body).hexdigest()}"
    kept = PaymentCallback(SOURCE, name, CallbackKind.IGNORED, now, body=body)

    def keep(uow: UnitOfWork) -> None:
        row_id = uow.payment_calls.accept(kept, now)
        if row_id is not None:
            uow.payment_calls.failed(row_id, error, None)

    try:
        shop.storage.write(keep)
    except StorageError:
        return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    log.error("an event of a till cannot be read: %s", error)
    return jsonify({"new": False, "dead_letter": True})
