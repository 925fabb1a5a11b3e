"""Lists of what happened in the stores, as delimited files: a line a shelf, each counted once.

Columns (in any order, French names too): `sku`, `store`, `quantity`, and where wanted `kind` (sale, count, damage,
return, not_found, safety), `reference`, `note`. Without a reference, a line is known by the bytes of its file and its
number: the same file twice counts once. Lines that cannot be taken are reported, and the others are taken.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from catalog_sync.delimited import Records, columns_of, encoding_of, fields_of
from catalog_sync.opening import Scan, scan
from catalog_sync.report import MAX_LINES, error_json
from catalog_sync.rows import FeedRefused, Reason, RowError, Stop
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import LONGEST_REFERENCE, MOST_UNITS, NotCounted, StockEntry
from commerce.lexicon import fold
from commerce.ports import UnitOfWork
from commerce.wiring import Shop

SAFETY = "safety"
KINDS = ("sale", "count", "damage", "return", "not_found", SAFETY)
_BATCH = 200
_MOST_BYTES = 64 << 20
_COLUMNS = {
    "sku": "sku", "article": "sku", "code article": "sku", "id": "sku",
    "store": "store", "store_code": "store", "store code": "store", "magasin": "store", "boutique": "store",
    "quantity": "quantity", "qty": "quantity", "quantite": "quantity", "qte": "quantity", "on_hand": "quantity",
    "kind": "kind", "type": "kind", "nature": "kind",
    "reference": "reference", "receipt": "reference", "ticket": "reference",
    "note": "note", "remarque": "note", "motif": "note",
}  # fmt: skip
_KINDS_SAID = {
    "vente": "sale", "inventaire": "count", "comptage": "count", "casse": "damage", "abime": "damage",
    "retour": "return", "introuvable": "not_found", "not found": "not_found", "securite": "safety",
}  # fmt: skip
_REASONS = {
    NotCounted.NO_SUCH_VARIANT: ("sku", Reason.UNKNOWN_ITEM),
    NotCounted.NO_SUCH_STORE: ("store", Reason.UNKNOWN_STORE),
    NotCounted.QUANTITY: ("quantity", Reason.NOT_A_COUNT),
    NotCounted.REFERENCE: ("reference", Reason.TOO_LONG),
    NotCounted.NOT_THAT_MANY: ("quantity", Reason.NOT_THAT_MANY),
    NotCounted.HELD_ONLINE: ("quantity", Reason.HELD_ONLINE),
    NotCounted.PAID_FOR: ("quantity", Reason.PAID_FOR),
}


@dataclass(slots=True)
class StockListReport:
    """What became of a list. `known`: lines that were counted before. `lost`: shoppers whose hold was taken."""

    source: str
    state: str = "applied"  # or checked (a dry run)
    lines: int = 0
    applied: int = 0
    known: int = 0
    lost: int = 0
    missing: int = 0
    rejected: list[RowError] = field(default_factory=list)
    rejected_count: int = 0

    def reject(self, error: RowError) -> None:
        self.rejected_count += 1
        if len(self.rejected) < MAX_LINES:
            self.rejected.append(error)

    def as_json(self, language: str) -> dict[str, object]:
        return {
            "source": self.source,
            "state": self.state,
            "lines": self.lines,
            "applied": self.applied,
            "known": self.known,
            "lost": self.lost,
            "missing": self.missing,
            "rejected": self.rejected_count,
            "rejected_lines": [error_json(error, language) for error in self.rejected],
        }


@dataclass(frozen=True, slots=True)
class _Line:
    line: int
    kind: str
    entry: StockEntry


class _OnlyLooking(Exception):
    """Undoes a dry run."""


def import_stock(
    shop: Shop, path: Path, *, kind: str = "", override: bool = False, dry_run: bool = False, actor: str = "list"
) -> StockListReport:
    """Takes a list, a few hundred lines a transaction: when it is cut short, the same list again takes the rest.

    `kind` where the list has no such column. A dry run takes all of it in one transaction and undoes it. Raises
    FeedRefused for what is no such list; then nothing has changed.
    """
    if not path.is_file():
        raise FeedRefused(Stop.NOT_FOUND, source=str(path))
    if path.stat().st_size > _MOST_BYTES:
        raise FeedRefused(Stop.TOO_LARGE, limit_mb=_MOST_BYTES >> 20)
    report = StockListReport(str(path))
    lines = list(_summed(_read(path, scan(path, b"stock"), kind, override, report), report))
    report.lines = len(lines) + report.rejected_count
    if not report.lines:
        raise FeedRefused(Stop.NO_ITEM)
    if dry_run:
        report.state = "checked"
        found: list[StockListReport] = []

        def look(uow: UnitOfWork) -> None:
            found[:] = [_take(uow, shop=shop, lines=lines, actor=actor)]
            raise _OnlyLooking

        try:
            shop.storage.write(look)
        except _OnlyLooking:
            _add(report, found[0])
        return report
    for start in range(0, len(lines), _BATCH):
        batch = lines[start : start + _BATCH]
        _add(report, shop.storage.write(partial(_take, shop=shop, lines=batch, actor=actor)))
    return report


def write_rejected(source: Path, report: StockListReport, target: Path, language: str) -> None:
    """The rejected lines as a list of their own, with why: to be corrected and taken alone."""
    records = Records(source, encoding_of(scan(source, b"stock"), ""), "")
    why = {error.line: error for error in report.rejected}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        begun = False
        for item in records:
            if not begun:
                writer.writerow([*records.header, "reason"])
                begun = True
            if item.line in why:
                writer.writerow([*fields_of(item), error_json(why[item.line], language)["message"]])


def _read(path: Path, seen: Scan, kind: str, override: bool, report: StockListReport) -> Iterator[_Line]:
    names: list[str] = []
    records = Records(path, encoding_of(seen, ""), "")
    for item in records:
        if not names:
            names = [_COLUMNS.get(fold(name), "") for name in records.header]
            for needed in ("sku", "store", "quantity", *(() if kind else ("kind",))):
                if needed not in names:
                    raise FeedRefused(Stop.NO_COLUMN, column=needed, columns=", ".join(records.header[:40]))
        columns = columns_of(item, len(names))
        if isinstance(columns, RowError):
            report.reject(columns)
            continue
        said = {name: text.strip() for name, text in zip(names, columns, strict=True) if name}
        found = _line(item.line, said, kind, override, f"file:{seen.digest[:24]}:{item.line}")
        if isinstance(found, RowError):
            report.reject(found)
        else:
            yield found


def _line(line: int, said: dict[str, str], kind: str, override: bool, reference: str) -> _Line | RowError:
    for needed in ("sku", "store", "quantity"):
        if not said.get(needed):
            return RowError(line, needed, Reason.MISSING)
    named = fold(said.get("kind", "")) or kind
    named = _KINDS_SAID.get(named, named)
    if named not in KINDS:
        return RowError(line, "kind", Reason.NOT_A_KIND, named[:40])
    text = said["quantity"]
    least = 0 if named in (MovementReason.COUNT.value, SAFETY) else 1
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:12]) <= MOST_UNITS or len(text) > 12:
        return RowError(line, "quantity", Reason.NOT_A_COUNT, text[:40])
    given = said.get("reference", "")
    if len(given) > LONGEST_REFERENCE:
        return RowError(line, "reference", Reason.TOO_LONG, given[:40])
    reason = MovementReason.COUNT if named == SAFETY else MovementReason(named)
    note = said.get("note", "")
    entry = StockEntry(reason, said["sku"], said["store"], int(text), given or reference, note, override)
    return _Line(line, named, entry)


def _summed(lines: Iterator[_Line], report: StockListReport) -> Iterator[_Line]:
    """Lines of one receipt about one shelf are one entry; two counts of one shelf under one reference are a mistake."""
    found: dict[tuple[str, str, str, str], _Line] = {}
    for line in lines:
        entry = line.entry
        key = (line.kind, entry.sku, entry.store_id, "" if line.kind == SAFETY else entry.reference)
        first = found.get(key)
        if first is None:
            found[key] = line
        elif line.kind in (MovementReason.COUNT.value, SAFETY):
            report.reject(RowError(line.line, "sku", Reason.DUPLICATE, entry.sku[:40], first.line))
        else:
            more = replace(first.entry, quantity=first.entry.quantity + entry.quantity)
            found[key] = replace(first, entry=more)
    yield from found.values()


def _take(uow: UnitOfWork, *, shop: Shop, lines: Sequence[_Line], actor: str) -> StockListReport:
    report = StockListReport("")
    for line in lines:
        entry = line.entry
        if line.kind == SAFETY:
            kept = shop.stocktaking.set_safety(uow, entry.sku, entry.store_id, entry.quantity, actor=actor)
            if isinstance(kept, Refused):
                report.reject(_refused(line, kept.reason))
            else:
                report.applied += 1
            continue
        taken = shop.stocktaking.enter(uow, entry, actor=actor)
        if isinstance(taken, Refused):
            report.reject(_refused(line, taken.reason))
        elif taken.is_new:
            report.applied += 1
            report.lost += len(taken.lost)
            report.missing += taken.missing
        else:
            report.known += 1
    return report


def _refused(line: _Line, reason: NotCounted) -> RowError:
    name, why = _REASONS[reason]
    value = {"sku": line.entry.sku, "store": line.entry.store_id}.get(name, str(line.entry.quantity))
    return RowError(line.line, name, why, value[:40])


def _add(report: StockListReport, part: StockListReport) -> None:
    report.applied += part.applied
    report.known += part.known
    report.lost += part.lost
    report.missing += part.missing
    for error in part.rejected:
        report.reject(error)
