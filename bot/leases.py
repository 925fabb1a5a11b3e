"""Who is at a lane: one thread of one process, by a lease in the database that runs out when the process dies."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.surprises import described
from commerce.domain.customer import URGENT
from commerce.errors import StorageError

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

LEASE_S = 10.0
HEARTBEAT_S = 3.0  # how often `beat` is to be called

log = structlog.get_logger(__name__)


class Leases:
    """Those of one worker, named `in:<lane>` and `out:<lane>`. For many threads."""

    def __init__(self, shop: Shop, owner: str) -> None:
        self._shop, self._owner = shop, owner
        self._held: set[str] = set()
        self._left_behind: set[str] = set()  # in the database, though nobody is at them
        self._lock = threading.Lock()

    def take(self, lease: str) -> bool:
        """True: the lane is the caller's until `drop`. False: somebody is at it. Raises StorageError.

        An urgent lane is taken without a lease, which would cost two more commits: should another process be at it
        too, whoever is first to finish a row is the only one.
        """
        if not self._hold(lease):
            return False  # another thread of ours is at it
        if lease.endswith(URGENT):
            return True
        try:
            now = self._shop.clock.now()
            taken = self._shop.storage.write(lambda uow: uow.leases.take(lease, self._owner, now, _end(now)))
        except Exception:
            self._let_go(lease, left_behind=True)  # it may be ours without our knowing
            raise
        if not taken:
            self._let_go(lease)
        return taken

    def drop(self, lease: str) -> None:
        """Gives it back: now, or when the database answers again."""
        kept = True
        try:
            if not lease.endswith(URGENT):
                self._shop.storage.write(lambda uow: uow.leases.drop(lease, self._owner))
            kept = False
        except Exception as error:  # the work is done, and this can wait
            log.warning("lease_kept", lane=lease, error=described(error))
        finally:
            self._let_go(lease, left_behind=kept)

    def beat(self) -> None:
        """Makes those that are held last longer, and gives back what the database could not take back before.

        Only a lease that is there is made longer: taken anew, one that was dropped just now would close its lane.
        """
        with self._lock:
            held = sorted(lease for lease in self._held if not lease.endswith(URGENT))
        end = _end(self._shop.clock.now())

        def renew(uow: UnitOfWork) -> None:
            for lease in held:
                uow.leases.renew(lease, self._owner, end)

        try:
            if held:
                self._shop.storage.write(renew)
        except StorageError as error:
            log.warning("leases_not_renewed", lanes=len(held), error=described(error))
        with self._lock:
            left_behind = self._left_behind - self._held
            self._left_behind.clear()
            self._held |= left_behind
        for lease in left_behind:
            self.drop(lease)

    def _hold(self, lease: str) -> bool:
        with self._lock:
            if lease in self._held:
                return False
            self._held.add(lease)
            return True

    def _let_go(self, lease: str, *, left_behind: bool = False) -> None:
        with self._lock:
            self._held.discard(lease)
            if left_behind:
                self._left_behind.add(lease)


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_S)
