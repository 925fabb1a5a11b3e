"""What every page of the counter shares: who is signed in, the rooms they may enter, and how many wait there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request

from commerce.domain.collecting import Stage
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
    badge: int | None  # None: a room without a number
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
    """How many things wait for somebody, by room; no more than `_MOST_COUNTED` are counted."""
    counted: dict[str, int] = {}
    if member.may(Permission.PICK_UPS):
        stores = store_ids_of(member)
        counted["board"] = uow.pick_ups.count(store_ids=stores, stages=(Stage.NEW,), limit=_MOST_COUNTED)
    if member.may(Permission.INBOX):
        counted["inbox"] = uow.conversations.waiting_for(member.id, _MOST_COUNTED)
    if member.may(Permission.REFUND_ANY):
        counted["refunds"] = refunds_waiting(uow)
    return counted


def refunds_waiting(uow: UnitOfWork) -> int:
    return uow.tasks.count_open(TaskKind.REFUND_APPROVAL, _MOST_COUNTED)


def rooms() -> list[RoomShown]:
    """Those of the member, with what waits there: counted at each call."""
    member = access.member_or_none()
    if member is None:
        return []
    entered = _entered(member)
    with site().shop.storage.read() as uow:
        counted = badges(uow, member)
    many = len(entered) > _MOST_IN_A_LINE
    return [
        RoomShown(each.name, each.path, translate(each.label), counted.get(each.name), many and not each.daily)
        for each in entered
    ]


def home() -> str:
    """Where a member begins."""
    member = access.member_or_none()
    entered = _entered(member) if member is not None else []
    return entered[0].path if entered else "/staff/account"


def _entered(member: StaffMember) -> list[Room]:
    """Those that exist and that the member may enter."""
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [each for each in ROOMS if each.path in known and member.may(each.permission)]


def install(blueprint: Blueprint) -> None:
    """What the templates of the counter call."""

    @blueprint.context_processor
    def values() -> dict[str, object]:
        return {"counter_rooms": rooms, "counter_home": home, "csrf": access.csrf_token}
