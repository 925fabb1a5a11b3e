"""Ways to pay that nobody is called for and that nobody calls us about: somebody of ours says that it was paid."""

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


class Uncalled:
    """`commerce.ports.PaymentProvider` without a wire. It knows nothing of what was paid: the order does."""

    name: str
    is_online: bool
    refunded_where: str
    """Where a person gives the money back: what a refund says of itself."""
    has_callbacks = False
    gives_back = False
    session_s: int | None = None
    currencies: frozenset[str] | None = None

    def start(self, request: PaymentRequest) -> PaymentSession:
        return PaymentSession(request.attempt.id, expires_at=request.attempt.expires_at)

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        return None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """Nobody can take the money without us, so it is over as soon as we say so."""
        return PaymentReport(self.name, PaymentState.CANCELED, attempt_id=attempt.id, session_ref=attempt.session_ref)

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        """A person must act."""
        return RefundReport(RefundState.FAILED, error=self.refunded_where)

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        """Nobody calls."""
        return False

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        raise ValueError(f"{self.name} does not call")

    def list_since(self, since: datetime) -> Iterable[PaymentReport] | None:
        return None
