"""Money asked back: never more than was collected, and asked for once. `refund_sending.py` sends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, Order, OrderEvent, OrderState
from commerce.domain.payment import (
    HAS_MONEY,
    OPEN_REFUNDS,
    REFUNDS_IN_FLIGHT,
    TOLD_ALTOGETHER,
    LedgerKind,
    NotRefunded,
    PaymentAttempt,
    Refund,
    RefundReason,
    RefundReport,
    RefundState,
)
from commerce.domain.reservation import Refused
from commerce.domain.staff import TaskKind
from commerce.ports import Clock, Ids, PaymentProvider, UnitOfWork
from commerce.services.refund_books import book_refund, refund_done, wait_for_money_back
from commerce.services.refund_tasks import raise_refund_task, refund_task_over

# What goes back because it should never have come says nothing about the order itself.
_BESIDE_THE_ORDER = frozenset({RefundReason.WRONG_AMOUNT, RefundReason.PAID_TWICE, RefundReason.UNFULFILLABLE})


class Refunding:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, ids: Ids, providers: Mapping[str, PaymentProvider]) -> None:
        self._clock, self._ids, self._providers = clock, ids, providers

    def ask(
        self,
        uow: UnitOfWork,
        order_id: str,
        amount_minor: int | None,
        reason: RefundReason,
        due_at: datetime | None = None,
    ) -> list[Refund] | Refused[NotRefunded]:
        """That much of what was paid for the order goes back, by the ways it came. All of it or nothing. None:
        everything that is left."""
        # Locked, and before the order is read: whoever changes the order by its money has one of them first.
        attempts = [attempt for attempt in uow.payments.of_order(order_id, locked=True) if attempt.state in HAS_MONEY]
        order = uow.orders.get(order_id)
        if order is None:
            return Refused(NotRefunded.NOT_FOUND)
        if not attempts:
            return Refused(NotRefunded.NOT_PAID)
        refundable = sum(attempt.refundable_minor for attempt in attempts)
        left = refundable if amount_minor is None else amount_minor
        if not 1 <= left <= refundable:
            return Refused(NotRefunded.TOO_MUCH)
        refunds: list[Refund] = []
        for attempt in attempts:
            part = min(left, attempt.refundable_minor)
            if part:
                refunds.append(self._queue(uow, attempt, part, reason, due_at))
                left -= part
        self._order_follows(uow, order, reason)
        return refunds

    def give_back(
        self, uow: UnitOfWork, attempt: PaymentAttempt, reason: RefundReason, *, currency: str = ""
    ) -> Refund | None:
        """All that is left of one attempt's money, once: None when it is on its way already.

        `currency`: of what was collected, where that is another one than was asked for."""
        stored = uow.payments.get(attempt.id, locked=True)
        if stored is None or stored.refundable_minor < 1:
            return None
        return self._queue(uow, stored, stored.refundable_minor, reason, None, currency=currency)

    def nothing_to_send(self, uow: UnitOfWork, order: Order, actor: str, note: str) -> Order:
        """An order is over of which no money is left to be asked back: it cost nothing, or all of it is on its way."""
        order = wait_for_money_back(uow, order, actor, note, self._clock.now())
        if order.refunded_minor < order.paid_minor:
            return order
        over = OrderState.REFUNDED
        return uow.orders.move(order, over, OrderEvent(self._clock.now(), order.state, over, actor))

    def paid_back(self, uow: UnitOfWork, refund_id: str, actor: str) -> Refund | Refused[NotRefunded]:
        """Somebody has given the money back where only a person can."""
        refund = uow.payments.refund(refund_id)
        if refund is None or self._gives_back(uow, refund):
            return Refused(NotRefunded.NOT_FOUND)
        if refund.state in OPEN_REFUNDS:
            refund_done(uow, refund, RefundReport(RefundState.DONE, refund.id), self._clock.now())
            uow.audit.add(actor, "refund_paid_back", refund.order_id, {"refund": refund.id}, self._clock.now())
        return uow.payments.refund(refund_id) or refund

    def seen_elsewhere(self, uow: UnitOfWork, attempt: PaymentAttempt, refunded_minor: int) -> None:
        """The provider says that so much has gone back altogether. What is on its way from us is asked about first;
        what remains was given back at the provider's, and is written down."""
        now = self._clock.now()
        in_flight = [
            refund
            for refund in uow.payments.refunds_of(attempt.order_id)
            if refund.attempt_id == attempt.id and refund.state in REFUNDS_IN_FLIGHT
        ]
        if in_flight:
            for refund in in_flight:
                if refund.state is RefundState.UNKNOWN:
                    uow.payments.move_refund(refund, refund.state, next_try_at=now)
            return
        # Locked: somebody else may have booked a part of it since the attempt was read.
        attempt, order = uow.payments.get(attempt.id, locked=True) or attempt, uow.orders.get(attempt.order_id)
        known = attempt.refunded_minor - uow.disputes.lost_of(attempt.id)
        more = min(refunded_minor, attempt.captured_minor) - known
        if more >= 1 and order is not None:
            reference = f"{attempt.payment_ref or attempt.session_ref}{TOLD_ALTOGETHER}{refunded_minor}"
            self._went_elsewhere(uow, order, attempt, more, reference, LedgerKind.REFUND)

    def lost(self, uow: UnitOfWork, attempt: PaymentAttempt, asked_minor: int, reference: str) -> int:
        """The shopper's bank has given so much back to them, without us: what of it is now in our books as gone. What
        is on its way to them is not among it: it arrives, or is free to be counted once it has failed."""
        # Locked: the sums may have changed since the attempt was read.
        attempt, order = uow.payments.get(attempt.id, locked=True) or attempt, uow.orders.get(attempt.order_id)
        minor = min(asked_minor, attempt.captured_minor - attempt.refunded_minor)
        if order is None or minor < 1:
            return 0
        return self._went_elsewhere(uow, order, attempt, minor, reference, LedgerKind.DISPUTE)

    def _went_elsewhere(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, more: int, reference: str, kind: LedgerKind
    ) -> int:
        """Of an attempt that is locked. What we still meant to send is not sent, or less of it; what is sent already
        cannot be stopped, so that there may be room for less than that. Returns how much was booked."""
        unsent: list[Refund] = []
        if attempt.refundable_minor < more:
            unsent = [
                refund
                for refund in uow.payments.refunds_of(attempt.order_id)
                if refund.attempt_id == attempt.id
                and refund.state is RefundState.QUEUED
                and uow.payments.move_refund(refund, RefundState.FAILED, error="given back elsewhere")
            ]
            for refund in unsent:
                uow.payments.release_refund(attempt.id, refund.amount.minor)
                refund_task_over(uow, refund, self._clock.now())
        stopped = sum(refund.amount.minor for refund in unsent)
        more = min(more, attempt.refundable_minor + stopped)
        if more < 1:
            return 0
        self._reserve(uow, attempt.id, more)
        book_refund(uow, order, attempt.id, Money(more, attempt.amount.currency), reference, self._clock.now(), kind)
        if stopped > more:
            self._queue(uow, attempt, stopped - more, unsent[-1].reason, unsent[-1].due_at)
        return more

    def refused_after_all(self, uow: UnitOfWork, refund_id: str, why: str) -> None:
        """Said of a refund that had been done (the bank sends it back, days later) or whose answer we wait for. The
        books stay: whoever is owed the money gets it by a person, in another way."""
        refund = uow.payments.refund(refund_id)
        if refund is None:
            return
        if refund.state is RefundState.DONE:
            raise_refund_task(uow, self._ids.new_id(), TaskKind.REFUND_FAILED, refund, why, self._clock.now())
        elif refund.state is RefundState.UNKNOWN:
            uow.payments.move_refund(refund, refund.state, next_try_at=self._clock.now())

    def _queue(
        self,
        uow: UnitOfWork,
        attempt: PaymentAttempt,
        amount_minor: int,
        reason: RefundReason,
        due_at: datetime | None,
        *,
        currency: str = "",
    ) -> Refund:
        self._reserve(uow, attempt.id, amount_minor)
        now = self._clock.now()
        refund = Refund(
            id=self._ids.new_key(),
            order_id=attempt.order_id,
            attempt_id=attempt.id,
            amount=Money(amount_minor, currency or attempt.amount.currency),
            reason=reason,
            state=RefundState.QUEUED,
            created_at=now,
            next_try_at=now,
            due_at=due_at,
        )
        uow.payments.add_refund(refund)
        if not self._gives_back(uow, refund):
            raise_refund_task(uow, self._ids.new_id(), TaskKind.REFUND, refund, "", now)
        return refund

    def _reserve(self, uow: UnitOfWork, attempt_id: str, amount_minor: int) -> None:
        """Of sums that were read while they were locked."""
        if not uow.payments.reserve_refund(attempt_id, amount_minor):
            raise ValueError(f"{amount_minor} are more than what is left of payment attempt {attempt_id}")

    def _order_follows(self, uow: UnitOfWork, order: Order, reason: RefundReason) -> None:
        """An order of which everything goes back waits for that; one of which a part goes back stays where it was."""
        attempts = [attempt for attempt in uow.payments.of_order(order.id) if attempt.state in HAS_MONEY]
        if reason in _BESIDE_THE_ORDER or any(attempt.refundable_minor for attempt in attempts):
            return
        if OrderState.REFUND_PENDING in ORDER_MOVES[order.state]:
            wait_for_money_back(uow, order, "shop", reason.value, self._clock.now())

    def _gives_back(self, uow: UnitOfWork, refund: Refund) -> bool:
        attempt = uow.payments.get(refund.attempt_id)
        provider = self._providers.get(attempt.provider) if attempt else None
        return provider is not None and provider.gives_back
