"""Invoices inside Telegram: the bot sends them and hears of them, so nothing is called from here.

An invoice carries the attempt's id as its payload. Telegram asks before it charges (`pre_checkout_query`, answered by
`Checkout.precheck`): what the shop no longer waits for cannot be paid, however old the invoice in the chat is.
https://core.telegram.org/bots/payments
"""

from __future__ import annotations

from commerce.payments.uncalled import Uncalled
from commerce.ports import Clock
from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    if not settings.secrets_of("telegram_payment_token"):
        return "VITRINE_TELEGRAM_PAYMENT_TOKEN is not set"
    return "" if settings.secrets_of("telegram_token") else "VITRINE_TELEGRAM_TOKEN is not set"


def build(settings: Settings, clock: Clock) -> TelegramPayments:
    return TelegramPayments()


class TelegramPayments(Uncalled):
    """Money is only ever reported by the bot, from `successful_payment`; its door is the bot's own.

    The Bot API cannot be asked about an invoice (its list of transactions knows Telegram's Stars alone), and gives back
    Stars alone (https://core.telegram.org/bots/api#refundstarpayment): money is given back at the provider behind the
    invoice. Nobody is charged without our answer to the question before.
    """

    name = "telegram"
    is_online = True
    refunded_where = "at_the_provider_of_the_invoice"
