"""Cards of the board: which rows are at which stage, and what a card is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import (
    OPEN_STAGES,
    PickUp,
    PickUpDetails,
    PickUpKind,
    PickUpLine,
    PickUpRef,
    Stage,
    stage_of,
)
from commerce.domain.moments import from_us
from commerce.domain.money import Money
from commerce.domain.order import OrderState
from commerce.domain.reservation import OPEN_STATES, ReservationState
from commerce.storage.mapping import from_text, id_batches, load_json, maybe_from_us
from commerce.storage.tables import (
    customer,
    order_line,
    pick_up,
    picture,
    product,
    reservation,
    reservation_line,
    shop_order,
    variant,
)
from commerce.storage.transaction import AnyRow, Transaction

StateT = TypeVar("StateT", ReservationState, OrderState)

# Never the counter's business: nobody has ordered it yet, or its money came when nothing was left.
_NOT_ITS_BUSINESS = (OrderState.PENDING_PAYMENT.value, OrderState.PAID_UNFULFILLABLE.value)

_KNOWN = (
    pick_up.c.accepted_at_us,
    pick_up.c.accepted_by,
    pick_up.c.proxy,
    pick_up.c.coming_at_us,
    pick_up.c.vehicle,
    pick_up.c.spot,
    pick_up.c.arrived_at_us,
    pick_up.c.slot_at_us,
    pick_up.c.reminded,
)
RESERVATIONS = (
    select(
        reservation,
        customer.c.name.label("customer_name"),
        customer.c.language.label("language"),
        *_KNOWN,
    )
    .join(customer, customer.c.id == reservation.c.customer_id)
    .outerjoin(
        pick_up, and_(pick_up.c.kind == PickUpKind.RESERVATION.value, pick_up.c.subject_id == reservation.c.id)
    )
)  # fmt: skip
# Everything that was once to be collected has a code.
ORDERS = (
    select(shop_order, customer.c.name.label("customer_name"), *_KNOWN)
    .join(customer, customer.c.id == shop_order.c.customer_id)
    .outerjoin(pick_up, and_(pick_up.c.kind == PickUpKind.ORDER.value, pick_up.c.subject_id == shop_order.c.id))
    .where(
        shop_order.c.fulfilment == Fulfilment.PICKUP.value,
        shop_order.c.pickup_code != "",
        shop_order.c.state.not_in(_NOT_ITS_BUSINESS),
    )
)

_WHAT = (
    variant.c.id.label("variant_id"),
    variant.c.product_id,
    variant.c.sku,
    variant.c.colour,
    variant.c.colour_words,
    variant.c.size,
    product.c.title,
)
_LINES = {
    PickUpKind.RESERVATION: select(
        reservation_line.c.reservation_id.label("subject_id"),
        reservation_line.c.quantity,
        (reservation_line.c.unit_price_minor * reservation_line.c.quantity).label("total_minor"),
        reservation_line.c.currency,
        *_WHAT,
    )
    .join(variant, variant.c.id == reservation_line.c.variant_id)
    .join(product, product.c.id == variant.c.product_id)
    .where(reservation_line.c.reservation_id.in_(bindparam("ids", expanding=True)))
    .order_by(reservation_line.c.reservation_id, reservation_line.c.position),
    PickUpKind.ORDER: select(
        order_line.c.order_id.label("subject_id"),
        order_line.c.quantity,
        order_line.c.total_minor,
        shop_order.c.currency,
        *_WHAT,
    )
    .join(shop_order, shop_order.c.id == order_line.c.order_id)
    .join(variant, variant.c.id == order_line.c.variant_id)
    .join(product, product.c.id == variant.c.product_id)
    .where(order_line.c.order_id.in_(bindparam("ids", expanding=True)))
    .order_by(order_line.c.order_id, order_line.c.position),
}
_PICTURES = (
    select(picture.c.product_id, picture.c.variant_id, picture.c.media_key)
    .where(picture.c.product_id.in_(bindparam("ids", expanding=True)), picture.c.state == "ready")
    .order_by(picture.c.product_id, picture.c.position, picture.c.id)
)


def reservations_in(stages: Collection[Stage]) -> ColumnElement[bool]:
    return _at(reservation.c.state, ReservationState, stages)


def orders_in(stages: Collection[Stage]) -> ColumnElement[bool]:
    """What was handed over stays so: money that goes back later does not bring it back to the counter."""
    not_yet = shop_order.c.fulfilled_at_us.is_(None)
    still = and_(not_yet, _at(shop_order.c.state, OrderState, stages))
    return or_(still, ~not_yet) if Stage.HANDED in stages else still


@dataclass(frozen=True, slots=True)
class CardLines:
    """The lines of one card, and what a reservation's are worth together."""

    lines: tuple[PickUpLine, ...]
    worth_minor: int
    currency: str


def lines_of(db: Transaction, kind: PickUpKind, ids: Collection[str]) -> dict[str, CardLines]:
    """What each consists of, in two statements."""
    rows = db.execute(_LINES[kind], {"ids": sorted(ids)}).all()
    pictures = _pictures(db, {row.product_id for row in rows})
    found: dict[str, list[AnyRow]] = {id_: [] for id_ in ids}
    for row in rows:
        found[row.subject_id].append(row)
    return {
        id_: CardLines(
            tuple(_line(row, pictures) for row in own),
            sum(row.total_minor for row in own),
            own[0].currency if own else "",
        )
        for id_, own in found.items()
    }


def card_of_reservation(row: AnyRow, lines: CardLines) -> PickUp:
    state = ReservationState(row.state)
    return PickUp(
        ref=PickUpRef(PickUpKind.RESERVATION, row.id),
        version=row.version,
        stage=_stage(state, row),
        store_id=row.store_id,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        language=row.language,
        code=row.code,
        number=0,
        source=row.source,
        channel=row.channel,
        lines=lines.lines,
        total=Money(lines.worth_minor, lines.currency),
        due_minor=lines.worth_minor if state in OPEN_STATES else 0,
        created_at=from_us(row.created_at_us),
        expires_at=from_us(row.expires_at_us),
        details=_known(PickUpRef(PickUpKind.RESERVATION, row.id), row),
    )


def card_of_order(row: AnyRow, lines: CardLines) -> PickUp:
    stage = Stage.HANDED if row.fulfilled_at_us is not None else _stage(OrderState(row.state), row)
    due_minor = max(0, row.total_minor - row.paid_minor) if stage in OPEN_STAGES else 0
    return PickUp(
        ref=PickUpRef(PickUpKind.ORDER, row.id),
        version=row.version,
        stage=stage,
        store_id=row.store_id,
        customer_id=row.customer_id,
        customer_name=row.name or row.customer_name,
        language=row.language,
        code=row.pickup_code,
        number=row.number,
        source=row.source,
        channel=row.channel,
        lines=lines.lines,
        total=Money(row.total_minor, row.currency),
        due_minor=due_minor,
        created_at=from_us(row.created_at_us),
        expires_at=maybe_from_us(row.expires_at_us) if due_minor else None,
        details=_known(PickUpRef(PickUpKind.ORDER, row.id), row),
    )


def details_of(ref: PickUpRef, row: AnyRow) -> PickUpDetails:
    return PickUpDetails(
        ref=ref,
        store_id=row.store_id,
        accepted_at=maybe_from_us(row.accepted_at_us),
        accepted_by=row.accepted_by,
        proxy=row.proxy,
        coming_at=maybe_from_us(row.coming_at_us),
        vehicle=row.vehicle,
        spot=row.spot,
        arrived_at=maybe_from_us(row.arrived_at_us),
        slot_at=maybe_from_us(row.slot_at_us),
        reminded=tuple(load_json(row.reminded)),
    )


def _at(column: ColumnElement[str], states: type[StateT], stages: Collection[Stage]) -> ColumnElement[bool]:
    """Rows in states that are these stages, accepted or not."""

    def in_states(*, accepted: bool) -> ColumnElement[bool]:
        return column.in_(sorted(state.value for state in states if stage_of(state, accepted=accepted) in stages))

    return or_(
        and_(pick_up.c.accepted_at_us.is_(None), in_states(accepted=False)),
        and_(pick_up.c.accepted_at_us.is_not(None), in_states(accepted=True)),
    )


def _stage(state: ReservationState | OrderState, row: AnyRow) -> Stage:
    stage = stage_of(state, accepted=row.accepted_at_us is not None)
    # A parcel's state on something that is collected: it is on its way to nobody's counter.
    return Stage.CANCELLED if stage is None else stage


def _known(ref: PickUpRef, row: AnyRow) -> PickUpDetails:
    return PickUpDetails(ref, row.store_id) if row.reminded is None else details_of(ref, row)


def _pictures(db: Transaction, product_ids: Collection[int]) -> dict[tuple[int, int | None], str]:
    """The first picture of each product, and of each variant that has one of its own."""
    first: dict[tuple[int, int | None], str] = {}
    for ids in id_batches(product_ids):
        for row in db.execute(_PICTURES, {"ids": ids}):
            first.setdefault((row.product_id, row.variant_id), row.media_key)
            first.setdefault((row.product_id, None), row.media_key)
    return first


def _line(row: AnyRow, pictures: dict[tuple[int, int | None], str]) -> PickUpLine:
    return PickUpLine(
        variant_id=row.variant_id,
        product_id=row.product_id,
        title=from_text(row.title),
        sku=row.sku,
        colour=row.colour or row.colour_words,
        size=row.size,
        quantity=row.quantity,
        picture_key=pictures.get((row.product_id, row.variant_id)) or pictures.get((row.product_id, None), ""),
    )
