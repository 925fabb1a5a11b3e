"""What Stripe refuses, and in which words. Fields and limits as https://docs.stripe.com/api gives them.

Only the fields that a shop like this one needs are known; any other is refused, as Stripe refuses unknown ones.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

Form = dict[str, Any]
_KEY = re.compile(r"\[([^\[\]]*)\]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LOCALES = frozenset({"auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "fr", "fr-CA", "it", "nl", "pl", "pt"})
MOST_LINES = 100
SHORTEST_S, LONGEST_S = 30 * 60, 24 * 3600

METADATA = "metadata"  # any names: at most 50, of 40 characters, with values of 500
INTEGER, BOOLEAN, TEXT, EMAIL, ADDRESS = "integer", "boolean", "text", "email", "address"
Shape = str | frozenset[str] | dict[str, "Shape"] | list["Shape"]

SESSION: dict[str, Shape] = {
    "mode": frozenset({"payment", "setup", "subscription"}),
    "client_reference_id": TEXT,
    "metadata": METADATA,
    "payment_intent_data": {"metadata": METADATA, "description": TEXT},
    "line_items": [
        {
            "quantity": INTEGER,
            "price_data": {"currency": TEXT, "unit_amount": INTEGER, "product_data": {"name": TEXT}},
        }
    ],
    "success_url": ADDRESS,
    "cancel_url": ADDRESS,
    "expires_at": INTEGER,
    "locale": _LOCALES,
    "adaptive_pricing": {"enabled": BOOLEAN},
    "customer_email": EMAIL,
    "expand": [TEXT],
}
REFUND: dict[str, Shape] = {
    "payment_intent": TEXT,
    "amount": INTEGER,
    "reason": frozenset({"duplicate", "fraudulent", "requested_by_customer"}),
    "metadata": METADATA,
    "expand": [TEXT],
}
LIST: dict[str, Shape] = {
    "created": {"gt": INTEGER, "gte": INTEGER, "lt": INTEGER, "lte": INTEGER},
    "payment_intent": TEXT,
    "limit": INTEGER,
    "starting_after": TEXT,
    "expand": [TEXT],
}
EXPAND: dict[str, Shape] = {"expand": [TEXT]}


class Refused(Exception):
    """An error answer. `kept`: part of what a key is answered, because the work had begun."""

    def __init__(
        self, message: str, *, status: int = 400, code: str = "", param: str = "", kind: str = "", kept: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.kept = status, kept
        self.body: Form = {"error": {"message": message, "type": kind or "invalid_request_error"}}
        if code:
            self.body["error"] |= {"code": code, "doc_url": f"https://docs.stripe.com/error-codes/{code}"}
        if param:
            self.body["error"]["param"] = param


def missing(kind: str, ref: str, *, param: str = "id") -> Refused:
    status = 404 if param == "id" else 400
    return Refused(f"No such {kind}: '{ref}'", status=status, code="resource_missing", param=param)


def nested(pairs: list[tuple[str, str]]) -> Form:
    """`a[b][0][c]=x` as dictionaries. https://docs.stripe.com/api (form-encoded requests)"""
    tree: Form = {}
    for name, value in pairs:
        first, *rest = [name.partition("[")[0], *_KEY.findall(name)]
        here = tree
        for part, following in zip([first, *rest], rest, strict=False):
            below = here.setdefault(part, {})
            if not isinstance(below, dict):
                raise Refused(f"Invalid {name}", param=name)
            here = below
            del following
        here[[first, *rest][-1]] = value
    return tree


def checked(form: Form, shape: dict[str, Shape], path: str = "") -> Form:
    """The fields with their types. Raises Refused for one that does not exist or is of another kind."""
    found: Form = {}
    for name, value in form.items():
        where = f"{path}[{name}]" if path else name
        if name not in shape:
            raise Refused(f"Received unknown parameter: {where}", code="parameter_unknown", param=where)
        found[name] = _typed(value, shape[name], where)
    return found


def _typed(value: Any, shape: Shape, where: str) -> Any:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise Refused(f"Invalid object: {where}", param=where)
        return checked(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, dict) or list(value) != [str(index) for index in range(len(value))]:
            raise Refused(f"Invalid array: {where}", param=where)
        return [_typed(item, shape[0], f"{where}[{index}]") for index, item in value.items()]
    if shape == METADATA:
        return _metadata(value, where)
    if not isinstance(value, str) or value == "":
        raise Refused(f"Invalid string: {where}", code="parameter_invalid_empty", param=where)
    if shape == INTEGER:
        if not re.fullmatch(r"-?\d{1,15}", value):
            raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=where)
        return int(value)
    if shape == BOOLEAN:
        if value not in ("true", "false"):
            raise Refused(f"Invalid boolean: {value}", param=where)
        return value == "true"
    if shape == EMAIL and not _EMAIL.fullmatch(value):
        raise Refused(f"Invalid email address: {value}", code="email_invalid", param=where)
    if shape == ADDRESS and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise Refused("Not a valid URL", code="url_invalid", param=where)
    if isinstance(shape, frozenset) and value not in shape:
        raise Refused(f"Invalid {where}: must be one of {', '.join(sorted(shape))}", param=where)
    return value


def _metadata(value: Any, where: str) -> Form:
    if not isinstance(value, dict) or len(value) > 50:
        raise Refused("Metadata can have up to 50 keys", param=where)
    for name, text in value.items():
        if not isinstance(text, str) or len(name) > 40 or len(text) > 500:
            raise Refused("Metadata values can have up to 500 characters", param=f"{where}[{name}]")
    return value


def session_total(form: Form, now_s: float) -> tuple[int, str]:
    """Amount and currency of a session that may be made. Raises Refused."""
    for name in ("line_items", "success_url", "mode"):
        if not form.get(name):
            raise Refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if form["mode"] != "payment":
        raise Refused("stand-in: payments only", param="mode")
    if len(form["line_items"]) > MOST_LINES:
        raise Refused("Too many line items", param="line_items")
    if len(form.get("client_reference_id", "")) > 200:
        raise Refused("client_reference_id is too long", param="client_reference_id")
    total, currencies = 0, set()
    for index, line in enumerate(form["line_items"]):
        where = f"line_items[{index}]"
        price = line.get("price_data", {})
        name = price.get("product_data", {}).get("name", "")
        if not name or len(name) > 250 or "unit_amount" not in price or "quantity" not in line:
            raise Refused("Missing or wrong part of a line item", code="parameter_missing", param=where)
        if price["unit_amount"] < 0 or line["quantity"] < 1:
            raise Refused("Invalid non-negative integer", code="parameter_invalid_integer", param=where)
        currencies.add(price.get("currency", ""))
        total += price["unit_amount"] * line["quantity"]
    if len(currencies) != 1 or not all(re.fullmatch("[a-z]{3}", currency) for currency in currencies):
        raise Refused("All line items must have the same currency, in small letters", param="line_items")
    if total < 50:
        raise Refused("The Checkout Session's total amount due must add up to at least 50", code="amount_too_small")
    expires_at = form.get("expires_at", now_s + LONGEST_S)
    if not now_s + SHORTEST_S <= expires_at <= now_s + LONGEST_S:
        raise Refused("The `expires_at` timestamp must be between 30 minutes and 24 hours from now", param="expires_at")
    return total, currencies.pop()
