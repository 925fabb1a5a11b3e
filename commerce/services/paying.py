"""Collecting money: everything that talks to providers, and the one function that believes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from commerce.domain.money import Money
from commerce.domain.order import NotAdvanced, Order, OrderState
from commerce.domain.payment import (
    OPEN_PAYMENTS,
    CallbackAnswer,
    Difference,
    PaymentAttempt,
    PaymentReport,
    PaymentState,
)
from commerce.domain.reservation import Refused
from commerce.errors import StorageError
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.order_stock import is_sold
from commerce.services.payment_calls import PaymentCalls
from commerce.services.payment_watch import PaymentWatch
from commerce.services.quoting import PAY_IN_STORE
from commerce.services.reconciling import Reconciling
from commerce.services.refund_sending import RefundSending
from commerce.services.settling import Settling
from commerce.services.starting import Starting

_log = structlog.get_logger(__name__)


class Paying:
    """`begin`, `receive`, `tick` and `reconcile` call providers and open their own transactions: never call them inside
    one. The other verbs belong to the caller's unit of work."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        settling: Settling,
        starting: Starting,
        calls: PaymentCalls,
        watch: PaymentWatch,
        refunds: RefundSending,
        reconciling: Reconciling,
    ) -> None:
        self._clock, self._ids, self._settling = clock, ids, settling
        self._starting, self._calls, self._watch = starting, calls, watch
        self._refunds, self._reconciling = refunds, reconciling

    def begin(self, attempt_id: str) -> PaymentAttempt:
        """Asks the provider for a session unless there is one or somebody is at it; the attempt as it is then.

        Its `url` is where the shopper pays; without one it is not known yet (`state` CREATED or UNKNOWN: look again in
        a moment) or never will be (FAILED). LookupError: there is no such attempt.
        """
        return self._starting.begin(attempt_id)

    def settle(self, uow: UnitOfWork, report: PaymentReport) -> Order | None:
        """What a provider says of a payment takes effect, once however often it is said; None: no attempt of ours.

        For verified reports only. Raises StaleVersion when somebody else was at the same order: do it again.
        """
        return self._settling.settle(uow, report)

    def receive(self, provider: str, body: bytes, headers: Mapping[str, str], url: str) -> CallbackAnswer:
        """A provider's call: see `CallbackAnswer`. Raises StorageError when it could not be kept (answer 503)."""
        return self._calls.receive(provider, body, headers, url)

    def look(self, attempt_id: str) -> None:
        """Asks the provider how a payment stands, and believes the answer: for a shopper who comes back from paying
        before the provider has called. Without an answer nothing happens."""
        self._watch.look(attempt_id)

    def tick(self) -> int:
        """Everything that only time brings about with money. One kind of trouble does not stop the others. Returns how
        many things were seen to: news may have been written."""
        seen_to = 0
        work: list[Callable[[], int]] = [
            self._calls.see_to_waiting,
            self._watch.see_to_attempts,
            self._watch.expire,
            self._refunds.send_due,
            self._reconciling.when_due,
        ]
        for do in work:
            try:
                seen_to += do()
            except StorageError as error:
                _log.warning("storage_trouble", error=type(error).__name__, why=str(error))
            except Exception as error:
                _log.error("payments_surprised", error=type(error).__name__)
        return seen_to

    def forget_calls(self, before: datetime) -> int:
        """Deletes what providers told until then, once it has taken effect. Opens its own transactions."""
        return self._calls.forget_before(before)

    def reconcile(self, provider_name: str, since: datetime) -> list[Difference]:
        """The provider's list beside our ledger; what we had missed is settled. KeyError: there is no such provider."""
        return self._reconciling.reconcile(provider_name, since)

    def paid_at_counter(self, uow: UnitOfWork, order_id: str, actor: str) -> Order | Refused[NotAdvanced]:
        """The till has the money for an order that was to be paid there. Saying it twice counts once."""
        order = uow.orders.get(order_id)
        if order is None:
            return Refused(NotAdvanced.NOT_FOUND)
        if order.state not in (OrderState.PLACED, OrderState.PREPARING, OrderState.READY):
            return order if order.state in (OrderState.PAID, OrderState.COMPLETED) else Refused(NotAdvanced.NOT_ALLOWED)
        attempts = [attempt for attempt in uow.payments.of_order(order_id) if attempt.provider == PAY_IN_STORE]
        if is_sold(uow, order):
            return order  # paid before the shop began with it
        waiting = [attempt for attempt in attempts if attempt.state in OPEN_PAYMENTS]
        attempt = waiting[-1] if waiting else self._at_counter(uow, order)
        report = PaymentReport(
            provider=PAY_IN_STORE,
            state=PaymentState.CAPTURED,
            attempt_id=attempt.id,
            payment_ref=attempt.id,
            amount=Money(order.total_minor, order.currency),
            occurred_at=self._clock.now(),
        )
        uow.audit.add(actor, "order_paid_at_counter", order.id, {"order": order.number}, self._clock.now())
        return self._settling.settle(uow, report, actor=actor) or order

    def _at_counter(self, uow: UnitOfWork, order: Order) -> PaymentAttempt:
        """An order that was to be paid otherwise is paid at the counter."""
        now, attempt_id = self._clock.now(), self._ids.new_key()
        attempt = PaymentAttempt(
            id=attempt_id,
            order_id=order.id,
            provider=PAY_IN_STORE,
            amount=order.total,
            state=PaymentState.REQUIRES_ACTION,
            idempotency_key=attempt_id,
            created_at=now,
            expires_at=order.expires_at or now,
        )
        uow.payments.add(attempt)
        return attempt
