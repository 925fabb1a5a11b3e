"""What Stripe knows: sessions, payment intents, charges, refunds; how they change, and which events that makes."""

from __future__ import annotations

import secrets
from typing import Any

from vitrine.standins.provider import ProviderStandIn
from vitrine.standins.stripe.checks import LONGEST_S, Form, Refused, missing, session_total

API_VERSION = "2026-10-28.endive"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class StripeBooks(ProviderStandIn):
    """The state, and what shoppers and banks do. Every change is made under the lock."""

    refunds_take_time = False  # refunds are pending until `finish_refund`

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.sessions: dict[str, Form] = {}
        self.intents: dict[str, Form] = {}
        self.charges: dict[str, Form] = {}
        self.refunds: dict[str, Form] = {}
        self.disputes: dict[str, Form] = {}
        self._intent_data: dict[str, Form] = {}

    # --- what the shop asks

    def create_session(self, form: Form) -> Form:
        now_s = int(self.now_s())
        total, currency = session_total(form, self.now_s())
        ref = new_id("cs_test")
        session: Form = {
            "id": ref,
            "object": "checkout.session",
            "adaptive_pricing": form.get("adaptive_pricing", {"enabled": True}),
            "after_expiration": None,
            "allow_promotion_codes": None,
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": None,
            "cancel_url": form.get("cancel_url"),
            "client_reference_id": form.get("client_reference_id"),
            "client_secret": None,
            "consent": None,
            "created": now_s,
            "currency": currency,
            "custom_fields": [],
            "customer": None,
            "customer_creation": "if_required",
            "customer_details": None,
            "customer_email": form.get("customer_email"),
            "expires_at": form.get("expires_at", now_s + LONGEST_S),
            "invoice": None,
            "livemode": False,
            "locale": form.get("locale"),
            "metadata": form.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_link": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "recovered_from": None,
            "status": "open",
            "submit_type": None,
            "success_url": form["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": f"{self.url}/c/pay/{ref}",
        }
        with self.lock:
            self.sessions[ref] = session
            self._intent_data[ref] = form.get("payment_intent_data", {})
        return session

    def session(self, ref: str) -> Form:
        self.sweep()
        with self.lock:
            if ref not in self.sessions:
                raise missing("checkout.session", ref)
            return self.sessions[ref]

    def expire_session(self, ref: str) -> Form:
        session = self.session(ref)
        with self.lock:
            if session["status"] != "open":
                raise Refused(
                    f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
                    f"status of {session['status']}."
                )
            self._expire(session)
            return session

    def create_refund(self, form: Form) -> Form:
        with self.lock:
            intent = self.intents.get(form.get("payment_intent", ""))
            if intent is None:
                raise missing("payment_intent", form.get("payment_intent", ""), param="payment_intent")
            charge = self.charges.get(intent["latest_charge"] or "")
            if charge is None or not charge["paid"]:
                message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
                raise Refused(message, kept=True)
            left = charge["amount"] - charge["amount_refunded"]
            amount = form.get("amount", left)
            if left == 0:
                message = f"Charge {charge['id']} has already been refunded."
                raise Refused(message, code="charge_already_refunded", kept=True)
            if not 0 < amount <= left:
                message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
                raise Refused(message, param="amount", kept=True)
            refund: Form = {
                "id": new_id("re"),
                "object": "refund",
                "amount": amount,
                "balance_transaction": new_id("txn"),
                "charge": charge["id"],
                "created": int(self.now_s()),
                "currency": charge["currency"],
                "destination_details": {"card": {"type": "refund"}, "type": "card"},
                "metadata": form.get("metadata", {}),
                "payment_intent": intent["id"],
                "reason": form.get("reason"),
                "receipt_number": None,
                "source_transfer_reversal": None,
                "status": "pending" if self.refunds_take_time else "succeeded",
                "transfer_reversal": None,
            }
            self.refunds[refund["id"]] = refund
            charge["amount_refunded"] += amount
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
            self._happened("refund.created", refund)
            self._happened("charge.refunded", charge)
            return refund

    # --- what shoppers and banks do

    def pay(self, ref: str, how: str = "card") -> bool:
        """At the page: "card" pays, "declined" does not (the page stays open), "debit" is on its way until
        `settle_debit`. False when there was nothing to pay, or nothing was paid."""
        session = self.session(ref)
        with self.lock:
            if session["status"] != "open":
                return False
            intent = self._intent(session)
            if how == "declined":
                intent |= {"status": "requires_payment_method", "last_payment_error": {"code": "card_declined"}}
                self._happened("payment_intent.payment_failed", intent)
                return False
            session |= {"status": "complete", "url": None, "customer_details": {"email": session["customer_email"]}}
            if how == "debit":
                intent["status"] = "processing"
            else:
                self._collect(session, intent)
            self._happened("checkout.session.completed", session)
            return True

    def settle_debit(self, ref: str, *, arrived: bool) -> None:
        """The bank says what became of a debit."""
        with self.lock:
            session = self.sessions[ref]
            intent = self.intents[session["payment_intent"]]
            if arrived:
                self._collect(session, intent)
                self._happened("checkout.session.async_payment_succeeded", session)
            else:
                intent["status"] = "requires_payment_method"
                self._happened("checkout.session.async_payment_failed", session)

    def finish_refund(self, ref: str, *, arrived: bool) -> None:
        with self.lock:
            refund = self.refunds[ref]
            refund["status"] = "succeeded" if arrived else "failed"
            if not arrived:
                refund["failure_reason"] = "lost_or_stolen_card"
                charge = self.charges[refund["charge"]]
                charge["amount_refunded"] -= refund["amount"]
                charge["refunded"] = False
            self._happened("refund.updated" if arrived else "refund.failed", refund)

    def dispute(self, ref: str, *, inquiry: bool = False, reason: str = "fraudulent") -> str:
        """The shopper's bank asks for what was paid at that session; the dispute's name. An inquiry moves no money."""
        with self.lock:
            intent = self.intents[self.sessions[ref]["payment_intent"]]
            charge = self.charges[intent["latest_charge"]]
            dispute: Form = {
                "id": new_id("du"),
                "object": "dispute",
                "amount": charge["amount"],
                "balance_transactions": [],
                "charge": charge["id"],
                "created": int(self.now_s()),
                "currency": charge["currency"],
                "enhanced_eligibility_types": [],
                "evidence_details": {
                    "due_by": int(self.now_s()) + 14 * 86400,
                    "has_evidence": False,
                    "past_due": False,
                    "submission_count": 0,
                },
                "is_charge_refundable": inquiry,
                "livemode": False,
                "metadata": {},
                "payment_intent": intent["id"],
                "reason": reason,
                "status": "warning_needs_response" if inquiry else "needs_response",
            }
            self.disputes[dispute["id"]] = dispute
            charge["disputed"] = True
            self._happened("charge.dispute.created", dispute)
            if not inquiry:
                self._move_money(dispute, -dispute["amount"], "charge.dispute.funds_withdrawn")
            return str(dispute["id"])

    def answer_dispute(self, ref: str) -> None:
        """The shop has sent what it had to say."""
        with self.lock:
            self.disputes[ref]["status"] = "under_review"
            self._happened("charge.dispute.updated", self.disputes[ref])

    def close_dispute(self, ref: str, *, won: bool) -> None:
        """The bank has decided."""
        with self.lock:
            dispute = self.disputes[ref]
            inquiry = dispute["status"].startswith("warning")
            dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
            self._happened("charge.dispute.closed", dispute)
            if won and not inquiry:
                self._move_money(dispute, dispute["amount"], "charge.dispute.funds_reinstated")

    def _move_money(self, dispute: Form, amount: int, kind: str) -> None:
        moved: Form = {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "currency": dispute["currency"],
            "fee": 2000 if amount < 0 else 0,
            "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
            "type": "adjustment",
        }
        dispute["balance_transactions"] = [*dispute["balance_transactions"], moved]
        self._happened(kind, dispute)

    def sweep(self) -> None:
        """Sessions whose time is over end, with an event."""
        with self.lock:
            for session in self.sessions.values():
                if session["status"] == "open" and session["expires_at"] <= self.now_s():
                    self._expire(session)

    # --- inside

    def _expire(self, session: Form) -> None:
        session |= {"status": "expired", "url": None}
        self._happened("checkout.session.expired", session)

    def _intent(self, session: Form) -> Form:
        """Made when somebody first tries to pay."""
        if session["payment_intent"] is None:
            data = self._intent_data[session["id"]]
            intent: Form = {
                "id": new_id("pi"),
                "object": "payment_intent",
                "amount": session["amount_total"],
                "amount_capturable": 0,
                "amount_received": 0,
                "canceled_at": None,
                "capture_method": "automatic_async",
                "client_secret": new_id("pi_secret"),
                "confirmation_method": "automatic",
                "created": int(self.now_s()),
                "currency": session["currency"],
                "customer": None,
                "description": data.get("description"),
                "last_payment_error": None,
                "latest_charge": None,
                "livemode": False,
                "metadata": data.get("metadata", {}),
                "payment_method": None,
                "payment_method_types": ["card"],
                "status": "requires_payment_method",
            }
            self.intents[intent["id"]] = intent
            session["payment_intent"] = intent["id"]
        return self.intents[session["payment_intent"]]

    def _collect(self, session: Form, intent: Form) -> None:
        charge: Form = {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "balance_transaction": new_id("txn"),
            "captured": True,
            "created": int(self.now_s()),
            "currency": intent["currency"],
            "disputed": False,
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
        }
        self.charges[charge["id"]] = charge
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        session["payment_status"] = "paid"
        self._happened("payment_intent.succeeded", intent)
        self._happened("charge.succeeded", charge)

    def _happened(self, kind: str, thing: Form) -> None:
        self.tell(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": int(self.now_s()),
                "data": {"object": dict(thing)},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )
