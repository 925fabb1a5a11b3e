"""Stock: guarded changes, holds that end once, and a movement for every change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select, text, update

from commerce.domain.moments import from_us, to_us
from commerce.domain.stock import HoldState, MovementReason, StockHold, StockLevel
from commerce.ports import ChangeKind
from commerce.storage.direct import Direct, insert_into
from commerce.storage.mapping import id_batches
from commerce.storage.prepared import Prepared
from commerce.storage.tables import hold, stock, stock_movement
from commerce.storage.transaction import AnyRow, Transaction

_LEVELS = (
    select(stock.c.variant_id, stock.c.store_id, stock.c.on_hand, stock.c.held, stock.c.safety)
    .where(stock.c.variant_id.in_(bindparam("ids", expanding=True)))
    .order_by(stock.c.variant_id, stock.c.store_id)
)
_LEVELS_AT = Prepared(_LEVELS.where(stock.c.store_id == bindparam("store_id")))
_LEVELS_EVERYWHERE = Prepared(_LEVELS)

_AT = (stock.c.variant_id == bindparam("v")) & (stock.c.store_id == bindparam("s"))
_LOCKED_LEVEL = Prepared(select(stock.c.on_hand, stock.c.held, stock.c.safety).where(_AT).with_for_update())

# The guard is in the statement: whoever comes second finds the row as the first one left it.
_TAKE = Direct(
    "UPDATE stock SET held = held + ? WHERE variant_id = ? AND store_id = ? AND on_hand - held - safety >= ?"
)
_GIVE_BACK = Direct("UPDATE stock SET held = held - ? WHERE variant_id = ? AND store_id = ?")
_HAND_OVER = Prepared(
    update(stock)
    .where(_AT)
    .values(held=stock.c.held - bindparam("quantity"), on_hand=stock.c.on_hand - bindparam("quantity"))
)
_SET = Prepared(update(stock).where(_AT).values(on_hand=bindparam("to")))
_KEEP_BACK = Prepared(update(stock).where(_AT).values(safety=bindparam("to")))
_NEW_ROW = Prepared(
    text(
        "INSERT INTO stock (variant_id, store_id, on_hand, held, safety) VALUES (:v, :s, 0, 0, 0)"
        " ON CONFLICT (variant_id, store_id) DO NOTHING"
    )
)
_KNOWN = Prepared(
    select(stock_movement.c.id)
    .where(
        stock_movement.c.variant_id == bindparam("v"),
        stock_movement.c.store_id == bindparam("s"),
        stock_movement.c.reference == bindparam("reference"),
        stock_movement.c.reason == bindparam("reason"),
    )
    .limit(1)
)
_ACTIVE = update(hold).where(hold.c.id == bindparam("hold_id"), hold.c.state == HoldState.ACTIVE.value)
_END_HOLD = Prepared(
    _ACTIVE.values(state=bindparam("to")).returning(hold.c.variant_id, hold.c.store_id, hold.c.quantity)
)
_EXTEND_HOLD = Prepared(_ACTIVE.values(expires_at_us=bindparam("until_us")))
_HOLD_OF = Prepared(select(hold).where(hold.c.id == bindparam("hold_id")))


_HOLD = insert_into("hold", "id variant_id store_id quantity owner state expires_at_us created_at_us")
_MOVE = insert_into(
    "stock_movement", "variant_id store_id on_hand_change held_change reason reference actor note at_us"
)

# variant, store, change of on_hand, change of held, why, under which reference
_Movement: TypeAlias = tuple[int, str, int, int, MovementReason, str]


def _hold(row: AnyRow) -> StockHold:
    return StockHold(
        row.id, row.variant_id, row.store_id, row.quantity, row.owner, HoldState(row.state), from_us(row.expires_at_us)
    )


@lru_cache(maxsize=64)
def _take_all(count: int) -> str:
    """All of `take` on one way to the server: the rows are locked in key order, and nothing is written unless every
    one of them has enough."""
    wanted = ", ".join(["(%s::text, %s::bigint, %s::integer)"] * count)
    enough = "stock.on_hand - stock.held - stock.safety >= wanted.quantity"
    return (
        f"WITH wanted (id, variant_id, quantity) AS (VALUES {wanted}), locked AS ("  # noqa: S608 - our own words
        "SELECT stock.variant_id FROM stock JOIN wanted ON wanted.variant_id = stock.variant_id"
        f" WHERE stock.store_id = %s AND {enough} ORDER BY stock.variant_id FOR UPDATE OF stock"
        "), answer AS (SELECT count(*) = %s AS is_yes FROM locked), taken AS ("
        "UPDATE stock SET held = stock.held + wanted.quantity FROM wanted, answer"
        " WHERE is_yes AND stock.variant_id = wanted.variant_id AND stock.store_id = %s"
        "), held AS (INSERT INTO hold (id, variant_id, store_id, quantity, owner, state, expires_at_us, created_at_us)"
        " SELECT id, variant_id, %s, quantity, %s, 'active', %s, %s FROM wanted, answer WHERE is_yes"
        "), moved AS ("
        "INSERT INTO stock_movement (variant_id, store_id, on_hand_change, held_change, reason, reference, at_us)"
        " SELECT variant_id, %s, 0, quantity, 'hold', id, %s FROM wanted, answer WHERE is_yes"
        ") SELECT is_yes FROM answer"
    )


def derived_hold_id(hold_id: str, index: int) -> str:
    """The id of the nth hold taken together under `hold_id`: itself, then its neighbours, which an index keeps on one
    page. No id ends like that by itself: it is made of hexadecimal digits."""
    return hold_id if index == 0 else f"{hold_id[:28]}-{index:03d}"


class SqlStock:
    """`commerce.ports.StockRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def levels(self, variant_ids: Iterable[int], store_id: str | None = None) -> list[StockLevel]:
        found: list[StockLevel] = []
        for ids in id_batches(variant_ids):
            if store_id is None:
                rows = self._db.rows(_LEVELS_EVERYWHERE, {"ids": ids})
            else:
                rows = self._db.rows(_LEVELS_AT, {"ids": ids, "store_id": store_id})
            found.extend(StockLevel(*row) for row in rows)
        return found

    def take(
        self,
        hold_id: str,
        lines: Sequence[tuple[int, int]],
        store_id: str,
        owner: str,
        expires_at: datetime,
        at: datetime,
    ) -> list[StockHold] | None:
        # One sum a variant: two lines of the same thing must pass together, not each alone.
        wanted: dict[int, int] = {}
        for variant_id, quantity in lines:
            if quantity < 1:
                raise ValueError(f"a quantity of {quantity} cannot be held")
            wanted[variant_id] = wanted.get(variant_id, 0) + quantity
        if not wanted:
            raise ValueError("nothing to hold")
        # In key order, so that two baskets never wait for each other.
        holds = [
            StockHold(derived_hold_id(hold_id, n), variant_id, store_id, quantity, owner, HoldState.ACTIVE, expires_at)
            for n, (variant_id, quantity) in enumerate(sorted(wanted.items()))
        ]
        at_us, until_us = to_us(at), to_us(expires_at)
        if self._db.is_postgres:
            if not self._take_at_once(holds, until_us, at_us):
                return None
        elif not self._take_each(holds, until_us, at_us):
            return None
        for taken in holds:
            self._db.note_variant(taken.variant_id, ChangeKind.STOCK, at_us)
        return holds

    def hold(self, hold_id: str) -> StockHold | None:
        row = self._db.row(_HOLD_OF, {"hold_id": hold_id})
        return None if row is None else _hold(row)

    def extend(self, hold_id: str, expires_at: datetime) -> bool:
        return self._db.run(_EXTEND_HOLD, {"hold_id": hold_id, "until_us": to_us(expires_at)}) == 1

    def release(self, hold_id: str, reason: MovementReason, at: datetime, *, expired: bool = False) -> bool:
        ended = self._end(hold_id, HoldState.EXPIRED if expired else HoldState.RELEASED)
        if ended is None:
            return False
        variant_id, store_id, quantity = ended
        self._give_back(variant_id, store_id, quantity)
        self._moved([(variant_id, store_id, 0, -quantity, reason, hold_id)], to_us(at))
        return True

    def consume(self, hold_id: str, reason: MovementReason, at: datetime) -> bool:
        ended = self._end(hold_id, HoldState.CONSUMED)
        if ended is None:
            return False
        variant_id, store_id, quantity = ended
        self._db.run(_HAND_OVER, {"v": variant_id, "s": store_id, "quantity": quantity})
        self._moved([(variant_id, store_id, -quantity, -quantity, reason, hold_id)], to_us(at))
        return True

    def locked(self, variant_id: int, store_id: str) -> StockLevel | None:
        return self._locked_level(variant_id, store_id, create=False)

    def adjust(
        self, variant_id: int, store_id: str, change: int, reason: MovementReason, reference: str, at: datetime, *,
        actor: str = "", note: str = "",
    ) -> bool:  # fmt: skip
        """A reference is known when this variant at this store moved for the same reason under it before: a sale and
        its return may carry the same receipt number. '' is never known."""
        level = self._locked_level(variant_id, store_id, create=change > 0)
        if level is None or level.on_hand + change < level.held:
            return False
        # Looked up after the row is locked: of two that bring the same reference, the second sees the first.
        if reference and self._known(variant_id, store_id, reason, reference):
            return False
        if change:
            self._db.run(_SET, {"v": variant_id, "s": store_id, "to": level.on_hand + change})
            self._moved([(variant_id, store_id, change, 0, reason, reference)], to_us(at), actor, note)
        return True

    def set_on_hand(
        self, variant_id: int, store_id: str, on_hand: int, reason: MovementReason, at: datetime, *,
        reference: str = "", actor: str = "", note: str = "",
    ) -> StockLevel:  # fmt: skip
        if on_hand < 0:
            raise ValueError(f"{on_hand} units cannot be on hand")
        level = self._locked_level(variant_id, store_id, create=True)
        assert level is not None
        if reference and self._known(variant_id, store_id, reason, reference):
            return level
        target = max(on_hand, level.held)
        if target != level.on_hand:
            self._db.run(_SET, {"v": variant_id, "s": store_id, "to": target})
        if target != level.on_hand or reference:
            change = target - level.on_hand
            self._moved([(variant_id, store_id, change, 0, reason, reference)], to_us(at), actor, note)
        return StockLevel(variant_id, store_id, target, level.held, level.safety)

    def set_safety(self, variant_id: int, store_id: str, safety: int, at: datetime) -> StockLevel:
        if safety < 0:
            raise ValueError(f"{safety} units cannot be kept back")
        level = self._locked_level(variant_id, store_id, create=True)
        assert level is not None
        if safety != level.safety:
            self._db.run(_KEEP_BACK, {"v": variant_id, "s": store_id, "to": safety})
            self._db.note_variant(variant_id, ChangeKind.STOCK, to_us(at))
        return StockLevel(variant_id, store_id, level.on_hand, level.held, safety)

    def _take_each(self, holds: Sequence[StockHold], until_us: int, at_us: int) -> bool:
        for n, wanted in enumerate(holds):
            key = (wanted.quantity, wanted.variant_id, wanted.store_id, wanted.quantity)
            if self._db.direct(_TAKE, key) != 1:
                for taken in holds[:n]:  # cheaper than a savepoint, which every order would pay for
                    self._give_back(taken.variant_id, taken.store_id, taken.quantity)
                return False
        self._db.insert_many(
            _HOLD,
            [
                (one.id, one.variant_id, one.store_id, one.quantity, one.owner, one.state.value, until_us, at_us)
                for one in holds
            ],
        )
        moved = MovementReason.HOLD.value
        self._db.insert_many(
            _MOVE,
            [(one.variant_id, one.store_id, 0, one.quantity, moved, one.id, "", "", at_us) for one in holds],
        )
        return True

    def _take_at_once(self, holds: Sequence[StockHold], until_us: int, at_us: int) -> bool:
        values: list[Any] = []
        for wanted in holds:
            values += (wanted.id, wanted.variant_id, wanted.quantity)
        first = holds[0]
        values += (first.store_id, len(holds), first.store_id, first.store_id, first.owner, until_us, at_us)
        values += (first.store_id, at_us)
        return bool(self._db.ask(_take_all(len(holds)), values)[0])

    def _give_back(self, variant_id: int, store_id: str, quantity: int) -> None:
        self._db.direct(_GIVE_BACK, (quantity, variant_id, store_id))

    def _end(self, hold_id: str, to_state: HoldState) -> tuple[int, str, int] | None:
        """Ends an active hold; None when there is none: of two that try, one gets the row."""
        row = self._db.row(_END_HOLD, {"hold_id": hold_id, "to": to_state.value})
        return None if row is None else (row.variant_id, row.store_id, row.quantity)

    def _locked_level(self, variant_id: int, store_id: str, *, create: bool) -> StockLevel | None:
        """The level, which nobody else can change until we commit."""
        key = {"v": variant_id, "s": store_id}
        row = self._db.row(_LOCKED_LEVEL, key)
        if row is None and create:
            self._db.run(_NEW_ROW, key)
            row = self._db.row(_LOCKED_LEVEL, key)
        return None if row is None else StockLevel(variant_id, store_id, row.on_hand, row.held, row.safety)

    def _known(self, variant_id: int, store_id: str, reason: MovementReason, reference: str) -> bool:
        key = {"v": variant_id, "s": store_id, "reference": reference, "reason": reason.value}
        return self._db.row(_KNOWN, key) is not None

    def _moved(self, movements: Sequence[_Movement], at_us: int, actor: str = "", note: str = "") -> None:
        self._db.insert_many(
            _MOVE,
            [
                (variant_id, store_id, on_hand, held, reason.value, reference, actor, note, at_us)
                for variant_id, store_id, on_hand, held, reason, reference in movements
            ],
        )
        for variant_id, *_ in movements:
            self._db.note_variant(variant_id, ChangeKind.STOCK, at_us)
