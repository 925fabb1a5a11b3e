"""What comes back: requests with their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from commerce.domain.moments import from_us, to_us
from commerce.domain.returns import (
    COMING_STATES,
    ReturnKind,
    ReturnLine,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    ReturnWay,
    check_return_move,
)
from commerce.errors import StaleVersion
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.tables import hold, return_line, return_request
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_LINES = (
    select(return_line)
    .where(return_line.c.return_id.in_(bindparam("ids", expanding=True)))
    .order_by(return_line.c.return_id, return_line.c.position)
)
_JUDGED = (
    update(return_line)
    .where(return_line.c.return_id == bindparam("of"), return_line.c.position == bindparam("at"))
    .values(resellable=bindparam("is_resellable"))
)


class SqlReturns:
    """`commerce.ports.ReturnRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, request: ReturnRequest) -> None:
        self._db.execute(
            insert(return_request),
            {
                "id": request.id,
                "order_id": request.order_id,
                "customer_id": request.customer_id,
                "kind": request.kind.value,
                "code": request.code,
                "created_at_us": to_us(request.created_at),
                **_changing(request),
            },
        )
        self._db.execute(
            insert(return_line),
            [
                {
                    "return_id": request.id,
                    "position": line.position,
                    "quantity": line.quantity,
                    "resellable": line.resellable,
                }
                for line in request.lines
            ],
        )

    def get(self, return_id: str) -> ReturnRequest | None:
        found = self._all(select(return_request).where(return_request.c.id == return_id))
        return found[0] if found else None

    def of_order(self, order_id: str) -> list[ReturnRequest]:
        return self._all(
            select(return_request)
            .where(return_request.c.order_id == order_id)
            .order_by(return_request.c.created_at_us, return_request.c.id)
        )

    def of_customer(self, customer_id: str) -> list[ReturnRequest]:
        return self._all(
            select(return_request)
            .where(return_request.c.customer_id == customer_id)
            .order_by(return_request.c.created_at_us.desc(), return_request.c.id.desc())
        )

    def find(self, *, state: ReturnState | None = None, store_id: str = "", limit: int = 100) -> list[ReturnRequest]:
        statement = select(return_request)
        if state is not None:
            statement = statement.where(return_request.c.state == state.value)
        if store_id:
            statement = statement.where(return_request.c.store_id == store_id)
        return self._all(statement.order_by(return_request.c.created_at_us, return_request.c.id).limit(limit))

    def due(self, now: datetime, limit: int) -> list[ReturnRequest]:
        return self._all(
            select(return_request)
            .join(hold, hold.c.id == return_request.c.hold_id)
            .where(
                return_request.c.state.in_(sorted(state.value for state in COMING_STATES)),
                hold.c.expires_at_us <= to_us(now),
            )
            .order_by(hold.c.expires_at_us, return_request.c.id)
            .limit(limit)
        )

    def move(self, request: ReturnRequest, to_state: ReturnState) -> ReturnRequest:
        check_return_move(request.state, to_state)
        moved = replace(request, state=to_state, version=request.version + 1)
        written = self._db.execute(
            update(return_request)
            .where(
                return_request.c.id == request.id,
                return_request.c.version == request.version,
                return_request.c.state == request.state.value,
            )
            .values(**_changing(moved))
        )
        if not one_row_changed(written):
            raise StaleVersion(f"return {request.id} is no longer at version {request.version}")
        judged = [
            {"of": request.id, "at": line.position, "is_resellable": line.resellable}
            for line in request.lines
            if line.resellable is not None
        ]
        if judged:
            self._db.execute(_JUDGED, judged)
        return moved

    def _all(self, statement: Any) -> list[ReturnRequest]:
        """With their lines, in one more statement."""
        rows: Sequence[AnyRow] = self._db.execute(statement).all()
        if not rows:
            return []
        lines: dict[str, list[ReturnLine]] = {row.id: [] for row in rows}
        for line in self._db.execute(_LINES, {"ids": sorted(lines)}):
            lines[line.return_id].append(ReturnLine(line.position, line.quantity, line.resellable))
        return [_request(row, tuple(lines[row.id])) for row in rows]


def _changing(request: ReturnRequest) -> dict[str, Any]:
    return {
        "state": request.state.value,
        "reason": request.reason.value,
        "way": request.way.value,
        "note": request.note,
        "photo_key": request.photo_key,
        "store_id": request.store_id,
        "new_variant_id": request.new_variant_id,
        "hold_id": request.hold_id,
        "refund_minor": request.refund_minor,
        "currency": request.currency,
        "due_at_us": maybe_to_us(request.due_at),
        "receipt": request.receipt,
        "receipt_channel": request.receipt_channel,
        "version": request.version,
    }


def _request(row: AnyRow, lines: tuple[ReturnLine, ...]) -> ReturnRequest:
    return ReturnRequest(
        id=row.id,
        order_id=row.order_id,
        customer_id=row.customer_id,
        kind=ReturnKind(row.kind),
        state=ReturnState(row.state),
        reason=ReturnReason(row.reason),
        way=ReturnWay(row.way),
        code=row.code,
        lines=lines,
        created_at=from_us(row.created_at_us),
        note=row.note,
        photo_key=row.photo_key,
        store_id=row.store_id,
        new_variant_id=row.new_variant_id,
        hold_id=row.hold_id,
        refund_minor=row.refund_minor,
        currency=row.currency,
        due_at=maybe_from_us(row.due_at_us),
        receipt=row.receipt,
        receipt_channel=row.receipt_channel,
        version=row.version,
    )
