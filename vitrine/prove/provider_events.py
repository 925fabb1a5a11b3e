"""A provider's calls several times, in any order, some a week late: the till ends as it would in order."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from commerce.domain.money import Money
from commerce.domain.order import OrderRefused
from commerce.domain.payment import Placed, Refund, RefundReason, RefundState
from commerce.ports import UnitOfWork
from vitrine.prove import ProofResult
from vitrine.prove._databases import sqlite_database
from vitrine.prove._each_database import on_each_database
from vitrine.prove._selling_shop import STORE, SellingShop, selling_shop

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from commerce.payments.fake import FakeSession

PROMISE = (
    "A payment provider's calls that come one to five times, shuffled, some a week late, through eight connections at"
    " once leave orders, money and stock exactly as the same calls once and in order."
)
DEFAULT_N = 10_000
CI_N = 300

_CONNECTIONS, _MOST_COPIES = 8, 5
_UNITS = 1_000_000
_LATE_SHARE = 0.1  # of calls that come again after everything else is over, a week later


@dataclass(frozen=True, slots=True)
class _Call:
    """As the provider signs it when it is made: a repetition has a signature of its own."""

    body: bytes


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` different calls: once and in order on SQLite, then with copies and disorder on each database."""
    folder = scratch / "in-order"
    folder.mkdir()
    with selling_shop(sqlite_database(folder), folder, seed, units=(_UNITS, _UNITS)) as selling:
        calls = _story(selling, n, random.Random(seed), report)
        refused = sum(not selling.receive(*call) for call in _signed(selling, calls))
        selling.shop.paying.tick()  # what did not take effect at once
        wanted, broken = _end(selling), selling.breaches()
    report(f"{len(calls):,} calls told once and in order")

    def prove(url: str, folder: Path) -> ProofResult:
        with selling_shop(url, folder, seed, units=(_UNITS, _UNITS)) as selling:
            same_calls = _story(selling, n, random.Random(seed), lambda line: None)
            deliveries, refused = _in_disorder(selling, same_calls, random.Random(seed + 1))
            selling.shop.paying.tick()
            found, broken = _end(selling), selling.breaches()
        same = found == wanted and len(same_calls) == len(calls)
        different = [key for key in wanted if found.get(key) != wanted[key]]
        return ProofResult(
            same and not refused and not broken,
            f"{deliveries:,} deliveries of {len(same_calls):,} calls,"
            f" {'same end' if same else 'another end'}, {refused} refused",
            {"deliveries": deliveries, "hash": _hash(found), "differ": different[:5], "breaches": broken},
        )

    proved = on_each_database(scratch, report, prove)
    kept = proved.kept and not refused and not broken
    return replace(proved, kept=kept, details=proved.details | {"wanted": _hash(wanted)})


def _story(selling: SellingShop, n: int, rng: random.Random, report: Callable[[str], None]) -> list[_Call]:
    """Orders, and all that happens at the provider before the shop hears of anything: the calls, in their order."""
    fake, shop = selling.fake, selling.shop
    calls: list[_Call] = []
    number = 0
    while len(calls) < n:
        selling.know(range(number, number + 1))

        def work(uow: UnitOfWork, number: int = number) -> Placed | OrderRefused:
            wanted = {rng.choice(selling.variants): rng.randint(1, 3)}
            selling.fill(uow, selling.person(number)[0], wanted, email=f"p{number}@example.com")
            return selling.place(uow, number)

        placed = shop.storage.write(work)
        assert isinstance(placed, Placed), placed
        attempt = shop.paying.begin(placed.attempt.id)
        session = fake.session(attempt.session_ref)
        assert session is not None
        _live_through(selling, session, rng)
        due = fake.calls_due(1_000)
        calls += [_Call(call.body) for call, _ in due]
        fake.deliver(lambda body, headers: True)  # the provider has them off its list; we deliver them as we like
        number += 1
        if number % 500 == 0:
            report(f"{number:,} orders, {len(calls):,} calls")
    return calls


def _live_through(selling: SellingShop, session: FakeSession, rng: random.Random) -> None:
    """What becomes of a session at the provider."""
    fake = selling.fake
    match rng.choice(("paid", "paid", "paid", "partly back", "all back", "declined", "given up", "late", "nothing")):
        case "paid":
            fake.pay_session(session.id)
        case "partly back":
            fake.pay_session(session.id)
            for part in (100, 250):
                _give_back(selling, session, part, rng)
        case "all back":
            fake.pay_session(session.id)
            _give_back(selling, session, session.amount.minor, rng)
        case "declined":
            fake.decline_session(session.id)
        case "given up":
            fake.cancel_session(session.id)
        case "late":
            fake.cancel_session(session.id)
            fake.control.pay_late(session.id)
        case _:
            pass


def _give_back(selling: SellingShop, session: FakeSession, minor: int, rng: random.Random) -> None:
    """The merchant gives money back on the provider's own pages."""
    with selling.shop.storage.read() as uow:
        attempt = uow.payments.get(session.attempt_id)
    assert attempt is not None
    now = selling.clock.now()
    refund = Refund(
        f"back-{rng.getrandbits(96):024x}", attempt.order_id, attempt.id, Money(minor, "EUR"), RefundReason.GOODWILL,
        RefundState.QUEUED, now, now,
    )  # fmt: skip
    selling.fake.refund(refund, attempt)


def _signed(selling: SellingShop, calls: list[_Call]) -> list[tuple[bytes, Mapping[str, str]]]:
    return [(call.body, selling.fake.signed(call.body)) for call in calls]


def _in_disorder(selling: SellingShop, calls: list[_Call], rng: random.Random) -> tuple[int, int]:
    copies = [call for call in calls for _ in range(rng.randint(1, _MOST_COPIES))]
    rng.shuffle(copies)
    late = rng.sample(calls, int(len(calls) * _LATE_SHARE))
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        client = _door(selling)
        answers = list(pool.map(lambda call: _post(client, *call), _signed(selling, copies)))
        selling.clock.advance(timedelta(days=7))
        answers += list(pool.map(lambda call: _post(client, *call), _signed(selling, late)))
        selling.clock.advance(-timedelta(days=7))
    return len(answers), answers.count(False)


def _door(selling: SellingShop) -> Callable[[], FlaskClient]:
    from flask import Flask

    from shoppable.payment_callbacks import payment_callbacks

    app = Flask("proof")
    app.register_blueprint(payment_callbacks(selling.shop))
    return app.test_client


def _post(client: Callable[[], FlaskClient], body: bytes, headers: Mapping[str, str]) -> bool:
    return client().post("/hooks/fake", data=body, headers=dict(headers)).status_code == 200


def _end(selling: SellingShop) -> dict[str, object]:
    """Every order by its number, and the stock, without ids and times."""
    end: dict[str, object] = {}
    with selling.shop.storage.read() as uow:
        before: int | None = None
        while orders := uow.orders.find(before_number=before, limit=500):
            for order in orders:
                attempts = sorted(
                    (attempt.state.value, attempt.captured_minor, attempt.refunded_minor)
                    for attempt in uow.payments.of_order(order.id)
                )
                refunds = sorted(
                    (r.reason.value, r.amount.minor, r.state.value) for r in uow.payments.refunds_of(order.id)
                )
                end[str(order.number)] = [order.state.value, order.paid_minor, order.refunded_minor, attempts, refunds]
            before = orders[-1].number
        end["stock"] = [(level.on_hand, level.held) for level in uow.stock.levels(selling.variants, STORE)]
    return json.loads(json.dumps(end))  # type: ignore[no-any-return]


def _hash(end: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(end, sort_keys=True).encode()).hexdigest()[:16]
