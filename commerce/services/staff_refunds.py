"""Money that staff give back: up to the shop's limit alone, above it with a second person."""

from __future__ import annotations

import json
from dataclasses import dataclass

from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.payment import NotRefunded, Refund, RefundReason, RefundState
from commerce.domain.reservation import Refused
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.team import Permission, StaffMember
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.disputing import is_disputed
from commerce.services.refunding import Refunding


@dataclass(frozen=True, slots=True)
class RefundWaiting:
    """Nothing has moved: somebody who may refund any amount is asked first. `asked_by` is a staff id."""

    order_id: str
    order_number: int
    store_id: str
    amount: Money
    asked_by: str


class StaffRefunds:
    """All verbs belong to the caller's unit of work.

    The limit (setting REFUND_LIMIT_MINOR) is of one order: several small refunds are one large one. Whoever may refund
    any amount needs nobody else.
    """

    def __init__(self, clock: Clock, ids: Ids, refunding: Refunding, limit_minor: int) -> None:
        self._clock, self._ids, self._refunding, self._limit_minor = clock, ids, refunding, limit_minor

    def ask(
        self, uow: UnitOfWork, member: StaffMember, order_id: str, amount_minor: int
    ) -> list[Refund] | RefundWaiting | Refused[NotRefunded]:
        """That much goes back, or waits. An order of another store is not found. One request an order waits at a time:
        while there is one, asking again answers with it."""
        order = uow.orders.get(order_id)
        if order is None or not member.may(Permission.REFUND, order.store_id):
            return Refused(NotRefunded.NOT_FOUND)
        if is_disputed(uow, order.id):
            return Refused(NotRefunded.DISPUTED)
        if member.may(Permission.REFUND_ANY) or self._back_so_far(uow, order) + amount_minor <= self._limit_minor:
            return self._give_back(uow, order, amount_minor, f"staff:{member.id}", {})
        attempts = uow.payments.of_order(order.id)
        if not any(attempt.captured_minor for attempt in attempts):
            return Refused(NotRefunded.NOT_PAID)
        if amount_minor < 1 or amount_minor > sum(attempt.refundable_minor for attempt in attempts):
            return Refused(NotRefunded.TOO_MUCH)
        now, actor = self._clock.now(), f"staff:{member.id}"
        details = {
            "order": order.number, "order_id": order.id, "amount_minor": amount_minor, "currency": order.currency,
            "asked_by": member.id,
        }  # fmt: skip
        task = StaffTask(
            self._ids.new_id(), TaskKind.REFUND_APPROVAL, order.id, json.dumps(details), order.store_id, now
        )
        if raise_task(uow, task):
            uow.audit.add(actor, "refund_approval_asked", order.id, {"amount_minor": amount_minor}, now)
        waiting = self.waiting_for(uow, order.id)
        assert waiting is not None
        return waiting

    def waiting(self, uow: UnitOfWork) -> list[RefundWaiting]:
        """Oldest first."""
        return [_read(task) for task in uow.tasks.open(kind=TaskKind.REFUND_APPROVAL, limit=500)]

    def waiting_for(self, uow: UnitOfWork, order_id: str) -> RefundWaiting | None:
        return next((each for each in self.waiting(uow) if each.order_id == order_id), None)

    def approve(
        self, uow: UnitOfWork, member: StaffMember, order_id: str, amount_minor: int
    ) -> list[Refund] | Refused[NotRefunded]:
        """By somebody else than who asked. `amount_minor` is what they were shown: of another one nothing happens."""
        waiting = self.waiting_for(uow, order_id)
        order = uow.orders.get(order_id)
        if waiting is None or order is None or not self._may_decide(member, waiting):
            return Refused(NotRefunded.NOT_FOUND)
        if waiting.amount.minor != amount_minor:
            return Refused(NotRefunded.TOO_MUCH)
        if is_disputed(uow, order.id):
            return Refused(NotRefunded.DISPUTED)  # the question waits until the bank has decided
        # Of two who decide at once, one gets True.
        if not uow.tasks.done(TaskKind.REFUND_APPROVAL, order_id, self._clock.now()):
            return Refused(NotRefunded.NOT_FOUND)
        actor, asked = f"staff:{member.id}", {"asked_by": waiting.asked_by}
        uow.audit.add(actor, "refund_approved", order.id, {"amount_minor": amount_minor, **asked}, self._clock.now())
        return self._give_back(uow, order, amount_minor, f"staff:{waiting.asked_by}", {"approved_by": member.id})

    def decline(self, uow: UnitOfWork, member: StaffMember, order_id: str) -> bool:
        """Also by who asked: they think better of it. False when nothing waits any more."""
        waiting = self.waiting_for(uow, order_id)
        if waiting is None or not (self._may_decide(member, waiting) or member.id == waiting.asked_by):
            return False
        if not uow.tasks.done(TaskKind.REFUND_APPROVAL, order_id, self._clock.now()):
            return False
        details = {"amount_minor": waiting.amount.minor, "asked_by": waiting.asked_by}
        uow.audit.add(f"staff:{member.id}", "refund_declined", order_id, details, self._clock.now())
        return True

    def _may_decide(self, member: StaffMember, waiting: RefundWaiting) -> bool:
        return member.may(Permission.REFUND_ANY) and member.id != waiting.asked_by

    def _give_back(
        self, uow: UnitOfWork, order: Order, amount_minor: int, actor: str, details: dict[str, object]
    ) -> list[Refund] | Refused[NotRefunded]:
        refunds = self._refunding.ask(uow, order.id, amount_minor, RefundReason.GOODWILL)
        if not isinstance(refunds, Refused):
            uow.audit.add(actor, "refund_asked", order.id, {"amount_minor": amount_minor, **details}, self._clock.now())
        return refunds

    def _back_so_far(self, uow: UnitOfWork, order: Order) -> int:
        refunds = uow.payments.refunds_of(order.id)
        return sum(refund.amount.minor for refund in refunds if refund.state is not RefundState.FAILED)


def _read(task: StaffTask) -> RefundWaiting:
    details = json.loads(task.details)
    amount = Money(details["amount_minor"], details["currency"])
    return RefundWaiting(details["order_id"], details["order"], task.store_id, amount, details["asked_by"])
