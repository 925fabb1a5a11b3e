"""The threads: everything answered, in order inside a lane, once over two workers, and a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from bot.channels.recorder.send import Recorder
from bot.leases import LEASE_S
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.lookbook import Did, ReadingEvent
from commerce.domain.order import OrderRefused, OrderSource
from commerce.domain.payment import CallbackKind, PaymentCallback, PaymentState, Placed
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk


def wait_for(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "too slow"
        time.sleep(0.02)


def test_two_workers_answer_everybody_once_and_in_order(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(worker_threads=2)
    desk = Desk(shop, Recorder(shop.media))
    people, words = [f"person-{n}" for n in range(8)], ["dresses", "white sneakers", "denim jacket", "help"]
    alone = [text for word in words for text in desk.say(word, address="alone")]
    workers = [Worker(shop, [desk.recorder]) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for word in words:
            for person in people:
                desk.accept(desk.event(word, address=person, after_s=0.01))
                workers[0].wake()
        wait_for(lambda: sum(len(desk.texts(person)) for person in people) >= len(alone) * len(people))
    finally:
        for worker in workers:
            worker.stop()
    for person in people:
        assert desk.texts(person) == alone


def test_a_waking_worker_answers_and_stops(desk: Desk) -> None:
    desk.worker.start()
    try:
        time.sleep(0.5)
        desk.accept(desk.event("dresses"))
        desk.worker.wake()
        wait_for(lambda: bool(desk.texts()), 10)
    finally:
        started = time.monotonic()
        desk.worker.stop()
        assert time.monotonic() - started < 5


def test_another_process_is_noticed_by_polling(desk: Desk) -> None:
    desk.worker.start()
    try:
        desk.accept(desk.event("dresses"))  # and nobody rings
        wait_for(lambda: bool(desk.texts()), 5)
    finally:
        desk.worker.stop()


def test_the_lane_of_a_dead_worker_is_free_within_ten_seconds(desk: Desk, clock: ManualClock) -> None:
    desk.accept(desk.event("dresses"))
    lane, now = f"in:{desk.contact().lane}", clock.now()
    desk.shop.storage.write(lambda uow: uow.leases.take(lane, "the dead one", now, now + timedelta(seconds=LEASE_S)))
    assert desk.worker.run_until_quiet() == 0
    clock.advance(timedelta(seconds=10))
    desk.worker.run_until_quiet()
    assert len(desk.texts()) == 1


def test_readers_of_long_ago_are_forgotten_and_their_pages_go_on_counting(desk: Desk, clock: ManualClock) -> None:
    at = clock.now()
    event = ReadingEvent("e" * 32, Did.PAGE, at, "b" * 32, page=4, visitor="v" * 32, customer_id="c" * 32)
    desk.shop.storage.write(lambda uow: uow.reading.add([event]))
    clock.advance(timedelta(days=desk.shop.settings.reading_keep_days) - timedelta(seconds=1))
    desk.worker.tick()
    with desk.shop.storage.read() as uow:
        assert uow.reading.last_page_of("", "c" * 32) == ("b" * 32, 4)
    clock.advance(timedelta(seconds=2))
    desk.worker.tick()
    with desk.shop.storage.read() as uow:
        assert uow.reading.last_page_of("v" * 32, "") is None
        assert uow.reading.last_page_of("", "c" * 32) is None
        (page,) = uow.reading.by_page("b" * 32, at, clock.now())
    assert (page.views, page.visitors) == (1, 0)


def test_a_providers_call_is_kept_for_its_days_and_no_longer(desk: Desk, clock: ManualClock) -> None:
    def keep(uow: UnitOfWork) -> None:
        row_id = uow.payment_calls.accept(PaymentCallback("fake", "e1", CallbackKind.IGNORED, clock.now()), clock.now())
        assert row_id is not None and uow.payment_calls.done(row_id)

    def kept() -> int:
        with desk.shop.storage.read() as uow:
            return len(uow.payment_calls.done_before(clock.now(), 9))

    desk.shop.storage.write(keep)
    clock.advance(timedelta(days=desk.shop.settings.payment_call_keep_days) - timedelta(seconds=1))
    desk.worker.tick()
    assert kept() == 1
    clock.advance(timedelta(seconds=1))
    desk.worker.tick()
    assert kept() == 0


def test_photos_are_deleted_when_their_time_is_over(desk: Desk, clock: ManualClock) -> None:
    key = desk.shop.media.put(b"not really a jpeg", ".jpg")
    end = clock.now() + timedelta(hours=24)
    desk.shop.storage.write(lambda uow: uow.photos.add(key, desk.contact(), clock.now(), end))
    desk.worker.tick()
    assert desk.shop.media.get(key) is not None
    clock.advance(timedelta(hours=24))
    desk.worker.tick()
    assert desk.shop.media.get(key) is None
    with desk.shop.storage.read() as uow:
        assert uow.photos.due(clock.now(), 10) == []
    assert audited(desk, key)
    desk.worker.tick()


def audited(desk: Desk, key: str) -> bool:
    import sqlite3

    with sqlite3.connect(desk.shop.settings.data_dir / "vitrine.db") as db:
        return bool(db.execute("SELECT 1 FROM audit WHERE action = 'photo_deleted' AND subject = ?", (key,)).fetchall())


def test_expired_state_is_swept(desk: Desk, clock: ManualClock) -> None:
    desk.say("dresses")
    clock.advance(timedelta(days=31))

    def left(uow: UnitOfWork) -> int:
        return uow.state.sweep(clock.now())

    desk.worker.tick()
    assert desk.shop.storage.write(left) == 0


def test_people_of_another_process_are_left_to_it(desk: Desk) -> None:
    """A worker without their channel neither answers nor loses them."""
    desk.accept(desk.event("dresses"))
    assert Worker(desk.shop, []).run_until_quiet() == 0
    desk.worker.run_until_quiet()
    assert len(desk.texts()) == 1


def test_payments_are_begun_by_a_thread_of_their_own(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(fake_payments=True)
    desk = Desk(shop, Recorder(shop.media))
    now, contact = shop.clock.now(), desk.contact()

    def place(uow: UnitOfWork) -> Placed | OrderRefused:
        customer = shop.customers.recognise(uow, contact, language="en")
        cart = uow.carts.create(shop.ids.new_id(), customer.id, now)
        product = uow.products.by_source_id("P1")
        assert product is not None
        in_stock = {
            level.variant_id for level in uow.stock.levels([v.id for v in product.variants], "S1") if level.available
        }
        uow.carts.add(cart.id, min(in_stock), 1, "", now, most=1)
        draft = CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1", provider="fake")
        uow.carts.set_draft(cart.id, draft, now)
        return shop.checkout.place(uow, customer_id=customer.id, contact=contact, source=OrderSource.BOT, language="en")

    placed = shop.storage.write(place)
    assert isinstance(placed, Placed), placed

    def begun() -> bool:
        with shop.storage.read() as uow:
            attempt = uow.payments.get(placed.attempt.id)
        return attempt is not None and attempt.state is PaymentState.REQUIRES_ACTION

    assert not begun()
    desk.worker.start()
    try:
        wait_for(begun, 10)
    finally:
        desk.worker.stop()
