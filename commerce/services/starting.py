"""Asking a provider to collect money: outside any transaction, with a key that was stored before.

Whoever asks says so first, by a guarded change of the attempt; of two processes one asks. Should both ask all the same
(one was believed dead), the key makes it one session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from commerce.domain.order import Order, OrderEvent, OrderSource, OrderState
from commerce.domain.payment import (
    PaymentAttempt,
    PaymentLine,
    PaymentRequest,
    PaymentSession,
    PaymentState,
    may_move,
)
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater, StaleVersion, VendorError
from commerce.i18n import Translator
from commerce.ports import Clock, PaymentProvider, Storage, UnitOfWork
from commerce.services.again import write_again
from commerce.services.order_links import OrderLinks
from commerce.services.order_news import OrderNews, asked_from, tell
from commerce.services.order_stock import keep
from commerce.services.settling import Settling

CLAIM = timedelta(seconds=60)  # how long a call may take before another process takes it up
# How long until a provider that has not answered, or not said enough, is asked again.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# Stripe forgets a key after 24 hours (https://docs.stripe.com/api/idempotent_requests): from then on a repetition
# would be a second session.
KEY_LASTS = timedelta(hours=23)
MARGIN = timedelta(minutes=5)  # stock is free again this long after the last moment at which a session can be paid
STARTABLE = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})

_log = structlog.get_logger(__name__)


def pause_after(tries: int) -> timedelta:
    """After the first, second, third… question without an answer."""
    return PAUSES[min(max(tries, 1), len(PAUSES)) - 1]


class Starting:
    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        providers: Mapping[str, PaymentProvider],
        settling: Settling,
        links: OrderLinks,
        words: Translator,
        shop_name: str,
    ) -> None:
        self._storage, self._clock, self._providers, self._settling = storage, clock, providers, settling
        self._links, self._words, self._shop_name = links, words, shop_name

    def begin(self, attempt_id: str) -> PaymentAttempt:
        """Asks for a session unless there is one, or somebody is at it. The attempt as it is then. LookupError: there
        is no such attempt."""
        with self._storage.read() as uow:
            attempt = uow.payments.get(attempt_id)
        if attempt is None:
            raise LookupError(f"there is no payment attempt {attempt_id}")
        provider = self._providers.get(attempt.provider)
        now = self._clock.now()
        may_start = attempt.state is PaymentState.CREATED and (
            attempt.next_check_at is None or attempt.next_check_at <= now
        )
        if provider is None or not provider.is_online or not may_start:
            return attempt
        return self.start(attempt, provider) or self._now(attempt_id)

    def start(self, seen: PaymentAttempt, provider: PaymentProvider) -> PaymentAttempt | None:
        """Asks now. None: another process is at it, or nobody waits for it any more."""
        try:
            claimed = self._storage.write(partial(self._claim, seen=seen))
        except StaleVersion:
            return None
        if claimed is None:
            return None
        attempt, order = claimed
        try:
            session = provider.start(self._request(attempt, order))
        except PaymentRefused as refused:
            _log.info("payment_refused", attempt=attempt.id, provider=provider.name, reason=refused.reason)
            return write_again(self._storage, partial(self._refused, attempt_id=attempt.id))
        except RetryLater as later:
            pause = timedelta(seconds=max(1.0, later.after_s))
            return write_again(self._storage, partial(self._later, attempt_id=attempt.id, pause=pause, was=seen))
        except Exception as error:  # no answer, or one that cannot be understood: it may have happened
            if not isinstance(error, PaymentUnknown):
                _log.error("payment_surprised", attempt=attempt.id, error=type(error).__name__)
            return write_again(self._storage, partial(self._unanswered, attempt_id=attempt.id))
        started = write_again(self._storage, partial(self._started, attempt_id=attempt.id, session=session))
        if started is not None and started.state is PaymentState.CANCELED:
            self._end_at_once(started, provider)
        return started

    def _end_at_once(self, attempt: PaymentAttempt, provider: PaymentProvider) -> None:
        """The order ended while the provider was making the session, and nothing would ever ask about it again. Should
        it not end, what it brings is late money."""
        try:
            report = provider.cancel(attempt)
        except VendorError as error:
            _log.warning("session_left_open", attempt=attempt.id, error=type(error).__name__)
            return
        if report is not None:
            named = replace(report, attempt_id=attempt.id)
            write_again(self._storage, lambda uow: self._settling.settle(uow, named))

    def _claim(self, uow: UnitOfWork, *, seen: PaymentAttempt) -> tuple[PaymentAttempt, Order] | None:
        attempt, order = uow.payments.get(seen.id), uow.orders.get(seen.order_id)
        now = self._clock.now()
        if attempt is None or order is None or attempt.state not in STARTABLE:
            return None
        if attempt.version != seen.version:
            raise StaleVersion(f"payment attempt {seen.id} is being seen to")
        too_late = now >= attempt.expires_at or now - attempt.created_at > KEY_LASTS
        if order.state is not OrderState.PENDING_PAYMENT or too_late:
            return None
        claimed = replace(attempt, next_check_at=now + CLAIM, tries=attempt.tries + 1)
        return uow.payments.update(claimed), order

    def _request(self, attempt: PaymentAttempt, order: Order) -> PaymentRequest:
        lines = [PaymentLine(line.title(order.language), line.quantity, line.total_minor) for line in order.lines]
        rest = order.total_minor - sum(line.total_minor for line in lines)
        if rest:  # with its tax, where prices are told without
            lines.append(PaymentLine(self._words(order.language, "Delivery"), 1, rest))
        # Word for word the same at every repetition: a key goes with what was asked under it.
        return PaymentRequest(
            attempt=attempt,
            order_number=order.number,
            lines=tuple(lines),
            language=order.language,
            email=order.email,
            return_url=self._links.url(order.id, "/paid", since=attempt.created_at),
            cancel_url=self._links.url(order.id, since=attempt.created_at),
            description=self._words(
                order.language, "{shop}: order {number}", shop=self._shop_name, number=str(order.number)
            ),
        )

    # --- what came of it

    def _started(self, uow: UnitOfWork, *, attempt_id: str, session: PaymentSession) -> PaymentAttempt | None:
        attempt = uow.payments.get(attempt_id)
        order = uow.orders.get(attempt.order_id) if attempt else None
        if attempt is None or order is None:
            return None
        now = self._clock.now()
        waiting = order.state is OrderState.PENDING_PAYMENT
        # A session that is paid or over already is asked about: only a report has an amount to be believed.
        ask_at_once = not waiting or session.state is not PaymentState.REQUIRES_ACTION
        state = PaymentState.REQUIRES_ACTION if attempt.state in STARTABLE else attempt.state
        known = replace(
            attempt,
            state=state,
            session_ref=attempt.session_ref or session.session_ref,
            payment_ref=attempt.payment_ref or session.payment_ref,
            url=attempt.url or session.url,
            expires_at=session.expires_at or attempt.expires_at,
        )
        if attempt.state in STARTABLE:
            known = replace(known, tries=0, next_check_at=now if ask_at_once else now + PAUSES[0])
        attempt = uow.payments.update(known)
        if waiting:
            self._hold_until(uow, order, attempt.expires_at + MARGIN, now)
            asked = asked_from(uow, attempt.id, now)
            in_chat = asked is not None or order.source is OrderSource.BOT
            if not ask_at_once and state is PaymentState.REQUIRES_ACTION and in_chat:
                tell(uow, order, OrderNews.READY_TO_PAY, now, asked, attempt_id=attempt.id)
        return attempt

    def _hold_until(self, uow: UnitOfWork, order: Order, until: datetime, now: datetime) -> None:
        """Some providers give a session longer than it was asked for: the stock waits for it."""
        if order.expires_at is not None and order.expires_at < until:
            event = OrderEvent(now, order.state, order.state, "clock", "held as long as it can be paid")
            keep(uow, uow.orders.move(order, order.state, event, expires_at=until), until)

    def _refused(self, uow: UnitOfWork, *, attempt_id: str) -> PaymentAttempt | None:
        attempt = uow.payments.get(attempt_id)
        if attempt is None or not may_move(attempt.state, PaymentState.FAILED):
            return attempt
        failed = uow.payments.update(replace(attempt, state=PaymentState.FAILED, next_check_at=None))
        self._settling.tell_failed(uow, failed)
        return failed

    def _later(
        self, uow: UnitOfWork, *, attempt_id: str, pause: timedelta, was: PaymentAttempt
    ) -> PaymentAttempt | None:
        """Nothing has happened: as if it had not been tried, only later."""
        attempt = uow.payments.get(attempt_id)
        if attempt is None or attempt.state not in STARTABLE:
            return attempt
        return uow.payments.update(replace(attempt, tries=was.tries, next_check_at=self._clock.now() + pause))

    def _unanswered(self, uow: UnitOfWork, *, attempt_id: str) -> PaymentAttempt | None:
        attempt = uow.payments.get(attempt_id)
        if attempt is None or attempt.state not in STARTABLE:
            return attempt
        at = self._clock.now() + pause_after(attempt.tries)
        return uow.payments.update(replace(attempt, state=PaymentState.UNKNOWN, next_check_at=at))

    def _now(self, attempt_id: str) -> PaymentAttempt:
        with self._storage.read() as uow:
            attempt = uow.payments.get(attempt_id)
        if attempt is None:
            raise LookupError(f"there is no payment attempt {attempt_id}")
        return attempt
