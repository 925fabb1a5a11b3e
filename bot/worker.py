"""The threads that make conversations go: answer what came in, send what must go out, keep time.

What a vendor waits for (urgent lanes) has threads of its own: a slow photo or a full bot does not hold it up.

A lane (one contact) belongs to one thread of one process at a time, by a lease in the database: order inside a lane,
parallel across lanes and processes. A process that dies loses its lanes within `leases.LEASE_S`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import structlog

from bot.channels.telegram_staff.parse import CHANNEL as STAFF_CHANNEL
from bot.chores import Chores
from bot.dispatch import Dispatcher
from bot.leases import HEARTBEAT_S, Leases
from bot.outbox_worker import Sender
from bot.staff.dispatch import StaffDispatcher
from bot.surprises import described
from commerce.domain.customer import URGENT
from commerce.errors import StorageError

if TYPE_CHECKING:
    from bot.channels.port import Channel
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

POLL_S = 0.3  # how long a message from another process may lie unnoticed
PACE_S = 0.05
ROWS_PER_TURN = 20  # of one lane before others get their chance
LANES = 64
URGENT_THREADS, HELPERS_POLL_S = 6, 30.0  # beside the one that looks for work, who wakes them when there is more
PAYING_EVERY_S = 0.5  # how long somebody who has ordered waits for the place to pay, at most
POSTS_EVERY_S = 2.0  # how long somebody who asks for new posts waits until they are looked for
GIVE_WAY_S = 2.0  # at most so long other messages wait for what a vendor waits for
_LANES_REMEMBERED = 10_000
_RUNAWAY = 10_000  # rounds after which `run_until_quiet` says that something goes round in circles

log = structlog.get_logger(__name__)


class Worker:
    """Answers and sends. `start()` and `stop()` its threads, or drive it by hand with `run_until_quiet()`."""

    def __init__(self, shop: Shop, channels: Iterable[Channel]) -> None:
        by_account = {(channel.name, channel.account): channel for channel in channels}
        self._shop = shop
        self._dispatcher = Dispatcher(shop, by_account)
        self._staff_dispatcher = StaffDispatcher(shop, by_account)
        self._sender = Sender(shop, by_account)
        self._ours = tuple(f"{name}:{account}:" for name, account in by_account)
        self._owner = shop.ids.new_id()
        self._leases = Leases(shop, self._owner)
        self._left_at: dict[str, float] = {}  # when a lane was last left, in monotonic seconds
        self._paced = False
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = _Bell(), _Bell()
        self._wake_urgent, self._wake_helpers = _Bell(), _Bell()
        self._hurry = _Hurry()
        self.chores = Chores(shop, self._owner, self._wake_out.ring)
        self._threads: list[threading.Thread] = []

    # --- running

    def start(self) -> None:
        """Starts the threads; they end with `stop`."""
        if self._threads:
            raise RuntimeError("started already")
        self._stopping.clear()
        count = max(1, self._shop.settings.worker_threads)
        loops: list[tuple[str, Callable[[], None]]] = [
            *((f"inbox-{n}", self._inbox_loop) for n in range(count)),
            *((f"outbox-{n}", self._outbox_loop) for n in range(count)),
            ("urgent", self._urgent_loop),
            *((f"urgent-{n}", self._urgent_helper_loop) for n in range(URGENT_THREADS)),
            ("paying", self._paying_loop),
            ("heartbeat", self._heartbeat_loop),
            ("ticks", self._chores_loop),
        ]
        if self._shop.importing.source is not None:
            loops.append(("posts", self._posts_loop))
        self._threads = [threading.Thread(target=loop, name=f"worker-{name}", daemon=True) for name, loop in loops]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Lets every thread finish the message it is at, and gives the lanes back."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads = []

    def wake(self) -> None:
        """Something was stored: look now. From any thread, at no cost."""
        self._wake_in.ring()
        self._wake_out.ring()
        self._wake_urgent.ring()
        if self._stopping.is_set():
            self._wake_helpers.ring()

    def run_until_quiet(self) -> int:
        """Answers and sends in this thread until nothing is left to do now. Returns how many rows were touched."""
        touched = 0
        paid = False  # whether payments were looked at since the last message
        for _ in range(_RUNAWAY):
            self._paced = False
            done = self._work_inbox() + self._work_outbox()
            touched += done
            if done:
                paid = False
            elif self._paced:
                time.sleep(PACE_S)
            elif paid:
                return touched
            else:
                self._shop.paying.tick()
                paid = True
        raise RuntimeError("messages go round in circles")

    def tick(self) -> None:
        """Everything that only time brings about, once."""
        self.chores.tick()

    # --- lanes

    def _work_inbox(self) -> int:
        return self._work("in", lambda uow: uow.inbox.waiting_lanes(self._shop.clock.now(), LANES), self._answer_next)

    def _work_outbox(self) -> int:
        return self._work("out", lambda uow: uow.outbox.waiting_lanes(self._shop.clock.now(), LANES), self._send_next)

    def _work_urgent(self) -> int:
        """Answers what a vendor waits for and sends the answer, lane by lane, without waiting for the others."""
        now, looked_at = self._shop.clock.now(), time.monotonic()
        with self._shop.storage.read() as uow:
            asked = uow.inbox.waiting_lanes(now, LANES, urgent=True)
            answered = uow.outbox.waiting_lanes(now, LANES, urgent=True)
        ours = [lane for lane in dict.fromkeys((*asked, *answered)) if lane.startswith(self._ours)]
        if len(ours) > 1:
            self._wake_helpers.ring()
        touched = 0
        with self._hurry if ours else nullcontext():
            for lane in ours:
                if self._stopping.is_set():
                    break
                touched += self._in_lane("in", lane, self._answer_next, looked_at, rows=1)
                touched += self._in_lane("out", lane, self._send_next, looked_at, rows=1)
        return touched

    def _work(self, side: str, waiting: Callable[[UnitOfWork], list[str]], step: Callable[[str], bool]) -> int:
        """Goes through the lanes that wait, taking those that are free. Returns how many rows were touched."""
        looked_at = time.monotonic()
        with self._shop.storage.read() as uow:
            lanes = waiting(uow)
        touched = 0
        for lane in lanes:
            if self._stopping.is_set():
                break
            if not lane.startswith(self._ours):
                continue  # another process speaks to these people
            if self._threads and lane.endswith(URGENT):
                continue  # has threads of its own
            self._hurry.give_way()
            if side == "out" and not self._sender.is_open(lane):
                self._paced = True  # something waits for its account's pace alone
                continue
            touched += self._in_lane(side, lane, step, looked_at)
        return touched

    def _in_lane(
        self, side: str, lane: str, step: Callable[[str], bool], looked_at: float, *, rows: int = ROWS_PER_TURN
    ) -> int:
        """Takes the lane if it is free and works on it for a while. Returns how many rows were touched.

        Another thread with the same list may have been there since `looked_at`: what it left is on the next list.
        """
        lease = f"{side}:{lane}"
        if self._left_at.get(lease, looked_at) > looked_at or not self._leases.take(lease):
            return 0
        touched = 0
        try:
            for _ in range(rows):
                if self._stopping.is_set() or not step(lane):
                    break
                touched += 1
        finally:
            self._leaves(lease)
            self._leases.drop(lease)
        return touched

    def _leaves(self, lease: str) -> None:
        """Whatever is left in it is on the next list."""
        with self._lock:
            if len(self._left_at) > _LANES_REMEMBERED:
                self._left_at.clear()
            self._left_at[lease] = time.monotonic()

    def _answer_next(self, lane: str) -> bool:
        with self._shop.storage.read() as uow:
            row = uow.inbox.next_in(lane, self._shop.clock.now())
        if row is None:
            return False
        if row.event.contact.channel == STAFF_CHANNEL:
            self._staff_dispatcher.answer(row)
        else:
            self._dispatcher.answer(row)
        self._wake_out.ring()
        return True

    def _send_next(self, lane: str) -> bool:
        with self._shop.storage.read() as uow:
            row = uow.outbox.next_in(lane, self._shop.clock.now())
        return row is not None and self._sender.send(row)

    # --- loops

    def _inbox_loop(self) -> None:
        self._loop(self._wake_in, self._work_inbox)

    def _outbox_loop(self) -> None:
        self._loop(self._wake_out, self._work_outbox)

    def _urgent_loop(self) -> None:
        self._loop(self._wake_urgent, self._work_urgent)

    def _urgent_helper_loop(self) -> None:
        self._loop(self._wake_helpers, self._work_urgent, HELPERS_POLL_S)

    def _loop(self, bell: _Bell, work: Callable[[], int], poll_s: float = POLL_S) -> None:
        while not self._stopping.is_set():
            heard = bell.count
            try:
                if work():
                    continue
            except StorageError as error:
                log.warning("storage_trouble", error=described(error))
            except Exception as error:  # the thread goes on
                log.error("worker_surprised", error=described(error))
            bell.wait(heard, poll_s)

    def _heartbeat_loop(self) -> None:
        while not self._stopping.wait(HEARTBEAT_S):
            try:
                self._leases.beat()
            except Exception as error:  # without it lanes would be taken from under those who are at them
                log.error("heartbeat_surprised", error=described(error))

    def _chores_loop(self) -> None:
        self.chores.go_on(self._stopping)

    def _paying_loop(self) -> None:
        """A thread of its own: providers may take their time."""
        while not self._stopping.wait(PAYING_EVERY_S):
            self._shop.paying.tick()
            self._wake_out.ring()

    def _posts_loop(self) -> None:
        """A thread of its own: every picture is fetched and looked at."""
        self._loop(_Bell(), self._shop.importing.tick, POSTS_EVERY_S)


class _Hurry:
    """`with` it, what a vendor waits for is seen to; meanwhile the others give way, but never for long: the vendor may
    have fallen silent."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_it = 0
        self._since_s = 0.0

    def __enter__(self) -> None:
        with self._changed:
            if self._at_it == 0:
                self._since_s = time.monotonic()
            self._at_it += 1

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._at_it -= 1
            self._changed.notify_all()

    def give_way(self) -> None:
        with self._changed:
            while self._at_it and (left_s := self._since_s + GIVE_WAY_S - time.monotonic()) > 0:
                self._changed.wait(left_s)


class _Bell:
    """Wakes every thread that waits; one that rings between looking and waiting is not missed."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def ring(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, heard: int, timeout_s: float) -> None:
        with self._changed:
            if self.count == heard:
                self._changed.wait(timeout_s)
