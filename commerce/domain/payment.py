"""Payments: attempts to collect an order's total, what a provider reports of them, and refunds.

An attempt belongs to one provider and has one idempotency key, stored before the first call and used again on every
retry. What a provider reports is only believed as part of a verified object, and only ever moves an attempt forward.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commerce.domain.dispute import DisputeReport
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.errors import IllegalMove


class PaymentState(StrEnum):
    CREATED = "created"  # stored; the provider has not been asked, or has not answered yet
    REQUIRES_ACTION = "requires_action"  # the shopper has a page, an invoice or a counter to pay at
    AUTHORIZED = "authorized"
    CAPTURED = "captured"  # the money is ours
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"  # declined; the shopper may try again with another attempt
    CANCELED = "canceled"  # the provider says that it can no longer be paid
    UNKNOWN = "unknown"  # no answer: it may exist and may be paid; asked again until the provider says


_PS = PaymentState
# The table of legal moves. Late money is real money: a failed or cancelled attempt may still report a capture.
PAYMENT_MOVES: dict[PaymentState, frozenset[PaymentState]] = {
    _PS.CREATED: frozenset({_PS.REQUIRES_ACTION, _PS.AUTHORIZED, _PS.CAPTURED, _PS.FAILED, _PS.CANCELED, _PS.UNKNOWN}),
    _PS.UNKNOWN: frozenset({_PS.REQUIRES_ACTION, _PS.AUTHORIZED, _PS.CAPTURED, _PS.FAILED, _PS.CANCELED}),
    _PS.REQUIRES_ACTION: frozenset({_PS.AUTHORIZED, _PS.CAPTURED, _PS.FAILED, _PS.CANCELED, _PS.UNKNOWN}),
    _PS.AUTHORIZED: frozenset({_PS.CAPTURED, _PS.FAILED, _PS.CANCELED}),
    _PS.FAILED: frozenset({_PS.AUTHORIZED, _PS.CAPTURED, _PS.CANCELED}),
    _PS.CANCELED: frozenset({_PS.CAPTURED}),
    _PS.CAPTURED: frozenset({_PS.PARTIALLY_REFUNDED, _PS.REFUNDED}),
    _PS.PARTIALLY_REFUNDED: frozenset({_PS.REFUNDED}),
    _PS.REFUNDED: frozenset(),
}

# Attempts that may still bring money without anybody doing anything else.
OPEN_PAYMENTS = frozenset({_PS.CREATED, _PS.UNKNOWN, _PS.REQUIRES_ACTION, _PS.AUTHORIZED})
HAS_MONEY = frozenset({_PS.CAPTURED, _PS.PARTIALLY_REFUNDED, _PS.REFUNDED})


def may_move(from_state: PaymentState, to_state: PaymentState) -> bool:
    return to_state in PAYMENT_MOVES[from_state]


def check_payment_move(from_state: PaymentState, to_state: PaymentState) -> None:
    """Raises IllegalMove unless the table holds the move."""
    if not may_move(from_state, to_state):
        raise IllegalMove("payment", from_state, to_state)


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """One try to collect `amount` for one order with one provider.

    `session_ref` is the provider's name of what the shopper pays at (a Checkout Session, a payment link, an invoice);
    `payment_ref` of the payment itself, which refunds need. `next_check_at`: when we ask the provider next (None:
    nothing to ask). Amounts are in `amount`'s currency.
    """

    id: str
    order_id: str
    provider: str
    amount: Money
    state: PaymentState
    idempotency_key: str
    created_at: datetime
    expires_at: datetime
    session_ref: str = ""
    payment_ref: str = ""
    url: str = ""  # where the shopper pays, if the provider has a page
    captured_minor: int = 0
    refunding_minor: int = 0  # asked for, done or not; never more than captured
    refunded_minor: int = 0  # confirmed by the provider
    tries: int = 0
    next_check_at: datetime | None = None
    version: int = 1

    @property
    def refundable_minor(self) -> int:
        return self.captured_minor - self.refunding_minor


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """What a provider's page shows of an order. `total_minor` after discount, tax included where prices include it."""

    title: str
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """Everything a provider needs to let somebody pay. Lines and extras sum up to `attempt.amount`."""

    attempt: PaymentAttempt
    order_number: int
    lines: tuple[PaymentLine, ...]
    language: str
    email: str
    return_url: str  # the shopper comes back here whatever happened; says nothing about money
    cancel_url: str
    description: str


@dataclass(frozen=True, slots=True)
class PaymentSession:
    """The provider's answer to a start: where to pay, until when."""

    session_ref: str
    state: PaymentState = PaymentState.REQUIRES_ACTION
    url: str = ""
    payment_ref: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """What a provider says of one attempt, from a verified call or from an answer to our own question.

    An attempt is found by `attempt_id` (our reference that the provider carried) or else by `session_ref` or
    `payment_ref`. `payment_ref` is always the same name for the same money, in every report: another one on an attempt
    that was paid already is a second payment.
    `amount` is what was captured (or is to be), never what a page claimed.
    """

    provider: str
    state: PaymentState
    attempt_id: str = ""
    session_ref: str = ""
    payment_ref: str = ""
    amount: Money | None = None
    refunded_minor: int = 0
    occurred_at: datetime | None = None


class CallbackKind(StrEnum):
    PAYMENT = "payment"
    STOCK = "stock"  # a till's count: the provider also keeps a counter's stock
    IGNORED = "ignored"  # authentic, and of no interest to us


@dataclass(frozen=True, slots=True)
class PaymentCallback:
    """One authentic call of a provider. (provider, event_id) takes effect once.

    `reports` may be empty: then the attempt named by `look_up` is asked about, because the call alone does not tell
    enough (a Square payment without our reference, an event older than what we know).
    """

    provider: str
    event_id: str
    kind: CallbackKind
    occurred_at: datetime
    reports: tuple[PaymentReport, ...] = ()
    look_up: tuple[str, ...] = ()  # session or payment references
    body: bytes = field(default=b"", repr=False)
    refused_refunds: tuple[tuple[str, str], ...] = ()  # (id of a refund of ours, why): money that will not arrive
    disputes: tuple[DisputeReport, ...] = ()


class RefundState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # committed before the call
    UNKNOWN = "unknown"  # no answer: repeated with the same key, or looked up
    DONE = "done"
    FAILED = "failed"  # the provider refuses for good: a person must act


REFUNDS_IN_FLIGHT = frozenset({RefundState.SENDING, RefundState.UNKNOWN})
OPEN_REFUNDS = frozenset({RefundState.QUEUED, *REFUNDS_IN_FLIGHT})


class RefundReason(StrEnum):
    UNFULFILLABLE = "unfulfillable"  # paid, and nothing left to sell
    PAID_TWICE = "paid_twice"
    WRONG_AMOUNT = "wrong_amount"
    CANCELLED = "cancelled"
    RETURN = "return"
    WITHDRAWAL = "withdrawal"
    GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back. Its id is its idempotency key."""

    id: str
    order_id: str
    attempt_id: str
    amount: Money
    reason: RefundReason
    state: RefundState
    created_at: datetime
    next_try_at: datetime
    due_at: datetime | None = None  # the law's deadline
    provider_ref: str = ""
    tries: int = 0
    error: str = ""


class NotRefunded(StrEnum):
    """Why money could not be given back."""

    NOT_FOUND = "not_found"
    NOT_PAID = "not_paid"
    TOO_MUCH = "too_much"  # more than is left of what was paid
    DISPUTED = "disputed"  # the shopper's bank is asking for it: it would be paid back twice


@dataclass(frozen=True, slots=True)
class RefundReport:
    """What the provider says of a refund."""

    state: RefundState
    provider_ref: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was placed (or is the one placed a moment ago), and the attempt to collect its total."""

    order: Order
    attempt: PaymentAttempt


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the provider is answered: 200 kept (now or before), 401 not the provider's, 404 no such provider."""

    status: int
    is_new: bool = False


class DifferenceKind(StrEnum):
    MISSED = "missed"  # the provider has money that we had not heard of: settled now
    REFUND_MISSED = "refund_missed"  # the same for money that went back
    AMOUNT = "amount"
    NOT_OURS = "not_ours"  # money without any attempt of ours
    NOT_THERE = "not_there"  # we believe in money that the provider does not list


@dataclass(frozen=True, slots=True)
class Difference:
    """One line in which the provider's list and our ledger did not agree. Amounts in minor units."""

    kind: DifferenceKind
    provider: str
    attempt_id: str
    reference: str
    ours_minor: int
    theirs_minor: int


# In the ledger's reference of money that a provider says has gone back: what it said had gone back altogether follows.
TOLD_ALTOGETHER = ":refunded:"


class LedgerKind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"
    DISPUTE = "dispute"  # lost to the shopper's bank, or (positive) won back after all


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Money that moved, written once per (provider, reference). What left the shop is negative."""

    attempt_id: str
    kind: LedgerKind
    amount: Money
    provider: str
    reference: str
    at: datetime
