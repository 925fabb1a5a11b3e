"""What the buttons of the staff's bot do, as the 64 bytes that Telegram brings back. A button carries the version that
was seen, so that a card of yesterday changes nothing today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason

_ID = re.compile(r"[0-9a-f]{32}")
_LETTERS = {PickUpKind.RESERVATION: "r", PickUpKind.ORDER: "o"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_LARGEST_VERSION = 2**31


class CardDeed(StrEnum):
    """What can be done with something to be collected."""

    SHOW = "show"
    ACCEPT = "accept"
    READY = "ready"
    REASONS = "reasons"  # ask why it is rejected
    REJECT = "reject"
    BACK = "back"  # the card again, in place of the reasons
    CODE = "code"  # ask for the code
    HAND = "hand"  # to the shopper, once the code was right
    HAND_PROXY = "proxy"  # to somebody they sent


class TalkDeed(StrEnum):
    """What can be done with a conversation."""

    TAKE = "take"
    GIVE_BACK = "give"
    CALL = "call"  # write down a telephone call


@dataclass(frozen=True, slots=True)
class CardTap:
    deed: CardDeed
    ref: PickUpRef
    version: int
    reason: RejectReason | None = None
    paid: bool = False  # what was due has just been taken at the till

    def __str__(self) -> str:
        tail = self.reason.value if self.reason else "paid" if self.paid else ""
        return f"c:{self.deed.value}:{_LETTERS[self.ref.kind]}:{self.ref.id}:{self.version}:{tail}".rstrip(":")


@dataclass(frozen=True, slots=True)
class TalkTap:
    deed: TalkDeed
    customer_id: str
    version: int

    def __str__(self) -> str:
        return f"t:{self.deed.value}:{self.customer_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class TaskTap:
    """« Done » under a task."""

    task_id: str

    def __str__(self) -> str:
        return f"d:{self.task_id}"


def read_tap(data: str) -> CardTap | TalkTap | TaskTap | None:
    """None for anything that is no button of ours."""
    parts = data.split(":")
    try:
        match parts:
            case ["c", deed, letter, subject, version, *rest] if _ID.fullmatch(subject) and len(rest) < 2:
                tail = rest[0] if rest else ""
                paid = tail == "paid"
                reason = RejectReason(tail) if tail and not paid else None
                ref = PickUpRef(_KINDS[letter], subject)
                return CardTap(CardDeed(deed), ref, _version(version), reason, paid)
            case ["t", deed, customer_id, version] if _ID.fullmatch(customer_id):
                return TalkTap(TalkDeed(deed), customer_id, _version(version))
            case ["d", task_id] if _ID.fullmatch(task_id):
                return TaskTap(task_id)
    except (ValueError, KeyError):
        return None
    return None


def _version(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 11 and int(text) < _LARGEST_VERSION):
        raise ValueError("no version")
    return int(text)
