"""What every page of the counter shares: who is signed in and the rooms they may enter."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app

from commerce.domain.team import Permission
from shoppable.counter import access
from shoppable.language import translate
from shoppable.pages.frame import page


@dataclass(frozen=True, slots=True)
class Room:
    """A line of the navigation. `label` is a sentence of ours."""

    name: str
    path: str
    label: str
    permission: Permission


ROOMS = (
    Room("team", "/staff/team", "Team", Permission.TEAM),
    Room("audit", "/staff/audit", "Record", Permission.AUDIT),
)


@dataclass(frozen=True, slots=True)
class RoomShown:
    name: str
    path: str
    label: str
    badge: int | str


def counter_page(template: str, *, room: str, status: int = 200, **values: object) -> Response:
    """A page of the counter: kept by no cache."""
    response = page(template, room=room, staff=access.member_or_none(), **values)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def rooms() -> list[RoomShown]:
    """Those that exist and that the member may enter."""
    member = access.member_or_none()
    if member is None:
        return []
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        RoomShown(each.name, each.path, translate(each.label), "")
        for each in ROOMS
        if each.path in known and member.may(each.permission)
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
