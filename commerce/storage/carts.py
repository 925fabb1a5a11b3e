"""Carts: one guarded statement a line, so that two doors that change different lines both win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text

from commerce.domain.cart import Cart, CartLine, CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.moments import from_us, to_us
from commerce.storage.mapping import dump_json, load_json
from commerce.storage.tables import cart, cart_line
from commerce.storage.transaction import Transaction, insert_once, one_row_changed

_CREATE = insert_once("cart", "id, customer_id, updated_at_us", "customer_id")

# Always before the line: whoever changes a cart holds its row until the commit, and two never wait for each other.
_TOUCH = text("UPDATE cart SET version = version + 1, updated_at_us = :at_us WHERE id = :cart_id")
_TOUCH_WITH_LINE = text(
    "UPDATE cart SET version = version + 1, updated_at_us = :at_us WHERE id = :cart_id"
    " AND EXISTS (SELECT 1 FROM cart_line WHERE cart_id = :cart_id AND variant_id = :variant_id)"
)


def _up_to_most(quantity: str) -> str:
    return f"CASE WHEN {quantity} > :most THEN :most ELSE {quantity} END"


_SUM = _up_to_most("cart_line.quantity + excluded.quantity")
_ADD = text(  # noqa: S608 - our own words
    "INSERT INTO cart_line (cart_id, variant_id, quantity, saved, source, added_at_us)"
    f" VALUES (:cart_id, :variant_id, {_up_to_most(':quantity')}, false, :source, :at_us)"
    f" ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = {_SUM}, saved = false"
    " RETURNING quantity"
)
_SET_QUANTITY = text("UPDATE cart_line SET quantity = :quantity WHERE cart_id = :cart_id AND variant_id = :variant_id")
_REMOVE = text("DELETE FROM cart_line WHERE cart_id = :cart_id AND variant_id = :variant_id")
_SET_SAVED = text("UPDATE cart_line SET saved = :saved WHERE cart_id = :cart_id AND variant_id = :variant_id")
_ALL_BOUGHT = text(
    "DELETE FROM cart_line WHERE cart_id = :cart_id AND variant_id = :variant_id AND NOT saved AND quantity <= :units"
)
_SOME_BOUGHT = text(
    "UPDATE cart_line SET quantity = quantity - :units"
    " WHERE cart_id = :cart_id AND variant_id = :variant_id AND NOT saved AND quantity > :units"
)


def _move(saved: str) -> Any:
    """`WHERE true`: SQLite reads ON after a bare SELECT as the beginning of a join condition."""
    return text(
        "INSERT INTO cart_line (cart_id, variant_id, quantity, saved, source, added_at_us)"  # noqa: S608 - our own words
        f" SELECT :to_id, variant_id, {_up_to_most('quantity')}, {saved}, source, added_at_us"
        " FROM cart_line WHERE cart_id = :from_id AND true ORDER BY variant_id"
        f" ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = {_SUM},"
        " saved = cart_line.saved AND excluded.saved"
    )


_MOVE = {None: _move("saved"), True: _move("true"), False: _move("false")}
_REPLACE = text(
    "INSERT INTO cart (id, customer_id, version, coupon, draft, updated_at_us)"
    " VALUES (:cart_id, :customer_id, 1, :coupon, :draft, :at_us)"
    " ON CONFLICT (id) DO UPDATE SET version = cart.version + 1, coupon = excluded.coupon, draft = excluded.draft,"
    " updated_at_us = excluded.updated_at_us"
)


class SqlCarts:
    """`commerce.ports.CartRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def of_customer(self, customer_id: str) -> Cart | None:
        row = self._db.execute(select(cart).where(cart.c.customer_id == customer_id)).one_or_none()
        if row is None:
            return None
        lines = self._db.execute(
            select(cart_line)
            .where(cart_line.c.cart_id == row.id)
            .order_by(cart_line.c.added_at_us, cart_line.c.variant_id)
        )
        return Cart(
            id=row.id,
            customer_id=row.customer_id,
            version=row.version,
            lines=tuple(
                CartLine(line.variant_id, line.quantity, line.saved, line.source, from_us(line.added_at_us))
                for line in lines
            ),
            coupon=row.coupon,
            draft=_draft(load_json(row.draft)),
            updated_at=from_us(row.updated_at_us),
        )

    def create(self, cart_id: str, customer_id: str, at: datetime) -> Cart:
        self._db.execute(_CREATE, {"id": cart_id, "customer_id": customer_id, "updated_at_us": to_us(at)})
        created = self.of_customer(customer_id)
        assert created is not None
        return created

    def add(self, cart_id: str, variant_id: int, quantity: int, source: str, at: datetime, *, most: int) -> int:
        if quantity < 1:
            raise ValueError(f"{quantity} units cannot be added")
        self._touch(cart_id, at)
        added = self._db.execute(
            _ADD,
            {
                "cart_id": cart_id,
                "variant_id": variant_id,
                "quantity": quantity,
                "most": most,
                "source": source,
                "at_us": to_us(at),
            },
        )
        return int(added.scalar_one())

    def set_quantity(self, cart_id: str, variant_id: int, quantity: int, at: datetime) -> bool:
        if quantity < 0:
            raise ValueError(f"{quantity} units cannot be in a cart")
        key = {"cart_id": cart_id, "variant_id": variant_id}
        if not one_row_changed(self._db.execute(_TOUCH_WITH_LINE, {**key, "at_us": to_us(at)})):
            return False
        if quantity == 0:
            return one_row_changed(self._db.execute(_REMOVE, key))
        return one_row_changed(self._db.execute(_SET_QUANTITY, {**key, "quantity": quantity}))

    def set_saved(self, cart_id: str, variant_id: int, saved: bool, at: datetime) -> bool:
        key = {"cart_id": cart_id, "variant_id": variant_id}
        if not one_row_changed(self._db.execute(_TOUCH_WITH_LINE, {**key, "at_us": to_us(at)})):
            return False
        return one_row_changed(self._db.execute(_SET_SAVED, {**key, "saved": saved}))

    def set_coupon(self, cart_id: str, code: str, at: datetime) -> None:
        self._set(cart_id, at, coupon=code)

    def set_draft(self, cart_id: str, draft: CheckoutDraft, at: datetime) -> None:
        self._set(cart_id, at, draft=_draft_text(draft))

    def take_out(self, cart_id: str, bought: Mapping[int, int], at: datetime) -> None:
        self._set(cart_id, at, coupon="")
        for variant_id, units in sorted(bought.items()):
            line = {"cart_id": cart_id, "variant_id": variant_id, "units": units}
            if not one_row_changed(self._db.execute(_SOME_BOUGHT, line)):
                self._db.execute(_ALL_BOUGHT, line)

    def move(self, from_cart_id: str, to_cart_id: str, *, saved: bool | None, most: int, at: datetime) -> None:
        if from_cart_id == to_cart_id:
            raise ValueError("a cart cannot be moved into itself")
        for cart_id in sorted((from_cart_id, to_cart_id)):  # so that two moves never wait for each other
            self._touch(cart_id, at)
        self._db.execute(_MOVE[saved], {"from_id": from_cart_id, "to_id": to_cart_id, "most": most})
        self._db.execute(delete(cart_line).where(cart_line.c.cart_id == from_cart_id))

    def replace(self, given: Cart, at: datetime) -> None:
        self._db.execute(
            _REPLACE,
            {
                "cart_id": given.id,
                "customer_id": given.customer_id,
                "coupon": given.coupon,
                "draft": _draft_text(given.draft),
                "at_us": to_us(at),
            },
        )
        self._db.execute(delete(cart_line).where(cart_line.c.cart_id == given.id))
        if given.lines:
            self._db.execute(
                insert(cart_line),
                [
                    {
                        "cart_id": given.id,
                        "variant_id": line.variant_id,
                        "quantity": line.quantity,
                        "saved": line.saved,
                        "source": line.source,
                        "added_at_us": to_us(line.added_at),
                    }
                    for line in given.lines
                ],
            )

    def _touch(self, cart_id: str, at: datetime) -> None:
        if not one_row_changed(self._db.execute(_TOUCH, {"cart_id": cart_id, "at_us": to_us(at)})):
            raise LookupError(f"there is no cart {cart_id}")

    def _set(self, cart_id: str, at: datetime, **values: str) -> None:
        written = self._db.execute(
            cart.update()
            .where(cart.c.id == cart_id)
            .values(version=cart.c.version + 1, updated_at_us=to_us(at), **values)
        )
        if not one_row_changed(written):
            raise LookupError(f"there is no cart {cart_id}")


def _draft_text(draft: CheckoutDraft) -> str:
    return dump_json({name: value for name, value in asdict(draft).items() if value})


def _draft(stored: dict[str, Any]) -> CheckoutDraft:
    fulfilment, address = stored.pop("fulfilment", None), stored.pop("address", None)
    return CheckoutDraft(
        **stored,
        fulfilment=Fulfilment(fulfilment) if fulfilment else None,
        address=PostalAddress(**address) if address else None,
    )
