"""Pictures of a feed: fetched, read and encoded again in a child process, kept under our own names. One of the few
places that look at pictures; the bytes of strangers are never decoded in this process."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tarfile import TarError
from tarfile import open as open_tar
from threading import Lock
from typing import TYPE_CHECKING

from catalog_sync.report import FeedReport
from commerce.errors import FetchRefused

if TYPE_CHECKING:
    from commerce.storage.feed_pictures import PictureOutcome, WantedPicture
    from commerce.wiring import Shop
    from visual_search.preprocess.decoder import PictureDecoder

BATCH = 128
MAX_BYTES = 10 << 20
# Pictures asked for at the same time; a merchant's server is not ours to flood.
FETCHERS = 6
WRITERS = 8
_KEPT_PX = 1280
_INPUT_PX = 32  # what the eyes would see is not needed here
_MEMBER = re.compile(r"(?P<tar>[^:]+\.tar):(?P<member>.+)\Z", re.IGNORECASE)


def fetch_pictures(
    shop: Shop, source: str, folder: Path | None, report: FeedReport, progress: Callable[[str, int, int | None], None]
) -> None:
    """Every picture the source still wants. What fails is written down with its reason; the import goes on.

    `folder`: where pictures named by a path lie; None: only addresses are looked at. A run that is cut goes on where it
    was. Adds `pictures` (ready, failed), `picture_failures` by reason, and seconds to the report.
    """
    from commerce.storage.feed_pictures import count_wanted, media_keys, record, want_again, wanted_after
    from visual_search.preprocess.decoder import PictureDecoder

    shop.storage.write(lambda uow: want_again(uow, source))
    with shop.storage.read() as uow:
        total = count_wanted(uow, source)
    if not total:
        return
    done, after = 0, 0
    seconds = dict.fromkeys(("fetch pictures", "decode pictures", "write pictures"), 0.0)
    beside = _Beside(folder) if folder else None
    with PictureDecoder(_INPUT_PX, children=1) as decoder, ThreadPoolExecutor(WRITERS) as pool:
        while True:
            with shop.storage.read() as uow:
                wanted = wanted_after(uow, source, after, BATCH)
            if not wanted:
                break
            after = wanted[-1].id
            started = time.perf_counter()
            files = list(pool.map(lambda one: _bytes_of(shop, beside, one.ref), wanted))
            seconds["fetch pictures"] += time.perf_counter() - started
            started = time.perf_counter()
            read = list(_decoded(decoder, wanted, files))
            seconds["decode pictures"] += time.perf_counter() - started
            started = time.perf_counter()
            outcomes = list(pool.map(lambda one: _kept(shop, *one), read))
            at = shop.clock.now()
            late = shop.storage.write(lambda uow, rows=outcomes, at=at: record(uow, rows, at))  # type: ignore[misc]
            for key in media_keys(late):
                shop.media.delete(key)
            seconds["write pictures"] += time.perf_counter() - started
            for outcome in outcomes:
                kind = "failed" if outcome.failure else "ready"
                report.pictures[kind] = report.pictures.get(kind, 0) + 1
                if outcome.failure:
                    report.picture_failures[outcome.failure] = report.picture_failures.get(outcome.failure, 0) + 1
            done += len(wanted)
            progress("pictures", done, max(total, done))
    report.seconds.update(seconds)


def _bytes_of(shop: Shop, beside: _Beside | None, ref: str) -> bytes | str:
    """The file, or the word for why there is none."""
    if ref.lower().startswith(("http://", "https://")):
        try:
            return shop.fetcher.fetch(ref, max_bytes=MAX_BYTES, accept=("image/",)).body
        except FetchRefused as refused:
            return refused.reason
    return beside.read(ref) if beside else "bad_address"


class _Beside:
    """Files below the feed's folder, and members of tars there. Nothing outside it, through no link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._tars: dict[str, dict[str, tuple[int, int]]] = {}
        self._opening = Lock()

    def read(self, ref: str) -> bytes | str:
        member = _MEMBER.match(ref)
        path = self._inside(member["tar"] if member else ref)
        if path is None:
            return "missing"
        if member:
            with self._opening:
                members = self._members(path, member["tar"])
            place = members.get(member["member"])
            if place is None:
                return "missing"
            start, size = place
        else:
            start, size = 0, path.stat().st_size
        if size > MAX_BYTES:
            return "too_large_bytes"
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size)

    def _inside(self, name: str) -> Path | None:
        path = (self._folder / name).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def _members(self, path: Path, name: str) -> dict[str, tuple[int, int]]:
        """Where each member's bytes are: read once, in one go through the headers."""
        found = self._tars.get(name)
        if found is None:
            found = {}
            try:
                with open_tar(path, "r:") as archive:
                    for info in archive:
                        if info.isreg():
                            found[info.name.removeprefix("./")] = (info.offset_data, info.size)
            except (TarError, OSError):
                pass
            self._tars[name] = found
        return found


def _decoded(
    decoder: PictureDecoder, wanted: Sequence[WantedPicture], files: Sequence[bytes | str]
) -> Iterator[tuple[PictureOutcome, bytes]]:
    """Outcomes with our own JPEG, empty for a failure."""
    from commerce.storage.feed_pictures import PictureOutcome
    from visual_search.values import PictureRefused

    pictures = decoder.read_many((data for data in files if isinstance(data, bytes)), copies=True)
    for one, data in zip(wanted, files, strict=True):
        if isinstance(data, str):
            yield PictureOutcome(one, failure=data), b""
            continue
        seen = next(pictures)
        if isinstance(seen, PictureRefused):
            yield PictureOutcome(one, failure=seen.reason), b""
        else:
            yield (
                PictureOutcome(
                    one, sha256=seen.sha256, phash=_phash(seen.thumb), width_px=seen.clean_width_px,
                    height_px=seen.clean_height_px,
                ),
                seen.clean,
            )  # fmt: skip


def _kept(shop: Shop, outcome: PictureOutcome, jpeg: bytes) -> PictureOutcome:
    from dataclasses import replace

    return outcome if outcome.failure else replace(outcome, media_key=shop.media.put(jpeg, ".jpg"))


def _phash(thumb: bytes) -> str:
    """64 bits of an 8 x 8 RGB thumb: brighter than the mean or not, as 16 hexadecimal digits."""
    levels = [thumb[at] * 299 + thumb[at + 1] * 587 + thumb[at + 2] * 114 for at in range(0, 192, 3)]
    mean = sum(levels) / 64
    return f"{sum((level > mean) << bit for bit, level in enumerate(levels)):016x}"
