"""What a bank's dispute does: it is kept with its payment and its order, the team hears of it, and a lost one is money
that is gone. The shopper hears nothing from us: it is between the shop and the bank."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from commerce.domain.dispute import Dispute, DisputeReport, DisputeState, is_news
from commerce.domain.money import Money
from commerce.domain.order import OrderEvent
from commerce.domain.payment import HAS_MONEY, LedgerEntry, LedgerKind, PaymentAttempt, Refund
from commerce.domain.staff import StaffTask, TaskKind
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.refund_tasks import refund_task_over
from commerce.services.refunding import Refunding


class Disputing:
    """All verbs belong to the caller's unit of work. StaleVersion: somebody else was faster, do it again."""

    def __init__(self, clock: Clock, ids: Ids, refunding: Refunding) -> None:
        self._clock, self._ids, self._refunding = clock, ids, refunding

    def hear(self, uow: UnitOfWork, report: DisputeReport) -> Dispute | None:
        """The dispute as it is now: the newest word counts, however often and in whatever order they come. None: of no
        payment of ours that we have the money of."""
        attempt = uow.payments.by_reference(report.provider, report.payment_ref)
        if attempt is None or attempt.state not in HAS_MONEY:
            return None
        now, seen = self._clock.now(), uow.disputes.by_reference(report.provider, report.reference)
        if seen is not None and not is_news(seen, report):
            return seen
        if seen is None:
            told = Dispute(
                id=self._ids.new_key(),
                attempt_id=attempt.id,
                order_id=attempt.order_id,
                provider=report.provider,
                reference=report.reference,
                state=report.state,
                amount=report.amount,
                is_withheld=report.is_withheld,
                reason=report.reason,
                said_at=report.occurred_at,
                created_at=now,
                due_at=report.due_at,
            )
            uow.disputes.add(told)
        else:
            told = uow.disputes.update(
                replace(
                    seen,
                    state=report.state,
                    amount=report.amount,
                    is_withheld=report.is_withheld,
                    reason=report.reason or seen.reason,
                    said_at=report.occurred_at,
                    due_at=report.due_at or seen.due_at,
                )
            )
        told = self._in_the_books(uow, told, attempt, now)
        if seen is None or seen.state is not told.state:
            self._note(uow, told, now)
            self._alert(uow, told, now)
        return told

    def covers(self, uow: UnitOfWork, refund: Refund) -> bool:
        """Money of ours has not arrived, and its amount is free again: whether a bank has given it back, all or in part
        (the rest is asked back anew). A dispute that was lost meanwhile had to leave it out."""
        attempt = uow.payments.get(refund.attempt_id)
        assert attempt is not None
        lost_minor = 0
        for told in uow.disputes.of_order(refund.order_id):
            if told.attempt_id == attempt.id and told.state is DisputeState.LOST:
                lost_minor += self._in_the_books(uow, told, attempt, self._clock.now()).lost_minor - told.lost_minor
        if not lost_minor:
            return False
        refund_task_over(uow, refund, self._clock.now())
        if rest := max(0, refund.amount.minor - lost_minor):
            self._refunding.ask(uow, refund.order_id, rest, refund.reason, refund.due_at)
        return True

    def catch_up(self, uow: UnitOfWork, provider: str) -> None:
        """What was lost while it could not be booked, as it stands in the books of before."""
        for told in uow.disputes.not_in_the_books(provider):
            attempt = uow.payments.get(told.attempt_id)
            assert attempt is not None
            self._in_the_books(uow, told, attempt, self._clock.now())

    def _in_the_books(self, uow: UnitOfWork, told: Dispute, attempt: PaymentAttempt, now: datetime) -> Dispute:
        """Lost, it went back like a refund that the bank has made; won after all, it is there again."""
        reference = f"{told.reference}:{told.version}"
        left = told.amount.minor - told.lost_minor
        if told.state is DisputeState.LOST and left > 0 and told.amount.currency == attempt.amount.currency:
            lost_minor = self._refunding.lost(uow, attempt, left, reference)
            return uow.disputes.update(replace(told, lost_minor=told.lost_minor + lost_minor)) if lost_minor else told
        if told.state is DisputeState.WON and told.lost_minor:
            uow.payments.regain(attempt.id, told.lost_minor)
            back = Money(told.lost_minor, attempt.amount.currency)
            uow.payments.enter(LedgerEntry(attempt.id, LedgerKind.DISPUTE, back, attempt.provider, reference, now))
            order = uow.orders.get(told.order_id)
            assert order is not None
            event = OrderEvent(now, order.state, order.state, _actor(told), f"{back.minor} {back.currency} came back")
            uow.orders.move(order, order.state, event, refunded_minor=order.refunded_minor - told.lost_minor)
            return uow.disputes.update(replace(told, lost_minor=0))
        return told

    def _note(self, uow: UnitOfWork, told: Dispute, now: datetime) -> None:
        """In the order's history; shoppers are shown its changes of state alone."""
        order = uow.orders.get(told.order_id)
        assert order is not None
        why = f", {told.reason}" if told.reason else ""
        note = f"dispute {told.state.value}: {told.amount.minor} {told.amount.currency}{why}"
        uow.orders.move(order, order.state, OrderEvent(now, order.state, order.state, _actor(told), note))

    def _alert(self, uow: UnitOfWork, told: Dispute, now: datetime) -> None:
        if not told.is_open:
            uow.tasks.done(TaskKind.DISPUTE, told.id, now)
        if told.state is DisputeState.WON:
            uow.tasks.done(TaskKind.DISPUTE_LOST, told.id, now)
            return
        order = uow.orders.get(told.order_id)
        assert order is not None
        details = {
            "order": order.number,
            "order_id": order.id,
            "amount_minor": told.amount.minor,
            "currency": told.amount.currency,
            "reason": told.reason,
        }
        kind = TaskKind.DISPUTE if told.is_open else TaskKind.DISPUTE_LOST
        task_id, due_at = self._ids.new_id(), told.due_at if told.is_open else None
        raise_task(uow, StaffTask(task_id, kind, told.id, json.dumps(details), order.store_id, now, due_at))


def is_disputed(uow: UnitOfWork, order_id: str) -> bool:
    """Whether giving money of that order back now could pay it twice."""
    return any(uow.disputes.blocks(attempt.id) for attempt in uow.payments.of_order(order_id))


def _actor(told: Dispute) -> str:
    return f"provider:{told.provider}"
