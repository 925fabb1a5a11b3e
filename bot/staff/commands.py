"""What the team writes with a slash: binding an account, the board, pauses, groups, help."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.messages import Button
from bot.staff import groups
from bot.staff.cards import headline
from bot.staff.desk import Desk, language_for, say
from bot.staff.taps import CardDeed, CardTap
from bot.wording import words
from commerce.domain.reservation import Refused
from commerce.domain.staff import NotPaused, PauseMethod
from commerce.domain.store import Store
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_moment, format_time

if TYPE_CHECKING:
    from bot.channels.telegram_staff.parse import StaffMessage
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

_TOKEN = re.compile(r"[0-9a-f]{32}")
_MOST_LISTED = 20
_METHOD = "|".join(method.value for method in PauseMethod if method)
_PAUSE = re.compile(rf"(?:(?!(?:{_METHOD})\s)(\S+)\s+)??(?:({_METHOD})\s+)?(\d{{1,5}})(?:\s+(.*))?", re.DOTALL | re.I)
_RESUME = re.compile(rf"(?:(?!(?:{_METHOD})$)(\S+))?\s*(?:\b({_METHOD}))?", re.I)


def bind(shop: Shop, uow: UnitOfWork, said: StaffMessage, now: datetime) -> bool:
    """`/start <token>` from the page of one's own account: from now on this Telegram account is that member. False for
    a /start without a token that counts."""
    token = said.words.strip()
    if not _TOKEN.fullmatch(token):
        return False
    member = shop.staff_binding.bind(uow, token, said.user)
    if member is None:
        language = language_for(None, shop.settings.languages, said.message.language_hint)
        say(uow, said.chat, words(language, "This link has expired or was already used."), now=now)
        return True
    language = language_for(member, shop.settings.languages, said.message.language_hint)
    hello = words(language, "Hello {name}. This is where you hear of pick-ups and conversations.", name=member.name)
    say(uow, said.chat, f"{hello}\n\n{_help(language, member)}", now=now)
    return True


def obey(desk: Desk) -> None:
    match desk.said.command:
        case "board":
            _board(desk)
        case "pause":
            _pause(desk)
        case "resume":
            _resume(desk)
        case "here":
            groups.here(desk)
        case "start" | "help":
            help_(desk)
        case _ if not desk.said.in_group:
            help_(desk)


def help_(desk: Desk) -> None:
    desk.say(_help(desk.language, desk.member))


def _help(language: str, member: StaffMember) -> str:
    lines = [
        words(language, "/board – what is to be collected"),
        words(language, "/pause STORE MINUTES – no online orders for a while"),
        words(language, "/pause STORE reserve (or pickup) MINUTES – no reservations, or no orders to be collected"),
        words(language, "/resume STORE – online orders again"),
    ]
    if member.may(Permission.TEAM):
        lines.append(words(language, "/here STORE (or all, or off) – in a group: what it hears of"))
    lines.append(words(language, "Answer a customer’s message and your words go to the customer."))
    return "\n".join(lines)


# --- the board


def _board(desk: Desk) -> None:
    wanted = desk.said.words.split()[:1]
    cards = desk.shop.collecting.board(desk.uow, desk.member)
    if wanted:
        cards = [card for card in cards if card.store_id.lower() == wanted[0].lower()]
    if not cards:
        desk.say(desk.t("Nothing is waiting to be collected."))
        return
    shown = cards[:_MOST_LISTED]
    rows = [
        [Button(headline(desk.shop, card, desk.language), str(CardTap(CardDeed.SHOW, card.ref, card.version)))]
        for card in shown
    ]
    text = desk.t("To be collected: {count}", count=len(cards))
    desk.say(text, rows)


# --- pauses


def _pause(desk: Desk) -> None:
    found = _PAUSE.fullmatch(desk.said.words)
    store = _store(desk, found.group(1) or "") if found else None
    if found is None or store is None:
        desk.say(desk.t("Write: /pause STORE MINUTES. Your stores: {stores}", stores=_stores(desk)))
        return
    until, method = desk.now + timedelta(minutes=int(found.group(3))), _method(found.group(2))
    actor, reason = f"staff:{desk.member.id}", found.group(4) or ""
    paused = desk.shop.pausing.pause(desk.uow, store.id, until, reason, actor=actor, method=method)
    if isinstance(paused, Refused):
        match paused.reason:
            case NotPaused.UNTIL:
                desk.say(desk.t("At least one minute, at most 31 days."))
            case NotPaused.NO_SUCH_STORE:
                desk.say(desk.t("There is no such store."))
        return
    ends = format_time if until.date() == desk.now.date() else format_moment
    values = {"store": store.name(desk.language), "time": ends(until, desk.language, store.timezone)}
    match method:
        case PauseMethod.RESERVE:
            desk.say(desk.t("{store} takes no reservations until {time}.", **values))
        case PauseMethod.PICKUP:
            desk.say(desk.t("{store} takes no orders to be collected until {time}.", **values))
        case PauseMethod.ALL:
            desk.say(desk.t("{store} takes no online orders until {time}.", **values))


def _resume(desk: Desk) -> None:
    found = _RESUME.fullmatch(desk.said.words.strip())
    store = _store(desk, found.group(1) or "") if found else None
    if found is None or store is None:
        desk.say(desk.t("Write: /resume STORE. Your stores: {stores}", stores=_stores(desk)))
        return
    name, method = store.name(desk.language), _method(found.group(2))
    if not desk.shop.pausing.resume(desk.uow, store.id, actor=f"staff:{desk.member.id}", method=method):
        desk.say(desk.t("{store} was not paused.", store=name))
        return
    match method:
        case PauseMethod.RESERVE:
            desk.say(desk.t("{store} takes reservations again.", store=name))
        case PauseMethod.PICKUP:
            desk.say(desk.t("{store} takes orders to be collected again.", store=name))
        case PauseMethod.ALL:
            desk.say(desk.t("{store} takes online orders again.", store=name))


def _method(named: str | None) -> PauseMethod:
    return PauseMethod((named or "").lower())


def _own_stores(desk: Desk) -> list[Store]:
    return [store for store in desk.uow.stores.all() if desk.member.may(Permission.PAUSE, store.id)]


def _store(desk: Desk, named: str) -> Store | None:
    """The store of that id among one's own; without a name that of the group, or the only one."""
    own, named = _own_stores(desk), named.strip().lower()
    if not named:
        chat = desk.uow.staff_chats.get(desk.said.chat) if desk.said.in_group else None
        here = chat.store_id if chat is not None else ""
        return next((store for store in own if store.id == here), own[0] if len(own) == 1 else None)
    return next((store for store in own if store.id.lower() == named), None)


def _stores(desk: Desk) -> str:
    return ", ".join(f"{store.id} ({store.name(desk.language)})" for store in _own_stores(desk)) or "–"
