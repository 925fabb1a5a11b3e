"""The HTTP side: /v1/… for the shop, /c/pay/… for shoppers, /standin/… for whoever rehearses."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from commerce.ports import Clock
from vitrine.standins.provider import add_control
from vitrine.standins.stripe.books import StripeBooks
from vitrine.standins.stripe.checks import EXPAND, LIST, REFUND, SESSION, Form, Refused, Shape, checked, missing, nested

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

KEY = "sk_test_rehearsal_of_the_stand_in"
WEBHOOK_SECRET = "whsec_rehearsal_of_the_stand_in"  # noqa: S105 opens nothing but a stand-in
_KEYS_HOLD_S = 24 * 3600
_BEFORE_THE_WORK = frozenset({401, 403, 409, 429})


class StripeStandIn(StripeBooks):
    """See the package."""

    def __init__(
        self, *, key: str = KEY, webhook_secret: str = WEBHOOK_SECRET, clock: Clock | None = None, port: int = 0
    ) -> None:
        super().__init__(clock, port)
        self.key, self.webhook_secret = key, webhook_secret

    def signed(self, body: bytes, secret: str, url: str) -> dict[str, str]:
        stamp = int(self.now_s())
        signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        return {"Stripe-Signature": f"t={stamp},v1={signature},v0={signature[::-1]}"}

    def broken(self, status: int = 500) -> Form:
        kind = "rate_limit_error" if status == 429 else "api_error"
        return {"error": {"type": kind, "message": "An unknown error occurred"}}

    def create_app(self) -> Flask:
        app = Flask("stripe-stand-in", static_folder=None)

        @app.post("/v1/checkout/sessions")
        def create_session() -> ResponseReturnValue:
            return self._work("checkout.sessions.create", SESSION, self.create_session)

        @app.post("/v1/checkout/sessions/<ref>/expire")
        def expire_session(ref: str) -> ResponseReturnValue:
            return self._work("checkout.sessions.expire", EXPAND, lambda form: self.expire_session(ref))

        @app.get("/v1/checkout/sessions/<ref>")
        def session(ref: str) -> ResponseReturnValue:
            return self._work("checkout.sessions.retrieve", EXPAND, lambda form: self.session(ref))

        @app.get("/v1/checkout/sessions")
        def list_sessions() -> ResponseReturnValue:
            self.sweep()
            return self._work("checkout.sessions.list", LIST, lambda form: self._page("sessions", self.sessions, form))

        @app.get("/v1/payment_intents/<ref>")
        def intent(ref: str) -> ResponseReturnValue:
            return self._work("payment_intents.retrieve", EXPAND, lambda form: _of(self.intents, "payment_intent", ref))

        @app.post("/v1/refunds")
        def create_refund() -> ResponseReturnValue:
            return self._work("refunds.create", REFUND, self.create_refund)

        @app.get("/v1/refunds/<ref>")
        def refund(ref: str) -> ResponseReturnValue:
            return self._work("refunds.retrieve", EXPAND, lambda form: _of(self.refunds, "refund", ref))

        @app.get("/v1/refunds")
        def list_refunds() -> ResponseReturnValue:
            return self._work("refunds.list", LIST, lambda form: self._page("refunds", self.refunds, form))

        @app.route("/c/pay/<ref>", methods=["GET", "POST"])
        def page(ref: str) -> ResponseReturnValue:
            return self._show_page(ref)

        @app.errorhandler(HTTPException)
        def unknown(error: HTTPException) -> ResponseReturnValue:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            return _answer(error.code or 500, Refused(message).body)

        def people(ref: str, deed: str, body: dict[str, Any]) -> object:
            if deed == "pay":
                return self.pay(ref, str(body.get("how", "card")))
            if deed == "settle":
                self.settle_debit(ref, arrived=bool(body.get("arrived", True)))
                return True
            raise KeyError("pay or settle")

        add_control(app, self, people)
        return app

    # --- a call

    def _work(self, name: str, shape: dict[str, Shape], perform: Callable[[Form], Form]) -> ResponseReturnValue:
        """Who asks, what is asked, whether it was asked before; then the work."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.key.encode()):
            return _answer(401, Refused(f"Invalid API Key provided: {given[:7]}***").body)
        if not request.headers.get("Stripe-Version"):
            return _answer(400, Refused("stand-in: the version of the API must be pinned").body)
        raw = request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode()
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if len(key) > 255:
            return _answer(400, Refused("Idempotency keys can be up to 255 characters").body)
        asked = f"{request.path}\n{sorted(parse_qsl(raw, keep_blank_values=True))}"
        kept = self.keyed(key, asked, _KEYS_HOLD_S) if key else None
        if kept:
            if kept.asked != asked:
                message = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                    f"Try using a key other than '{key}' if you meant to execute a different request."
                )
                return _answer(400, Refused(message, kind="idempotency_error").body)
            if kept.answer is None:
                message = "There is currently another in-progress request using this key"
                return _answer(409, Refused(message, code="idempotency_key_in_use", kind="idempotency_error").body)
            return _answer(*kept.answer, replayed=True)
        began = True
        arguments: Form = {}

        def work() -> tuple[int, Form]:
            nonlocal began, arguments
            try:
                arguments = checked(nested(parse_qsl(raw, keep_blank_values=True)), shape)
                with self.lock:
                    return 200, self._expanded(perform(arguments), arguments.get("expand", []))
            except Refused as refusal:
                began = refusal.kept
                return refusal.status, refusal.body

        answer, done = self.answered(name, arguments, key, work)
        if key:
            # The first answer is kept, be it an error; not one from before the work began.
            self.keep(key, answer if began and (done or answer[0] not in _BEFORE_THE_WORK) else None)
        return _answer(*answer)

    def _page(self, kind: str, things: dict[str, Form], form: Form) -> Form:
        """Newest first. https://docs.stripe.com/api/pagination"""
        created = form.get("created", {})
        found = [
            thing
            for thing in reversed(things.values())
            if created.get("gte", 0) <= thing["created"] <= created.get("lte", 2**53)
            and created.get("gt", -1) < thing["created"] < created.get("lt", 2**53)
            and form.get("payment_intent", thing["payment_intent"]) == thing["payment_intent"]
        ]
        if after := form.get("starting_after"):
            names = [thing["id"] for thing in found]
            if after not in names:
                raise missing(kind, after, param="starting_after")
            found = found[names.index(after) + 1 :]
        limit = form.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refused("Invalid limit", code="parameter_invalid_integer", param="limit")
        return {"object": "list", "url": request.path, "has_more": len(found) > limit, "data": found[:limit]}

    def _expanded(self, thing: Form, expand: list[str]) -> Form:
        """A copy, with what was asked for in place of its id."""
        shown: Form = json.loads(json.dumps(thing))
        for path in expand:
            if path.startswith("data.") and thing.get("object") == "list":
                for item in shown["data"]:
                    self._expand(item, path.removeprefix("data."))
            else:
                self._expand(shown, path)
        return shown

    def _expand(self, thing: Form, path: str) -> None:
        name, _, rest = path.partition(".")
        known = {"payment_intent": self.intents, "latest_charge": self.charges, "charge": self.charges}
        if name not in known or name not in thing:
            raise Refused(f"This property cannot be expanded ({name}).", param="expand")
        if isinstance(thing[name], str):
            thing[name] = json.loads(json.dumps(known[name][thing[name]]))
        if rest and thing[name]:
            self._expand(thing[name], rest)

    # --- the page

    def _show_page(self, ref: str) -> ResponseReturnValue:
        """What a shopper sees; a POST presses a button (`how`), and sends the shopper back to the shop."""
        from flask import redirect, render_template_string

        try:
            session = self.session(ref)
        except Refused as refusal:
            return Response(str(refusal), status=404)
        if request.method == "POST" and self.pay(ref, request.form.get("how", "card")):
            return redirect(session["success_url"], 303)
        return render_template_string(_PAGE, session=session, declined=request.method == "POST")


def _of(things: dict[str, Form], kind: str, ref: str) -> Form:
    if ref not in things:
        raise missing(kind, ref)
    return things[ref]


def _answer(status: int, body: Form, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": f"req_{secrets.token_hex(7)}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")


_PAGE = """<!doctype html><html lang="en"><head><title>Stand-in for Stripe</title>
<meta name="viewport" content="width=device-width"></head><body><h1>Stand-in for Stripe</h1>
<p>{{ session.amount_total }} {{ session.currency }} (smallest units) · {{ session.status }}</p>
{% if declined %}<p role="alert">Your card has been declined.</p>{% endif %}
{% if session.status == "open" %}<form method="post">
<button name="how" value="card">Pay</button> <button name="how" value="declined">Card that is declined</button>
<button name="how" value="debit">Bank debit</button></form>{% endif %}
<p><a href="{{ session.cancel_url }}">Back to the shop</a></p></body></html>"""
