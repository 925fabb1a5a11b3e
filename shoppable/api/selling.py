"""Carts, orders and payments as the JSON of the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, PaymentState
from commerce.domain.pricing import TaxLine, Totals
from commerce.domain.quote import Quote, QuotedLine
from shoppable import inputs
from shoppable.api.facts import absolute
from shoppable.language import language, translate
from shoppable.selling_shapes import (
    AddressFacts,
    CartFacts,
    CartLineFacts,
    OrderFacts,
    OrderLineFacts,
    PaymentFacts,
    TaxFacts,
    TotalsFacts,
)
from shoppable.shelf import main_picture, picture_path, product_path
from shoppable.words import NOT_APPLIED, NOT_ORDERED, ORDER_STATES


def cart_line(quoted: QuotedLine) -> CartLineFacts:
    product, variant = quoted.product, quoted.variant
    picture = main_picture(product, variant)
    return {
        "sku": variant.sku,
        "product_id": product.id,
        "title": product.title(language()),
        "colour": variant.colour,
        "colour_words": variant.colour_words,
        "size": variant.size,
        "url": absolute(product_path(product, language())),
        "picture": absolute(picture_path(picture.media_key)) if picture else "",
        "quantity": quoted.quantity,
        "unit_price_minor": quoted.unit_price.minor,
        "prior_price_minor": quoted.prior_price.minor if quoted.prior_price else None,
        "currency": quoted.unit_price.currency,
        "is_short": quoted.is_short,
    }


def totals(priced: Totals | Order) -> TotalsFacts:
    return {
        "currency": priced.currency,
        "subtotal_minor": priced.subtotal_minor,
        "discount_minor": priced.discount_minor,
        "delivery_minor": priced.delivery_minor,
        "taxes": [_tax(tax) for tax in priced.taxes],
        "tax_included": priced.tax_included,
        "total_minor": priced.total_minor,
    }


def _tax(tax: TaxLine) -> TaxFacts:
    return {"rate_bp": tax.rate_bp, "net_minor": tax.net_minor, "tax_minor": tax.tax_minor}


def cart(quote: Quote | None, mark: str, *, cart_id: str = "") -> CartFacts:
    """`cart_id`: under which name the caller asked for it; '' for a browser's own."""
    if quote is None:
        draft, lines, saved = CheckoutDraft(), [], []
    else:
        draft = quote.cart.draft
        lines, saved = ([cart_line(each) for each in some] for some in (quote.lines, quote.saved))
    not_applied = quote.not_applied if quote else None
    return {
        "id": cart_id,
        "mark": mark,
        "units": sum(line.quantity for line in quote.cart.wanted) if quote else 0,
        "lines": lines,
        "saved": saved,
        "gone": len(quote.gone) if quote else 0,
        "coupon": quote.cart.coupon if quote else "",
        "coupon_problem": translate(NOT_APPLIED[not_applied]) if not_applied else "",
        "totals": totals(quote.totals) if quote and quote.totals else None,
        "fulfilment": draft.fulfilment.value if draft.fulfilment else None,
        "store": draft.store_id,
        "missing": [each.value for each in quote.missing] if quote else ["empty"],
        "missing_words": [translate(NOT_ORDERED[each]) for each in quote.missing] if quote else [],
        "checkout_url": absolute("/checkout"),
    }


def address(where: PostalAddress | None) -> AddressFacts | None:
    if where is None:
        return None
    return {
        "name": where.name,
        "line1": where.line1,
        "line2": where.line2,
        "postcode": where.postcode,
        "city": where.city,
        "country": where.country,
    }


def address_of(given: AddressFacts) -> PostalAddress:
    return PostalAddress(
        name=inputs.clean(given["name"]),
        line1=inputs.clean(given["line1"]),
        line2=inputs.clean(given.get("line2", "")),
        postcode=inputs.clean(given["postcode"]),
        city=inputs.clean(given["city"]),
        country=given["country"],
    )


def order(
    found: Order,
    attempts: Sequence[PaymentAttempt],
    events: Sequence[OrderEvent],
    *,
    url: str,
    slot_at: datetime | None,
) -> OrderFacts:
    lines: list[OrderLineFacts] = [
        {
            "position": each.position,
            "sku": each.sku,
            "title": each.title(language()),
            "quantity": each.quantity,
            "unit_price_minor": each.unit_price_minor,
            "discount_minor": each.discount_minor,
            "tax_rate_bp": each.tax_rate_bp,
            "tax_minor": each.tax_minor,
            "total_minor": each.total_minor,
            "returned": each.returned,
        }
        for each in found.lines
    ]
    return {
        "id": found.id,
        "number": found.number,
        "version": found.version,
        "state": found.state.value,
        "state_words": translate(ORDER_STATES[found.state]),
        "source": found.source.value,
        "came_from": found.came_from,
        "channel": found.channel,
        "fulfilment": found.fulfilment.value,
        "store": found.store_id,
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "address": address(found.address),
        "lines": lines,
        "totals": totals(found),
        "coupon": found.coupon,
        "paid_minor": found.paid_minor,
        "refunded_minor": found.refunded_minor,
        "pickup_code": found.pickup_code if may_be_picked_up(found) else "",
        "slot_at": moment(slot_at) if slot_at else None,
        "url": url,
        "created_at": moment(found.created_at),
        "expires_at": moment(found.expires_at) if found.expires_at else None,
        "payments": [payment(each) for each in attempts],
        "events": [
            {"at": moment(each.at), "state": each.to_state.value, "actor": each.actor.partition(":")[0]}
            for each in events
        ],
    }


def may_be_picked_up(found: Order) -> bool:
    """The code is good at the counter now: it is told no sooner."""
    return found.fulfilment is Fulfilment.PICKUP and found.state is OrderState.READY and bool(found.pickup_code)


def payment(attempt: PaymentAttempt) -> PaymentFacts:
    """`url` only while it can be paid there."""
    return {
        "id": attempt.id,
        "provider": attempt.provider,
        "state": attempt.state.value,
        "amount_minor": attempt.amount.minor,
        "captured_minor": attempt.captured_minor,
        "refunded_minor": attempt.refunded_minor,
        "currency": attempt.amount.currency,
        "url": attempt.url if attempt.state is PaymentState.REQUIRES_ACTION else "",
        "is_open": attempt.state in OPEN_PAYMENTS,
        "expires_at": moment(attempt.expires_at),
    }


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
