"""Payment providers: the ways of collecting money. One file or folder each, one registry line each.

A provider without its secrets does not exist: no route, nothing to pay with. Vendors' libraries are imported by the
first call that needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.ports import Clock
    from commerce.ports.payments import PaymentProvider
    from commerce.settings import Settings

__all__ = ["ProviderState", "describe_providers", "open_providers"]


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What start-up says about a provider. `off_because` is '' for one that works."""

    name: str
    off_because: str


@dataclass(frozen=True, slots=True)
class _Adapter:
    """A line of the registry."""

    name: str
    off_because: Callable[[Settings], str]
    build: Callable[[Settings, Clock], PaymentProvider]


def open_providers(settings: Settings, clock: Clock | None = None) -> dict[str, PaymentProvider]:
    """Every provider that is configured, by name. Returns at once: nobody is called yet."""
    clock = clock or _Now()
    return {a.name: a.build(settings, clock) for a in _registry() if not a.off_because(settings)}


def describe_providers(settings: Settings) -> list[ProviderState]:
    """What exists and what does not, with the setting that is missing."""
    return [ProviderState(a.name, a.off_because(settings)) for a in _registry()]


class _Now:
    """The machine's clock, for whoever has no other."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def _registry() -> tuple[_Adapter, ...]:
    from commerce.payments import fake, pay_in_store, square, stripe, telegram

    return (
        _Adapter("pay_in_store", pay_in_store.off_because, pay_in_store.build),
        _Adapter("stripe", stripe.off_because, stripe.build),
        _Adapter("square", square.off_because, square.build),
        _Adapter("telegram", telegram.off_because, telegram.build),
        _Adapter("fake", fake.off_because, fake.build),
    )
