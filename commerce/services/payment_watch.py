"""What only time brings about with payments: begin what was never begun, ask where no answer came, end what is over.

Stock is free again only when the provider has said that nobody can pay any more. A provider that says nothing keeps
the stock held, and staff hear of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.order import Order, OrderEvent, OrderSource, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, PaymentReport, PaymentState
from commerce.domain.staff import StaffTask, TaskKind
from commerce.errors import StaleVersion, StorageError, VendorError
from commerce.ports import Clock, Ids, PaymentProvider, SellingRules, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.alerting import raise_task
from commerce.services.ending import (
    change_attempt,
    end_unpaid,
    moment_of_next_attempt,
    stop_attempts,
    who_cancels,
)
from commerce.services.order_news import OrderNews, asked_from, tell
from commerce.services.order_stock import keep
from commerce.services.settling import Settling
from commerce.services.starting import CLAIM, KEY_LASTS, PAUSES, STARTABLE, Starting, pause_after
from commerce.services.together import together

BATCH = 100
MOST_ATTEMPTS = 3  # with one provider, before it is left to a person
# A page that has just placed an order asks for the session itself, and hands its shopper over at once.
OWN_TURN = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


class PaymentWatch:
    """The tick's work on attempts and on orders that nobody has paid. Safe in several processes."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        rules: SellingRules,
        providers: Mapping[str, PaymentProvider],
        settling: Settling,
        starting: Starting,
    ) -> None:
        self._storage, self._clock, self._ids, self._rules = storage, clock, ids, rules
        self._providers, self._settling, self._starting = providers, settling, starting
        self._offline = frozenset(name for name, provider in providers.items() if not provider.is_online)

    # --- attempts

    def see_to_attempts(self) -> int:
        """Every attempt whose time has come. Returns how many there were."""
        with self._storage.read() as uow:
            due = [
                (attempt, uow.orders.get(attempt.order_id)) for attempt in uow.payments.due(self._clock.now(), BATCH)
            ]
        together(
            [
                partial(self._alone, partial(self._see_to, attempt, order), attempt=attempt.id)
                for attempt, order in due
                if order is not None
            ]
        )
        return len(due)

    def _see_to(self, attempt: PaymentAttempt, order: Order) -> None:
        provider = self._providers.get(attempt.provider)
        if attempt.state not in OPEN_PAYMENTS or (provider is not None and not provider.is_online):
            self._rest(attempt)
        elif provider is None:
            _log.error("payment_provider_gone", provider=attempt.provider)
            self._silent(attempt)
        elif order.state is not OrderState.PENDING_PAYMENT or not self._is_newest(attempt):
            self._end(attempt, provider)
        elif self._is_due(order, self._clock.now()):
            return  # `expire` ends it
        elif attempt.state in STARTABLE and attempt.expires_at <= self._clock.now():
            self._end(attempt, provider)  # too late to be paid
        elif attempt.state is PaymentState.CREATED and self._age(attempt) <= KEY_LASTS:
            if order.source is OrderSource.BOT or self._age(attempt) >= OWN_TURN or self._is_asked_in_chat(attempt):
                self._starting.start(attempt, provider)
        else:
            self._ask(attempt, provider)

    def _is_asked_in_chat(self, attempt: PaymentAttempt) -> bool:
        with self._storage.read() as uow:
            return asked_from(uow, attempt.id, self._clock.now()) is not None

    def look(self, attempt_id: str) -> None:
        """Asks the provider how a payment stands now, for a shopper who has just come back from paying. Changes nothing
        about when the tick asks; a provider without an answer is left to it."""
        with self._storage.read() as uow:
            attempt = uow.payments.get(attempt_id)
        provider = self._providers.get(attempt.provider) if attempt else None
        if attempt is None or provider is None or not provider.is_online or attempt.state not in OPEN_PAYMENTS:
            return
        answered, report = self._answer(provider.look_up, attempt)
        if answered and report is not None:
            write_again(self._storage, partial(self._settle, report=_named(report, attempt)))

    def _ask(self, seen: PaymentAttempt, provider: PaymentProvider) -> None:
        """How it stands. A provider that knows nothing of it, or not where to pay, is asked for it again: with the same
        key that is the same session."""
        attempt = self._claim(seen)
        if attempt is None:
            return
        answered, report = self._answer(provider.look_up, attempt)
        if not answered:
            self._silent(attempt)
            return
        # It was never made, or it was and the answer that says where to pay was lost.
        unmade = report is None or report.state is PaymentState.REQUIRES_ACTION
        if attempt.state in STARTABLE and unmade:
            if self._age(attempt) > KEY_LASTS:
                self._silent(attempt)
            elif (started := self._starting.start(attempt, provider)) and started.state is PaymentState.UNKNOWN:
                self._storage.write(partial(self._renew, seen=started))
            return
        if report is not None:
            write_again(self._storage, partial(self._settle, report=_named(report, attempt)))
        self._later(attempt)

    def _renew(self, uow: UnitOfWork, *, seen: PaymentAttempt) -> None:
        """The provider says how it stands and yet never answers this key: some keep their first answer, be it an error.
        Another attempt has another key; this one is ended like any that nobody waits for."""
        attempts = uow.payments.of_order(seen.order_id)
        order = uow.orders.get(seen.order_id)
        if order is None or order.state is not OrderState.PENDING_PAYMENT or attempts[-1].id != seen.id:
            return
        if sum(attempt.provider == seen.provider for attempt in attempts) >= MOST_ATTEMPTS:
            return
        now, attempt_id = self._clock.now(), self._ids.new_id()
        uow.payments.add(
            PaymentAttempt(
                id=attempt_id,
                order_id=seen.order_id,
                provider=seen.provider,
                amount=seen.amount,
                state=PaymentState.CREATED,
                idempotency_key=attempt_id,
                created_at=moment_of_next_attempt(uow, seen.order_id, now),
                expires_at=seen.expires_at,
                next_check_at=now,
            )
        )
        stop_attempts(uow, seen.order_id, now, offline=self._offline, but=attempt_id)

    def _end(self, seen: PaymentAttempt, provider: PaymentProvider) -> bool:
        """Nobody waits for it any more: it must not be paid. True when it surely cannot be, or has been."""
        if seen.state is PaymentState.CREATED and seen.tries == 0:
            return self._over(seen)
        answered, report = self._answer(provider.cancel, seen)
        if not answered:
            self._silent(seen)
            return False
        if report is None:  # it was never there
            return self._over(seen)
        write_again(self._storage, partial(self._settle, report=_named(report, seen)))
        with self._storage.read() as uow:
            attempt = uow.payments.get(seen.id)
        if attempt is None or attempt.state not in OPEN_PAYMENTS:
            return True
        self._silent(attempt)  # it can still be paid
        return False

    def _over(self, seen: PaymentAttempt) -> bool:
        def over(attempt: PaymentAttempt) -> PaymentAttempt | None:
            if attempt.state not in OPEN_PAYMENTS or attempt.version != seen.version:
                return None
            return replace(attempt, state=PaymentState.CANCELED, next_check_at=None)

        def work(uow: UnitOfWork) -> PaymentAttempt | None:
            attempt = change_attempt(uow, seen.id, over)
            uow.tasks.done(TaskKind.PAYMENT_UNKNOWN, seen.id, self._clock.now())
            return attempt

        attempt = self._storage.write(work)
        return attempt is None or attempt.state not in OPEN_PAYMENTS

    def _claim(self, seen: PaymentAttempt) -> PaymentAttempt | None:
        """Says that we ask now. None: another process does."""
        claimed = replace(seen, next_check_at=self._clock.now() + CLAIM)
        try:
            return self._storage.write(lambda uow: uow.payments.update(claimed))
        except StaleVersion:
            return None

    def _silent(self, seen: PaymentAttempt) -> None:
        """No answer: later again, and staff are told when it has been long."""

        def silent(uow: UnitOfWork) -> None:
            attempt = change_attempt(uow, seen.id, self._paused)
            if attempt is not None and attempt.tries > len(PAUSES):
                self._raise(uow, attempt)

        write_again(self._storage, silent)

    def _paused(self, attempt: PaymentAttempt) -> PaymentAttempt | None:
        if attempt.state not in OPEN_PAYMENTS:
            return None
        tries = attempt.tries + 1
        return replace(attempt, tries=tries, next_check_at=self._clock.now() + pause_after(tries))

    def _later(self, seen: PaymentAttempt) -> None:
        """It waits for its shopper: asked again at growing distances, in case its call never arrives."""

        def later(attempt: PaymentAttempt) -> PaymentAttempt | None:
            if attempt.state not in OPEN_PAYMENTS:
                return None
            pause = min(max(self._age(attempt), PAUSES[0]), PAUSES[-1])
            return replace(attempt, tries=0, next_check_at=self._clock.now() + pause)

        self._storage.write(lambda uow: change_attempt(uow, seen.id, later))

    def _rest(self, seen: PaymentAttempt) -> None:
        """Nothing to ask about it."""
        self._storage.write(
            lambda uow: change_attempt(
                uow, seen.id, lambda attempt: replace(attempt, next_check_at=None) if attempt.next_check_at else None
            )
        )

    # --- orders that nobody has paid in time

    def expire(self) -> int:
        """Every unpaid order whose time is over. Returns how many ended."""
        now = self._clock.now()
        with self._storage.read() as uow:
            due = [order for order in uow.orders.due(now, BATCH) if self._is_due(order, now)]
        ended = together([partial(self._alone, partial(self._expire, order), order=order.id) for order in due])
        return sum(map(bool, ended))

    def _is_due(self, order: Order, now: datetime) -> bool:
        if order.expires_at is None:
            return False
        grace = timedelta() if order.state is OrderState.PENDING_PAYMENT else self._rules.pickup.grace
        return order.expires_at + grace <= now

    def _expire(self, order: Order) -> bool:
        with self._storage.read() as uow:
            attempts = [attempt for attempt in uow.payments.of_order(order.id) if attempt.state in OPEN_PAYMENTS]
        for attempt in attempts:
            provider = self._providers.get(attempt.provider)
            if provider is None or (provider.is_online and not self._end(attempt, provider)):
                if provider is None:
                    self._silent(attempt)
                write_again(self._storage, partial(self._hold_on, order_id=order.id, attempt_id=attempt.id))
                return False
        return write_again(self._storage, partial(self._ended, order_id=order.id))

    def _hold_on(self, uow: UnitOfWork, *, order_id: str, attempt_id: str) -> None:
        """It may still be paid: the stock goes on waiting until the provider is asked again."""
        order, attempt = uow.orders.get(order_id), uow.payments.get(attempt_id)
        if order is None or attempt is None or order.paid_minor or not order.is_open:
            return
        now = self._clock.now()
        until = max(attempt.next_check_at or now, now + PAUSES[0])
        event = OrderEvent(now, order.state, order.state, "clock", f"{attempt.provider} has not ended its session yet")
        keep(uow, uow.orders.move(order, order.state, event, expires_at=until), until)

    def _ended(self, uow: UnitOfWork, *, order_id: str) -> bool:
        order = uow.orders.get(order_id)
        now = self._clock.now()
        waits = order is not None and order.is_open and order.expires_at is not None and self._is_due(order, now)
        if order is None or not waits or self._is_paid(order):
            return False  # paid, prolonged or cancelled since
        known = uow.pick_ups.details(PickUpRef(PickUpKind.ORDER, order.id))
        if known is not None and known.is_waiting(now):
            return False
        if any(
            attempt.state in OPEN_PAYMENTS and attempt.provider not in self._offline
            for attempt in uow.payments.of_order(order_id)
        ):
            return False  # another door has begun to collect: asked about at the next tick
        asked_by = who_cancels(uow, order)
        over = OrderState.CANCELLED if asked_by else OrderState.EXPIRED
        end_unpaid(uow, order, over, actor=asked_by or "clock", note="", at=now, offline=self._offline)
        if not asked_by:
            tell(uow, order, OrderNews.EXPIRED, now)
        elif asked_by != "shopper":
            tell(uow, order, OrderNews.MOVED, now, state=over.value)
        return True

    def _is_paid(self, order: Order) -> bool:
        """Money of the wrong amount leaves an order unpaid: the state says it, until the shop is at it."""
        if order.state in (OrderState.PENDING_PAYMENT, OrderState.PLACED):
            return False
        return order.state not in (OrderState.PREPARING, OrderState.READY) or order.paid_minor > 0

    # --- small things

    def _settle(self, uow: UnitOfWork, *, report: PaymentReport) -> None:
        self._settling.settle(uow, report)

    def _age(self, attempt: PaymentAttempt) -> timedelta:
        return self._clock.now() - attempt.created_at

    def _is_newest(self, attempt: PaymentAttempt) -> bool:
        with self._storage.read() as uow:
            attempts = uow.payments.of_order(attempt.order_id)
        return attempts[-1].id == attempt.id

    def _alone(self, work: Callable[[], object], **what: str) -> object:
        """One that surprises does not stop the others."""
        try:
            return work()
        except StorageError:
            raise
        except Exception as error:
            _log.error("payment_surprised", error=type(error).__name__, **what)
            return None

    def _answer(
        self, ask: Callable[[PaymentAttempt], PaymentReport | None], attempt: PaymentAttempt
    ) -> tuple[bool, PaymentReport | None]:
        """(whether there was an answer, what it was). One that cannot be understood is none."""
        try:
            return True, ask(attempt)
        except VendorError as error:
            _log.info("payment_provider_silent", attempt=attempt.id, error=type(error).__name__)
        except Exception as error:
            _log.error("payment_surprised", attempt=attempt.id, error=type(error).__name__)
        return False, None

    def _raise(self, uow: UnitOfWork, attempt: PaymentAttempt) -> None:
        order = uow.orders.get(attempt.order_id)
        details = {
            "order": order.number if order else 0,
            "order_id": attempt.order_id,
            "provider": attempt.provider,
            "amount_minor": attempt.amount.minor,
            "currency": attempt.amount.currency,
        }
        store_id = order.store_id if order else ""
        task = StaffTask(
            self._ids.new_id(),
            TaskKind.PAYMENT_UNKNOWN,
            attempt.id,
            json.dumps(details),
            store_id,
            self._clock.now(),
        )
        raise_task(uow, task)


def _named(report: PaymentReport, attempt: PaymentAttempt) -> PaymentReport:
    """We asked about this attempt: the answer is about it, whether the provider repeats our name of it or not."""
    return report if report.attempt_id else replace(report, attempt_id=attempt.id)
