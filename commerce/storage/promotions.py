"""Promotions and their uses: counted by guarded statements, given back when an order ends unpaid."""

from __future__ import annotations

from sqlalchemy import delete, select, text

from commerce.domain.promotion import Promotion, PromotionKind
from commerce.storage.mapping import maybe_from_us, maybe_to_us
from commerce.storage.tables import promotion, promotion_use
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

# A new limit below what is used up already means: no more of them.
_PUT = text(
    "INSERT INTO promotion (code, kind, value, currency, min_subtotal_minor, starts_at_us, ends_at_us, max_uses,"
    " once_per_customer, active) VALUES (:code, :kind, :value, :currency, :min_subtotal_minor, :starts_at_us,"
    " :ends_at_us, :max_uses, :once_per_customer, :active)"
    " ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, value = excluded.value, currency = excluded.currency,"
    " min_subtotal_minor = excluded.min_subtotal_minor, starts_at_us = excluded.starts_at_us,"
    " ends_at_us = excluded.ends_at_us, once_per_customer = excluded.once_per_customer, active = excluded.active,"
    " max_uses = CASE WHEN excluded.max_uses > 0 AND excluded.max_uses < promotion.uses THEN promotion.uses"
    " ELSE excluded.max_uses END"
)
# The row of the promotion is locked until the commit: of two uses by one customer the second sees the first below.
_COUNT = text("UPDATE promotion SET uses = uses + 1 WHERE code = :code AND (max_uses = 0 OR uses < max_uses)")
_USE = text(
    "INSERT INTO promotion_use (order_id, code, customer_id)"
    " SELECT :order_id, code, CAST(:customer_id AS VARCHAR(32)) FROM promotion WHERE code = :code AND (:again OR"
    " NOT EXISTS (SELECT 1 FROM promotion_use WHERE promotion_use.code = :code AND customer_id = :customer_id))"
)
_UNCOUNT = text("UPDATE promotion SET uses = uses - 1 WHERE code = :code")


class SqlPromotions:
    """`commerce.ports.PromotionRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self, code: str) -> Promotion | None:
        row = self._db.execute(select(promotion).where(promotion.c.code == code)).one_or_none()
        return None if row is None else _promotion(row)

    def put(self, given: Promotion) -> None:
        self._db.execute(
            _PUT,
            {
                "code": given.code,
                "kind": given.kind.value,
                "value": given.value,
                "currency": given.currency,
                "min_subtotal_minor": given.min_subtotal_minor,
                "starts_at_us": maybe_to_us(given.starts_at),
                "ends_at_us": maybe_to_us(given.ends_at),
                "max_uses": given.max_uses,
                "once_per_customer": given.once_per_customer,
                "active": given.active,
            },
        )

    def all(self) -> list[Promotion]:
        return [_promotion(row) for row in self._db.execute(select(promotion).order_by(promotion.c.code))]

    def use(self, code: str, order_id: str, customer_id: str, *, once_per_customer: bool) -> bool:
        if not one_row_changed(self._db.execute(_COUNT, {"code": code})):
            return False
        use = {"code": code, "order_id": order_id, "customer_id": customer_id, "again": not once_per_customer}
        if one_row_changed(self._db.execute(_USE, use)):
            return True
        self._db.execute(_UNCOUNT, {"code": code})
        return False

    def used_by(self, code: str, customer_id: str) -> bool:
        used = select(promotion_use.c.order_id).where(
            promotion_use.c.code == code, promotion_use.c.customer_id == customer_id
        )
        return self._db.execute(used.limit(1)).first() is not None

    def give_back(self, order_id: str) -> None:
        code = self._db.execute(
            delete(promotion_use).where(promotion_use.c.order_id == order_id).returning(promotion_use.c.code)
        ).scalar_one_or_none()
        if code is not None:
            self._db.execute(_UNCOUNT, {"code": code})


def _promotion(row: AnyRow) -> Promotion:
    return Promotion(
        code=row.code,
        kind=PromotionKind(row.kind),
        value=row.value,
        currency=row.currency,
        min_subtotal_minor=row.min_subtotal_minor,
        starts_at=maybe_from_us(row.starts_at_us),
        ends_at=maybe_from_us(row.ends_at_us),
        max_uses=row.max_uses,
        once_per_customer=row.once_per_customer,
        active=row.active,
        uses=row.uses,
    )
