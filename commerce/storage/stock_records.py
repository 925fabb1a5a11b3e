"""The record of the shelves: holds with their owners, movements, and what feeds and tills say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, insert, or_, select, text, tuple_, update

from commerce.domain.moments import from_us, to_us
from commerce.domain.offering import OfferState
from commerce.domain.reservation import OPEN_STATES
from commerce.domain.stock import HoldState, MovementReason, StockHold
from commerce.domain.stocktaking import HeldFor, StockDifference, StockMovement, TillCount
from commerce.domain.waiting import WaitState
from commerce.storage.orders import UNPAID
from commerce.storage.tables import (
    hold,
    offer,
    offer_choice,
    order_line,
    reservation,
    reservation_line,
    shop_order,
    stock_movement,
    stock_waiter,
    till_count,
    till_name,
)
from commerce.storage.transaction import Transaction, one_row_changed

_OPEN = sorted(state.value for state in OPEN_STATES)
_NOTE = text(
    "INSERT INTO till_count (source, variant_id, store_id, quantity, version, counted_at_us)"
    " VALUES (:source, :v, :s, :quantity, :version, :at_us)"
    " ON CONFLICT (source, variant_id, store_id) DO UPDATE SET quantity = excluded.quantity,"
    " version = excluded.version, counted_at_us = excluded.counted_at_us"
    " WHERE till_count.counted_at_us < excluded.counted_at_us"
    " OR (till_count.counted_at_us = excluded.counted_at_us AND till_count.version < excluded.version)"
)
_APPLIED = text(
    "UPDATE till_count SET after_movement ="
    " (SELECT coalesce(max(m.id), 0) FROM stock_movement m WHERE m.variant_id = :v AND m.store_id = :s)"
    " WHERE source = :source AND variant_id = :v AND store_id = :s"
)
# A feed leaves a movement where it changed a shelf; what came after it explains a difference. Shelves are compared
# before movements are looked at: few differ.
_DIFFERENCES = text(
    "SELECT d.variant_id, v.sku, d.store_id, d.source, d.theirs, d.ours,"
    " (SELECT coalesce(sum(m.on_hand_change), 0) FROM stock_movement m WHERE m.variant_id = d.variant_id"
    "  AND m.store_id = d.store_id AND m.id > coalesce(d.after_movement, (SELECT max(f.id) FROM stock_movement f"
    "   WHERE f.variant_id = d.variant_id AND f.store_id = d.store_id AND f.reason = 'feed'), 0)) AS moved_since"
    " FROM (SELECT f.variant_id, f.store_id, 'feed' AS source, f.quantity AS theirs, coalesce(k.on_hand, 0) AS ours,"
    "  CAST(NULL AS BIGINT) AS after_movement"
    "  FROM feed_stock f LEFT JOIN stock k ON k.variant_id = f.variant_id AND k.store_id = f.store_id"
    "  WHERE coalesce(k.on_hand, 0) <> f.quantity UNION ALL"
    "  SELECT t.variant_id, t.store_id, t.source, t.quantity, coalesce(k.on_hand, 0), t.after_movement"
    "  FROM till_count t LEFT JOIN stock k ON k.variant_id = t.variant_id AND k.store_id = t.store_id"
    "  WHERE coalesce(k.on_hand, 0) <> t.quantity) d"
    " JOIN variant v ON v.id = d.variant_id WHERE :store_id = '' OR d.store_id = :store_id"
    " ORDER BY d.store_id, v.sku, d.source LIMIT :limit"
)


class SqlStockRecords:
    """`commerce.ports.StockRecordRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def knows(self, variant_id: int, store_id: str, reason: MovementReason, reference: str) -> bool:
        found = self._db.execute(
            select(stock_movement.c.id)
            .where(
                stock_movement.c.variant_id == variant_id,
                stock_movement.c.store_id == store_id,
                stock_movement.c.reason == reason.value,
                stock_movement.c.reference == reference,
            )
            .limit(1)
        )
        return found.first() is not None

    def held_for(self, variant_id: int, store_id: str) -> list[HeldFor]:
        rows = self._db.execute(
            select(
                hold,
                reservation.c.id.label("of_reservation"),
                shop_order.c.id.label("of_order"),
                offer.c.id.label("of_offer"),
                stock_waiter.c.id.label("of_waiter"),
            )
            .select_from(
                hold.outerjoin(reservation_line, reservation_line.c.hold_id == hold.c.id)
                .outerjoin(
                    reservation,
                    (reservation.c.id == reservation_line.c.reservation_id) & reservation.c.state.in_(_OPEN),
                )
                .outerjoin(order_line, order_line.c.hold_id == hold.c.id)
                .outerjoin(shop_order, (shop_order.c.id == order_line.c.order_id) & UNPAID)
                .outerjoin(offer_choice, offer_choice.c.hold_id == hold.c.id)
                .outerjoin(offer, (offer.c.id == offer_choice.c.offer_id) & (offer.c.state == OfferState.OPEN.value))
                .outerjoin(
                    stock_waiter,
                    (stock_waiter.c.hold_id == hold.c.id) & (stock_waiter.c.state == WaitState.TOLD.value),
                )
            )
            .where(
                hold.c.variant_id == variant_id,
                hold.c.store_id == store_id,
                hold.c.state == HoldState.ACTIVE.value,
                or_(
                    reservation.c.id.is_not(None),
                    shop_order.c.id.is_not(None),
                    offer.c.id.is_not(None),
                    stock_waiter.c.id.is_not(None),
                ),
            )
            .order_by(hold.c.created_at_us.desc(), hold.c.id.desc())
        )
        found: dict[str, HeldFor] = {}
        for row in rows:
            held = StockHold(
                row.id,
                row.variant_id,
                row.store_id,
                row.quantity,
                row.owner,
                HoldState(row.state),
                from_us(row.expires_at_us),
            )
            # An order that took a reservation over is whose the hold is now.
            reservation_id = "" if row.of_order else row.of_reservation or ""
            owner = HeldFor(held, reservation_id, row.of_order or "", row.of_offer or "", row.of_waiter or "")
            if owner.order_id or held.id not in found:
                found[held.id] = owner
        return list(found.values())

    def movements(
        self, variant_id: int, store_id: str = "", *, before_id: int | None = None, limit: int = 50
    ) -> list[StockMovement]:
        statement = select(stock_movement).where(stock_movement.c.variant_id == variant_id)
        if store_id:
            statement = statement.where(stock_movement.c.store_id == store_id)
        if before_id is not None:
            statement = statement.where(stock_movement.c.id < before_id)
        return [
            StockMovement(
                id=row.id,
                at=from_us(row.at_us),
                variant_id=row.variant_id,
                store_id=row.store_id,
                on_hand_change=row.on_hand_change,
                held_change=row.held_change,
                reason=MovementReason(row.reason),
                reference=row.reference,
                actor=row.actor,
                note=row.note,
            )
            for row in self._db.execute(statement.order_by(stock_movement.c.id.desc()).limit(limit))
        ]

    def note_count(self, count: TillCount, variant_id: int, store_id: str) -> bool:
        return one_row_changed(
            self._db.execute(
                _NOTE,
                {
                    "source": count.source,
                    "v": variant_id,
                    "s": store_id,
                    "quantity": count.quantity,
                    "version": count.version,
                    "at_us": to_us(count.counted_at),
                },
            )
        )

    def counted_at(self, source: str, variant_id: int, store_id: str) -> datetime | None:
        found: int | None = self._db.execute(
            select(till_count.c.counted_at_us).where(
                till_count.c.source == source,
                till_count.c.variant_id == variant_id,
                till_count.c.store_id == store_id,
            )
        ).scalar()
        return None if found is None else from_us(found)

    def moved_by(self, actor: str, variant_id: int, store_id: str, since: datetime) -> int:
        moved = self._db.execute(
            select(func.coalesce(func.sum(stock_movement.c.on_hand_change), 0)).where(
                stock_movement.c.variant_id == variant_id,
                stock_movement.c.store_id == store_id,
                stock_movement.c.actor == actor,
                stock_movement.c.reason != MovementReason.COUNT.value,
                stock_movement.c.at_us > to_us(since),
            )
        )
        return int(moved.scalar_one())

    def count_applied(self, source: str, variant_id: int, store_id: str) -> None:
        self._db.execute(_APPLIED, {"source": source, "v": variant_id, "s": store_id})

    def name_till(self, source: str, kind: str, names: Iterable[tuple[str, str]]) -> int:
        wanted = dict(names)
        here = (till_name.c.source == source) & (till_name.c.kind == kind)
        rows = self._db.execute(
            select(till_name.c.theirs, till_name.c.ours).where(here, till_name.c.theirs.in_(sorted(wanted)))
        )
        known = {row.theirs: row.ours for row in rows}
        for theirs, ours in sorted(wanted.items()):
            if theirs not in known:
                values = {"source": source, "kind": kind, "theirs": theirs, "ours": ours}
                self._db.execute(insert(till_name), values)
            elif known[theirs] != ours:
                self._db.execute(update(till_name).where(here, till_name.c.theirs == theirs).values(ours=ours))
        return sum(known.get(theirs) != ours for theirs, ours in wanted.items())

    def ours(self, source: str, kind: str, theirs: str) -> str:
        found: str | None = self._db.execute(
            select(till_name.c.ours).where(
                tuple_(till_name.c.source, till_name.c.kind, till_name.c.theirs) == (source, kind, theirs)
            )
        ).scalar()
        return theirs if found is None else found

    def differences(self, store_id: str = "", limit: int = 1000) -> list[StockDifference]:
        rows = self._db.execute(_DIFFERENCES, {"store_id": store_id, "limit": limit})
        return [
            StockDifference(
                row.variant_id, row.sku, row.store_id, row.source, row.theirs, row.ours, int(row.moved_since)
            )
            for row in rows
        ]
