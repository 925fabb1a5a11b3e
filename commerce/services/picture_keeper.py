"""Keeps the picture index in step with the catalogue: pictures wait to be looked at, the index is saved now and then,
and one that cannot be used is built anew, while the old one answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic

import structlog

from commerce.domain.product import Product
from commerce.errors import IndexNotBuilt
from commerce.ports import Change, ChangeKind, ImageMatcher, MediaStore, Storage, StoredPicture, UnitOfWork
from commerce.services.choosing_eyes import ChoosingEyes
from commerce.services.missing_pictures import MissingPictures

Progress = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, of how much (None: not known)."""

_BATCH = 1_000  # changes or pictures read at a time
_LOOK_AT = 32  # pictures looked at between two looks at the log: the words of a product never wait for pictures
_SAVE_EVERY_S = 60.0
_TELL_EVERY_S = 30.0  # how far a rebuild is, in the log
_REBUILD_AGAIN_S = 60.0  # after a rebuild that failed, or that another process was at

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PictureNews:
    """What a piece of the log says of pictures."""

    products: Mapping[int, Product | None]
    """Those whose pictures may be others now, by id; None: it is gone."""
    to_look_at: Sequence[StoredPicture]


class PictureKeeper:
    """One per process, a part of its `IndexKeeper`. Whoever calls it holds `turn`, but for `rebuild` and `mend`."""

    def __init__(
        self,
        storage: Storage,
        media: MediaStore,
        image_matcher: ImageMatcher,
        turn: AbstractContextManager[object],
        choosing: ChoosingEyes | None,
    ) -> None:
        self._storage = storage
        self._media = media
        self._image_matcher = image_matcher
        self._turn = turn
        self._choosing = choosing
        self._seq = 0  # pictures of changes up to this one are in the index or wait
        self._waiting: deque[StoredPicture] = deque()  # pictures still to be looked at
        self._missing = MissingPictures()
        self._unsaved = False
        self._saved_at_s = monotonic()
        self._stop = threading.Event()
        self._rebuilding: threading.Thread | None = None
        self._rebuild_from_s = 0.0

    @property
    def waiting(self) -> int:
        """How many pictures are still to be looked at."""
        return len(self._waiting)

    def learn(self) -> None:
        """Whose pictures there are, and which changed since the index on disk was written."""
        with self._storage.read() as uow:
            self._image_matcher.learn(uow.products.picture_owners())
            last = uow.products.last_change()
        covered = self._image_matcher.covers()
        if covered is None:
            return  # a rebuild takes all of them
        if not covered:
            for batch in self._stored_pictures():
                self._waiting.extend(batch)
        while 0 < covered < last:
            with self._storage.read() as uow:
                changes = [change for change in uow.products.changes_after(covered, _BATCH) if change.seq <= last]
                pictured = {c.product_id for c in changes if c.what in (ChangeKind.PICTURE, ChangeKind.PRODUCT)}
                self._waiting.extend(_pictures_to_look_at(uow, uow.products.many(pictured), pictured))
            covered = changes[-1].seq
        self._seq = last

    def news(self, uow: UnitOfWork, changes: Sequence[Change], products: Mapping[int, Product]) -> PictureNews:
        """What these changes say of pictures. `products`: those that changed and are still there."""
        about = (ChangeKind.PICTURE, ChangeKind.PRODUCT, ChangeKind.REMOVED)
        pictured = {change.product_id for change in changes if change.what in about}
        fresh = {change.product_id for change in changes if change.seq > self._seq}
        return PictureNews(
            {product_id: products.get(product_id) for product_id in pictured},
            _pictures_to_look_at(uow, products, pictured & fresh),
        )

    def follow(self, news: PictureNews) -> None:
        """Forgets what is gone at once; what is new waits."""
        gone: set[int] = set()
        for product_id, product in news.products.items():
            known = self._image_matcher.pictures_of(product_id)
            gone |= known - {picture.id for picture in product.pictures if picture.media_key} if product else known
        if gone:
            self._image_matcher.remove(gone)
        self._waiting.extend(news.to_look_at)
        self._unsaved = self._unsaved or bool(news.products)

    def look_at_some(self) -> None:
        """Of those that wait; what cannot be done now goes on waiting."""
        batch = [self._waiting.popleft() for _ in range(min(_LOOK_AT, len(self._waiting)))]
        try:
            # One that has gone since it was put in the queue must not come back.
            with self._storage.read() as uow:
                present = uow.products.many({stored.product_id for stored in batch})
            alive = {picture.id for product in present.values() for picture in product.pictures}
            present_ones = (stored for stored in batch if stored.picture.id in alive)
            self._image_matcher.add(self._with_bytes(present_ones, self._missing))
        except Exception:  # the database is away: they are looked at when it is back
            self._waiting.extendleft(reversed(batch))
            raise
        self._unsaved = True

    def tell_missing(self) -> None:
        """Files that were missing since the last time, in the log."""
        self._missing.tell()

    def save(self, seq: int, *, at_once: bool = False) -> None:
        """Writes the index when it is due and holds everything up to `seq`, which is where we are."""
        due = at_once or monotonic() - self._saved_at_s >= _SAVE_EVERY_S
        if not (self._unsaved and due) or self._waiting:
            return
        if self._image_matcher.covers() is None or self._is_rebuilding:
            return
        try:
            self._image_matcher.save(seq)
        except OSError as error:  # a full disk: search goes on, the next start looks at the pictures again
            _log.error("picture index could not be written", error=str(error))
        self._unsaved, self._saved_at_s = False, monotonic()

    # Another index in its place

    def rebuild(self, on_progress: Progress | None = None) -> int:
        """Builds the index anew from the database, while the old one answers. Returns how many it holds. Raises
        IndexNotBuilt."""
        with self._storage.read() as uow:
            seq, products = uow.products.last_change(), uow.products.count()
            total = len(uow.products.picture_owners())
        report = None if on_progress is None else (lambda done: on_progress("Pictures", done, max(done, total)))
        missing = MissingPictures()
        every = self._until_stopped(stored for batch in self._stored_pictures() for stored in batch)
        count = self._image_matcher.rebuild(self._with_bytes(every, missing), seq, report)
        missing.tell()
        _log.info("picture index built", pictures=count, products=products)
        return count

    def mend(self) -> None:
        """Where the index cannot be used or is another encoder's: one process builds, in the background; the others,
        which answer with the old index, use the new one once it is on the disk."""
        if self._is_rebuilding or (self._choosing is not None and not self._waiting and self._choosing.step()):
            return
        if self._image_matcher.take_over():
            _log.info("picture index of another process taken over")
            with self._turn:
                self.learn()  # first: others may have put pictures in that this process has not heard of
                self._image_matcher.forget_unknown()
            return
        if monotonic() < self._rebuild_from_s or not self._image_matcher.needs_rebuild():
            return
        state = self._image_matcher.describe()
        _log.warning("picture index is being built anew", reason=state["reason"], encoder=state["next_encoder"])
        self._rebuild_from_s = monotonic() + _REBUILD_AGAIN_S
        self._rebuilding = threading.Thread(target=self._rebuild_quietly, name="picture-rebuild", daemon=True)
        self._rebuilding.start()

    def start(self) -> None:
        """From now on `mend` may build."""
        self._stop.clear()

    def stop(self) -> None:
        """Ends a rebuild; it goes on at the next start."""
        self._stop.set()
        if self._rebuilding is not None:
            self._rebuilding.join()

    @property
    def _is_rebuilding(self) -> bool:
        return self._rebuilding is not None and self._rebuilding.is_alive()

    def _rebuild_quietly(self) -> None:
        told_at_s = monotonic()

        def tell(what: str, done: int, total: int | None) -> None:
            nonlocal told_at_s
            if monotonic() - told_at_s >= _TELL_EVERY_S:
                told_at_s = monotonic()
                _log.info("picture index is being built", pictures=done, of=total)

        try:
            self.rebuild(tell)
        except _Stopped:
            _log.info("building the picture index goes on at the next start")
        except IndexNotBuilt as refused:
            _log.info("picture index not built", reason=str(refused))
        except Exception:
            _log.exception("building the picture index failed")
        self._rebuild_from_s = monotonic() + _REBUILD_AGAIN_S

    def _until_stopped(self, pictures: Iterable[StoredPicture]) -> Iterator[StoredPicture]:
        """Half an index must not look like a whole one: it ends with an exception."""
        for stored in pictures:
            if self._stop.is_set():
                raise _Stopped
            yield stored

    def _stored_pictures(self) -> Iterator[list[StoredPicture]]:
        last_id = 0
        while True:
            with self._storage.read() as uow:
                batch = uow.products.pictures_ready_after(last_id, _BATCH)
            if not batch:
                return
            yield batch
            last_id = batch[-1].picture.id

    def _with_bytes(
        self, pictures: Iterable[StoredPicture], missing: MissingPictures
    ) -> Iterator[tuple[StoredPicture, bytes]]:
        for stored in pictures:
            data = self._media.get(stored.picture.media_key) if stored.picture.media_key else None
            if data is None:
                missing.add(stored)
            else:
                yield stored, data


class _Stopped(Exception):
    """The shop closes."""


def _pictures_to_look_at(uow: UnitOfWork, products: Mapping[int, Product], pictured: set[int]) -> list[StoredPicture]:
    """Pictures of these of the products that have a file. Known ones too: their file may be another now."""
    found = (
        uow.products.picture(picture.id)
        for product_id in sorted(pictured & products.keys())
        for picture in products[product_id].pictures
        if picture.media_key
    )
    return [stored for stored in found if stored is not None]
