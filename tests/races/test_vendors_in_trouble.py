"""Real adapters against stand-ins that lose answers, fail, repeat themselves and speak out of order: at the end the
provider's books and ours agree to the last cent, and nobody has paid twice."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.order import Order, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, RefundReason, RefundState
from commerce.ids import SeededIds
from commerce.payments.square.client import SquareClient
from commerce.payments.square.provider import SquareProvider
from commerce.payments.stripe.provider import StripeProvider
from commerce.ports import PaymentProvider
from commerce.services.order_links import OrderLinks
from commerce.services.selling import build_selling
from commerce.storage import open_storage
from tests.contracts.payment_cases import HOOK, NOW, SQUARE_KEYS, WEBHOOK_SECRETS
from tests.unit.services.till import Till, open_till, selling_rules
from vitrine.standins.provider import Fault, ProviderStandIn
from vitrine.standins.square import SquareStandIn
from vitrine.standins.stripe import StripeStandIn

PEOPLE = 24
FAULTS = (
    Fault(drop=True),
    Fault(status=500),
    Fault(status=500, done=True),
    Fault(status=503),
    Fault(status=429),
    Fault(status=409),
)


@dataclass
class Vendor:
    """A provider, its stand-in, and what the stand-in has in its books: payment -> (collected, given back)."""

    provider: PaymentProvider
    standin: ProviderStandIn
    secret: str
    pay: Callable[[str, str], bool]
    settle_debit: Callable[[str, bool], None]
    books: Callable[[], dict[str, tuple[int, int]]]


@contextmanager
def stripe(clock: ManualClock) -> Iterator[Vendor]:
    with StripeStandIn(clock=clock) as standin:
        yield Vendor(
            StripeProvider(standin.key, WEBHOOK_SECRETS, standin.url, clock),
            standin,
            WEBHOOK_SECRETS[0],
            standin.pay,
            lambda ref, arrived: standin.settle_debit(ref, arrived=arrived),
            lambda: {c["payment_intent"]: (c["amount"], c["amount_refunded"]) for c in standin.charges.values()},
        )


@contextmanager
def square(clock: ManualClock) -> Iterator[Vendor]:
    with SquareStandIn(clock=clock) as standin:
        yield Vendor(
            SquareProvider(SquareClient(standin.token, standin.url), SQUARE_KEYS, standin.location, clock),
            standin,
            SQUARE_KEYS[0],
            standin.pay,
            lambda ref, arrived: standin.settle_debit(ref, arrived=arrived),
            lambda: {
                p["id"]: (p["total_money"]["amount"], p.get("refunded_money", {"amount": 0})["amount"])
                for p in standin.payments.values()
                if p["status"] == "COMPLETED"
            },
        )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("make", [stripe, square], ids=["stripe", "square"])
def test_everybody_agrees_when_the_trouble_is_over(make, seed, sqlite_url, tmp_path):
    rng, clock = random.Random(f"{make.__name__} {seed}"), ManualClock(NOW)
    storage = open_storage(sqlite_url)
    with make(clock) as vendor:
        till = open_shop(storage, clock, tmp_path, vendor)
        till.set_stock("36", PEOPLE)
        calls: list[bytes] = []
        debits: list[str] = []
        contacts = [Contact("webchat", "web", f"person-{number}") for number in range(PEOPLE)]
        for contact in contacts:
            trouble(rng, vendor)
            till.begun(contact, lines={"36": 1}, provider=vendor.provider.name, email="sam@example.com")
        waiting = set(range(PEOPLE))
        for minute in range(70):
            clock.advance(timedelta(minutes=1))
            if minute < 60:
                trouble(rng, vendor)
            for number in sorted(waiting):
                if rng.random() < 0.1:
                    waiting.discard(number)
                    shop_or_leave(rng, till, vendor, contacts[number], debits)
            while debits and rng.random() < 0.2:
                vendor.settle_debit(debits.pop(), rng.random() < 0.7)
            calls += heard(rng, till, vendor, calls)
            till.selling.paying.tick()
        while debits:
            vendor.settle_debit(debits.pop(), True)
        vendor.standin._faults.clear()
        give_back(rng, till, vendor)
        for _ in range(60):  # past the day for which a vendor repeats a first answer that was an error
            heard(rng, till, vendor, [])
            till.later(minutes=30)
        verify(till, vendor)
    storage.close()


def open_shop(storage, clock: ManualClock, folder: Path, vendor: Vendor) -> Till:
    till = open_till(storage, clock, SeededIds(), folder)
    selling = build_selling(
        storage=storage,
        clock=clock,
        ids=till.ids,
        rules=selling_rules(),
        providers={vendor.provider.name: vendor.provider},
        customers=till.customers,
        links=OrderLinks("https://shop.example", "secret", clock),
        shop_name="Vitrine",
    )
    till.selling = selling
    return till


def trouble(rng: random.Random, vendor: Vendor) -> None:
    """Some of the next calls fail, in one way or another."""
    for _ in range(rng.randrange(3)):
        vendor.standin.fail("*", rng.choice(FAULTS))


def shop_or_leave(rng: random.Random, till: Till, vendor: Vendor, contact: Contact, debits: list[str]) -> None:
    """A shopper pays at whatever pages they have been shown, by card, in the end by card, or by debit; or leaves."""
    for attempt in attempts_of(till, contact):
        if not attempt.url or rng.random() < 0.25:
            continue
        if rng.random() < 0.2:
            vendor.pay(attempt.session_ref, "declined")
        if rng.random() < 0.15:
            if vendor.pay(attempt.session_ref, "debit"):
                debits.append(attempt.session_ref)
        else:
            vendor.pay(attempt.session_ref, "card")


def heard(rng: random.Random, till: Till, vendor: Vendor, before: list[bytes]) -> list[bytes]:
    """The provider's calls: some are lost, some come again, some come late and after newer ones."""
    fresh = [json.dumps(event).encode() for event in vendor.standin.take_events() if rng.random() > 0.25]
    again = rng.sample(before, min(len(before), 3)) if rng.random() < 0.3 else []
    batch = [body for body in fresh + again for _ in range(rng.randint(1, 3))]
    rng.shuffle(batch)
    url = HOOK + vendor.provider.name
    for body in batch:
        signed = vendor.standin.signed(body, vendor.secret, url)
        headers = {name.lower(): value for name, value in signed.items()}
        assert till.selling.paying.receive(vendor.provider.name, body, headers, url).status == 200
        assert till.selling.paying.receive(vendor.provider.name, body + b" ", headers, url).status == 401
    return fresh


def give_back(rng: random.Random, till: Till, vendor: Vendor) -> None:
    """Some change their mind; the first tries go wrong."""
    for order in orders(till):
        if order.paid_minor and rng.random() < 0.4:
            amount = rng.choice([order.paid_minor - order.refunded_minor, 1_000])
            till.storage.write(
                lambda uow, order=order, amount=amount: till.selling.refunding.ask(
                    uow, order.id, amount, RefundReason.GOODWILL
                )
            )
    for _ in range(12):
        vendor.standin.fail("refunds.create", rng.choice(FAULTS))


def verify(till: Till, vendor: Vendor) -> None:
    books = vendor.books()
    assert sum(collected for collected, _ in books.values()) > 0
    with till.storage.read() as uow:
        everything = [(order, uow.payments.of_order(order.id)) for order in orders(till)]
        ledger = [
            entry for _, attempts in everything for attempt in attempts for entry in uow.payments.ledger(attempt.id)
        ]
        refunds = [refund for order, _ in everything for refund in uow.payments.refunds_of(order.id)]
    assert [a for _, attempts in everything for a in attempts if a.state in OPEN_PAYMENTS] == []
    assert {refund.state for refund in refunds} <= {RefundState.DONE, RefundState.FAILED}
    ours = {
        a.payment_ref: (a.captured_minor, a.refunded_minor)
        for _, attempts in everything
        for a in attempts
        if a.captured_minor
    }
    assert ours == books, "payment by payment"
    assert sum(entry.amount.minor for entry in ledger) == sum(paid - back for paid, back in books.values())
    for order, attempts in everything:
        kept = [a for a in attempts if a.captured_minor > a.refunded_minor]
        assert len(kept) <= 1, f"order {order.number} was paid twice and not given back"
        assert order.state is not OrderState.PENDING_PAYMENT
        assert order.paid_minor == 0 or order.state not in (OrderState.EXPIRED, OrderState.CANCELLED)
    assert list(till.selling.paying.reconcile(vendor.provider.name, NOW - timedelta(days=1))) == []
    assert till.wrong() == []


def orders(till: Till) -> list[Order]:
    with till.storage.read() as uow:
        return uow.orders.find(limit=10_000)


def attempts_of(till: Till, contact: Contact) -> list[PaymentAttempt]:
    customer_id = till.customer(contact)
    with till.storage.read() as uow:
        return [a for order in uow.orders.of_customer(customer_id) for a in uow.payments.of_order(order.id)]
