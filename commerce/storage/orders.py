"""Orders of every source: their lines, their history, and the one list in which staff see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, text, update

from commerce.domain.cart import Fulfilment, PostalAddress
from commerce.domain.customer import Contact
from commerce.domain.moments import from_us, to_us
from commerce.domain.order import Order, OrderEvent, OrderLine, OrderSource, OrderState, check_order_move
from commerce.domain.pricing import TaxLine
from commerce.errors import StaleVersion
from commerce.storage.attribution import came
from commerce.storage.direct import insert_into
from commerce.storage.mapping import dump_json, dump_rows, from_text, load_json, maybe_from_us, maybe_to_us, to_text
from commerce.storage.prepared import Prepared
from commerce.storage.tables import order_event, order_line, shop_order
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed
from commerce.storage.words import keep_known, known_words

_COLUMNS = (
    "id customer_id cart_id state source channel account contact_address language fulfilment store_id name email phone"
    " address currency subtotal_minor discount_minor delivery_minor added_tax_minor taxes tax_included total_minor"
    " paid_minor refunded_minor coupon pickup_code created_at_us expires_at_us fulfilled_at_us version came_from"
)
_ADD = insert_into("shop_order", _COLUMNS, key="number")
_ADD_WITH_NUMBER = insert_into("shop_order", f"{_COLUMNS} number", key="number")
_ADD_LINE = insert_into(
    "order_line",
    "order_id position variant_id sku title quantity unit_price_minor discount_minor tax_rate_bp tax_minor total_minor"
    " hold_id returned",
)
_ADD_EVENT = insert_into("order_event", "order_id from_state to_state actor note at_us")
_LINES = Prepared(
    select(order_line)
    .where(order_line.c.order_id.in_(bindparam("ids", expanding=True)))
    .order_by(order_line.c.order_id, order_line.c.position)
)
# Whoever has begun to prepare an order that nobody has paid still waits for its money.
UNPAID = or_(
    shop_order.c.state.in_([OrderState.PENDING_PAYMENT.value, OrderState.PLACED.value]),
    and_(
        shop_order.c.state.in_([OrderState.PREPARING.value, OrderState.READY.value]),
        shop_order.c.paid_minor == 0,
        shop_order.c.total_minor > 0,
    ),
)
_RETURNED = text(
    "UPDATE order_line SET returned = returned + :units"
    " WHERE order_id = :order_id AND position = :position AND returned + :units <= quantity"
)
_BY_ID = Prepared(select(shop_order).where(shop_order.c.id == bindparam("order_id")))
_BY_NUMBER = Prepared(select(shop_order).where(shop_order.c.number == bindparam("n")))
_CONTACT = Prepared(
    select(shop_order.c.channel, shop_order.c.account, shop_order.c.contact_address).where(
        shop_order.c.id == bindparam("order_id")
    )
)
_NEWEST_FIRST = select(shop_order).order_by(shop_order.c.number.desc()).limit(bindparam("most"))
_OF_CUSTOMER = Prepared(_NEWEST_FIRST.where(shop_order.c.customer_id == bindparam("customer_id")))
_WAITING = Prepared(
    select(shop_order)
    .where(
        or_(shop_order.c.cart_id == bindparam("cart_id"), shop_order.c.customer_id == bindparam("customer_id")),
        shop_order.c.state.in_([OrderState.PENDING_PAYMENT.value, OrderState.PLACED.value]),
    )
    .order_by(shop_order.c.number.desc())
)
_MOVE = Prepared(
    update(shop_order)
    .where(
        shop_order.c.id == bindparam("order_id"),
        shop_order.c.version == bindparam("seen_version"),
        shop_order.c.state == bindparam("seen_state"),
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                "state", "expires_at_us", "paid_minor", "refunded_minor", "fulfilled_at_us", "pickup_code", "store_id",
                "version",
            )
        }
    )
)  # fmt: skip
_SENT_TO = text("UPDATE shop_order SET fulfilment = :how, address = :to WHERE id = :order_id")
_EVENTS = Prepared(
    select(order_event).where(order_event.c.order_id == bindparam("order_id")).order_by(order_event.c.id)
)
_NUMBERED_TO = text("UPDATE sqlite_sequence SET seq = :number WHERE name = 'shop_order' AND seq < :number")
_NEW_HOLD = (
    update(order_line)
    .where(order_line.c.order_id == bindparam("of"), order_line.c.position == bindparam("at"))
    .values(hold_id=bindparam("hold"))
)


class SqlOrders:
    """`commerce.ports.OrderRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, new: Order, contact: Contact, event: OrderEvent) -> Order:
        values, add = _values(new, contact), _ADD
        if new.number:
            self._keep_ahead_of(new.number)
            values, add = (*values, new.number), _ADD_WITH_NUMBER
        lines = [_line_values(new.id, line) for line in new.lines]
        number = self._db.insert_numbered(add, values, (_ADD_LINE, lines), (_ADD_EVENT, [_event_values(new.id, event)]))
        keep_known(self._db, new.customer_id, known_words(new.name, new.email, new.phone))
        return replace(new, number=number, channel=contact.channel)

    def number_after(self, number: int) -> None:
        if self._db.is_postgres:
            self._keep_ahead_of(number)
        else:
            self._db.execute(_NUMBERED_TO, {"number": number})

    def get(self, order_id: str) -> Order | None:
        return self._one(_BY_ID, {"order_id": order_id})

    def by_number(self, number: int) -> Order | None:
        return self._one(_BY_NUMBER, {"n": number})

    def contact_of(self, order_id: str) -> Contact | None:
        row = self._db.row(_CONTACT, {"order_id": order_id})
        return None if row is None else Contact(row.channel, row.account, row.contact_address)

    def of_customer(self, customer_id: str, limit: int = 50) -> list[Order]:
        return self._assemble(self._db.rows(_OF_CUSTOMER, {"customer_id": customer_id, "most": limit}))

    def waiting(self, cart_id: str, customer_id: str) -> list[Order]:
        return self._assemble(self._db.rows(_WAITING, {"cart_id": cart_id, "customer_id": customer_id}))

    def find(
        self, *, state: OrderState | None = None, source: OrderSource | None = None, store_id: str = "",
        came_from: str | None = None, before_number: int | None = None, limit: int = 50,
    ) -> list[Order]:  # fmt: skip
        statement = select(shop_order)
        if state is not None:
            statement = statement.where(shop_order.c.state == state.value)
        if source is not None:
            statement = statement.where(shop_order.c.source == source.value)
        if store_id:
            statement = statement.where(shop_order.c.store_id == store_id)
        if came_from is not None:
            statement = statement.where(came(came_from) if came_from else shop_order.c.came_from == "")
        if before_number is not None:
            statement = statement.where(shop_order.c.number < before_number)
        newest = statement.order_by(shop_order.c.number.desc()).limit(limit)
        return self._assemble(self._db.execute(newest).all())

    def move(
        self, seen: Order, to_state: OrderState, event: OrderEvent, *, expires_at: datetime | None = None,
        paid_minor: int | None = None, refunded_minor: int | None = None, fulfilled_at: datetime | None = None,
        lines: Sequence[tuple[int, str]] | None = None, pickup_code: str | None = None,
        store_id: str | None = None, sent_to: PostalAddress | None = None,
    ) -> Order:  # fmt: skip
        if to_state is not seen.state:
            check_order_move(seen.state, to_state)
        holds = dict(lines or ())
        moved = replace(
            seen,
            state=to_state,
            expires_at=seen.expires_at if expires_at is None else expires_at,
            paid_minor=seen.paid_minor if paid_minor is None else paid_minor,
            refunded_minor=seen.refunded_minor if refunded_minor is None else refunded_minor,
            fulfilled_at=seen.fulfilled_at if fulfilled_at is None else fulfilled_at,
            pickup_code=seen.pickup_code if pickup_code is None else pickup_code,
            store_id=seen.store_id if store_id is None else store_id,
            fulfilment=seen.fulfilment if sent_to is None else Fulfilment.DELIVERY,
            address=seen.address if sent_to is None else sent_to,
            lines=tuple(replace(line, hold_id=holds.get(line.position, line.hold_id)) for line in seen.lines),
            version=seen.version + 1,
        )
        written = self._db.run(
            _MOVE,
            {
                "order_id": seen.id,
                "seen_version": seen.version,
                "seen_state": seen.state.value,
                "state": moved.state.value,
                "expires_at_us": maybe_to_us(moved.expires_at),
                "paid_minor": moved.paid_minor,
                "refunded_minor": moved.refunded_minor,
                "fulfilled_at_us": maybe_to_us(moved.fulfilled_at),
                "pickup_code": moved.pickup_code,
                "store_id": moved.store_id,
                "version": moved.version,
            },
        )
        if written != 1:
            raise StaleVersion(f"order {seen.id} is no longer at version {seen.version}")
        if sent_to is not None:
            self._db.execute(_SENT_TO, {"order_id": seen.id, "how": moved.fulfilment.value, "to": _kept(sent_to)})
        if holds:
            self._db.execute(_NEW_HOLD, [{"of": seen.id, "at": n, "hold": hold} for n, hold in sorted(holds.items())])
        self._db.direct(_ADD_EVENT, _event_values(seen.id, event))
        return moved

    def returned(self, order_id: str, position: int, quantity: int) -> bool:
        if quantity < 1:
            raise ValueError(f"{quantity} units cannot come back")
        return one_row_changed(
            self._db.execute(_RETURNED, {"order_id": order_id, "position": position, "units": quantity})
        )

    def due(self, now: datetime, limit: int) -> list[Order]:
        statement = (
            select(shop_order)
            .where(UNPAID, shop_order.c.expires_at_us <= to_us(now))
            .order_by(shop_order.c.expires_at_us, shop_order.c.number)
            .limit(limit)
        )
        return self._assemble(self._db.execute(statement).all())

    def events(self, order_id: str) -> list[OrderEvent]:
        rows = self._db.rows(_EVENTS, {"order_id": order_id})
        return [
            OrderEvent(
                at=from_us(row.at_us),
                from_state=OrderState(row.from_state) if row.from_state else None,
                to_state=OrderState(row.to_state),
                actor=row.actor,
                note=row.note,
            )
            for row in rows
        ]

    def set_customer(self, order_ids: Iterable[str], customer_id: str) -> None:
        self._db.execute(
            update(shop_order).where(shop_order.c.id.in_(sorted(order_ids))).values(customer_id=customer_id)
        )

    def _keep_ahead_of(self, number: int) -> None:
        """Later numbers are drawn above one that is given. SQLite's AUTOINCREMENT does so by itself; a sequence of
        PostgreSQL must be told, while nobody else draws from it: that is what the lock is for."""
        if self._db.is_postgres:
            self._db.execute(text("LOCK TABLE shop_order IN SHARE ROW EXCLUSIVE MODE"))
            self._db.execute(
                text(
                    "SELECT setval('shop_order_number_seq', :number) FROM shop_order_number_seq"
                    " WHERE last_value < :number"
                ),
                {"number": number},
            )

    def _one(self, statement: Prepared, values: Mapping[str, object]) -> Order | None:
        found = self._assemble(self._db.rows(statement, values))
        return found[0] if found else None

    def _assemble(self, rows: Sequence[AnyRow]) -> list[Order]:
        """With their lines, in one more statement."""
        if not rows:
            return []
        lines: dict[str, list[OrderLine]] = {row.id: [] for row in rows}
        for line in self._db.rows(_LINES, {"ids": sorted(lines)}):
            lines[line.order_id].append(_line(line))
        return [_order(row, tuple(lines[row.id])) for row in rows]


def _kept(address: PostalAddress) -> str:
    return dump_json(asdict(address))


def _values(new: Order, contact: Contact) -> tuple[Any, ...]:
    """In the order of _COLUMNS."""
    return (
        new.id,
        new.customer_id,
        new.cart_id,
        new.state.value,
        new.source.value,
        contact.channel,
        contact.account,
        contact.address,
        new.language,
        new.fulfilment.value,
        new.store_id,
        new.name,
        new.email,
        new.phone,
        _kept(new.address) if new.address else "",
        new.currency,
        new.subtotal_minor,
        new.discount_minor,
        new.delivery_minor,
        0 if new.tax_included else sum(tax.tax_minor for tax in new.taxes),
        dump_rows((tax.rate_bp, tax.net_minor, tax.tax_minor) for tax in new.taxes),
        new.tax_included,
        new.total_minor,
        new.paid_minor,
        new.refunded_minor,
        new.coupon,
        new.pickup_code,
        to_us(new.created_at),
        maybe_to_us(new.expires_at),
        maybe_to_us(new.fulfilled_at),
        new.version,
        new.came_from,
    )


def _line_values(order_id: str, line: OrderLine) -> tuple[Any, ...]:
    return (
        order_id,
        line.position,
        line.variant_id,
        line.sku,
        to_text(line.title),
        line.quantity,
        line.unit_price_minor,
        line.discount_minor,
        line.tax_rate_bp,
        line.tax_minor,
        line.total_minor,
        line.hold_id,
        line.returned,
    )


def _event_values(order_id: str, event: OrderEvent) -> tuple[Any, ...]:
    from_state = event.from_state.value if event.from_state else ""
    return (order_id, from_state, event.to_state.value, event.actor, event.note, to_us(event.at))


def _order(row: AnyRow, lines: tuple[OrderLine, ...]) -> Order:
    return Order(
        id=row.id,
        number=row.number,
        customer_id=row.customer_id,
        cart_id=row.cart_id,
        state=OrderState(row.state),
        source=OrderSource(row.source),
        channel=row.channel,
        language=row.language,
        fulfilment=Fulfilment(row.fulfilment),
        store_id=row.store_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        address=PostalAddress(**load_json(row.address)) if row.address else None,
        lines=lines,
        currency=row.currency,
        subtotal_minor=row.subtotal_minor,
        discount_minor=row.discount_minor,
        delivery_minor=row.delivery_minor,
        taxes=tuple(TaxLine(*tax) for tax in load_json(row.taxes)),
        tax_included=row.tax_included,
        total_minor=row.total_minor,
        paid_minor=row.paid_minor,
        refunded_minor=row.refunded_minor,
        coupon=row.coupon,
        pickup_code=row.pickup_code,
        created_at=from_us(row.created_at_us),
        expires_at=maybe_from_us(row.expires_at_us),
        fulfilled_at=maybe_from_us(row.fulfilled_at_us),
        version=row.version,
        came_from=row.came_from,
    )


def _line(row: AnyRow) -> OrderLine:
    return OrderLine(
        position=row.position,
        variant_id=row.variant_id,
        sku=row.sku,
        title=from_text(row.title),
        quantity=row.quantity,
        unit_price_minor=row.unit_price_minor,
        discount_minor=row.discount_minor,
        tax_rate_bp=row.tax_rate_bp,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        hold_id=row.hold_id,
        returned=row.returned,
    )
