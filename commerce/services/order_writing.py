"""How a quote becomes an order: everything frozen as it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from commerce.domain.cart import Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText
from commerce.domain.order import Order, OrderLine, OrderSource, OrderState
from commerce.domain.product import Product, Variant
from commerce.domain.quote import Quote


def title_of(product: Product, variant: Variant) -> LocalText:
    """As a receipt says it, in every language: "Linen midi dress, 38"."""
    if not variant.size:
        return product.title
    return LocalText({language: f"{text}, {variant.size}" for language, text in product.title.by_language.items()})


def lines_of(quote: Quote, holds: Mapping[int, str]) -> tuple[OrderLine, ...]:
    """In the cart's order, at the quoted prices. `holds` by variant."""
    assert quote.totals is not None
    return tuple(
        OrderLine(
            position=position,
            variant_id=line.variant.id,
            sku=line.variant.sku,
            title=title_of(line.product, line.variant),
            quantity=line.quantity,
            unit_price_minor=priced.unit_price_minor,
            discount_minor=priced.discount_minor,
            tax_rate_bp=priced.tax_rate_bp,
            tax_minor=priced.tax_minor,
            total_minor=priced.total_minor,
            hold_id=holds.get(line.variant.id, ""),
        )
        for position, (line, priced) in enumerate(zip(quote.lines, quote.totals.lines, strict=True))
    )


def new_order(
    quote: Quote,
    *,
    order_id: str,
    lines: tuple[OrderLine, ...],
    state: OrderState,
    source: OrderSource,
    contact: Contact,
    language: str,
    pickup_code: str,
    created_at: datetime,
    expires_at: datetime | None,
) -> Order:
    """Without a number: the storage draws it."""
    totals, draft = quote.totals, quote.cart.draft
    assert totals is not None
    assert draft.fulfilment is not None
    return Order(
        id=order_id,
        number=0,
        customer_id=quote.cart.customer_id,
        cart_id=quote.cart.id,
        state=state,
        source=source,
        channel=contact.channel,
        language=language,
        fulfilment=draft.fulfilment,
        store_id=quote.store_id,
        name=draft.name,
        email=draft.email,
        phone=draft.phone,
        address=draft.address if draft.fulfilment is Fulfilment.DELIVERY else None,
        lines=lines,
        currency=totals.currency,
        subtotal_minor=totals.subtotal_minor,
        discount_minor=totals.discount_minor,
        delivery_minor=totals.delivery_minor,
        taxes=totals.taxes,
        tax_included=totals.tax_included,
        total_minor=totals.total_minor,
        paid_minor=0,
        refunded_minor=0,
        coupon=quote.promotion.code if quote.promotion else "",
        pickup_code=pickup_code,
        created_at=created_at,
        expires_at=expires_at,
        fulfilled_at=None,
        version=1,
        came_from=quote.cart.came_from,
    )


def units_of(order: Order) -> dict[int, int]:
    """How many of each variant."""
    units: dict[int, int] = {}
    for line in order.lines:
        units[line.variant_id] = units.get(line.variant_id, 0) + line.quantity
    return units


def is_same(order: Order, quote: Quote) -> bool:
    """Whether ordering the quote would make the same order again."""
    draft, totals = quote.cart.draft, quote.totals
    if totals is None:
        return False
    picked_up = draft.fulfilment is Fulfilment.PICKUP
    return (
        order.fulfilment is draft.fulfilment
        and (not picked_up or order.store_id == quote.store_id)
        and order.address == (None if picked_up else draft.address)
        and (order.name, order.email, order.phone) == (draft.name, draft.email, draft.phone)
        and order.coupon == (quote.promotion.code if quote.promotion else "")
        and (order.currency, order.total_minor) == (totals.currency, totals.total_minor)
        and sorted((line.variant_id, line.quantity, line.unit_price_minor) for line in order.lines)
        == sorted((line.variant_id, line.quantity, line.unit_price_minor) for line in totals.lines)
    )
