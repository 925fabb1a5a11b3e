"""Paying at the counter: no provider, no call; the till takes the money and staff say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from commerce.domain.payment import (
    PaymentAttempt,
    PaymentCallback,
    PaymentReport,
    PaymentRequest,
    PaymentSession,
    PaymentState,
    Refund,
    RefundReport,
    RefundState,
)
from commerce.ports import Clock
from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    return "" if settings.pay_in_store else "VITRINE_PAY_IN_STORE is off"


def build(settings: Settings, clock: Clock) -> PayInStore:
    return PayInStore()


class PayInStore:
    """`commerce.ports.selling.PaymentProvider` for a counter. It knows nothing of what was paid: the order does."""

    name = "pay_in_store"
    is_online = False
    has_callbacks = False
    gives_back = False
    session_s: int | None = None
    currencies: frozenset[str] | None = None

    def start(self, request: PaymentRequest) -> PaymentSession:
        return PaymentSession(request.attempt.id, expires_at=request.attempt.expires_at)

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        return None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """Nobody but our own staff can take the money, so it is over as soon as we say so."""
        return PaymentReport(self.name, PaymentState.CANCELED, attempt_id=attempt.id, session_ref=attempt.session_ref)

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        """Money from a drawer goes back by hand: a person must act."""
        return RefundReport(RefundState.FAILED, error="at_the_counter")

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        """Nobody calls."""
        return False

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        raise ValueError("a counter does not call")

    def list_since(self, since: datetime) -> Iterable[PaymentReport] | None:
        return None
