"""What comes in, what goes out, who works on it, and what was said: the repositories behind conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.domain.customer import Contact
from commerce.domain.mail import DeadLetter, Direction, InboundEvent, InboxRow, OutboundMessage, OutboxRow, ThreadEntry


class InboxRepository(Protocol):
    def accept(self, event: InboundEvent, at: datetime) -> bool:
        """Stores an authentic event; False when it is already there."""
        ...

    def dead_letter(self, event: InboundEvent, error: str, at: datetime) -> bool:
        """Stores an authentic event that cannot be interpreted."""
        ...

    def waiting_lanes(self, now: datetime, limit: int, *, urgent: bool = False) -> list[str]:
        """Lanes with something to do whose lease is free, oldest first. `urgent`: those of urgent contacts alone."""
        ...

    def next_in(self, lane: str, now: datetime) -> InboxRow | None:
        """The first row of the lane that is not done, by (sent_at, id); None when it must wait for a retry."""
        ...

    def done(self, row_id: int, at: datetime) -> bool:
        """Marks it done in the transaction of its effect; False when somebody did already."""
        ...

    def failed(self, row_id: int, error: str, retry_at: datetime | None) -> None:
        """Counts a try; None sends the row to the dead letters so that the lane goes on."""
        ...

    def dead(self, limit: int) -> list[DeadLetter]:
        """Dead letters, oldest first."""
        ...

    def replay(self, row_id: int, at: datetime) -> bool:
        """A dead letter is tried again, in its old place; False when it is none."""
        ...


class OutboxRepository(Protocol):
    def add(self, message: OutboundMessage, at: datetime) -> int: ...

    def waiting_lanes(self, now: datetime, limit: int, *, urgent: bool = False) -> list[str]: ...

    def next_in(self, lane: str, now: datetime) -> OutboxRow | None:
        """The first row of the lane that is not finished; None when it must wait. Order is by id, always."""
        ...

    def sending(self, row_id: int) -> bool:
        """Commits the intention before the call, so that a crash leaves a trace."""
        ...

    def sent(self, row_id: int, provider_id: str, at: datetime) -> None: ...

    def retry(self, row_id: int, error: str, not_before: datetime) -> None: ...

    def dead(self, row_id: int, error: str) -> None: ...

    def unknown(self, row_id: int, error: str) -> None: ...

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Messages that were given up, or of which nobody knows whether they arrived; oldest first."""
        ...

    def replay(self, row_id: int, at: datetime) -> bool:
        """A dead letter goes to the end of its lane as a new message; False when it is none."""
        ...


class LeaseRepository(Protocol):
    def take(self, lane: str, owner: str, now: datetime, until: datetime) -> bool:
        """True when the lane is ours until then (free, ours already, or its lease ran out)."""
        ...

    def renew(self, lane: str, owner: str, until: datetime) -> bool:
        """Makes a lease last longer; False when we have none, be it that we have just dropped it."""
        ...

    def drop(self, lane: str, owner: str) -> None: ...


class ThreadRepository(Protocol):
    def add(self, contact: Contact, direction: Direction, body: str, at: datetime) -> int: ...

    def after(self, contact: Contact, entry_id: int, limit: int) -> list[ThreadEntry]: ...
