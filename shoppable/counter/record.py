"""The record: who did what to which thing, and when. For whoever runs the shop."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response
from flask.typing import ResponseReturnValue

from commerce.domain.spreadsheets import safe_cell
from commerce.domain.team import Permission, StaffMember
from commerce.ports import AuditEntry, UnitOfWork
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import translate
from shoppable.site import site

_A_PAGE = 100
_MOST_LINES = 50_000  # of a file
_COLUMNS = ("id", "at", "actor", "name", "action", "subject", "details")

# What is not here is shown by its own name.
ACTIONS = {
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "signed_out_everywhere": "Signed out everywhere",
    "sign_in_locked": "Sign-in locked after too many tries",
    "sign_in_link_made": "Sign-in link made",
    "password_set": "Password set",
    "second_factor_set": "Second factor set up",
    "second_factor_removed": "Second factor removed",
    "member_added": "Member added",
    "member_changed": "Member changed",
    "member_invited": "Member invited",
    "member_deactivated": "Member deactivated",
    "member_reactivated": "Member brought back",
    "store_paused": "Store paused",
    "store_resumed": "Store resumed",
    "set_price": "Price set",
    "put_promotion": "Promotion code written",
    "stop_promotion": "Promotion code stopped",
    "stock_sale": "Stock: sale",
    "stock_count": "Stock: count",
    "stock_damage": "Stock: damage",
    "stock_return": "Stock: return",
    "stock_safety": "Stock: units kept back",
    "order_entered": "Order entered",
    "order_moved": "Order moved on",
    "order_paid_at_counter": "Order paid at the counter",
    "order_lost": "Order lost to a sale",
    "reservation_lost": "Reservation lost to a sale",
    "refund_asked": "Refund asked for",
    "refund_approval_asked": "Refund waits for a second person",
    "refund_approved": "Refund approved",
    "refund_declined": "Refund declined",
    "refund_paid_back": "Refund paid back",
    "return_received": "Return received",
    "return_ended": "Return ended",
    "exchange_handed_over": "Exchange handed over",
    "code_locked": "Pick-up code locked",
    "conversation_taken": "Conversation taken",
    "conversation_given_back": "Conversation given back",
    "conversation_assigned": "Conversation assigned",
    "pick_up_moved": "Pick-up moved on",
    "reservation_rejected": "Reservation rejected",
    "order_rejected": "Order rejected",
    "reservation_handed_over": "Reservation handed over",
    "exchange_difference_paid": "Difference of an exchange paid",
    "no_shows_forgiven": "No-shows forgiven",
    "collecting_rules": "Pick-up rules changed",
    "stock_not_found": "Stock: not found",
    "person_wanted": "A person wanted",
    "call_back_asked": "Call-back asked for",
    "answered": "Customer answered",
    "noted": "Note written",
    "canned_reply_kept": "Canned reply written",
    "canned_reply_removed": "Canned reply removed",
    "staff_bot_bound": "Staff bot joined",
    "staff_bot_unbound": "Staff bot left",
    "task_done": "Task done",
    "withdrawal": "Withdrawal from the contract",
    "link": "Two customers joined",
    "unlink": "Customers parted again",
    "photo_deleted": "Photo deleted",
    "message_dead": "Message given up",
    "catalogue_made": "Catalogue made",
    "catalogue_saved": "Catalogue changed",
    "catalogue_published": "Catalogue published",
    "catalogue_withdrawn": "Catalogue withdrawn",
    "campaign_made": "Campaign made",
    "campaign_read_again": "Campaign read again",
    "campaign_removed": "Campaign removed",
    "brand_kept": "Brand changed",
    "post_made": "Post made",
    "post_imported": "Post brought in",
    "post_changed": "Post changed",
    "post_removed": "Post removed",
    "posts_followed": "Posts changed at their source",
    "link_made": "Short link made",
    "decline_link": "Joining declined",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for. Days are those of the shop's zone; `until` is still in it."""

    actor: str
    subject: str
    since: str
    until: str
    before_id: int | None

    @property
    def query(self) -> dict[str, str]:
        found = {"actor": self.actor, "subject": self.subject, "from": self.since, "to": self.until}
        return {key: value for key, value in found.items() if value}


@blueprint.get("/audit")
@access.needs(Permission.AUDIT)
def audit() -> ResponseReturnValue:
    asked = _asked()
    with site().shop.storage.read() as uow:
        entries = _entries(uow, asked, _A_PAGE + 1)
        members = uow.team.all()
    names = _names(members)
    return counter_page(
        "counter/audit.html",
        room="audit",
        asked=asked,
        lines=[_line(entry, names) for entry in entries[:_A_PAGE]],
        older=entries[_A_PAGE - 1].id if len(entries) > _A_PAGE else None,
        members=members,
    )


@blueprint.get("/audit.csv")
@access.needs(Permission.AUDIT)
def audit_file() -> ResponseReturnValue:
    """The same lines for a spreadsheet, which runs nothing of what is in them."""
    asked = _asked()
    with site().shop.storage.read() as uow:
        entries = _entries(uow, asked, _MOST_LINES)
        names = _names(uow.team.all())
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for entry in entries:
        details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True) if entry.details else ""
        cells = (entry.at.isoformat(), entry.actor, names.get(entry.actor, ""), entry.action, entry.subject, details)
        rows.writerow([entry.id, *map(safe_cell, cells)])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")  # the mark by which Excel knows UTF-8
    response.headers["Content-Disposition"] = "attachment; filename=record.csv"
    return response


def _asked() -> Asked:
    return Asked(
        actor=inputs.words_of("actor", longest=64),
        subject=inputs.words_of("subject", longest=255),
        since=_day("from"),
        until=_day("to"),
        before_id=inputs.whole_number("before", default=None, least=1, most=10**15 - 1),
    )


def _day(name: str) -> str:
    """A day as browsers send it; '' for anything else."""
    try:
        return datetime.fromisoformat(inputs.words_of(name, longest=10)).date().isoformat()
    except ValueError:
        return ""


def _entries(uow: UnitOfWork, asked: Asked, limit: int) -> list[AuditEntry]:
    zone = ZoneInfo(site().shop.settings.timezone)

    def begins(day: str, later: int = 0) -> datetime | None:
        moment = datetime.combine(datetime.fromisoformat(day).date(), time(), zone) if day else None
        return moment + timedelta(days=later) if moment else None

    try:
        since, until = begins(asked.since), begins(asked.until, later=1)
    except OverflowError:
        return []
    return uow.audit.find(
        actor=asked.actor, subject=asked.subject, since=since, until=until, before_id=asked.before_id, limit=limit
    )


def _names(members: list[StaffMember]) -> dict[str, str]:
    return {f"staff:{member.id}": member.name for member in members}


def _line(entry: AuditEntry, names: dict[str, str]) -> dict[str, object]:
    zone = ZoneInfo(site().shop.settings.timezone)
    action = ACTIONS.get(entry.action)
    return {
        "at": entry.at,
        "shown_at": entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "actor": names.get(entry.actor, entry.actor),
        "action": translate(action) if action else entry.action.replace("_", " ").capitalize(),
        "subject": entry.subject,
        "subject_name": names.get(entry.subject, entry.subject),
        "details": "; ".join(
            f"{key}: {_plain(value)}" for key, value in entry.details.items() if value not in ("", [])
        ),
    }


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
