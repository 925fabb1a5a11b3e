"""Hostile, damaged and enormous feeds, and imports killed at any moment."""

from __future__ import annotations

import json
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.prove import ProofResult
from vitrine.prove._hostile_feeds import HEAD, STORES, TAIL, cases, feed, good_items, item

if TYPE_CHECKING:
    from commerce.wiring import Shop

PROMISE = (
    "Whatever a feed contains and whenever an import dies, the shop's catalogue is entirely the old or entirely the "
    "new one; what is refused is named by line and reason, nothing is fetched, and memory stays under 300 MB."
)
DEFAULT_N = 1_000_000
CI_N = 20_000

MAX_RSS_MB = 300
_GOOD_ITEMS = 120
_ITEM_BYTES = 2_100  # a million of them are the 2 GB of the plan
_BOMB_FREE = 1 << 30


@dataclass
class _Tally:
    """What went as promised, and what did not."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, name: str, *, kept: bool, told: str = "") -> None:
        if kept:
            self.right += 1
        else:
            self.wrong.append(f"{name}: {told}")


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n`: rows of the largest feed; bombs and kills grow with it."""
    tally = _Tally()
    _hostile(n, scratch / "hostile", tally)
    report(f"hostile and damaged feeds: {tally.right} as promised, {len(tally.wrong)} not")
    kills = max(6, min(60, n // 20_000))
    outcomes = _killed(kills, seed, scratch / "killed", tally)
    report(f"killed imports: {outcomes}")
    big = _big(n, scratch / "big", tally)
    figure = (
        f"{tally.right} checks; {kills} imports killed; {n:,} rows ({big['feed_mb']:,.0f} MB) "
        f"in {big['first_s']:.0f} s, again in {big['again_s']:.1f} s, at most {big['rss_mb']:.0f} MB"
    )
    return ProofResult(not tally.wrong, figure, {"wrong": tally.wrong[:20], "kills": outcomes, "big": big})


def _hostile(n: int, folder: Path, tally: _Tally) -> None:
    from catalog_sync import sync

    secret = folder / "secret.txt"
    with _shop(folder) as shop, _listener() as (address, calls):
        secret.write_text("do-not-read-me")
        base = _write(folder / "proof", {"products.xml": feed(good_items(_GOOD_ITEMS)), **_beside(_GOOD_ITEMS)})
        first = sync(shop, str(base), pictures=False)
        tally.check(
            "the good feed", kept=first.state == "applied" and not first.rejected_count, told=str(first.as_json())
        )
        before = catalogue(shop)
        bomb = max(192 << 20, min(4 << 30, n * 4_000))
        for case in cases(address, secret, bomb):
            shutil.rmtree(base)
            _write(base, _beside(_GOOD_ITEMS))
            case.write(base, _GOOD_ITEMS)
            started = time.monotonic()
            found = sync(shop, str(base), pictures=False)
            took_s = time.monotonic() - started
            told = json.dumps(found.as_json())[:400]
            if case.stop:
                named = found.stop_details.get("line") == case.line if case.line else True
                kept = found.refused and found.stop is not None and found.stop.value == case.stop and named
            elif case.reason:
                lines = [error.line for error in found.rejected if error.reason.value == case.reason]
                kept = not found.refused and bool(lines) and (not case.line or case.line in lines)
            else:
                kept = True
            tally.check(case.name, kept=kept, told=told)
            same = catalogue(shop) == before or (not case.stop and not case.reason)
            tally.check(f"{case.name}: the catalogue is as it was", kept=same, told=told)
            tally.check(f"{case.name}: in time", kept=took_s < 60, told=f"{took_s:.1f} s")
            if not case.stop and not case.reason:  # was let in: nothing of the secret may have come with it
                tally.check(f"{case.name}: no secret", kept="do-not-read-me" not in catalogue(shop), told=told)
                _write(base, {"products.xml": feed(good_items(_GOOD_ITEMS)), **_beside(_GOOD_ITEMS)})
                sync(shop, str(base), pictures=False, confirm_drop=True)
                before = catalogue(shop)
        tally.check("network calls", kept=not calls, told=f"{len(calls)} connections")
        shutil.rmtree(base)
        _write(base, {"products.xml": feed(good_items(_GOOD_ITEMS)), **_beside(_GOOD_ITEMS)})
        again = sync(shop, str(base), pictures=False)
        tally.check("the good feed again", kept=again.state in ("unchanged", "applied"), told=str(again.as_json()))
        tally.check("and the catalogue is the first one", kept=catalogue(shop) == before)


def _killed(kills: int, seed: int, folder: Path, tally: _Tally) -> dict[str, int]:
    """kill -9 at random moments of an import that changes every price; the next import always ends well."""
    from catalog_sync import sync

    chance = random.Random(seed)
    count = 3_000
    outcomes = {"old": 0, "new": 0, "finished": 0}
    with _shop(folder) as shop:
        base = folder / "proof"
        feeds = [
            feed([item(number, f"{40 + (number // 3 + shift) % 50}.00 EUR") for number in range(count)])
            for shift in (0, 7)
        ]
        _write(base, {"products.xml": feeds[0], **_beside(count)})
        sync(shop, str(base), pictures=False)
        hashes = [catalogue(shop)]
        _write(base, {"products.xml": feeds[1]})
        started = time.monotonic()
        sync(shop, str(base), pictures=False)
        import_s = time.monotonic() - started
        hashes.append(catalogue(shop))
        at = 1
        for number in range(kills):
            _write(base, {"products.xml": feeds[1 - at]})
            child = subprocess.Popen(
                [sys.executable, "-m", "vitrine.prove._sync_child", str(folder), str(base)],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert child.stdout is not None
            child.stdout.readline()  # it begins
            try:
                child.wait(timeout=chance.uniform(0, import_s * 2.5))
                outcomes["finished"] += 1
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stdout.close()
            now = catalogue(shop)
            outcomes["new" if now == hashes[1 - at] else "old"] += 1
            tally.check(f"kill {number}: old or new", kept=now in hashes, told="a catalogue in between")
            end = sync(shop, str(base), pictures=False)
            whole = end.state in ("applied", "unchanged") and catalogue(shop) == hashes[1 - at]
            tally.check(f"kill {number}: the next import ends well", kept=whole, told=end.state)
            at = 1 - at
        tally.check("integrity", kept=_integrity(folder / "vitrine.db") == "ok")
    return outcomes


def _big(n: int, folder: Path, tally: _Tally) -> dict[str, float]:
    """`n` rows in another process, whose memory is measured."""
    base = folder / "proof"
    base.mkdir(parents=True)
    (base / "stores.toml").write_text(STORES)
    filler = "Long summer evenings by the sea, a light breeze and nothing to do. " * 40
    path = base / "products.xml"
    with path.open("w") as file:
        file.write(HEAD)
        for number in range(n):
            text = item(number, description=filler[: _ITEM_BYTES - 300])
            file.write(text)
        file.write(TAIL)
    feed_mb = path.stat().st_size / 2**20
    if n >= DEFAULT_N:
        tally.check("2 GB", kept=feed_mb > 1_900, told=f"{feed_mb:.0f} MB")
    results = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "vitrine.prove._sync_child", str(folder), str(base)],
            capture_output=True, text=True, timeout=3_600, check=False,
        )  # fmt: skip
        try:
            results.append(json.loads(done.stdout.splitlines()[-1]))
        except (IndexError, ValueError):
            tally.check("the large feed", kept=False, told=done.stderr[-400:])
            return {"feed_mb": feed_mb, "first_s": 0, "again_s": 0, "rss_mb": 0}
    first, again = results
    path.unlink()
    tally.check("the large feed", kept=first["state"] == "applied" and first["items"] == n, told=str(first))
    tally.check("the large feed again", kept=again["state"] == "unchanged", told=str(again))
    rss_mb = max(float(first["rss_mb"]), float(again["rss_mb"]))
    tally.check("memory", kept=rss_mb <= MAX_RSS_MB, told=f"{rss_mb:.0f} MB")
    return {"feed_mb": feed_mb, "first_s": float(first["took_s"]), "again_s": float(again["took_s"]), "rss_mb": rss_mb}


def catalogue(shop: Shop) -> str:
    """Everything that a shopper sees of the catalogue, as text: equal texts are equal catalogues."""
    with closing(sqlite3.connect(shop.settings.data_dir / "vitrine.db")) as database:
        rows = database.execute(
            "SELECT p.source_id, p.title, p.description, p.category, v.sku, v.price_minor, v.currency, v.size,"
            " v.colour, s.store_id, s.on_hand FROM product p JOIN variant v ON v.product_id = p.id AND v.active"
            " LEFT JOIN stock s ON s.variant_id = v.id WHERE p.active ORDER BY v.sku, s.store_id"
        ).fetchall()
    return repr(rows)


@contextmanager
def _shop(folder: Path) -> Iterator[Shop]:
    from commerce.settings import Settings
    from commerce.wiring import build_shop

    folder.mkdir(parents=True, exist_ok=True)
    with build_shop(Settings(data_dir=folder)) as shop:
        yield shop


def _write(base: Path, content: dict[str, str]) -> Path:
    base.mkdir(parents=True, exist_ok=True)
    for name, text in content.items():
        (base / name).write_text(text, "utf-8")
    return base


def _beside(count: int) -> dict[str, str]:
    levels = "".join(f"one\tSKU-{number}\t{number % 5}\n" for number in range(count))
    return {"stores.toml": STORES, "local_inventory.tsv": "store_code\tid\tquantity\n" + levels}


def _integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        broken = database.execute("PRAGMA foreign_key_check").fetchall()
        return "foreign keys" if broken else str(database.execute("PRAGMA integrity_check").fetchone()[0])


@contextmanager
def _listener() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that nobody may call."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, peer = server.accept()
                except TimeoutError:
                    continue
                calls.append(str(peer))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        finally:
            over.set()
            thread.join()
