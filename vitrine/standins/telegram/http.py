"""The HTTP side: /bot<token>/<method> and /file/bot<token>/<path> for the bot, /standin/… for whoever rehearses."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from vitrine.standins.telegram.checks import Refused
from vitrine.standins.telegram.methods import perform
from vitrine.standins.telegram.screen import NoSuchButton, Shown
from vitrine.standins.telegram.state import BotState, Call, Fault

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

_UNAUTHORIZED = {"ok": False, "error_code": 401, "description": "Unauthorized"}


def create_app(bots: Sequence[BotState]) -> Flask:
    """All of them at one address, told apart by their tokens; /standin/… is about the first, or `?bot=<username>`."""
    app = Flask("telegram-stand-in", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024

    @app.route("/bot<token>/<method>", methods=["GET", "POST"])
    def call(token: str, method: str) -> ResponseReturnValue:
        api = next((bot for bot in bots if _same(token, bot.token)), None)
        if api is None:
            return jsonify(_UNAUTHORIZED), 401
        raw, uploads = _arguments()
        fault = api.fault_for(method, _with_chat(raw))
        if fault is None:
            code, answer = perform(api, method, raw, uploads)
            return _answer(code, answer)
        return _fail(api, fault, method, raw, uploads)

    @app.get("/file/bot<token>/<path:path>")
    def download(token: str, path: str) -> ResponseReturnValue:
        api = next((bot for bot in bots if _same(token, bot.token)), None)
        if api is None:
            return jsonify(_UNAUTHORIZED), 401
        if fault := api.fault_for("file", {}):
            return _fail(api, fault, "file", {}, {})
        for file in list(api.files.values()):
            if file.path == path:
                return Response(file.data, content_type="application/octet-stream")
        return jsonify({"ok": False, "error_code": 404, "description": "Not Found"}), 404

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        return jsonify({"ok": False, "error_code": code, "description": error.name}), code

    _add_control(app, bots)
    return app


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _arguments() -> tuple[dict[str, Any], dict[str, bytes]]:
    """Fields from the query, a form or JSON, and uploaded files; a file under a field's own name is attached to it."""
    raw: dict[str, Any] = dict(request.args)
    uploads: dict[str, bytes] = {}
    if request.is_json:
        body = request.get_json(silent=True)
        raw |= body if isinstance(body, dict) else {}
    else:
        raw |= request.form.to_dict()
        for name, file in request.files.items():
            uploads[name] = file.read()
            if not any(value == f"attach://{name}" or f"attach://{name}" in str(value) for value in raw.values()):
                raw[name] = f"attach://{name}"
    return raw, uploads


def _with_chat(raw: dict[str, Any]) -> dict[str, Any]:
    chat = raw.get("chat_id")
    return {**raw, "chat_id": int(chat)} if isinstance(chat, str) and chat.lstrip("-").isdecimal() else raw


def _answer(code: int, answer: dict[str, Any]) -> ResponseReturnValue:
    return Response(json.dumps(answer), status=code, content_type="application/json")


def _fail(
    api: BotState, fault: Fault, method: str, raw: dict[str, Any], uploads: dict[str, bytes]
) -> ResponseReturnValue:
    code = 0
    answer: dict[str, Any] = {}
    if fault.drop or fault.done or (fault.hang_s and not fault.status):
        code, answer = perform(api, method, raw, uploads)
    if fault.hang_s:
        time.sleep(fault.hang_s)
    if fault.drop:
        _cut_off(request.environ)
        return Response(status=500)
    if not fault.status:
        return _answer(code, answer)
    refusal: dict[str, Any] = {"ok": False, "error_code": fault.status, "description": _words(fault)}
    if fault.status == 429:
        refusal["parameters"] = {"retry_after": fault.retry_after_s}
        chat_id = _with_chat(raw).get("chat_id")
        if isinstance(chat_id, int):
            api.hush(chat_id, fault.retry_after_s)
    with api.lock:
        api.calls.append(Call(method, raw, fault.status, refusal["description"], time.monotonic()))
    return _answer(fault.status, refusal)


def _words(fault: Fault) -> str:
    if fault.status == 429:
        return f"Too Many Requests: retry after {fault.retry_after_s}"
    known = {401: "Unauthorized", 403: "Forbidden: bot was blocked by the user", 404: "Not Found", 502: "Bad Gateway"}
    return known.get(fault.status, "Internal Server Error" if fault.status >= 500 else "Bad Request")


def _cut_off(environ: dict[str, Any]) -> None:
    """Closes the connection of a request without an answer."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


# --- for whoever rehearses -------------------------------------------------------------------------------------------


def _add_control(app: Flask, bots: Sequence[BotState]) -> None:
    def asked() -> BotState:
        username = request.args.get("bot", bots[0].username)
        api = next((bot for bot in bots if bot.username == username), None)
        if api is None:
            raise NotFound
        return api

    @app.get("/standin/calls")
    def calls() -> ResponseReturnValue:
        return jsonify([{"method": c.method, "arguments": c.arguments, "code": c.code} for c in list(asked().calls)])

    @app.post("/standin/reset")
    def reset() -> ResponseReturnValue:
        asked().reset()
        return jsonify({"ok": True})

    @app.post("/standin/fail")
    def fail() -> ResponseReturnValue:
        body = _json()
        fields = {name: body[name] for name in ("status", "retry_after_s", "hang_s", "drop", "done") if name in body}
        asked().fail(str(body.get("method", "*")), times=int(body.get("times", 1)), **fields)
        return jsonify({"ok": True})

    @app.post("/standin/people")
    def people() -> ResponseReturnValue:
        body = _json()
        person = asked().person(int(body["id"]), str(body.get("name", "Léa")), str(body.get("language", "fr")))
        return jsonify(person.user)

    @app.post("/standin/people/<int:person_id>/<deed>")
    def act(person_id: int, deed: str) -> ResponseReturnValue:
        person = asked().people.get(person_id)
        if person is None:
            return jsonify({"error": "nobody has that id"}), 404
        body = _json()
        try:
            if deed == "say":
                person.say(str(body["text"]))
            elif deed == "start":
                person.start(str(body.get("parameter", "")))
            elif deed == "tap":
                return jsonify({"url": person.tap(str(body["label"]))})
            elif deed == "photo":
                person.photo(base64.b64decode(body["base64"]), str(body.get("caption", "")))
            elif deed == "location":
                person.share_location(float(body["latitude"]), float(body["longitude"]))
            elif deed == "pay":
                return jsonify(asdict(person.pay()))
            elif deed == "block":
                person.block()
            else:
                return jsonify({"error": "start, say, tap, pay, photo, location or block"}), 404
        except NoSuchButton as error:
            return jsonify({"error": str(error)}), 409
        except (KeyError, ValueError, OSError) as error:
            return jsonify({"error": f"{type(error).__name__}: {error}"}), 400
        return jsonify({"ok": True})

    @app.post("/standin/groups")
    def groups() -> ResponseReturnValue:
        body = _json()
        group = asked().group(int(body["id"]), str(body.get("title", "")), is_forum=bool(body.get("is_forum")))
        return jsonify(group.chat)

    @app.post("/standin/groups/<int(signed=True):group_id>/<deed>")
    def act_in_group(group_id: int, deed: str) -> ResponseReturnValue:
        """`person`: who does it; `topic`: where."""
        body = _json()
        api = asked()
        group, person = api.groups.get(group_id), api.people.get(int(body.get("person", 0)))
        if group is None or person is None:
            return jsonify({"error": "no such group or person"}), 404
        topic = int(body.get("topic", 0))
        try:
            if deed == "add_bot":
                group.add_bot(person, admin=bool(body.get("admin")), topics=bool(body.get("topics")))
            elif deed == "say":
                group.say(person, str(body["text"]), topic=topic, reply_to=int(body.get("reply_to", 0)))
            elif deed == "tap":
                return jsonify({"url": group.tap(person, str(body["label"]), topic=topic or None)})
            else:
                return jsonify({"error": "add_bot, say or tap"}), 404
        except NoSuchButton as error:
            return jsonify({"error": str(error)}), 409
        except (KeyError, ValueError) as error:
            return jsonify({"error": f"{type(error).__name__}: {error}"}), 400
        return jsonify({"ok": True})

    @app.get("/standin/groups/<int(signed=True):group_id>/screen")
    def group_screen(group_id: int) -> ResponseReturnValue:
        group = asked().groups.get(group_id)
        if group is None:
            return jsonify({"error": "no such group"}), 404
        topics = [{"id": number, "name": topic.name, "closed": topic.closed} for number, topic in group.topics.items()]
        messages = [{**_described(shown), "topic": group.topic_of(shown)} for shown in group.screen]
        return jsonify({"messages": messages, "topics": topics, "buttons": group.buttons})

    @app.get("/standin/payments")
    def payments() -> ResponseReturnValue:
        return jsonify([asdict(payment) for payment in list(asked().desk.payments.values())])

    @app.get("/standin/people/<int:person_id>/screen")
    def screen(person_id: int) -> ResponseReturnValue:
        person = asked().people.get(person_id)
        if person is None:
            return jsonify({"error": "nobody has that id"}), 404
        return jsonify({"messages": [_described(shown) for shown in person.screen], "buttons": person.buttons})

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        return jsonify({"error": error.description}), error.code


def _json() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise BadRequest
    return body


def _described(shown: Shown) -> dict[str, Any]:
    return {
        "message_id": shown.message_id,
        "text": shown.text,
        "photos": len(shown.photos),
        "buttons": shown.buttons,
        "keys": shown.keys,
        "asks_location": shown.asks_location,
    }
