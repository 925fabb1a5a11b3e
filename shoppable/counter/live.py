"""What has changed? One small answer that pages of the counter ask for once a second: mostly a 304."""

from __future__ import annotations

import hashlib
from datetime import UTC

from flask import Response, jsonify, request

from commerce.domain.team import Permission
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import badges, refunds_waiting
from shoppable.site import site


@blueprint.get("/live")
@access.needs(None)
def live() -> Response:
    member, shop = access.member(), site().shop
    with shop.storage.read() as uow:
        marks: dict[str, str | int] = {}
        if member.may(Permission.PICK_UPS):
            marks["board"] = uow.pick_ups.last_mark()
        if member.may(Permission.INBOX):
            marks["inbox"] = uow.conversations.last_mark()
        if member.may(Permission.REFUND_ANY):
            marks["refunds"] = refunds_waiting(uow)  # how many is all that an open page shows of them
        known = request.if_none_match
        tag = hashlib.sha256(f"{member.id}{member.version}{marks}".encode()).hexdigest()[:20]
        if known.contains(tag):
            return Response(status=304)
        answer = jsonify(
            {"marks": marks, "badges": badges(uow, member), "now": shop.clock.now().astimezone(UTC).isoformat()}
        )
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-store"
    return answer
