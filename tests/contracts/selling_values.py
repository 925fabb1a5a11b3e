"""Orders and what hangs on them: short to make, all fields filled."""

from __future__ import annotations

from datetime import timedelta

from commerce.domain.cart import Fulfilment, PostalAddress
from commerce.domain.customer import Contact, Customer
from commerce.domain.localtext import LocalText
from commerce.domain.order import Order, OrderEvent, OrderLine, OrderSource, OrderState
from commerce.domain.payment import PaymentAttempt, PaymentState, Refund, RefundReason, RefundState
from commerce.domain.pricing import TaxLine
from commerce.ports import Storage
from tests.contracts.storage_values import LEA, NOW, SAM, euros

HOUR = timedelta(hours=1)
LEA_PERSON = Customer("c" * 32, "Léa", "fr", NOW)
SAM_PERSON = Customer("d" * 32, "Sam", "en", NOW)
HOME = PostalAddress("Léa M.", "12 rue Mercière", "69002", "Lyon", "FR", "3e étage")
PLACED = OrderEvent(NOW, None, OrderState.PENDING_PAYMENT, "shopper", "à la caisse")


def put_people(storage: Storage) -> None:
    storage.write(lambda uow: uow.customers.add(LEA_PERSON, LEA, NOW))
    storage.write(lambda uow: uow.customers.add(SAM_PERSON, SAM, NOW))


def an_order(variants: list[int], order_id: str = "o1", customer: Customer = LEA_PERSON) -> Order:
    """One unit of each variant at 79 euros, ten off the first, a parcel of 4.90."""
    lines = tuple(
        OrderLine(
            position=position,
            variant_id=variant_id,
            sku=f"sku-{variant_id}",
            title=LocalText({"fr": "Robe d’été", "en": "Summer dress"}),
            quantity=1,
            unit_price_minor=7900,
            discount_minor=1000 if position == 0 else 0,
            tax_rate_bp=2000,
            tax_minor=1150 if position == 0 else 1317,
            total_minor=6900 if position == 0 else 7900,
            hold_id=f"h{position}",
        )
        for position, variant_id in enumerate(variants)
    )
    return Order(
        id=order_id,
        number=0,
        customer_id=customer.id,
        cart_id=f"cart-{order_id}",
        state=OrderState.PENDING_PAYMENT,
        source=OrderSource.BOT,
        channel=LEA.channel,
        language="fr",
        fulfilment=Fulfilment.DELIVERY,
        store_id="bellecour",
        name="Léa M.",
        email="lea@example.org",
        phone="+33600000000",
        address=HOME,
        lines=lines,
        currency="EUR",
        subtotal_minor=7900 * len(lines),
        discount_minor=1000,
        delivery_minor=490,
        taxes=(TaxLine(2000, 12741, 2549),),
        tax_included=True,
        total_minor=7900 * len(lines) - 1000 + 490,
        paid_minor=0,
        refunded_minor=0,
        coupon="MARS10",
        pickup_code="KLM-234",
        created_at=NOW,
        expires_at=NOW + HOUR,
        fulfilled_at=None,
        version=1,
        came_from="catalogue:spring:4",
    )


def put_order(
    storage: Storage, variants: list[int], order_id: str = "o1", *, order: Order | None = None, contact: Contact = LEA
) -> Order:
    new = order or an_order(variants, order_id)
    return storage.write(lambda uow: uow.orders.add(new, contact, PLACED))


def an_attempt(order: Order, attempt_id: str = "a1") -> PaymentAttempt:
    return PaymentAttempt(
        id=attempt_id,
        order_id=order.id,
        provider="stripe",
        amount=order.total,
        state=PaymentState.CREATED,
        idempotency_key=f"key-{attempt_id}",
        created_at=NOW,
        expires_at=NOW + HOUR,
        next_check_at=NOW + HOUR / 60,
    )


def a_refund(order: Order, refund_id: str = "r1", minor: int = 500) -> Refund:
    return Refund(
        id=refund_id,
        order_id=order.id,
        attempt_id="a1",
        amount=euros(minor),
        reason=RefundReason.RETURN,
        state=RefundState.QUEUED,
        created_at=NOW,
        next_try_at=NOW,
        due_at=NOW + 14 * 24 * HOUR,
    )
