"""Money on its way back: never more than was collected, asked for once, and sent until the provider says how it ended.

What is sent is committed before the call, and the refund's own id is its key: whoever died in between asks again
without paying twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, Order, OrderEvent, OrderState
from commerce.domain.payment import (
    HAS_MONEY,
    LedgerEntry,
    LedgerKind,
    NotRefunded,
    PaymentAttempt,
    PaymentState,
    Refund,
    RefundReason,
    RefundReport,
    RefundState,
    may_move,
)
from commerce.domain.reservation import Refused
from commerce.domain.staff import TaskKind
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater, StorageError
from commerce.ports import Clock, Ids, PaymentProvider, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.order_news import OrderNews, tell
from commerce.services.order_stock import put_back
from commerce.services.refund_tasks import raise_refund_task
from commerce.services.together import together

CLAIM = timedelta(minutes=2)  # how long a call may take before another process takes it up
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# Stripe forgets a key after 24 hours (https://docs.stripe.com/api/idempotent_requests): from then on a repetition
# would be a second refund.
KEY_LASTS = timedelta(hours=23)
BY_HAND_AGAIN = timedelta(days=1)
WHILE_DISPUTED = timedelta(hours=1)
_IN_FLIGHT = frozenset({RefundState.SENDING, RefundState.UNKNOWN})
_OPEN = frozenset({RefundState.QUEUED, *_IN_FLIGHT})
_NOT_HANDED_OVER = frozenset({OrderState.PAID, OrderState.PREPARING, OrderState.READY})
_HANDED_OVER = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})
# What goes back because it should never have come says nothing about the order itself.
_BESIDE_THE_ORDER = frozenset({RefundReason.WRONG_AMOUNT, RefundReason.PAID_TWICE, RefundReason.UNFULFILLABLE})

_log = structlog.get_logger(__name__)


class Refunding:
    """Asking belongs to the caller's unit of work; sending opens its own."""

    def __init__(self, storage: Storage, clock: Clock, ids: Ids, providers: Mapping[str, PaymentProvider]) -> None:
        self._storage, self._clock, self._ids, self._providers = storage, clock, ids, providers

    # --- asking

    def ask(
        self,
        uow: UnitOfWork,
        order_id: str,
        amount_minor: int,
        reason: RefundReason,
        due_at: datetime | None = None,
    ) -> list[Refund] | Refused[NotRefunded]:
        """That much of what was paid for the order goes back, by the ways it came. All of it or nothing."""
        order = uow.orders.get(order_id)
        if order is None:
            return Refused(NotRefunded.NOT_FOUND)
        attempts = [attempt for attempt in uow.payments.of_order(order_id) if attempt.state in HAS_MONEY]
        if not attempts:
            return Refused(NotRefunded.NOT_PAID)
        if amount_minor < 1 or sum(attempt.refundable_minor for attempt in attempts) < amount_minor:
            return Refused(NotRefunded.TOO_MUCH)
        refunds: list[Refund] = []
        left = amount_minor
        try:
            with uow.savepoint():
                for attempt in attempts:
                    part = min(left, attempt.refundable_minor)
                    if part:
                        refunds.append(self._queue(uow, attempt, part, reason, due_at))
                        left -= part
        except _TooMuch:  # PostgreSQL: somebody asked between our two statements
            return Refused(NotRefunded.TOO_MUCH)
        self._order_follows(uow, order, reason)
        return refunds

    def give_back(
        self, uow: UnitOfWork, attempt: PaymentAttempt, reason: RefundReason, *, currency: str = ""
    ) -> Refund | None:
        """All that is left of one attempt's money, once: None when it is on its way already.

        `currency`: of what was collected, where that is another one than was asked for."""
        stored = uow.payments.get(attempt.id)
        if stored is None or stored.refundable_minor < 1:
            return None
        try:
            with uow.savepoint():
                return self._queue(uow, stored, stored.refundable_minor, reason, None, currency=currency)
        except _TooMuch:
            return None

    def nothing_to_send(self, uow: UnitOfWork, order: Order, actor: str, note: str) -> Order:
        """An order is over of which no money is left to be asked back: it cost nothing, or all of it is on its way."""
        order = self._wait_for_money_back(uow, order, actor, note)
        if order.refunded_minor < order.paid_minor:
            return order
        over = OrderState.REFUNDED
        return uow.orders.move(order, over, OrderEvent(self._clock.now(), order.state, over, actor))

    def paid_back(self, uow: UnitOfWork, refund_id: str, actor: str) -> Refund | Refused[NotRefunded]:
        """Somebody has given the money back where only a person can."""
        refund = uow.payments.refund(refund_id)
        if refund is None or self._gives_back(uow, refund):
            return Refused(NotRefunded.NOT_FOUND)
        if refund.state in _OPEN:
            self._done(uow, refund, RefundReport(RefundState.DONE, refund.id))
            uow.audit.add(actor, "refund_paid_back", refund.order_id, {"refund": refund.id}, self._clock.now())
        return uow.payments.refund(refund_id) or refund

    def seen_elsewhere(self, uow: UnitOfWork, attempt: PaymentAttempt, refunded_minor: int) -> None:
        """The provider says that so much has gone back altogether. What is on its way from us is asked about first;
        what remains was given back at the provider's, and is written down."""
        now = self._clock.now()
        in_flight = [
            refund
            for refund in uow.payments.refunds_of(attempt.order_id)
            if refund.attempt_id == attempt.id and refund.state in _IN_FLIGHT
        ]
        if in_flight:
            for refund in in_flight:
                if refund.state is RefundState.UNKNOWN:
                    uow.payments.move_refund(refund, refund.state, next_try_at=now)
            return
        known = attempt.refunded_minor - uow.disputes.lost_of(attempt.id)
        more = min(refunded_minor, attempt.captured_minor) - known
        order = uow.orders.get(attempt.order_id)
        if more >= 1 and order is not None:
            reference = f"{attempt.payment_ref or attempt.session_ref}:refunded:{refunded_minor}"
            self._went_elsewhere(uow, order, attempt, more, reference, LedgerKind.REFUND)

    def lost(self, uow: UnitOfWork, attempt: PaymentAttempt, asked_minor: int, reference: str) -> int:
        """The shopper's bank has given so much back to them, without us: what of it is now in our books as gone."""
        order = uow.orders.get(attempt.order_id)
        minor = min(asked_minor, attempt.captured_minor - attempt.refunded_minor)
        if order is None or minor < 1:
            return 0
        booked = self._went_elsewhere(uow, order, attempt, minor, reference, LedgerKind.DISPUTE)
        return minor if booked else 0

    def _went_elsewhere(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, more: int, reference: str, kind: LedgerKind
    ) -> bool:
        unsent: list[Refund] = []
        if not uow.payments.reserve_refund(attempt.id, more):
            # Somebody was faster than we: what we still meant to send is not sent, or less of it.
            unsent = [
                refund
                for refund in uow.payments.refunds_of(attempt.order_id)
                if refund.attempt_id == attempt.id
                and refund.state is RefundState.QUEUED
                and uow.payments.move_refund(refund, RefundState.FAILED, error="given back elsewhere")
            ]
            for refund in unsent:
                uow.payments.release_refund(attempt.id, refund.amount.minor)
            if not uow.payments.reserve_refund(attempt.id, more):
                return False
        self._book(uow, order, attempt.id, Money(more, attempt.amount.currency), reference, kind)
        rest = sum(refund.amount.minor for refund in unsent) - more
        if rest > 0:
            self._queue(uow, attempt, rest, unsent[-1].reason, unsent[-1].due_at)
        return True

    def refused_after_all(self, uow: UnitOfWork, refund_id: str, why: str) -> None:
        """Said of a refund that had been done (the bank sends it back, days later) or whose answer we wait for. The
        books stay: whoever is owed the money gets it by a person, in another way."""
        refund = uow.payments.refund(refund_id)
        if refund is None:
            return
        if refund.state is RefundState.DONE:
            self._raise(uow, TaskKind.REFUND_FAILED, refund, error=why)
        elif refund.state is RefundState.UNKNOWN:
            uow.payments.move_refund(refund, refund.state, next_try_at=self._clock.now())

    # --- sending

    def send_due(self, limit: int = 50) -> int:
        """The tick: sends what is queued, and asks about what nobody has answered. Returns how many were touched."""
        now = self._clock.now()
        with self._storage.read() as uow:
            due = uow.payments.refunds_due(now, limit)
        together([partial(self._send_alone, refund) for refund in due])
        return len(due)

    def _send_alone(self, refund: Refund) -> None:
        try:
            self._send(refund)
        except StorageError:
            raise
        except Exception as error:  # the others go on
            _log.error("refund_surprised", refund=refund.id, error=type(error).__name__)

    def _send(self, seen: Refund) -> None:
        with self._storage.read() as uow:
            attempt = uow.payments.get(seen.attempt_id)
            is_disputed = uow.disputes.blocks(seen.attempt_id)
        if is_disputed and seen.state is RefundState.QUEUED:  # the bank may give it back itself
            later = self._clock.now() + WHILE_DISPUTED
            self._storage.write(lambda uow: uow.payments.move_refund(seen, seen.state, next_try_at=later))
            return
        provider = self._providers.get(attempt.provider) if attempt else None
        if attempt is None or provider is None or not provider.gives_back:
            self._storage.write(partial(self._by_hand, seen=seen))
            return
        refund = self._storage.write(partial(self._claim, seen=seen))
        if refund is None:
            return  # another process is at it
        try:
            report = None
            if seen.state in _IN_FLIGHT:  # it may have arrived before
                report = provider.look_up_refund(refund, attempt)
            if report is None:
                if seen.state in _IN_FLIGHT and self._clock.now() - refund.created_at > KEY_LASTS:
                    report = RefundReport(RefundState.FAILED, error="no answer within 23 hours")
                else:
                    report = provider.refund(refund, attempt)
        except PaymentRefused as refused:
            report = RefundReport(RefundState.FAILED, error=refused.reason)
        except RetryLater as later:
            pause = timedelta(seconds=max(1.0, later.after_s))
            # Nothing happened now; whether something had happened before is as open as it was.
            state = RefundState.UNKNOWN if seen.state in _IN_FLIGHT else RefundState.QUEUED
            self._storage.write(
                lambda uow: uow.payments.move_refund(refund, state, next_try_at=self._clock.now() + pause)
            )
            return
        except Exception as error:  # no answer, or one that cannot be understood: it may have happened
            if not isinstance(error, PaymentUnknown):
                _log.error("refund_surprised", refund=refund.id, error=type(error).__name__)
            report = RefundReport(RefundState.UNKNOWN, error=type(error).__name__)
        write_again(self._storage, partial(self._answered, refund=refund, report=report))

    def _claim(self, uow: UnitOfWork, *, seen: Refund) -> Refund | None:
        until = self._clock.now() + CLAIM
        if not uow.payments.move_refund(seen, RefundState.SENDING, next_try_at=until, count_try=True):
            return None
        return uow.payments.refund(seen.id)

    def _answered(self, uow: UnitOfWork, *, refund: Refund, report: RefundReport) -> None:
        now = self._clock.now()
        match report.state:
            case RefundState.DONE:
                self._done(uow, refund, report)
            case RefundState.FAILED:
                self._failed(uow, refund, report.error)
            case _:
                pause = PAUSES[min(refund.tries, len(PAUSES)) - 1]
                uow.payments.move_refund(
                    refund,
                    RefundState.UNKNOWN,
                    next_try_at=now + pause,
                    provider_ref=report.provider_ref or None,
                    error=report.error,
                )
                if refund.tries > len(PAUSES):
                    self._raise(uow, TaskKind.REFUND_FAILED, refund, error="no answer yet")

    def _done(self, uow: UnitOfWork, refund: Refund, report: RefundReport) -> None:
        if not uow.payments.move_refund(refund, RefundState.DONE, provider_ref=report.provider_ref, error=""):
            return
        order = uow.orders.get(refund.order_id)
        assert order is not None
        now = self._clock.now()
        self._book(uow, order, refund.attempt_id, refund.amount, report.provider_ref or refund.id)
        for kind in (TaskKind.REFUND, TaskKind.REFUND_FAILED):
            uow.tasks.done(kind, refund.id, now)
        tell(uow, order, OrderNews.REFUND_DONE, now, refund_id=refund.id)

    def _book(
        self,
        uow: UnitOfWork,
        order: Order,
        attempt_id: str,
        amount: Money,
        reference: str,
        kind: LedgerKind = LedgerKind.REFUND,
    ) -> None:
        """Money that went back: on the attempt, in the ledger, on the order."""
        now = self._clock.now()
        uow.payments.confirm_refund(attempt_id, amount.minor)
        attempt = uow.payments.get(attempt_id)
        assert attempt is not None
        whole = attempt.refunded_minor == attempt.captured_minor
        state = PaymentState.REFUNDED if whole else PaymentState.PARTIALLY_REFUNDED
        if may_move(attempt.state, state):
            uow.payments.update(replace(attempt, state=state))
        back = Money(-amount.minor, amount.currency)
        entry = LedgerEntry(attempt_id, kind, back, attempt.provider, reference, now)
        if not uow.payments.enter(entry):  # a provider that uses a name twice: the sum must be right all the same
            uow.payments.enter(replace(entry, reference=f"{reference}:{attempt_id}:{attempt.refunded_minor}"))
        refunded = order.refunded_minor + amount.minor
        to_state = self._state_after(uow, order, refunded)
        actor = f"provider:{attempt.provider}"
        ends = to_state is not order.state and to_state is OrderState.REFUNDED
        if ends and to_state not in ORDER_MOVES[order.state]:
            order = self._wait_for_money_back(uow, order, actor, "")
        note = f"{amount.minor} {amount.currency} went back"
        uow.orders.move(order, to_state, OrderEvent(now, order.state, to_state, actor, note), refunded_minor=refunded)

    def _failed(self, uow: UnitOfWork, refund: Refund, error: str) -> None:
        """For good: a person must act. Its amount may be asked back again."""
        if not uow.payments.move_refund(refund, RefundState.FAILED, error=error):
            return
        uow.payments.release_refund(refund.attempt_id, refund.amount.minor)
        self._raise(uow, TaskKind.REFUND_FAILED, refund, error=error)
        order = uow.orders.get(refund.order_id)
        if order is not None and order.state is OrderState.REFUND_PENDING:
            back = self._state_after(uow, order, order.refunded_minor)
            if back is not order.state:
                event = OrderEvent(self._clock.now(), order.state, back, "clock", "the refund failed")
                uow.orders.move(order, back, event)

    def _by_hand(self, uow: UnitOfWork, *, seen: Refund) -> None:
        """Nobody can be asked to: staff give it back, and are reminded every day."""
        self._raise(uow, TaskKind.REFUND, seen)
        uow.payments.move_refund(seen, seen.state, next_try_at=self._clock.now() + BY_HAND_AGAIN)

    # --- small things

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
        if not uow.payments.reserve_refund(attempt.id, amount_minor):
            raise _TooMuch
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
            self._raise(uow, TaskKind.REFUND, refund)
        return refund

    def _order_follows(self, uow: UnitOfWork, order: Order, reason: RefundReason) -> None:
        """An order of which everything goes back waits for that; one of which a part goes back stays where it was."""
        attempts = [attempt for attempt in uow.payments.of_order(order.id) if attempt.state in HAS_MONEY]
        if reason in _BESIDE_THE_ORDER or any(attempt.refundable_minor for attempt in attempts):
            return
        if OrderState.REFUND_PENDING in ORDER_MOVES[order.state]:
            self._wait_for_money_back(uow, order, "shop", reason.value)

    def _wait_for_money_back(self, uow: UnitOfWork, order: Order, actor: str, note: str) -> Order:
        """Nobody hands it over any more: what has not left the shop is on the shelf again."""
        now, to_state = self._clock.now(), OrderState.REFUND_PENDING
        moved = uow.orders.move(order, to_state, OrderEvent(now, order.state, to_state, actor, note))
        if order.state in _NOT_HANDED_OVER:
            put_back(uow, order, now)
        return moved

    def _state_after(self, uow: UnitOfWork, order: Order, refunded_minor: int) -> OrderState:
        """Where an order is once so much of its money has gone back."""
        moves = ORDER_MOVES[order.state]
        ends = OrderState.REFUNDED in moves or OrderState.REFUND_PENDING in moves
        if ends and refunded_minor == order.paid_minor and self._was_paid(uow, order):
            return OrderState.REFUNDED
        if order.state is not OrderState.REFUND_PENDING:
            return order.state
        if any(refund.state in _OPEN for refund in uow.payments.refunds_of(order.id)):
            return order.state
        before = [
            event.from_state
            for event in uow.orders.events(order.id)
            if event.to_state is order.state and event.from_state is not order.state
        ]
        # What was put back on the shelf is not sold any more: such an order waits until its money has gone back.
        return before[-1] if before and before[-1] in _HANDED_OVER else order.state

    def _was_paid(self, uow: UnitOfWork, order: Order) -> bool:
        """With its own price, not only by mistake."""
        return any(0 < attempt.captured_minor == order.total_minor for attempt in uow.payments.of_order(order.id))

    def _gives_back(self, uow: UnitOfWork, refund: Refund) -> bool:
        attempt = uow.payments.get(refund.attempt_id)
        provider = self._providers.get(attempt.provider) if attempt else None
        return provider is not None and provider.gives_back

    def _raise(self, uow: UnitOfWork, kind: TaskKind, refund: Refund, *, error: str = "") -> None:
        raise_refund_task(uow, self._ids.new_id(), kind, refund, error, self._clock.now())


class _TooMuch(Exception):
    """More would be asked back than was collected: undoes the savepoint."""
