"""Baskets that hold one thing twice, and baskets that hold two things in opposite order."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commerce.domain.reservation import NotHeld, Refused, Reservation
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._scratch_shop import STORE, ScratchShop, Tally, scratch_shop

PROMISE = (
    "The same thing on two lines is counted as their sum, baskets that name two things in opposite order never block "
    "each other for good, and nobody is refused while there is enough."
)
DEFAULT_N = 10_000
CI_N = 1_000

_THREADS = 16
_BATCH = 100
_UNITS = 70  # of each; a batch wants about 100 of the first and 67 of the second


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` baskets on each database, in batches of 100 that fight for 70 units of each of two things."""

    def prove(url: str, folder: Path) -> ProofResult:
        with scratch_shop(url, seed, units=(_UNITS, _UNITS), people=_BATCH) as shop:
            tally = _baskets(shop, n, random.Random(seed))
            broken = shop.breaches()
        wrong = tally["wrong sum"] + tally["needless refusal"] + tally["error"] + tally["other refusal"]
        return ProofResult(
            not wrong and not broken and tally["placed"] > 0 and tally["sold out"] > 0,
            f"{n:,} baskets, {tally['placed']:,} placed, {tally['sold out']:,} sold out,"
            f" wrong sums {tally['wrong sum']}, needless refusals {tally['needless refusal']},"
            f" errors {tally['error']}",
            {**tally.counts, "breaches": broken},
        )

    return on_each_database(scratch, report, prove)


def _baskets(shop: ScratchShop, n: int, rng: random.Random) -> Tally:
    tally = Tally()
    a, b = shop.variants
    kinds = {"twice": [(a, 1), (a, 1)], "forward": [(a, 1), (b, 1)], "backward": [(b, 1), (a, 1)]}

    def buy(order: tuple[int, str]) -> tuple[str, Reservation | None]:
        number, kind = order
        customer, contact = shop.person(number)
        try:
            answer = shop.storage.write(
                lambda uow: shop.reserving.place(
                    uow, customer_id=customer, contact=contact, store_id=STORE, lines=kinds[kind]
                )
            )
        except Exception as error:
            tally.add("error")
            tally.add(f"{type(error).__name__}: {error}")
            return "error", None
        if isinstance(answer, Refused):
            tally.add("sold out" if answer.reason is NotHeld.SOLD_OUT else "other refusal")
            return kind, None
        tally.add("placed")
        return kind, answer

    with ThreadPoolExecutor(_THREADS) as pool:
        for first in range(0, n, _BATCH):
            orders = [(number, rng.choice(list(kinds))) for number in range(min(_BATCH, n - first))]
            answers = list(pool.map(buy, orders))
            placed = [(kind, reservation) for kind, reservation in answers if reservation is not None]
            refused = {kind for kind, reservation in answers if reservation is None}
            twice = sum(kind == "twice" for kind, _ in placed)
            level_a, level_b = shop.level(a), shop.level(b)
            tally.add("wrong sum", int((level_a.held, level_b.held) != (len(placed) + twice, len(placed) - twice)))
            # Stock only fell during the batch: who was refused then could not be served now either.
            tally.add("needless refusal", int("twice" in refused and level_a.available >= 2))
            short = level_a.available == 0 or level_b.available == 0
            tally.add("needless refusal", int(bool(refused & {"forward", "backward"}) and not short))
            for result in pool.map(lambda one: _give_back(shop, one[1]), placed):
                tally.add("error", int(not result))
    return tally


def _give_back(shop: ScratchShop, reservation: Reservation) -> bool:
    answer = shop.storage.write(lambda uow: shop.reserving.cancel(uow, reservation.id, reservation.customer_id))
    return not isinstance(answer, Refused)
