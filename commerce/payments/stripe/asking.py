"""What is asked of Stripe: the fields of a Checkout Session and of a refund, from our own values.

Every field is one of the library's own typed dictionaries, against which tests check them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commerce.domain.money import Money
from commerce.domain.payment import PaymentAttempt, PaymentRequest, Refund
from commerce.payments.showing import ShownLine, email_to_show, shown_lines
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
    lines = shown_lines(request, most=_MOST_LINES, longest_name=_LONGEST_NAME)
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
        "line_items": [_line(line, attempt.amount.currency) for line in lines],
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "expires_at": _expires_at(attempt, now),
        "locale": request.language if request.language in _LOCALES else "auto",
        # Prices are shown in our currency and collected in it: the order's total is the amount, to the last unit.
        "adaptive_pricing": {"enabled": False},
    }
    if email := email_to_show(request):
        params["customer_email"] = email
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


def _line(line: ShownLine, currency: str) -> SessionCreateParamsLineItem:
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": to_stripe(Money(line.each_minor, currency)),
            "product_data": {"name": line.name},
        },
    }
