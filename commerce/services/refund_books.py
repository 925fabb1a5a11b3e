"""Money that went back, in the books: on the attempt, in the ledger, on the order, which follows its money."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, Order, OrderEvent, OrderState
from commerce.domain.payment import (
    OPEN_REFUNDS,
    LedgerEntry,
    LedgerKind,
    PaymentState,
    Refund,
    RefundReport,
    RefundState,
    may_move,
)
from commerce.ports import UnitOfWork
from commerce.services.order_news import OrderNews, tell
from commerce.services.order_stock import put_back
from commerce.services.refund_tasks import refund_task_over

_NOT_HANDED_OVER = frozenset({OrderState.PAID, OrderState.PREPARING, OrderState.READY})
_HANDED_OVER = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})


def refund_done(uow: UnitOfWork, refund: Refund, report: RefundReport, at: datetime) -> None:
    """It has arrived, as its provider or a person says: booked once, however often that is said."""
    if not uow.payments.move_refund(refund, RefundState.DONE, provider_ref=report.provider_ref, error=""):
        return
    order = uow.orders.get(refund.order_id)
    assert order is not None
    book_refund(uow, order, refund.attempt_id, refund.amount, report.provider_ref or refund.id, at)
    refund_task_over(uow, refund, at)
    tell(uow, order, OrderNews.REFUND_DONE, at, refund_id=refund.id)


def book_refund(
    uow: UnitOfWork,
    order: Order,
    attempt_id: str,
    amount: Money,
    reference: str,
    at: datetime,
    kind: LedgerKind = LedgerKind.REFUND,
) -> None:
    """Money that went back: on the attempt, in the ledger, on the order."""
    uow.payments.confirm_refund(attempt_id, amount.minor)
    attempt = uow.payments.get(attempt_id)
    assert attempt is not None
    whole = attempt.refunded_minor == attempt.captured_minor
    state = PaymentState.REFUNDED if whole else PaymentState.PARTIALLY_REFUNDED
    if may_move(attempt.state, state):
        uow.payments.update(replace(attempt, state=state))
    back = Money(-amount.minor, amount.currency)
    entry = LedgerEntry(attempt_id, kind, back, attempt.provider, reference, at)
    if not uow.payments.enter(entry):  # a provider that uses a name twice: the sum must be right all the same
        uow.payments.enter(replace(entry, reference=f"{reference}:{attempt_id}:{attempt.refunded_minor}"))
    refunded = order.refunded_minor + amount.minor
    to_state = state_after(uow, order, refunded)
    actor = f"provider:{attempt.provider}"
    ends = to_state is not order.state and to_state is OrderState.REFUNDED
    if ends and to_state not in ORDER_MOVES[order.state]:
        order = wait_for_money_back(uow, order, actor, "", at)
    note = f"{amount.minor} {amount.currency} went back"
    uow.orders.move(order, to_state, OrderEvent(at, order.state, to_state, actor, note), refunded_minor=refunded)


def wait_for_money_back(uow: UnitOfWork, order: Order, actor: str, note: str, at: datetime) -> Order:
    """Nobody hands it over any more: what has not left the shop is on the shelf again."""
    to_state = OrderState.REFUND_PENDING
    moved = uow.orders.move(order, to_state, OrderEvent(at, order.state, to_state, actor, note))
    if order.state in _NOT_HANDED_OVER:
        put_back(uow, order, at)
    return moved


def state_after(uow: UnitOfWork, order: Order, refunded_minor: int) -> OrderState:
    """Where an order is once so much of its money has gone back."""
    moves = ORDER_MOVES[order.state]
    ends = OrderState.REFUNDED in moves or OrderState.REFUND_PENDING in moves
    if ends and refunded_minor == order.paid_minor and _was_paid(uow, order):
        return OrderState.REFUNDED
    if order.state is not OrderState.REFUND_PENDING:
        return order.state
    if any(refund.state in OPEN_REFUNDS for refund in uow.payments.refunds_of(order.id)):
        return order.state
    # What was put back on the shelf is not sold any more: such an order waits until its money has gone back.
    before = state_before(uow, order)
    return before if before in _HANDED_OVER else order.state


def state_before(uow: UnitOfWork, order: Order) -> OrderState:
    """Where an order was before it began to wait for its money to go back; where it is, if it does not wait."""
    before, pending = order.state, OrderState.REFUND_PENDING
    if order.state is pending:
        for each in uow.orders.events(order.id):
            if each.to_state is pending and each.from_state is not None and each.from_state is not pending:
                before = each.from_state
    return before


def _was_paid(uow: UnitOfWork, order: Order) -> bool:
    """With its own price, not only by mistake."""
    return any(0 < attempt.captured_minor == order.total_minor for attempt in uow.payments.of_order(order.id))
