"""What a provider's word on a payment does to an order: the one function for calls, return pages, questions of our own
and invoices in chats.

Doing it again changes nothing. Attempts only move forward, money counts once, an order is paid once; money that comes
late, twice or in another amount is real money and goes back.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.cart import Fulfilment
from commerce.domain.money import Money
from commerce.domain.order import ORDER_MOVES, UNPAID_OVER, Order, OrderEvent, OrderState
from commerce.domain.payment import (
    HAS_MONEY,
    LedgerEntry,
    LedgerKind,
    PaymentAttempt,
    PaymentReport,
    PaymentState,
    RefundReason,
    may_move,
)
from commerce.domain.staff import StaffTask, TaskKind
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.ending import end_unpaid, moment_of_next_attempt, stop_attempts, successor_of
from commerce.services.order_news import OrderNews, asked_from, tell
from commerce.services.order_stock import give_back, is_sold, make_good, sell
from commerce.services.order_writing import units_of
from commerce.services.refunding import Refunding

_A_MOMENT = timedelta(hours=1)  # of a hold that is sold in the same transaction
_UNPAID = frozenset({OrderState.PENDING_PAYMENT, OrderState.PLACED})
_AT_WORK = frozenset({OrderState.PREPARING, OrderState.READY})  # paid before, or to be paid at the counter


class _KnownMoney(Exception):
    """The ledger has it under another attempt: undoes the savepoint."""


class Settling:
    """All verbs belong to the caller's unit of work. StaleVersion: somebody else was faster, do it again."""

    def __init__(self, clock: Clock, ids: Ids, refunding: Refunding, offline: Collection[str]) -> None:
        self._clock, self._ids, self._refunding, self._offline = clock, ids, refunding, frozenset(offline)

    def settle(self, uow: UnitOfWork, report: PaymentReport, *, actor: str = "") -> Order | None:
        """The order as it is now; None when the report is of no attempt of ours."""
        attempt = self._attempt_of(uow, report)
        if attempt is None:
            return None
        order_id = attempt.order_id
        actor = actor or f"provider:{report.provider}"
        if report.state in HAS_MONEY:
            attempt = self._of_this_money(uow, attempt, report)
            if attempt is not None and attempt.state not in HAS_MONEY:
                attempt = self._capture(uow, attempt, report, actor)
            if attempt is not None and report.refunded_minor:
                self._refunding.seen_elsewhere(uow, attempt, report.refunded_minor)
        elif report.state is not PaymentState.UNKNOWN:
            self._move(uow, attempt, report)
        return uow.orders.get(order_id)

    def refund_refused(self, uow: UnitOfWork, refund_id: str, why: str) -> None:
        """The provider says that money on its way back will not arrive, or has come back from the shopper's bank."""
        self._refunding.refused_after_all(uow, refund_id, why)

    def nothing_to_pay(self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt) -> Order:
        """An order that costs nothing is paid as soon as it is placed."""
        uow.payments.update(replace(attempt, state=PaymentState.CAPTURED, next_check_at=None))
        return self._paid(uow, order, attempt, order.paid_minor, "shopper", self._clock.now())

    def empty_cart(self, uow: UnitOfWork, order: Order, at: datetime) -> None:
        """What was bought is no longer in the cart; of whoever has the cart by now."""
        cart = uow.carts.of_customer(order.customer_id)
        if cart is not None and order.cart_id:
            uow.carts.take_out(cart.id, units_of(order), at)

    # --- which attempt

    def _attempt_of(self, uow: UnitOfWork, report: PaymentReport) -> PaymentAttempt | None:
        if report.attempt_id:
            attempt = uow.payments.get(report.attempt_id)
            if attempt is not None and attempt.provider == report.provider:
                return attempt
        for reference in (report.session_ref, report.payment_ref):
            if reference and (attempt := uow.payments.by_reference(report.provider, reference)):
                return attempt
        return None

    def _of_this_money(self, uow: UnitOfWork, attempt: PaymentAttempt, report: PaymentReport) -> PaymentAttempt | None:
        """The attempt that this very payment belongs to: one request to pay can be paid twice (a link that was
        forwarded), and then the second payment needs an attempt of its own to be given back from."""
        other = bool(report.payment_ref) and report.payment_ref != attempt.payment_ref
        if attempt.state not in HAS_MONEY or not attempt.payment_ref or not other:
            return attempt
        known = uow.payments.by_reference(report.provider, report.payment_ref)
        if known is not None:
            return known
        if report.amount is None:
            return None
        uow.payments.update(attempt)  # of two that bring this news, one goes on
        now, new_id = moment_of_next_attempt(uow, attempt.order_id, self._clock.now()), self._ids.new_key()
        second = PaymentAttempt(
            id=new_id,
            order_id=attempt.order_id,
            provider=attempt.provider,
            amount=attempt.amount,
            state=PaymentState.REQUIRES_ACTION,
            idempotency_key=new_id,
            created_at=now,
            expires_at=now,
            session_ref=attempt.session_ref,
            payment_ref=report.payment_ref,
        )
        uow.payments.add(second)
        return second

    # --- without money

    def _move(self, uow: UnitOfWork, attempt: PaymentAttempt, report: PaymentReport) -> None:
        changed = attempt
        over = report.state in (PaymentState.FAILED, PaymentState.CANCELED)
        # That it can be paid is known from the answer to the start alone: only that says where.
        if report.state is not PaymentState.REQUIRES_ACTION and may_move(attempt.state, report.state):
            changed = replace(
                changed, state=report.state, next_check_at=None if over else attempt.next_check_at, tries=0
            )
            if over:
                uow.tasks.done(TaskKind.PAYMENT_UNKNOWN, attempt.id, self._clock.now())
        if attempt.state not in HAS_MONEY:
            changed = replace(
                changed,
                session_ref=attempt.session_ref or report.session_ref,
                payment_ref=attempt.payment_ref or report.payment_ref,
            )
        if changed == attempt:
            return
        uow.payments.update(changed)
        if changed.state is PaymentState.FAILED and attempt.state is not PaymentState.FAILED:
            self.tell_failed(uow, changed)

    def tell_failed(self, uow: UnitOfWork, attempt: PaymentAttempt) -> None:
        """Only where the shopper still waits for this very attempt."""
        order = uow.orders.get(attempt.order_id)
        newest = uow.payments.of_order(attempt.order_id)[-1]
        if order is not None and order.state is OrderState.PENDING_PAYMENT and newest.id == attempt.id:
            now = self._clock.now()
            tell(uow, order, OrderNews.PAYMENT_FAILED, now, asked_from(uow, attempt.id, now))

    # --- money

    def _capture(
        self, uow: UnitOfWork, attempt: PaymentAttempt, report: PaymentReport, actor: str
    ) -> PaymentAttempt | None:
        """Counts it, once, and lets the order have it. None: this money belongs to another attempt."""
        now, amount = self._clock.now(), report.amount
        if amount is None:  # not enough to believe it: asked about at once
            return uow.payments.update(replace(attempt, next_check_at=now))
        reference = report.payment_ref or report.session_ref or attempt.session_ref or attempt.id
        try:
            with uow.savepoint():
                # The attempt first: of two that bring the same news, the second meets a StaleVersion here.
                captured = uow.payments.update(
                    replace(
                        attempt,
                        state=PaymentState.CAPTURED,
                        captured_minor=amount.minor,
                        session_ref=attempt.session_ref or report.session_ref,
                        payment_ref=report.payment_ref or attempt.payment_ref,
                        next_check_at=None,
                    )
                )
                entry = LedgerEntry(attempt.id, LedgerKind.CAPTURE, amount, attempt.provider, reference, now)
                if not uow.payments.enter(entry):
                    raise _KnownMoney
                uow.tasks.done(TaskKind.PAYMENT_UNKNOWN, attempt.id, now)
        except _KnownMoney:
            self._raise(
                uow, TaskKind.PAYMENT_DIFFERENCE, attempt.id, reference=reference, why="one payment, two orders"
            )
            return None
        order = uow.orders.get(attempt.order_id)
        assert order is not None
        paid_minor = order.paid_minor + amount.minor
        if amount != attempt.amount:
            self._wrong_amount(uow, order, captured, amount, paid_minor, actor, now)
        else:
            self._paid(uow, order, captured, paid_minor, actor, now)
        return uow.payments.get(attempt.id)

    def _wrong_amount(
        self,
        uow: UnitOfWork,
        order: Order,
        attempt: PaymentAttempt,
        amount: Money,
        paid_minor: int,
        actor: str,
        now: datetime,
    ) -> None:
        """It is not this order's price: all of it goes back, and the order goes on waiting."""
        note = f"{amount.minor} {amount.currency} collected instead of {attempt.amount.minor} {attempt.amount.currency}"
        uow.orders.move(
            order, order.state, OrderEvent(now, order.state, order.state, actor, note), paid_minor=paid_minor
        )
        self._refunding.give_back(uow, attempt, RefundReason.WRONG_AMOUNT, currency=amount.currency)
        self._raise(
            uow,
            TaskKind.PAYMENT_DIFFERENCE,
            attempt.id,
            order=order.number,
            collected_minor=amount.minor,
            currency=amount.currency,
            asked_minor=attempt.amount.minor,
        )

    def _paid(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, paid_minor: int, actor: str, now: datetime
    ) -> Order:
        if order.state in UNPAID_OVER:
            return self._late(uow, order, attempt, paid_minor, actor, now)
        if order.state in _UNPAID or (order.state in _AT_WORK and not is_sold(uow, order)):
            return self._sold(uow, order, attempt, paid_minor, actor, now)
        return self._twice(uow, order, attempt, paid_minor, actor, now)

    def _twice(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, paid_minor: int, actor: str, now: datetime
    ) -> Order:
        """Somebody has paid this order before, or all of it went back: the order stays as it is."""
        event = OrderEvent(now, order.state, order.state, actor, "paid once more: goes back")
        order = uow.orders.move(order, order.state, event, paid_minor=paid_minor)
        self._refunding.give_back(uow, attempt, RefundReason.PAID_TWICE)
        return order

    def _late(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, paid_minor: int, actor: str, now: datetime
    ) -> Order:
        """The order was over. It is sold after all if the units can still be had and nothing else was bought in its
        place; else the money goes back."""
        successor = successor_of(uow, order)
        if successor is not None and successor.state is OrderState.PENDING_PAYMENT:
            # The cart is bought once: its older version is the one that was paid.
            end_unpaid(
                uow,
                successor,
                OrderState.CANCELLED,
                actor=actor,
                note=f"order {order.number} was paid instead",
                at=now,
                offline=self._offline,
            )
        elif successor is not None and successor.state not in UNPAID_OVER:
            return self._unfulfillable(uow, order, attempt, paid_minor, actor, now, RefundReason.PAID_TWICE)
        return self._sold(uow, order, attempt, paid_minor, actor, now)

    def _sold(
        self, uow: UnitOfWork, order: Order, attempt: PaymentAttempt, paid_minor: int, actor: str, now: datetime
    ) -> Order:
        """The holds become a sale. What is not held any more is taken again, or the money goes back."""
        before = order.state
        taken = make_good(uow, order, self._ids.new_key(), now + _A_MOMENT, now)
        if taken is None:
            return self._unfulfillable(uow, order, attempt, paid_minor, actor, now, RefundReason.UNFULFILLABLE)
        to_state = before if before in _AT_WORK else OrderState.PAID
        needs_code = order.fulfilment is Fulfilment.PICKUP and not order.pickup_code
        order = uow.orders.move(
            order,
            to_state,
            OrderEvent(now, before, to_state, actor, "paid" if to_state is before else ""),
            paid_minor=paid_minor,
            lines=taken or None,
            pickup_code=self._ids.new_code() if needs_code else None,
        )
        sell(uow, order, now)
        if before in UNPAID_OVER and order.coupon:
            # The price is what was promised, whether the code has a use left or not.
            uow.promotions.use(order.coupon, order.id, order.customer_id, once_per_customer=False)
        if before is OrderState.PENDING_PAYMENT or before in UNPAID_OVER:
            self.empty_cart(uow, order, now)
        stop_attempts(uow, order.id, now, offline=self._offline, but=attempt.id)
        tell(uow, order, OrderNews.PAID, now)
        return order

    def _unfulfillable(
        self,
        uow: UnitOfWork,
        order: Order,
        attempt: PaymentAttempt,
        paid_minor: int,
        actor: str,
        now: datetime,
        reason: RefundReason,
    ) -> Order:
        if OrderState.PAID_UNFULFILLABLE not in ORDER_MOVES[order.state]:  # it was to be paid at the counter
            over = OrderEvent(now, order.state, OrderState.CANCELLED, actor, "nothing left of it")
            order = uow.orders.move(order, OrderState.CANCELLED, over)
        give_back(uow, order, now)
        uow.promotions.give_back(order.id)
        to_state = OrderState.PAID_UNFULFILLABLE
        order = uow.orders.move(order, to_state, OrderEvent(now, order.state, to_state, actor), paid_minor=paid_minor)
        stop_attempts(uow, order.id, now, offline=self._offline, but=attempt.id)
        self._refunding.give_back(uow, attempt, reason)
        tell(uow, order, OrderNews.LATE_MONEY, now)
        self._raise(
            uow,
            TaskKind.UNFULFILLABLE,
            order.id,
            store_id=order.store_id,
            order=order.number,
            amount_minor=attempt.captured_minor,
            currency=order.currency,
            why=reason.value,
        )
        return order

    def _raise(self, uow: UnitOfWork, kind: TaskKind, subject: str, *, store_id: str = "", **details: object) -> None:
        task = StaffTask(self._ids.new_id(), kind, subject, json.dumps(details), store_id, self._clock.now())
        raise_task(uow, task)
