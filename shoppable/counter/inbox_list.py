"""The list of the inbox: a shelf of conversations, or what was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from commerce.domain.conversation import Shelf
from commerce.domain.moments import from_us, to_us
from commerce.domain.team import Permission, StaffMember
from commerce.ports import ConversationLine, UnitOfWork
from shoppable import inputs
from shoppable.counter import access, thread
from shoppable.counter.speaking import EMPTY_SHELVES, SHELVES, channel_name
from shoppable.language import translate
from shoppable.site import site

LINES = 50
LATE_MIN = 10


@dataclass(frozen=True, slots=True)
class LineShown:
    """`key` changes when somebody begins to wait: then it rings."""

    customer_id: str
    key: str
    path: str
    name: str
    words: str
    channels: str
    when: str
    voice: str
    waits_since: str
    held_by: str
    is_mine: bool


def shown(uow: UnitOfWork, open_id: str = "") -> dict[str, Any]:
    """The list on the left: a shelf of the inbox, or what was found."""
    shop, member = site().shop, access.member()
    asked, shelf = inputs.words_of("q", longest=100), _shelf()
    zone, now = thread.zone_of(uow, member), shop.clock.now()
    names = {each.id: each.name for each in uow.team.all()}
    before = _before()
    if asked:
        lines = shop.inbox.found(uow, asked)
    else:
        lines = shop.inbox.lines(uow, member, shelf, before=before, limit=LINES)
    older = ""
    if not asked and shelf in (Shelf.ALL, Shelf.CLOSED) and len(lines) == LINES:
        older = f"/staff/inbox?{urlencode({'shelf': shelf.value, 'before': to_us(lines[-1].heard_at)})}"
    return {
        "lines": [_line(line, member, names, zone, now) for line in lines],
        "shelves": [(each.value, translate(words), each is shelf and not asked) for each, words in SHELVES.items()],
        "shelf": shelf.value,
        "asked": asked,
        "empty": translate("Nobody is known by that.") if asked else translate(EMPTY_SHELVES[shelf]),
        "open_id": open_id,
        "older": older,
        "mark": uow.conversations.last_mark(),
        "now_iso": now.isoformat(),
        "late_min": LATE_MIN,
        "may_write_replies": member.may(Permission.RULES),
    }


def _line(line: ConversationLine, member: StaffMember, names: dict[str, str], zone: str, now: datetime) -> LineShown:
    there = line.conversation
    waits = there.unanswered_since if there.bot_is_silent else None
    since = waits.isoformat() if waits else ""
    at = line.last.at if line.last else line.heard_at
    return LineShown(
        customer_id=there.customer_id,
        key=f"{there.customer_id}{'' if waits is None else to_us(waits)}",
        path=f"/staff/inbox/{there.customer_id}{kept()}",
        name=line.customer_name or translate("Unknown"),
        words=thread.last_words(line.last)[:160],
        channels=", ".join(channel_name(channel) for channel in line.channels),
        when=thread.ago(at, zone, now),
        voice=there.voice.value,
        waits_since=since,
        held_by=names.get(there.assigned_to, ""),
        is_mine=there.assigned_to == member.id,
    )


def _shelf() -> Shelf:
    asked = request.values.get("shelf", "")
    return Shelf(asked) if asked in {each.value for each in Shelf} else Shelf.WAITING


def kept() -> str:
    """Which list stands beside the conversation, for addresses."""
    asked = {"q": request.values.get("q", "")[:100]} if request.values.get("q") else {}
    if _shelf() is not Shelf.WAITING:
        asked["shelf"] = _shelf().value
    return f"?{urlencode(asked)}" if asked else ""


def _before() -> datetime | None:
    asked = request.args.get("before", "")
    return from_us(int(asked)) if re.fullmatch(r"[0-9]{1,17}", asked) else None
