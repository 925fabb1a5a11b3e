"""One case a provider that is called over the wire: how to build it, and how to be its shopper, its faults, its calls.

A new provider adds its case to CASES and inherits every test of test_payment_providers.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from commerce.clock import ManualClock
from commerce.domain.dispute import DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import (
    PaymentAttempt,
    PaymentLine,
    PaymentRequest,
    PaymentSession,
    PaymentState,
    Refund,
    RefundReason,
    RefundState,
)
from commerce.payments.fake import FakeProvider, Fault
from commerce.payments.square.client import SquareClient
from commerce.payments.square.provider import SquareProvider
from commerce.payments.stripe.provider import StripeProvider
from commerce.ports import PaymentProvider
from vitrine.standins.provider import Fault as StandInFault
from vitrine.standins.provider import ProviderStandIn
from vitrine.standins.square import SquareStandIn
from vitrine.standins.stripe import StripeStandIn

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HOOK = "https://shop.example/hooks/"

Call = tuple[bytes, dict[str, str]]


@dataclass
class Wire:
    """Of a provider that is called over HTTP. `start`: the stand-in's name for a start. `secret`: what no error may
    tell. `patience`: where it says how long it waits for an answer. `refund_refused`: the word for a refund that did
    not arrive."""

    standin: SquareStandIn | StripeStandIn
    start: str
    secret: str
    patience: str
    refund_refused: str


@dataclass
class Case:
    """`pay`: the shopper pays on the provider's page; False when there is no longer anything to pay. `calls`: what the
    provider has sent since the last time. `lose`: the next such call happens, and its answer does not arrive.
    `fail`: the next such call is answered 500. `made`: sessions that the provider knows. `dispute`: the
    shopper's bank opens one about what was paid there, or brings it to that state.
    """

    provider: PaymentProvider
    clock: ManualClock
    pay: Callable[[PaymentSession], bool]
    calls: Callable[[], list[Call]]
    lose: Callable[[str], None]
    fail: Callable[[str], None]
    unreachable: Callable[[], None]
    made: Callable[[], int]
    dispute: Callable[[PaymentSession, DisputeState], None]
    signs_time: bool = True
    wire: Wire | None = None

    @property
    def url(self) -> str:
        return HOOK + self.provider.name

    def attempt(self, number: int = 1, minor: int = 12_990, currency: str = "EUR") -> PaymentAttempt:
        now = self.clock.now()
        return PaymentAttempt(
            id=f"{number:032x}",
            order_id=f"{number + 1_000:032x}",
            provider=self.provider.name,
            amount=Money(minor, currency),
            state=PaymentState.CREATED,
            idempotency_key=f"key-of-attempt-{number}",
            created_at=now,
            expires_at=now + timedelta(minutes=30),
        )

    def request(self, attempt: PaymentAttempt, email: str = "lea@example.com") -> PaymentRequest:
        shirt = PaymentLine("Chemise en lin « Été » · 38", 2, attempt.amount.minor - 490)
        return PaymentRequest(
            attempt=attempt,
            order_number=1042,
            lines=(shirt, PaymentLine("Livraison", 1, 490)),
            language="fr",
            email=email,
            return_url="https://shop.example/orders/1042?key=abc",
            cancel_url="https://shop.example/checkout",
            description="Commande 1042",
        )

    def started(self, number: int = 1) -> tuple[PaymentAttempt, PaymentSession]:
        """An attempt as the shop stores it after a start."""
        attempt = self.attempt(number)
        session = self.provider.start(self.request(attempt))
        kept = replace(attempt, state=session.state, session_ref=session.session_ref, payment_ref=session.payment_ref)
        return kept, session

    def paid(self, number: int = 1) -> PaymentAttempt:
        """An attempt as the shop stores it after hearing that it was paid."""
        attempt, session = self.started(number)
        assert self.pay(session)
        report = self.provider.look_up(attempt)
        assert report is not None and report.state is PaymentState.CAPTURED
        return replace(attempt, state=report.state, payment_ref=report.payment_ref, captured_minor=attempt.amount.minor)

    def refund(self, attempt: PaymentAttempt, minor: int, number: int = 1) -> Refund:
        now = self.clock.now()
        return Refund(
            id=f"{number + 2_000:032x}",
            order_id=attempt.order_id,
            attempt_id=attempt.id,
            amount=Money(minor, attempt.amount.currency),
            reason=RefundReason.RETURN,
            state=RefundState.SENDING,
            created_at=now,
            next_try_at=now,
        )


@contextmanager
def fake(tmp_path: Path) -> Iterator[Case]:
    clock = ManualClock(NOW)
    provider = FakeProvider(tmp_path / "fake_payments.db", "a secret of the shop", "http://127.0.0.1/pay/", clock)

    def calls() -> list[Call]:
        taken: list[Call] = []
        provider.deliver(lambda body, headers: not taken.append((body, dict(headers))))
        return taken

    yield Case(
        provider=provider,
        clock=clock,
        pay=lambda session: (provider.pay_session(session.session_ref) or _nothing()).state == "paid",
        calls=calls,
        lose=lambda what: provider.control.fail(what, Fault.TIMEOUT_DONE),
        fail=lambda what: provider.control.fail(what, Fault.ERROR_500),
        unreachable=lambda: (
            [
                provider.control.fail(what, Fault.UNREACHABLE)
                for what in ("start", "look_up", "cancel", "refund", "look_up_refund", "list_since")
            ]
            and None
        ),
        made=lambda: len(provider.control.sessions()),
        dispute=lambda session, state: provider.control.dispute(
            session.session_ref, state, withheld=state is not DisputeState.WON
        ),
    )


def _nothing() -> object:
    raise AssertionError("no such session")


SQUARE_KEYS = ("square-key-of-the-contract-new", "square-key-of-the-contract-old")
WEBHOOK_SECRETS = ("whsec_of_the_contract_new", "whsec_of_the_contract_old")


@contextmanager
def stripe(tmp_path: Path) -> Iterator[Case]:
    clock = ManualClock(NOW)
    calls = {"start": "checkout.sessions.create", "cancel": "checkout.sessions.expire", "refund": "refunds.create"}
    with StripeStandIn(clock=clock) as standin:
        provider = StripeProvider(standin.key, WEBHOOK_SECRETS, standin.url, clock)
        yield Case(
            provider=provider,
            clock=clock,
            pay=lambda session: standin.pay(session.session_ref),
            calls=lambda: _told(standin, WEBHOOK_SECRETS[0], HOOK + "stripe"),
            lose=lambda what: standin.fail(calls[what], StandInFault(drop=True)),
            fail=lambda what: standin.fail(calls[what], StandInFault(status=500)),
            unreachable=standin.close,
            made=lambda: len(standin.sessions),
            dispute=partial(_dispute, standin),
            wire=Wire(
                standin,
                calls["start"],
                standin.key,
                "commerce.payments.stripe.provider.READ_S",
                "lost_or_stolen_card",
            ),
        )


@contextmanager
def square(tmp_path: Path) -> Iterator[Case]:
    clock = ManualClock(NOW)
    calls = {"start": "links.create", "cancel": "links.delete", "refund": "refunds.create"}
    with SquareStandIn(clock=clock) as standin:
        provider = SquareProvider(SquareClient(standin.token, standin.url), SQUARE_KEYS, standin.location, clock)
        yield Case(
            provider=provider,
            clock=clock,
            pay=lambda session: standin.pay(session.session_ref),
            calls=lambda: _told(standin, SQUARE_KEYS[0], HOOK + "square"),
            lose=lambda what: standin.fail(calls[what], StandInFault(drop=True)),
            fail=lambda what: standin.fail(calls[what], StandInFault(status=500)),
            unreachable=standin.close,
            made=lambda: len(standin.orders),
            dispute=partial(_dispute, standin),
            signs_time=False,
            wire=Wire(standin, calls["start"], standin.token, "commerce.https_json.READ_S", "refused"),
        )


def _dispute(standin: StripeStandIn | SquareStandIn, session: PaymentSession, state: DisputeState) -> None:
    match state:
        case DisputeState.NEEDS_RESPONSE | DisputeState.INQUIRY:
            standin.dispute(session.session_ref, inquiry=state is DisputeState.INQUIRY)
        case DisputeState.UNDER_REVIEW:
            standin.answer_dispute(next(reversed(standin.disputes)))
        case _:
            standin.close_dispute(next(reversed(standin.disputes)), won=state is DisputeState.WON)


def _told(standin: ProviderStandIn, secret: str, url: str) -> list[Call]:
    """Events as they would be posted."""
    told = []
    for event in standin.take_events():
        body = json.dumps(event).encode()
        headers = {name.lower(): value for name, value in standin.signed(body, secret, url).items()}
        told.append((body, headers))
    return told


WIRED = {"square": square, "stripe": stripe}
CASES = {"fake": fake, **WIRED}
