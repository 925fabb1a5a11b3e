"""Money as Stripe counts it, which is not always ISO 4217's way. https://docs.stripe.com/currencies#special-cases"""

from __future__ import annotations

from commerce.domain.money import Money
from commerce.errors import PaymentRefused

_TIMES = {"ISK": 100, "UGX": 100}  # whole units to everybody else, hundredths here for the sake of old integrations
_PARTS = {"MGA": 100}  # fifths by ISO and hundredths with us; whole units here
_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})  # thousandths whose last digit must be 0


def to_stripe(money: Money) -> int:
    """Raises PaymentRefused for an amount that Stripe cannot take exactly: nothing is ever rounded."""
    parts = _PARTS.get(money.currency, 1)
    if money.minor % parts or (money.currency in _TENS and money.minor % 10):
        raise PaymentRefused("amount_not_payable")
    return money.minor * _TIMES.get(money.currency, 1) // parts


def from_stripe(amount: int, currency: str) -> Money:
    code = currency.upper()
    return Money(amount * _PARTS.get(code, 1) // _TIMES.get(code, 1), code)
