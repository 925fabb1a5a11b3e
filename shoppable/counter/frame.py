"""What every page of the counter shares: who is signed in, the rooms they may enter, and how many wait there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request

from commerce.domain.collecting import Stage
from commerce.domain.conversation import Voice
from commerce.domain.staff import TaskKind
from commerce.domain.team import Permission, StaffMember
from commerce.ports import UnitOfWork
from shoppable.counter import access
from shoppable.language import translate
from shoppable.pages.frame import page
from shoppable.site import site

_MOST_COUNTED = 99
_MOST_IN_A_LINE = 6
"""Rooms that stand beside one another at 1280 px in both languages; where there are more, some wait in a menu."""


@dataclass(frozen=True, slots=True)
class Room:
    """A line of the navigation. `label` is a sentence of ours. Not `daily`: in the menu of who has many rooms."""

    name: str
    path: str
    label: str
    permission: Permission
    daily: bool = False


ROOMS = (
    Room("board", "/staff", "Pick-ups", Permission.PICK_UPS, daily=True),
    Room("inbox", "/staff/inbox", "Inbox", Permission.INBOX, daily=True),
    Room("orders", "/staff/orders", "Orders", Permission.ORDERS, daily=True),
    Room("refunds", "/staff/refunds", "Refunds", Permission.REFUND_ANY, daily=True),
    Room("stock", "/staff/stock", "Stock", Permission.STOCK, daily=True),
    Room("stores", "/staff/stores", "Stores", Permission.PAUSE),
    Room("studio", "/studio", "Catalogues", Permission.PUBLISH),
    Room("reports", "/staff/reports", "Reports", Permission.REPORTS),
    Room("team", "/staff/team", "Team", Permission.TEAM),
    Room("audit", "/staff/audit", "Record", Permission.AUDIT),
)


@dataclass(frozen=True, slots=True)
class RoomShown:
    name: str
    path: str
    label: str
    badge: int | str
    in_menu: bool


def counter_page(template: str, *, room: str, status: int = 200, **values: object) -> Response:
    """A page of the counter: kept by no cache."""
    response = page(template, room=room, staff=access.member_or_none(), **values)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def wants_part(name: str) -> bool:
    """Whether the page's script asks for that part alone."""
    return request.headers.get("X-Part") == name


def store_ids_of(member: StaffMember) -> frozenset[str] | None:
    """The stores whose things they see; None: every one."""
    return None if member.works_at("") else member.store_ids


def badges(uow: UnitOfWork, member: StaffMember) -> dict[str, int]:
    """How many things wait for somebody, by room."""
    counted: dict[str, int] = {}
    if member.may(Permission.PICK_UPS):
        new = uow.pick_ups.find(store_ids=store_ids_of(member), stages=(Stage.NEW,), limit=_MOST_COUNTED)
        counted["board"] = len(new)
    if member.may(Permission.INBOX):
        lines = uow.conversations.lines(silent_bot=True, limit=_MOST_COUNTED)
        counted["inbox"] = sum(
            line.conversation.voice is Voice.NOBODY_YET
            or (line.conversation.unanswered_since is not None and line.conversation.assigned_to == member.id)
            for line in lines
        )
    if member.may(Permission.REFUND_ANY):
        counted["refunds"] = len(uow.tasks.open(kind=TaskKind.REFUND_APPROVAL, limit=_MOST_COUNTED))
    return counted


def rooms() -> list[RoomShown]:
    """Those that exist and that the member may enter."""
    member = access.member_or_none()
    if member is None:
        return []
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    with site().shop.storage.read() as uow:
        counted = badges(uow, member)
    entered = [each for each in ROOMS if each.path in known and member.may(each.permission)]
    many = len(entered) > _MOST_IN_A_LINE
    return [
        RoomShown(each.name, each.path, translate(each.label), counted.get(each.name) or "", many and not each.daily)
        for each in entered
    ]


def home() -> str:
    """Where a member begins."""
    shown = rooms()
    return shown[0].path if shown else "/staff/account"


def install(blueprint: Blueprint) -> None:
    """What the templates of the counter call."""

    @blueprint.context_processor
    def values() -> dict[str, object]:
        return {"counter_rooms": rooms, "counter_home": home, "csrf": access.csrf_token}
