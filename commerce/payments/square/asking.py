"""What is asked of Square: the fields of a payment link and of a refund, from our own values.

https://developer.squareup.com/reference/square/checkout-api/create-payment-link
"""

from __future__ import annotations

from commerce.domain.payment import PaymentAttempt, PaymentRequest, Refund
from commerce.https_json import Json
from commerce.payments.showing import ShownLine, email_to_show, shown_lines

MARK = "vitrine:"
"""Before our own id in notes that Square carries from the link to the payment, and in reasons of refunds."""

_MOST_LINES = 500  # of an order: https://developer.squareup.com/docs/orders-api/create-orders
_LONGEST_NAME = 512


def link_body(request: PaymentRequest, location: str) -> Json:
    attempt = request.attempt
    lines = shown_lines(request, most=_MOST_LINES, longest_name=_LONGEST_NAME)
    body: Json = {
        "idempotency_key": attempt.idempotency_key,
        "description": attempt.id,  # used nowhere by Square: a lost link is found by it
        "payment_note": f"{request.description[:400]} {MARK}{attempt.id}".strip(),
        "order": {
            "location_id": location,
            "reference_id": attempt.id,
            "line_items": [_line(line, attempt.amount.currency) for line in lines],
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
    if email := email_to_show(request):
        body["pre_populated_data"] = {"buyer_email": email}
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


def _line(line: ShownLine, currency: str) -> Json:
    return {
        "name": line.name,
        "quantity": str(line.quantity),
        "base_price_money": {"amount": line.each_minor, "currency": currency},
    }
