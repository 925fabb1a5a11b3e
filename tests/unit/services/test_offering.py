"""A rejection becomes an offer, on both databases, in the journeys' shop: what is held, told, taken and let go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import NotMoved, PickUpKind, PickUpRef, RejectReason
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, NotTaken, OfferState
from commerce.domain.order import OrderState
from commerce.domain.reservation import Refused, ReservationState
from commerce.domain.stock import MovementReason
from commerce.domain.team import Role
from commerce.ports.counter import StaffChat
from commerce.services.offering import Taken
from commerce.services.rejecting import Rejected
from tests.unit.services.offering_store import ALL_THREE, HOME, NADIA, P1, P6, SAM, Store, shown

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
