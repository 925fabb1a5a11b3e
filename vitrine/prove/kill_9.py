"""A day in a shop, and its process killed at every step of it: after each restart nothing is lost, doubled or half."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vitrine.prove import ProofResult
from vitrine.prove._each_database import scratch_databases
from vitrine.prove._till_day import Judgement, judge, live_through

PROMISE = (
    "A process that is killed at any commit, file or call of a day with messages, reservations, orders, payments,"
    " refunds, an expiry, a feed and a migration starts again within ten seconds, and every invariant holds."
)
DEFAULT_N = 500
CI_N = 14

_LONGEST_S = 10.0


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` deaths: every step in turn, in an order drawn from the seed, on each database by turns."""
    details: dict[str, object] = {}
    breaches: list[str] = []
    died_at: Counter[str] = Counter()
    slowest_s, deaths = 0.0, 0
    with scratch_databases(scratch, report) as databases:
        from vitrine.prove._databases import PostgresServer  # noqa: F401  # loaded before the first fork

        fresh = _fresh(scratch, databases)
        steps = _steps_of_a_day(fresh, scratch, seed)
        report(f"a day has {len(steps)} steps at which it can end")
        order = random.Random(seed).sample(range(1, len(steps) + 1), len(steps))
        names = list(databases)
        for number in range(n):
            die_at = order[number % len(order)]
            # Turns of databases and rounds of steps do not go in step: each step is met on each database.
            which = names[(number + number // len(order)) % len(names)]
            folder = scratch / f"death-{number}"
            folder.mkdir()
            url = fresh(which, folder)
            _in_a_process(live_through, url, folder, seed + number, die_at, False)
            died_at.update(_where(folder / "steps"))
            began = time.monotonic()
            code = _in_a_process(live_through, url, folder, seed + number, -1, True)
            ready_s = _seconds(folder / "ready", began)
            found: Judgement = judge(url, folder, seed + number, number_of_deaths=1)
            deaths += 1
            slowest_s = max(slowest_s, ready_s)
            wrong = [*found.breaches, *([f"the restart ended with {code}"] if code else [])]
            breaches += [f"step {die_at} ({_first(folder / 'steps')}) on {which}: {line}" for line in wrong]
            shutil.rmtree(folder, ignore_errors=True)
            if number % 20 == 19 or wrong:
                report(f"{number + 1:,} deaths, {len(breaches)} breaches" + (f": {wrong[0]}" if wrong else ""))
    figure = (
        f"{deaths:,} deaths at {len(died_at)} different steps of {len(steps)}, breaches {len(breaches)},"
        f" slowest restart {slowest_s:.1f} s"
    )
    details |= {"deaths": deaths, "steps": len(steps), "died_at": dict(died_at), "breaches": breaches[:20]}
    return ProofResult(deaths == n and not breaches and slowest_s <= _LONGEST_S, figure, details)


def _fresh(scratch: Path, databases: dict[str, str]) -> Callable[[str, Path], str]:
    """Makes databases without any table: the day begins with the migration."""
    import itertools

    numbers = itertools.count()

    def make(which: str, folder: Path) -> str:
        if which == "SQLite":
            return f"sqlite:///{folder / 'shop.db'}"
        import psycopg

        name = f"day_{next(numbers)}"
        base = databases[which]
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        head, _, tail = base.partition("@/")
        return f"{head}@/{name}?{tail.partition('?')[2]}"

    return make


def _steps_of_a_day(fresh: Callable[[str, Path], str], scratch: Path, seed: int) -> list[str]:
    folder = scratch / "whole-day"
    folder.mkdir()
    code = _in_a_process(live_through, fresh("SQLite", folder), folder, seed, 0, False)
    lines = (folder / "steps").read_text().splitlines() if (folder / "steps").exists() else []
    if code or not lines:
        raise RuntimeError(f"a day that nobody disturbs ended with {code}")
    return lines


def _in_a_process(work: Callable[..., None], *arguments: object) -> int:
    """Runs it in a fork and waits: its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work(*arguments)
            code = 0
        finally:
            with suppress(BaseException):
                if code:
                    import traceback

                    traceback.print_exc()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _where(path: Path) -> list[str]:
    return [line.partition("\t")[0] for line in path.read_text().splitlines()] if path.exists() else []


def _first(path: Path) -> str:
    lines = path.read_text().splitlines() if path.exists() else []
    return lines[0].replace("\t", " ") if lines else "not reached"


def _seconds(path: Path, began: float) -> float:
    return float(path.read_text()) - began if path.exists() else float("inf")
