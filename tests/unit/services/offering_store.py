"""What shoppers and the people of the journeys' stores do to one another, in one call each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.collecting import NotMoved, PickUpKind, PickUpRef, RejectReason
from commerce.domain.customer import Contact
from commerce.domain.offering import ChoiceKind, NotTaken, Offer
from commerce.domain.order import Order, OrderSource
from commerce.domain.payment import Placed
from commerce.domain.reservation import Refused, Reservation
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.domain.team import StaffMember
from commerce.ids import SeededIds
from commerce.services.offering import Taken
from commerce.services.rejecting import Rejected
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.contracts.staff_values import a_member
from vitrine.doctor import check
from vitrine.fixture import build_fixture

LEA, SAM = Contact("telegram", "shop", "1001"), Contact("telegram", "shop", "1002")
NADIA = a_member("nadia")
P1, P6, P4 = "P1-navy-38", "P6-navy-38", "P4-brown"
HOME = PostalAddress("Léa", "1 rue", "69002", "Lyon", "FR")


@dataclass
class Store:
    """What shoppers and the people of the store do, in one call each."""

    shop: Shop
    clock: ManualClock
    lea: Contact = LEA

    def customer(self, contact: Contact | None = None) -> str:
        contact = contact or self.lea
        return self.shop.storage.write(lambda uow: self.shop.customers.recognise(uow, contact, language="fr")).id

    def variant(self, sku: str) -> int:
        with self.shop.storage.read() as uow:
            found = uow.products.by_sku(sku)
        assert found is not None
        return found[1].id

    def stock(self, sku: str, store_id: str) -> tuple[int, int]:
        with self.shop.storage.read() as uow:
            (level,) = uow.stock.levels([self.variant(sku)], store_id)
        return level.on_hand, level.held

    def reserve(self, sku: str = P1, *, contact: Contact = LEA, store_id: str = "S1") -> Reservation:
        customer_id, variant_id = self.customer(contact), self.variant(sku)
        made = self.shop.storage.write(
            lambda uow: self.shop.reserving.place(
                uow, customer_id=customer_id, contact=contact, store_id=store_id, lines=[(variant_id, 1)]
            )
        )
        assert isinstance(made, Reservation)
        return made

    def order(self, *skus: str, store_id: str = "S1", paid: bool = False) -> Order:
        """To be collected; `paid` at the counter already."""
        customer_id = self.customer()
        draft = CheckoutDraft("Léa", fulfilment=Fulfilment.PICKUP, store_id=store_id, provider="pay_in_store")
        for sku in skus:
            self.shop.storage.write(lambda uow, v=self.variant(sku): self.shop.carts.add(uow, customer_id, v))
        self.shop.storage.write(lambda uow: self.shop.carts.set_draft(uow, customer_id, draft))
        placed = self.place()
        if paid:
            self.shop.storage.write(lambda uow: self.shop.paying.paid_at_counter(uow, placed.order.id, "staff:nadia"))
        self.news()
        return self.now(placed.order)

    def place(self) -> Placed:
        customer_id = self.customer()
        placed = self.shop.storage.write(
            lambda uow: self.shop.checkout.place(
                uow, customer_id=customer_id, contact=self.lea, source=OrderSource.BOT, language="fr"
            )
        )
        assert isinstance(placed, Placed)
        return placed

    def now(self, order: Order) -> Order:
        with self.shop.storage.read() as uow:
            found = uow.orders.get(order.id)
        assert found is not None
        return found

    def reject(
        self, thing: Reservation | Order, reason: RejectReason = RejectReason.NOT_FOUND, *, version: int | None = None,
        member: StaffMember = NADIA, note: str = "",
    ) -> Rejected | Refused[NotMoved]:  # fmt: skip
        kind = PickUpKind.RESERVATION if isinstance(thing, Reservation) else PickUpKind.ORDER
        ref = PickUpRef(kind, thing.id)
        alike = self.shop.offering.look_alikes(ref)
        return self.shop.storage.write(
            lambda uow: self.shop.offering.reject(
                uow, ref, reason, alike=alike, member=member, version=version, note=note
            )
        )

    def offered(self, thing: Reservation | Order, reason: RejectReason = RejectReason.NOT_FOUND) -> Offer:
        rejected = self.reject(thing, reason)
        assert isinstance(rejected, Rejected) and rejected.offer is not None
        return rejected.offer

    def take(self, offer: Offer, kind: ChoiceKind, contact: Contact = LEA) -> Taken | Refused[NotTaken]:
        position = next(choice.position for choice in offer.choices if choice.kind is kind)
        customer_id = self.customer(contact)
        return self.shop.storage.write(lambda uow: self.shop.offering.take(uow, offer.id, position, customer_id))

    def decline(self, offer: Offer, contact: Contact = LEA) -> Offer | Refused[NotTaken]:
        customer_id = self.customer(contact)
        return self.shop.storage.write(lambda uow: self.shop.offering.decline(uow, offer.id, customer_id))

    def sell(self, sku: str, store_id: str, reference: str) -> None:
        entry = StockEntry(MovementReason.SALE, sku, store_id, 1, reference, override=True)
        self.shop.storage.write(lambda uow: self.shop.stocktaking.enter(uow, entry, actor="till:1"))

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.shop.reserving.expire_due()
        self.shop.offering.expire_due()
        self.shop.paying.tick()

    def news(self) -> list[tuple[str, dict[str, object]]]:
        """What is queued for anybody since it was asked last."""
        found = []

        def take(uow) -> None:
            for lane in uow.outbox.waiting_lanes(self.clock.now(), 100):
                while (row := uow.outbox.next_in(lane, self.clock.now())) is not None:
                    found.append((row.message.kind, json.loads(row.message.body)))
                    uow.outbox.sending(row.id)
                    uow.outbox.sent(row.id, "", self.clock.now())

        self.shop.storage.write(take)
        return found

    def wrong(self) -> list[str]:
        self.news()
        return [f"{each.name}: {each.detail}" for each in check(self.shop.storage, self.clock.now()) if not each.ok]


@contextmanager
def open_store(database_url: str, folder: Path, clock: ManualClock) -> Iterator[Store]:
    settings = load_settings(
        data_dir=folder, encoder="none", secret_key="s" * 32, database_url=database_url, fake_payments=True
    )
    with build_shop(settings, clock=clock, ids=SeededIds()) as shop:
        build_fixture(shop, pictures=False)
        opened = Store(shop, clock)
        opened.news()
        yield opened
        assert opened.wrong() == []


def shown(offer: Offer) -> list[tuple[ChoiceKind, str, int]]:
    return [(choice.kind, choice.store_id, choice.total.minor) for choice in offer.choices]


ALL_THREE = [
    (ChoiceKind.OTHER_STORE, "S2", 7900), (ChoiceKind.LOOK_ALIKE, "S1", 5900), (ChoiceKind.SHIPPED, "WEB", 7900),
]  # fmt: skip
