"""Square: payment links, over a small client of our own. httpx is imported by the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.payments.square.provider import SquareProvider
    from commerce.ports import Clock
    from commerce.settings import Settings


def off_because(settings: Settings) -> str:
    for name in ("square_token", "square_signature_key"):
        if not settings.secrets_of(name):
            return f"VITRINE_{name.upper()} is not set"
    return "" if settings.square_location else "VITRINE_SQUARE_LOCATION is not set"


def build(settings: Settings, clock: Clock) -> SquareProvider:
    from commerce.payments.square.client import SquareClient
    from commerce.payments.square.provider import SquareProvider

    client = SquareClient(settings.secrets_of("square_token")[0], settings.square_api_url)
    return SquareProvider(client, settings.secrets_of("square_signature_key"), settings.square_location, clock)
