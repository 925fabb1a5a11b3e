"""The inbox: one conversation beside the list of who waits, and the words that go out.

Without a script every button is a form that leads back here; with it, the parts of the page are fetched alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.conversation import (
    Answered,
    AnswerRefused,
    Conversation,
    Draft,
    NotAnswered,
    NoteKind,
    NotSpeaking,
    Reach,
)
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission, StaffMember
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import inputs
from shoppable.counter import access, facts, inbox_list, thread
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.counter.sent_photos import kept_photo
from shoppable.counter.speaking import (
    NOT_ANSWERED,
    NOT_SPEAKING,
    channel_name,
)
from shoppable.language import translate
from shoppable.site import site

ENTRIES = 60
_ID = re.compile(r"[0-9a-f]{32}")
DONE = {
    "sent": "Sent.",
    "noted": "Noted.",
    "taken": "You answer this conversation. The bot is silent.",
    "released": "Somebody else of the team has been asked.",
    "given-back": "The bot answers again.",
    "assigned": "Passed on.",
}


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class AnswerBox:
    """What is in the box in which an answer is written. `lane`: of the channel that was chosen on purpose."""

    text: str = ""
    canned_id: str = ""
    lane: str = ""
    missing: tuple[str, ...] = ()
    refused: AnswerRefused | None = None


@blueprint.get("/inbox")
@access.needs(Permission.INBOX)
def inbox() -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        values = inbox_list.shown(uow)
    template = "counter/inbox_list.html" if _wants("inbox-list") else "counter/inbox.html"
    return counter_page(template, room="inbox", talk=None, told=_done(), **values)


@blueprint.get("/inbox/<customer_id>")
@access.needs(Permission.INBOX)
def conversation(customer_id: str) -> ResponseReturnValue:
    return _conversation(customer_id, _done())


def _conversation(
    customer_id: str, told: Told | None = None, box: AnswerBox | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page, or the part of it that the script asks for."""
    member = access.member()
    with site().shop.storage.read() as uow:
        present = _present(uow, customer_id)
        if present != customer_id and request.method == "GET":
            return redirect(f"/staff/inbox/{present}", 303)
        box = box or _box(uow, member, present)
        values: dict[str, Any] = {
            "talk": facts.talk(uow, member, present, before_id=_before_id(), limit=ENTRIES),
            "answer": _answer_values(uow, present, box),
            "told": told,
        }
        if not request.headers.get("X-Part") or _wants("inbox-list"):
            values |= inbox_list.shown(uow, present)
    for part in ("inbox-list", "inbox-thread", "inbox-facts", "inbox-answer"):
        if _wants(part):
            return counter_page(f"counter/{part.replace('-', '_')}.html", room="inbox", **values)
    return counter_page("counter/inbox.html", room="inbox", status=status, **values)


@blueprint.get("/inbox/<customer_id>/photos/<int:entry_id>")
@access.needs(Permission.INBOX)
def photo(customer_id: str, entry_id: int) -> ResponseReturnValue:
    """A photo of a thread, for whoever reads the thread; gone when its time is over."""
    with site().shop.storage.read() as uow:
        data = site().shop.inbox.photo(uow, _present(uow, customer_id), entry_id) if entry_id < 2**62 else None
    if data is None:
        abort(404)
    response = Response(data, mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = "inline"
    return response


# --- writing


@blueprint.post("/inbox/<customer_id>/answer")
@access.needs(Permission.INBOX)
def answer(customer_id: str) -> ResponseReturnValue:
    shop, member = site().shop, access.member()
    text, canned_id, lane = request.form.get("text", ""), request.form.get("canned_id", "")[:32], _lane()
    closes = request.form.get("then") == "give-back"
    photo_key, trouble = kept_photo()
    if trouble:
        return _conversation(customer_id, Told(trouble, is_bad=True), AnswerBox(text, canned_id, lane), 409)

    def work(uow: UnitOfWork) -> Answered | AnswerRefused:
        present = _present(uow, customer_id)
        via = next((each.contact for each in shop.inbox.reaches(uow, present) if each.contact.lane == lane), None)
        result = shop.inbox.answer(
            uow, member, present, text,
            canned_id=canned_id,
            via=via,
            take_over=request.form.get("take_over") == "yes",
            same_again=request.form.get("same_again") == "yes",
            goodbye=closes,
            photo_key=photo_key,
        )  # fmt: skip
        if isinstance(result, Answered) and closes:
            shop.handoff.give_back(uow, member, present, result.conversation.version)
        return result

    try:
        result = write_again(shop.storage, work)
    except BaseException:
        shop.media.delete(photo_key)
        raise
    if isinstance(result, AnswerRefused):
        shop.media.delete(photo_key)
        if result.reason is NotAnswered.NOT_FOUND:
            abort(404)
        kept = AnswerBox(text, canned_id, lane, result.missing, result)
        return _conversation(customer_id, _refused(result), kept, 409)
    site().wake()
    if _wants("inbox-answer"):
        where = translate("Sent on {channel}.", channel=channel_name(result.contact.channel))
        return _conversation(customer_id, Told(where), AnswerBox())
    return _led(customer_id, "sent")


@blueprint.post("/inbox/<customer_id>/note")
@access.needs(Permission.CUSTOMERS)
def note(customer_id: str) -> ResponseReturnValue:
    shop, member, kind = site().shop, access.member(), request.form.get("kind", "")
    if kind not in {each.value for each in NoteKind}:
        abort(404)
    text = request.form.get("text", "")
    result = write_again(
        shop.storage, lambda uow: shop.inbox.note(uow, member, _present(uow, customer_id), NoteKind(kind), text)
    )
    if isinstance(result, Refused):
        return _conversation(customer_id, Told(translate(NOT_ANSWERED[result.reason]), is_bad=True), status=409)
    return _told(customer_id, "noted")


@blueprint.post("/inbox/<customer_id>/take")
@access.needs(Permission.INBOX)
def take(customer_id: str) -> ResponseReturnValue:
    return _moved(customer_id, "taken")


@blueprint.post("/inbox/<customer_id>/release")
@access.needs(Permission.INBOX)
def release(customer_id: str) -> ResponseReturnValue:
    return _moved(customer_id, "released")


@blueprint.post("/inbox/<customer_id>/give-back")
@access.needs(Permission.INBOX)
def give_back(customer_id: str) -> ResponseReturnValue:
    return _moved(customer_id, "given-back")


@blueprint.post("/inbox/<customer_id>/assign")
@access.needs(Permission.INBOX)
def assign(customer_id: str) -> ResponseReturnValue:
    return _moved(customer_id, "assigned")


def _moved(customer_id: str, done: str) -> ResponseReturnValue:
    shop, member, version = site().shop, access.member(), _version()
    to = request.form.get("to", "")[:32]

    def work(uow: UnitOfWork) -> Conversation | Refused[NotSpeaking]:
        present = _present(uow, customer_id)
        match done:
            case "taken":
                return shop.handoff.take(uow, member, present, version)
            case "released":
                return shop.handoff.release(uow, member, present, version)
            case "assigned":
                return shop.inbox.assign(uow, member, present, to, version)
            case _:
                return shop.handoff.give_back(uow, member, present, version)

    result = write_again(shop.storage, work)
    if isinstance(result, Refused):
        return _conversation(customer_id, Told(translate(NOT_SPEAKING[result.reason]), is_bad=True), status=409)
    site().wake()
    return _told(customer_id, done)


# --- what the page says


def _box(uow: UnitOfWork, member: StaffMember, customer_id: str) -> AnswerBox:
    """With the canned reply that was asked for, filled."""
    shop, canned_id = site().shop, request.args.get("canned", "")[:32]
    reply = shop.canned.get(uow, canned_id) if canned_id else None
    if reply is None:
        return AnswerBox()
    draft: Draft = shop.canned.draft(uow, reply, member, customer_id, uow.conversations.get(customer_id))
    return AnswerBox(draft.text, reply.id, missing=draft.missing)


def _answer_values(uow: UnitOfWork, customer_id: str, box: AnswerBox) -> dict[str, object]:
    shop, member = site().shop, access.member()
    reaches = shop.inbox.reaches(uow, customer_id)
    zone, now = thread.zone_of(uow, member), shop.clock.now()
    chosen = next((each for each in reaches if each.contact.lane == box.lane), None) or next(iter(reaches), None)
    return {
        "box": box,
        "chosen": _reach(chosen, zone, now) if chosen else None,
        "reaches": [_reach(each, zone, now) for each in reaches],
        "canned": [(reply.id, reply.title) for reply in uow.conversations.canned()],
        "is_taken": box.refused is not None and box.refused.reason is NotAnswered.TAKEN,
        "is_same": box.refused is not None and box.refused.reason is NotAnswered.SAME_TWICE,
        "path": f"/staff/inbox/{customer_id}",
        "kept": inbox_list.kept(),
        "customer_id": customer_id,
    }


def _reach(reach: Reach, zone: str, now: datetime) -> dict[str, object]:
    return {
        "lane": reach.contact.lane,
        "channel": channel_name(reach.contact.channel),
        "is_open": reach.is_open,
        "closes": thread.until(reach.closes_at, zone, now) if reach.closes_at else "",
    }


def _refused(refused: AnswerRefused) -> Told:
    text = translate(NOT_ANSWERED[refused.reason])
    if refused.reason is NotAnswered.TOO_LONG:
        text += " " + translate("It carries {most} signs.", most=refused.most)
    if refused.reason is NotAnswered.UNFILLED:
        text += " " + ", ".join(f"{{{place}}}" for place in refused.missing)
    if refused.reason is NotAnswered.WINDOW_CLOSED and refused.others:
        text += " " + translate("Choose another channel of theirs that is open.")
    return Told(text, is_bad=True)


# --- reading what was asked


def _present(uow: UnitOfWork, customer_id: str) -> str:
    """Who that customer is by now."""
    found = uow.customers.get(customer_id) if _ID.fullmatch(customer_id) else None
    if found is None:
        abort(404)
    return found.id


def _wants(part: str) -> bool:
    return request.headers.get("X-Part") == part


def _before_id() -> int | None:
    asked = request.args.get("before_id", "")
    return int(asked) if re.fullmatch(r"[0-9]{1,18}", asked) else None


def _version() -> int:
    given = request.form.get("version", "")
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else -1


def _lane() -> str:
    return inputs.clean(request.form.get("via", ""))[:400]


def _done() -> Told | None:
    """What was done, once: not again whenever a part of the page is fetched."""
    done = "" if request.headers.get("X-Part") else request.args.get("done", "")
    return Told(translate(DONE[done])) if done in DONE else None


def _told(customer_id: str, done: str) -> ResponseReturnValue:
    if _wants("inbox-thread"):
        return _conversation(customer_id, Told(translate(DONE[done])))
    return _led(customer_id, done)


def _led(customer_id: str, done: str) -> ResponseReturnValue:
    """The next page that a browser without the script sees."""
    kept = inbox_list.kept()
    return redirect(f"/staff/inbox/{customer_id}{kept}{'&' if kept else '?'}done={done}", 303)
