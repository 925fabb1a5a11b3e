"""What a person has to see to about money on its way back."""

from __future__ import annotations

import json
from datetime import datetime

from commerce.domain.payment import Refund
from commerce.domain.staff import StaffTask, TaskKind
from commerce.ports import UnitOfWork
from commerce.services.alerting import raise_task


def raise_refund_task(uow: UnitOfWork, task_id: str, kind: TaskKind, refund: Refund, error: str, at: datetime) -> None:
    """To the team of the store that the order is of; once while it is open."""
    order = uow.orders.get(refund.order_id)
    details = {
        "order": order.number if order else 0,
        "order_id": refund.order_id,
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "reason": refund.reason.value,
        "error": error,
    }
    store_id = order.store_id if order else ""
    raise_task(uow, StaffTask(task_id, kind, refund.id, json.dumps(details), store_id, at, refund.due_at))


def refund_task_over(uow: UnitOfWork, refund: Refund, at: datetime) -> None:
    """The money is back, by whatever way: nobody has to see to it."""
    for kind in (TaskKind.REFUND, TaskKind.REFUND_FAILED):
        uow.tasks.done(kind, refund.id, at)
