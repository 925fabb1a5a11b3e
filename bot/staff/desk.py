"""What answers one message of a member has at hand: who wrote and where, the shop, and a voice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.channels.telegram_staff.parse import StaffMessage
from bot.messages import Button
from bot.wording import words
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.team import StaffMember

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

SAY, TAPPED = "staff_words", "staff_tapped"  # kinds of rows in the outbox
REMEMBERED = timedelta(days=30)  # which message was about what
WAITS_FOR = timedelta(minutes=10)  # so long a question to a member stays open

Rows = Sequence[Sequence[Button]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What had to be asked outside before anything is written."""

    may_manage_topics: bool = False
    alike: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """One message of a member, in the transaction in which everything that follows from it is written."""

    shop: Shop
    uow: UnitOfWork
    said: StaffMessage
    member: StaffMember
    language: str
    now: datetime
    ahead: Ahead = field(default_factory=Ahead)

    def t(self, msgid: str, **values: object) -> str:
        return words(self.language, msgid, **values)

    def say(self, text: str, rows: Rows = (), *, asks: bool = False, about: str = "") -> None:
        """Answers where it was written. `about`: the customer whom answers to these words are for."""
        said = self.said
        reply_to = said.message_id if said.in_group else ""  # of a tap: nothing
        say(
            self.uow, said.chat, text, rows, now=self.now,
            topic_id=said.topic_id, reply_to=reply_to, asks=asks, about=about,
        )  # fmt: skip

    def replace(self, text: str) -> None:
        """Other words in the message whose button was tapped, without buttons."""
        say(self.uow, self.said.chat, text, now=self.now, message_id=self.said.tapped)

    def toast(self, text: str = "", *, alert: bool = False) -> None:
        """A word beside the button that was tapped; `alert`: one that has to be closed."""
        tapped(self.uow, self.said, text, self.now, alert=alert)

    # --- a question that waits for this member's answer in this chat

    def wait_for(self, what: str, **facts: object) -> None:
        self.uow.state.put(self._waiting, json.dumps({"what": what, **facts}), self.now + WAITS_FOR)

    def awaited(self) -> dict[str, Any] | None:
        kept = self.uow.state.get(self._waiting, self.now)
        found = json.loads(kept) if kept else None
        return found if isinstance(found, dict) else None

    def wait_no_more(self) -> None:
        self.uow.state.delete(self._waiting)

    @property
    def _waiting(self) -> str:
        return f"staff-waits:{self.said.chat.lane}:{self.said.user.address}"


def say(
    uow: UnitOfWork,
    chat: Contact,
    text: str,
    rows: Rows = (),
    *,
    now: datetime,
    topic_id: str = "",
    reply_to: str = "",
    asks: bool = False,
    about: str = "",
    message_id: str = "",
) -> None:
    """Puts words for a chat of the staff's bot into the outbox. `message_id`: of the message whose place they take."""
    body = {
        "text": text,
        "rows": [[asdict(button) for button in row] for row in rows],
        "topic_id": topic_id,
        "reply_to": reply_to,
        "asks": asks,
        "about": about,
        "message_id": message_id,
    }
    uow.outbox.add(OutboundMessage(chat, SAY, json.dumps(body, ensure_ascii=False)), now)


def tapped(uow: UnitOfWork, said: StaffMessage, text: str, now: datetime, *, alert: bool = False) -> None:
    """Stops the button from spinning. In a lane aside: a group that has to wait does not hold it up."""
    body = {"query_id": said.query_id, "text": text, "alert": alert}
    uow.outbox.add(OutboundMessage(said.chat.aside, TAPPED, json.dumps(body, ensure_ascii=False)), now)


def language_for(member: StaffMember | None, offered: Sequence[str], hint: str = "") -> str:
    """The member's own; else what their app speaks, where the shop does; else the shop's first."""
    spoken = (*(member.languages if member else ()), hint.partition("-")[0].lower())
    return next((language for language in spoken if language in offered), offered[0])


# --- which message of ours was about which customer


def about_key(chat: Contact, message_id: str) -> str:
    return f"staff-about:{chat.plain.lane}:{message_id}"


def remember_about(uow: UnitOfWork, chat: Contact, message_id: str, customer_id: str, now: datetime) -> None:
    uow.state.put(about_key(chat, message_id), customer_id, now + REMEMBERED)
