"""What is asked of Square: the fields of a payment link and of a refund, from our own values.

https://developer.squareup.com/reference/square/checkout-api/create-payment-link
"""

from __future__ import annotations

from commerce.domain.payment import PaymentAttempt, PaymentLine, PaymentRequest, Refund
from commerce.payments.square.client import Json

MARK = "vitrine:"
"""Before our own id in notes that Square carries from the link to the payment, and in reasons of refunds."""

_MOST_LINES = 500  # of an order: https://developer.squareup.com/docs/orders-api/create-orders
_LONGEST_NAME = 512


def link_body(request: PaymentRequest, location: str) -> Json:
    attempt = request.attempt
    body: Json = {
        "idempotency_key": attempt.idempotency_key,
        "description": attempt.id,  # used nowhere by Square: a lost link is found by it
        "payment_note": f"{request.description[:400]} {MARK}{attempt.id}".strip(),
        "order": {
            "location_id": location,
            "reference_id": attempt.id,
            "line_items": _lines(request),
            # The order's total is the amount, to the last unit: nothing is added by rules of the till.
            "pricing_options": {"auto_apply_discounts": False, "auto_apply_taxes": False},
        },
        "checkout_options": {
            "redirect_url": request.return_url,
            "allow_tipping": False,
            "ask_for_shipping_address": False,
            "enable_coupon": False,
            "enable_loyalty": False,
        },
    }
    if "@" in request.email:
        body["pre_populated_data"] = {"buyer_email": request.email}
    return body


def refund_body(refund: Refund, attempt: PaymentAttempt) -> Json:
    return {
        "idempotency_key": refund.id,
        "payment_id": attempt.payment_ref,
        "amount_money": {"amount": refund.amount.minor, "currency": refund.amount.currency},
        "reason": f"{refund.reason} {MARK}{refund.id}",
    }


def marked(text: object) -> str:
    """Our own id in a note or a reason; '' where there is none."""
    if not isinstance(text, str) or MARK not in text:
        return ""
    name = text.rpartition(MARK)[2].partition(" ")[0]
    return name if name.isascii() and name.isalnum() and len(name) <= 64 else ""


def _lines(request: PaymentRequest) -> list[Json]:
    """Line by line where that makes exactly the order's total, else the order as one line: the amount comes first."""
    total = request.attempt.amount
    lines = request.lines
    odd = sum(line.total_minor for line in lines) != total.minor or any(line.total_minor < 0 for line in lines)
    if odd or not 0 < len(lines) <= _MOST_LINES:
        lines = (PaymentLine(request.description, 1, total.minor),)
    return [_line(line, total.currency) for line in lines]


def _line(line: PaymentLine, currency: str) -> Json:
    """Several of a thing whose total does not divide evenly are shown as one, with their number in the name."""
    each, rest = divmod(line.total_minor, line.quantity) if line.quantity > 0 else (0, 1)
    name, quantity, minor = (
        (line.title, line.quantity, each) if not rest else (f"{line.quantity} × {line.title}", 1, line.total_minor)
    )
    return {
        "name": name.strip()[:_LONGEST_NAME] or "…",
        "quantity": str(quantity),
        "base_price_money": {"amount": minor, "currency": currency},
    }
