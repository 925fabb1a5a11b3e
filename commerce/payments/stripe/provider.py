"""Stripe behind the shop's port. Keys make repetition harmless for a day; after that we look before we ask again."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from commerce.domain.payment import (
    PaymentAttempt,
    PaymentCallback,
    PaymentReport,
    PaymentRequest,
    PaymentSession,
    Refund,
    RefundReport,
)
from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater, VendorError
from commerce.payments.stripe.asking import ATTEMPT, REFUND, refund_params, session_params
from commerce.payments.stripe.reading import NAME, callback, refund_report, session_report
from commerce.payments.stripe.verify import verify
from commerce.ports import Clock

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.params.checkout import SessionListParams

API_VERSION = "2026-10-28.endive"  # pinned: what the library of this release was made for
CONNECT_S, READ_S = 5.0, 30.0
KEYS_HOLD = timedelta(hours=23)  # Stripe forgets keys after 24 h: https://docs.stripe.com/api/idempotent_requests
_CLOCKS_DIFFER = timedelta(minutes=5)
_PAGE = 100
_RETRY_S, _MISCONFIGURED_S = 5.0, 60.0
_WITH_MONEY = ["payment_intent.latest_charge"]


class StripeProvider:
    """`commerce.ports.PaymentProvider`. Safe for many threads; the library is imported by the first call."""

    name = NAME
    is_online = True
    has_callbacks = True
    gives_back = True
    session_s: int | None = None  # as long as we say, between 30 minutes and a day
    currencies: frozenset[str] | None = None

    def __init__(self, key: str, webhook_secrets: Sequence[str], api_url: str, clock: Clock) -> None:
        self._key, self._secrets, self._api_url, self._clock = key, tuple(webhook_secrets), api_url, clock
        self._lock = threading.Lock()
        self._made: StripeClient | None = None

    # --- the port

    def start(self, request: PaymentRequest) -> PaymentSession:
        now = self._clock.now()
        attempt = request.attempt
        if now - attempt.created_at > KEYS_HOLD:
            return self._started_long_ago(attempt)
        params = session_params(request, now)
        with _translated():
            session = self._client.v1.checkout.sessions.create(
                params, options={"idempotency_key": attempt.idempotency_key}
            ).to_dict()
        return _session(session, now)

    def look_up(self, attempt: PaymentAttempt) -> PaymentReport | None:
        found = self._find(attempt)
        return _read(found, self._clock.now()) if found else None

    def cancel(self, attempt: PaymentAttempt) -> PaymentReport | None:
        import stripe

        found = self._find(attempt)
        if found is None:
            return None
        if found.get("status") == "open":
            with _translated():
                try:
                    found = self._client.v1.checkout.sessions.expire(found["id"], {"expand": _WITH_MONEY}).to_dict()
                except stripe.InvalidRequestError:
                    # No longer open: somebody paid, or somebody else was faster in ending it.
                    found = self._find(attempt) or found
        return _read(found, self._clock.now())

    def refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport:
        if refund.provider_ref or self._clock.now() - refund.created_at > KEYS_HOLD:
            known = self.look_up_refund(refund, attempt)
            if known:
                return known
        if not attempt.payment_ref:
            raise PaymentRefused("no_such_payment")
        with _translated():
            made = self._client.v1.refunds.create(
                refund_params(refund, attempt), options={"idempotency_key": refund.id}
            ).to_dict()
        return refund_report(made)

    def look_up_refund(self, refund: Refund, attempt: PaymentAttempt) -> RefundReport | None:
        if not attempt.payment_ref:
            return None
        from stripe import StripeObject

        with _translated(missing_is_fine=True):
            if refund.provider_ref:
                return refund_report(self._client.v1.refunds.retrieve(refund.provider_ref).to_dict())
            page = self._client.v1.refunds.list({"payment_intent": attempt.payment_ref, "limit": _PAGE})
            for made in map(StripeObject.to_dict, page.auto_paging_iter()):
                if (made.get("metadata") or {}).get(REFUND) == refund.id:
                    return refund_report(made)
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], url: str, now: datetime) -> bool:
        return verify(body, headers, self._secrets, now)

    def parse(self, body: bytes, now: datetime) -> PaymentCallback:
        return callback(body)

    def list_since(self, since: datetime) -> Iterable[PaymentReport]:
        now = self._clock.now()
        return [_read(session, now) for session in self._sessions(since, now) if _is_ours(session)]

    # --- inside

    def _find(self, attempt: PaymentAttempt) -> dict[str, Any] | None:
        """The attempt's session: by its name, or where the answer with the name was lost, by ours."""
        if attempt.session_ref:
            with _translated(missing_is_fine=True):
                return self._client.v1.checkout.sessions.retrieve(
                    attempt.session_ref, {"expand": _WITH_MONEY}
                ).to_dict()
            return None
        first = attempt.created_at - _CLOCKS_DIFFER
        mine = [
            session
            for session in self._sessions(first, attempt.created_at + KEYS_HOLD + _CLOCKS_DIFFER)
            if session.get("client_reference_id") == attempt.id
        ]
        # One at most, as long as keys hold; should there ever be two, the one with money is the one that matters.
        return next((session for session in mine if session.get("status") == "complete"), mine[0] if mine else None)

    def _sessions(self, first: datetime, last: datetime) -> list[dict[str, Any]]:
        params: SessionListParams = {
            "created": {"gte": int(first.timestamp()), "lte": int(last.timestamp()) + 1},
            "limit": _PAGE,
            "expand": [f"data.{name}" for name in _WITH_MONEY],
        }
        with _translated():
            page = self._client.v1.checkout.sessions.list(params)
            return [session.to_dict() for session in page.auto_paging_iter()]

    def _started_long_ago(self, attempt: PaymentAttempt) -> PaymentSession:
        """The key may be forgotten: asking again could make a second session, so we only look."""
        found = self._find(attempt)
        if found is None:
            raise PaymentRefused("too_old")
        return _session(found, self._clock.now())

    @property
    def _client(self) -> StripeClient:
        with self._lock:
            if self._made is None:
                from stripe import RequestsClient, StripeClient

                self._made = StripeClient(
                    self._key,
                    stripe_version=API_VERSION,
                    base_addresses={"api": self._api_url},
                    max_network_retries=0,  # whether and when to ask again is for the shop to say
                    http_client=RequestsClient(timeout=(CONNECT_S, READ_S)),
                )
            return self._made


def _read(session: Mapping[str, Any], now: datetime) -> PaymentReport:
    try:
        return session_report(session, now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PaymentUnknown("Stripe's answer cannot be read") from error


def _session(session: Mapping[str, Any], now: datetime) -> PaymentSession:
    report = _read(session, now)
    ends_at = datetime.fromtimestamp(session["expires_at"], UTC) if session.get("expires_at") else None
    return PaymentSession(report.session_ref, report.state, str(session.get("url") or ""), report.payment_ref, ends_at)


def _is_ours(session: Mapping[str, Any]) -> bool:
    """The account may sell elsewhere too."""
    return session.get("mode") == "payment" and ATTEMPT in (session.get("metadata") or {})


@contextmanager
def _translated(*, missing_is_fine: bool = False) -> Iterator[None]:
    """Everything that can go wrong becomes one of our words. Their texts hold no key and no name of a shopper."""
    import stripe

    try:
        yield
    except stripe.InvalidRequestError as error:
        if not (missing_is_fine and error.code == "resource_missing"):
            raise PaymentRefused(error.code or "invalid_request") from error
    except stripe.StripeError as error:
        raise _meaning(error) from error


def _meaning(error: Exception) -> VendorError:
    import stripe

    match error:
        case stripe.CardError():
            return PaymentRefused(error.code or "card_declined")
        case stripe.RateLimitError():
            return RetryLater(_RETRY_S, "Stripe asks to slow down")
        case stripe.AuthenticationError() | stripe.PermissionError():
            # For the operator to mend: no reason to turn shoppers' payments down for good.
            return RetryLater(_MISCONFIGURED_S, "Stripe does not take the key")
        case stripe.IdempotencyError():
            return PaymentUnknown("the key was used with other words: what became of it must be looked up")
        case stripe.APIConnectionError():
            if _never_arrived(error):
                return RetryLater(_RETRY_S, "Stripe cannot be reached")
            return PaymentUnknown("Stripe did not answer")
        case stripe.StripeError() if error.http_status == 409:  # the same key is being worked on right now
            return RetryLater(1.0, "Stripe is still at it")
        case _:
            return PaymentUnknown("Stripe answered with an error of its own")


def _never_arrived(error: Exception) -> bool:
    """Whether no connection came about, so that nothing can have happened."""
    from requests.exceptions import ConnectTimeout, SSLError
    from urllib3.exceptions import NewConnectionError

    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    return isinstance(cause, (ConnectTimeout, SSLError)) or isinstance(reason, NewConnectionError)
