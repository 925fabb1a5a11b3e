"""What Stripe says, read into our words. Only fields that are the same in every version of its API for years.

A webhook comes in the version that its endpoint was made with, whatever version we speak.
https://docs.stripe.com/api/checkout/sessions/object · https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.payment import (
    CallbackKind,
    PaymentCallback,
    PaymentReport,
    PaymentState,
    RefundReport,
    RefundState,
)
from commerce.payments.stripe.amounts import from_stripe
from commerce.payments.stripe.asking import ATTEMPT, REFUND

NAME = "stripe"

_SESSION_EVENTS = {
    "checkout.session.completed": None,  # as the session says
    "checkout.session.async_payment_succeeded": PaymentState.CAPTURED,
    "checkout.session.async_payment_failed": PaymentState.FAILED,
    "checkout.session.expired": PaymentState.CANCELED,
}
_REFUND_EVENTS = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)  # https://docs.stripe.com/refunds#failed-refunds
_REFUND_STATES = {
    "succeeded": RefundState.DONE,
    "pending": RefundState.UNKNOWN,
    "requires_action": RefundState.UNKNOWN,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTE_STATES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "charge_refunded": DisputeState.WON,  # of old endpoints
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "appeal_needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "appeal_under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def callback(body: bytes) -> PaymentCallback:
    """Raises ValueError for what is no event of Stripe's."""
    try:
        event = json.loads(body)
        event_id, kind = _text(event["id"]), _text(event["type"])
        at = datetime.fromtimestamp(_whole(event.get("created", 0)), UTC)
        thing = event["data"]["object"]
        reports, look_up = _of_event(kind, thing, at)
        refused = _refused(thing) if kind in _REFUND_EVENTS else ()
        disputes = _disputes(kind, thing, at)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise ValueError(f"not an event of Stripe's: {error!r}") from error
    known = CallbackKind.PAYMENT if reports or look_up or disputes else CallbackKind.IGNORED
    return PaymentCallback(NAME, event_id, known, at, reports, look_up, body, refused, disputes)


def _of_event(kind: str, thing: Mapping[str, Any], at: datetime) -> tuple[tuple[PaymentReport, ...], tuple[str, ...]]:
    """Nothing for what is not ours: the account may sell elsewhere too, and news of that is no trouble."""
    if kind in _SESSION_EVENTS:
        report = session_report(thing, at, _SESSION_EVENTS[kind])
        return ((report,) if report.attempt_id and thing.get("mode", "payment") == "payment" else ()), ()
    if kind == "charge.refunded":
        charge = charge_report(thing, at)
        return ((charge,) if charge.attempt_id else ()), ()
    if kind in _REFUND_EVENTS and ATTEMPT in (thing.get("metadata") or {}):
        # A refund says nothing of the sum of all refunds: the payment is asked about.
        return (), (_reference(thing["payment_intent"]),)
    return (), ()


def _refused(refund: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A refund of ours that will not arrive; it may have been called done before.
    https://docs.stripe.com/refunds#failed-refunds"""
    name = _reference((refund.get("metadata") or {}).get(REFUND))
    report = refund_report(refund)
    return ((name, report.error),) if name and report.state is RefundState.FAILED else ()


def _disputes(kind: str, thing: Mapping[str, Any], at: datetime) -> tuple[DisputeReport, ...]:
    """https://docs.stripe.com/api/disputes/object · https://docs.stripe.com/disputes/how-disputes-work"""
    if not kind.startswith("charge.dispute.") or not thing.get("payment_intent"):
        return ()
    due_s = (thing.get("evidence_details") or {}).get("due_by")
    moved = thing.get("balance_transactions") or ()
    return (
        DisputeReport(
            NAME,
            _text(thing["id"]),
            _reference(thing["payment_intent"]),
            _DISPUTE_STATES.get(_text(thing["status"]), DisputeState.NEEDS_RESPONSE),
            from_stripe(_whole(thing["amount"]), _text(thing["currency"])),
            is_withheld=sum(transaction["amount"] for transaction in moved) < 0,
            reason=_reference(thing.get("reason")),
            occurred_at=at,
            due_at=datetime.fromtimestamp(_whole(due_s), UTC) if due_s else None,
        ),
    )


def session_report(session: Mapping[str, Any], at: datetime, told: PaymentState | None = None) -> PaymentReport:
    """Of a Checkout Session, with its payment intent and charge where they are expanded.

    `told`: what the event's name says. A session that an event shows is how it was then; money beats a bad end.
    """
    intent = session.get("payment_intent")
    expanded: Mapping[str, Any] = intent if isinstance(intent, Mapping) else {}
    charge = expanded.get("latest_charge")
    refunded = _whole(charge.get("amount_refunded", 0)) if isinstance(charge, Mapping) else 0
    currency = _text(session["currency"])
    state = told or _state(session, expanded)
    total = _whole(session["amount_total"])
    if state is PaymentState.CAPTURED and expanded:
        total = _whole(expanded["amount_received"])
    if state is PaymentState.CAPTURED and refunded:
        state = PaymentState.REFUNDED if refunded >= total else PaymentState.PARTIALLY_REFUNDED
    return PaymentReport(
        NAME,
        state,
        attempt_id=_our_name(session),
        session_ref=_text(session["id"]),
        payment_ref=_reference(intent),
        amount=from_stripe(total, currency),
        refunded_minor=from_stripe(refunded, currency).minor,
        occurred_at=at,
    )


def _state(session: Mapping[str, Any], intent: Mapping[str, Any]) -> PaymentState:
    # Events of old endpoints have no status: they are only sent for what is complete.
    match session.get("status", "complete"), session.get("payment_status"), intent.get("status"):
        case "expired", _, _:
            return PaymentState.CANCELED
        case "complete", "paid" | "no_payment_required", _:
            return PaymentState.CAPTURED
        case "complete", _, "requires_payment_method":  # a bank debit that came back
            return PaymentState.FAILED
        case "complete", _, "canceled":
            return PaymentState.CANCELED
        case "complete", _, _:  # a bank debit on its way
            return PaymentState.AUTHORIZED
        case _:
            return PaymentState.REQUIRES_ACTION


def charge_report(charge: Mapping[str, Any], at: datetime) -> PaymentReport:
    currency = _text(charge["currency"])
    amount, refunded = _whole(charge["amount"]), _whole(charge["amount_refunded"])
    metadata = charge.get("metadata") or {}
    return PaymentReport(
        NAME,
        PaymentState.REFUNDED if refunded >= amount else PaymentState.PARTIALLY_REFUNDED,
        attempt_id=_reference(metadata.get(ATTEMPT)),
        payment_ref=_reference(charge["payment_intent"]),
        amount=from_stripe(amount, currency),
        refunded_minor=from_stripe(refunded, currency).minor,
        occurred_at=at,
    )


def refund_report(refund: Mapping[str, Any]) -> RefundReport:
    state = _REFUND_STATES.get(str(refund.get("status")), RefundState.UNKNOWN)
    failure = str(refund.get("failure_reason") or "refused") if state is RefundState.FAILED else ""
    return RefundReport(state, _text(refund["id"]), failure)


def _our_name(session: Mapping[str, Any]) -> str:
    """The attempt that a session is for, '' for a session of somebody else."""
    if "metadata" in session:
        return _reference((session["metadata"] or {}).get(ATTEMPT))
    return _reference(session.get("client_reference_id"))


def _reference(value: object) -> str:
    """An id, or the id of the thing when it is expanded; '' for none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return _text(value) if value is not None else ""


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise ValueError("a name is expected")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("a whole number is expected")
    return value
