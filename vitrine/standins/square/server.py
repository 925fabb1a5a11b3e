"""The HTTP side: /v2/… for the shop, /u/… for shoppers, /standin/… for whoever rehearses."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, redirect, render_template_string, request
from werkzeug.exceptions import HTTPException

from commerce.ports import Clock
from vitrine.standins.provider import add_control
from vitrine.standins.square.books import LOCATION, SquareBooks
from vitrine.standins.square.checks import Json, Refused, not_found

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

TOKEN = "EAAA-rehearsal-of-the-stand-in"  # noqa: S105 opens nothing but a stand-in
SIGNATURE_KEY = "rehearsal-signature-key"
_LINKS = "/v2/online-checkout/payment-links"
_MOST = {"payment_links": 1000, "payments": 100}


class SquareStandIn(SquareBooks):
    """See the package."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        signature_key: str = SIGNATURE_KEY,
        location: str = LOCATION,
        currency: str = "EUR",
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(clock, port, currency=currency, location=location)
        self.token, self.signature_key = token, signature_key

    def signed(self, body: bytes, secret: str, url: str) -> dict[str, str]:
        digest = hmac.new(secret.encode(), url.encode() + body, "sha256").digest()
        return {"x-square-hmacsha256-signature": base64.b64encode(digest).decode()}

    def broken(self, status: int = 500) -> Json:
        codes = {429: ("RATE_LIMIT_ERROR", "RATE_LIMITED"), 401: ("AUTHENTICATION_ERROR", "UNAUTHORIZED")}
        category, code = codes.get(status, ("API_ERROR", "INTERNAL_SERVER_ERROR"))
        return {"errors": [{"category": category, "code": code, "detail": "An error."}]}

    def create_app(self) -> Flask:
        app = Flask("square-stand-in", static_folder=None)

        @app.post(_LINKS)
        def create_link() -> ResponseReturnValue:
            return self._work("links.create", self.create_link)

        @app.get(_LINKS)
        def list_links() -> ResponseReturnValue:
            return self._work("links.list", lambda body: self._page("payment_links", list(self.links.values())))

        @app.get(f"{_LINKS}/<ref>")
        def link(ref: str) -> ResponseReturnValue:
            return self._work("links.get", lambda body: _of(self.links, "payment_link", ref))

        @app.delete(f"{_LINKS}/<ref>")
        def delete_link(ref: str) -> ResponseReturnValue:
            return self._work("links.delete", lambda body: self.delete_link(ref))

        @app.get("/v2/orders/<ref>")
        def order(ref: str) -> ResponseReturnValue:
            return self._work("orders.get", lambda body: _of(self.orders, "order", ref))

        @app.get("/v2/payments/<ref>")
        def payment(ref: str) -> ResponseReturnValue:
            return self._work("payments.get", lambda body: _of(self.payments, "payment", ref))

        @app.get("/v2/payments")
        def list_payments() -> ResponseReturnValue:
            return self._work("payments.list", lambda body: self._page("payments", self._payments_since()))

        @app.post("/v2/refunds")
        def create_refund() -> ResponseReturnValue:
            return self._work("refunds.create", self.create_refund)

        @app.get("/v2/refunds/<ref>")
        def refund(ref: str) -> ResponseReturnValue:
            return self._work("refunds.get", lambda body: _of(self.refunds, "refund", ref))

        @app.route("/u/<ref>", methods=["GET", "POST"])
        def page(ref: str) -> ResponseReturnValue:
            return self._show_page(ref)

        @app.errorhandler(HTTPException)
        def unknown(error: HTTPException) -> ResponseReturnValue:
            return _answer(error.code or 500, Refused("NOT_FOUND", "API endpoint for URL path not found.").body)

        def people(ref: str, deed: str, body: dict[str, Any]) -> object:
            if deed == "pay":
                return self.pay(ref, str(body.get("how", "card")))
            if deed == "settle":
                self.settle_debit(ref, arrived=bool(body.get("arrived", True)))
                return True
            if deed == "count":
                self.count(ref, str(body["quantity"]), str(body.get("location", "")))
                return True
            raise KeyError("pay, settle or count")

        add_control(app, self, people)
        return app

    # --- a call

    def _work(self, name: str, perform: Callable[[Json], Json]) -> ResponseReturnValue:
        """Who asks, what is asked, whether it was asked before; then the work."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return _answer(401, self.broken(401))
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", request.headers.get("Square-Version", "")):
            return _answer(400, Refused("BAD_REQUEST", "stand-in: the version of the API must be pinned").body)
        body: Json = {}
        if request.method == "POST":
            found = request.get_json(force=True, silent=True)
            if not isinstance(found, dict):
                return _answer(400, Refused("EXPECTED_JSON_BODY", "Expected a JSON body.").body)
            body = found
        key = body.get("idempotency_key", "") if request.method == "POST" else ""
        key = f"{name} {key}" if isinstance(key, str) and key else ""
        asked = json.dumps(body, sort_keys=True)
        kept = self.keyed(key, asked, None) if key else None
        if kept:
            if kept.asked != asked:
                detail = "The idempotency key can only be retried with the same request data."
                return _answer(400, Refused("IDEMPOTENCY_KEY_REUSED", detail).body)
            if kept.answer is None:
                return _answer(409, Refused("CONFLICT", "The request conflicts with another one.").body)
            return _answer(*kept.answer)

        def work() -> tuple[int, Json]:
            try:
                with self.lock:
                    return 200, json.loads(json.dumps(perform(body)))
            except Refused as refusal:
                return refusal.status, refusal.body

        answer, done = self.answered(name, body, key, work)
        if key:
            self.keep(key, done if done and done[0] == 200 else None)  # the first success is kept, an error is not
        return _answer(*answer)

    def _page(self, name: str, things: list[Json]) -> Json:
        """A page of them; the cursor is where the next one begins."""
        given = request.args.get("limit", "100")
        limit = int(given) if given.isdecimal() and 0 < int(given) <= _MOST[name] else 100
        cursor = request.args.get("cursor", "")
        first = 0
        if cursor:
            if not re.fullmatch(r"after-\d+", cursor):
                raise Refused("INVALID_CURSOR", "The pagination cursor is invalid.", field="cursor")
            first = int(cursor.removeprefix("after-"))
        page: Json = {name: things[first : first + limit]}
        return page | ({"cursor": f"after-{first + limit}"} if first + limit < len(things) else {})

    def _payments_since(self) -> list[Json]:
        since = request.args.get("begin_time", "1970-01-01T00:00:00Z")
        try:
            first = datetime.fromisoformat(since)
        except ValueError:
            raise Refused("INVALID_TIME", "Not an RFC 3339 moment.", field="begin_time") from None
        location = request.args.get("location_id", self.location)
        found = [
            payment
            for payment in self.payments.values()
            if datetime.fromisoformat(payment["created_at"]) >= first and payment["location_id"] == location
        ]
        return found if request.args.get("sort_order", "DESC") == "ASC" else found[::-1]

    # --- the page

    def _show_page(self, ref: str) -> ResponseReturnValue:
        """What a shopper sees; a POST presses a button (`how`), and sends the shopper back to the shop."""
        link = self.links.get(ref)
        if link is None:
            return Response("This checkout link is no longer available.", status=404)
        if request.method == "POST" and self.pay(f"{ref}:", request.form.get("how", "card")):
            return redirect(self.return_urls[ref] or link["url"], 303)
        order = self.orders[link["order_id"]]
        return render_template_string(_PAGE, order=order, declined=request.method == "POST")


def _of(things: dict[str, Json], kind: str, ref: str) -> Json:
    if ref not in things:
        raise not_found(kind, ref)
    return {kind: things[ref]}


def _answer(status: int, body: Json) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


_PAGE = """<!doctype html><html lang="en"><head><title>Stand-in for Square</title>
<meta name="viewport" content="width=device-width"></head><body><h1>Stand-in for Square</h1>
<p>{{ order.total_money.amount }} {{ order.total_money.currency }} (smallest units) · {{ order.state }}</p>
{% if declined %}<p role="alert">Your card was declined.</p>{% endif %}
{% if order.state == "DRAFT" %}<form method="post">
<button name="how" value="card">Pay</button> <button name="how" value="declined">Card that is declined</button>
<button name="how" value="debit">Bank debit</button></form>{% endif %}</body></html>"""
