"""Google's local inventory: a tab-separated line for each store and item, with its quantity or its availability.

https://support.google.com/merchants/answer/3061342
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_sync.delimited import Records, columns_of, encoding_of
from catalog_sync.normalise import stock_draft
from catalog_sync.opening import Scan
from catalog_sync.report import FeedReport
from catalog_sync.rows import FeedRefused, FeedRow, RowError, Stop
from catalog_sync.sources.google_feed import name_of_column

if TYPE_CHECKING:
    from commerce.storage.feed_staging import FeedStaging

BATCH_LINES = 8192


def read_inventory(
    path: Path, scan: Scan, staging: FeedStaging, report: FeedReport, progress: Callable[[str, int, int | None], None]
) -> int:
    """Stages the levels; lines that cannot be read are rejected one by one. Raises FeedRefused as for any feed file."""
    records = Records(path, encoding_of(scan, ""), "", quoted=False)
    items = iter(records)
    staged = 0
    names: list[str] = []
    while batch := list(islice(items, BATCH_LINES)):
        if not names:
            names = [name_of_column(name) for name in records.header]
            for needed in ("id", "store_code"):
                if needed not in names:
                    raise FeedRefused(Stop.NO_COLUMN, column=needed, columns=", ".join(names[:40]))
        last = batch[-1].line >= scan.lines
        rows: list[tuple[object, ...]] = []
        for item in batch:
            columns = columns_of(item, len(names))
            if isinstance(columns, RowError):
                if last and item is batch[-1] and not scan.ends_with_newline:
                    raise FeedRefused(Stop.CUT, line=item.line)
                report.reject(columns)
                continue
            draft = stock_draft(FeedRow(item.line, dict(zip(names, columns, strict=True))))
            if isinstance(draft, RowError):
                report.reject(draft)
            else:
                rows.append((draft.line, draft.item_id, draft.store_id, draft.quantity))
        staging.load("st_stock", rows)
        staged += len(rows)
        progress("stock", batch[-1].line, scan.lines)
    return staged
