"""What the make-believe provider knows: sessions, answers by key, refunds, calls to be made, faults to have.

A SQLite file of its own; every method is one immediate transaction, so threads, processes and restarts see the same
money. It holds nothing that the shop's own database would miss.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from commerce.domain.money import Money
from commerce.domain.payment import PaymentLine, PaymentRequest
from commerce.payments.fake.behaviours import Fault, Tag, tags_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, attempt_id TEXT NOT NULL, state TEXT NOT NULL, amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL, order_number INTEGER NOT NULL, email TEXT NOT NULL, language TEXT NOT NULL,
    description TEXT NOT NULL, lines TEXT NOT NULL, return_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
    created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,
    payment_id TEXT NOT NULL DEFAULT '', paid_minor INTEGER NOT NULL DEFAULT 0,
    refunding_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunding_minor <= paid_minor));
CREATE INDEX IF NOT EXISTS session_attempt ON session (attempt_id);
CREATE INDEX IF NOT EXISTS session_created ON session (created_us);
CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, asked TEXT NOT NULL, error TEXT NOT NULL, ref TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refund (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL REFERENCES session (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), state TEXT NOT NULL, done_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, due_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, taken INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS call_due ON call (taken, due_us);
CREATE TABLE IF NOT EXISTS fault (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, fault TEXT NOT NULL, times INTEGER NOT NULL);
"""
_WAIT_S = 30.0
_COLUMNS = (
    "id, attempt_id, state, amount_minor, currency, order_number, email, language, description, lines, return_url, "
    "cancel_url, created_us, expires_us, payment_id, paid_minor, refunding_minor, "
    "(SELECT coalesce(sum(r.amount_minor), 0) FROM refund AS r "
    "WHERE r.session_id = session.id AND r.state <> 'failed' AND r.done_us <= ?)"
)


class SessionState(StrEnum):
    """How a session stands. What is paid may still be refunded; nothing else moves on except by late money."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class FakeSession:
    """One request to pay, as its page shows it."""

    id: str
    attempt_id: str
    state: SessionState
    amount: Money
    order_number: int
    email: str
    language: str
    description: str
    lines: tuple[PaymentLine, ...]
    return_url: str
    cancel_url: str
    created_at: datetime
    expires_at: datetime
    payment_ref: str
    paid_minor: int
    refunding_minor: int  # asked back, whether it has arrived or not
    refunded_minor: int

    @property
    def tags(self) -> frozenset[Tag]:
        return tags_of(self.email)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a key was answered first: `error` (a Fault) or the thing that was made."""

    asked: str
    error: str
    ref: str


@dataclass(frozen=True, slots=True)
class FakeRefund:
    """Money given back, or on its way until `done_at`."""

    id: str
    session_id: str
    amount_minor: int
    state: str
    done_at: datetime


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call to the shop that is due, for the `tries`-th time."""

    seq: int
    body: bytes
    tries: int


def us(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def moment(epoch_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=epoch_us)


class Books:
    """The file. `open()` gives one transaction, committed at its end and rolled back when it raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self) -> Iterator[Pages]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=NORMAL")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'fault'").fetchone():
                _keep_a_log(db)
                db.executescript(_SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield Pages(db)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _keep_a_log(db: sqlite3.Connection) -> None:
    """Readers then need not wait for writers. SQLite does not wait here, though somebody may be opening them too."""
    last_s = time.monotonic() + _WAIT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > last_s:
                raise
            time.sleep(0.01)
        else:
            return


class Pages:
    """The books while a transaction has them open."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # --- sessions

    def make_session(self, request: PaymentRequest, now: datetime) -> FakeSession:
        attempt = request.attempt
        ref = f"fs_{secrets.token_hex(12)}"
        lines = json.dumps([[line.title, line.quantity, line.total_minor] for line in request.lines])
        self._db.execute(
            "INSERT INTO session (id, attempt_id, state, amount_minor, currency, order_number, email, language, "
            "description, lines, return_url, cancel_url, created_us, expires_us, changed_us) "
            "VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ref, attempt.id, attempt.amount.minor, attempt.amount.currency, request.order_number, request.email,
                request.language, request.description, lines, request.return_url, request.cancel_url, us(now),
                us(attempt.expires_at), us(now),
            ),
        )  # fmt: skip
        found = self.session(ref, now)
        assert found is not None
        return found

    def session(self, ref: str, now: datetime) -> FakeSession | None:
        """By its own name, or by that of the attempt that it carries. An open one whose time is over is over."""
        if not ref:
            return None
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM session WHERE id = ? OR attempt_id = ? ORDER BY created_us DESC",  # noqa: S608
            (us(now), ref, ref),
        ).fetchone()
        return _session(row, now) if row else None

    def sessions_since(self, since: datetime, now: datetime) -> list[FakeSession]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM session WHERE created_us >= ? ORDER BY created_us, id",  # noqa: S608
            (us(now), us(since)),
        )
        return [_session(row, now) for row in rows]

    def pay(self, session: FakeSession, minor: int, now: datetime) -> None:
        self._db.execute(
            "UPDATE session SET state = 'paid', paid_minor = ?, payment_id = ?, changed_us = ? WHERE id = ?",
            (minor, f"fp_{session.id.removeprefix('fs_')}", us(now), session.id),
        )

    def end(self, session: FakeSession, state: SessionState, now: datetime) -> None:
        self._db.execute("UPDATE session SET state = ?, changed_us = ? WHERE id = ?", (state, us(now), session.id))

    # --- keys

    def answer(self, key: str) -> Answer | None:
        row = self._db.execute("SELECT asked, error, ref FROM answer WHERE key = ?", (key,)).fetchone()
        return Answer(*row) if row else None

    def keep_answer(self, key: str, asked: str, *, error: str = "", ref: str = "") -> None:
        self._db.execute("INSERT INTO answer (key, asked, error, ref) VALUES (?, ?, ?, ?)", (key, asked, error, ref))

    # --- refunds

    def refund(self, key: str) -> FakeRefund | None:
        row = self._db.execute(
            "SELECT id, session_id, amount_minor, state, done_us FROM refund WHERE key = ?", (key,)
        ).fetchone()
        return _refund(row) if row else None

    def make_refund(self, key: str, session: FakeSession, minor: int, state: str, done_at: datetime) -> FakeRefund:
        ref = f"fr_{secrets.token_hex(12)}"
        self._db.execute(
            "INSERT INTO refund (id, key, session_id, amount_minor, state, done_us) VALUES (?, ?, ?, ?, ?, ?)",
            (ref, key, session.id, minor, state, us(done_at)),
        )
        if state != "failed":
            self._db.execute(
                "UPDATE session SET refunding_minor = refunding_minor + ? WHERE id = ?", (minor, session.id)
            )
        return FakeRefund(ref, session.id, minor, state, done_at)

    def bounce(self, key: str) -> FakeRefund | None:
        """The bank sends it back. None: there is no such refund, or it never went."""
        refund = self.refund(key)
        if refund is None or refund.state == "failed":
            return None
        self._db.execute("UPDATE refund SET state = 'failed' WHERE key = ?", (key,))
        self._db.execute(
            "UPDATE session SET refunding_minor = refunding_minor - ? WHERE id = ?",
            (refund.amount_minor, refund.session_id),
        )
        return refund

    def refunds(self) -> list[FakeRefund]:
        rows = self._db.execute("SELECT id, session_id, amount_minor, state, done_us FROM refund ORDER BY done_us, id")
        return [_refund(row) for row in rows]

    # --- calls to the shop

    def make_call(self, body: bytes, due_at: datetime) -> None:
        self._db.execute("INSERT INTO call (body, due_us) VALUES (?, ?)", (body, us(due_at)))

    def due_calls(self, now: datetime, limit: int) -> list[DueCall]:
        rows = self._db.execute(
            "SELECT seq, body, tries FROM call WHERE taken = 0 AND due_us <= ? ORDER BY due_us, seq LIMIT ?",
            (us(now), limit),
        )
        return [DueCall(seq, bytes(body), tries + 1) for seq, body, tries in rows]

    def call_ended(self, call: DueCall, *, taken: bool, again_at: datetime) -> None:
        self._db.execute(
            "UPDATE call SET taken = ?, tries = ?, due_us = ? WHERE seq = ?",
            (int(taken), call.tries, us(again_at), call.seq),
        )

    # --- faults

    def add_fault(self, what: str, fault: Fault, times: int) -> None:
        self._db.execute("INSERT INTO fault (what, fault, times) VALUES (?, ?, ?)", (what, fault, times))

    def take_fault(self, what: str) -> Fault | None:
        row = self._db.execute("SELECT seq, fault, times FROM fault WHERE what = ? ORDER BY seq", (what,)).fetchone()
        if row is None:
            return None
        seq, fault, times = row
        if times > 1:
            self._db.execute("UPDATE fault SET times = times - 1 WHERE seq = ?", (seq,))
        else:
            self._db.execute("DELETE FROM fault WHERE seq = ?", (seq,))
        return Fault(fault)


def _refund(row: tuple[str, str, int, str, int]) -> FakeRefund:
    ref, session_id, amount_minor, state, done_us = row
    return FakeRefund(ref, session_id, amount_minor, state, moment(done_us))


def _session(row: Sequence[object], now: datetime) -> FakeSession:
    (ref, attempt_id, state, minor, currency, number, email, language, description, lines, return_url, cancel_url,
     created_us, expires_us, payment_id, paid_minor, refunding_minor, refunded_minor) = row  # fmt: skip
    expires_at = moment(int(str(expires_us)))
    stands = SessionState(str(state))
    if stands is SessionState.OPEN and expires_at <= now:
        stands = SessionState.EXPIRED
    return FakeSession(
        id=str(ref),
        attempt_id=str(attempt_id),
        state=stands,
        amount=Money(int(str(minor)), str(currency)),
        order_number=int(str(number)),
        email=str(email),
        language=str(language),
        description=str(description),
        lines=tuple(PaymentLine(*line) for line in json.loads(str(lines))),
        return_url=str(return_url),
        cancel_url=str(cancel_url),
        created_at=moment(int(str(created_us))),
        expires_at=expires_at,
        payment_ref=str(payment_id),
        paid_minor=int(str(paid_minor)),
        refunding_minor=int(str(refunding_minor)),
        refunded_minor=int(str(refunded_minor)),
    )
