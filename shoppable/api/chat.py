"""The web chat over HTTP: say something, hear what is said, send a photo. A cookie says who, the origin is checked."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from commerce.domain.customer import Contact
from shoppable import inputs, streams
from shoppable.api.openapi import Operation, Parameter, describes
from shoppable.api.products import LANG
from shoppable.chat import entries, inbound, listening, recognised, session
from shoppable.chat_shapes import ChatAccepted, ChatEvents, ChatMessage, Recognised, Uploaded
from shoppable.limits import LISTEN, PHOTO, TALK
from shoppable.photos import photo_of_form, room_for_a_photo
from shoppable.security import require_same_origin
from shoppable.site import site

blueprint = Blueprint("api_chat", __name__, url_prefix="/api/v1/chat")

_LONGEST_WAIT_S = 25


@blueprint.before_request
def only_from_our_pages() -> None:
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        require_same_origin()


@blueprint.after_request
def private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return session.keep(response)


@blueprint.post("/messages")
@describes(
    Operation(
        "Say something; 202 when it is new, 200 when this message was accepted before",
        {202: ChatAccepted, 200: ChatAccepted},
        (LANG,),
        body=ChatMessage,
        problems=(403, 413, 415, 422, 429, 503),
    )
)
def say() -> ResponseReturnValue:
    said = inputs.body_as(ChatMessage)
    contact = session.current()
    inputs.take_turn("talk", TALK, contact.address if contact else None)
    contact = contact or session.current_or_new()
    new = inbound.accept(contact, said)
    with site().shop.storage.read() as uow:
        person = site().shop.handoff.is_silent(uow, contact)
    answer: ChatAccepted = {"client_msg_id": said["client_msg_id"], "duplicate": not new, "person": person}
    return jsonify(answer), 202 if new else 200


@blueprint.get("/greeting")
@describes(
    Operation(
        "Who this browser is to the shop, and what is theirs: the same data on every channel",
        {200: Recognised},
        (LANG,),
        problems=(429,),
    )
)
def greeting() -> ResponseReturnValue:
    contact = session.current()
    inputs.take_turn("listen", LISTEN, contact.address if contact else None)
    return jsonify(recognised.read(contact))


@blueprint.get("/events")
@describes(
    Operation(
        "What was said, in order: JSON, or with Accept: text/event-stream a stream that goes on",
        {200: ChatEvents},
        (
            Parameter("after", "Id of the last line that is known.", {"type": "integer", "minimum": 0, "default": 0}),
            Parameter("Last-Event-ID", "The same, as browsers send it after a break.", {"type": "integer"}, "header"),
            Parameter(
                "wait",
                "Seconds to wait for something new.",
                {"type": "integer", "minimum": 0, "maximum": _LONGEST_WAIT_S, "default": 0},
            ),
            LANG,
        ),
        problems=(400, 429, 503),
        stream=True,
    )
)
def hear() -> ResponseReturnValue:
    contact = session.current()
    inputs.take_turn("listen", LISTEN, contact.address if contact else None)
    after = _after()
    wait_s = inputs.whole_number("wait", default=0, least=0, most=_LONGEST_WAIT_S) or 0
    streaming = streams.is_wanted()
    if contact is None:
        if streaming:
            return Response(status=204)  # nobody has said anything: the browser is told not to come back
        nothing: ChatEvents = {"events": [], "last_id": after}
        return jsonify(nothing)
    if streaming:
        return _stream(contact, after)
    if not wait_s:
        return jsonify(entries.read(contact, after))
    with site().streams.one() as place:
        if not place:
            raise streams.no_place()
        return jsonify(listening.wait_for_more(contact, after, wait_s, streams.gone()))


def _after() -> int:
    text = request.headers.get("Last-Event-ID", "")
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    return inputs.whole_number("after", default=0, least=0, most=10**15) or 0


def _stream(contact: Contact, after: int) -> Response:
    lines = listening.stream(lambda entry_id: entries.read(contact, entry_id), after, streams.gone())
    return streams.answer(site().streams, lines)


@blueprint.post("/uploads")
@describes(
    Operation(
        "Send a photo, to be named in a message; deleted when its time is over",
        {201: Uploaded},
        (LANG,),
        photo=True,
        problems=(403, 413, 415, 422, 429, 503),
    )
)
def upload() -> ResponseReturnValue:
    contact = session.current()
    inputs.take_turn("photo", PHOTO, contact.address if contact else None)
    room_for_a_photo()
    photo = photo_of_form()
    answer: Uploaded = {"token": inbound.keep_photo(contact or session.current_or_new(), photo)}
    return jsonify(answer), 201


@blueprint.delete("/session")
@describes(Operation("Leave the conversation: this browser forgets it", {204: None}, problems=(403,)))
def leave() -> ResponseReturnValue:
    return session.leave(Response(status=204))
