"""An order of a stocked shop and the payment that is asked for, for those that need no other."""

from __future__ import annotations

import pytest

from commerce.domain.order import Order
from commerce.domain.payment import PaymentAttempt
from commerce.ports import Storage
from tests.contracts.selling_values import an_attempt, put_order, put_people
from tests.contracts.storage_values import put_stock


@pytest.fixture
def variants(storage: Storage) -> list[int]:
    put_people(storage)
    return put_stock(storage, {"36": 5, "38": 5}, ("bellecour", "annecy"))


@pytest.fixture
def order(storage: Storage, variants: list[int]) -> Order:
    return put_order(storage, variants)


@pytest.fixture
def attempt(storage: Storage, order: Order) -> PaymentAttempt:
    new = an_attempt(order)
    storage.write(lambda uow: uow.payments.add(new))
    return new


@pytest.fixture
def people(storage: Storage) -> None:
    put_people(storage)
