"""The database fails at the first statement of a link, then at the second, …: two people or one, never between.

The same for undoing it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from commerce.clock import ManualClock
from commerce.domain.linking import Linked, TokenPurpose
from commerce.errors import StorageError
from commerce.ids import SeededIds
from commerce.ports import Storage, UnitOfWork
from commerce.services.carts import Carts
from commerce.services.customers import Customers
from commerce.services.linking import Linking
from commerce.services.promotions import Promotions
from tests.contracts.storage_values import LEA, NOW, SAM, put_stock
from tests.races.test_faults_at_every_step import driver_error, engine_of
from vitrine.doctor import check

STEPS_AT_MOST = 120


@pytest.fixture
def verbs() -> tuple[Customers, Carts, Linking]:
    clock, ids = ManualClock(NOW.astimezone(UTC)), SeededIds()
    customers, carts = Customers(clock, ids), Carts(clock, ids, Promotions(clock))
    return customers, carts, Linking(clock, ids, customers, carts, b"k" * 32)


def until_it_works(storage: Storage, work: Callable[[UnitOfWork], object], unchanged: Callable[[], bool]) -> object:
    """Fails at each statement in turn; the first run without a fault is what it returns."""
    seen, fail_at, armed = 0, 0, False

    def fault(*_: object) -> None:
        nonlocal seen
        seen += armed
        if armed and seen == fail_at:
            raise driver_error(storage)

    event.listen(engine_of(storage), "before_cursor_execute", fault)
    try:
        for fail_at in range(1, STEPS_AT_MOST):
            seen, armed = 0, True
            try:
                return storage.write(work)
            except (DBAPIError, StorageError):
                armed = False
                assert unchanged(), f"half done after a fault at statement {fail_at}"
            finally:
                armed = False
        raise AssertionError("it never came to its end")
    finally:
        event.remove(engine_of(storage), "before_cursor_execute", fault)
        assert fail_at > 15, "every statement had its turn"


def test_two_people_or_one(storage: Storage, verbs: tuple[Customers, Carts, Linking]) -> None:
    customers, carts, linking = verbs
    first, second = put_stock(storage, {"36": 9, "38": 9})
    lea, sam = (storage.write(lambda uow, c=contact: customers.recognise(uow, c)) for contact in (LEA, SAM))
    storage.write(lambda uow: carts.add(uow, lea.id, first, 2))
    storage.write(lambda uow: carts.add(uow, sam.id, second, 3))
    token = storage.write(lambda uow: linking.offer(uow, sam.id, SAM, TokenPurpose.LINK))

    def state() -> list[object]:
        """Who the two contacts are and what is in the cart of each; whether the link can still be used."""
        with storage.read() as uow:
            people = [uow.customers.by_contact(contact) for contact in (LEA, SAM)]
            lines = [
                [(line.variant_id, line.quantity) for line in cart.lines] if (cart := carts.of(uow, person.id)) else []
                for person in people
                if person
            ]
            told = uow.outbox.next_in(SAM.lane, NOW)
            return [people, lines, linking.preview(uow, token, LEA), told, linking.last_of(uow, lea.id) is None]

    two = state()
    linked = until_it_works(storage, lambda uow: linking.accept(uow, token, LEA), lambda: state() == two)
    assert isinstance(linked, Linked)
    one = state()
    assert one[:2] == [[lea, lea], [[(first, 2), (second, 3)]] * 2]
    until_it_works(storage, lambda uow: linking.unlink(uow, lea.id), lambda: state() == one)
    assert state()[:2] == two[:2]
    assert [found.name for found in check(storage, NOW) if not found.ok] == []
