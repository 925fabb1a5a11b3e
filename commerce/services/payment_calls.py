"""Calls of payment providers: believed when the bytes are theirs, kept before they are answered, done once.

What cannot take effect now is tried again at growing distances and at last waits for a person as a dead letter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.payment import CallbackAnswer, CallbackKind, PaymentCallback, PaymentReport
from commerce.errors import StaleVersion, StorageError
from commerce.ports import Clock, PaymentProvider, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.disputing import Disputing
from commerce.services.settling import Settling

TRIES = 8
FIRST_PAUSE = timedelta(seconds=5)  # doubled at each try: the last one comes about ten minutes after the first
BATCH = 100
# A dispute may overtake the news of its payment by so much; after that it is about what the account sold elsewhere.
NEWS_OVERTAKES = timedelta(minutes=5)

TakeStock = Callable[[UnitOfWork, PaymentCallback], object]
"""What a till's count does to the stock, in the transaction in which the call is done."""

_log = structlog.get_logger(__name__)


class _NotYet(Exception):
    """The call names a payment of which we know nothing (yet): its session may be stored in a moment."""


class PaymentCalls:
    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        providers: Mapping[str, PaymentProvider],
        settling: Settling,
        disputing: Disputing,
        take_stock: TakeStock | None = None,
    ) -> None:
        self._storage, self._clock, self._providers, self._settling = storage, clock, providers, settling
        self._disputing, self._take_stock = disputing, take_stock

    def receive(self, provider: str, body: bytes, headers: Mapping[str, str], url: str) -> CallbackAnswer:
        """Verifies, keeps, and lets it take effect. Raises StorageError when it could not be kept: it must come again.

        Header names in small letters. `url` is our own address as the provider knows it.
        """
        adapter = self._providers.get(provider)
        if adapter is None or not adapter.has_callbacks:
            return CallbackAnswer(404)
        now = self._clock.now()
        if not adapter.verify(body, headers, url, now):
            return CallbackAnswer(401)
        try:
            callback = replace(adapter.parse(body, now), provider=provider, body=body)
        except ValueError as error:
            return self._unreadable(provider, body, str(error))
        row_id = self._storage.write(lambda uow: uow.payment_calls.accept(callback, now))
        if row_id is None:
            return CallbackAnswer(200)
        self._take_effect(row_id, callback, 0)
        return CallbackAnswer(200, is_new=True)

    def see_to_waiting(self) -> int:
        """The tick: calls that have not taken effect. Returns how many there were."""
        with self._storage.read() as uow:
            waiting = uow.payment_calls.waiting(self._clock.now(), BATCH)
        for row_id, provider, body, tries in waiting:
            adapter = self._providers.get(provider)
            try:
                if adapter is None:
                    raise LookupError(f"there is no provider {provider} any more")
                callback = replace(adapter.parse(body, self._clock.now()), provider=provider, body=body)
            except (ValueError, LookupError) as error:
                self._failed(row_id, tries, error)
                continue
            self._take_effect(row_id, callback, tries)
        return len(waiting)

    def forget_before(self, before: datetime) -> int:
        """Deletes calls that came until then and have taken effect, a batch at a time. What they told is in the ledger;
        one that came again would be settled again, which changes nothing. Returns how many."""
        deleted = 0
        while True:
            with self._storage.read() as uow:  # looked for beside the writers: of so many calls few are that old
                old = uow.payment_calls.done_before(before, BATCH)
            if not old:
                return deleted
            deleted += self._storage.write(lambda uow, old=old: uow.payment_calls.delete(old))  # type: ignore[misc]

    def _unreadable(self, provider: str, body: bytes, error: str) -> CallbackAnswer:
        """Authentic, and nobody can read it: kept for a person, and not asked for again."""
        event_id = f"unreadable:{hashlib.sha256(body).hexdigest()}"
        now = self._clock.now()
        callback = PaymentCallback(provider, event_id, CallbackKind.IGNORED, now, body=body)

        def keep(uow: UnitOfWork) -> bool:
            row_id = uow.payment_calls.accept(callback, now)
            if row_id is not None:
                uow.payment_calls.failed(row_id, error, None)
            return row_id is not None

        _log.error("payment_call_unreadable", provider=provider)
        return CallbackAnswer(200, is_new=self._storage.write(keep))

    def _take_effect(self, row_id: int, callback: PaymentCallback, tries: int) -> None:
        try:
            reports = [*callback.reports, *self._looked_up(callback)]
            write_again(self._storage, partial(self._effect, row_id=row_id, callback=callback, reports=reports))
        except Exception as error:  # it is kept: the tick tries again
            if not isinstance(error, (_NotYet, StorageError)):
                _log.warning("payment_call_failed", provider=callback.provider, error=type(error).__name__)
            self._failed(row_id, tries, error)

    def _effect(
        self, uow: UnitOfWork, *, row_id: int, callback: PaymentCallback, reports: Sequence[PaymentReport]
    ) -> None:
        if not uow.payment_calls.done(row_id):
            return  # another process was faster
        if callback.kind is CallbackKind.STOCK and self._take_stock is not None:
            self._take_stock(uow, callback)
        if callback.kind is CallbackKind.PAYMENT:
            for report in reports:
                if self._settling.settle(uow, report) is None:
                    raise _NotYet("a payment of no attempt of ours")
            for dispute in callback.disputes:
                heard = self._disputing.hear(uow, dispute)
                if heard is None and self._clock.now() - dispute.occurred_at < NEWS_OVERTAKES:
                    raise _NotYet("a dispute about a payment of no attempt of ours")
            for refund_id, why in callback.refused_refunds:
                self._settling.refund_refused(uow, refund_id, why)

    def _looked_up(self, callback: PaymentCallback) -> list[PaymentReport]:
        """What the provider says itself, where its call does not tell enough. Outside any transaction."""
        reports: list[PaymentReport] = []
        for reference in callback.look_up if callback.kind is CallbackKind.PAYMENT else ():
            with self._storage.read() as uow:
                attempt = uow.payments.by_reference(callback.provider, reference)
            if attempt is None:
                raise _NotYet("a payment of no attempt of ours")
            report = self._providers[callback.provider].look_up(attempt)
            if report is not None:
                reports.append(replace(report, attempt_id=report.attempt_id or attempt.id))
        return reports

    def _failed(self, row_id: int, tries: int, error: Exception) -> None:
        """Waits for its next try; after the last one, for a person."""
        last = tries + 1 >= TRIES
        not_before = None if last else self._clock.now() + FIRST_PAUSE * 2**tries
        why = f"{type(error).__name__}: {error}" if isinstance(error, (_NotYet, StaleVersion, ValueError)) else ""
        try:
            self._storage.write(lambda uow: uow.payment_calls.failed(row_id, why or type(error).__name__, not_before))
        except StorageError as trouble:
            _log.warning(
                "storage_trouble", row=row_id, error=type(trouble).__name__, why=str(trouble)
            )  # it stays new: the tick finds it
            return
        if last:
            _log.error("payment_call_dead", row=row_id, error=type(error).__name__)
