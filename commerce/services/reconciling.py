"""Once a day, the provider's own list beside our ledger: what we had missed is settled, what differs goes to staff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.payment import HAS_MONEY, Difference, DifferenceKind, PaymentAttempt, PaymentReport
from commerce.domain.staff import StaffTask, TaskKind
from commerce.errors import StorageError
from commerce.ports import Clock, Ids, PaymentProvider, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.alerting import raise_task
from commerce.services.disputing import Disputing
from commerce.services.settling import Settling

EVERY = timedelta(days=1)
REACH = timedelta(days=3)  # each day is compared three times: a provider's list may be late
AFTER_TROUBLE = timedelta(hours=1)
_MOST_IN_TASK = 50

_log = structlog.get_logger(__name__)


class Reconciling:
    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        providers: Mapping[str, PaymentProvider],
        settling: Settling,
        disputing: Disputing,
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._providers, self._settling, self._disputing = providers, settling, disputing

    def reconcile(self, provider_name: str, since: datetime) -> list[Difference]:
        """Compares everything since then. KeyError: there is no such provider."""
        provider = self._providers[provider_name]
        write_again(self._storage, lambda uow: self._disputing.catch_up(uow, provider_name))
        with self._storage.read() as uow:  # before the list: what is collected in between is no difference
            ours = {attempt.id: attempt for attempt in uow.payments.changed_since(provider_name, since)}
        theirs = provider.list_since(since)
        if theirs is None:  # it keeps no list
            return []
        differences: list[Difference] = []
        listed: set[str] = set()
        for report in theirs:
            attempt = self._attempt_of(report)
            if attempt is not None:
                listed.add(attempt.id)
            differences += self._compared(report, attempt)
        for attempt in ours.values():
            if attempt.captured_minor and attempt.id not in listed:
                differences.append(_difference(DifferenceKind.NOT_THERE, attempt, attempt.captured_minor, 0))
        if differences:
            self._storage.write(partial(self._raise, provider=provider_name, differences=differences))
        return differences

    def when_due(self) -> int:
        """The tick: every provider that was not compared for a day. Returns how many differences were found."""
        found = 0
        for name, provider in self._providers.items():
            if not provider.is_online or self._is_done(name):
                continue
            if not self._storage.write(partial(self._claim, name=name)):
                continue  # another process compares
            try:
                found += len(self.reconcile(name, self._clock.now() - REACH))
            except StorageError:
                raise
            except Exception as error:  # the other providers are compared all the same
                _log.warning("not_reconciled", provider=name, error=type(error).__name__)
                again = self._clock.now() + AFTER_TROUBLE
                self._storage.write(partial(_put_off, key=_key(name), until=again))
        return found

    def _compared(self, report: PaymentReport, attempt: PaymentAttempt | None) -> list[Difference]:
        collected = report.amount.minor if report.amount is not None and report.state in HAS_MONEY else 0
        if attempt is None:
            if not collected:
                return []
            reference = report.payment_ref or report.session_ref
            return [Difference(DifferenceKind.NOT_OURS, report.provider, "", reference, 0, collected)]
        if not collected:
            return []
        named = report if report.attempt_id else replace(report, attempt_id=attempt.id)
        write_again(self._storage, lambda uow: self._settling.settle(uow, named))
        differences: list[Difference] = []
        is_other_payment = bool(
            attempt.payment_ref and report.payment_ref and attempt.payment_ref != report.payment_ref
        )
        if not attempt.captured_minor or is_other_payment:
            differences.append(_difference(DifferenceKind.MISSED, attempt, 0, collected))
        elif attempt.captured_minor != collected:
            differences.append(_difference(DifferenceKind.AMOUNT, attempt, attempt.captured_minor, collected))
        if report.refunded_minor > attempt.refunded_minor and not is_other_payment:
            differences.append(
                _difference(DifferenceKind.REFUND_MISSED, attempt, attempt.refunded_minor, report.refunded_minor)
            )
        return differences

    def _attempt_of(self, report: PaymentReport) -> PaymentAttempt | None:
        """The attempt of this very payment, where there were several for one request."""
        with self._storage.read() as uow:
            if report.payment_ref and (found := uow.payments.by_reference(report.provider, report.payment_ref)):
                return found
            attempt = uow.payments.get(report.attempt_id) if report.attempt_id else None
            if attempt is not None and attempt.provider == report.provider:
                return attempt
            return uow.payments.by_reference(report.provider, report.session_ref) if report.session_ref else None

    def _is_done(self, name: str) -> bool:
        with self._storage.read() as uow:
            return uow.state.get(_key(name), self._clock.now()) is not None

    def _claim(self, uow: UnitOfWork, *, name: str) -> bool:
        """One process compares, once a day."""
        now = self._clock.now()
        if uow.state.get(_key(name), now) is not None:
            return False
        uow.state.put(_key(name), now.isoformat(), now + EVERY)
        return True

    def _raise(self, uow: UnitOfWork, *, provider: str, differences: list[Difference]) -> None:
        now = self._clock.now()
        details = {
            "provider": provider,
            "count": len(differences),
            "differences": [asdict(difference) for difference in differences[:_MOST_IN_TASK]],
        }
        subject = f"{provider}:{now.date().isoformat()}"
        raise_task(
            uow, StaffTask(self._ids.new_id(), TaskKind.PAYMENT_DIFFERENCE, subject, json.dumps(details), "", now)
        )


def _difference(kind: DifferenceKind, attempt: PaymentAttempt, ours_minor: int, theirs_minor: int) -> Difference:
    reference = attempt.payment_ref or attempt.session_ref
    return Difference(kind, attempt.provider, attempt.id, reference, ours_minor, theirs_minor)


def _key(name: str) -> str:
    return f"reconciled:{name}"


def _put_off(uow: UnitOfWork, *, key: str, until: datetime) -> None:
    uow.state.put(key, "put off", until)
