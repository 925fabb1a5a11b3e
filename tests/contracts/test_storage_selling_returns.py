"""Returns on both databases: each moves once a version, by its table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from commerce.domain.order import Order
from commerce.domain.returns import ReturnKind, ReturnLine, ReturnReason, ReturnRequest, ReturnState, ReturnWay
from commerce.errors import IllegalMove, StaleVersion
from commerce.ports import Storage
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON
from tests.contracts.storage_values import NOW


def a_return(return_id: str = "b1", **changes: object) -> ReturnRequest:
    request = ReturnRequest(
        id=return_id,
        order_id="o1",
        customer_id=LEA_PERSON.id,
        kind=ReturnKind.EXCHANGE,
        state=ReturnState.REQUESTED,
        reason=ReturnReason.TOO_SMALL,
        way=ReturnWay.STORE,
        code="QRS-567",
        lines=(ReturnLine(0, 1), ReturnLine(1, 1)),
        created_at=NOW,
        note="trop petit",
        photo_key="a.jpg",
        store_id="bellecour",
        new_variant_id=7,
        hold_id="h9",
        refund_minor=6900,
        currency="EUR",
        due_at=NOW + 14 * 24 * HOUR,
        receipt="Rétractation reçue le …",
        receipt_channel="email",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def test_returns_come_back_as_they_were_asked_for(storage: Storage, order: Order) -> None:
    first = a_return()
    second = a_return(
        "b2", created_at=NOW + HOUR, due_at=None, store_id="", lines=(ReturnLine(0, 1, resellable=False),)
    )
    for new in (first, second):
        storage.write(lambda uow, new=new: uow.returns.add(new))
    with storage.read() as uow:
        assert uow.returns.get("b1") == first
        assert uow.returns.get("b3") is None
        assert uow.returns.of_order("o1") == [first, second]
        assert uow.returns.of_customer(LEA_PERSON.id) == [second, first]
        assert uow.returns.of_customer(SAM_PERSON.id) == []
        assert uow.returns.find() == [first, second]
        assert uow.returns.find(limit=1) == [first]
        assert uow.returns.find(state=ReturnState.REQUESTED, store_id="bellecour") == [first]
        assert uow.returns.find(state=ReturnState.SETTLED) == []


def test_a_return_moves_once_a_version_and_by_the_table(storage: Storage, order: Order) -> None:
    request = a_return()
    storage.write(lambda uow: uow.returns.add(request))
    with pytest.raises(IllegalMove):
        storage.write(lambda uow: uow.returns.move(request, ReturnState.SETTLED))
    judged = replace(
        request, lines=(ReturnLine(0, 1, resellable=True), ReturnLine(1, 1, resellable=False)), refund_minor=100,
        hold_id="", receipt="neu",
    )  # fmt: skip

    def receive(_: int) -> bool:
        try:
            storage.write(lambda uow: uow.returns.move(judged, ReturnState.RECEIVED))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(receive, range(8))) == 1
    with storage.read() as uow:
        stored = uow.returns.get("b1")
    assert stored == replace(judged, state=ReturnState.RECEIVED, version=2)
    with pytest.raises(StaleVersion):  # nor when the caller invents the state that it saw
        storage.write(lambda uow: uow.returns.move(replace(stored, state=ReturnState.REQUESTED), ReturnState.CANCELLED))
