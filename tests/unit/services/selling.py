"""Things that were bought: held, paid and handed over by the verbs that do it in the shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commerce.clock import ManualClock
from commerce.domain.cart import Fulfilment
from commerce.domain.coming_back import ReturnRules
from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderEvent, OrderLine, OrderSource, OrderState
from commerce.domain.payment import PaymentAttempt, PaymentReport, PaymentState, Refund
from commerce.domain.returns import ReturnKind, ReturnReason, ReturnRequest, ReturnWay
from commerce.ids import SeededIds
from commerce.payments.pay_in_store import PayInStore
from commerce.ports import UnitOfWork
from commerce.services.codes import CodeGuard
from commerce.services.refunding import Refunding
from commerce.services.returns import ExchangeTimes, Returns, Wanted
from commerce.services.settling import Settling
from commerce.services.taking_back import TakingBack
from commerce.services.withdrawing import Withdrawing
from tests.unit.services.conftest import LEA, Small

HOUR = timedelta(hours=1)
AT_COUNTER = "pay_in_store"


@dataclass
class Selling:
    """The verbs of what comes back over the small shop, and people who have bought something there."""

    small: Small
    clock: ManualClock
    ids: SeededIds
    rules: ReturnRules = field(default_factory=ReturnRules)

    def __post_init__(self) -> None:
        storage, clock, ids = self.small.storage, self.clock, self.ids
        self.storage = storage
        self.refunding = Refunding(clock, ids, {AT_COUNTER: PayInStore()})
        self.settling = Settling(clock, ids, self.refunding, {AT_COUNTER})
        times = ExchangeTimes(store=timedelta(days=7), parcel=timedelta(days=21))
        self.returns = Returns(storage, clock, ids, self.rules, times, {AT_COUNTER})
        self.withdrawing = Withdrawing(clock, ids, self.returns, self.refunding, shop_name="Vitrine")
        self.codes = CodeGuard(clock)
        self.taking_back = TakingBack(clock, ids, self.returns, self.refunding, self.codes)

    def bought(
        self,
        *lines: tuple[str, int],
        provider: str = "stripe",
        state: OrderState = OrderState.COMPLETED,
        source: OrderSource = OrderSource.BOT,
        store_id: str = "S1",
        delivery_minor: int = 0,
        unit_minor: int = 7900,
        contact: Contact = LEA,
        delivered: datetime | None = None,
    ) -> Order:
        """An order of (size, quantity) lines, paid, and brought to `state`; handed over now unless said otherwise."""
        customer_id, now = self.small.customer(contact), self.clock.now()

        def place(uow: UnitOfWork) -> Order:
            order_id = self.ids.new_id()
            variants = [(self.small.variants[size], quantity) for size, quantity in lines]
            holds = uow.stock.take(order_id, variants, store_id, customer_id, now + HOUR, now)
            assert holds is not None
            by_variant = {hold.variant_id: hold.id for hold in holds}
            made = tuple(
                OrderLine(
                    position, variant_id, f"P1-{size}", LocalText({"fr": f"Robe midi en lin, {size}"}), quantity,
                    unit_minor, 0, 2000, 0, unit_minor * quantity, by_variant[variant_id],
                )
                for position, ((size, _), (variant_id, quantity)) in enumerate(zip(lines, variants, strict=True))
            )  # fmt: skip
            goods = sum(line.total_minor for line in made)
            order = Order(
                id=order_id, number=0, customer_id=customer_id, cart_id="", state=OrderState.PENDING_PAYMENT,
                source=source, channel=contact.channel, language="fr",
                fulfilment=Fulfilment.DELIVERY if delivery_minor else Fulfilment.PICKUP, store_id=store_id, name="Léa",
                email="", phone="", address=None, lines=made, currency="EUR", subtotal_minor=goods, discount_minor=0,
                delivery_minor=delivery_minor, taxes=(), tax_included=True, total_minor=goods + delivery_minor,
                paid_minor=0, refunded_minor=0, coupon="", pickup_code="ABC-234", created_at=now,
                expires_at=now + HOUR, fulfilled_at=None, version=1,
            )  # fmt: skip
            order = uow.orders.add(order, contact, OrderEvent(now, None, OrderState.PENDING_PAYMENT, "shopper"))
            attempt = PaymentAttempt(
                self.ids.new_id(), order.id, provider, order.total, PaymentState.REQUIRES_ACTION, self.ids.new_id(),
                now, now + HOUR,
            )  # fmt: skip
            uow.payments.add(attempt)
            report = PaymentReport(
                provider, PaymentState.CAPTURED, attempt.id, payment_ref=f"paid-{attempt.id}", amount=order.total
            )
            paid = self.settling.settle(uow, report)
            assert paid is not None and paid.state is OrderState.PAID
            if state is OrderState.PAID:
                return paid
            event = OrderEvent(now, paid.state, state, "staff:nadia")
            handed = (delivered or now) if state is OrderState.COMPLETED else None
            return uow.orders.move(paid, state, event, fulfilled_at=handed)

        return self.storage.write(place)

    # --- asking

    def ask(
        self,
        order: Order,
        kind: ReturnKind = ReturnKind.RETURN,
        *,
        lines: dict[int, int] | None = None,
        way: ReturnWay = ReturnWay.STORE,
        size: str = "",
        store_id: str = "S1",
        customer_id: str = "",
    ):
        wanted = Wanted(
            kind, {0: 1} if lines is None else lines, ReturnReason.TOO_SMALL, way,
            store_id=store_id, new_variant_id=self.small.variants.get(size, 0),
        )  # fmt: skip
        return self.storage.write(
            lambda uow: self.returns.request(uow, order.id, customer_id or order.customer_id, wanted)
        )

    def withdraw(
        self,
        order: Order,
        *,
        lines: dict[int, int] | None = None,
        seen: int = 0,
        customer_id: str = "",
        contact: Contact = LEA,
        language: str = "fr",
    ):
        return self.storage.write(
            lambda uow: self.withdrawing.withdraw(
                uow,
                order.id,
                customer_id or order.customer_id,
                name="Léa  Martin",
                contact=contact,
                channel="Telegram",
                language=language,
                seen=seen,
                lines=lines,
            )
        )

    def receive(
        self,
        request: ReturnRequest,
        *,
        code: str = "",
        store_id: str = "S1",
        resellable: bool | dict[int, bool] = True,
        difference_paid: bool = False,
    ):
        return self.storage.write(
            lambda uow: self.taking_back.receive(
                uow,
                request.id,
                code=code or request.code,
                by="nadia",
                store_id=store_id,
                resellable=resellable,
                difference_paid=difference_paid,
            )
        )

    # --- looking

    def order(self, order: Order) -> Order:
        with self.storage.read() as uow:
            found = uow.orders.get(order.id)
        assert found is not None
        return found

    def request_now(self, request: ReturnRequest) -> ReturnRequest:
        with self.storage.read() as uow:
            found = uow.returns.get(request.id)
        assert found is not None
        return found

    def withdrawn(self, order: Order) -> tuple[ReturnRequest, ...]:
        with self.storage.read() as uow:
            return self.returns.options(uow, self.order(order)).withdrawn

    def refunds(self, order: Order) -> list[Refund]:
        with self.storage.read() as uow:
            return uow.payments.refunds_of(order.id)

    def on_hand(self, size: str, store_id: str = "S1") -> int:
        with self.storage.read() as uow:
            (level,) = uow.stock.levels([self.small.variants[size]], store_id)
        return level.on_hand

    def reprice(self, size: str, minor: int) -> None:
        sku = f"P1-{size}"
        self.storage.write(lambda uow: self.small.catalog.set_price(uow, sku, Money(minor, "EUR")))
