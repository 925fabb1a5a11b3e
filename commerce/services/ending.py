"""The end of an order that nobody has paid, and of the attempts to collect money that nobody waits for any more.

A provider's session is never forgotten: an attempt that may still bring money is marked to be asked about, and the tick
ends it at the provider. Should it be paid all the same, settling treats that as late money.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.order import Order, OrderEvent, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, PaymentState
from commerce.errors import StaleVersion
from commerce.ports import UnitOfWork
from commerce.services.alerting import pick_up_changed
from commerce.services.order_stock import give_back

# Notes in an order's history that are read again.
CANCEL_ASKED = "to be cancelled as soon as it cannot be paid any more"
REPLACED_BY = "replaced by order "

_TRIES = 5
_A_TICK = timedelta(microseconds=1)


def end_unpaid(
    uow: UnitOfWork,
    order: Order,
    to_state: OrderState,
    *,
    actor: str,
    note: str,
    at: datetime,
    offline: Collection[str],
) -> Order:
    """Cancels or expires it: its stock and its promotion are free again. `offline`: providers that nobody calls."""
    # The move first: whoever saw an old version must not give back what somebody else has just been promised.
    ended = uow.orders.move(order, to_state, OrderEvent(at, order.state, to_state, actor, note))
    give_back(uow, order, at, expired=to_state is OrderState.EXPIRED)
    uow.promotions.give_back(order.id)
    stop_attempts(uow, order.id, at, offline=offline)
    if order.pickup_code:
        pick_up_changed(uow, PickUpRef(PickUpKind.ORDER, order.id), order.store_id, at)
    return ended


def stop_attempts(uow: UnitOfWork, order_id: str, at: datetime, *, offline: Collection[str], but: str = "") -> None:
    """Every open attempt of the order is over, all but the one named: at once where no provider was ever asked, else
    as soon as the tick has ended it there."""

    def stop(attempt: PaymentAttempt) -> PaymentAttempt | None:
        if attempt.state not in OPEN_PAYMENTS:
            return None
        if attempt.provider in offline or (attempt.state is PaymentState.CREATED and attempt.tries == 0):
            return replace(attempt, state=PaymentState.CANCELED, next_check_at=None)
        return replace(attempt, next_check_at=at)

    for attempt in uow.payments.of_order(order_id):
        if attempt.id != but:
            change_attempt(uow, attempt.id, stop)


def change_attempt(
    uow: UnitOfWork, attempt_id: str, change: Callable[[PaymentAttempt], PaymentAttempt | None]
) -> PaymentAttempt | None:
    """Writes what `change` makes of the attempt as it is by then (None: nothing to change). None: no such attempt."""
    for _ in range(_TRIES):
        attempt = uow.payments.get(attempt_id)
        if attempt is None:
            return None
        changed = change(attempt)
        if changed is None:
            return attempt
        try:
            return uow.payments.update(changed)
        except StaleVersion:  # PostgreSQL: somebody committed between our two statements
            continue
    raise StaleVersion(f"payment attempt {attempt_id} does not stand still")


def moment_of_next_attempt(uow: UnitOfWork, order_id: str, now: datetime) -> datetime:
    """Now, or just after the order's last attempt: the newest one is the one that counts, even where time stands."""
    return max([now, *(attempt.created_at + _A_TICK for attempt in uow.payments.of_order(order_id))])


def who_cancels(uow: UnitOfWork, order: Order) -> str:
    """Who has asked to cancel it, where only the provider's word is missing; '' when nobody has."""
    if order.state is not OrderState.PENDING_PAYMENT:
        return ""
    asked = [event.actor for event in uow.orders.events(order.id) if event.note == CANCEL_ASKED]
    return asked[-1] if asked else ""


def successor_of(uow: UnitOfWork, order: Order) -> Order | None:
    """The order that took its place when the cart was ordered again with other things in it; the last of them."""
    seen = {order.id}
    while order.state is OrderState.CANCELLED:
        notes = [event.note for event in uow.orders.events(order.id) if event.note.startswith(REPLACED_BY)]
        found = uow.orders.by_number(int(notes[-1].removeprefix(REPLACED_BY))) if notes else None
        if found is None or found.id in seen:
            break
        seen.add(found.id)
        order = found
    return order if len(seen) > 1 else None
