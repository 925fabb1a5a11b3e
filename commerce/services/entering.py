"""Orders that staff took elsewhere: on the phone, at the counter, from a marketplace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.domain.cart import MAX_LINES, MAX_QUANTITY, Fulfilment, PostalAddress
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import NotEntered, Order, OrderEvent, OrderLine, OrderSource, OrderState
from commerce.domain.payment import LedgerEntry, LedgerKind, PaymentAttempt, PaymentState
from commerce.domain.pricing import Totals, price
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.ports import Clock, Ids, SellingRules, UnitOfWork
from commerce.services.customers import Customers
from commerce.services.order_news import OrderNews, tell
from commerce.services.order_writing import title_of
from commerce.services.quoting import PAY_IN_STORE
from commerce.services.reserving import kept_until

MARKETPLACE = "marketplace"  # the "provider" that has collected a marketplace's money
_A_PARCEL_WAITS = timedelta(days=2)  # for its payment, when it was ordered on the phone


@dataclass(frozen=True, slots=True)
class EnteredLine:
    """`unit_price` None: today's."""

    variant_id: int
    quantity: int
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True)
class EnteredOrder:
    """What staff know of an order that they took.

    PHONE: held, and to be paid at the counter. COUNTER: paid, and taken along at once. MARKETPLACE: paid there, to be
    prepared. `contact` says who it is, and gets the news if it is a channel of ours; Contact("phone", store, number) or
    Contact("counter", store, receipt) for people without any. `reference` is the other side's own number: the order is
    entered once under it. `number`: one of ours to be kept (an order from before); 0 draws the next.
    """

    source: OrderSource
    store_id: str
    lines: Sequence[EnteredLine]
    contact: Contact
    language: str
    customer_id: str = ""  # '' recognises the contact
    fulfilment: Fulfilment = Fulfilment.PICKUP
    address: PostalAddress | None = None
    name: str = ""
    email: str = ""
    phone: str = ""
    reference: str = ""
    number: int = 0


class _SoldOut(Exception):
    """Undoes the savepoint."""


class Entering:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, ids: Ids, rules: SellingRules, customers: Customers) -> None:
        self._clock, self._ids, self._rules, self._customers = clock, ids, rules, customers

    def enter(self, uow: UnitOfWork, entered: EnteredOrder, *, actor: str) -> Order | Refused[NotEntered]:
        """The order, in the state in which such an order begins. ValueError: such a source is not entered by hand."""
        if entered.source not in (OrderSource.PHONE, OrderSource.COUNTER, OrderSource.MARKETPLACE):
            raise ValueError(f"orders from {entered.source} are not entered by hand")
        provider = MARKETPLACE if entered.source is OrderSource.MARKETPLACE else PAY_IN_STORE
        reference = f"{entered.store_id}:{entered.reference}" if entered.reference else ""
        known = uow.payments.by_reference(provider, reference)
        before = uow.orders.get(known.order_id) if known else None
        if before is not None:
            return before
        found = self._found(uow, entered)
        if isinstance(found, Refused):
            return found
        order = self._order(uow, entered, found)
        try:
            with uow.savepoint():
                return self._keep(uow, order, entered.contact, provider, reference, actor)
        except _SoldOut:
            return Refused(NotEntered.SOLD_OUT)

    def _found(
        self, uow: UnitOfWork, entered: EnteredOrder
    ) -> list[tuple[Product, Variant, int, Money]] | Refused[NotEntered]:
        if not entered.lines:
            return Refused(NotEntered.EMPTY)
        if len(entered.lines) > MAX_LINES or any(not 1 <= line.quantity <= MAX_QUANTITY for line in entered.lines):
            return Refused(NotEntered.QUANTITY)
        if uow.stores.get(entered.store_id) is None:
            return Refused(NotEntered.NO_SUCH_STORE)
        if entered.fulfilment is Fulfilment.DELIVERY and entered.address is None:
            return Refused(NotEntered.NO_ADDRESS)
        found: list[tuple[Product, Variant, int, Money]] = []
        for line in entered.lines:
            sold = uow.products.by_variant(line.variant_id)
            if sold is None:
                return Refused(NotEntered.NO_SUCH_VARIANT)
            found.append((*sold, line.quantity, line.unit_price or sold[1].price))
        if len({unit.currency for _, _, _, unit in found}) > 1:
            return Refused(NotEntered.OTHER_CURRENCY)
        return found

    def _order(
        self, uow: UnitOfWork, entered: EnteredOrder, found: Sequence[tuple[Product, Variant, int, Money]]
    ) -> Order:
        now = self._clock.now()
        totals = price(
            [(variant.id, quantity, unit, product.category) for product, variant, quantity, unit in found],
            tax=self._rules.tax,
            delivery=self._rules.delivery if entered.fulfilment is Fulfilment.DELIVERY else None,
        )
        at_counter = entered.source is OrderSource.COUNTER
        on_phone = entered.source is OrderSource.PHONE
        state = OrderState.PLACED if on_phone else OrderState.COMPLETED if at_counter else OrderState.PAID
        picked_up_later = entered.fulfilment is Fulfilment.PICKUP and not at_counter
        customer_id = entered.customer_id
        if not customer_id:
            known = self._customers.recognise(uow, entered.contact, name=entered.name, language=entered.language)
            customer_id = known.id
        return Order(
            id=self._ids.new_key(),
            number=entered.number,
            customer_id=customer_id,
            cart_id="",
            state=state,
            source=entered.source,
            channel=entered.contact.channel,
            language=entered.language,
            fulfilment=entered.fulfilment,
            store_id=entered.store_id,
            name=entered.name,
            email=entered.email,
            phone=entered.phone,
            address=entered.address if entered.fulfilment is Fulfilment.DELIVERY else None,
            lines=_lines(found, totals),
            currency=totals.currency,
            subtotal_minor=totals.subtotal_minor,
            discount_minor=totals.discount_minor,
            delivery_minor=totals.delivery_minor,
            taxes=totals.taxes,
            tax_included=totals.tax_included,
            total_minor=totals.total_minor,
            paid_minor=0 if on_phone else totals.total_minor,
            refunded_minor=0,
            coupon="",
            pickup_code=self._ids.new_code() if picked_up_later else "",
            created_at=now,
            expires_at=self._until(uow, entered, now) if on_phone else None,
            fulfilled_at=now if at_counter else None,
            version=1,
        )

    def _keep(
        self, uow: UnitOfWork, order: Order, contact: Contact, provider: str, reference: str, actor: str
    ) -> Order:
        now, attempt_id = order.created_at, self._ids.new_key()
        paid = order.state is not OrderState.PLACED
        order = self._sold(uow, order) if paid else self._held(uow, order)
        order = uow.orders.add(order, contact, OrderEvent(now, None, order.state, actor, reference))
        uow.payments.add(
            PaymentAttempt(
                id=attempt_id,
                order_id=order.id,
                provider=provider,
                amount=order.total,
                state=PaymentState.CAPTURED if paid else PaymentState.REQUIRES_ACTION,
                idempotency_key=attempt_id,
                created_at=now,
                expires_at=order.expires_at or now,
                session_ref=reference,
                payment_ref=attempt_id if paid else "",
                captured_minor=order.total_minor if paid else 0,
            )
        )
        if paid and order.total_minor:
            uow.payments.enter(
                LedgerEntry(attempt_id, LedgerKind.CAPTURE, order.total, provider, reference or attempt_id, now)
            )
        uow.audit.add(actor, "order_entered", order.id, {"order": order.number, "source": order.source.value}, now)
        if not paid:
            tell(uow, order, OrderNews.PLACED, now)
        return order

    def _sold(self, uow: UnitOfWork, order: Order) -> Order:
        """What is paid has left the shelf, were it the units that are kept back from shoppers online."""
        for line in sorted(order.lines, key=lambda line: line.variant_id):
            if not uow.stock.adjust(
                line.variant_id,
                order.store_id,
                -line.quantity,
                MovementReason.SALE,
                f"order:{order.id}:{line.position}",
                order.created_at,
            ):
                raise _SoldOut
        return order

    def _held(self, uow: UnitOfWork, order: Order) -> Order:
        assert order.expires_at is not None
        holds = uow.stock.take(
            order.id,
            [(line.variant_id, line.quantity) for line in order.lines],
            order.store_id,
            order.customer_id,
            order.expires_at,
            order.created_at,
        )
        if holds is None:
            raise _SoldOut
        by_variant: Mapping[int, str] = {hold.variant_id: hold.id for hold in holds}
        return replace(order, lines=tuple(replace(line, hold_id=by_variant[line.variant_id]) for line in order.lines))

    def _until(self, uow: UnitOfWork, entered: EnteredOrder, now: datetime) -> datetime:
        store = uow.stores.get(entered.store_id)
        until = kept_until(self._rules.pickup, store, now) if store else None
        return until or now + _A_PARCEL_WAITS


def _lines(found: Sequence[tuple[Product, Variant, int, Money]], totals: Totals) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            position=position,
            variant_id=variant.id,
            sku=variant.sku,
            title=title_of(product, variant),
            quantity=quantity,
            unit_price_minor=priced.unit_price_minor,
            discount_minor=priced.discount_minor,
            tax_rate_bp=priced.tax_rate_bp,
            tax_minor=priced.tax_minor,
            total_minor=priced.total_minor,
            hold_id="",
        )
        for position, ((product, variant, quantity, _), priced) in enumerate(zip(found, totals.lines, strict=True))
    )
