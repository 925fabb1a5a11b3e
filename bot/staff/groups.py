"""Groups of the team: which store they hear of, and whether a topic can be opened for each customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.channels.telegram_staff.parse import Happened
from bot.staff.desk import Desk
from commerce.domain.team import Permission
from commerce.ports import StaffChat

if TYPE_CHECKING:
    from bot.channels.telegram_staff.parse import StaffMessage
    from commerce.ports import UnitOfWork

EVERYWHERE, NOWHERE = "all", "off"


def here(desk: Desk) -> None:
    """`/here S1`: from now on this group hears of that store, if the owner says so."""
    said = desk.said
    if not desk.member.may(Permission.TEAM):
        desk.say(desk.t("Only an owner can say what a group hears of."))
        return
    if not said.in_group:
        desk.say(desk.t("Write this in a group to which you have added this bot."))
        return
    wanted = said.words.strip()
    if wanted.lower() == NOWHERE:
        desk.uow.staff_chats.remove(said.chat)
        _record(desk, "group_unbound", wanted)
        desk.say(desk.t("This group hears of nothing any more."))
        return
    stores = desk.uow.stores.all()
    store = next((each for each in stores if each.id.lower() == wanted.lower()), None)
    if store is None and wanted.lower() != EVERYWHERE:
        names = ", ".join(f"{each.id} ({each.name(desk.language)})" for each in stores)
        desk.say(desk.t("Write: /here STORE, or /here all. Stores: {stores}", stores=names))
        return
    has_topics = said.is_forum and desk.ahead.may_manage_topics
    desk.uow.staff_chats.put(StaffChat(said.chat, "", store.id if store else "", has_topics))
    _record(desk, "group_bound", store.id if store else EVERYWHERE)
    lines = [
        desk.t("This group hears of {store} from now on.", store=store.name(desk.language))
        if store
        else desk.t("This group hears of every store from now on.")
    ]
    if has_topics:
        lines.append(desk.t("Each customer who needs a person gets a topic."))
    elif said.is_forum:
        lines.append(desk.t("To open a topic for each customer, I need the right to manage topics."))
    else:
        lines.append(desk.t("Answer my messages about a customer and your words go to the customer."))
    desk.say("\n".join(lines))


def changed(uow: UnitOfWork, said: StaffMessage, may_manage_topics: bool) -> None:
    """The bot was removed or blocked, its rights were changed, or the group has a new id."""
    chat = uow.staff_chats.get(said.chat)
    if chat is None:
        return
    match said.happened:
        case Happened.TURNED_AWAY:
            uow.staff_chats.remove(said.chat)
        case Happened.RIGHTS if said.in_group:
            uow.staff_chats.put(replace(chat, has_topics=said.is_forum and may_manage_topics))
        case Happened.MOVED:
            uow.staff_chats.put(replace(chat, contact=replace(said.chat, address=said.moved_to)))
            uow.staff_chats.remove(said.chat)


def _record(desk: Desk, action: str, store: str) -> None:
    details = {"store": store[:64]}
    desk.uow.audit.add(f"staff:{desk.member.id}", action, desk.said.chat.lane[:255], details, desk.now)
