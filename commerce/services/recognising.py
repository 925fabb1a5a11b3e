"""Who is there and what is theirs: the same on every door, for whoever greets them."""

from __future__ import annotations

from dataclasses import dataclass

from commerce.domain.customer import Contact
from commerce.domain.offering import Offer
from commerce.domain.order import Order
from commerce.domain.reservation import Reservation
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import Clock, UnitOfWork


@dataclass(frozen=True, slots=True)
class Recognition:
    """`reservations` are open, soonest over first; `offers` can still be taken; for each of `waits` a unit is held.
    `last_order` may be over already."""

    customer_id: str
    name: str
    language: str
    last_order: Order | None
    reservations: tuple[Reservation, ...]
    offers: tuple[Offer, ...]
    waits: tuple[StockWaiter, ...]


class Recognising:
    """All verbs belong to the caller's unit of work; they change nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def of(self, uow: UnitOfWork, contact: Contact) -> Recognition | None:
        """Whoever writes from there; None for somebody new."""
        customer = uow.customers.by_contact(contact)
        if customer is None:
            return None
        now = self._clock.now()
        orders = uow.orders.of_customer(customer.id, limit=1)
        held = [each for each in uow.reservations.of_customer(customer.id, only_open=True) if each.expires_at > now]
        told = [each for each in uow.waiters.of_customer(customer.id) if each.state is WaitState.TOLD]
        return Recognition(
            customer_id=customer.id,
            name=customer.name,
            language=customer.language,
            last_order=orders[0] if orders else None,
            reservations=tuple(sorted(held, key=lambda each: each.expires_at)),
            offers=tuple(each for each in uow.offers.open_of(customer.id) if each.expires_at > now),
            waits=tuple(each for each in told if each.until is not None and each.until > now),
        )
