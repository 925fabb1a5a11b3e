"""Things that people come for: reservations and orders in any state, short to make."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import PickUpDetails, PickUpKind, PickUpRef
from commerce.domain.customer import Contact, Customer
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.ports import Storage, UnitOfWork
from tests.contracts.selling_values import HOME, HOUR, LEA_PERSON, an_order, put_order
from tests.contracts.storage_values import LEA, NOW, euros


def reserve(
    storage: Storage,
    variants: list[int],
    reservation_id: str = "r1",
    *,
    state: ReservationState = ReservationState.HELD,
    store_id: str = "bellecour",
    created: datetime = NOW,
    lasts: timedelta = HOUR,
    customer: Customer = LEA_PERSON,
    contact: Contact = LEA,
) -> Reservation:
    def work(uow: UnitOfWork) -> Reservation:
        until = created + lasts
        holds = uow.stock.take(f"h-{reservation_id}", [(v, 2) for v in variants], store_id, "r", until, NOW)
        assert holds is not None
        reservation = Reservation(
            id=reservation_id,
            code="KLM-234",
            customer_id=customer.id,
            store_id=store_id,
            state=state,
            lines=tuple(ReservationLine(hold.variant_id, hold.quantity, euros(7900), hold.id) for hold in holds),
            created_at=created,
            expires_at=until,
            extensions=0,
            version=1,
            source=contact.channel,
        )
        uow.reservations.add(reservation, contact, ReservationEvent(created, None, ReservationState.HELD, "shopper"))
        return reservation

    return storage.write(work)


def order_here(storage: Storage, variants: list[int], order_id: str = "o1", **changes: object) -> Order:
    values = {"fulfilment": Fulfilment.PICKUP, "address": None, "state": OrderState.PLACED, **changes}
    return put_order(storage, variants, order=replace(an_order(variants, order_id), **values))  # type: ignore[arg-type]


def accept(storage: Storage, ref: PickUpRef, store_id: str) -> None:
    """A person of the store has said yes to it."""
    storage.write(lambda uow: uow.pick_ups.put_details(PickUpDetails(ref, store_id, NOW, "staff:nadia")))


def put_every_state(storage: Storage, variants: list[int], stores: tuple[str, ...]) -> None:
    """At each store a reservation and an order in every state, accepted and not; an order that was handed over and paid
    back, and a parcel."""
    for number, (store_id, accepted) in enumerate(product(stores, (False, True))):
        refs = []
        for state in ReservationState:
            reserve(storage, variants[:1], f"{number}{state.value}", state=state, store_id=store_id)
            refs.append(PickUpRef(PickUpKind.RESERVATION, f"{number}{state.value}"))
        for state in OrderState:
            order_here(storage, variants, f"{number}{state.value}", state=state, store_id=store_id)
            refs.append(PickUpRef(PickUpKind.ORDER, f"{number}{state.value}"))
        here = {"store_id": store_id, "state": OrderState.PAID}
        order_here(storage, variants, f"{number}back", **here | {"state": OrderState.REFUNDED, "fulfilled_at": NOW})
        order_here(storage, variants, f"{number}parcel", **here | {"fulfilment": Fulfilment.DELIVERY, "address": HOME})
        for ref in refs if accepted else ():
            accept(storage, ref, store_id)
