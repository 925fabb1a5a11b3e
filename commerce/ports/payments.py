"""Money: what is stored of collecting it and giving it back, and the providers that do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.domain.mail import DeadLetter
from commerce.domain.payment import (
    LedgerEntry,
    PaymentAttempt,
    PaymentCallback,
    PaymentReport,
    PaymentRequest,
    PaymentSession,
    Refund,
    RefundReport,
    RefundState,
)


class PaymentRepository(Protocol):
    """Attempts, the ledger and refunds."""

    def add(self, attempt: PaymentAttempt) -> None: ...

    def get(self, attempt_id: str, *, locked: bool = False) -> PaymentAttempt | None:
        """`locked`: as it is now that nobody else changes it until the caller's transaction ends. Whoever works out a
        sum from its sums needs that: they change without a new version."""
        ...

    def of_order(self, order_id: str, *, locked: bool = False) -> list[PaymentAttempt]:
        """Oldest first. `locked`: see `get`."""
        ...

    def by_reference(self, provider: str, reference: str) -> PaymentAttempt | None:
        """By session or payment reference."""
        ...

    def update(self, attempt: PaymentAttempt) -> PaymentAttempt:
        """Writes the attempt if the stored version is `attempt.version`, with the next version; else StaleVersion.
        IllegalMove for a state that the stored one may not move to. The sums of refunds are not written: the methods
        below change them."""
        ...

    def due(self, now: datetime, limit: int) -> list[PaymentAttempt]:
        """Attempts whose `next_check_at` has come, oldest first."""
        ...

    def changed_since(self, provider: str, since: datetime) -> list[PaymentAttempt]:
        """Attempts made since then: for comparing with the provider's list."""
        ...

    def enter(self, entry: LedgerEntry) -> bool:
        """Appends to the ledger; False when (provider, kind, reference) is there already."""
        ...

    def ledger(self, attempt_id: str) -> list[LedgerEntry]: ...

    def reserve_refund(self, attempt_id: str, amount_minor: int) -> bool:
        """Adds to `refunding_minor` by a guarded statement; False when more would be asked back than was captured."""
        ...

    def release_refund(self, attempt_id: str, amount_minor: int) -> None:
        """A refund failed for good: its amount may be asked back again."""
        ...

    def confirm_refund(self, attempt_id: str, amount_minor: int) -> None:
        """Adds to `refunded_minor`."""
        ...

    def regain(self, attempt_id: str, amount_minor: int) -> None:
        """What was lost came back: takes it from `refunded_minor` and `refunding_minor`."""
        ...

    def add_refund(self, refund: Refund) -> None: ...

    def refund(self, refund_id: str) -> Refund | None: ...

    def refunds_of(self, order_id: str) -> list[Refund]: ...

    def move_refund(
        self,
        refund: Refund,
        state: RefundState,
        *,
        next_try_at: datetime | None = None,
        provider_ref: str | None = None,
        error: str | None = None,
        count_try: bool = False,
    ) -> bool:
        """Writes the move if the stored state and tries are still `refund`'s; False when somebody was faster."""
        ...

    def refunds_due(self, now: datetime, limit: int) -> list[Refund]:
        """Queued, unknown, or left `sending` by a process that died (their `next_try_at` has come)."""
        ...


class PaymentCallRepository(Protocol):
    """Providers' calls, kept in the moment in which they come."""

    def accept(self, callback: PaymentCallback, at: datetime) -> int | None:
        """Stores an authentic call; its row id, or None when it is there already."""
        ...

    def waiting(self, now: datetime, limit: int) -> list[tuple[int, str, bytes, int]]:
        """(row id, provider, body, tries) of calls that have not taken effect, oldest first."""
        ...

    def done(self, row_id: int) -> bool:
        """In the transaction of its effect; False when it has taken effect already."""
        ...

    def failed(self, row_id: int, error: str, not_before: datetime | None) -> None:
        """Counts a try; None: dead letter."""
        ...

    def dead(self, limit: int) -> list[DeadLetter]:
        """Calls that wait for a person, oldest first; their lane is the provider."""
        ...

    def replay(self, row_id: int, at: datetime) -> bool:
        """A dead letter is tried again; False when it is none."""
        ...

    def done_before(self, before: datetime, limit: int) -> list[int]:
        """Row ids of calls that came until then and have taken effect, oldest first. Those that wait for their turn or
        for a person are not among them."""
        ...

    def delete(self, row_ids: Sequence[int]) -> int:
        """Of those that have taken effect; how many. From then on one that comes again is a new one."""
        ...


class PaymentProvider(Protocol):
    """One way of collecting money. Adapters raise RetryLater (nothing happened, wait), PaymentRefused (never) or
    PaymentUnknown (no answer: it may have happened); anything else is a surprise.

    Every call for one attempt or refund carries its idempotency key where the provider has such a thing, so that asking
    twice does it once. Secrets that are not set mean that there is no such provider.
    """

    name: str
    is_online: bool  # False: paid at the counter, nothing to call
    has_callbacks: bool  # it calls POST /hooks/{name}; False: no such route (Telegram's news comes to the bot)
    gives_back: bool  # False: money goes back by a person's hand (a till, another company's page), who says so
    session_s: int | None  # how long a session can be paid; None: as long as we say
    currencies: frozenset[str] | None  # None: all

    def start(self, request: PaymentRequest) -> PaymentSession: ...

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """What the provider says of it now, by reference or by our own id that it carries; None: it knows nothing."""
        ...

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        """Ends the session so that it can no longer be paid, and says how it stands then. None: it was never there."""
        ...

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport: ...

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None: ...

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        """Whether these bytes are the provider's. Constant time; False for anything odd, never an exception.

        `url` is the address of ours that the provider calls, from settings. Header names are in small letters.
        """
        ...

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        """Of verified bytes. Raises ValueError for what cannot be read: a dead letter."""
        ...

    def list_since(self, since: datetime) -> Iterable[PaymentReport] | None:
        """What the provider knows of payments since then, for the daily comparison. None: it keeps no list."""
        ...
