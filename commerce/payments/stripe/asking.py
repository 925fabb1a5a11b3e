"""What is asked of Stripe: the fields of a Checkout Session and of a refund, from our own values.

Every field is one of the library's own typed dictionaries, against which tests check them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commerce.domain.money import Money
from commerce.domain.payment import PaymentAttempt, PaymentLine, PaymentRequest, Refund
from commerce.payments.stripe.amounts import to_stripe

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

ATTEMPT, REFUND = "vitrine_attempt", "vitrine_refund"
"""Under these names our own ids travel in metadata."""

SHORTEST_S, LONGEST_S = 30 * 60, 24 * 3600  # https://docs.stripe.com/api/checkout/sessions/create (expires_at)
_SLACK = timedelta(minutes=1)  # for the call itself and for clocks that differ
_STEP = timedelta(minutes=10)
_MOST_LINES = 100  # https://docs.stripe.com/api/checkout/sessions/create (line_items)
_LONGEST_NAME = 250
_LONGEST_TEXT = 500  # of a metadata value
_LOCALES = frozenset({"fr", "en"})


def session_params(request: PaymentRequest, now: datetime) -> SessionCreateParams:
    attempt = request.attempt
    ours = {
        ATTEMPT: attempt.id,
        "vitrine_order": attempt.order_id,
        "vitrine_order_number": str(request.order_number),
    }
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": attempt.id,
        "metadata": ours,
        # The charge copies this: a refund made in the dashboard can be told whose it is.
        "payment_intent_data": {"metadata": ours, "description": request.description[:_LONGEST_TEXT]},
        "line_items": _lines(request),
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "expires_at": _expires_at(attempt, now),
        "locale": request.language if request.language in _LOCALES else "auto",
        # Prices are shown in our currency and collected in it: the order's total is the amount, to the last unit.
        "adaptive_pricing": {"enabled": False},
    }
    if "@" in request.email:
        params["customer_email"] = request.email
    return params


def refund_params(refund: Refund, attempt: PaymentAttempt) -> RefundCreateParams:
    return {
        "payment_intent": attempt.payment_ref,
        "amount": to_stripe(refund.amount),
        "metadata": {REFUND: refund.id, ATTEMPT: attempt.id},
    }


def _expires_at(attempt: PaymentAttempt, now: datetime) -> int:
    """The attempt's own end, as far as Stripe allows, counted from when the attempt was made: the same for every
    repetition, so that the key holds. A first call that comes late would be refused with it, and gets a later end in
    steps of ten minutes."""
    end = max(attempt.expires_at, attempt.created_at + timedelta(seconds=SHORTEST_S) + _STEP / 2)
    end = min(end, attempt.created_at + timedelta(seconds=LONGEST_S) - _SLACK)
    while end < now + timedelta(seconds=SHORTEST_S) + _SLACK:
        end += _STEP
    return int(end.timestamp())


def _lines(request: PaymentRequest) -> list[SessionCreateParamsLineItem]:
    """Line by line where that makes exactly the order's total, else the order as one line: the amount comes first."""
    total = request.attempt.amount
    lines = request.lines
    odd = sum(line.total_minor for line in lines) != total.minor or any(line.total_minor < 0 for line in lines)
    if odd or not 0 < len(lines) <= _MOST_LINES:
        lines = (PaymentLine(request.description, 1, total.minor),)
    return [_line(line, total.currency) for line in lines]


def _line(line: PaymentLine, currency: str) -> SessionCreateParamsLineItem:
    """Several of a thing whose total does not divide evenly are shown as one, with their number in the name."""
    each, rest = divmod(line.total_minor, line.quantity) if line.quantity > 0 else (0, 1)
    name, quantity, minor = (
        (line.title, line.quantity, each) if not rest else (f"{line.quantity} × {line.title}", 1, line.total_minor)
    )
    return {
        "quantity": quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": to_stripe(Money(minor, currency)),
            "product_data": {"name": name.strip()[:_LONGEST_NAME] or "…"},
        },
    }
