"""News for the people in the store, wherever their bot reaches them. The board reads the shop itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from commerce.domain.collecting import PickUpRef
from commerce.domain.mail import OutboundMessage
from commerce.domain.staff import StaffTask
from commerce.ports import Clock, UnitOfWork


class StaffAlert(StrEnum):
    """What happened: the kind of the message in the outbox. Each carries ids alone; the words are found when it is
    sent."""

    PICK_UP = "staff_pick_up"  # {"kind", "id"}: new, or changed: the card is brought up to date
    ARRIVED = "staff_arrived"  # {"kind", "id"}: somebody waits outside
    CONVERSATION = "staff_conversation"  # {"customer_id"}: a person is wanted, or it was given back
    SAID = "staff_said"  # {"customer_id", "entry_id"}: one line of a thread that a person holds
    TASK = "staff_task"  # {"task_id"}


class Alerting:
    """Says it in the transaction in which it happens. Without a chat of the staff bot nobody is told, and that is all
    right."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def tell(self, uow: UnitOfWork, alert: StaffAlert, store_id: str, facts: Mapping[str, object]) -> int:
        """To the chats of that store ('' of every store). How many were told."""
        return _tell(uow, alert, store_id, facts, self._clock.now())


def pick_up_changed(uow: UnitOfWork, ref: PickUpRef, store_id: str, at: datetime) -> None:
    """Something to be collected is new, or is not what it was."""
    _tell(uow, StaffAlert.PICK_UP, store_id, {"kind": ref.kind.value, "id": ref.id}, at)


def raise_task(uow: UnitOfWork, task: StaffTask) -> bool:
    """Something that somebody of the team has to look at: their chats hear of it. False where it is open already."""
    if not uow.tasks.raise_task(task):
        return False
    _tell(uow, StaffAlert.TASK, task.store_id, {"task_id": task.id}, task.created_at)
    return True


def _tell(uow: UnitOfWork, alert: StaffAlert, store_id: str, facts: Mapping[str, object], at: datetime) -> int:
    chats = uow.staff_chats.for_store(store_id)
    body = json.dumps(dict(facts))
    for chat in chats:
        uow.outbox.add(OutboundMessage(chat.contact, alert.value, body), at)
    return len(chats)
