"""What providers call about, on both databases: each call takes effect once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from commerce.domain.payment import CallbackKind, PaymentCallback
from commerce.ports import Storage
from tests.contracts.selling_values import HOUR
from tests.contracts.storage_values import NOW


def test_a_call_takes_effect_once(storage: Storage) -> None:
    call = PaymentCallback("stripe", "evt_1", CallbackKind.PAYMENT, NOW, body=b'{"\xc3\xa9": 1}')

    def accept(_: int) -> int | None:
        return storage.write(lambda uow: uow.payment_calls.accept(call, NOW))

    with ThreadPoolExecutor(8) as pool:
        first, *more = [row_id for row_id in pool.map(accept, range(8)) if row_id is not None]
    assert more == []
    second = storage.write(lambda uow: uow.payment_calls.accept(replace(call, provider="square"), NOW))
    assert second is not None
    with storage.read() as uow:
        assert uow.payment_calls.waiting(NOW, 9) == [
            (first, "stripe", call.body, 0),
            (second, "square", call.body, 0),
        ]
        assert uow.payment_calls.waiting(NOW, 1) == [(first, "stripe", call.body, 0)]
    storage.write(lambda uow: uow.payment_calls.failed(first, "busy", NOW + HOUR))
    storage.write(lambda uow: uow.payment_calls.failed(second, "not readable", None))
    with storage.read() as uow:
        assert uow.payment_calls.waiting(NOW, 9) == []
        assert uow.payment_calls.waiting(NOW + HOUR, 9) == [(first, "stripe", call.body, 1)]
        (letter,) = uow.payment_calls.dead(9)
        assert (letter.box, letter.id, letter.lane, letter.error) == ("call", second, "square", "not readable")
    assert not storage.write(lambda uow: uow.payment_calls.replay(first, NOW))
    assert storage.write(lambda uow: uow.payment_calls.replay(second, NOW))
    assert not storage.write(lambda uow: uow.payment_calls.replay(second, NOW))
    with storage.read() as uow:
        assert uow.payment_calls.dead(9) == []
        assert uow.payment_calls.waiting(NOW, 9) == [(second, "square", call.body, 0)]
    storage.write(lambda uow: uow.payment_calls.failed(second, "not readable", None))

    def done(_: int) -> bool:
        return storage.write(lambda uow: uow.payment_calls.done(first))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(done, range(8))) == 1
    assert not storage.write(lambda uow: uow.payment_calls.done(second))
    with storage.read() as uow:
        assert uow.payment_calls.waiting(NOW + 9 * HOUR, 9) == []


def test_calls_of_long_ago_are_deleted_when_they_took_effect_and_no_others(storage: Storage) -> None:
    def accept(event_id: str, at: datetime) -> int:
        call = PaymentCallback("stripe", event_id, CallbackKind.PAYMENT, at, body=b"{}")
        row_id = storage.write(lambda uow: uow.payment_calls.accept(call, at))
        assert row_id is not None
        return row_id

    waiting, dead, *done = [accept(f"evt_{n}", NOW) for n in range(5)]
    young = accept("evt_young", NOW + HOUR)
    storage.write(lambda uow: uow.payment_calls.failed(dead, "not readable", None))
    for row_id in (*done, young):
        assert storage.write(lambda uow, row_id=row_id: uow.payment_calls.done(row_id))
    with storage.read() as uow:
        assert uow.payment_calls.done_before(NOW, 9) == done
        assert uow.payment_calls.done_before(NOW, 2) == done[:2]
        assert uow.payment_calls.done_before(NOW + HOUR, 9) == [*done, young]
    assert storage.write(lambda uow: uow.payment_calls.delete([waiting, dead, *done])) == len(done)
    assert storage.write(lambda uow: uow.payment_calls.delete(done)) == 0
    with storage.read() as uow:
        assert uow.payment_calls.waiting(NOW, 9) == [(waiting, "stripe", b"{}", 0)]
        assert [letter.id for letter in uow.payment_calls.dead(9)] == [dead]
        assert uow.payment_calls.done_before(NOW + HOUR, 9) == [young]
