"""The last unit, wanted by two hundred people at the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from commerce.domain.reservation import NotHeld, Refused, Reservation
from commerce.ports import UnitOfWork
from vitrine.prove import ProofResult
from vitrine.prove._scratch_shop import STORE, ScratchShop, Tally, p99_ms, scratch_databases, scratch_shop

PROMISE = (
    "Of 200 people who want the last unit at the same moment one gets it; the others hear that it is sold out, within "
    "two seconds, and nothing is left half done."
)
DEFAULT_N = 1_000
CI_N = 100

BUYERS = 200
_LIMIT_MS = 2_000


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` rounds on each database; the winner of a round gives the unit back before the next."""
    details: dict[str, object] = {}
    kept, figures = True, []
    with scratch_databases(scratch, report) as databases:
        for name, url in databases.items():
            with scratch_shop(url, seed, units=(1,), people=BUYERS) as shop:
                tally, times_s = _rounds(shop, n)
                broken = shop.breaches()
            slowest = p99_ms(times_s)
            good = tally["one winner"] == n and tally["sold out"] == n * (BUYERS - 1) and not broken
            kept = kept and good and slowest <= _LIMIT_MS
            figures.append(
                f"{name}: {tally['one winner']:,} of {n:,} rounds with one winner, oversold {tally['oversold']},"
                f" errors {tally['error']}, p99 {slowest:.0f} ms"
            )
            details[name] = {**tally.counts, "whole": good, "p99_ms": round(slowest, 1), "breaches": broken}
            report(figures[-1])
    return ProofResult(kept, "; ".join(figures), details)


def _rounds(shop: ScratchShop, n: int) -> tuple[Tally, list[float]]:
    tally, times_s = Tally(), []
    (variant,) = shop.variants
    start = threading.Barrier(BUYERS)

    def buy(number: int) -> tuple[Reservation | None, float]:
        customer, contact = shop.person(number)
        start.wait(60)
        began = time.perf_counter()
        try:
            answer = shop.storage.write(
                lambda uow: shop.reserving.place(
                    uow, customer_id=customer, contact=contact, store_id=STORE, lines=[(variant, 1)]
                )
            )
        except Exception as error:
            tally.add("error")
            tally.add(f"{type(error).__name__}: {error}")
            return None, time.perf_counter() - began
        if isinstance(answer, Refused):
            tally.add("sold out" if answer.reason is NotHeld.SOLD_OUT else f"refused: {answer.reason}")
            return None, time.perf_counter() - began
        return answer, time.perf_counter() - began

    with ThreadPoolExecutor(BUYERS) as pool:
        for _ in range(n):
            answers = list(pool.map(buy, range(BUYERS)))
            times_s += [took for _, took in answers]
            winners = [reservation for reservation, _ in answers if reservation is not None]
            tally.add("oversold", max(0, len(winners) - 1))
            tally.add("one winner", int(len(winners) == 1 and shop.level(variant).held == 1))
            for winner in winners:
                shop.storage.write(partial(_give_back, shop=shop, winner=winner))
    return tally, times_s


def _give_back(uow: UnitOfWork, *, shop: ScratchShop, winner: Reservation) -> None:
    answer = shop.reserving.cancel(uow, winner.id, winner.customer_id)
    assert not isinstance(answer, Refused), answer
