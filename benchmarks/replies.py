"""A message in, a reply out, the whole way: inbox, understanding, search, wording, outbox, channel; while the same
process serves pages to somebody else.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.names import SHARED
from benchmarks.search_quality import CATALOGUE, open_catalogue, read_queries
from benchmarks.tables import OUT, Table, keep, ms

if TYPE_CHECKING:
    from bot.channels.recorder.send import Recorder
    from bot.messages import MediaRef
    from bot.worker import Worker
    from commerce.wiring import Shop

_PHOTOS = SHARED / "data" / "customer-photos"
_PICTURES = 3_000  # of the catalogue, looked at before photos are sent: enough for real answers
_PAGE_EVERY_S = 0.1
_numbers = count(1)


class Bench:
    """A shop with a worker that answers in this thread, and what the steps of an answer took."""

    def __init__(self, shop: Shop, worker: Worker, recorder: Recorder) -> None:
        self._shop, self._worker, self._recorder = shop, worker, recorder

    def reply_to(self, text: str, language: str, media: tuple[MediaRef, ...] = ()) -> tuple[float, float]:
        """Seconds of this thread's CPU and of the clock from the message to what the channel was given."""
        from bot.channels.neutral import event_of
        from commerce.domain.customer import Contact

        number = next(_numbers)
        # A new person each time: nobody is flooded and no context helps.
        stamp = f"{number}-{time.time_ns()}"
        contact = Contact(self._recorder.name, self._recorder.account, f"bench-{stamp}")
        now = self._shop.clock.now()
        event = event_of(contact, f"m{stamp}", now, text=text, language=language, media=media)
        cpu_s, wall_s = time.thread_time(), time.perf_counter()
        self._shop.storage.write(lambda uow: uow.inbox.accept(event, now))
        self._worker.run_until_quiet()
        took = time.thread_time() - cpu_s, time.perf_counter() - wall_s
        if not self._recorder.sent_to(contact):
            raise RuntimeError(f"no reply to {text!r}")
        return took


def _photos(most: int) -> Iterator[bytes]:
    """Photos people took of their clothes, from the part of the public set that nothing was trained on."""
    if not (_PHOTOS / "photos.tsv").exists():
        return
    with (_PHOTOS / "photos.tsv").open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t")
        wanted = set(islice((row["photo"] for row in rows if row["split"] == "validation"), most))
    with tarfile.open(_PHOTOS / "photos.tar") as tar:
        for member in tar:
            if Path(member.name).name in wanted and (stream := tar.extractfile(member)) is not None:
                yield stream.read()


def _see_catalogue(shop: Shop) -> int:
    """Looks at the first pictures of the catalogue, from the archive they came in."""
    from commerce.ports import StoredPicture

    with shop.storage.read() as uow:
        products = {product.source_id: product for product in uow.products.after(0, 60_000) if product.pictures}
    seen = 0
    for archive in sorted(CATALOGUE.glob("images-*.tar")):
        with tarfile.open(archive) as tar:
            batch = []
            for member in tar:
                product = products.get(Path(member.name).stem)
                stream = tar.extractfile(member) if product is not None else None
                if product is not None and stream is not None:
                    batch.append((StoredPicture(product.pictures[0], product.id, "", "", ""), stream.read()))
                if seen + len(batch) >= _PICTURES:
                    break
        shop.image_matcher.add(batch)
        seen += len(batch)
        if seen >= _PICTURES:
            break
    return seen


@contextmanager
def _reader_of_pages(address: str) -> Iterator[list[float]]:
    """Somebody who looks at a page ten times a second; what each took."""
    stop = threading.Event()
    took: list[float] = []

    def read() -> None:
        while not stop.wait(_PAGE_EVERY_S):
            began = time.perf_counter()
            with urllib.request.urlopen(f"{address}/?q=robe", timeout=30) as answer:
                answer.read()
            took.append(time.perf_counter() - began)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join(30)


def run(photos: int = 60) -> list[Table]:
    """The table; [] where the real catalogue is absent."""
    if not CATALOGUE.is_dir():
        print(f"no real catalogue at {CATALOGUE}: replies are left out (set VITRINE_SHARED)", file=sys.stderr)
        return []
    from bot.channels.recorder.send import Recorder
    from bot.messages import MediaRef
    from bot.worker import Worker
    from vitrine.serve import running

    table = Table(
        "Replies while pages are served",
        ("message", "messages", "cpu ms p50 / p95", "wall ms p50 / p95", "limit: search alone, cpu ms p50"),
    )
    lines = read_queries()
    with open_catalogue(OUT / "catalogue") as shop, running(shop, web=True) as address:
        recorder = Recorder(shop.media)
        worker = Worker(shop, [recorder])
        bench = Bench(shop, worker, recorder)
        pictures = _see_catalogue(shop)
        with _reader_of_pages(address) as pages:
            for line in lines[:5]:
                bench.reply_to(line.query, line.language)
            alone, took = [], []
            for line in lines:
                began_s = time.thread_time()
                shop.discovery.search(shop.asking.request(line.query, language=line.language, limit=3))
                alone.append(time.thread_time() - began_s)
                took.append(bench.reply_to(line.query, line.language))
            table.add("words, 42 thousand products", str(len(took)), *_cells(took), f"{ms(alone, 50):.1f}")
            alone, took = [], []
            for data in _photos(photos):
                began_s = time.thread_time()
                photo = shop.image_matcher.look(data)
                if not isinstance(photo, str):
                    shop.image_matcher.match(photo, limit=10)
                alone.append(time.thread_time() - began_s)
                ref = MediaRef(shop.media.put(data, ".upload"), "photo", "image/webp", len(data))
                took.append(bench.reply_to("", "fr", (ref,)))
            if took:
                name = f"a photo, {pictures:,} pictures"
                table.add(name, str(len(took)), *_cells(took), f"{ms(alone, 50):.1f}")
        if pages:
            table.notes.append(f"meanwhile {len(pages)} pages (10 a second), {ms(pages, 50):.0f} ms each at the median")
    table.notes.append("cpu is that of the thread that answers; a photo is decoded in a child, which it waits for")
    table.notes.append("each message comes from somebody new; durable commits: inbox, answer, sending, sent")
    table.show()
    return [table]


def _cells(took: Sequence[tuple[float, float]]) -> tuple[str, str]:
    cpu, wall = [one[0] for one in took], [one[1] for one in took]
    return f"{ms(cpu, 50):.1f} / {ms(cpu, 95):.1f}", f"{ms(wall, 50):.1f} / {ms(wall, 95):.1f}"


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.replies", description=__doc__).parse_args()
    if tables := run():
        keep("replies", tables)


if __name__ == "__main__":
    main()
