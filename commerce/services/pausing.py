"""Stores that take no online orders for a while: until a time, with a reason. The clock alone ends a pause."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.plain_text import is_plain, plain
from commerce.domain.reservation import Refused
from commerce.domain.staff import NotPaused, PauseMethod, StorePause
from commerce.ports import Clock, Storage, UnitOfWork

LONGEST = timedelta(days=31)  # a store that stays away longer is closed: its opening hours say so
NOTICE_RESUMED = "store_resumed"
_LONGEST_REASON = 500
_LONGEST_ACTOR = 64


class Pausing:
    """Whoever sells asks `in_force`, in the same unit of work in which they take stock."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock

    def pause(
        self,
        uow: UnitOfWork,
        store_id: str,
        until: datetime,
        reason: str,
        *,
        actor: str,
        method: PauseMethod = PauseMethod.ALL,
    ) -> StorePause | Refused[NotPaused]:
        """A second pause of the same method replaces the first: who waits is told when all of them are over."""
        now = self._clock.now()
        if not is_plain(store_id) or uow.stores.get(store_id) is None:
            return Refused(NotPaused.NO_SUCH_STORE)
        if not now < until <= now + LONGEST:
            return Refused(NotPaused.UNTIL)
        pause = StorePause(store_id, until, plain(reason).strip()[:_LONGEST_REASON], actor[:_LONGEST_ACTOR], method)
        uow.pauses.put(pause)
        details = {"until": until.isoformat(), "reason": pause.reason, **_of(method)}
        uow.audit.add(pause.by, "store_paused", store_id, details, now)
        return pause

    def resume(self, uow: UnitOfWork, store_id: str, *, actor: str, method: PauseMethod = PauseMethod.ALL) -> bool:
        """Ends a pause of that method before its time; False when there is none."""
        now = self._clock.now()
        if not is_plain(store_id) or uow.pauses.get(store_id, now, method) is None:
            return False
        if not uow.pauses.end(store_id, method):
            return False
        uow.audit.add(actor[:_LONGEST_ACTOR], "store_resumed", store_id, _of(method), now)
        return True

    def in_force(self, uow: UnitOfWork, store_id: str, method: PauseMethod = PauseMethod.ALL) -> StorePause | None:
        """The pause that keeps this store from doing that now."""
        return uow.pauses.get(store_id, self._clock.now(), method)

    def each_in_force(self, uow: UnitOfWork, store_id: str) -> list[StorePause]:
        """All pauses of this store, that of everything first."""
        found = (self.in_force(uow, store_id, method) for method in PauseMethod)
        return list(dict.fromkeys(pause for pause in found if pause is not None))

    def those_in_force(
        self, uow: UnitOfWork, store_ids: Iterable[str], method: PauseMethod = PauseMethod.ALL
    ) -> dict[str, StorePause]:
        """The pauses of these stores, by store."""
        found = ((store_id, self.in_force(uow, store_id, method)) for store_id in store_ids)
        return {store_id: pause for store_id, pause in found if pause is not None}

    def wait(self, uow: UnitOfWork, store_id: str, contact: Contact) -> StorePause | None:
        """Remembers who wants to know when it is over; None when nothing is to be waited for."""
        pauses = self.each_in_force(uow, store_id)
        if not pauses:
            return None
        uow.pauses.wait(store_id, contact)
        return pauses[0]

    def tick(self) -> int:
        """Tells those who wait for stores whose pause is over, once. Returns how many were told."""
        return self._storage.write(self._tell)

    def _tell(self, uow: UnitOfWork) -> int:
        now, told = self._clock.now(), 0
        for store_id, contacts in uow.pauses.over(now):
            for contact in contacts:
                body = json.dumps({"store_id": store_id})
                uow.outbox.add(OutboundMessage(contact, NOTICE_RESUMED, body), now)
                told += 1
        return told


def _of(method: PauseMethod) -> dict[str, str]:
    return {"method": method.value} if method is not PauseMethod.ALL else {}
