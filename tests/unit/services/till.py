"""A small shop that sells, with the make-believe provider: what tests do and look at, in one call each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from commerce.clock import ManualClock
from commerce.domain.cart import Cart, CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderRefused, OrderSource, OrderState
from commerce.domain.payment import PaymentAttempt, PaymentReport, PaymentState, Placed, Refund
from commerce.domain.pricing import DeliveryRules, TaxRules
from commerce.domain.quote import Quote
from commerce.domain.reservation import Reservation
from commerce.domain.staff import TaskKind
from commerce.domain.stock import MovementReason
from commerce.domain.store import OpeningHours, StoreKind
from commerce.ids import RandomIds
from commerce.payments.fake import FakeProvider
from commerce.payments.pay_in_store import PayInStore
from commerce.ports import ReservationRules, SellingRules, Storage, UnitOfWork
from commerce.services.customers import Customers
from commerce.services.order_links import OrderLinks
from commerce.services.payment_calls import TakeStock
from commerce.services.reserving import Reserving
from commerce.services.selling import Selling, build_selling
from commerce.storage.seeding import add_product
from tests.unit.services.things import DRESS, a_store, a_thing
from vitrine.doctor import check

LEA = Contact("telegram", "shop", "1001")
SAM = Contact("webchat", "web", "1002")
HOME = PostalAddress("Léa M.", "12 rue Mercière", "69002", "Lyon", "FR")
HOOK = "https://shop.example/hooks/fake"


def selling_rules(**changes: object) -> SellingRules:
    rules = SellingRules(
        currency="EUR",
        tax=TaxRules(default_bp=2000, by_category={"book": 550}, included=True),
        delivery=DeliveryRules(price_minor=490, free_from_minor=15000, countries=("FR", "BE"), tax_bp=2000),
        payment_hold=timedelta(minutes=35),
        pickup=ReservationRules(duration=None, grace=timedelta(), max_open_per_customer=3),
    )
    return replace(rules, **changes)  # type: ignore[arg-type]


@dataclass
class Till:
    """A dress at 79 euros in sizes 36 (4 of them), 38 (1) and 40 (0), and a book at 20 (5), at S1, S2 and WEB."""

    storage: Storage
    clock: ManualClock
    selling: Selling
    fake: FakeProvider
    reserving: Reserving
    variants: dict[str, int]
    customers: Customers
    ids: RandomIds
    people: dict[Contact, str] = field(default_factory=dict)

    # --- people and carts

    def customer(self, contact: Contact = LEA) -> str:
        if contact not in self.people:
            known = self.storage.write(lambda uow: self.customers.recognise(uow, contact, language="fr"))
            self.people[contact] = known.id
        return self.people[contact]

    def fill(
        self,
        lines: Mapping[str, int] | None = None,
        *,
        contact: Contact = LEA,
        pickup: str = "S1",
        provider: str = "fake",
        email: str = "lea@example.org",
        coupon: str = "",
        **draft: object,
    ) -> Cart:
        """A cart of just these sizes; collected at a store, or sent home (`pickup` '')."""
        customer_id, now = self.customer(contact), self.clock.now()

        def work(uow: UnitOfWork) -> None:
            cart = uow.carts.create(self.ids.new_id(), customer_id, now)
            for line in cart.lines:
                uow.carts.set_quantity(cart.id, line.variant_id, 0, now)
            for size, quantity in ({"38": 1} if lines is None else lines).items():
                uow.carts.add(cart.id, self.variants[size], quantity, "", now, most=99)
            values = {
                "name": "Léa M.",
                "email": email,
                "fulfilment": Fulfilment.PICKUP if pickup else Fulfilment.DELIVERY,
                "store_id": pickup,
                "address": None if pickup else HOME,
                "provider": provider,
                **draft,
            }
            uow.carts.set_draft(cart.id, CheckoutDraft(**values), now)  # type: ignore[arg-type]
            uow.carts.set_coupon(cart.id, coupon, now)

        self.storage.write(work)
        return self.cart(contact)

    def cart(self, contact: Contact = LEA) -> Cart:
        with self.storage.read() as uow:
            cart = uow.carts.of_customer(self.customer(contact))
        assert cart is not None
        return cart

    def quote(self, contact: Contact = LEA) -> Quote:
        with self.storage.read() as uow:
            cart = uow.carts.of_customer(self.customer(contact))
            assert cart is not None
            return self.selling.quoting.quote(uow, cart, customer_id=cart.customer_id)

    def reserve(self, *sizes: str, contact: Contact = LEA, store_id: str = "S1") -> Reservation:
        customer_id = self.customer(contact)
        lines = [(self.variants[size], 1) for size in sizes]
        reserved = self.storage.write(
            lambda uow: self.reserving.place(
                uow, customer_id=customer_id, contact=contact, store_id=store_id, lines=lines
            )
        )
        assert isinstance(reserved, Reservation)
        return reserved

    # --- ordering and paying

    def try_place(
        self, contact: Contact = LEA, *, expected: int | None = None, source: OrderSource = OrderSource.WEB
    ) -> Placed | OrderRefused:
        customer_id = self.customer(contact)
        return self.storage.write(
            lambda uow: self.selling.checkout.place(
                uow,
                customer_id=customer_id,
                contact=contact,
                source=source,
                language="fr",
                expected_total_minor=expected,
            )
        )

    def place(self, contact: Contact = LEA, *, source: OrderSource = OrderSource.WEB) -> Placed:
        placed = self.try_place(contact, source=source)
        assert isinstance(placed, Placed), placed
        return placed

    def begun(self, contact: Contact = LEA, **fill: object) -> Placed:
        """A cart, its order, and a session where it can be paid."""
        if fill or not self._has_cart(contact):
            self.fill(contact=contact, **fill)  # type: ignore[arg-type]
        placed = self.place(contact)
        return Placed(placed.order, self.selling.paying.begin(placed.attempt.id))

    def pay(self, placed: Placed) -> None:
        """The shopper pays on the provider's page; its call has not come yet."""
        self.fake.pay_session(self.attempt(placed.attempt.id).session_ref)

    def hear(self) -> int:
        """The provider's calls that are due arrive."""
        return self.fake.deliver(
            lambda body, headers: self.selling.paying.receive("fake", body, headers, HOOK).status == 200
        )

    def paid(self, contact: Contact = LEA, **fill: object) -> Placed:
        placed = self.begun(contact, **fill)
        self.pay(placed)
        self.hear()
        return Placed(self.order(placed), self.attempt(placed.attempt.id))

    def later(self, *, ticks: int = 1, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        for _ in range(ticks):
            self.selling.paying.tick()

    # --- looking

    def order(self, placed: Placed | Order | str) -> Order:
        order_id = placed if isinstance(placed, str) else placed.id if isinstance(placed, Order) else placed.order.id
        with self.storage.read() as uow:
            order = uow.orders.get(order_id)
        assert order is not None
        return order

    def attempt(self, attempt_id: str) -> PaymentAttempt:
        with self.storage.read() as uow:
            attempt = uow.payments.get(attempt_id)
        assert attempt is not None
        return attempt

    def attempts(self, placed: Placed) -> list[PaymentAttempt]:
        with self.storage.read() as uow:
            return uow.payments.of_order(placed.order.id)

    def refunds(self, placed: Placed) -> list[Refund]:
        with self.storage.read() as uow:
            return uow.payments.refunds_of(placed.order.id)

    def notes(self, placed: Placed) -> list[str]:
        with self.storage.read() as uow:
            return [event.note for event in uow.orders.events(placed.order.id)]

    def stock(self, size: str, store_id: str = "S1") -> tuple[int, int]:
        """(on hand, held)."""
        with self.storage.read() as uow:
            (level,) = uow.stock.levels([self.variants[size]], store_id)
        return level.on_hand, level.held

    def news(self, contact: Contact = LEA) -> list[tuple[str, dict[str, object]]]:
        """Notices that wait for that contact, in their order; taken out by looking."""

        def work(uow: UnitOfWork) -> list[tuple[str, dict[str, object]]]:
            found: list[tuple[str, dict[str, object]]] = []
            while row := uow.outbox.next_in(contact.lane, self.clock.now()):
                found.append((row.message.kind, json.loads(row.message.body)))
                uow.outbox.sending(row.id)
                uow.outbox.sent(row.id, "", self.clock.now())
            return found

        return self.storage.write(work)

    def kinds_of_news(self, contact: Contact = LEA) -> list[str]:
        return [kind for kind, _ in self.news(contact)]

    def tasks(self, kind: TaskKind | None = None) -> list[str]:
        """Subjects of what staff have to look at."""
        with self.storage.read() as uow:
            return [task.subject for task in uow.tasks.open(kind=kind)]

    def wrong(self) -> list[str]:
        """What the doctor finds broken. Nobody sends messages here: that they wait is no finding."""
        return [
            f"{found.name}: {found.detail}"
            for found in check(self.storage, self.clock.now())
            if not found.ok and found.name != "no message is stuck"
        ]

    def set_stock(self, size: str, on_hand: int, store_id: str = "S1") -> None:
        variant_id = self.variants[size]
        self.storage.write(
            lambda uow: uow.stock.set_on_hand(variant_id, store_id, on_hand, MovementReason.COUNT, self.clock.now())
        )

    def set_price(self, size: str, minor: int) -> None:
        variant_id = self.variants[size]
        self.storage.write(lambda uow: uow.products.set_price(variant_id, Money(minor, "EUR"), None, self.clock.now()))

    def _has_cart(self, contact: Contact) -> bool:
        with self.storage.read() as uow:
            cart = uow.carts.of_customer(self.customer(contact))
        return cart is not None and bool(cart.wanted)


def open_till(
    storage: Storage,
    clock: ManualClock,
    ids: RandomIds,
    folder: Path,
    *,
    provider: type[FakeProvider] = FakeProvider,
    take_stock: TakeStock | None = None,
    **rules: object,
) -> Till:
    def stock_up(uow: UnitOfWork) -> dict[str, int]:
        for store in (
            a_store("S1"),
            a_store("S2"),
            a_store("WEB", StoreKind.WEB, OpeningHours()),
            a_store("GONE", hours=OpeningHours()),
        ):
            uow.stores.put(store)
        dress = a_thing("P1", "dress", DRESS, ("36", "38", "40"))
        book = a_thing("B1", "book", {"fr": "Le lin", "en": "Linen"}, ("",), 2000)
        stored = [add_product(uow, thing, clock.now()) for thing in (dress, book)]
        variants = {found.size or "book": found.id for thing in stored for found in thing.variants}
        for size, count in (("36", 4), ("38", 1), ("40", 0), ("book", 5)):
            for store_id in ("S1", "S2", "WEB"):
                uow.stock.set_on_hand(variants[size], store_id, count, MovementReason.COUNT, clock.now())
        # As if today's comparison were done: what a test looks at is not found by it.
        uow.state.put("reconciled:fake", "", clock.now() + timedelta(days=1))
        return variants

    variants = storage.write(stock_up)
    selling_by = selling_rules(**rules)
    fake = provider(folder / "fake.db", "secret", "http://127.0.0.1/fake-payments/", clock)
    customers = Customers(clock, ids)
    reserving = Reserving(storage, clock, ids, selling_by.pickup)
    selling = _selling(storage, clock, ids, selling_by, fake, customers, take_stock)
    return Till(storage, clock, selling, fake, reserving, variants, customers, ids)


def sell_with(till: Till, fake: FakeProvider) -> Till:
    """The same shop, asking another provider."""
    selling = _selling(till.storage, till.clock, till.ids, selling_rules(), fake, till.customers, None)
    return replace(till, selling=selling, fake=fake)


def _selling(
    storage: Storage,
    clock: ManualClock,
    ids: RandomIds,
    rules: SellingRules,
    fake: FakeProvider,
    customers: Customers,
    take_stock: TakeStock | None,
) -> Selling:
    return build_selling(
        storage=storage,
        clock=clock,
        ids=ids,
        rules=rules,
        providers={"pay_in_store": PayInStore(), "fake": fake},
        customers=customers,
        links=OrderLinks("https://shop.example", "secret", clock),
        shop_name="Vitrine",
        take_stock=take_stock,
    )


def report(till: Till, placed, state: PaymentState = PaymentState.CAPTURED, **changes: object) -> PaymentReport:
    attempt = till.attempt(placed.attempt.id)
    values: dict = {"attempt_id": attempt.id, "payment_ref": f"pay-{attempt.id[:6]}", "amount": attempt.amount}
    return PaymentReport("fake", state, **{**values, **changes})


def settle(till: Till, said: PaymentReport):
    return till.storage.write(lambda uow: till.selling.paying.settle(uow, said))


def sales(till: Till, size: str = "38") -> int:
    with till.storage.read() as uow:
        movements = uow.stock_records.movements(variant_id=till.variants[size], store_id="S1")
    return sum(movement.reason is MovementReason.SALE for movement in movements)


def expired(till: Till, **fill: object):
    placed = till.begun(**fill)
    till.later(minutes=41)
    assert till.order(placed).state is OrderState.EXPIRED
    till.news()
    return placed
