"""What Square knows: links, orders, payments, refunds, counts; how they change, and which events that makes."""

from __future__ import annotations

import secrets
import string
import uuid
from datetime import UTC, datetime
from typing import Any

from vitrine.standins.provider import ProviderStandIn
from vitrine.standins.square import checks
from vitrine.standins.square.checks import Json, Refused, not_found

LOCATION, MERCHANT = "LREHEARSAL001", "MREHEARSAL001"
_FIRST = {"card": "APPROVED", "declined": "FAILED", "debit": "PENDING"}  # what a payment is said to be at first
_SIGNS = string.ascii_letters + string.digits


def new_id(length: int) -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(length))


class SquareBooks(ProviderStandIn):
    """The state, and what shoppers, banks and the till do. Every change is made under the lock."""

    refunds_take_time = False  # refunds are pending until `finish_refund`

    def __init__(self, *args: Any, currency: str = "EUR", location: str = LOCATION, **more: Any) -> None:
        super().__init__(*args, **more)
        self.currency, self.location = currency, location
        self.links: dict[str, Json] = {}
        self.orders: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        self.return_urls: dict[str, str] = {}

    def now_text(self) -> str:
        return datetime.fromtimestamp(self.now_s(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    # --- what the shop asks

    def create_link(self, body: Json) -> Json:
        total = checks.link(body, self.location, self.currency)
        now, link_id, order_id = self.now_text(), new_id(16), new_id(29)
        order: Json = {
            **body["order"],
            "id": order_id,
            "source": {"name": "Vitrine"},
            "line_items": [{**line, "uid": new_id(22)} for line in body["order"]["line_items"]],
            "created_at": now,
            "updated_at": now,
            "state": "DRAFT",
            "version": 1,
            "total_money": self.money(total),
            "net_amount_due_money": self.money(total),
        }
        link: Json = {
            "id": link_id,
            "version": 1,
            "description": body.get("description", ""),
            "order_id": order_id,
            "checkout_options": body.get("checkout_options", {}),
            "pre_populated_data": body.get("pre_populated_data", {}),
            "payment_note": body.get("payment_note", ""),
            "url": f"{self.url}/u/{link_id}",
            "long_url": f"{self.url}/u/{link_id}?src=sheet",
            "created_at": now,
        }
        with self.lock:
            self.links[link_id], self.orders[order_id] = link, order
            self.return_urls[link_id] = body.get("checkout_options", {}).get("redirect_url", "")
        return {"payment_link": link, "related_resources": {"orders": [order]}}

    def delete_link(self, ref: str) -> Json:
        with self.lock:
            if ref not in self.links:
                raise not_found("PaymentLink", ref)
            order = self.orders[self.links[ref]["order_id"]]
            if order["state"] != "DRAFT":
                raise Refused("BAD_REQUEST", "The order of this payment link is no longer a draft.")
            del self.links[ref]
            order |= {"state": "CANCELED", "version": order["version"] + 1, "updated_at": self.now_text()}
            return {"id": ref, "cancelled_order_id": order["id"]}

    def create_refund(self, body: Json) -> Json:
        checks.known(body, checks.REFUND, "body", ("idempotency_key", "payment_id", "amount_money"))
        checks.text(body["idempotency_key"], "idempotency_key", 45)
        checks.text(body.get("reason", ""), "reason", 192, may_be_empty=True)
        amount = checks.money(body["amount_money"], "amount_money", self.currency)
        with self.lock:
            payment = self.payments.get(body["payment_id"])
            if payment is None:
                raise not_found("Payment", body["payment_id"])
            if payment["status"] != "COMPLETED":
                raise Refused(
                    "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION",
                    "A payment must be completed before it can be refunded.",
                    category="REFUND_ERROR",
                )
            left = payment["total_money"]["amount"] - payment.get("refunded_money", {"amount": 0})["amount"]
            if not 0 < amount <= left:
                detail = "The requested refund amount exceeds the amount available to refund."
                raise Refused("REFUND_AMOUNT_INVALID", detail, category="REFUND_ERROR")
            now = self.now_text()
            refund: Json = {
                "id": f"{payment['id']}_{new_id(43)}",
                "status": "PENDING" if self.refunds_take_time else "COMPLETED",
                "location_id": self.location,
                "amount_money": self.money(amount),
                "payment_id": payment["id"],
                "order_id": new_id(29),
                "reason": body.get("reason", ""),
                "created_at": now,
                "updated_at": now,
            }
            self.refunds[refund["id"]] = refund
            refunded = payment.get("refunded_money", {"amount": 0})["amount"] + amount
            payment |= {
                "refunded_money": self.money(refunded),
                "refund_ids": [*payment.get("refund_ids", []), refund["id"]],
            }
            self._touched(payment)
            self._happened("refund.created", "refund", refund["id"], {"refund": refund})
            self._happened("payment.updated", "payment", payment["id"], {"payment": payment})
            return {"refund": refund}

    # --- what shoppers, banks and the till do

    def pay(self, session_ref: str, how: str = "card") -> bool:
        """At the page: "card" pays, "declined" does not (the page stays open), "debit" is on its way until
        `settle_debit`. False when there was nothing to pay, or nothing was paid."""
        with self.lock:
            link = self.links.get(session_ref.partition(":")[0])
            if link is None or self.orders[link["order_id"]]["state"] != "DRAFT":
                return False
            order = self.orders[link["order_id"]]
            states = {"card": "COMPLETED", "declined": "FAILED", "debit": "PENDING"}
            payment = self._payment(order["total_money"]["amount"], states[how], order["id"], link["payment_note"])
            payment["source_type"] = "BANK_ACCOUNT" if how == "debit" else "CARD"
            if how != "declined":
                tender = {
                    "id": payment["id"],
                    "payment_id": payment["id"],
                    "type": "CARD",
                    "location_id": self.location,
                }
                order |= {
                    "state": "OPEN",
                    "version": order["version"] + 1,
                    "updated_at": self.now_text(),
                    "tenders": [{**tender, "amount_money": payment["total_money"]}],
                }
            self._happened("payment.created", "payment", payment["id"], {"payment": {**payment, "status": _FIRST[how]}})
            self._happened("payment.updated", "payment", payment["id"], {"payment": payment})
            return how != "declined"

    def settle_debit(self, session_ref: str, *, arrived: bool) -> None:
        """The bank says what became of a debit."""
        with self.lock:
            order_id = session_ref.partition(":")[2]
            payment = next(p for p in self.payments.values() if p["order_id"] == order_id and p["status"] == "PENDING")
            payment["status"] = "COMPLETED" if arrived else "FAILED"
            if not arrived:
                self.orders[order_id] |= {"state": "CANCELED", "tenders": []}
            self._touched(payment)
            self._happened("payment.updated", "payment", payment["id"], {"payment": payment})

    def sell_at_counter(self, amount: int) -> str:
        """A sale at the till, which is none of the shop's business. The payment's name."""
        with self.lock:
            payment = self._payment(amount, "COMPLETED", new_id(29), "")
            self._happened("payment.updated", "payment", payment["id"], {"payment": payment})
            return str(payment["id"])

    def count(self, variation: str, quantity: str, location: str = "") -> None:
        """The till says how many there are now."""
        count = {
            "catalog_object_id": variation,
            "catalog_object_type": "ITEM_VARIATION",
            "state": "IN_STOCK",
            "location_id": location or self.location,
            "quantity": quantity,
            "calculated_at": self.now_text(),
        }
        self._happened("inventory.count.updated", "inventory_counts", str(uuid.uuid4()), {"inventory_counts": [count]})

    def finish_refund(self, ref: str, *, arrived: bool) -> None:
        with self.lock:
            refund = self.refunds[ref]
            refund |= {"status": "COMPLETED" if arrived else "REJECTED", "updated_at": self.now_text()}
            if not arrived:
                payment = self.payments[refund["payment_id"]]
                payment["refunded_money"]["amount"] -= refund["amount_money"]["amount"]
                self._touched(payment)
            self._happened("refund.updated", "refund", ref, {"refund": refund})

    def dispute(self, session_ref: str, *, inquiry: bool = False, reason: str = "NO_KNOWLEDGE") -> str:
        """The shopper's bank asks for what was paid through that link; the dispute's name."""
        with self.lock:
            order_id = session_ref.partition(":")[2]
            payment = next(
                p for p in self.payments.values() if p["order_id"] == order_id and p["status"] == "COMPLETED"
            )
            now, ref = self.now_text(), new_id(20)
            due_at = datetime.fromtimestamp(self.now_s() + 14 * 86400, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            self.disputes[ref] = {
                "id": ref,
                "amount_money": dict(payment["total_money"]),
                "brand_dispute_id": new_id(22),
                "card_brand": "VISA",
                "created_at": now,
                "disputed_payment": {"payment_id": payment["id"]},
                "due_at": due_at,
                "location_id": self.location,
                "reason": reason,
                "reported_at": now,
                "state": "INQUIRY_EVIDENCE_REQUIRED" if inquiry else "EVIDENCE_REQUIRED",
                "updated_at": now,
                "version": 1,
            }
            self._disputed("dispute.created", ref)
            return ref

    def answer_dispute(self, ref: str) -> None:
        """The shop has sent what it had to say."""
        self._dispute_is("PROCESSING", ref)

    def close_dispute(self, ref: str, *, won: bool) -> None:
        """The bank has decided."""
        inquiry = self.disputes[ref]["state"].startswith("INQUIRY")
        self._dispute_is("INQUIRY_CLOSED" if inquiry else "WON" if won else "LOST", ref)

    # --- inside

    def _dispute_is(self, state: str, ref: str) -> None:
        with self.lock:
            dispute = self.disputes[ref]
            dispute |= {"state": state, "updated_at": self.now_text(), "version": dispute["version"] + 1}
            self._disputed("dispute.state.updated", ref)

    def _disputed(self, kind: str, ref: str) -> None:
        self._happened(kind, "dispute", ref, {"dispute": self.disputes[ref]})

    def money(self, amount: int) -> Json:
        return {"amount": amount, "currency": self.currency}

    def _payment(self, amount: int, status: str, order_id: str, note: str) -> Json:
        now = self.now_text()
        payment: Json = {
            "id": new_id(32),
            "created_at": now,
            "updated_at": now,
            "amount_money": self.money(amount),
            "total_money": self.money(amount),
            "approved_money": self.money(amount),
            "status": status,
            "source_type": "CARD",
            "card_details": {"status": "CAPTURED", "card": {"card_brand": "VISA", "last_4": "1111"}},
            "location_id": self.location,
            "order_id": order_id,
            "version_token": new_id(36),
        }
        if note:
            payment["note"] = note
        self.payments[payment["id"]] = payment
        return payment

    def _touched(self, payment: Json) -> None:
        payment |= {"updated_at": self.now_text(), "version_token": new_id(36)}

    def _happened(self, kind: str, thing: str, ref: str, shown: Json) -> None:
        self.tell(
            {
                "merchant_id": MERCHANT,
                "type": kind,
                "event_id": str(uuid.uuid4()),
                "created_at": self.now_text(),
                "data": {"type": thing, "id": ref, "object": {name: dict_of(value) for name, value in shown.items()}},
            }
        )


def dict_of(value: Any) -> Any:
    """As it is now, whatever becomes of it."""
    if isinstance(value, dict):
        return {name: dict_of(inner) for name, inner in value.items()}
    return [dict_of(inner) for inner in value] if isinstance(value, list) else value
