"""The HTTP side: the Graph API for the shop, pictures and pages for everybody, /standin/… for whoever rehearses."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, render_template_string, request
from werkzeug.exceptions import HTTPException

from vitrine.standins.instagram import checks
from vitrine.standins.instagram.books import USERNAME, InstagramBooks, code_of
from vitrine.standins.instagram.checks import Json, Refused
from vitrine.standins.provider import add_control

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


class InstagramStandIn(InstagramBooks):
    """See the package."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def signed(self, body: bytes, secret: str, url: str) -> dict[str, str]:
        return {}  # it calls nobody

    def broken(self, status: int = 500) -> Json:
        if status == 429:
            return Refused(4, "(#4) Application request limit reached").body
        return Refused(2, "An unexpected error has occurred. Please retry your request later.").body

    def create_app(self) -> Flask:
        app = Flask("instagram-stand-in", static_folder=None)

        @app.get("/<version>/<account>/media")
        def media(version: str, account: str) -> ResponseReturnValue:
            def work() -> Json:
                checks.version(version)
                if account not in ("me", self.account):
                    raise Refused(100, f"Unsupported get request. Object with ID '{account}' does not exist")
                asked = request.args
                page = self.list_media(asked.get("fields", ""), asked.get("limit", ""), asked.get("after", ""))
                if page.pop("has_next", False):
                    again = {**asked.to_dict(), "after": page["paging"]["cursors"]["after"]}
                    page["paging"]["next"] = f"{self.url}/{version}/{account}/media?{urlencode(again)}"
                return page

            return self._work("media", work)

        @app.get("/refresh_access_token")
        def refresh() -> ResponseReturnValue:
            asked = request.args
            return self._work("refresh", lambda: self.renew(asked.get("grant_type", ""), asked.get("access_token", "")))

        @app.get("/media/<name>/<int:at>.jpg")
        def picture(name: str, at: int) -> ResponseReturnValue:
            with self.lock:
                found = next((each for each in self.media if each.id == name), None)
                if found is None or at >= len(found.pictures) or found.is_claimed:
                    return Response("URL signature expired", status=403)
                return Response(found.pictures[at], mimetype="image/jpeg")

        @app.get("/p/<code>/")
        def page(code: str) -> ResponseReturnValue:
            with self.lock:
                found = next((each for each in self.media if code_of(each.id) == code), None)
            if found is None:
                return Response("Sorry, this page isn't available.", status=404)
            return render_template_string(
                _PAGE, name=USERNAME, media=found, pictures=range(0 if found.is_claimed else len(found.pictures))
            )

        @app.errorhandler(HTTPException)
        def unknown(error: HTTPException) -> ResponseReturnValue:
            return _answer(error.code or 500, Refused(2500, "Unknown path components").body)

        def people(ref: str, deed: str, body: dict[str, Any]) -> object:
            """`ref`: a media's id, or "account"."""
            match deed:
                case "publish":
                    return self.publish(str(body["caption"]), *_pictures(body), is_video=bool(body.get("is_video")))
                case "edit":
                    self.edit(ref, str(body["caption"]))
                case "delete":
                    self.delete(ref)
                case "claim":
                    self.claim(ref)
                case "end-token":
                    self.end_token(str(body.get("why", "expired")))
                case "limit":
                    self.limit(int(body.get("minutes", 10)))
                case _:
                    raise KeyError("publish, edit, delete, claim, end-token or limit")
            return True

        add_control(app, self, people)
        return app

    def _work(self, name: str, perform: Callable[[], Json]) -> ResponseReturnValue:
        """Who asks and whether they may; then the work. What was called is kept without the token."""
        headers: dict[str, str] = {}

        def work() -> tuple[int, Json]:
            try:
                with self.lock:
                    self.allow(request.args.get("access_token", ""))
                    return 200, json.loads(json.dumps(perform()))
            except Refused as refusal:
                if refusal.minutes:
                    headers["X-Business-Use-Case-Usage"] = self._usage(refusal.minutes)
                return refusal.status, refusal.body

        arguments = {key: value for key, value in request.args.items() if key != "access_token"}
        answer, _ = self.answered(name, arguments, "", work)
        return _answer(*answer, headers)

    def _usage(self, minutes: int) -> str:
        usage = {"type": "instagram", "call_count": 100, "total_cputime": 20, "total_time": 20}
        return json.dumps({self.account: [usage | {"estimated_time_to_regain_access": minutes}]})


def _pictures(body: dict[str, Any]) -> list[bytes]:
    """In Base64."""
    try:
        return [base64.b64decode(each, validate=True) for each in body["pictures"]]
    except (binascii.Error, TypeError) as error:
        raise KeyError("pictures: Base64") from error


def _answer(status: int, body: Json, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json", headers=headers)


_PAGE = """<!doctype html><html lang="en"><head><title>Stand-in for Instagram</title>
<meta name="viewport" content="width=device-width"></head><body><h1>{{ name }}</h1><p>Stand-in for Instagram</p>
{% for at in pictures %}<img src="/media/{{ media.id }}/{{ at }}.jpg" alt="" width="300">{% endfor %}
<p style="white-space: pre-wrap">{{ media.caption }}</p></body></html>"""
