"""What happens in the stores: sales, counts, damage, returns to the shelf, things not found; and safety stock.

Everything belongs to the caller's unit of work. An entry counts once, says who and why, and is on every door when the
transaction is committed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from commerce.domain.moments import to_us
from commerce.domain.payment import PaymentCallback
from commerce.domain.plain_text import is_plain, plain
from commerce.domain.product import Variant
from commerce.domain.reservation import Refused
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.stock import MovementReason, StockLevel
from commerce.domain.stocktaking import (
    ENTERED,
    LONGEST_REFERENCE,
    MOST_UNITS,
    Counted,
    HeldFor,
    NotCounted,
    StockDifference,
    StockEntry,
    StockMovement,
    TillCount,
    TillEvent,
    TillReport,
)
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.giving_way import GivingWay

_LONGEST_NOTE = 500
_LONGEST_ACTOR = 64
_MOST_DIFFERENCES = 100_000


class _Short(Exception):
    """Somebody paid for a unit while it was being freed: undoes the savepoint."""


class Stocktaking:
    """Stock as people and tills tell it. A refusal changes nothing."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        giving_way: GivingWay,
        tills: Mapping[str, Callable[[bytes], Sequence[TillCount]]],
    ) -> None:
        """`tills`: how to read the counts in a vendor's call, by the vendor's name."""
        self._clock, self._ids, self._giving_way, self._tills = clock, ids, giving_way, tills

    def enter(self, uow: UnitOfWork, entry: StockEntry, *, actor: str) -> Counted | Refused[NotCounted]:
        """Takes one entry. Units that are held online are left to their owners unless it overrides; units that
        somebody has paid for are never taken away."""
        shelf = self._shelf(uow, entry)
        if isinstance(shelf, Refused):
            return shelf
        variant_id = shelf
        level = uow.stock.locked(variant_id, entry.store_id) or StockLevel(variant_id, entry.store_id, 0, 0)
        if uow.stock_records.knows(variant_id, entry.store_id, entry.reason, entry.reference):
            return Counted(level, is_new=False)
        target = _target(entry, level)
        if target < 0 and not entry.happened:
            return Refused(NotCounted.NOT_THAT_MANY)
        lost: tuple[HeldFor, ...] = ()
        promised = level.held - max(target, 0)
        if promised > 0 and entry.reason is not MovementReason.RETURN:
            held = uow.stock_records.held_for(variant_id, entry.store_id)
            may_lose = sum(each.hold.quantity for each in held)
            if not entry.happened and entry.reason is not MovementReason.COUNT:
                if may_lose < promised:
                    return Refused(NotCounted.PAID_FOR)
                if not entry.override:
                    return Refused(NotCounted.HELD_ONLINE)
            if entry.override or entry.happened:
                must_fit = not entry.happened and entry.reason is not MovementReason.COUNT
                try:
                    with uow.savepoint():
                        lost = self._giving_way.free(uow, variant_id, entry.store_id, promised, actor=actor)
                        level = uow.stock.locked(variant_id, entry.store_id) or level
                        if must_fit and level.held > target:
                            raise _Short
                except _Short:
                    return Refused(NotCounted.PAID_FOR)
        reached = max(target, level.held, 0)
        level = self._write(uow, entry, level, reached, actor)
        missing = reached - target
        self._compare(uow, entry, level, missing)
        details: dict[str, object] = {
            "quantity": entry.quantity, "reference": entry.reference, "note": plain(entry.note)[:_LONGEST_NOTE],
            "override": entry.override, "lost": len(lost), "missing": missing,
        }  # fmt: skip
        subject = f"{entry.sku}@{entry.store_id}"[:255]
        uow.audit.add(actor[:_LONGEST_ACTOR], f"stock_{entry.reason.value}", subject, details, self._clock.now())
        return Counted(level, True, lost, missing)

    def set_safety(
        self, uow: UnitOfWork, sku: str, store_id: str, safety: int, *, actor: str
    ) -> StockLevel | Refused[NotCounted]:
        """Units of a shelf that online shoppers are never offered."""
        if not 0 <= safety <= MOST_UNITS:
            return Refused(NotCounted.QUANTITY)
        variant = _variant(uow, sku)
        if variant is None:
            return Refused(NotCounted.NO_SUCH_VARIANT)
        if not _is_store(uow, store_id):
            return Refused(NotCounted.NO_SUCH_STORE)
        now = self._clock.now()
        level = uow.stock.set_safety(variant.id, store_id, safety, now)
        details = {"safety": safety}
        uow.audit.add(actor[:_LONGEST_ACTOR], "stock_safety", f"{sku}@{store_id}"[:255], details, now)
        return level

    def movements(
        self, uow: UnitOfWork, sku: str, store_id: str = "", *, before_id: int | None = None, limit: int = 50
    ) -> list[StockMovement] | Refused[NotCounted]:
        """What happened to a thing, newest first."""
        variant = _variant(uow, sku)
        if variant is None:
            return Refused(NotCounted.NO_SUCH_VARIANT)
        return uow.stock_records.movements(variant.id, plain(store_id), before_id=before_id, limit=limit)

    def take_count_callback(self, uow: UnitOfWork, callback: PaymentCallback) -> TillReport:
        """The counts in an authentic call of a provider that also keeps tills. Raises ValueError for what cannot be
        read: a dead letter."""
        read = self._tills.get(callback.provider)
        if read is None:
            raise ValueError(f"{callback.provider} keeps no till that we can read")
        return self.take_counts(uow, read(callback.body))

    def take_counts(self, uow: UnitOfWork, counts: Sequence[TillCount]) -> TillReport:
        """Counts of a till, each applied once and only where it is newer than the one we know."""
        applied = stale = unknown = short = 0
        for count in sorted(counts, key=lambda each: (each.counted_at, each.version)):
            shelf = self._shelf_of_till(uow, count.source, count.item, count.place)
            if shelf is None:
                unknown += 1
                continue
            variant, store_id = shelf
            if not uow.stock_records.note_count(count, variant.id, store_id):
                stale += 1
                continue
            actor = f"till:{count.source}"
            # What the same till has sold since it counted came in before the count did.
            since = uow.stock_records.moved_by(actor, variant.id, store_id, count.counted_at)
            reference = f"{count.source}:{to_us(count.counted_at)}:{count.version}"
            entry = StockEntry(MovementReason.COUNT, variant.sku, store_id, max(0, count.quantity + since), reference)
            taken = self.enter(uow, entry, actor=actor)
            if isinstance(taken, Refused):
                raise ValueError(f"a count of {count.source} cannot be taken: {taken.reason}")
            uow.stock_records.count_applied(count.source, variant.id, store_id)
            applied += 1
            short += taken.missing > 0
        return TillReport(applied, stale, unknown, short)

    def take_till_event(self, uow: UnitOfWork, event: TillEvent) -> TillReport:
        """What a till says has happened: nothing of it can be refused, and what a later count of the same till holds
        already is not counted again."""
        if event.reason is MovementReason.COUNT:
            return self.take_counts(
                uow,
                [
                    TillCount(event.source, line.item, event.place, line.quantity, event.occurred_at, line.version)
                    for line in event.lines
                ],
            )
        applied = stale = unknown = short = 0
        units: Counter[str] = Counter()
        for line in event.lines:
            units[line.item] += line.quantity
        for item, quantity in sorted(units.items()):
            shelf = self._shelf_of_till(uow, event.source, item, event.place)
            if shelf is None:
                unknown += 1
                continue
            variant, store_id = shelf
            counted_at = uow.stock_records.counted_at(event.source, variant.id, store_id)
            if counted_at is not None and event.occurred_at <= counted_at:
                stale += 1
                continue
            reference = f"{event.source}:{event.event_id}"[:LONGEST_REFERENCE]
            entry = StockEntry(
                event.reason, variant.sku, store_id, quantity, reference, event.note, happened=True,
                at=event.occurred_at,
            )  # fmt: skip
            taken = self.enter(uow, entry, actor=f"till:{event.source}")
            if isinstance(taken, Refused):
                raise ValueError(f"an event of {event.source} cannot be taken: {taken.reason}")
            applied += 1
            short += taken.missing > 0
        return TillReport(applied, stale, unknown, short)

    def differences(self, uow: UnitOfWork, store_id: str = "", limit: int = 1000) -> list[StockDifference]:
        """Where the last feed or a till says another number than we do."""
        return uow.stock_records.differences(store_id, limit)

    def unexplained(self, uow: UnitOfWork) -> list[StockDifference]:
        """Differences that nothing we know of explains."""
        return [each for each in uow.stock_records.differences(limit=_MOST_DIFFERENCES) if each.unexplained]

    def raise_differences(self, uow: UnitOfWork) -> int:
        """A task for each shelf whose difference nothing explains; how many are new."""
        return sum(
            self._raise(
                uow, _subject(each.variant_id, each.store_id), store_id=each.store_id, sku=each.sku,
                source=each.source, theirs=each.theirs, ours=each.ours, unexplained=each.unexplained,
            )
            for each in self.unexplained(uow)
        )  # fmt: skip

    def _shelf_of_till(self, uow: UnitOfWork, source: str, item: str, place: str) -> tuple[Variant, str] | None:
        """What a till calls so, by its own names or by ours; None becomes somebody's task."""
        item, place = plain(item), plain(place)
        variant = _variant(uow, uow.stock_records.ours(source, "item", item))
        store_id = uow.stock_records.ours(source, "store", place)
        if variant is None or not _is_store(uow, store_id):
            self._raise(uow, f"till:{source}", store_id="", source=source, item=item, place=place)
            return None
        return variant, store_id

    def _shelf(self, uow: UnitOfWork, entry: StockEntry) -> int | Refused[NotCounted]:
        least = 0 if entry.reason is MovementReason.COUNT else 1
        if entry.reason not in ENTERED:
            raise ValueError(f"{entry.reason} is not entered by anybody")
        if not least <= entry.quantity <= MOST_UNITS:
            return Refused(NotCounted.QUANTITY)
        reference = entry.reference
        if not reference.strip() or len(reference) > LONGEST_REFERENCE or not is_plain(reference):
            return Refused(NotCounted.REFERENCE)
        variant = _variant(uow, entry.sku)
        if variant is None:
            return Refused(NotCounted.NO_SUCH_VARIANT)
        if not _is_store(uow, entry.store_id):
            return Refused(NotCounted.NO_SUCH_STORE)
        return variant.id

    def _write(self, uow: UnitOfWork, entry: StockEntry, level: StockLevel, reached: int, actor: str) -> StockLevel:
        # The row is locked: nobody has changed it since it was read.
        return uow.stock.set_on_hand(
            level.variant_id,
            level.store_id,
            reached,
            entry.reason,
            entry.at or self._clock.now(),
            reference=entry.reference,
            actor=actor[:_LONGEST_ACTOR],
            note=plain(entry.note)[:_LONGEST_NOTE],
        )

    def _compare(self, uow: UnitOfWork, entry: StockEntry, level: StockLevel, missing: int) -> None:
        """Units that are promised and not there are somebody's work, until a count finds everything right."""
        subject = _subject(level.variant_id, level.store_id)
        if missing:
            self._raise(
                uow, subject, store_id=level.store_id, sku=entry.sku, missing=missing, reason=entry.reason.value
            )
        elif entry.reason is MovementReason.COUNT:
            uow.tasks.done(TaskKind.STOCK_DIFFERENCE, subject, self._clock.now())

    def _raise(self, uow: UnitOfWork, subject: str, *, store_id: str, **details: object) -> bool:
        return raise_task(
            uow,
            StaffTask(
                id=self._ids.new_id(),
                kind=TaskKind.STOCK_DIFFERENCE,
                subject=subject,
                details=json.dumps(details, ensure_ascii=False),
                store_id=store_id,
                created_at=self._clock.now(),
            ),
        )


def _target(entry: StockEntry, level: StockLevel) -> int:
    """How many units the entry leaves on the shelf."""
    match entry.reason:
        case MovementReason.COUNT:
            return entry.quantity
        case MovementReason.RETURN:
            return level.on_hand + entry.quantity
        case _:
            return level.on_hand - entry.quantity


def _subject(variant_id: int, store_id: str) -> str:
    return f"{variant_id}@{store_id}"[:64]


def _variant(uow: UnitOfWork, code: str) -> Variant | None:
    """By SKU, or by the barcode that somebody scanned."""
    if not is_plain(code):
        return None
    found = uow.products.by_sku(code) or uow.products.by_gtin(code)
    return found[1] if found else None


def _is_store(uow: UnitOfWork, store_id: str) -> bool:
    return is_plain(store_id) and uow.stores.get(store_id) is not None
