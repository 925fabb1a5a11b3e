"""Who waits for something to be back in stock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select, text, update

from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.tables import stock, stock_waiter
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_ADD = text(
    "INSERT INTO stock_waiter (id, customer_id, channel, account, address, variant_id, store_id, state, created_at_us)"
    " VALUES (:id, :customer_id, :channel, :account, :address, :variant_id, :store_id, 'waiting', :created_at_us)"
    " ON CONFLICT (customer_id, variant_id, store_id) WHERE state IN ('waiting', 'told') DO NOTHING"
)
_OPEN = stock_waiter.c.state.in_([WaitState.WAITING.value, WaitState.TOLD.value])


class SqlWaiters:
    """`commerce.ports.WaitRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, waiter: StockWaiter) -> bool:
        return one_row_changed(
            self._db.execute(
                _ADD,
                {
                    "id": waiter.id,
                    "customer_id": waiter.customer_id,
                    "channel": waiter.contact.channel,
                    "account": waiter.contact.account,
                    "address": waiter.contact.address,
                    "variant_id": waiter.variant_id,
                    "store_id": waiter.store_id,
                    "created_at_us": to_us(waiter.created_at),
                },
            )
        )

    def get(self, waiter_id: str) -> StockWaiter | None:
        row = self._db.execute(select(stock_waiter).where(stock_waiter.c.id == waiter_id)).one_or_none()
        return None if row is None else _waiter(row)

    def of_customer(self, customer_id: str) -> list[StockWaiter]:
        rows = self._db.execute(
            select(stock_waiter)
            .where(stock_waiter.c.customer_id == customer_id, _OPEN)
            .order_by(stock_waiter.c.created_at_us.desc(), stock_waiter.c.id.desc())
        )
        return [_waiter(row) for row in rows]

    def ready(self, store_ids: Collection[str], limit: int) -> list[StockWaiter]:
        free = exists().where(
            stock.c.variant_id == stock_waiter.c.variant_id,
            stock.c.store_id.in_(sorted(store_ids)),
            or_(stock_waiter.c.store_id == "", stock_waiter.c.store_id == stock.c.store_id),
            stock.c.on_hand - stock.c.held - stock.c.safety > 0,
        )
        rows = self._db.execute(
            select(stock_waiter)
            .where(stock_waiter.c.state == WaitState.WAITING.value, free)
            .order_by(stock_waiter.c.created_at_us, stock_waiter.c.id)
            .limit(limit)
        )
        return [_waiter(row) for row in rows]

    def due(self, now: datetime, limit: int) -> list[StockWaiter]:
        rows = self._db.execute(
            select(stock_waiter)
            .where(stock_waiter.c.state == WaitState.TOLD.value, stock_waiter.c.until_us <= to_us(now))
            .order_by(stock_waiter.c.until_us, stock_waiter.c.id)
            .limit(limit)
        )
        return [_waiter(row) for row in rows]

    def move(self, waiter: StockWaiter, to_state: WaitState) -> bool:
        again = to_state is WaitState.WAITING
        same = (stock_waiter.c.id == waiter.id) & (stock_waiter.c.state == waiter.state.value)
        if waiter.state is WaitState.TOLD:  # of this unit: it may have been sold meanwhile, and another one held
            same &= stock_waiter.c.hold_id == waiter.hold_id
        return one_row_changed(
            self._db.execute(
                update(stock_waiter)
                .where(same)
                .values(
                    state=to_state.value,
                    told_at_us=None if again else maybe_to_us(waiter.told_at),
                    told_store_id="" if again else waiter.told_store_id,
                    hold_id="" if again else waiter.hold_id,
                    until_us=None if again else maybe_to_us(waiter.until),
                )
            )
        )


def _waiter(row: AnyRow) -> StockWaiter:
    return StockWaiter(
        id=row.id,
        customer_id=row.customer_id,
        contact=Contact(row.channel, row.account, row.address),
        variant_id=row.variant_id,
        store_id=row.store_id,
        state=WaitState(row.state),
        created_at=from_us(row.created_at_us),
        told_at=maybe_from_us(row.told_at_us),
        told_store_id=row.told_store_id,
        hold_id=row.hold_id,
        until=maybe_from_us(row.until_us),
    )
