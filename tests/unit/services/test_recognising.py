"""The same person is recognised alike on every door, on both databases."""

from __future__ import annotations

from datetime import timedelta

from commerce.clock import ManualClock
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.customer import Contact
from commerce.domain.linking import Linked, TokenPurpose
from commerce.domain.money import Money
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState
from commerce.domain.order import OrderState
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import UnitOfWork
from commerce.services.recognising import Recognising, Recognition
from tests.unit.services.conftest import LEA, SAM, Small
from tests.unit.services.selling import Selling

MAIL = Contact("email", "shop", "lea@example.org")
HOUR = timedelta(hours=1)


def seen(small: Small, clock: ManualClock, contact: Contact) -> Recognition | None:
    with small.storage.read() as uow:
        return Recognising(clock).of(uow, contact)


def link(small: Small, *contacts: Contact) -> None:
    """All of them are one person, explicitly."""
    first, *others = contacts
    for other in others:
        customer_id = small.customer(other)
        token = small.storage.write(
            lambda uow, other=other, customer_id=customer_id: small.linking.offer(
                uow, customer_id, other, TokenPurpose.LINK
            )
        )
        done = small.storage.write(lambda uow, token=token: small.linking.accept(uow, token, first))
        assert isinstance(done, Linked)


def test_three_doors_one_person(small: Small, selling: Selling, clock: ManualClock) -> None:
    bought = selling.bought(("36", 1), state=OrderState.READY, contact=LEA)
    held = small.place("36", contact=SAM)
    customer_id = small.customer(MAIL)
    now = clock.now()

    def more(uow: UnitOfWork) -> None:
        waiter = StockWaiter("w" * 32, customer_id, MAIL, small.variants["38"], "S1", WaitState.WAITING, now)
        assert uow.waiters.add(waiter)
        told = StockWaiter(
            "w" * 32, customer_id, MAIL, small.variants["38"], "S1", WaitState.WAITING, now, now, "S1", "h", now + HOUR
        )
        assert uow.waiters.move(told, WaitState.TOLD)
        [hold] = uow.stock.take("o" * 32, [(small.variants["36"], 1)], "S2", customer_id, now + HOUR, now) or []
        line = OfferLine(hold.variant_id, 1, Money(7900, "EUR"), hold.id)
        choice = OfferChoice(0, ChoiceKind.OTHER_STORE, "S2", (line,))
        ref = PickUpRef(PickUpKind.RESERVATION, "r" * 32)
        uow.offers.add(Offer("o" * 32, customer_id, MAIL, ref, (choice,), OfferState.OPEN, now, now + HOUR))

    small.storage.write(more)
    assert seen(small, clock, LEA) != seen(small, clock, SAM), "three people so far"
    link(small, LEA, SAM, MAIL)
    known = seen(small, clock, LEA)
    assert known is not None
    assert known == seen(small, clock, SAM) == seen(small, clock, MAIL)
    assert known.last_order is not None and known.last_order.number == bought.number
    assert [each.id for each in known.reservations] == [held.id]
    assert [each.id for each in known.offers] == ["o" * 32]
    assert [each.until for each in known.waits] == [now + HOUR]
    clock.advance(2 * HOUR)
    later = seen(small, clock, MAIL)
    assert later is not None and later.offers == later.waits == (), "what is over is no news"


def test_somebody_new(small: Small, clock: ManualClock) -> None:
    assert seen(small, clock, SAM) is None
