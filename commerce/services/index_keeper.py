"""Keeps the indexes in step with the catalogue: built from the database, then following its log of changes. Words and
conditions here, pictures with the `PictureKeeper`."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable
from time import monotonic

import structlog

from commerce.domain.product import Product
from commerce.domain.stock import StockLevel
from commerce.lexicon import Lexicon
from commerce.ports import Facets, ImageMatcher, KeptWords, MediaStore, Storage, TextIndex, UnitOfWork
from commerce.services.choosing_eyes import ChoosingEyes
from commerce.services.documents import text_document
from commerce.services.picture_keeper import PictureKeeper, Progress

_BATCH = 1_000  # products or changes read at a time
_PICTURES_S = 2.0  # time given to pictures by a call of `refresh`
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
        self._lexicon = lexicon
        self._kept_words = kept_words
        self._into_large_pages = into_large_pages
        self._seq: int | None = None  # None: nothing was read yet
        self._unkept = 0  # changes since the words were kept
        self._kept_at_s = monotonic()
        self._turn = threading.RLock()
        self._pictures = PictureKeeper(storage, media, image_matcher, self._turn, choosing)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def refresh(self, on_progress: Progress | None = None) -> int:
        """Applies what changed since the last time; the first time, since words and conditions were kept, or reads the
        whole catalogue where that cannot be used. Returns how many products were read. Pictures that are still to be
        looked at get two seconds; the rest waits for the next call."""
        with self._turn:
            count = self._follow(on_progress)
            until_s = monotonic() + _PICTURES_S
            while self._pictures.waiting and monotonic() < until_s:
                self._pictures.look_at_some()
            self._pictures.tell_missing()
            return count

    def catch_up(self, on_progress: Progress | None = None) -> int:
        """Follows the catalogue to its end, looks at every picture that waits and keeps the indexes on disk: the last
        step of an import. Returns how many pictures were looked at."""
        with self._turn:
            self._follow(on_progress)
            total = self._pictures.waiting
            while self._pictures.waiting:
                self._pictures.look_at_some()
                if on_progress is not None:
                    on_progress("Looking at pictures", total - self._pictures.waiting, total)
            self._pictures.tell_missing()
            self._save_pictures(at_once=True)
            self._keep_words()
            return total

    def start(self, every_s: float = 0.5) -> None:
        """Follows the catalogue in the background, and builds a picture index anew that cannot be used or was made by
        another encoder than the settings name."""
        if self._thread is None:
            self._stop.clear()
            self._pictures.start()
            self._thread = threading.Thread(target=self._run, args=(every_s,), name="index-keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the background work and keeps the indexes on disk. A process that only looked something up writes when
        it had much to follow."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            thread.join()
            self._pictures.stop()
        with self._turn:
            if thread is not None:
                self._save_pictures(at_once=True)
            try:
                self._keep_words(1 if thread is not None else _KEEP_WORDS_AFTER)
            except Exception:  # the database is away: the next start has more to follow
                _log.exception("words could not be kept")

    def rebuild_pictures(self, on_progress: Progress | None = None) -> int:
        """Builds the picture index anew from the database, while the old one answers. Returns how many it holds. Raises
        IndexNotBuilt."""
        return self._pictures.rebuild(on_progress)

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
                products = uow.products.many(changed)
                levels = _levels(uow, products.values())
                pictures = self._pictures.news(uow, changes, products)
            gone = changed - products.keys()
            self._text_index.upsert(text_document(product, self._lexicon) for product in products.values())
            self._facets.upsert((product, levels[product.id]) for product in products.values())
            if gone:
                self._text_index.remove(gone)
                self._facets.remove(gone)
            self._pictures.follow(pictures)
            self._seq = changes[-1].seq
            self._unkept += len(changes)
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
        self._pictures.learn()
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
        self._pictures.learn()
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

    def _save_pictures(self, *, at_once: bool = False) -> None:
        if self._seq is not None:
            self._pictures.save(self._seq, at_once=at_once)

    # In the background

    def _run(self, every_s: float) -> None:
        is_settled = False
        while not self._stop.is_set():
            wait_s = every_s
            try:
                with self._turn:
                    self._follow(None)
                    if self._pictures.waiting:
                        self._pictures.look_at_some()
                    if self._pictures.waiting:
                        wait_s = 0.01
                    else:
                        self._pictures.tell_missing()
                    self._save_pictures()
                    if monotonic() - self._kept_at_s >= _KEEP_WORDS_EVERY_S:
                        self._keep_words(_KEEP_WORDS_AFTER)
                self._pictures.mend()
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


def _levels(uow: UnitOfWork, products: Iterable[Product]) -> dict[int, list[StockLevel]]:
    """Stock by product id; [] where there is none."""
    owners = {variant.id: product.id for product in products for variant in product.variants}
    levels: dict[int, list[StockLevel]] = {product_id: [] for product_id in owners.values()}
    for product in products:
        levels.setdefault(product.id, [])
    for level in uow.stock.levels(owners):
        levels[owners[level.variant_id]].append(level)
    return levels
