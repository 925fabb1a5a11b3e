"""Paying at the counter: no provider, no call; the till takes the money and staff say so."""

from __future__ import annotations

from commerce.payments.uncalled import Uncalled
from commerce.ports import Clock
from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    return "" if settings.pay_in_store else "VITRINE_PAY_IN_STORE is off"


def build(settings: Settings, clock: Clock) -> PayInStore:
    return PayInStore()


class PayInStore(Uncalled):
    """Only our own staff take the money, and what comes from a drawer goes back into a hand."""

    name = "pay_in_store"
    is_online = False
    refunded_where = "at_the_counter"
