"""What Square refuses, and with which codes. https://developer.squareup.com/reference/square/enums/ErrorCode"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

# object -> its fields, of those that a shop like this one needs; any other is refused
LINK = {"idempotency_key", "description", "order", "checkout_options", "pre_populated_data", "payment_note"}
ORDER = {"location_id", "reference_id", "line_items", "pricing_options"}
LINE = {"name", "quantity", "base_price_money"}
MONEY = {"amount", "currency"}
PRICING = {"auto_apply_discounts", "auto_apply_taxes"}
OPTIONS = {"redirect_url", "allow_tipping", "ask_for_shipping_address", "enable_coupon", "enable_loyalty"}
BUYER = {"buyer_email"}
REFUND = {"idempotency_key", "payment_id", "amount_money", "reason"}

MOST_LINES = 500


class Refused(Exception):
    """An error answer."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        field: str = "",
        category: str = "INVALID_REQUEST_ERROR",
    ) -> None:
        super().__init__(detail)
        self.status = status
        error = {"category": category, "code": code, "detail": detail}
        self.body: Json = {"errors": [error | ({"field": field} if field else {})]}


def not_found(kind: str, ref: str) -> Refused:
    return Refused("NOT_FOUND", f"{kind} with id {ref} not found", status=404)


def known(value: object, fields: set[str], where: str, required: tuple[str, ...] = ()) -> Json:
    """`value` as an object of those fields. Raises Refused."""
    if not isinstance(value, dict):
        raise Refused("EXPECTED_OBJECT", "Expected an object value.", field=where)
    for name in value:
        if name not in fields:
            raise Refused(
                "UNKNOWN_BODY_PARAMETER", f"The field named {name!r} is unrecognized.", field=f"{where}.{name}"
            )
    for name in required:
        if name not in value:
            raise Refused("MISSING_REQUIRED_PARAMETER", "Field must be set.", field=f"{where}.{name}")
    return value


def text(value: object, where: str, most: int, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str):
        raise Refused("EXPECTED_STRING", "Expected a string value.", field=where)
    if len(value) > most:
        raise Refused("VALUE_TOO_LONG", f"Field must not be greater than {most} in length.", field=where)
    if not value and not may_be_empty:
        raise Refused("VALUE_EMPTY", "Field must not be blank.", field=where)
    return value


def money(value: object, where: str, currency: str) -> int:
    found = known(value, MONEY, where, ("amount", "currency"))
    amount = found["amount"]
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise Refused("EXPECTED_INTEGER", "Expected an integer value.", field=f"{where}.amount")
    if amount < 0:
        raise Refused("VALUE_TOO_LOW", "Amount must be greater than or equal to 0.", field=f"{where}.amount")
    if found["currency"] != currency:
        raise Refused("INVALID_VALUE", f"The location sells in {currency}.", field=f"{where}.currency")
    return amount


def link(body: Json, location: str, currency: str) -> int:
    """The order's total of a link that may be made. Raises Refused."""
    known(body, LINK, "body", ("order",))
    text(body.get("idempotency_key", "x"), "idempotency_key", 192)
    text(body.get("description", ""), "description", 4096, may_be_empty=True)
    text(body.get("payment_note", ""), "payment_note", 500, may_be_empty=True)
    order = known(body["order"], ORDER, "order", ("location_id", "line_items"))
    if order["location_id"] != location:
        raise Refused("INVALID_LOCATION", "The location is not one of this seller's.", field="order.location_id")
    text(order.get("reference_id", ""), "order.reference_id", 40, may_be_empty=True)
    _flags(order.get("pricing_options", {}), PRICING, "order.pricing_options")
    options = dict(body.get("checkout_options", {}))
    address = text(options.pop("redirect_url", "https://x.example"), "checkout_options.redirect_url", 2048)
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise Refused("INVALID_VALUE", "Not an address.", field="checkout_options.redirect_url")
    _flags(options, OPTIONS - {"redirect_url"}, "checkout_options")
    buyer = known(body.get("pre_populated_data", {}), BUYER, "pre_populated_data")
    if "buyer_email" in buyer and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(buyer["buyer_email"])):
        raise Refused("INVALID_EMAIL_ADDRESS", "Not an e-mail address.", field="pre_populated_data.buyer_email")
    lines = order["line_items"]
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LINES:
        raise Refused("ARRAY_LENGTH_TOO_LONG", f"Between 1 and {MOST_LINES} items.", field="order.line_items")
    total = 0
    for index, value in enumerate(lines):
        where = f"order.line_items[{index}]"
        line = known(value, LINE, where, ("quantity", "base_price_money"))
        text(line.get("name", ""), f"{where}.name", 512)
        if not re.fullmatch(r"[1-9]\d{0,11}", str(line["quantity"])) or not isinstance(line["quantity"], str):
            raise Refused("INVALID_VALUE", "Quantity must be a number in a string.", field=f"{where}.quantity")
        total += money(line["base_price_money"], f"{where}.base_price_money", currency) * int(line["quantity"])
    if total < 1:
        raise Refused("AMOUNT_TOO_LOW", "The order's total must be at least 1.", field="order")
    return total


def _flags(value: object, fields: set[str], where: str) -> None:
    for name, flag in known(value, fields, where).items():
        if not isinstance(flag, bool):
            raise Refused("EXPECTED_BOOLEAN", "Expected a boolean value.", field=f"{where}.{name}")
