"""Holds that are taken, extended, cancelled, collected and swept, all at once, while the clock jumps."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from commerce.domain.reservation import (
    NotChanged,
    NotHeld,
    Refused,
    Reservation,
    ReservationEvent,
    ReservationState,
)
from commerce.domain.stock import MovementReason
from commerce.errors import StaleVersion
from commerce.ports import UnitOfWork
from commerce.storage.audit_queries import holds_against_reservations, stock_against_holds
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._scratch_shop import START, STORE, ScratchShop, Tally, scratch_shop

PROMISE = (
    "What is held is exactly what active holds promise, and every open reservation keeps its holds, at every moment: "
    "while holds are taken, extended, cancelled, collected and swept at once and the clock jumps by an hour."
)
DEFAULT_N = 100_000
CI_N = 10_000

_WORKERS = 8
_OPS = ("place", "place", "place", "cancel", "extend", "collect", "ready")


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` operations on each database by 8 workers beside two sweepers; the sums are read all the time."""

    def prove(url: str, folder: Path) -> ProofResult:
        with scratch_shop(url, seed, units=(30, 20, 10, 4), people=24) as shop:
            tally = _churn(shop, n, seed)
            broken = shop.breaches()
        done = ", ".join(f"{tally[what]:,} {what}" for what in ("place", "extend", "cancel", "collect", "swept"))
        return ProofResult(
            not tally["breach"] and not tally["error"] and not broken and tally["swept"] > 0,
            f"{n:,} operations ({done}), {tally['check']:,} looks, {tally['breach']} breaches, {tally['error']} errors",
            {**tally.counts, "breaches": broken},
        )

    return on_each_database(scratch, report, prove)


def _churn(shop: ScratchShop, n: int, seed: int) -> Tally:
    tally = Tally()
    over = threading.Event()

    def guarded(loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception as error:
            tally.add("error")
            tally.add(f"{type(error).__name__}: {error}")

    def sweep() -> None:
        while not over.wait(0.002):
            tally.add("swept", shop.reserving.expire_due())

    def look() -> None:
        pause_s = 0.02
        while not over.wait(pause_s):
            began = time.perf_counter()
            with shop.storage.read() as uow:
                breaches = (stock_against_holds(uow), holds_against_reservations(uow))
            tally.add("check")
            for breach in breaches:
                if breach:
                    tally.add("breach", breach.count)
                    tally.add(breach.examples[0])
            pause_s = max(0.02, 4 * (time.perf_counter() - began))  # looking must not become the main work

    def jump() -> None:
        rng = random.Random(seed)
        while not over.wait(0.05):
            # Forward a little more than back, so that holds come to their end.
            hours = rng.choice((-1, 1, 1))
            shop.clock.set(max(START, shop.clock.now() + timedelta(hours=hours)))

    with ThreadPoolExecutor(_WORKERS + 4) as pool:
        others = [pool.submit(guarded, loop) for loop in (sweep, sweep, look, jump)]
        workers = [
            pool.submit(
                _work, shop, tally, random.Random(seed * 1_000 + number), n // _WORKERS + (number < n % _WORKERS)
            )
            for number in range(_WORKERS)
        ]
        for worker in workers:
            worker.result()
        over.set()
        for other in others:
            other.result()
    return tally


def _work(shop: ScratchShop, tally: Tally, rng: random.Random, operations: int) -> None:
    for _ in range(operations):
        what, person = rng.choice(_OPS), rng.randrange(shop.people)
        lines = [(rng.choice(shop.variants), rng.randint(1, 2)) for _ in range(rng.randint(1, 2))]
        try:
            answer = shop.storage.write(partial(_step, shop=shop, what=what, person=person, lines=lines))
        except StaleVersion:
            tally.add("overtaken")  # somebody else changed it first: the shopper is told to look again
            continue
        except Exception as error:
            tally.add("error")
            tally.add(f"{type(error).__name__}: {error}")
            continue
        if answer is None:
            tally.add("nothing to do")
        elif isinstance(answer, Refused):
            tally.add(f"refused: {answer.reason}")
        else:
            tally.add(what)


def _step(
    uow: UnitOfWork, *, shop: ScratchShop, what: str, person: int, lines: list[tuple[int, int]]
) -> Reservation | Refused[NotHeld] | Refused[NotChanged] | None:
    customer, contact = shop.person(person)
    if what == "place":
        return shop.reserving.place(uow, customer_id=customer, contact=contact, store_id=STORE, lines=lines)
    mine = shop.reserving.open_of(uow, customer)
    if not mine:
        return None
    chosen = mine[len(mine) // 2]
    if what == "cancel":
        return shop.reserving.cancel(uow, chosen.id, customer)
    if what == "extend":
        return shop.reserving.extend(uow, chosen.id, customer)
    return _at_the_counter(shop, uow, chosen, collect=what == "collect")


def _at_the_counter(shop: ScratchShop, uow: UnitOfWork, chosen: Reservation, *, collect: bool) -> Reservation | None:
    """Staff put it ready, or hand over what is ready."""
    now = shop.clock.now()
    if collect != (chosen.state is ReservationState.READY):
        return None
    to_state = ReservationState.COLLECTED if collect else ReservationState.READY
    moved = uow.reservations.move(chosen, to_state, ReservationEvent(now, chosen.state, to_state, "staff:1"))
    if collect:
        for line in chosen.lines:
            uow.stock.consume(line.hold_id, MovementReason.COLLECT, now)
            uow.stock.adjust(line.variant_id, STORE, line.quantity, MovementReason.RETURN, line.hold_id, now)
    return moved
