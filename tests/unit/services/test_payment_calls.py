"""Providers' calls: whose they are, kept before they are answered, done once; and the daily comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from commerce.domain.order import OrderState
from commerce.domain.payment import CallbackAnswer, CallbackKind, DifferenceKind, PaymentCallback
from commerce.domain.staff import TaskKind
from commerce.errors import StorageError
from commerce.payments.fake import FakeProvider, Fault
from commerce.services.payment_calls import BATCH
from commerce.storage import open_storage
from tests.unit.services.till import HOOK, SAM, Till, open_till, sell_with
from vitrine.prove._databases import sqlite_database


def calls(till: Till) -> list[tuple[bytes, dict[str, str]]]:
    return [(call.body, headers) for call, headers in till.fake.calls_due()]


def receive(till: Till, body: bytes, headers: dict[str, str], provider: str = "fake") -> CallbackAnswer:
    return till.selling.paying.receive(provider, body, headers, HOOK)


def rows(till: Till) -> list[tuple[str, int]]:
    """(state, tries) of every call that was kept."""
    with till.storage.read() as uow:
        found = uow.transaction.execute(text("SELECT state, tries FROM payment_event ORDER BY id"))
        return [(row.state, row.tries) for row in found]


def signed(till: Till, event: object) -> tuple[bytes, dict[str, str]]:
    """A call with the provider's own signature, whatever is in it."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    stamp = int(till.clock.now().timestamp())
    return body, {"fake-signature": f"t={stamp},v1={till.fake._signature(stamp, body)}"}


def test_a_forged_call_leaves_no_trace(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, headers),) = calls(till)
    assert receive(till, body, {}).status == 401
    assert receive(till, body + b" ", headers).status == 401
    assert receive(till, body, {"fake-signature": headers["fake-signature"].replace("v1=", "v1=0")}).status == 401
    assert receive(till, body, {"fake-signature": "t=1,v1=é"}).status == 401
    assert receive(till, body, headers, "stripe").status == 404
    assert receive(till, body, headers, "pay_in_store").status == 404
    assert rows(till) == []
    assert till.order(placed).state is OrderState.PENDING_PAYMENT


def test_a_call_takes_effect_once(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, headers),) = calls(till)
    assert receive(till, body, headers) == CallbackAnswer(200, is_new=True)
    version = till.order(placed).version
    for _ in range(4):
        assert receive(till, body, headers) == CallbackAnswer(200)
    assert till.order(placed).version == version
    assert rows(till) == [("done", 0)]


def test_authentic_and_unreadable_is_a_dead_letter_that_is_not_asked_for_again(till: Till):
    for body in (b"{", b"\xff\xfe", b"[]", json.dumps({"id": "x", "data": {}}).encode()):
        sent, headers = signed(till, body)
        assert receive(till, sent, headers).status == 200
        assert receive(till, sent, headers).status == 200
    assert rows(till) == [("dead", 1)] * 4
    till.selling.paying.tick()
    assert rows(till) == [("dead", 1)] * 4


def test_a_call_before_its_session_is_known_is_tried_again(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, _),) = calls(till)
    event = json.loads(body)
    # As if its name of ours were missing and the session not stored yet.
    event["data"]["attempt_id"] = "nobody-yet"
    attempt = till.attempt(placed.attempt.id)
    till.storage.write(lambda uow: uow.payments.update(replace(attempt, session_ref="", next_check_at=None)))
    assert receive(till, *signed(till, event)) == CallbackAnswer(200, is_new=True)
    assert rows(till) == [("new", 1)]
    attempt = till.attempt(placed.attempt.id)
    till.storage.write(lambda uow: uow.payments.update(replace(attempt, session_ref=event["data"]["session"])))
    till.later(seconds=1)
    assert rows(till) == [("new", 1)], "not before its time"
    till.later(seconds=5)
    assert rows(till) == [("done", 1)]
    assert till.order(placed).state is OrderState.PAID


def test_what_never_takes_effect_is_dead_after_eight_tries_at_growing_distances(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, _),) = calls(till)
    event = json.loads(body)
    event["data"].update(attempt_id="nobody", session="nothing", payment="another shop's")
    receive(till, *signed(till, event))
    seconds, tried_at = 0, [0]
    while rows(till)[0][0] == "new":
        before = rows(till)[0][1]
        till.later(seconds=5)
        seconds += 5
        if rows(till)[0][1] > before:
            tried_at.append(seconds)
        assert seconds < 3600
    assert tried_at == [0, 5, 15, 35, 75, 155, 315, 635]
    assert rows(till) == [("dead", 8)]


def test_what_cannot_be_kept_goes_up(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, headers),) = calls(till)
    till.storage.close()
    with pytest.raises(StorageError):
        receive(till, body, headers)


class Tally(FakeProvider):
    """The make-believe provider, whose calls tell of stock."""

    def parse(self, body: bytes, now) -> PaymentCallback:
        return PaymentCallback(self.name, json.loads(body)["id"], CallbackKind.STOCK, now, body=body)


def test_a_tills_count_is_handed_over_once_in_its_transaction(storage, clock, ids, tmp_path):
    heard: list[str] = []

    def take_stock(uow, callback: PaymentCallback) -> None:
        uow.state.put(f"count:{callback.event_id}", "1", clock.now() + timedelta(days=1))
        if callback.event_id == "bad" and len(heard) < 2:
            heard.append("tried")
            raise RuntimeError("no")
        heard.append(callback.event_id)

    till = open_till(storage, clock, ids, tmp_path, take_stock=take_stock, provider=Tally)
    for _ in range(3):
        assert receive(till, *signed(till, {"id": "one"})).status == 200
    assert heard == ["one"]
    assert receive(till, *signed(till, {"id": "bad"})).status == 200
    with storage.read() as uow:
        assert uow.state.get("count:one", clock.now()) == "1"
        assert uow.state.get("count:bad", clock.now()) is None, "undone with the call"
    till.later(seconds=6)
    assert heard[-1] == "bad"


# --- the daily comparison


def test_the_list_and_the_ledger_agree(till: Till):
    till.paid()
    till.begun(SAM, lines={"36": 1})
    assert till.selling.paying.reconcile("fake", till.clock.now() - timedelta(days=1)) == []
    assert till.tasks() == []


def test_what_we_had_missed_is_settled_and_told(till: Till):
    placed = till.begun(email="lea+silent@example.org")
    till.pay(placed)
    (difference,) = till.selling.paying.reconcile("fake", till.clock.now() - timedelta(days=1))
    assert (difference.kind, difference.attempt_id, difference.theirs_minor) == (
        DifferenceKind.MISSED,
        placed.attempt.id,
        7900,
    )
    assert till.order(placed).state is OrderState.PAID
    assert till.tasks(TaskKind.PAYMENT_DIFFERENCE) == ["fake:2026-03-10"]
    assert till.selling.paying.reconcile("fake", till.clock.now() - timedelta(days=1)) == []
    assert till.wrong() == []


def test_money_that_we_believe_in_and_they_do_not_list(till: Till, tmp_path: Path):
    placed = till.paid()
    (tmp_path / "other").mkdir()
    other_account = sell_with(till, FakeProvider(tmp_path / "other" / "fake.db", "s", "http://127.0.0.1/", till.clock))
    (difference,) = other_account.selling.paying.reconcile("fake", till.clock.now() - timedelta(days=1))
    assert (difference.kind, difference.ours_minor, difference.theirs_minor) == (DifferenceKind.NOT_THERE, 7900, 0)
    assert till.order(placed).state is OrderState.PAID


def test_money_that_is_not_ours(till: Till, tmp_path: Path):
    till.paid()
    other_shop = open_stranger(till, tmp_path)
    (difference,) = other_shop.selling.paying.reconcile("fake", till.clock.now() - timedelta(days=1))
    assert (difference.kind, difference.attempt_id, difference.theirs_minor) == (DifferenceKind.NOT_OURS, "", 7900)


def open_stranger(till: Till, tmp_path: Path) -> Till:
    """Another shop with the same account."""
    (tmp_path / "other").mkdir()
    sqlite_database(tmp_path / "other")
    storage = open_storage(f"sqlite:///{tmp_path / 'other' / 'shop.db'}")
    return sell_with(open_till(storage, till.clock, till.ids, tmp_path / "other"), till.fake)


def test_every_day_once_and_again_after_trouble(till: Till):
    placed = till.begun(email="lea+silent@example.org")
    till.pay(placed)
    till.fake.control.fail("look_up", Fault.TIMEOUT, 100)
    till.fake.control.fail("cancel", Fault.TIMEOUT, 100)
    till.later(hours=23)
    assert till.order(placed).state is OrderState.PENDING_PAYMENT
    till.fake.control.fail("list_since", Fault.TIMEOUT)
    till.later(hours=1)
    assert till.order(placed).state is OrderState.PENDING_PAYMENT
    till.later(hours=1)
    assert till.order(placed).state is OrderState.PAID
    assert till.wrong() == []


def test_calls_are_deleted_long_after_and_one_that_comes_again_changes_nothing(till: Till):
    placed = till.begun()
    till.pay(placed)
    ((body, headers),) = calls(till)
    assert receive(till, body, headers).is_new
    came = till.clock.now()
    with till.storage.read() as uow:
        before = uow.payments.ledger(placed.attempt.id)
    assert till.selling.paying.forget_calls(came - timedelta(seconds=1)) == 0
    assert not receive(till, body, headers).is_new, "what a provider sends again is known"
    assert till.selling.paying.forget_calls(came) == 1
    assert rows(till) == []
    till.clock.advance(timedelta(seconds=1))
    again = till.fake.signed(body)
    assert receive(till, body, again).is_new
    with till.storage.read() as uow:
        assert uow.payments.ledger(placed.attempt.id) == before
    order = till.order(placed)
    assert (order.state, order.paid_minor) == (OrderState.PAID, order.total_minor)
    assert till.kinds_of_news() == ["order_paid"]
    assert till.wrong() == []


def test_many_old_calls_are_deleted_batch_by_batch(till: Till):
    def keep(uow) -> None:
        for number in range(BATCH * 2 + 1):
            call = PaymentCallback("fake", f"e{number}", CallbackKind.IGNORED, till.clock.now(), body=b"{}")
            row_id = uow.payment_calls.accept(call, till.clock.now())
            assert row_id is not None and uow.payment_calls.done(row_id)

    till.storage.write(keep)
    assert till.selling.paying.forget_calls(till.clock.now()) == BATCH * 2 + 1
    assert rows(till) == []
