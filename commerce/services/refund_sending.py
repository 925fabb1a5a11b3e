"""Money on its way back: sent until the provider says how it ended.

What is sent is committed before the call, and the refund's own id is its key: whoever died in between asks again
without paying twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.order import OrderEvent, OrderState
from commerce.domain.payment import (
    REFUNDS_IN_FLIGHT,
    Refund,
    RefundReport,
    RefundState,
)
from commerce.domain.staff import TaskKind
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater, StorageError
from commerce.ports import Clock, Ids, PaymentProvider, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.disputing import Disputing
from commerce.services.refund_books import refund_done, state_after
from commerce.services.refund_tasks import raise_refund_task
from commerce.services.together import together

CLAIM = timedelta(minutes=2)  # how long a call may take before another process takes it up
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# Stripe forgets a key after 24 hours (https://docs.stripe.com/api/idempotent_requests): from then on a repetition
# would be a second refund.
KEY_LASTS = timedelta(hours=23)
BY_HAND_AGAIN = timedelta(days=1)
WHILE_DISPUTED = timedelta(hours=1)

_log = structlog.get_logger(__name__)


class RefundSending:
    """Opens its own transactions: never to be called inside one."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        providers: Mapping[str, PaymentProvider],
        disputing: Disputing,
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._providers, self._disputing = providers, disputing

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
            if seen.state in REFUNDS_IN_FLIGHT:  # it may have arrived before
                report = provider.look_up_refund(refund, attempt)
            if report is None:
                if seen.state in REFUNDS_IN_FLIGHT and self._clock.now() - refund.created_at > KEY_LASTS:
                    report = RefundReport(RefundState.FAILED, error="no answer within 23 hours")
                else:
                    report = provider.refund(refund, attempt)
        except PaymentRefused as refused:
            report = RefundReport(RefundState.FAILED, error=refused.reason)
        except RetryLater as later:
            pause = timedelta(seconds=max(1.0, later.after_s))
            # Nothing happened now; whether something had happened before is as open as it was.
            state = RefundState.UNKNOWN if seen.state in REFUNDS_IN_FLIGHT else RefundState.QUEUED
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
                refund_done(uow, refund, report, now)
            case RefundState.FAILED:
                self._failed(uow, refund, report.error, now)
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
                    raise_refund_task(uow, self._ids.new_id(), TaskKind.REFUND_FAILED, refund, "no answer yet", now)

    def _failed(self, uow: UnitOfWork, refund: Refund, error: str, now: datetime) -> None:
        """For good: a person must act, unless the shopper's bank has. Its amount may be asked back again."""
        if not uow.payments.move_refund(refund, RefundState.FAILED, error=error):
            return
        uow.payments.release_refund(refund.attempt_id, refund.amount.minor)
        if self._disputing.covers(uow, refund):
            return
        raise_refund_task(uow, self._ids.new_id(), TaskKind.REFUND_FAILED, refund, error, now)
        order = uow.orders.get(refund.order_id)
        if order is not None and order.state is OrderState.REFUND_PENDING:
            back = state_after(uow, order, order.refunded_minor)
            if back is not order.state:
                event = OrderEvent(now, order.state, back, "clock", "the refund failed")
                uow.orders.move(order, back, event)

    def _by_hand(self, uow: UnitOfWork, *, seen: Refund) -> None:
        """Nobody can be asked to: staff give it back, and are reminded every day."""
        now = self._clock.now()
        raise_refund_task(uow, self._ids.new_id(), TaskKind.REFUND, seen, "", now)
        uow.payments.move_refund(seen, seen.state, next_try_at=now + BY_HAND_AGAIN)
