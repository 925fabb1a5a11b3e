"""From a cart to an order: priced again, stock taken, payment prepared, in one transaction. It calls nobody outside."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta

from commerce.domain.cart import Cart, Fulfilment
from commerce.domain.collecting import PickUpKind, PickUpRef, Slot
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import (
    NotApproved,
    NotOrdered,
    Order,
    OrderEvent,
    OrderRefused,
    OrderSource,
    OrderState,
)
from commerce.domain.payment import HAS_MONEY, OPEN_PAYMENTS, PaymentAttempt, PaymentState, Placed
from commerce.domain.quote import Quote
from commerce.domain.reservation import Refused, ReservationEvent, ReservationState
from commerce.domain.staff import method_of
from commerce.domain.stock import MovementReason
from commerce.domain.store import Store
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, PaymentProvider, SellingRules, UnitOfWork
from commerce.services.ending import (
    REPLACED_BY,
    end_unpaid,
    moment_of_next_attempt,
    stop_attempts,
    who_cancels,
)
from commerce.services.order_news import OrderNews, tell
from commerce.services.order_stock import is_held, keep, make_good
from commerce.services.order_writing import is_same, lines_of, new_order, units_of
from commerce.services.own_units import order_holds, take_over
from commerce.services.promised import promise, promised_with
from commerce.services.quoting import Looked, Quoting
from commerce.services.reserving import kept_until
from commerce.services.settling import Settling
from commerce.services.slots import Slots

APPROVAL = timedelta(minutes=15)  # how much longer stock waits once a payment was approved at the last moment
PROVIDER_MARGIN = timedelta(minutes=5)  # a session ends at least this much before its stock is free again
SAID_TWICE = timedelta(minutes=2)
FREE = "free"  # the "provider" of orders that cost nothing
_IN_CONVERSATION = frozenset({OrderSource.BOT, OrderSource.AGENT})
_TRIES = 3


class _Refusal(Exception):
    """Nothing is to happen: undoes the savepoint."""

    def __init__(self, reason: NotOrdered, variant_ids: tuple[int, ...] = ()) -> None:
        self.why = OrderRefused(reason, variant_ids)


class Checkout:
    """All verbs belong to the caller's unit of work."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        rules: SellingRules,
        providers: Mapping[str, PaymentProvider],
        quoting: Quoting,
        settling: Settling,
        slots: Slots,
    ) -> None:
        self._clock, self._ids, self._rules, self._providers = clock, ids, rules, providers
        self._quoting, self._settling, self._slots = quoting, settling, slots
        self._offline = frozenset(name for name, provider in providers.items() if not provider.is_online)

    # --- ordering

    def place(
        self,
        uow: UnitOfWork,
        *,
        customer_id: str,
        contact: Contact,
        source: OrderSource,
        language: str,
        expected_total_minor: int | None = None,
        slot_at: datetime | None = None,
    ) -> Placed | OrderRefused:
        """Orders what is in the customer's cart as its draft says, at today's prices, and holds it.

        `expected_total_minor`: the total that was shown. News goes to `contact`. The cart's order that still waits for
        its payment is the answer when the cart has not changed since, and is replaced when it has. What the shopper
        had reserved at that store becomes part of the order. `slot_at`: when they come for it, one of `times_to_come`;
        full by then, nothing is ordered.
        """
        for _ in range(_TRIES):
            try:
                with uow.savepoint() if slot_at else nullcontext():
                    placed = self._place(uow, customer_id, contact, source, language, expected_total_minor)
                    if slot_at and isinstance(placed, Placed) and self._slots.take_for(uow, placed.order, slot_at):
                        raise _Refusal(NotOrdered.SLOT_FULL)
                return placed
            except _Refusal as refusal:
                return refusal.why
            except StaleVersion:  # PostgreSQL: somebody paid, or the clock struck, between our statements
                continue
        raise StaleVersion(f"customer {customer_id}: the cart's order does not stand still")

    def pay_order(self, uow: UnitOfWork, order: Order, provider: str = "") -> Placed | OrderRefused | None:
        """An order that waits for its payment, to be paid as it stands, whatever is in the cart by now: with its
        attempt while that may still be paid, else with another one. `provider` '': as it was to be paid before. None:
        it cannot be paid any more."""
        expires_at = order.expires_at
        if order.state is not OrderState.PENDING_PAYMENT or expires_at is None or expires_at <= self._clock.now():
            return None
        if who_cancels(uow, order):
            return None
        if not self._costs_the_same(uow, order):
            return OrderRefused(NotOrdered.PRICE_CHANGED)
        if not is_held(uow, order):
            return OrderRefused(NotOrdered.SOLD_OUT)
        provider = provider or uow.payments.of_order(order.id)[-1].provider
        with uow.savepoint():
            return self._pay_again(uow, order, provider, uow.stores.get(order.store_id))

    def times_to_come(self, uow: UnitOfWork, store: Store, *, own: datetime | None = None) -> list[Slot]:
        """Hours with room at that store for whoever orders now, however they pay. Where people come when they like:
        none."""
        until = kept_until(self._rules.pickup, store, self._clock.now()) if self._offline else None
        return self._slots.coming(uow, store.id, until=until, own=own)

    def _place(
        self,
        uow: UnitOfWork,
        customer_id: str,
        contact: Contact,
        source: OrderSource,
        language: str,
        expected_total_minor: int | None,
    ) -> Placed | OrderRefused:
        cart = uow.carts.of_customer(customer_id, locked=True)
        if cart is None:
            return OrderRefused(NotOrdered.EMPTY)
        looked = self._quoting.look(
            uow, cart, customer_id=customer_id, contact=contact if source in _IN_CONVERSATION else None
        )
        quote, own = looked.quote, looked.own
        if quote.missing == (NotOrdered.EMPTY,) and (said_before := self._just_ordered(uow, cart, customer_id)):
            return said_before
        if quote.missing:
            return self._refused(uow, quote)
        totals = quote.totals
        assert totals is not None
        if expected_total_minor is not None and expected_total_minor != totals.total_minor:
            return OrderRefused(NotOrdered.PRICE_CHANGED)
        provider = FREE if totals.total_minor == 0 else self._quoting.provider_of(cart, totals.currency)
        if own.pending is not None and self._still_stands(uow, own.pending, quote):
            with uow.savepoint():
                return self._pay_again(uow, own.pending, provider, looked.store)
        if own.other_orders >= self._rules.pickup.max_open_per_customer:
            return OrderRefused(NotOrdered.TOO_MANY_OPEN)
        # Where nothing is given back or used up, the first statement that fails has nothing before it to be undone.
        with uow.savepoint() if own.gives_way or quote.promotion is not None else nullcontext():
            return self._order(uow, looked, provider, contact, source, language)

    def _order(
        self, uow: UnitOfWork, looked: Looked, provider: str, contact: Contact, source: OrderSource, language: str
    ) -> Placed:
        now, quote, own = self._clock.now(), looked.quote, looked.own
        at_counter = provider in self._offline
        expires_at = self._deadline(looked.store, now) if at_counter else now + self._rules.payment_hold
        if own.pending is not None:
            for hold_id in order_holds(own.pending):
                uow.stock.release(hold_id, MovementReason.RELEASE, now)
            if own.pending.fulfilment is Fulfilment.PICKUP:
                uow.pick_ups.leave_slot(PickUpRef(PickUpKind.ORDER, own.pending.id))
        for reservation in own.reservations:
            for held in reservation.lines:
                uow.stock.release(held.hold_id, MovementReason.RELEASE, now)
        take_over(uow, own, quote.store_id, {line.variant.id for line in quote.lines}, now)
        # Given back and taken again in one transaction: nobody can slip in between.
        order_id = self._ids.new_key()
        wanted = [(line.variant.id, line.quantity) for line in quote.lines]
        customer_id = quote.cart.customer_id
        holds = uow.stock.take(order_id, wanted, quote.store_id, customer_id, expires_at, now)
        if holds is None:
            raise _Refusal(NotOrdered.SOLD_OUT, _short(uow, quote))
        order = uow.orders.add(
            new_order(
                quote,
                order_id=order_id,
                lines=lines_of(quote, {hold.variant_id: hold.id for hold in holds}),
                state=OrderState.PLACED if at_counter else OrderState.PENDING_PAYMENT,
                source=source,
                contact=contact,
                language=language,
                pickup_code=self._ids.new_code() if at_counter else "",
                created_at=now,
                expires_at=expires_at,
            ),
            contact,
            OrderEvent(now, None, OrderState.PLACED if at_counter else OrderState.PENDING_PAYMENT, "shopper"),
        )
        if looked.promised:
            promise(uow, order, looked.promised, now)
        if own.pending is not None:
            end_unpaid(
                uow,
                own.pending,
                OrderState.CANCELLED,
                actor="shopper",
                note=f"{REPLACED_BY}{order.number}",
                at=now,
                offline=self._offline,
            )
        for reservation in own.reservations:
            over = ReservationState.CANCELLED
            event = ReservationEvent(now, reservation.state, over, "shopper", f"became order {order.number}")
            uow.reservations.move(reservation, over, event)
        promotion = quote.promotion
        if promotion is not None and not uow.promotions.use(
            promotion.code, order.id, customer_id, once_per_customer=promotion.once_per_customer
        ):
            raise _Refusal(NotOrdered.COUPON)
        placed = self._attempted(uow, order, provider, now, created_at=now)
        if at_counter:
            uow.carts.take_out(quote.cart.id, units_of(order), now)
            tell(uow, order, OrderNews.PLACED, now, contact)
        return placed

    def _attempted(
        self, uow: UnitOfWork, order: Order, provider: str, now: datetime, *, created_at: datetime
    ) -> Placed:
        """With its attempt to collect the total: stored, with its key, before anybody is asked."""
        attempt_id = self._ids.new_key()
        at_counter = provider in self._offline
        expires_at = order.expires_at or now
        attempt = PaymentAttempt(
            id=attempt_id,
            order_id=order.id,
            provider=provider,
            amount=order.total,
            state=PaymentState.REQUIRES_ACTION if at_counter else PaymentState.CREATED,
            idempotency_key=attempt_id,
            created_at=created_at,
            expires_at=expires_at if at_counter else self._session_end(provider, expires_at, now),
            next_check_at=None if at_counter or provider == FREE else now,
        )
        uow.payments.add(attempt)
        if provider == FREE:
            order = self._settling.nothing_to_pay(uow, order, attempt)
            attempt = uow.payments.get(attempt_id) or attempt
        return Placed(order, attempt)

    def _still_stands(self, uow: UnitOfWork, pending: Order, quote: Quote) -> bool:
        """Whether the pending order is what would be ordered now, with its time and its stock."""
        return (
            is_same(pending, quote)
            and pending.expires_at is not None
            and pending.expires_at > self._clock.now()
            and not who_cancels(uow, pending)
            and is_held(uow, pending)
        )

    def _pay_again(self, uow: UnitOfWork, order: Order, provider: str, store: Store | None) -> Placed:
        """The same order: with its attempt while that may still be paid, else with another one."""
        attempt = uow.payments.of_order(order.id)[-1]
        if attempt.provider == provider and attempt.state in OPEN_PAYMENTS:
            return Placed(order, attempt)
        now = self._clock.now()
        to_state = OrderState.PLACED if provider in self._offline else OrderState.PENDING_PAYMENT
        if to_state is OrderState.PLACED:
            expires_at = self._deadline(store, now)
        else:
            expires_at = now + self._rules.payment_hold
        moved = uow.orders.move(
            order,
            to_state,
            OrderEvent(now, order.state, to_state, "shopper", f"to be paid with {provider}"),
            expires_at=expires_at,
            pickup_code=self._ids.new_code() if to_state is OrderState.PLACED else None,
        )
        keep(uow, moved, expires_at)
        stop_attempts(uow, order.id, now, offline=self._offline)
        created_at = moment_of_next_attempt(uow, order.id, now)
        placed = self._attempted(uow, moved, provider, now, created_at=created_at)
        if to_state is OrderState.PLACED:
            self._settling.empty_cart(uow, moved, now)
            tell(uow, moved, OrderNews.PLACED, now)
        return placed

    def _just_ordered(self, uow: UnitOfWork, cart: Cart, customer_id: str) -> Placed | None:
        """What the cart became a moment ago: a button that is pressed twice orders once, and hears the same twice."""
        for order in uow.orders.of_customer(customer_id, limit=1):
            attempts = uow.payments.of_order(order.id)
            fresh = order.cart_id == cart.id and self._clock.now() - order.created_at <= SAID_TWICE
            if fresh and attempts and order.state in (OrderState.PLACED, OrderState.PAID):
                return Placed(order, attempts[-1])
        return None

    def _refused(self, uow: UnitOfWork, quote: Quote) -> OrderRefused:
        reason = quote.missing[0]
        match reason:
            case NotOrdered.SOLD_OUT:
                return OrderRefused(reason, tuple(line.variant.id for line in quote.lines if line.is_short))
            case NotOrdered.NO_SUCH_VARIANT:
                return OrderRefused(reason, quote.gone)
            case NotOrdered.STORE_PAUSED:
                pause = uow.pauses.get(quote.store_id, self._clock.now(), method_of(quote.cart.draft.fulfilment))
                return OrderRefused(reason, resumes_at=pause.until if pause else None)
            case _:
                return OrderRefused(reason)

    def _deadline(self, store: Store | None, now: datetime) -> datetime:
        until = kept_until(self._rules.pickup, store, now) if store else None
        if until is None:
            raise _Refusal(NotOrdered.STORE_NOT_OPEN)
        return until

    def _session_end(self, provider: str, expires_at: datetime, now: datetime) -> datetime:
        if provider not in self._providers:
            return expires_at
        session_s = self._providers[provider].session_s
        latest = expires_at - PROVIDER_MARGIN
        return latest if session_s is None else min(latest, now + timedelta(seconds=session_s))

    # --- at the last moment

    def precheck(self, uow: UnitOfWork, attempt_id: str, amount: Money) -> Order | Refused[NotApproved]:
        """Whether this payment may go on: nothing has changed, and the stock is there for another while."""
        attempt = uow.payments.get(attempt_id)
        order = uow.orders.get(attempt.order_id) if attempt else None
        if attempt is None or order is None:
            return Refused(NotApproved.NOT_FOUND)
        now = self._clock.now()
        if attempt.state in HAS_MONEY or order.state in (OrderState.PAID, OrderState.COMPLETED):
            return Refused(NotApproved.ALREADY_PAID)
        if (
            order.state is not OrderState.PENDING_PAYMENT
            or attempt.state not in OPEN_PAYMENTS
            or who_cancels(uow, order)
        ):
            return Refused(NotApproved.ORDER_OVER)
        if uow.pauses.get(order.store_id, now, method_of(order.fulfilment)) is not None:
            return Refused(NotApproved.STORE_PAUSED)
        if amount != attempt.amount or not self._costs_the_same(uow, order):
            return Refused(NotApproved.PRICE_CHANGED)
        until = max(order.expires_at or now, now + APPROVAL)
        taken = make_good(uow, order, self._ids.new_key(), until, now)
        if taken is None:
            return Refused(NotApproved.SOLD_OUT)
        event = OrderEvent(now, order.state, order.state, f"provider:{attempt.provider}", "about to be paid")
        moved = uow.orders.move(order, order.state, event, expires_at=until, lines=taken or None)
        keep(uow, moved, until)
        return moved

    def _costs_the_same(self, uow: UnitOfWork, order: Order) -> bool:
        known = uow.products.by_variants(line.variant_id for line in order.lines)
        now, promised = self._clock.now(), None
        for line in order.lines:
            found = known.get(line.variant_id)
            if found is None:
                return False
            if found[1].price != Money(line.unit_price_minor, order.currency):
                promised = promised_with(uow, order, now) if promised is None else promised
                if promised.get(line.variant_id) != line.unit_price_minor:
                    return False
        return True


def _short(uow: UnitOfWork, quote: Quote) -> tuple[int, ...]:
    """Which lines cannot be had at this moment, when everything of one's own has been given back."""
    free = {
        level.variant_id: level.available
        for level in uow.stock.levels([line.variant.id for line in quote.lines], quote.store_id)
    }
    return tuple(line.variant.id for line in quote.lines if free.get(line.variant.id, 0) < line.quantity)
