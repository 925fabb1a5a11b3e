"""A make-believe provider that ships: for trying the shop, for rehearsals, tests and proofs.

It behaves like a real one seen from outside. Its books are a file of their own, so that a restart or another process
sees the same money; it signs its calls; it keeps the first answer to every key; and it can be told to fail in all the
ways that cost real shops real money (`behaviours`).

    fake.session(ref)            what its page shows
    fake.pay_session(ref)        the buttons of that page
    fake.decline_session(ref)
    fake.cancel_session(ref)
    fake.deliver(receive)        its calls that are due: receive(body, headers) -> taken?
    fake.control                 failing on demand, money that comes late, what its books hold
"""

from __future__ import annotations

from commerce.payments.fake.behaviours import TAGS, Fault, Tag
from commerce.payments.fake.books import FakeSession, SessionState
from commerce.payments.fake.provider import PAGE, FakeControl, FakeProvider
from commerce.ports import Clock
from commerce.settings import Settings

__all__ = ["PAGE", "TAGS", "FakeControl", "FakeProvider", "FakeSession", "Fault", "SessionState", "Tag"]


def off_because(settings: Settings) -> str:
    """The settings refuse make-believe money beside real money, so asking is enough here."""
    return "" if settings.fake_payments else "VITRINE_FAKE_PAYMENTS is off"


def build(settings: Settings, clock: Clock) -> FakeProvider:
    return FakeProvider(
        settings.data_dir / "fake_payments.db", settings.signing_key, f"{settings.base_url}{PAGE}", clock
    )
