"""The provider charges and falls silent: nobody pays twice, and nothing stays unknown."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from commerce.domain.order import OrderRefused, OrderState
from commerce.domain.payment import HAS_MONEY, PaymentState, Placed
from commerce.payments.fake import Fault, SessionState
from commerce.ports import UnitOfWork
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._selling_shop import SellingShop, selling_shop

PROMISE = (
    "A payment provider that charges and then does not answer, answers 500, or never calls back: nobody is charged "
    "twice, and within 65 minutes every order is paid, or free of charge and over."
)
DEFAULT_N = 2_000
CI_N = 60

# How the provider fails. With a + in the address it does so by itself; else the next call fails so.
_TAGS = (
    "eager+start-timeout",
    "eager+start-500",
    "start-timeout",
    "start-500+silent",
    "eager+silent",
    "eager+twice+late",
)
_FAULTS = (Fault.TIMEOUT, Fault.UNREACHABLE, Fault.BUSY, Fault.ERROR_500, None)
_QUESTIONS_MIN = (1, 5, 15, 60, 65)  # when an order that nobody knows about is asked about
_UNITS = 1_000_000


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` orders on each database, each with a failure of its own; some shoppers press "pay" again."""

    def prove(url: str, folder: Path) -> ProofResult:
        with selling_shop(url, folder, seed, units=(_UNITS, _UNITS), people=n) as selling:
            tally = _tell(selling, n, random.Random(seed), report)
            broken = selling.breaches()
        good = not (tally["charged twice"] or tally["unresolved"] or tally["paid without order"] or broken)
        return ProofResult(
            good and tally["orders"] == n,
            f"{tally['orders']:,} orders, charged twice {tally['charged twice']},"
            f" unresolved after 65 minutes {tally['unresolved']}, paid {tally['paid']:,},"
            f" money without an order or a way back {tally['paid without order']}",
            {**tally, "breaches": broken},
        )

    return on_each_database(scratch, report, prove)


def _tell(selling: SellingShop, n: int, rng: random.Random, report: Callable[[str], None]) -> Counter[str]:
    tally: Counter[str] = Counter()
    shop, fake = selling.shop, selling.fake
    placed: list[str] = []
    for number in range(n):
        wanted = {rng.choice(selling.variants): rng.randint(1, 2)}
        how = rng.random()
        email = f"p{number}+{rng.choice(_TAGS)}@example.com" if how < 0.7 else f"p{number}@example.com"
        if how >= 0.7 and (fault := rng.choice(_FAULTS)) is not None:
            fake.control.fail("start", fault)

        def order(number: int = number, wanted: dict[int, int] = wanted, email: str = email) -> tuple[str, str]:
            def work(uow: UnitOfWork) -> Placed | OrderRefused:
                selling.fill(uow, selling.person(number)[0], wanted, email=email)
                return selling.place(uow, number)

            answer = shop.storage.write(work)
            assert isinstance(answer, Placed), answer
            return answer.order.id, answer.attempt.id

        order_id, attempt_id = order()
        placed.append(order_id)
        attempts = [shop.paying.begin(attempt_id)]
        if rng.random() < 0.3:  # nothing seems to happen: the button again
            again = shop.storage.write(partial(selling.place, number=number))
            if isinstance(again, Placed):
                attempts.append(shop.paying.begin(again.attempt.id))
        for attempt in attempts:
            if attempt.session_ref and rng.random() < 0.7:
                fake.pay_session(attempt.session_ref)
        if number % 200 == 199:
            report(f"{number + 1:,} orders placed")
    started = selling.clock.now()
    for minutes in _QUESTIONS_MIN:
        selling.clock.set(started + timedelta(minutes=minutes))
        for _ in range(n):  # a tick looks at some: until nothing is due any more
            before = _due(selling)
            shop.paying.tick()
            fake.deliver(selling.receive)
            if _due(selling) in (0, before):
                break
    return _judge(selling, placed, tally)


def _due(selling: SellingShop) -> int:
    with selling.shop.storage.read() as uow:
        return len(uow.payments.due(selling.clock.now(), 1_000_000))


def _judge(selling: SellingShop, placed: list[str], tally: Counter[str]) -> Counter[str]:
    collected: Counter[str] = Counter()
    with selling.shop.storage.read() as uow:
        for session in selling.fake.control.sessions():
            attempt = uow.payments.get(session.attempt_id)
            if session.state is SessionState.PAID and attempt is not None:
                collected[attempt.order_id] += session.paid_minor - session.refunded_minor
        for order_id in placed:
            order = uow.orders.get(order_id)
            assert order is not None
            tally["orders"] += 1
            tally["charged twice"] += collected[order_id] > order.total_minor
            states = {attempt.state for attempt in uow.payments.of_order(order_id)}
            tally["paid"] += order.state is OrderState.PAID
            unknown = PaymentState.UNKNOWN in states or PaymentState.CREATED in states
            waits = order.state is OrderState.PENDING_PAYMENT
            tally["unresolved"] += unknown or waits
            tally["paid without order"] += bool(collected[order_id]) and not (
                order.state is OrderState.PAID and states & HAS_MONEY
            )
    return tally
