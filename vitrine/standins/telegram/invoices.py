"""Paying inside Telegram: invoices, the last question before the charge, and the message that says it was paid.

https://core.telegram.org/bots/payments
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from vitrine.standins.telegram import checks
from vitrine.standins.telegram.checks import bad, utf16

TITLE, DESCRIPTION, PAYLOAD_BYTES = 32, 255, 128  # https://core.telegram.org/bots/api#sendinvoice
LARGEST_AMOUNT = 9999_9999_9999  # tdlib, check_currency_amount
ANSWER_S = 10.0  # https://core.telegram.org/bots/api#answerprecheckoutquery
PROVIDER_TOKEN = "381764678:TEST:stand-in"  # noqa: S105  # opens nothing
_TOKEN = re.compile(r"\d+:(?:TEST|LIVE):\S+")
_START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Payment:
    """Somebody's try to pay an invoice. `ok` None: the bot has not answered. Times are monotonic."""

    query_id: str
    person_id: int
    message_id: int
    currency: str
    total_amount: int
    payload: str
    asked_at_s: float = field(default_factory=time.monotonic)
    answered_after_s: float = 0.0
    ok: bool | None = None
    why_not: str = ""
    charge_id: str = ""


class Payer(Protocol):
    """What is told of somebody who pays."""

    @property
    def id(self) -> int: ...
    @property
    def user(self) -> dict[str, Any]: ...
    @property
    def chat(self) -> dict[str, Any]: ...


class Desk:
    """Where people pay, inside the network. Whoever calls holds its lock, but for `hand_over`."""

    def __init__(self, receive: Callable[[dict[str, Any]], int], next_number: Callable[[], int]) -> None:
        self._receive, self._next = receive, next_number
        self.payments: dict[str, Payment] = {}
        self.copies = 1  # how often it is told that somebody has paid, each time as an update of its own
        self._payers: dict[str, tuple[Payer, Callable[[], int]]] = {}
        self._due: list[dict[str, Any]] = []
        self._handing = threading.Lock()

    def pay(self, payer: Payer, message: Mapping[str, Any], payload: str, now_s: Callable[[], int]) -> Payment:
        """Presses the button of an invoice and confirms: the bot is asked."""
        invoice = message["invoice"]
        payment = Payment(
            query_id=f"43{self._next():014d}",
            person_id=payer.id,
            message_id=message["message_id"],
            currency=invoice["currency"],
            total_amount=invoice["total_amount"],
            payload=payload,
        )
        self.payments[payment.query_id] = payment
        self._payers[payment.query_id] = (payer, now_s)
        query: dict[str, Any] = {"id": payment.query_id, "from": payer.user, "currency": payment.currency}
        query |= {"total_amount": payment.total_amount, "invoice_payload": payment.payload}
        self._receive({"pre_checkout_query": query})
        return payment

    def answer(self, args: dict[str, Any], token: str) -> bool:
        payment = self.payments.get(str(args["pre_checkout_query_id"]))
        taken_s = time.monotonic() - payment.asked_at_s if payment else 0.0
        if payment is None or payment.ok is not None or taken_s > ANSWER_S:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if not args["ok"] and not str(args.get("error_message") or "").strip():
            raise bad("error message is empty")
        payment.ok, payment.answered_after_s = bool(args["ok"]), taken_s
        if not payment.ok:
            payment.why_not = str(args["error_message"])
            return True
        payer, now_s = self._payers[payment.query_id]
        payment.charge_id = f"{token.partition(':')[0]}_{payer.id}_{payment.message_id}_{self._next()}"
        paid = {"currency": payment.currency, "total_amount": payment.total_amount}
        paid |= {"invoice_payload": payment.payload, "telegram_payment_charge_id": payment.charge_id}
        paid |= {"provider_payment_charge_id": f"ch_{self._next():016d}"}
        message: dict[str, Any] = {"message_id": self._next(), "from": payer.user, "chat": payer.chat, "date": now_s()}
        with self._handing:
            self._due += [{"message": {**message, "successful_payment": paid}}] * self.copies
        return True

    def hand_over(self) -> None:
        """Tells the bot what was paid: after its call was answered, and without the lock."""
        with self._handing:
            due, self._due = self._due, []
        for content in due:
            self._receive(content)


def checked_invoice(args: dict[str, Any]) -> dict[str, Any]:
    """The invoice of a sendInvoice as its message shows it. Raises Refused."""
    title, description, payload = str(args["title"]), str(args["description"]), str(args["payload"])
    if not 1 <= utf16(title.strip()) <= TITLE:
        raise bad("INVOICE_TITLE_INVALID")
    if not 1 <= utf16(description.strip()) <= DESCRIPTION:
        raise bad("INVOICE_DESCRIPTION_INVALID")
    if not 1 <= len(payload.encode("utf-8", "surrogatepass")) <= PAYLOAD_BYTES:
        raise bad("INVOICE_PAYLOAD_INVALID")
    if not re.fullmatch(r"[A-Z]{3}", str(args["currency"])):
        raise bad("CURRENCY_INVALID")
    if not _TOKEN.fullmatch(str(args.get("provider_token") or "")):
        raise bad("PAYMENT_PROVIDER_INVALID")
    parameter = args.get("start_parameter")
    if parameter and not _START_PARAMETER.fullmatch(str(parameter)):
        raise bad("START_PARAM_INVALID")
    total = _total(args["prices"])
    _pays_first(args.get("reply_markup"))
    shown = {"title": title, "description": description, "currency": args["currency"], "total_amount": total}
    return {**shown, "start_parameter": str(parameter or "")}


def _total(prices: object) -> int:
    if not isinstance(prices, list) or not prices:
        raise bad("there must be at least one price")
    total = 0
    for item in prices:
        part = checks.known_object("LabeledPrice", item)
        amount = part["amount"]
        if not isinstance(part["label"], str) or not part["label"].strip():
            raise bad("price label is empty")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise bad('can\'t parse labeled price: field "amount" must be an Integer')
        if abs(amount) > LARGEST_AMOUNT:
            raise bad("Too big amount of the currency specified")
        total += amount
    if total <= 0:
        raise bad("Total price must be positive")
    if total > LARGEST_AMOUNT:
        raise bad("Total price is too big")
    return total


def _pays_first(markup: object) -> None:
    """A keyboard of an invoice begins with the button that pays."""
    if markup is None:
        return
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    buttons = [button for row in rows or () for button in row]
    if buttons and not buttons[0].get("pay"):
        raise bad("REPLY_MARKUP_BUY_EMPTY")
