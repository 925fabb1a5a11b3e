"""A rejection becomes an offer, on both databases, in the journeys' shop: what is held, told, taken and let go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.collecting import NotMoved, PickUpKind, PickUpRef, RejectReason
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, NotTaken, Offer, OfferState
from commerce.domain.order import Order, OrderSource, OrderState
from commerce.domain.payment import Placed
from commerce.domain.reservation import Refused, Reservation, ReservationState
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from commerce.domain.team import Role, StaffMember
from commerce.ids import SeededIds
from commerce.ports.counter import StaffChat
from commerce.services.offering import Taken
from commerce.services.rejecting import Rejected
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.contracts.storage_values import NOW
from vitrine.doctor import check
from vitrine.fixture import build_fixture

LEA, SAM = Contact("telegram", "shop", "1001"), Contact("telegram", "shop", "1002")
NADIA = StaffMember("nadia", "nadia", "Nadia", Role.STAFF, frozenset({"S1"}), ("fr",), (), True, False, NOW)
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


@pytest.fixture
def store(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    settings = load_settings(
        data_dir=tmp_path / "shop", encoder="none", secret_key="s" * 32, database_url=database_url, fake_payments=True
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


# --- saying no


def test_what_is_not_found_becomes_an_offer_of_three_that_are_held(store: Store) -> None:
    reservation = store.reserve()
    assert store.stock(P1, "S1") == (1, 1)
    offer = store.offered(reservation)
    assert shown(offer) == ALL_THREE
    assert offer.expires_at == store.clock.now() + timedelta(minutes=15)
    assert store.stock(P1, "S1") == (0, 0)  # no door offers it any more
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((3, 1), (1, 1), (5, 1))
    facts = {"kind": "reservation", "id": reservation.id, "reason": "not_found", "offer_id": offer.id}
    assert store.news() == [("offer_made", facts)]
    with store.shop.storage.read() as uow:
        assert uow.reservations.get(reservation.id).state is ReservationState.REJECTED
        assert uow.reservations.events(reservation.id)[-1].actor == "staff:nadia"
        moved = uow.stock_records.movements(store.variant(P1), "S1")[0]
        assert store.shop.offering.open_of(uow, store.customer()) == [offer]
    assert (moved.on_hand_change, moved.reason, moved.actor) == (-1, MovementReason.NOT_FOUND, "staff:nadia")


def test_what_is_not_found_leaves_nothing_but_what_others_hold(store: Store) -> None:
    store.reserve(contact=SAM, store_id="S2")
    mine = store.reserve(store_id="S2")
    assert store.stock(P1, "S2") == (3, 2)
    rejected = store.reject(mine, member=replace(NADIA, store_ids=frozenset({"S2"})), note="ni en réserve")
    assert isinstance(rejected, Rejected)
    assert store.stock(P1, "S2") == (1, 1)  # Sam's is looked for in its turn
    with store.shop.storage.read() as uow:
        moved = uow.stock_records.movements(store.variant(P1), "S2")[0]
    assert (moved.on_hand_change, moved.note) == (-2, "ni en réserve")


def test_one_that_is_damaged_is_one_less(store: Store) -> None:
    mine = store.reserve(store_id="S2")
    store.reject(mine, RejectReason.DAMAGED, member=replace(NADIA, role=Role.OWNER))
    assert store.stock(P1, "S2") == (2, 0)


def test_a_store_that_closes_keeps_its_stock_and_offers_nothing_of_its_own(store: Store) -> None:
    offer = store.offered(store.reserve(), RejectReason.STORE_CLOSES)
    assert [choice.kind for choice in offer.choices] == [ChoiceKind.OTHER_STORE, ChoiceKind.SHIPPED]
    assert store.stock(P1, "S1") == (1, 0)


def test_of_another_store_it_is_as_if_it_were_not_there(store: Store) -> None:
    reservation = store.reserve()
    elsewhere = replace(NADIA, store_ids=frozenset({"S3"}))
    assert store.reject(reservation, member=elsewhere) == Refused(NotMoved.NOT_FOUND)
    assert store.reject(replace(reservation, id="0" * 32)) == Refused(NotMoved.NOT_FOUND)
    assert store.reject(reservation, version=reservation.version + 1) == Refused(NotMoved.STALE)
    assert store.stock(P1, "S1") == (1, 1)
    store.offered(reservation)
    assert store.reject(reservation) == Refused(NotMoved.OVER)
    assert len(store.news()) == 1


def test_paused_closed_and_dearer_choices_are_left_out(store: Store) -> None:
    reservation = store.reserve()
    until = store.clock.now() + timedelta(hours=1)
    store.shop.storage.write(lambda uow: store.shop.pausing.pause(uow, "S2", until, "", actor="staff:nadia"))
    store.shop.storage.write(
        lambda uow: uow.products.set_price(store.variant(P6), Money(11_851, "EUR"), None, store.clock.now())
    )
    assert [choice.kind for choice in store.offered(reservation).choices] == [ChoiceKind.SHIPPED]


def test_nothing_left_is_said_and_nothing_is_held(store: Store) -> None:
    store.reserve("P3-white-42")
    mine = store.reserve("P2-blue-l", store_id="S2")
    rejected = store.reject(mine, member=replace(NADIA, store_ids=frozenset({"S2"})))
    assert rejected == Rejected(PickUpRef(PickUpKind.RESERVATION, mine.id), None)
    assert store.news()[-1][1]["offer_id"] == ""


def test_the_store_hears_of_what_changed(store: Store) -> None:
    for store_id in ("S1", "S2"):
        chat = StaffChat(Contact("telegram-staff", "shop", store_id), "", store_id, has_topics=False)
        store.shop.storage.write(lambda uow, chat=chat: uow.staff_chats.put(chat))
    reservation = store.reserve()
    offer = store.offered(reservation)
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    cards = [facts["id"] for kind, facts in store.news() if kind == "staff_pick_up"]
    assert cards == [reservation.id, reservation.id, taken.reservation.id]  # it came, it went; another came


# --- taking


def test_the_other_store_keeps_the_very_unit_that_was_held_under_a_new_code(store: Store) -> None:
    old = store.reserve()
    offer = store.offered(old)
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    new = taken.reservation
    assert (new.store_id, new.state, new.code != old.code) == ("S2", ReservationState.HELD, True)
    assert [line.hold_id for line in new.lines] == [line.hold_id for line in offer.choices[0].lines]
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((3, 1), (1, 0), (5, 0))
    assert store.take(offer, ChoiceKind.OTHER_STORE) == taken  # a second tap
    assert store.take(offer, ChoiceKind.LOOK_ALIKE) == Refused(NotTaken.OVER)
    assert store.decline(offer) == Refused(NotTaken.OVER)
    store.later(minutes=16)
    assert [kind for kind, _ in store.news()] == ["offer_made"]
    store.later(days=2)
    assert store.stock(P1, "S2") == (3, 0)


def test_the_look_alike_is_reserved_at_the_price_it_was_offered_at(store: Store) -> None:
    offer = store.offered(store.reserve())
    store.shop.storage.write(
        lambda uow: uow.products.set_price(store.variant(P6), Money(9900, "EUR"), None, store.clock.now())
    )
    taken = store.take(offer, ChoiceKind.LOOK_ALIKE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    (line,) = taken.reservation.lines
    assert (line.variant_id, line.unit_price.minor) == (store.variant(P6), 5900)
    assert (store.stock(P6, "S1"), store.stock(P1, "S2")) == ((1, 1), (3, 0))


def test_a_parcel_goes_into_the_cart_and_is_theirs_until_it_is_ordered(store: Store) -> None:
    offer = store.offered(store.reserve())
    for number in range(4):  # nobody else leaves anything for parcels
        store.sell(P1, "WEB", f"w{number}")
    assert store.stock(P1, "WEB") == (1, 1)
    taken = store.take(offer, ChoiceKind.SHIPPED)
    assert isinstance(taken, Taken) and taken.reservation is None
    assert store.take(offer, ChoiceKind.SHIPPED) == taken
    assert store.take(offer, ChoiceKind.OTHER_STORE) == Refused(NotTaken.OVER)
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((3, 0), (1, 0), (1, 1))
    customer_id = store.customer()
    with store.shop.storage.read() as uow:
        cart = uow.carts.of_customer(customer_id)
    assert cart is not None and [line.quantity for line in cart.wanted] == [1]
    draft = replace(cart.draft, name="Léa", address=HOME, email="lea@example.org", provider="fake")
    assert draft.fulfilment is Fulfilment.DELIVERY
    store.shop.storage.write(lambda uow: store.shop.carts.set_draft(uow, customer_id, draft))
    placed = store.place()
    assert (placed.order.store_id, placed.order.state) == ("WEB", OrderState.PENDING_PAYMENT)
    assert store.stock(P1, "WEB") == (1, 1)  # the order has it now
    with store.shop.storage.read() as uow:
        ended = uow.offers.get(offer.id)
    assert ended is not None and ended.state is OfferState.TAKEN
    store.later(minutes=16)
    assert store.stock(P1, "WEB") == (1, 1)
    assert [kind for kind, _ in store.news()] == ["offer_made", "payment_ready"]


def test_a_parcel_that_is_not_ordered_in_time_is_free_again(store: Store) -> None:
    offer = store.offered(store.reserve())
    store.take(offer, ChoiceKind.SHIPPED)
    store.news()
    store.later(minutes=15)
    assert store.stock(P1, "WEB") == (5, 0)
    assert store.news() == [("offer_over", {"offer_id": offer.id})]
    assert store.take(offer, ChoiceKind.SHIPPED) == Refused(NotTaken.OVER)


def test_none_of_it_and_too_late_leave_everything_free(store: Store) -> None:
    offer = store.offered(store.reserve())
    assert store.take(offer, ChoiceKind.OTHER_STORE, SAM) == Refused(NotTaken.NOT_FOUND)
    assert store.decline(offer, SAM) == Refused(NotTaken.NOT_FOUND)
    assert store.decline(offer) == replace(offer, state=OfferState.DECLINED)
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((3, 0), (1, 0), (5, 0))
    other = store.offered(store.reserve("P2-blue-m"), RejectReason.OTHER)
    store.news()
    store.later(minutes=14)
    assert store.news() == []
    store.later(minutes=1)
    assert store.take(other, other.choices[0].kind) == Refused(NotTaken.OVER)
    store.later(minutes=1)
    assert store.news() == [("offer_over", {"offer_id": other.id})]  # once


def test_what_the_store_sells_meanwhile_is_gone_and_the_rest_stands(store: Store) -> None:
    offer = store.offered(store.reserve())
    store.sell(P6, "S1", "t1")
    assert store.stock(P6, "S1") == (0, 0)
    assert store.take(offer, ChoiceKind.LOOK_ALIKE) == Refused(NotTaken.GONE)
    with store.shop.storage.read() as uow:
        there = [store.shop.offering.is_there(uow, choice) for choice in offer.choices]
    assert there == [True, False, True]
    assert isinstance(store.take(offer, ChoiceKind.OTHER_STORE), Taken)


def test_of_two_taps_at_once_one_wins(store: Store) -> None:
    offer = store.offered(store.reserve())
    kinds = [ChoiceKind.OTHER_STORE, ChoiceKind.LOOK_ALIKE, ChoiceKind.SHIPPED] * 3
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda kind: store.take(offer, kind), kinds))
    won = {answer.choice.kind for answer in answers if isinstance(answer, Taken)}
    assert len(won) == 1
    held = [store.stock(P1, "S2")[1], store.stock(P6, "S1")[1], store.stock(P1, "WEB")[1]]
    assert sum(held) == 1


# --- orders


def test_an_unpaid_order_is_cancelled_and_becomes_a_reservation_elsewhere(store: Store) -> None:
    order = store.order(P1)
    offer = store.offered(order)
    assert shown(offer) == ALL_THREE
    assert store.now(order).state is OrderState.CANCELLED
    assert [kind for kind, _ in store.news()] == ["offer_made"]
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    assert taken.reservation.store_id == "S2"


def test_everything_that_was_ordered_comes_along_or_nothing(store: Store) -> None:
    for store_id in ("S1", "S2"):
        entry = StockEntry(MovementReason.COUNT, "P2-blue-m", store_id, 3, f"c-{store_id}")
        store.shop.storage.write(lambda uow, entry=entry: store.shop.stocktaking.enter(uow, entry, actor="staff:n"))
    order = store.order(P1, "P2-blue-m")
    offer = store.offered(order, RejectReason.OTHER)
    assert shown(offer) == [(ChoiceKind.OTHER_STORE, "S2", 14400), (ChoiceKind.SHIPPED, "WEB", 14400)]
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.reservation is not None
    assert {line.variant_id for line in taken.reservation.lines} == {store.variant(P1), store.variant("P2-blue-m")}


def test_a_paid_order_moves_to_the_other_store_as_it_is(store: Store) -> None:
    order = store.order(P1, paid=True)
    assert store.stock(P1, "S1") == (0, 0)
    offer = store.offered(order)
    assert shown(offer) == [(ChoiceKind.OTHER_STORE, "S2", 7900), (ChoiceKind.SHIPPED, "WEB", 7900)]
    assert store.now(order).state is OrderState.REFUND_PENDING  # nobody hands it over
    assert store.stock(P1, "S1") == (0, 0)  # sold, back on the shelf, and not there
    assert store.wrong() == []
    taken = store.take(offer, ChoiceKind.OTHER_STORE)
    assert isinstance(taken, Taken) and taken.order is not None
    now = store.now(order)
    assert taken.order == now
    assert (now.state, now.store_id, now.refunded_minor) == (OrderState.PAID, "S2", 0)
    assert now.pickup_code != order.pickup_code
    assert store.stock(P1, "S2") == (2, 0)
    assert store.take(offer, ChoiceKind.OTHER_STORE) == taken


@pytest.mark.parametrize("how", ["declined", "too late", "nothing to offer"])
def test_a_paid_order_is_refunded_where_nothing_is_taken(store: Store, how: str) -> None:
    if how == "nothing to offer":
        for number in range(3):
            store.sell(P1, "S2", f"s{number}")
        for number in range(5):
            store.sell(P1, "WEB", f"w{number}")
    order = store.order(P1, paid=True)
    rejected = store.reject(order)
    assert isinstance(rejected, Rejected)
    if rejected.offer is not None:
        with store.shop.storage.read() as uow:
            assert uow.payments.refunds_of(order.id) == []
    if how == "declined":
        assert rejected.offer is not None
        store.decline(rejected.offer)
    store.later(minutes=15)
    with store.shop.storage.read() as uow:
        (refund,) = uow.payments.refunds_of(order.id)
    assert refund.amount.minor == 7900
    assert store.now(order).state is OrderState.REFUND_PENDING
    assert store.stock(P1, "S2")[1] == 0


def test_an_order_that_waits_for_its_payment_or_goes_by_parcel_is_not_the_counters(store: Store) -> None:
    order = store.order(P1)
    store.shop.storage.write(lambda uow: store.shop.orders.end(uow, order, actor="x", note="", at=store.clock.now()))
    assert store.reject(order) == Refused(NotMoved.OVER)


def test_whoever_orders_at_the_store_that_was_offered_gets_the_unit_that_is_held(store: Store) -> None:
    """By the cart instead of by the button: a hold never counts against its owner."""
    offer = store.offered(store.reserve())
    for number in range(2):
        store.sell(P1, "S2", f"s{number}")
    assert store.stock(P1, "S2") == (1, 1)
    order = store.order(P1, store_id="S2")
    assert (order.store_id, order.state) == ("S2", OrderState.PLACED)
    assert (store.stock(P1, "S2"), store.stock(P6, "S1"), store.stock(P1, "WEB")) == ((1, 1), (1, 0), (5, 0))
    assert store.take(offer, ChoiceKind.OTHER_STORE) == Refused(NotTaken.OVER)
    assert store.take(offer, ChoiceKind.SHIPPED) == Refused(NotTaken.OVER)


def test_what_waits_in_place_of_a_paid_order_is_no_part_of_another(store: Store) -> None:
    paid = store.order(P1, paid=True)
    offer = store.offered(paid)
    store.order(P1, store_id="S2")
    assert store.stock(P1, "S2") == (3, 2)
    assert isinstance(store.take(offer, ChoiceKind.OTHER_STORE), Taken)
    assert store.now(paid).state is OrderState.PAID
