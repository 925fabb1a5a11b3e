"""Invoices inside Telegram: the bot sends them and hears of them, so nothing is called from here.

An invoice carries the attempt's id as its payload. Telegram asks before it charges (`pre_checkout_query`, answered by
`Checkout.precheck`): what the shop no longer waits for cannot be paid, however old the invoice in the chat is.
https://core.telegram.org/bots/payments
"""

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
    if not settings.secrets_of("telegram_payment_token"):
        return "VITRINE_TELEGRAM_PAYMENT_TOKEN is not set"
    return "" if settings.secrets_of("telegram_token") else "VITRINE_TELEGRAM_TOKEN is not set"


def build(settings: Settings, clock: Clock) -> TelegramPayments:
    return TelegramPayments()


class TelegramPayments:
    """`commerce.ports.selling.PaymentProvider`. Money is only ever reported by the bot, from `successful_payment`."""

    name = "telegram"
    is_online = True
    has_callbacks = False  # its news are updates of the bot
    gives_back = False
    session_s: int | None = None
    currencies: frozenset[str] | None = None

    def start(self, request: PaymentRequest) -> PaymentSession:
        return PaymentSession(request.attempt.id, expires_at=request.attempt.expires_at)

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """The Bot API cannot be asked about an invoice (its list of transactions knows Telegram's Stars alone)."""
        return None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """Nobody is charged without our answer to the question before, so it is over as soon as we say so."""
        return PaymentReport(self.name, PaymentState.CANCELED, attempt_id=attempt.id, session_ref=attempt.session_ref)

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        """The Bot API gives back Stars alone (https://core.telegram.org/bots/api#refundstarpayment): money is given
        back at the provider behind the invoice, by a person."""
        return RefundReport(RefundState.FAILED, error="at_the_provider_of_the_invoice")

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        """Nobody calls here: the bot has a door of its own."""
        return False

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        raise ValueError("Telegram's news of payments are updates of the bot")

    def list_since(self, since: datetime) -> Iterable[PaymentReport] | None:
        return None
