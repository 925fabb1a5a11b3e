"""Keeps the indexes in step with the catalogue: built from the database, then following its log of changes."""

from __future__ import annotations

import gc
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from time import monotonic

import structlog

from commerce.domain.product import Product
from commerce.domain.stock import StockLevel
from commerce.errors import IndexNotBuilt
from commerce.lexicon import Lexicon
from commerce.ports import (
    ChangeKind,
    Facets,
    ImageMatcher,
    KeptWords,
    MediaStore,
    Storage,
    StoredPicture,
    TextIndex,
    UnitOfWork,
)
from commerce.services.choosing_eyes import ChoosingEyes
from commerce.services.documents import text_document
from commerce.services.missing_pictures import MissingPictures

Progress = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, of how much (None: not known)."""

_BATCH = 1_000  # products or changes read at a time
_PICTURE_BATCH = 32  # pictures looked at between two looks at the log: the words of a product never wait for pictures
_PICTURES_S = 2.0  # time given to pictures by a call of `refresh`
_SAVE_EVERY_S = 60.0
_TELL_EVERY_S = 30.0  # how far a rebuild is, in the log
_REBUILD_AGAIN_S = 60.0  # after a rebuild that failed, or that another process was at
_KEEP_WORDS_EVERY_S = 300.0
_KEEP_WORDS_AFTER = 1_000  # changes; fewer are soon followed at the next start
_MANY_PRODUCTS = 100_000  # from here on the indexes are worth large pages

_log = structlog.get_logger(__name__)


class IndexKeeper:
    """One per process. `refresh` may be called from any thread; calls take turns."""

    def __init__(
        self,
        storage: Storage,
        text_index: TextIndex,
        facets: Facets,
        image_matcher: ImageMatcher,
        media: MediaStore,
        lexicon: Lexicon,
        kept_words: KeptWords | None = None,
        into_large_pages: Callable[[], int] = lambda: 0,
        choosing: ChoosingEyes | None = None,  # None: the matcher's encoder stays
    ) -> None:
        """`kept_words`: where words and conditions are kept between two processes; None: every start reads all.
        `into_large_pages`: has large indexes lie so that they are looked through sooner; returns bytes."""
        self._storage = storage
        self._text_index = text_index
        self._facets = facets
        self._image_matcher = image_matcher
        self._media = media
        self._lexicon = lexicon
        self._kept_words = kept_words
        self._into_large_pages = into_large_pages
        self._choosing = choosing
        self._seq: int | None = None  # None: nothing was read yet
        self._pictures_seq = 0  # pictures of changes up to this one are in the index or wait
        self._unkept = 0  # changes since the words were kept
        self._kept_at_s = monotonic()
        self._missing = MissingPictures()
        self._waiting: deque[StoredPicture] = deque()  # pictures still to be looked at
        self._unsaved = False
        self._saved_at_s = monotonic()
        self._turn = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._rebuilding: threading.Thread | None = None
        self._rebuild_from_s = 0.0

    def refresh(self, on_progress: Progress | None = None) -> int:
        """Applies what changed since the last time; the first time, since words and conditions were kept, or reads the
        whole catalogue where that cannot be used. Returns how many products were read. Pictures that are still to be
        looked at get two seconds; the rest waits for the next call."""
        with self._turn:
            count = self._follow(on_progress)
            until_s = monotonic() + _PICTURES_S
            while self._waiting and monotonic() < until_s:
                self._look_at_some()
            self._missing.tell()
            return count

    def catch_up(self, on_progress: Progress | None = None) -> int:
        """Follows the catalogue to its end, looks at every picture that waits and keeps the indexes on disk: the last
        step of an import. Returns how many pictures were looked at."""
        with self._turn:
            self._follow(on_progress)
            total = len(self._waiting)
            while self._waiting:
                self._look_at_some()
                if on_progress is not None:
                    on_progress("Looking at pictures", total - len(self._waiting), total)
            self._missing.tell()
            self._save(at_once=True)
            self._keep_words()
            return total

    def start(self, every_s: float = 0.5) -> None:
        """Follows the catalogue in the background, and builds a picture index anew that cannot be used or was made by
        another encoder than the settings name."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, args=(every_s,), name="index-keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the background work and keeps the indexes on disk. A process that only looked something up writes when
        it had much to follow."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            thread.join()
            if self._rebuilding is not None:
                self._rebuilding.join()
        with self._turn:
            if thread is not None:
                self._save(at_once=True)
            try:
                self._keep_words(1 if thread is not None else _KEEP_WORDS_AFTER)
            except Exception:  # the database is away: the next start has more to follow
                _log.exception("words could not be kept")

    def rebuild_pictures(self, on_progress: Progress | None = None) -> int:
        """Builds the picture index anew from the database, while the old one answers. Returns how many it holds. Raises
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

    # Words and conditions

    def _follow(self, on_progress: Progress | None) -> int:
        if self._seq is None and not self._load_words():
            return self._read_everything(on_progress)
        assert self._seq is not None
        count = 0
        while True:
            with self._storage.read() as uow:
                changes = uow.products.changes_after(self._seq, _BATCH)
                if not changes:
                    return count
                changed = {change.product_id for change in changes}
                pictured = {
                    change.product_id
                    for change in changes
                    if change.what in (ChangeKind.PICTURE, ChangeKind.PRODUCT, ChangeKind.REMOVED)
                }
                products = uow.products.many(changed)
                levels = _levels(uow, products.values())
                fresh = {change.product_id for change in changes if change.seq > self._pictures_seq}
                pictures = _pictures_to_look_at(uow, products, pictured & fresh)
            gone = changed - products.keys()
            self._text_index.upsert(text_document(product, self._lexicon) for product in products.values())
            self._facets.upsert((product, levels[product.id]) for product in products.values())
            if gone:
                self._text_index.remove(gone)
                self._facets.remove(gone)
            self._forget_pictures(products, pictured)
            self._waiting.extend(pictures)
            self._seq = changes[-1].seq
            self._unkept += len(changes)
            self._unsaved = self._unsaved or bool(pictured)
            count += len(changed)

    def _read_everything(self, on_progress: Progress | None) -> int:
        with self._storage.read() as uow:
            seq, total = uow.products.last_change(), uow.products.count()
        done, last_id = 0, 0
        texts = []
        while True:
            with self._storage.read() as uow:
                products = uow.products.after(last_id, _BATCH)
                levels = _levels(uow, products)
            if not products:
                break
            texts += [text_document(product, self._lexicon) for product in products]
            self._facets.upsert((product, levels[product.id]) for product in products)
            last_id, done = products[-1].id, done + len(products)
            if on_progress is not None:
                on_progress("Reading the catalogue", done, total)
        # All at once: one large segment is built faster than many small ones are merged.
        self._text_index.upsert(texts)
        self._learn_pictures()
        self._seq, self._unkept = seq, done
        self._keep_words()
        return done

    def _load_words(self) -> bool:
        """Whether the words that were kept could be used. Far behind, reading everything is faster than following."""
        if self._kept_words is None:
            return False
        with self._storage.read() as uow:
            oldest = uow.products.last_change() - max(_BATCH, uow.products.count())
            seq = self._kept_words.load(lambda seq: uow.products.change_mark(seq) if seq > oldest else "")
        if seq is None:
            return False
        self._learn_pictures()
        self._seq = seq
        return True

    def _keep_words(self, after: int = 1) -> None:
        """Writes words and conditions where they changed so many times since the last time."""
        if self._kept_words is None or self._seq is None or self._unkept < after:
            return
        with self._storage.read() as uow:
            mark = uow.products.change_mark(self._seq)
        if mark:
            try:
                self._kept_words.save(self._seq, mark)
            except OSError as error:  # a full disk: the next start has more to follow
                _log.error("words could not be kept", error=str(error))
        self._unkept, self._kept_at_s = 0, monotonic()

    # Pictures

    def _learn_pictures(self) -> None:
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
        self._pictures_seq = last

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

    def _forget_pictures(self, products: dict[int, Product], pictured: set[int]) -> None:
        gone: set[int] = set()
        for product_id in pictured:
            known = self._image_matcher.pictures_of(product_id)
            product = products.get(product_id)
            gone |= known - {picture.id for picture in product.pictures if picture.media_key} if product else known
        if gone:
            self._image_matcher.remove(gone)

    def _look_at_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_PICTURE_BATCH, len(self._waiting)))]
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

    def _save(self, *, at_once: bool = False) -> None:
        """Writes the picture index when it holds everything up to where we are."""
        due = at_once or monotonic() - self._saved_at_s >= _SAVE_EVERY_S
        if not (self._unsaved and due and self._seq is not None) or self._waiting:
            return
        if self._image_matcher.covers() is None or (self._rebuilding is not None and self._rebuilding.is_alive()):
            return
        try:
            self._image_matcher.save(self._seq)
        except OSError as error:  # a full disk: search goes on, the next start looks at the pictures again
            _log.error("picture index could not be written", error=str(error))
        self._unsaved, self._saved_at_s = False, monotonic()

    # In the background

    def _run(self, every_s: float) -> None:
        is_settled = False
        while not self._stop.is_set():
            wait_s = every_s
            try:
                with self._turn:
                    self._follow(None)
                    if self._waiting:
                        self._look_at_some()
                    if self._waiting:
                        wait_s = 0.01
                    else:
                        self._missing.tell()
                    self._save()
                    if monotonic() - self._kept_at_s >= _KEEP_WORDS_EVERY_S:
                        self._keep_words(_KEEP_WORDS_AFTER)
                self._take_over_or_rebuild()
                if not is_settled:
                    self._settle()
                    is_settled = True
            except Exception:
                # The database is away, or a bug: what is indexed goes on answering, and we try again.
                _log.exception("following the catalogue failed")
                wait_s = max(every_s, 1.0)
            self._stop.wait(wait_s)

    def _settle(self) -> None:
        """Once, after the first round: a large index answers some 8 % sooner so, a small one fits the caches anyway."""
        with self._storage.read() as uow:
            products = uow.products.count()
        if products >= _MANY_PRODUCTS:
            gc.freeze()  # millions of words stay: no collection should walk them
            _log.info("indexes moved into large pages", products=products, bytes=self._into_large_pages())

    def _take_over_or_rebuild(self) -> None:
        """One process builds; the others, which answer with the old index, use the new one once it is on the disk."""
        is_building = self._rebuilding is not None and self._rebuilding.is_alive()
        if is_building or (self._choosing is not None and not self._waiting and self._choosing.step()):
            return
        if self._image_matcher.take_over():
            _log.info("picture index of another process taken over")
            with self._turn:
                self._learn_pictures()  # first: others may have put pictures in that this process has not heard of
                self._image_matcher.forget_unknown()
            return
        if monotonic() < self._rebuild_from_s or not self._image_matcher.needs_rebuild():
            return
        state = self._image_matcher.describe()
        _log.warning("picture index is being built anew", reason=state["reason"], encoder=state["next_encoder"])
        self._rebuild_from_s = monotonic() + _REBUILD_AGAIN_S
        self._rebuilding = threading.Thread(target=self._rebuild_quietly, name="picture-rebuild", daemon=True)
        self._rebuilding.start()

    def _rebuild_quietly(self) -> None:
        told_at_s = monotonic()

        def tell(what: str, done: int, total: int | None) -> None:
            nonlocal told_at_s
            if monotonic() - told_at_s >= _TELL_EVERY_S:
                told_at_s = monotonic()
                _log.info("picture index is being built", pictures=done, of=total)

        try:
            self.rebuild_pictures(tell)
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


class _Stopped(Exception):
    """The shop closes."""


def _pictures_to_look_at(uow: UnitOfWork, products: dict[int, Product], pictured: set[int]) -> list[StoredPicture]:
    """Pictures of these of the products that have a file. Known ones too: their file may be another now."""
    found = (
        uow.products.picture(picture.id)
        for product_id in sorted(pictured & products.keys())
        for picture in products[product_id].pictures
        if picture.media_key
    )
    return [stored for stored in found if stored is not None]


def _levels(uow: UnitOfWork, products: Iterable[Product]) -> dict[int, list[StockLevel]]:
    """Stock by product id; [] where there is none."""
    owners = {variant.id: product.id for product in products for variant in product.variants}
    levels: dict[int, list[StockLevel]] = {product_id: [] for product_id in owners.values()}
    for product in products:
        levels.setdefault(product.id, [])
    for level in uow.stock.levels(owners):
        levels[owners[level.variant_id]].append(level)
    return levels
