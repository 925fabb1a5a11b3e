"""What leaves: in order, at least once, never louder than the vendor allows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.recorder.send import CAPABILITIES, Recorder
from bot.leases import LEASE_S
from bot.messages import Reply
from bot.outbox_worker import LONGEST_BACKOFF_S, MAX_TRIES, Pace, Sender
from bot.wire import reply_from_json, reply_to_json
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, OutboundMessage
from commerce.errors import RetryLater, SendRefused, SendUnknown
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk


def put(desk: Desk, text: str, *, address: str = "lea", repeat_safe: bool = True, kind: str = "reply") -> int:
    body = reply_to_json(Reply(text)) if kind == "reply" else text
    message = OutboundMessage(desk.contact(address), kind, body, repeat_safe)
    return desk.shop.storage.write(lambda uow: uow.outbox.add(message, desk.shop.clock.now()))


def states(desk: Desk) -> dict[int, tuple[str, int]]:
    """State and tries by row, read as an operator would."""
    import sqlite3

    with sqlite3.connect(desk.shop.settings.data_dir / "vitrine.db") as db:
        return {row[0]: (row[1], row[2]) for row in db.execute("SELECT id, state, tries FROM outbox ORDER BY id")}


@pytest.fixture
def clock_of(desk: Desk) -> ManualClock:
    assert isinstance(desk.shop.clock, ManualClock)
    return desk.shop.clock


def test_in_order_and_once(desk: Desk) -> None:
    for number in range(5):
        put(desk, f"message {number}")
    desk.worker.run_until_quiet()
    assert desk.texts() == [f"message {number}" for number in range(5)]
    assert desk.worker.run_until_quiet() == 0


def test_retry_later_holds_the_lane_and_nobody_else(desk: Desk, clock_of: ManualClock) -> None:
    put(desk, "first")
    put(desk, "second")
    put(desk, "sam's", address="sam")
    desk.recorder.fail_with(RetryLater(5.0))
    desk.worker.run_until_quiet()
    assert desk.texts() == []
    assert desk.texts("sam") == ["sam's"]
    clock_of.advance(timedelta(seconds=5))
    desk.worker.run_until_quiet()
    assert desk.texts() == []  # a tenth of a second more than was asked for
    clock_of.advance(timedelta(seconds=0.1))
    desk.worker.run_until_quiet()
    assert desk.texts() == ["first", "second"]


def test_what_is_refused_is_dead_and_the_lane_goes_on(desk: Desk) -> None:
    bad = put(desk, "never")
    put(desk, "next")
    desk.recorder.fail_with(SendRefused("blocked"))
    desk.worker.run_until_quiet()
    assert desk.texts() == ["next"]
    assert states(desk)[bad][0] == "dead"


def test_no_answer_is_repeated_once_where_that_does_no_harm(desk: Desk, clock_of: ManualClock) -> None:
    row = put(desk, "hello")
    put(desk, "next")
    desk.recorder.fail_with(SendUnknown(), SendUnknown())
    desk.worker.run_until_quiet()
    clock_of.advance(timedelta(minutes=1))
    desk.worker.run_until_quiet()
    assert desk.texts() == ["hello", "hello", "next"]
    assert states(desk)[row][0] == "unknown"


def test_no_answer_is_not_repeated_where_it_could_harm(desk: Desk) -> None:
    row = put(desk, "you have paid", repeat_safe=False)
    put(desk, "next")
    desk.recorder.fail_with(SendUnknown())
    desk.worker.run_until_quiet()
    assert desk.texts() == ["you have paid", "next"]
    assert states(desk)[row][0] == "unknown"


@pytest.mark.parametrize(("repeat_safe", "said", "state"), [(True, ["hello"], "sent"), (False, [], "unknown")])
def test_a_row_left_while_sending(
    desk: Desk, clock_of: ManualClock, repeat_safe: bool, said: list[str], state: str
) -> None:
    """The process died between `sending` and the answer."""
    row = put(desk, "hello", repeat_safe=repeat_safe)
    lane = f"out:{desk.contact().lane}"
    now = clock_of.now()
    desk.shop.storage.write(lambda uow: uow.leases.take(lane, "the dead one", now, now + timedelta(seconds=LEASE_S)))
    desk.shop.storage.write(lambda uow: uow.outbox.sending(row))
    desk.worker.run_until_quiet()
    assert desk.texts() == []
    clock_of.advance(timedelta(seconds=LEASE_S))
    desk.worker.run_until_quiet()
    assert desk.texts() == said
    assert states(desk)[row][0] == state


def test_eight_tries_then_an_operator(desk: Desk, clock_of: ManualClock) -> None:
    row = put(desk, "hello")
    desk.recorder.fail_with(*(RetryLater(1.0) for _ in range(20)))
    for _ in range(20):
        desk.worker.run_until_quiet()
        clock_of.advance(timedelta(seconds=2))
    assert states(desk)[row] == ("dead", MAX_TRIES)


def test_a_day_then_an_operator(desk: Desk, clock_of: ManualClock) -> None:
    row = put(desk, "hello")
    desk.recorder.fail_with(RetryLater(3600 * 25))
    desk.worker.run_until_quiet()
    clock_of.advance(timedelta(hours=26))
    desk.worker.run_until_quiet()
    assert states(desk)[row][0] == "dead"
    assert desk.texts() == []


def test_a_channel_that_is_gone_waits(desk: Desk) -> None:
    contact = Contact("whatsapp", "123", "lea")
    message = OutboundMessage(contact, "reply", reply_to_json(Reply("x")))
    desk.shop.storage.write(lambda uow: uow.outbox.add(message, desk.shop.clock.now()))
    desk.worker.run_until_quiet()
    assert list(states(desk).values()) == [("ready", 0)]


def test_backoff_grows_and_is_bounded(desk: Desk, clock_of: ManualClock) -> None:
    put(desk, "x")
    with desk.shop.storage.read() as uow:
        row = uow.outbox.next_in(desk.contact().lane, clock_of.now())
    assert row is not None
    sender = Sender(desk.shop, {})
    waits = [(sender._backoff(replace(row, tries=tries)) - clock_of.now()).total_seconds() for tries in range(12)]
    for tries, wait in enumerate(waits):
        least = min(LONGEST_BACKOFF_S, 2.0**tries)
        assert least <= wait <= least * 1.5 + 1e-6


class Seconds:
    """Real time, by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_account_keeps_its_pace() -> None:
    seconds = Seconds()
    pace = Pace({"telegram:bot": 3}, seconds)
    assert [pace.take("telegram:bot") for _ in range(4)] == [True, True, True, False]
    assert not pace.is_open("telegram:bot")
    assert pace.take("webchat:web")
    seconds.now += 1
    assert pace.is_open("telegram:bot")
    assert pace.take("telegram:bot")


def test_three_lanes_told_to_slow_down_pause_the_account() -> None:
    seconds = Seconds()
    pace = Pace({"telegram:bot": 30}, seconds)
    for lane in ("a", "a", "b"):
        pace.slowed("telegram:bot", lane, 30)
    assert pace.take("telegram:bot")
    pace.slowed("telegram:bot", "c", 30)
    assert not pace.take("telegram:bot")
    assert pace.take("webchat:web")
    seconds.now += 30
    assert pace.take("telegram:bot")


def test_many_messages_of_one_account_all_arrive_though_the_clock_stands_still(shop: Shop) -> None:
    desk = Desk(shop, Recorder(shop.media, replace(CAPABILITIES, messages_per_s=25)))
    for number in range(60):
        put(desk, "x", address=f"person {number}")
    desk.worker.run_until_quiet()
    assert len(desk.recorder.sent) == 60


def test_a_notice_is_put_into_words_when_it_is_sent(desk: Desk) -> None:
    navy = next(v for v in desk.shop.catalog.by_source_id("P1").variants if (v.colour, v.size) == ("navy", "38"))  # type: ignore[union-attr]
    desk.say("montre-moi une robe")  # the language she uses
    desk.say(action=f"reserve:{navy.id}:S1")
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact())
        assert customer is not None
        [reservation] = uow.reservations.of_customer(customer.id, only_open=True)
    put(desk, json.dumps({"reservation_id": reservation.id}), kind="reservation_expired")
    desk.worker.run_until_quiet()
    assert desk.texts()[-1].startswith("Réservation annulée, rien à payer.")
    assert reservation.code in desk.texts()[-1]
    with desk.shop.storage.read() as uow:
        last = uow.threads.after(desk.contact(), 0, 100)[-1]
    assert last.direction is Direction.OUT
    assert reply_from_json(last.body).text == desk.texts()[-1]


@pytest.mark.parametrize(("kind", "body"), [("nonsense", "{}"), ("reservation_expired", "["), ("reply", "{")])
def test_what_cannot_be_said_is_dead_and_the_lane_goes_on(desk: Desk, kind: str, body: str) -> None:
    message = OutboundMessage(desk.contact(), kind, body)
    row = desk.shop.storage.write(lambda uow: uow.outbox.add(message, desk.shop.clock.now()))
    put(desk, "next")
    desk.worker.run_until_quiet()
    assert states(desk)[row][0] == "dead"
    assert desk.texts() == ["next"]


def test_news_that_is_none_any_more_is_passed_over(desk: Desk) -> None:
    gone = put(desk, json.dumps({"reservation_id": "0" * 32}), kind="reservation_expired")
    put(desk, "next")
    desk.worker.run_until_quiet()
    assert states(desk)[gone][0] == "sent"  # no dead letter: nobody has to look at it
    assert desk.texts() == ["next"]


def test_two_workers_never_send_twice(desk: Desk) -> None:
    other = Worker(desk.shop, [desk.recorder])
    for number in range(10):
        put(desk, str(number))
    assert desk.worker.run_until_quiet() + other.run_until_quiet() == 10
    assert desk.texts() == [str(number) for number in range(10)]
