"""Nobody of the team has answered in time: the shopper is asked once whether somebody shall ring, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.domain.answering import call_back_times, closed_until, may_call_at
from commerce.domain.conversation import Conversation, NotCalledBack
from commerce.domain.customer import Customer
from commerce.domain.mail import OutboundMessage
from commerce.domain.reservation import Refused
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.store import Store
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, Storage, UnitOfWork
from commerce.services.alerting import Alerting, StaffAlert, raise_task
from commerce.services.handoff import stores_for

NOTICE_CALL_BACK = "call_back_offered"
_BATCH = 100
_MOST_TASKS = 1000
_TELEPHONES = frozenset({"sms", "whatsapp"})  # channels whose addresses are numbers


@dataclass(frozen=True, slots=True)
class CallTimes:
    """When somebody can ring; local to `timezone`."""

    times: tuple[datetime, ...]
    timezone: str


class CallingBack:
    """All verbs but `tick` belong to the caller's unit of work. `after`: how long nobody has answered."""

    def __init__(self, storage: Storage, clock: Clock, ids: Ids, alerting: Alerting, after: timedelta) -> None:
        self._storage, self._clock, self._ids, self._alerting = storage, clock, ids, alerting
        self._after = after

    def times(self, uow: UnitOfWork, customer_id: str) -> CallTimes:
        """The next two sensible ones in the hours of the store that it is about; none where no store has hours."""
        store = self._store(uow, customer_id)
        found = call_back_times(store, self._clock.now()) if store else []
        return CallTimes(tuple(found), store.timezone if store else "UTC")

    def book(
        self, uow: UnitOfWork, customer: Customer, at: datetime, *, phone: str = ""
    ) -> StaffTask | Refused[NotCalledBack]:
        """A task for the team, due then. `phone`: a number they have just given, else the one we know; a later time
        takes the place of the one before."""
        now = self._clock.now()
        store = self._store(uow, customer.id)
        if store is None or not may_call_at(store, at, now):
            return Refused(NotCalledBack.NOT_OPEN)
        number = phone or self._asked_for(uow, customer.id) or known_phone(uow, customer.id)
        if not number:
            return Refused(NotCalledBack.NO_PHONE)
        uow.tasks.done(TaskKind.CALL_BACK, customer.id, now)
        details = json.dumps({"customer_id": customer.id, "phone": number})
        task = StaffTask(self._ids.new_id(), TaskKind.CALL_BACK, customer.id, details, store.id, now, due_at=at)
        raise_task(uow, task)
        uow.audit.add(f"shopper:{customer.id}", "call_back_asked", customer.id, {"at": at.isoformat()}, now)
        return task

    @staticmethod
    def phone_of(task: StaffTask) -> str:
        """The number to be rung."""
        return str(json.loads(task.details).get("phone", ""))

    def tick(self) -> int:
        """Asks whoever has waited too long, once a conversation, and reminds the team. How many."""
        before = self._clock.now() - self._after
        with self._storage.read() as uow:
            waiting = [each.customer_id for each in uow.conversations.unanswered_since(before, _BATCH)]
        return sum(
            self._storage.write(lambda uow, customer_id=each: self._ask(uow, customer_id, before))  # type: ignore[misc]
            for each in waiting
        )

    def forget_numbers(self, before: datetime) -> int:
        """Numbers of people whom somebody rang, or who gave up, until then. Opens its own transaction."""
        return self._storage.write(lambda uow: uow.tasks.forget_done(TaskKind.CALL_BACK, before))

    def is_awaited(self, conversation: Conversation | None) -> bool:
        """Whether the question whether to ring still stands."""
        return conversation is not None and conversation.bot_is_silent and conversation.unanswered_since is not None

    def _ask(self, uow: UnitOfWork, customer_id: str, before: datetime) -> bool:
        there = uow.conversations.get(customer_id)
        since = there.unanswered_since if there else None
        if there is None or not self.is_awaited(there) or there.callback_offered_at or not since or since > before:
            return False
        now = self._clock.now()
        try:
            uow.conversations.update(replace(there, callback_offered_at=now))
        except StaleVersion:
            return False  # somebody is at it: the next tick looks again
        contacts = uow.customers.contacts(customer_id)
        if contacts and self.times(uow, customer_id).times:
            body = json.dumps({"customer_id": customer_id})
            uow.outbox.add(OutboundMessage(contacts[0], NOTICE_CALL_BACK, body), now)
        self._alerting.tell(uow, StaffAlert.CONVERSATION, there.store_id, {"customer_id": customer_id})
        return True

    def _asked_for(self, uow: UnitOfWork, customer_id: str) -> str:
        """The number of the call that they have asked for already; '' when they have asked for none."""
        tasks = uow.tasks.open(kind=TaskKind.CALL_BACK, limit=_MOST_TASKS)
        return next((self.phone_of(task) for task in tasks if task.subject == customer_id), "")

    def _store(self, uow: UnitOfWork, customer_id: str) -> Store | None:
        """Who would ring: the store that it is about, else one that is open, else the one that opens first."""
        conversation = uow.conversations.get(customer_id)
        now = self._clock.now()
        stores = [
            each for each in stores_for(uow, conversation.store_id if conversation else "") if each.takes_visitors
        ]
        is_open = next((store for store in stores if store.closes_at(now)), None)
        opening = closed_until(stores, now)
        return is_open or (opening[1] if opening else None)


def known_phone(uow: UnitOfWork, customer_id: str) -> str:
    """A number they have given us, the newest first; '' when there is none."""
    by_telephone = [each.address for each in uow.customers.contacts(customer_id) if each.channel in _TELEPHONES]
    cart = uow.carts.of_customer(customer_id)
    ordered = [order.phone for order in uow.orders.of_customer(customer_id)]
    return next(filter(None, (cart.draft.phone if cart else "", *ordered, *by_telephone)), "")
