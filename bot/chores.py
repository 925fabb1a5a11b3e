"""What only time brings about: what is due is seen to, what is over is free again, what is old is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.surprises import described
from commerce.errors import StorageError

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

EXPIRY_EVERY_S, PHOTOS_EVERY_S, SWEEP_EVERY_S, COMPARING_EVERY_S = 1.0, 60.0, 600.0, 3600.0
SPEAKING_EVERY_S, FORGETTING_EVERY_S = 5.0, 6 * 3600.0
REMINDING_EVERY_S, SLOTS_EVERY_S = 5.0, 20.0
ALIVE, ALIVE_EVERY_S = "heartbeat:worker", 10.0
_BATCH = 200

log = structlog.get_logger(__name__)


class Chores:
    """Of the worker `owner`. `tell`: called when there is something to send."""

    def __init__(self, shop: Shop, owner: str, tell: Callable[[], None]) -> None:
        self._shop, self._owner, self._tell = shop, owner, tell

    def tick(self) -> None:
        """Everything that only time brings about, once."""
        self._shop.reserving.expire_due()
        self._shop.returns.expire_due()
        self._shop.offering.expire_due()
        self._shop.waiting.tick()
        self._shop.paying.tick()
        self._shop.pausing.tick()
        self._shop.handoff.tick()
        self._shop.calling_back.tick()
        self._shop.reminding.tick()
        self._shop.slots.tick()
        self._shop.importing.tick()
        self._shop.posting.make_small_ones()
        self.delete_photos()
        self.forget_readers()
        self.forget_calls()
        self._sweep()

    def go_on(self, stopping: threading.Event) -> None:
        """Each chore at its own pace, all in this thread, until `stopping`."""
        chores: list[tuple[float, Callable[[], object]]] = [
            (ALIVE_EVERY_S, self._say_alive),
            (EXPIRY_EVERY_S, self._expire),
            (EXPIRY_EVERY_S, self._resume_stores),
            (SPEAKING_EVERY_S, self._see_who_speaks),
            (REMINDING_EVERY_S, self._remind),
            (SLOTS_EVERY_S, self._shop.slots.tick),
            (PHOTOS_EVERY_S, self.delete_photos),
            (SWEEP_EVERY_S, self._sweep),
            (SWEEP_EVERY_S, self._shop.posting.make_small_ones),
            (COMPARING_EVERY_S, self._compare_stock),
            (FORGETTING_EVERY_S, self.forget_readers),
            (FORGETTING_EVERY_S, self.forget_calls),
        ]
        waited = [every for every, _ in chores]  # all of them at once in the beginning
        while True:
            for place, (every, chore) in enumerate(chores):
                if waited[place] >= every:
                    waited[place] = 0.0
                    try:
                        chore()
                    except StorageError as error:
                        log.warning("storage_trouble", error=described(error))
                    except Exception as error:  # the others go on
                        log.error("chore_surprised", error=described(error))
            if stopping.wait(EXPIRY_EVERY_S):
                return
            waited = [seconds + EXPIRY_EVERY_S for seconds in waited]

    def delete_photos(self) -> int:
        """Deletes shoppers' photos whose time is over: the file first, then its row with a line in the record."""
        now = self._shop.clock.now()
        with self._shop.storage.read() as uow:
            keys = uow.photos.due(now, _BATCH)

        def forget(uow: UnitOfWork, key: str) -> None:
            uow.photos.forget(key)
            uow.audit.add("clock", "photo_deleted", key, {}, now)

        for key in keys:
            self._shop.media.delete(key)
            self._shop.storage.write(lambda uow, key=key: forget(uow, key))  # type: ignore[misc]
        return len(keys)

    def forget_readers(self) -> int:
        """What was read in catalogues long ago goes on counting, and names nobody any more."""
        before = self._shop.clock.now() - timedelta(days=self._shop.settings.reading_keep_days)
        return self._shop.storage.write(lambda uow: uow.reading.forget_before(before))

    def forget_calls(self) -> int:
        """Providers' calls that took effect long ago, and numbers that nobody has to ring any more."""
        now, settings = self._shop.clock.now(), self._shop.settings
        numbers = self._shop.calling_back.forget_numbers(now - timedelta(days=settings.callback_phone_days))
        return numbers + self._shop.paying.forget_calls(now - timedelta(days=settings.payment_call_keep_days))

    def _say_alive(self) -> None:
        """For whoever asks whether anybody works (/readyz): a line that runs out when nobody does."""
        until = self._shop.clock.now() + timedelta(seconds=3 * ALIVE_EVERY_S)
        self._shop.storage.write(lambda uow: uow.state.put(ALIVE, self._owner, until))

    def _expire(self) -> None:
        """What is over is free again, and whoever waits for it is told in the same breath."""
        over = self._shop.reserving.expire_due() + self._shop.returns.expire_due() + self._shop.offering.expire_due()
        if over + self._shop.waiting.tick():
            self._tell()

    def _resume_stores(self) -> None:
        if self._shop.pausing.tick():
            self._tell()

    def _see_who_speaks(self) -> None:
        if self._shop.calling_back.tick() + self._shop.handoff.tick():
            self._tell()

    def _remind(self) -> None:
        if self._shop.reminding.tick():
            self._tell()

    def _compare_stock(self) -> None:
        """Feeds and tills that say another number than we do, for no reason that we know."""
        with self._shop.storage.read() as uow:
            odd = self._shop.stocktaking.unexplained(uow)
        if odd:
            self._shop.storage.write(self._shop.stocktaking.raise_differences)

    def _sweep(self) -> None:
        now = self._shop.clock.now()
        self._shop.storage.write(lambda uow: uow.state.sweep(now))
        self._shop.storage.write(self._shop.linking.sweep)
