"""What Square says, read into our words.

https://developer.squareup.com/reference/square/objects/Payment · https://developer.squareup.com/docs/webhooks/v2-events-tech-ref
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import (
    CallbackKind,
    PaymentCallback,
    PaymentReport,
    PaymentState,
    RefundReport,
    RefundState,
)
from commerce.payments.square.asking import marked

NAME = "square"

# A payment that failed or was given up leaves the link open for another try, so neither ends the attempt.
_STATES = {
    "COMPLETED": PaymentState.CAPTURED,
    "APPROVED": PaymentState.AUTHORIZED,
    "PENDING": PaymentState.AUTHORIZED,  # of a bank debit, on its way; of anything else, it has not begun
}
_REFUND_STATES = {
    "COMPLETED": RefundState.DONE,
    "PENDING": RefundState.UNKNOWN,
    "REJECTED": RefundState.FAILED,
    "FAILED": RefundState.FAILED,
}
_DISPUTE_STATES = {
    "INQUIRY_EVIDENCE_REQUIRED": DisputeState.INQUIRY,
    "INQUIRY_PROCESSING": DisputeState.INQUIRY,
    "INQUIRY_CLOSED": DisputeState.WON,
    "EVIDENCE_REQUIRED": DisputeState.NEEDS_RESPONSE,
    "PROCESSING": DisputeState.UNDER_REVIEW,
    "WAITING_THIRD_PARTY": DisputeState.UNDER_REVIEW,
    "WON": DisputeState.WON,
    "LOST": DisputeState.LOST,
    "ACCEPTED": DisputeState.LOST,  # the shop gave in
}
_STOCK_EVENTS = frozenset({"inventory.count.updated"})
_NEVER = datetime.fromtimestamp(0, UTC)


def callback(body: bytes) -> PaymentCallback:
    """Raises ValueError for what is no event of Square's."""
    try:
        event = json.loads(body)
        event_id, kind, data = _text(event["event_id"]), _text(event["type"]), event["data"]
        at = _moment(event["created_at"]) if "created_at" in event else _NEVER
        if kind in _STOCK_EVENTS:
            _counts(data)
            return PaymentCallback(NAME, event_id, CallbackKind.STOCK, at, (), (), body)
        reports, look_up = _of_event(kind, data)
        refused = _refused(data["object"]["refund"]) if look_up else ()
        disputes = _disputes(kind, data, at)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not an event of Square's: {error!r}") from error
    known = CallbackKind.PAYMENT if reports or look_up or disputes else CallbackKind.IGNORED
    return PaymentCallback(NAME, event_id, known, at, reports, look_up, body, refused, disputes)


def _of_event(kind: str, data: Mapping[str, Any]) -> tuple[tuple[PaymentReport, ...], tuple[str, ...]]:
    """Nothing for what is not ours: the till sells too, and its payments carry no note of ours."""
    thing = data.get("object") or {}
    if kind in ("payment.created", "payment.updated") and "payment" in thing:
        report = payment_report(thing["payment"])
        return ((report,) if report and report.attempt_id else ()), ()
    if kind in ("refund.created", "refund.updated") and marked(thing.get("refund", {}).get("reason")):
        # A refund says nothing of the sum of all refunds: the payment is asked about. (One that was made at the till
        # or in the dashboard shows in the payment's own event.)
        return (), (_text(thing["refund"]["payment_id"]),)
    return (), ()


def _refused(refund: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A refund of ours that will not arrive."""
    report = refund_report(refund)
    return ((marked(refund["reason"]), report.error),) if report.state is RefundState.FAILED else ()


def _disputes(kind: str, data: Mapping[str, Any], at: datetime) -> tuple[DisputeReport, ...]:
    """https://developer.squareup.com/reference/square/objects/Dispute"""
    shown = data.get("object") or {}
    thing = shown.get("dispute") or shown.get("object")  # as their examples say, or their library
    if not kind.startswith("dispute.") or thing is None:
        return ()
    told = _text(thing["state"])
    return (
        DisputeReport(
            NAME,
            _text(thing.get("id") or thing["dispute_id"]),
            _text(thing["disputed_payment"]["payment_id"]),
            _DISPUTE_STATES.get(told, DisputeState.NEEDS_RESPONSE),
            _money(thing["amount_money"]),
            is_withheld=not (told.startswith("INQUIRY") or told == "WON"),
            reason=_text(thing["reason"]).lower() if thing.get("reason") else "",
            occurred_at=_moment(thing["updated_at"]) if thing.get("updated_at") else at,
            due_at=_moment(thing["due_at"]) if thing.get("due_at") else None,
        ),
    )


def payment_report(payment: Mapping[str, Any]) -> PaymentReport | None:
    """None for one that brings no money, and leaves its link open."""
    status = _text(payment["status"])
    state = _STATES.get(status)
    if state is None or (status == "PENDING" and payment.get("source_type") != "BANK_ACCOUNT"):
        return None
    total = _money(payment.get("total_money") or payment["amount_money"])
    refunded = _money(payment["refunded_money"]).minor if payment.get("refunded_money") else 0
    if state is PaymentState.CAPTURED and refunded:
        state = PaymentState.REFUNDED if refunded >= total.minor else PaymentState.PARTIALLY_REFUNDED
    return PaymentReport(
        NAME,
        state,
        attempt_id=marked(payment.get("note")),
        payment_ref=_text(payment["id"]),
        amount=total,
        refunded_minor=refunded,
        occurred_at=_moment(payment.get("updated_at") or payment["created_at"]),
    )


def refund_report(refund: Mapping[str, Any]) -> RefundReport:
    state = _REFUND_STATES.get(str(refund.get("status")), RefundState.UNKNOWN)
    return RefundReport(state, _text(refund["id"]), "refused" if state is RefundState.FAILED else "")


def _counts(data: Mapping[str, Any]) -> None:
    """The counts are read by whoever keeps stock; here only whether there are any."""
    if not isinstance(data["object"]["inventory_counts"], list):
        raise ValueError("no counts")


def _money(value: Mapping[str, Any]) -> Money:
    amount = value["amount"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount < 2**53:
        raise ValueError("an amount is expected")
    return Money(amount, _text(value["currency"]))


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise ValueError("a name is expected")
    return value
