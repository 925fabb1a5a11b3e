"""One import from end to end: locate, scan, compare, read, guard, apply, fetch pictures."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog_sync.comparing import plan_reading
from catalog_sync.inventory import read_inventory
from catalog_sync.locate import Feed, Source, locate
from catalog_sync.normalise import VERSION, Normaliser, salt_of_words
from catalog_sync.opening import Scan, is_address, scan
from catalog_sync.options import FeedOptions
from catalog_sync.report import MAX_LINES, FeedReport
from catalog_sync.rows import FeedRefused, RawItem, Reason, RowError, Stop, VariantDraft
from catalog_sync.stores_file import read_stores
from commerce.domain.moments import to_us
from commerce.domain.store import Store
from commerce.ports import StoreRepository

if TYPE_CHECKING:
    from commerce.storage.feed_staging import FeedStaging, LastRun
    from commerce.wiring import Shop

OnProgress = Callable[[str, int, int | None], None]
"""what (a word for people), how many are done, of how many (None: not known)."""

BATCH_ITEMS = 2000
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A feed that lost more of its products than this is held until somebody says it is right.
MAX_SHRINK_PERCENT = 30


def sync(
    shop: Shop,
    source: str,
    *,
    format: str | None = None,
    dry_run: bool = False,
    confirm_drop: bool = False,
    on_progress: OnProgress | None = None,
    options: FeedOptions | None = None,
    pictures: bool = True,
) -> FeedReport:
    """Brings a feed (file, folder or address) into the shop.

    The catalogue is entirely the old one or entirely the new one, whatever happens. A feed that may not or cannot
    be read is a report with `refused`, never an exception; StorageBusy and CommitUnknown go through (run it again).

    Args:
        dry_run: reads, compares and counts, and changes nothing.
        confirm_drop: applies a feed although more than 30 % of the products are gone from it.
        pictures: False leaves new pictures for a later run.
    """
    report = FeedReport(source=source)
    progress = on_progress or (lambda what, done, total: None)
    with tempfile.TemporaryDirectory(prefix="vitrine-feed-") as folder:
        try:
            feed = _located(shop, source, format, options or FeedOptions(), Path(folder), progress)
            report.name, report.format = feed.options.name, feed.source.format
            _Import(shop, feed, report, progress, dry_run=dry_run, confirm_drop=confirm_drop).run()
        except FeedRefused as refused:
            report.state, report.stop, report.stop_details = "refused", refused.stop, dict(refused.details)
            return report
        if pictures and not dry_run:
            from catalog_sync.images import fetch_pictures

            with _timed(report, "pictures"):
                fetch_pictures(shop, feed.options.name, feed.folder, report, progress)
    return report


def _located(
    shop: Shop, source: str, format: str | None, options: FeedOptions, scratch: Path, progress: OnProgress
) -> Feed:
    """The feed behind SOURCE; the public Fashion data set is turned into a feed first."""
    if not is_address(source):
        from catalog_sync.sources import fashion_dataset

        folder = Path(source).expanduser()
        if folder.is_dir() and fashion_dataset.recognises(folder):
            made = fashion_dataset.write_feed(
                folder, shop.settings.data_dir / "feeds" / "fashion", shop.lexicon, progress
            )
            feed = locate(str(made), format=format, options=options, scratch=scratch, fetcher=lambda: shop.fetcher)
            return replace(feed, folder=folder.resolve())
    return locate(source, format=format, options=options, scratch=scratch, fetcher=lambda: shop.fetcher)


class _Import:
    """The state of one import."""

    def __init__(
        self, shop: Shop, feed: Feed, report: FeedReport, progress: OnProgress, *, dry_run: bool, confirm_drop: bool
    ) -> None:
        self._shop, self._feed, self._report, self._progress = shop, feed, report, progress
        self._dry_run, self._confirm_drop = dry_run, confirm_drop
        options = feed.options
        if not options.decimal and feed.source.decimal:
            options = replace(options, decimal=feed.source.decimal)
        self._options = options
        settings = shop.settings
        self._salt = options.salt(
            VERSION, feed.source.format, settings.currency, settings.default_language, salt_of_words(shop.lexicon)
        )
        self._changes_at_us = 0

    def run(self) -> None:
        from commerce.storage.feed_staging import FeedStaging, Overtaken

        stores = self._read_stores()
        with _timed(self._report, "scan"):
            products = scan(self._feed.products, self._salt, self._on_bytes(self._feed.products))
            inventory = scan(self._feed.inventory, self._salt) if self._feed.inventory else None
        files = {"products": products.digest, "inventory": inventory.digest if inventory else ""}
        with FeedStaging(self._shop.settings.url_of_database, self._options.name) as staging:
            last = staging.last_run()
            if stores and not self._dry_run:
                self._put_stores(stores)
            if last and self._is_same(last, files):
                self._unchanged(staging, last)
                return
            run_id = 0 if self._dry_run else staging.begin_run(self._now_us())
            try:
                self._import(staging, run_id, last, products, inventory, files)
            except Overtaken as overtaken:
                raise FeedRefused(Stop.OVERTAKEN) from overtaken
            except FeedRefused as refused:
                if run_id:
                    details: dict[str, object] = {"stop": refused.stop.value, **refused.details}
                    staging.end_run(run_id, "refused", self._now_us(), details)
                raise

    def _import(
        self, staging: FeedStaging, run_id: int, last: LastRun | None, products: Scan, inventory: Scan | None,
        files: Mapping[str, str],
    ) -> None:  # fmt: skip
        source = self._feed.source(self._feed.products, products, self._options)
        wanted: set[str] | None = None
        ready: Sequence[RawItem] | None = None
        if last is not None:
            with _timed(self._report, "compare"):
                plan = plan_reading(source, staging, self._salt)
            wanted = plan.wanted
            staging.load("st_drop", ((sku,) for sku in plan.gone))
            self._report.items = plan.items
            if plan.changed is not None:
                ready = plan.changed
            else:
                source = self._feed.source(self._feed.products, products, self._options)
        with _timed(self._report, "read"):
            self._read(source, staging, wanted, ready, products.lines)
            with_stock = inventory is not None and self._stage_inventory(staging, last, inventory, files)
        with _timed(self._report, "check"):
            staging.finish_loading(run_id, full=wanted is None)
            self._check(staging)
            self._guard(staging, first=last is None)
        with _timed(self._report, "apply"):
            self._progress("apply", 0, 1)
            applied = staging.apply(
                run_id, self._now_us(), self._stored_report(files), stock_complete=with_stock, dry_run=self._dry_run
            )
            self._progress("apply", 1, 1)
        self._report.counts = applied.counts
        self._report.state = "checked" if self._dry_run else "applied"
        if not self._dry_run:
            for key in applied.media_keys:
                self._shop.media.delete(key)

    # --- steps

    def _read(
        self, source: Source, staging: FeedStaging, wanted: set[str] | None, ready: Sequence[RawItem] | None, lines: int
    ) -> None:
        """Rows to drafts to staging. `wanted`: only these items need reading; None: all. `ready`: they are here."""
        settings = self._shop.settings
        normaliser = Normaliser(
            self._shop.lexicon, self._options, settings.currency, settings.default_language, self._shop.clock.now()
        )
        stage = _Stage(staging, self._salt, self._options.store)
        items = source.raw_items() if wanted is None else iter(ready) if ready is not None else _only(source, wanted)
        while batch := list(islice(items, BATCH_ITEMS)):
            drafts: list[tuple[VariantDraft, RawItem]] = []
            for item, row in zip(batch, source.rows(batch), strict=True):
                draft = row if isinstance(row, RowError) else normaliser.draft(row)
                if isinstance(draft, RowError):
                    self._report.reject(draft)
                    stage.keep(source.id_of(item))
                else:
                    drafts.append((draft, item))
                    if draft.changes_at_us:
                        times = (draft.changes_at_us, self._changes_at_us or draft.changes_at_us)
                        self._changes_at_us = min(times)
            stage.add(drafts)
            if wanted is None:
                self._report.items += len(batch)
            for warning in normaliser.warnings:
                self._report.warn(warning)
            normaliser.warnings.clear()
            self._progress("read", batch[-1].line, lines)
        stage.flush()
        self._progress("read", lines, lines)
        if self._report.items == 0:
            raise FeedRefused(Stop.NO_ITEM)

    def _stage_inventory(
        self, staging: FeedStaging, last: LastRun | None, inventory: Scan, files: Mapping[str, str]
    ) -> bool:
        """True when the inventory was read: not needed when it is the same file and no item is new."""
        assert self._feed.inventory is not None
        same = last is not None and last.report.get("files", {}).get("inventory") == files["inventory"]
        if same and not staging.has_new_items():
            return False
        read_inventory(self._feed.inventory, inventory, staging, self._report, self._progress)
        return True

    def _check(self, staging: FeedStaging) -> None:
        """What only shows when all of it is there: duplicates, items of other feeds, unknown stores."""
        count, found = staging.remove_duplicates(MAX_LINES)
        for line, sku, first in found:
            self._report.reject(RowError(line, "id", Reason.DUPLICATE, sku, first))
        self._report.rejected_count += count - len(found)
        for line, sku, _ in staging.remove_taken(MAX_LINES):
            self._report.reject(RowError(line, "id", Reason.TAKEN, sku))
        for line, what, sku, store in staging.check_stock(MAX_LINES):
            match what:
                case "store":
                    self._report.reject(RowError(line, "store_code", Reason.UNKNOWN_STORE, store))
                case "item":
                    self._report.reject(RowError(line, "id", Reason.UNKNOWN_ITEM, sku))
                case _:
                    self._report.reject(RowError(line, "id", Reason.DUPLICATE, f"{sku} {store}"))
        self._report.rejected.sort(key=lambda error: error.line)

    def _guard(self, staging: FeedStaging, *, first: bool) -> None:
        """Raises FeedRefused(SHRANK) when too much would vanish, NO_ITEM when nothing usable would be left at all."""
        counts = staging.stage_counts()
        if first and counts["staged_items"] == 0:
            raise FeedRefused(Stop.NO_ITEM)
        for what in ("products", "items"):
            active, dropped = counts[f"active_{what}"], counts[f"dropped_{what}"]
            if dropped and dropped == active and counts["staged_items"] == 0:
                raise FeedRefused(Stop.NO_ITEM)
            if dropped * 100 > active * MAX_SHRINK_PERCENT and not self._confirm_drop:
                raise FeedRefused(Stop.SHRANK, dropped=dropped, active=active, what=what, limit=MAX_SHRINK_PERCENT)

    # --- unchanged

    def _is_same(self, last: LastRun, files: Mapping[str, str]) -> bool:
        changes_at_us = int(last.report.get("changes_at_us", 0))
        return last.report.get("files") == dict(files) and not (changes_at_us and self._now_us() >= changes_at_us)

    def _unchanged(self, staging: FeedStaging, last: LastRun) -> None:
        """Nothing to do. What was rejected last time still is, and is told again."""
        self._report.state = "unchanged"
        self._report.items = int(last.report.get("items", 0))
        for entry in last.report.get("rejected_lines", []):
            self._report.rejected.append(
                RowError(entry[0], entry[1], Reason(entry[2]), entry[3], entry[4] if len(entry) > 4 else 0)
            )
        self._report.rejected_count = int(last.report.get("rejected", 0))
        if not self._dry_run:
            run_id = staging.begin_run(self._now_us())
            staging.end_run(run_id, "unchanged", self._now_us(), {"same_as": last.run_id})

    def _stored_report(self, files: Mapping[str, str]) -> dict[str, Any]:
        report = self._report
        return {
            "files": dict(files),
            "items": report.items,
            "changes_at_us": self._changes_at_us,
            "rejected": report.rejected_count,
            "rejected_lines": [
                [error.line, error.field, error.reason.value, error.value, error.other_line]
                for error in report.rejected
            ],
        }

    # --- stores and small things

    def _read_stores(self) -> list[Store]:
        return read_stores(self._feed.stores, self._shop.settings.timezone) if self._feed.stores else []

    def _put_stores(self, stores: list[Store]) -> None:
        known = {store.id: store for store in self._shop.catalog.stores()}
        changed = [store for store in stores if known.get(store.id) != store]
        if changed:
            self._shop.storage.write(lambda uow: put_all(uow.stores, changed))

    def _on_bytes(self, path: Path) -> Callable[[int], None]:
        total = path.stat().st_size
        return lambda done: self._progress("scan", done, total)

    def _now_us(self) -> int:
        return to_us(self._shop.clock.now())


class _Stage:
    """Drafts to staging rows, batch by batch. Remembers one product at a time."""

    def __init__(self, staging: FeedStaging, salt: bytes, store: str) -> None:
        self._staging, self._salt, self._store = staging, salt, store
        self._group = ""
        self._pictures: set[str] = set()
        self._kept: list[tuple[str, bytes]] = []

    def keep(self, item_id: str | None) -> None:
        """An item that was refused stays as it was in the shop."""
        if item_id and len(item_id) <= 128:
            self._kept.append((item_id, b""))

    def add(self, drafts: Iterable[tuple[VariantDraft, RawItem]]) -> None:
        products: list[tuple[object, ...]] = []
        variants: list[tuple[object, ...]] = []
        pictures: list[tuple[object, ...]] = []
        levels: list[tuple[object, ...]] = []
        for draft, item in drafts:
            if draft.group != self._group:
                self._group, self._pictures = draft.group, set()
                products.append((
                    draft.line, draft.group, _dump(draft.title), _dump(draft.description), draft.brand, draft.category,
                    draft.category_words, draft.gender, _dump(draft.attributes), draft.url,
                ))  # fmt: skip
            # A price that changes with the date has no digest: it is looked at every time.
            digest = b"" if draft.changes_at_us else blake2b(item.data, digest_size=16, key=self._salt).digest()
            variants.append((
                draft.line, draft.group, draft.item_id, draft.colour, draft.colour_words, draft.size, draft.gtin,
                draft.price_minor, draft.list_price_minor, draft.currency, digest,
            ))  # fmt: skip
            for ordinal, ref in enumerate(draft.pictures):
                if ref not in self._pictures:
                    self._pictures.add(ref)
                    pictures.append((draft.line, draft.group, draft.item_id, ref, ordinal))
            if draft.quantity is not None and self._store:
                levels.append((draft.line, draft.item_id, self._store, draft.quantity))
        for table, rows in (
            ("st_product", products), ("st_variant", variants), ("st_picture", pictures), ("st_stock", levels),
        ):  # fmt: skip
            if rows:
                self._staging.load(table, rows)

    def flush(self) -> None:
        self._staging.load("st_kept", self._kept)


def put_all(stores: StoreRepository, changed: Iterable[Store]) -> None:
    for store in changed:
        stores.put(store)


def _only(source: Source, wanted: set[str]) -> Iterator[RawItem]:
    """The items that need reading. The others were compared already."""
    for item in source.raw_items():
        item_id = source.id_of(item)
        if item_id is None or item_id in wanted:
            yield item


def _dump(texts: Mapping[str, str]) -> str:
    return _ENCODE(texts) if texts else "{}"


@contextmanager
def _timed(report: FeedReport, name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[name] = report.seconds.get(name, 0.0) + time.perf_counter() - started
