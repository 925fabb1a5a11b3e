"""Square behind the shop's port. A session is a payment link with its order; both names are kept, joined by a colon.

A link never ends by itself: it is deleted, which cancels its order, and only the order afterwards says how it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from commerce.domain.money import Money
from commerce.domain.payment import (
    PaymentAttempt,
    PaymentCallback,
    PaymentReport,
    PaymentRequest,
    PaymentSession,
    PaymentState,
    Refund,
    RefundReport,
)
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.https_json import Json
from commerce.payments.square.asking import link_body, marked, refund_body
from commerce.payments.square.client import NotFound, SquareClient
from commerce.payments.square.reading import NAME, callback, payment_report, refund_report
from commerce.payments.square.verify import verify
from commerce.ports import Clock

_LINKS = "/v2/online-checkout/payment-links"
_MOST_LINKS, _MOST_PAYMENTS = 1000, 100  # a page
_RETRY_S = 60.0


class SquareProvider:
    """`commerce.ports.PaymentProvider`. Safe for many threads."""

    name = NAME
    is_online = True
    has_callbacks = True
    gives_back = True
    session_s: int | None = None  # until it is deleted
    currencies: frozenset[str] | None = None  # the location's own; another one is refused by Square

    def __init__(self, client: SquareClient, keys: Sequence[str], location: str, clock: Clock) -> None:
        self._client, self._keys, self._location, self._clock = client, tuple(keys), location, clock

    # --- the port

    def start(self, request: PaymentRequest) -> PaymentSession:
        answer = self._client.post(_LINKS, link_body(request, self._location))
        try:
            link = answer["payment_link"]
            session_ref, url = _session_ref(link), str(link.get("url") or link["long_url"])
            orders = (answer.get("related_resources") or {}).get("orders") or []
            wrong = [o for o in orders if o.get("total_money") != _money(request.attempt.amount)]
        except (KeyError, TypeError, AttributeError) as error:
            raise PaymentUnknown("Square's answer cannot be read") from error
        if wrong:
            # A rule of the till has changed the total: nobody must pay it.
            self._delete(session_ref)
            raise PaymentRefused("wrong_total")
        return PaymentSession(session_ref, url=url)

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        session_ref = attempt.session_ref or self._lost(attempt)
        return self._stands(session_ref, attempt) if session_ref else None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        session_ref = attempt.session_ref or self._lost(attempt)
        if not session_ref:
            return None
        found = self._stands(session_ref, attempt)
        if found is None or found.state is not PaymentState.REQUIRES_ACTION:
            return found
        self._delete(session_ref)
        # Somebody may have paid while it was being deleted: only now it is certain.
        after = self._stands(session_ref, attempt)
        if after is None or after.state is not PaymentState.REQUIRES_ACTION:
            return after
        raise RetryLater(_RETRY_S, "Square has not ended the order yet")

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        if refund.provider_ref and (known := self.look_up_refund(refund, attempt)):
            return known
        if not attempt.payment_ref:
            raise PaymentRefused("no_such_payment")
        answer = self._client.post("/v2/refunds", refund_body(refund, attempt))
        try:
            return refund_report(answer["refund"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise PaymentUnknown("Square's answer cannot be read") from error

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        if refund.provider_ref:
            found = self._read(f"/v2/refunds/{quote(refund.provider_ref, safe='')}", "refund")
            return refund_report(found) if found else None
        payment = self._payment(attempt.payment_ref) if attempt.payment_ref else None
        for name in (payment or {}).get("refund_ids") or []:
            found = self._read(f"/v2/refunds/{quote(str(name), safe='')}", "refund")
            if found and marked(found.get("reason")) == refund.id:
                return refund_report(found)
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        return verify(body, headers, url, self._keys)

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        return callback(body)

    def list_since(self, since: datetime) -> Iterable[PaymentReport]:
        query: dict[str, str | int] = {
            "begin_time": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "location_id": self._location,
            "sort_order": "ASC",
            "limit": _MOST_PAYMENTS,
        }
        reports = (_reported(payment) for payment in self._client.pages("/v2/payments", "payments", query))
        return [report for report in reports if report and report.attempt_id]

    # --- inside

    def _stands(self, session_ref: str, attempt: PaymentAttempt) -> PaymentReport | None:
        """How a session stands: its order names its payments, and they say whether there is money."""
        order = self._read(f"/v2/orders/{quote(session_ref.partition(':')[2], safe='')}", "order")
        if order is None:
            return None
        ours = PaymentReport(
            NAME,
            PaymentState.CANCELED if order.get("state") == "CANCELED" else PaymentState.REQUIRES_ACTION,
            attempt_id=attempt.id,
            session_ref=session_ref,
            amount=attempt.amount,
            occurred_at=self._clock.now(),
        )
        reports = []
        for tender in order.get("tenders") or []:
            payment = self._payment(str(tender.get("payment_id") or tender.get("id")))
            report = _reported(payment) if payment else None
            if report:
                reports.append(replace(report, attempt_id=attempt.id, session_ref=session_ref))
        # Money that has come is what matters most.
        return next((report for report in reports if report.state is not PaymentState.AUTHORIZED), None) or next(
            iter(reports), ours
        )

    def _payment(self, ref: str) -> Json | None:
        return self._read(f"/v2/payments/{quote(ref, safe='')}", "payment")

    def _read(self, path: str, name: str) -> Json | None:
        try:
            found = self._client.get(path).get(name)
        except NotFound:
            return None
        if not isinstance(found, dict):
            raise PaymentUnknown("Square's answer cannot be read")
        return found

    def _lost(self, attempt: PaymentAttempt) -> str:
        """The session of an attempt whose answer was lost, by our own name in its description."""
        for link in self._client.pages(_LINKS, "payment_links", {"limit": _MOST_LINKS}):
            if link.get("description") == attempt.id:
                return _session_ref(link)
        return ""

    def _delete(self, session_ref: str) -> None:
        try:
            self._client.delete(f"{_LINKS}/{quote(session_ref.partition(':')[0], safe='')}")
        except PaymentRefused:
            pass  # deleted before, or paid: the order tells


def _session_ref(link: Json) -> str:
    return f"{link['id']}:{link['order_id']}"


def _money(money: Money) -> Json:
    return {"amount": money.minor, "currency": money.currency}


def _reported(payment: Json) -> PaymentReport | None:
    try:
        return payment_report(payment)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PaymentUnknown("Square's answer cannot be read") from error
