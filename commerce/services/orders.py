"""Orders of every source, moved on by staff or called off by whoever ordered: one list, one table of moves, wherever
the order was taken."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from commerce.domain.order import (
    ORDER_MOVES,
    NotAdvanced,
    NotCancelled,
    NotEntered,
    Order,
    OrderEvent,
    OrderSource,
    OrderState,
)
from commerce.domain.payment import OPEN_PAYMENTS, PaymentState, RefundReason
from commerce.domain.reservation import Refused
from commerce.errors import StaleVersion
from commerce.ports import Clock, UnitOfWork
from commerce.services.ending import CANCEL_ASKED, end_unpaid, stop_attempts
from commerce.services.entering import EnteredOrder, Entering
from commerce.services.order_news import OrderNews, tell
from commerce.services.order_stock import is_sold
from commerce.services.refunding import Refunding

_TOLD = frozenset(
    {OrderState.PREPARING, OrderState.READY, OrderState.SHIPPED, OrderState.COMPLETED, OrderState.CANCELLED}
)
_LEAVES_THE_SHOP = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})
_MOVED_BY_STAFF = frozenset({*_TOLD, OrderState.REFUND_PENDING})


class Orders:
    """All verbs belong to the caller's unit of work."""

    def __init__(self, clock: Clock, refunding: Refunding, entering: Entering, offline: Collection[str]) -> None:
        self._clock, self._refunding, self._entering = clock, refunding, entering
        self._offline = frozenset(offline)

    # --- reading

    def of_customer(self, uow: UnitOfWork, customer_id: str, limit: int = 50) -> list[Order]:
        """Newest first."""
        return uow.orders.of_customer(customer_id, limit)

    def find(
        self,
        uow: UnitOfWork,
        *,
        state: OrderState | None = None,
        source: OrderSource | None = None,
        store_id: str = "",
        before_number: int | None = None,
        limit: int = 50,
    ) -> list[Order]:
        """Orders of every source, newest first; `before_number` for the next page."""
        return uow.orders.find(
            state=state, source=source, store_id=store_id, before_number=before_number, limit=min(limit, 200)
        )

    # --- moving on

    def advance(
        self,
        uow: UnitOfWork,
        order_id: str,
        to_state: OrderState,
        *,
        actor: str,
        version: int | None = None,
        note: str = "",
    ) -> Order | Refused[NotAdvanced]:
        """Moves it on by the table. `version` is the one that the person saw. An order that is there already stays.

        What has been paid is cancelled by giving the money back; goods leave the shop only when they are paid.
        """
        order = uow.orders.get(order_id)
        if order is None:
            return Refused(NotAdvanced.NOT_FOUND)
        if order.state is to_state:
            return order
        if version is not None and version != order.version:
            return Refused(NotAdvanced.CHANGED)
        now = self._clock.now()
        paid = self.is_paid(uow, order)
        if to_state is OrderState.CANCELLED and paid and OrderState.REFUND_PENDING in ORDER_MOVES[order.state]:
            to_state = OrderState.REFUND_PENDING
        # Out of REFUND_PENDING only the money's own way leads: nobody hands over what is being given back.
        if to_state not in _MOVED_BY_STAFF or order.state is OrderState.REFUND_PENDING:
            return Refused(NotAdvanced.NOT_ALLOWED)
        if to_state in _LEAVES_THE_SHOP and not paid:
            return Refused(NotAdvanced.NOT_PAID)
        if to_state not in ORDER_MOVES[order.state]:
            return Refused(NotAdvanced.NOT_ALLOWED)
        try:
            if to_state is OrderState.CANCELLED:
                moved = self.end(uow, order, actor=actor, note=note, at=now)
            elif to_state is OrderState.REFUND_PENDING:
                with uow.savepoint():  # nothing is asked back for an order that somebody else has just moved
                    moved = self.refund_all(uow, order, actor=actor, note=note, at=now)
            else:
                moved = uow.orders.move(
                    order,
                    to_state,
                    OrderEvent(now, order.state, to_state, actor, note),
                    fulfilled_at=now if to_state is OrderState.COMPLETED else None,
                )
        except StaleVersion:
            return Refused(NotAdvanced.CHANGED)
        uow.audit.add(actor, "order_moved", order.id, {"order": order.number, "to": to_state.value}, now)
        if moved.state in _TOLD:
            tell(uow, moved, OrderNews.MOVED, now, state=moved.state.value)
        return moved

    def is_paid(self, uow: UnitOfWork, order: Order) -> bool:
        """Whether its units are sold. Money of a wrong amount, or on its way back, is none."""
        match order.state:
            case OrderState.PENDING_PAYMENT | OrderState.PLACED | OrderState.CANCELLED | OrderState.EXPIRED:
                return False
            case OrderState.PREPARING | OrderState.READY:
                return is_sold(uow, order)
            case _:
                return True

    def end(self, uow: UnitOfWork, order: Order, *, actor: str, note: str, at: datetime) -> Order:
        """Cancels an order that nobody has paid. One that could be paid at this very moment is first ended at the
        provider, by the tick, and stays as it is until then."""
        payable = [
            attempt
            for attempt in uow.payments.of_order(order.id)
            if attempt.state in OPEN_PAYMENTS
            and attempt.provider not in self._offline
            and (attempt.state is not PaymentState.CREATED or attempt.tries > 0)
        ]
        if not payable or order.state is not OrderState.PENDING_PAYMENT:
            return end_unpaid(uow, order, OrderState.CANCELLED, actor=actor, note=note, at=at, offline=self._offline)
        event = OrderEvent(at, order.state, order.state, actor, CANCEL_ASKED)
        asked = uow.orders.move(order, order.state, event, expires_at=at)
        stop_attempts(uow, order.id, at, offline=self._offline)
        return asked

    def refund_all(self, uow: UnitOfWork, order: Order, *, actor: str, note: str, at: datetime) -> Order:
        """Everything that is left of what was paid goes back."""
        # Locked: whatever goes back from now on is asked for after us, so that `ask` finds the same sum.
        left = sum(attempt.refundable_minor for attempt in uow.payments.of_order(order.id, locked=True))
        if left:
            self._refunding.ask(uow, order.id, left, RefundReason.CANCELLED)
        current = uow.orders.get(order.id) or order
        if not left or current.state is not OrderState.REFUND_PENDING:  # it cost nothing, or all is on its way already
            current = self._refunding.nothing_to_send(uow, current, actor, note)
        return current

    # --- changing one's mind

    def may_cancel(self, uow: UnitOfWork, order: Order) -> bool:
        """Whether the shopper can still call it off."""
        match order.state:
            case OrderState.PENDING_PAYMENT | OrderState.PLACED | OrderState.PAID:
                return True
            case OrderState.PREPARING | OrderState.READY:
                return not (order.paid_minor or self.is_paid(uow, order))
            case _:
                return False

    def cancel(self, uow: UnitOfWork, order_id: str, customer_id: str) -> Order | Refused[NotCancelled]:
        """The shopper changed their mind. What is paid already is refunded, until the shop has begun to prepare it;
        what nobody has paid goes back to the shelf until it is handed over.

        An order that may be paid at this moment stays pending until the provider has said that it no longer can: the
        tick sees to it, within seconds.
        """
        order = uow.orders.get(order_id)
        if order is None or order.customer_id != customer_id:
            return Refused(NotCancelled.NOT_FOUND)
        now = self._clock.now()
        match order.state:
            case OrderState.PENDING_PAYMENT | OrderState.PLACED:
                return self.end(uow, order, actor="shopper", note="", at=now)
            case OrderState.PAID:
                return self.refund_all(uow, order, actor="shopper", note="", at=now)
            case OrderState.PREPARING | OrderState.READY if self.may_cancel(uow, order):
                return self.end(uow, order, actor="shopper", note="", at=now)
            case OrderState.PREPARING | OrderState.READY | OrderState.SHIPPED | OrderState.COMPLETED:
                return Refused(NotCancelled.TOO_LATE)
            case _:
                return Refused(NotCancelled.ALREADY_OVER)

    # --- orders that staff took elsewhere

    def enter(self, uow: UnitOfWork, entered: EnteredOrder, *, actor: str) -> Order | Refused[NotEntered]:
        """An order taken on the phone, at the counter or by a marketplace, in the same list with the same states."""
        return self._entering.enter(uow, entered, actor=actor)
