"""What the make-believe provider says in its calls, read into our words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from commerce.domain.dispute import DisputeReport, DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import CallbackKind, PaymentCallback, PaymentReport, PaymentState


def callback(provider: str, body: bytes) -> PaymentCallback:
    """Raises ValueError for what is no event of the fake provider's."""
    try:
        event = json.loads(body)
        data, at = event["data"], datetime.fromtimestamp(event["created"], UTC)
        report = PaymentReport(
            provider,
            PaymentState(data["state"]),
            attempt_id=_name(data["attempt_id"]),
            session_ref=_name(data["session"]),
            payment_ref=str(data["payment"]),
            amount=Money(int(data["paid_minor"] or data["amount_minor"]), data["currency"]),
            refunded_minor=int(data["refunded_minor"]),
            occurred_at=at,
        )
        event_id = _name(event["id"])
        refused = tuple((_name(refund), _name(why)) for refund, why in event.get("refused_refunds", ()))
        disputes = tuple(_dispute(told, report, at) for told in event.get("disputes", ()))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not an event of the fake provider: {error!r}") from error
    return PaymentCallback(provider, event_id, CallbackKind.PAYMENT, at, (report,), (), body, refused, disputes)


def _dispute(told: Mapping[str, Any], report: PaymentReport, at: datetime) -> DisputeReport:
    """Of all that was paid."""
    assert report.amount is not None
    return DisputeReport(
        report.provider,
        _name(told["id"]),
        report.payment_ref,
        DisputeState(told["state"]),
        report.amount,
        is_withheld=bool(told["withheld"]),
        reason=str(told["reason"]),
        occurred_at=at,
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise ValueError("not a name")
    return value
