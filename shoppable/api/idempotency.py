"""The same request twice takes effect once: `Idempotency-Key`, remembered for two days.

Without the header: 400. The same key with another body: 422. While the first is at work: 409. Afterwards the same
answer again, whatever it was. A key whose request died half-way is taken up again after a minute.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, jsonify, request

from shoppable.api.openapi import Parameter
from shoppable.chat.session import sign
from shoppable.problems import Problem
from shoppable.site import site

KEY = Parameter(
    "Idempotency-Key", "Required. Chosen by the caller, 8 to 255 characters; the same one for every repetition.",
    where="header",
)  # fmt: skip
KEPT = timedelta(hours=48)
AT_WORK = timedelta(seconds=60)  # then its process is taken for dead
_GIVEN = re.compile(r"[\x21-\x7e]{8,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is remembered: a status and a JSON body."""

    status: int
    body: Any


def once(who: str, work: Callable[[], Answer]) -> Response:
    """The answer of `work`, done once for this caller, key and body. `work` must itself stand being done again: that
    happens when a process dies between doing and remembering."""
    given = request.headers.get("Idempotency-Key", "")
    if not given:
        raise Problem(400, "idempotency_key_required", "This needs the header Idempotency-Key.")
    if not _GIVEN.fullmatch(given):
        raise Problem(400, "idempotency_key_invalid", "Idempotency-Key must have 8 to 255 visible characters.")
    key = "once:" + sign("once", f"{request.path}\n{who}\n{given}")
    body = hashlib.sha256(request.get_data()).hexdigest()
    known = _begin(key, body)
    if known is None:
        try:
            known = work()
        except BaseException:
            _forget(key)  # nothing happened, or what happened is done again and found done
            raise
        _remember(key, body, known)
    response = jsonify(known.body)
    response.status_code = known.status
    if known.status >= 400:
        response.mimetype = "application/problem+json"
    return response


def _begin(key: str, body: str) -> Answer | None:
    """None: ours to do now."""
    shop = site().shop
    now = shop.clock.now()
    claim = json.dumps({"body": body, "until": (now + AT_WORK).timestamp()})

    def work(uow: Any) -> str | None:
        if uow.state.claim(key, claim, now + KEPT, now):
            return None
        kept: str | None = uow.state.get(key, now)
        found = json.loads(kept or "{}")
        if "answer" not in found and found.get("until", 0) <= now.timestamp() and found.get("body") == body:
            uow.state.put(key, claim, now + KEPT)
            return None
        return kept

    kept = shop.storage.write(work)
    if kept is None:
        return None
    found = json.loads(kept)
    if found["body"] != body:
        raise Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
    if "answer" not in found:
        raise Problem(409, "in_flight", "The same request is being worked on. Ask again in a moment.", retry_after_s=2)
    return Answer(found["status"], found["answer"])


def _remember(key: str, body: str, answer: Answer) -> None:
    shop = site().shop
    kept = json.dumps({"body": body, "status": answer.status, "answer": answer.body})
    shop.storage.write(lambda uow: uow.state.put(key, kept, shop.clock.now() + KEPT))


def _forget(key: str) -> None:
    site().shop.storage.write(lambda uow: uow.state.delete(key))
