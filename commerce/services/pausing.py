"""Stores that take no online orders for a while: until a time, with a reason. The clock alone ends a pause."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.plain_text import is_plain, plain
from commerce.domain.reservation import Refused
from commerce.domain.staff import NotPaused, StorePause
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
        self, uow: UnitOfWork, store_id: str, until: datetime, reason: str, *, actor: str
    ) -> StorePause | Refused[NotPaused]:
        """A second pause replaces the first: who waits is told when the later one ends."""
        now = self._clock.now()
        if not is_plain(store_id) or uow.stores.get(store_id) is None:
            return Refused(NotPaused.NO_SUCH_STORE)
        if not now < until <= now + LONGEST:
            return Refused(NotPaused.UNTIL)
        pause = StorePause(store_id, until, plain(reason).strip()[:_LONGEST_REASON], actor[:_LONGEST_ACTOR])
        uow.pauses.put(pause)
        details = {"until": until.isoformat(), "reason": pause.reason}
        uow.audit.add(pause.by, "store_paused", store_id, details, now)
        return pause

    def resume(self, uow: UnitOfWork, store_id: str, *, actor: str) -> bool:
        """Ends a pause before its time; False when there is none."""
        now = self._clock.now()
        if not is_plain(store_id) or uow.pauses.get(store_id, now) is None or not uow.pauses.end(store_id):
            return False
        uow.audit.add(actor[:_LONGEST_ACTOR], "store_resumed", store_id, {}, now)
        return True

    def in_force(self, uow: UnitOfWork, store_id: str) -> StorePause | None:
        """The pause that keeps this store from taking orders now."""
        return uow.pauses.get(store_id, self._clock.now())

    def those_in_force(self, uow: UnitOfWork, store_ids: Iterable[str]) -> dict[str, StorePause]:
        """The pauses of these stores, by store."""
        found = ((store_id, self.in_force(uow, store_id)) for store_id in store_ids)
        return {store_id: pause for store_id, pause in found if pause is not None}

    def wait(self, uow: UnitOfWork, store_id: str, contact: Contact) -> StorePause | None:
        """Remembers who wants to know when it is over; None when nothing is to be waited for."""
        pause = self.in_force(uow, store_id)
        if pause is not None:
            uow.pauses.wait(store_id, contact)
        return pause

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
