"""What comes in and what goes out between channels and conversations: inbox, outbox, and the thread people read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.customer import Contact


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """An authentic event as the vendor sent it, not yet interpreted. (channel, account, event_id) takes effect once.

    `body` is the vendor's JSON for this one event; `sent_at` is the vendor's time, used for order inside a lane.
    """

    contact: Contact
    event_id: str
    sent_at: datetime
    body: bytes


class InboxState(StrEnum):
    NEW = "new"
    DONE = "done"
    DEAD = "dead"  # could not be understood or kept failing: an operator looks at it


@dataclass(frozen=True, slots=True)
class InboxRow:
    id: int
    event: InboundEvent
    state: InboxState
    tries: int


class OutboxState(StrEnum):
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"  # the process died or the vendor fell silent while sending
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """Something to deliver to one contact.

    `kind` is "reply" (body: a conversation's reply as JSON) or the name of a notice (body: its facts as JSON, put into
    words by the conversation layer when it is sent). `repeat_safe`: sending it twice does no harm.
    """

    contact: Contact
    kind: str
    body: str
    repeat_safe: bool = True


@dataclass(frozen=True, slots=True)
class OutboxRow:
    id: int
    message: OutboundMessage
    state: OutboxState
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event or a message that waits for a person. `box` is "in" or "out"; `what` is the event's id or the kind."""

    box: str
    id: int
    lane: str
    what: str
    state: str
    tries: int
    error: str
    at: datetime

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "at": self.at.isoformat()}


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """One line of the story of a contact, as people and pages read it. `body` is JSON (message or reply)."""

    id: int
    contact: Contact
    direction: Direction
    at: datetime
    body: str
