"""The make-believe provider behind the shop's port, its page's buttons, its signed calls and its control."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commerce.domain.dispute import DisputeState
from commerce.domain.money import Money
from commerce.domain.payment import (
    PaymentAttempt,
    PaymentCallback,
    PaymentReport,
    PaymentRequest,
    PaymentSession,
    PaymentState,
    Refund,
    RefundReport,
    RefundState,
)
from commerce.errors import PaymentRefused
from commerce.payments.fake.behaviours import LATE_S, Fault, Tag, tags_of
from commerce.payments.fake.books import Books, DueCall, FakeRefund, FakeSession, Pages, SessionState
from commerce.payments.fake.failing import keep, never_arrived, raise_fault, raise_what_was_kept
from commerce.payments.fake.reading import callback
from commerce.payments.proofs import same, sha256_of
from commerce.ports import Clock

PAGE = "/pay/fake/"
"""The hosted page of a session is this and the session's name, under the shop's own address."""
HEADER = "fake-signature"
TOLERANCE_S = 300
_MOST_TRIES = 10
_RETRY_S = 60

_REPORTED = {
    SessionState.OPEN: PaymentState.REQUIRES_ACTION,
    SessionState.FAILED: PaymentState.FAILED,
    SessionState.CANCELED: PaymentState.CANCELED,
    SessionState.EXPIRED: PaymentState.CANCELED,
}
_REFUND_STATES = {"done": RefundState.DONE, "pending": RefundState.UNKNOWN, "failed": RefundState.FAILED}


class FakeProvider:
    """`commerce.ports.PaymentProvider` with money that is worth nothing. Safe for threads and processes."""

    name = "fake"
    is_online = True
    has_callbacks = True
    gives_back = True
    session_s: int | None = None
    currencies: frozenset[str] | None = None

    def __init__(self, path: Path, secret: str, page: str, clock: Clock) -> None:
        self._books = Books(path)
        self._secret = f"fake payments {secret}"
        self._page = page
        self._clock = clock
        self.control = FakeControl(self)

    # --- the port

    def start(self, request: PaymentRequest) -> PaymentSession:
        now = self._clock.now()
        tags = tags_of(request.email)
        asked = _fingerprint(request)
        key = request.attempt.idempotency_key
        with self._books.open() as books:
            fault = books.take_fault("start")
            kept = None if never_arrived(fault) else books.answer(key)
            session: FakeSession | None = None
            if kept is None and not never_arrived(fault):
                fault = fault or (Fault.DECLINED if Tag.START_DECLINED in tags else None)
                fault = fault or (Fault.ERROR_500_DONE if Tag.START_500 in tags else None)
                fault = fault or (Fault.TIMEOUT_DONE if Tag.START_TIMEOUT in tags else None)
                if fault in (None, Fault.TIMEOUT_DONE, Fault.ERROR_500_DONE):
                    session = books.make_session(request, now)
                    if Tag.EAGER in tags:
                        session = self._pay(books, session, now)
                keep(books, key, asked, fault, session.id if session else "")
            elif kept is not None:
                session = books.session(kept.ref, now)
        raise_what_was_kept(kept, asked)
        raise_fault(fault)
        assert session is not None
        return PaymentSession(
            session.id, self._state_of(session), f"{self._page}{session.id}", session.payment_ref, session.expires_at
        )

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        session = self._asked("look_up", attempt)
        return self._report(session) if session else None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        now = self._clock.now()
        with self._books.open() as books:
            fault = books.take_fault("cancel")
            session = books.session(attempt.session_ref or attempt.id, now)
            if session and session.state is SessionState.OPEN and fault in (None, Fault.TIMEOUT_DONE):
                session = self._end(books, session, SessionState.CANCELED, now)
        raise_fault(fault)
        return self._report(session) if session else None

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        now = self._clock.now()
        asked = f"{attempt.id} {refund.amount.minor} {refund.amount.currency}"
        with self._books.open() as books:
            fault = books.take_fault("refund")
            kept = None if never_arrived(fault) else books.answer(refund.id)
            refusal = ""
            if kept is None and not never_arrived(fault):
                session = books.session(attempt.session_ref or attempt.id, now)
                refusal = _refusal(session, refund.amount)
                if session and not refusal and fault in (None, Fault.TIMEOUT_DONE, Fault.ERROR_500_DONE):
                    self._refund(books, session, refund, now)
                keep(books, refund.id, asked, fault, refusal)
            elif kept is not None:
                refusal = kept.ref
            made = books.refund(refund.id)
        raise_what_was_kept(kept, asked)
        raise_fault(fault)
        if refusal or made is None:
            raise PaymentRefused(refusal or "no_such_payment")
        return _refund_report(made, now)

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        with self._books.open() as books:
            fault = books.take_fault("look_up_refund")
            made = books.refund(refund.id)
        raise_fault(fault)
        return _refund_report(made, self._clock.now()) if made else None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        parts = dict(part.partition("=")[::2] for part in headers.get(HEADER, "").split(","))
        at = parts.get("t", "")
        if not (at.isascii() and at.isdecimal() and len(at) < 12):
            return False
        authentic = same(parts.get("v1", ""), self._signature(int(at), body))
        return authentic and abs(now.timestamp() - int(at)) <= TOLERANCE_S

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        return callback(self.name, body)

    def list_since(self, since: datetime) -> Iterable[PaymentReport]:
        with self._books.open() as books:
            fault = books.take_fault("list_since")
            sessions = books.sessions_since(since, self._clock.now())
        raise_fault(fault)
        return [self._report(session) for session in sessions]

    # --- the page

    def session(self, ref: str) -> FakeSession | None:
        """What the hosted page shows."""
        with self._books.open() as books:
            found = books.session(ref, self._clock.now())
        return found if found and found.id == ref else None

    def pay_session(self, ref: str) -> FakeSession | None:
        """The shopper presses "pay". Nothing happens to a session that is not open; None: no such session."""
        return self._press(ref, self._pay)

    def decline_session(self, ref: str) -> FakeSession | None:
        """The shopper's card is declined, and the session is over."""
        return self._press(ref, lambda books, session, now: self._end(books, session, SessionState.FAILED, now))

    def cancel_session(self, ref: str) -> FakeSession | None:
        """The shopper gives up, and the session is over."""
        return self._press(ref, lambda books, session, now: self._end(books, session, SessionState.CANCELED, now))

    # --- calls to the shop

    def calls_due(self, limit: int = 50) -> list[tuple[DueCall, dict[str, str]]]:
        """Calls that are due with their headers, oldest first. Signed now: a repetition has a signature of its own."""
        now = self._clock.now()
        with self._books.open() as books:
            calls = books.due_calls(now, limit)
        return [(call, self.signed(call.body)) for call in calls]

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers of a call that is made now."""
        stamp = int(self._clock.now().timestamp())
        return {HEADER: f"t={stamp},v1={self._signature(stamp, body)}"}

    def deliver(self, receive: Callable[[bytes, Mapping[str, str]], bool]) -> int:
        """Makes the calls that are due; one that `receive` did not take comes again, ten times at most. How many were
        taken. Two processes that deliver at once make the same call twice: at least once, like everybody."""
        taken = 0
        for call, headers in self.calls_due():
            done = receive(call.body, headers)
            taken += done
            again_at = self._clock.now() + timedelta(seconds=_RETRY_S * call.tries)
            with self._books.open() as books:
                books.call_ended(call, taken=done or call.tries >= _MOST_TRIES, again_at=again_at)
        return taken

    # --- inside

    def _asked(self, what: str, attempt: PaymentAttempt) -> FakeSession | None:
        with self._books.open() as books:
            fault = books.take_fault(what)
            session = books.session(attempt.session_ref or attempt.id, self._clock.now())
        raise_fault(fault)
        return session

    def _press(self, ref: str, button: Callable[[Pages, FakeSession, datetime], FakeSession]) -> FakeSession | None:
        now = self._clock.now()
        with self._books.open() as books:
            session = books.session(ref, now)
            if session is None or session.id != ref or session.state is not SessionState.OPEN:
                return session if session and session.id == ref else None
            return button(books, session, now)

    def _pay(self, books: Pages, session: FakeSession, now: datetime) -> FakeSession:
        if Tag.DECLINED in session.tags:
            return self._end(books, session, SessionState.FAILED, now)
        return self._collect(books, session, now)

    def _collect(self, books: Pages, session: FakeSession, now: datetime) -> FakeSession:
        books.pay(session, session.amount.minor - (Tag.SHORT in session.tags), now)
        paid = books.session(session.id, now)
        assert paid is not None
        self._call(books, paid, "session.paid", now)
        if Tag.SHUFFLED in session.tags:
            self._call(books, session, "session.opened", session.created_at)
        return paid

    def _end(self, books: Pages, session: FakeSession, state: SessionState, now: datetime) -> FakeSession:
        books.end(session, state, now)
        ended = books.session(session.id, now)
        assert ended is not None
        self._call(books, ended, f"session.{state}", now)
        return ended

    def _refund(self, books: Pages, session: FakeSession, refund: Refund, now: datetime) -> None:
        state, done_at = "done", now
        if Tag.NO_REFUND in session.tags:
            state = "failed"
        elif Tag.SLOW_REFUND in session.tags:
            state, done_at = "pending", now + timedelta(seconds=LATE_S)
        books.make_refund(refund.id, session, refund.amount.minor, state, done_at)
        after = books.session(session.id, done_at)
        if after and state != "failed":
            self._call(books, after, "session.refunded", done_at)

    def _call(
        self,
        books: Pages,
        session: FakeSession,
        kind: str,
        at: datetime,
        refused: str = "",
        dispute: Mapping[str, object] | None = None,
    ) -> None:
        """Writes down the call that tells how the session stands, which refund will not arrive, and what the bank asks
        back."""
        if Tag.SILENT in session.tags:
            return
        what = f"{session.id} {kind} {session.refunded_minor} {refused}"
        if dispute:
            what += f"{json.dumps(dispute)} {at}"
        body = json.dumps(
            {
                "id": f"fe_{hashlib.sha256(what.encode()).hexdigest()[:24]}",
                "type": kind,
                "created": int(at.timestamp()),
                "refused_refunds": [[refused, "returned_by_the_bank"]] if refused else [],
                "disputes": [dispute] if dispute else [],
                "data": {
                    "session": session.id,
                    "attempt_id": session.attempt_id,
                    "payment": session.payment_ref,
                    "state": self._state_of(session),
                    "amount_minor": session.amount.minor,
                    "paid_minor": session.paid_minor,
                    "refunded_minor": session.refunded_minor,
                    "currency": session.amount.currency,
                },
            }
        ).encode()
        now = self._clock.now()
        due_at = max(at, now) + timedelta(seconds=LATE_S if Tag.LATE in session.tags else 0)
        for _ in range(2 if Tag.TWICE in session.tags else 1):
            books.make_call(body, due_at)

    def _state_of(self, session: FakeSession) -> PaymentState:
        if session.state is not SessionState.PAID:
            return _REPORTED[session.state]
        if not session.refunded_minor:
            return PaymentState.CAPTURED
        whole = session.refunded_minor >= session.paid_minor
        return PaymentState.REFUNDED if whole else PaymentState.PARTIALLY_REFUNDED

    def _report(self, session: FakeSession) -> PaymentReport:
        paid = session.state is SessionState.PAID
        return PaymentReport(
            self.name,
            self._state_of(session),
            attempt_id=session.attempt_id,
            session_ref=session.id,
            payment_ref=session.payment_ref,
            amount=Money(session.paid_minor, session.amount.currency) if paid else session.amount,
            refunded_minor=session.refunded_minor,
            occurred_at=self._clock.now(),
        )

    def _signature(self, at: int, body: bytes) -> str:
        return sha256_of(self._secret, f"{at}.".encode() + body).hex()


class FakeControl:
    """For tests, rehearsals and proofs: what no shopper can do."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider

    def fail(self, what: str, fault: Fault, times: int = 1) -> None:
        """The next `times` calls of `what` (start, look_up, cancel, refund, look_up_refund, list_since) fail so. In
        every process."""
        with self._provider._books.open() as books:
            books.add_fault(what, fault, times)

    def pay_late(self, ref: str) -> FakeSession | None:
        """Money comes for a session that is over: a bank debit that was on its way, a page left open."""
        now = self._provider._clock.now()
        with self._provider._books.open() as books:
            session = books.session(ref, now)
            if session is None or session.state is SessionState.PAID:
                return session
            return self._provider._collect(books, session, now)

    def bounce(self, refund_id: str) -> None:
        """The shopper's bank sends back what was given back, days later. By the refund's id, which is its key."""
        now = self._provider._clock.now()
        with self._provider._books.open() as books:
            refund = books.bounce(refund_id)
            session = books.session(refund.session_id, now) if refund else None
            if session:
                self._provider._call(books, session, "refund.bounced", now, refused=refund_id)

    def dispute(self, ref: str, state: DisputeState, *, withheld: bool = True, reason: str = "fraudulent") -> None:
        """The shopper's bank asks for the money back, or says how that stands by now."""
        now = self._provider._clock.now()
        with self._provider._books.open() as books:
            session = books.session(ref, now)
            if session:
                told = {"id": f"fd_{session.id}", "state": state.value, "withheld": withheld, "reason": reason}
                self._provider._call(books, session, "dispute.told", now, dispute=told)

    def sessions(self) -> list[FakeSession]:
        """Everything in the books, oldest first."""
        with self._provider._books.open() as books:
            return books.sessions_since(datetime(1970, 1, 1, tzinfo=UTC), self._provider._clock.now())

    def refunds(self) -> list[FakeRefund]:
        with self._provider._books.open() as books:
            return books.refunds()


# --- small things ----------------------------------------------------------------------------------------------------


def _fingerprint(request: PaymentRequest) -> str:
    attempt = request.attempt
    asked = (
        attempt.id, attempt.amount, attempt.expires_at, request.order_number, request.lines, request.language,
        request.email, request.return_url, request.cancel_url, request.description,
    )  # fmt: skip
    return hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(session: FakeSession | None, amount: Money) -> str:
    if session is None or session.state is not SessionState.PAID:
        return "no_such_payment"
    if amount.currency != session.amount.currency:
        return "wrong_currency"
    return "more_than_paid" if amount.minor > session.paid_minor - session.refunding_minor else ""


def _refund_report(refund: FakeRefund, now: datetime) -> RefundReport:
    state = "done" if refund.state == "pending" and refund.done_at <= now else refund.state
    return RefundReport(_REFUND_STATES[state], refund.id, "refund_refused" if state == "failed" else "")
