"""Carts: one guarded statement a line, so that two doors that change different lines both win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text

from commerce.domain.cart import Cart, CartLine, CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.moments import from_us, to_us
from commerce.storage.direct import Direct
from commerce.storage.mapping import dump_json, load_json
from commerce.storage.prepared import Prepared
from commerce.storage.tables import cart, cart_line
from commerce.storage.transaction import Transaction, insert_once

_CREATE = insert_once("cart", "id, customer_id, updated_at_us", "customer_id")

_OF_CUSTOMER = select(cart).where(cart.c.customer_id == bindparam("customer_id"))
_FIND, _FIND_LOCKED = Prepared(_OF_CUSTOMER), Prepared(_OF_CUSTOMER.with_for_update())
_LINES = Prepared(
    select(cart_line)
    .where(cart_line.c.cart_id == bindparam("cart_id"))
    .order_by(cart_line.c.added_at_us, cart_line.c.variant_id, cart_line.c.saved)
)
_LOCK = Prepared(select(cart.c.id).where(cart.c.id == bindparam("cart_id")).with_for_update())

# Always before the line: whoever changes a cart holds its row until the commit, and two never wait for each other.
_TOUCH = Prepared(text("UPDATE cart SET version = version + 1, updated_at_us = :at_us WHERE id = :cart_id"))
_TOUCH_WITH_COUPON = Prepared(
    text("UPDATE cart SET version = version + 1, updated_at_us = :at_us, coupon = :coupon WHERE id = :cart_id")
)
_TOUCH_WITH_DRAFT = Prepared(
    text("UPDATE cart SET version = version + 1, updated_at_us = :at_us, draft = :draft WHERE id = :cart_id")
)
_TOUCH_WITH_LINE = Prepared(
    text(
        "UPDATE cart SET version = version + 1, updated_at_us = :at_us WHERE id = :cart_id AND EXISTS ("
        "SELECT 1 FROM cart_line WHERE cart_id = :cart_id AND variant_id = :variant_id AND saved = :saved)"
    )
)


def _up_to_most(quantity: str) -> str:
    return f"CASE WHEN {quantity} > :most THEN :most ELSE {quantity} END"


def _put(values: str) -> Prepared:
    """Into new lines, or added to those that are there."""
    return Prepared(
        text(
            f"INSERT INTO cart_line (cart_id, variant_id, quantity, saved, source, added_at_us) {values}"
            " ON CONFLICT (cart_id, variant_id, saved) DO UPDATE"
            f" SET quantity = {_up_to_most('cart_line.quantity + excluded.quantity')} RETURNING quantity"
        )
    )


def _move(saved: str) -> Prepared:
    """A wanted and a saved line may become one. What comes into a cart stands after what is there, in its own order."""
    order = "row_number() OVER (ORDER BY min(added_at_us), variant_id)"
    return _put(
        f"SELECT :to_id, variant_id, {_up_to_most('sum(quantity)')}, {saved}, max(source), :at_us + {order}"  # noqa: S608
        " FROM cart_line WHERE cart_id = :from_id GROUP BY cart_id, variant_id"
        + (", saved" if saved == "saved" else "")
    )


_ADD = _put(f"VALUES (:cart_id, :variant_id, {_up_to_most(':quantity')}, false, :source, :at_us)")
_FROM_OTHER = _put(
    f"SELECT cart_id, variant_id, {_up_to_most('quantity')}, :saved, source, added_at_us"  # noqa: S608
    " FROM cart_line WHERE cart_id = :cart_id AND variant_id = :variant_id AND saved <> :saved"
)
_MOVE = {None: _move("saved"), True: _move("true"), False: _move("false")}

_LINE = "cart_id = :cart_id AND variant_id = :variant_id AND saved = :saved"
_SET_QUANTITY = Prepared(text(f"UPDATE cart_line SET quantity = :quantity WHERE {_LINE}"))  # noqa: S608
_REMOVE = Prepared(text(f"DELETE FROM cart_line WHERE {_LINE}"))  # noqa: S608
_WANTED = "cart_id = ? AND variant_id = ? AND NOT saved"
_ALL_BOUGHT = Direct(f"DELETE FROM cart_line WHERE {_WANTED} AND quantity <= ?")  # noqa: S608
_SOME_BOUGHT = Direct(f"UPDATE cart_line SET quantity = quantity - ? WHERE {_WANTED}")  # noqa: S608
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

    def of_customer(self, customer_id: str, *, locked: bool = False) -> Cart | None:
        row = self._db.row(_FIND_LOCKED if locked else _FIND, {"customer_id": customer_id})
        if row is None:
            return None
        lines = self._db.rows(_LINES, {"cart_id": row.id})  # after the lock: as whoever held it left them
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

    def lock(self, cart_id: str) -> None:
        self._db.rows(_LOCK, {"cart_id": cart_id})

    def create(self, cart_id: str, customer_id: str, at: datetime) -> Cart:
        self._db.execute(_CREATE, {"id": cart_id, "customer_id": customer_id, "updated_at_us": to_us(at)})
        created = self.of_customer(customer_id)
        assert created is not None
        return created

    def add(self, cart_id: str, variant_id: int, quantity: int, source: str, at: datetime, *, most: int) -> int:
        if quantity < 1:
            raise ValueError(f"{quantity} units cannot be added")
        self._touch(cart_id, at)
        added = {"variant_id": variant_id, "quantity": quantity, "most": most, "source": source}
        return int(self._db.row(_ADD, {"cart_id": cart_id, "at_us": to_us(at), **added}).quantity)

    def set_quantity(self, cart_id: str, variant_id: int, quantity: int, at: datetime, *, saved: bool = False) -> bool:
        if quantity < 0:
            raise ValueError(f"{quantity} units cannot be in a cart")
        line = self._touch_with_line(cart_id, variant_id, saved, at)
        if line is None:
            return False
        if quantity == 0:
            return self._db.run(_REMOVE, line) == 1
        return self._db.run(_SET_QUANTITY, {**line, "quantity": quantity}) == 1

    def set_saved(self, cart_id: str, variant_id: int, saved: bool, at: datetime, *, most: int) -> bool:
        other = self._touch_with_line(cart_id, variant_id, not saved, at)
        if other is None:
            return False
        moved = self._db.rows(_FROM_OTHER, {**other, "saved": saved, "most": most})
        self._db.run(_REMOVE, other)
        return bool(moved)

    def set_coupon(self, cart_id: str, code: str, at: datetime) -> None:
        self._touch(cart_id, at, _TOUCH_WITH_COUPON, coupon=code)

    def set_draft(self, cart_id: str, draft: CheckoutDraft, at: datetime) -> None:
        self._touch(cart_id, at, _TOUCH_WITH_DRAFT, draft=_draft_text(draft))

    def take_out(self, cart_id: str, bought: Mapping[int, int], at: datetime) -> None:
        self._touch(cart_id, at, _TOUCH_WITH_COUPON, coupon="")
        # First the lines of which nothing is left: what is there afterwards has more units than were bought.
        self._db.direct_many(_ALL_BOUGHT, [(cart_id, variant_id, units) for variant_id, units in bought.items()])
        self._db.direct_many(_SOME_BOUGHT, [(units, cart_id, variant_id) for variant_id, units in bought.items()])

    def move(self, from_cart_id: str, to_cart_id: str, *, saved: bool | None, most: int, at: datetime) -> None:
        if from_cart_id == to_cart_id:
            raise ValueError("a cart cannot be moved into itself")
        for cart_id in sorted((from_cart_id, to_cart_id)):  # so that two moves never wait for each other
            self._touch(cart_id, at)
        self._db.rows(_MOVE[saved], {"from_id": from_cart_id, "to_id": to_cart_id, "most": most, "at_us": to_us(at)})
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

    def _touch(self, cart_id: str, at: datetime, how: Prepared = _TOUCH, **values: str) -> None:
        if self._db.run(how, {"cart_id": cart_id, "at_us": to_us(at), **values}) != 1:
            raise LookupError(f"there is no cart {cart_id}")

    def _touch_with_line(self, cart_id: str, variant_id: int, saved: bool, at: datetime) -> dict[str, Any] | None:
        """The key of the line, which nobody else changes any more; None when there is none."""
        line = {"cart_id": cart_id, "variant_id": variant_id, "saved": saved}
        return line if self._db.run(_TOUCH_WITH_LINE, {**line, "at_us": to_us(at)}) == 1 else None


def _draft_text(draft: CheckoutDraft) -> str:
    return dump_json({name: value for name, value in asdict(draft).items() if value})


def _draft(stored: dict[str, Any]) -> CheckoutDraft:
    fulfilment, address = stored.pop("fulfilment", None), stored.pop("address", None)
    return CheckoutDraft(
        **stored,
        fulfilment=Fulfilment(fulfilment) if fulfilment else None,
        address=PostalAddress(**address) if address else None,
    )
