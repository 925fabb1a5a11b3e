"""Stripe: hosted Checkout Sessions, over the official library. The library is imported by the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.payments.stripe.provider import StripeProvider
    from commerce.ports import Clock
    from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    from importlib.util import find_spec

    for name in ("stripe_key", "stripe_webhook_secret"):
        if not settings.secrets_of(name):
            return f"VITRINE_{name.upper()} is not set"
    if find_spec("stripe") is None:
        return "the extra `stripe` is not installed (pip install 'vitrine[stripe]')"
    return ""


def build(settings: Settings, clock: Clock) -> StripeProvider:
    from commerce.payments.stripe.provider import StripeProvider

    return StripeProvider(
        settings.secrets_of("stripe_key")[0],
        settings.secrets_of("stripe_webhook_secret"),
        settings.stripe_api_url,
        clock,
    )
