"""Stripe as others imitate it: localstripe (https://github.com/adrienverge/localstripe), in a process of its own.

It has payment intents, refunds and signed calls, but no Checkout Sessions, and it ignores keys: those are checked with
our own stand-in alone. It is licensed under the GPL: it is run, never imported and never shipped. While these tests run
it listens on every address of the machine, which it does not let anybody choose.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from socket import create_connection, create_server
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import stripe

from commerce.clock import SystemClock
from commerce.domain.money import Money
from commerce.domain.payment import (
    CallbackKind,
    PaymentAttempt,
    PaymentState,
    Refund,
    RefundReason,
    RefundState,
)
from commerce.errors import PaymentRefused, RetryLater
from commerce.payments.stripe.provider import StripeProvider

pytestmark = pytest.mark.skipif(find_spec("localstripe") is None, reason="localstripe is not installed")

KEY, SECRET = "sk_test_12345", "whsec_of_localstripe"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("localstripe")), "--port", str(port), "--from-scratch"]
    log = (tmp_path_factory.mktemp("localstripe") / "log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        until = time.monotonic() + 30
        while True:
            try:
                create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    pytest.fail("localstripe does not start")
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def told(address) -> Iterator[list[tuple[bytes, dict[str, str]]]]:
    """Calls that localstripe makes to a shop."""
    calls: list[tuple[bytes, dict[str, str]]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hook = urlencode({"url": f"http://127.0.0.1:{server.server_port}/", "secret": SECRET}).encode()
    urlopen(Request(f"{address}/_config/webhooks/shop", hook, method="POST")).close()
    yield calls
    server.shutdown()
    server.server_close()


@pytest.fixture
def provider(address) -> StripeProvider:
    return StripeProvider(KEY, [SECRET], address, SystemClock())


@pytest.fixture
def attempt(address) -> PaymentAttempt:
    """Of 129.90 euro, paid by card in the way of a shop without Checkout."""
    client = stripe.StripeClient(KEY, base_addresses={"api": address}, max_network_retries=0)
    customer = client.v1.customers.create({"email": "lea@example.com"})
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    intent = client.v1.payment_intents.create(
        {"amount": 12_990, "currency": "eur", "customer": customer.id, "payment_method": method.id}
    )
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"
    now = datetime.now(UTC)
    amount = Money(12_990, "EUR")
    return PaymentAttempt(
        "a" * 32, "b" * 32, "stripe", amount, PaymentState.CAPTURED, "key", now, now, payment_ref=intent.id
    )


def refund_of(attempt: PaymentAttempt, name: str, minor: int) -> Refund:
    now = datetime.now(UTC)
    amount = Money(minor, "EUR")
    return Refund(name * 32, attempt.order_id, attempt.id, amount, RefundReason.RETURN, RefundState.SENDING, now, now)


def test_money_goes_back_and_is_found_by_our_own_name(provider, attempt):
    mine, other = refund_of(attempt, "c", 5_000), refund_of(attempt, "d", 100)
    assert provider.look_up_refund(mine, attempt) is None
    made = provider.refund(mine, attempt)
    assert made.state is RefundState.DONE and made.provider_ref.startswith("re_")
    assert provider.refund(other, attempt).provider_ref != made.provider_ref
    assert provider.look_up_refund(mine, attempt) == made
    assert provider.look_up_refund(replace(mine, provider_ref=made.provider_ref), attempt) == made


def test_what_was_never_paid_is_refused(provider, attempt):
    with pytest.raises(PaymentRefused):
        provider.refund(refund_of(attempt, "e", 100), replace(attempt, payment_ref="pi_unknown"))


def test_a_key_of_the_wrong_kind_is_for_the_operator(address, attempt):
    stranger = StripeProvider("nonsense", [SECRET], address, SystemClock())
    with pytest.raises(RetryLater):
        stranger.refund(refund_of(attempt, "f", 100), attempt)


def test_its_calls_are_taken_for_what_they_are(provider, told, attempt):
    until = time.monotonic() + 20
    while time.monotonic() < until:  # it waits a second before it calls
        kinds = {provider.parse(body, datetime.now(UTC)).kind for body, _ in told}
        if any(b"payment_intent.succeeded" in body for body, _ in told):
            break
        time.sleep(0.05)
    assert told and kinds == {CallbackKind.IGNORED}, "all of it authentic, none of it a session"
    stranger = StripeProvider(KEY, ["whsec_of_somebody_else"], "http://127.0.0.1:9", SystemClock())
    for body, headers in told:
        assert provider.verify(body, headers, "", datetime.now(UTC))
        assert not provider.verify(body[:-1], headers, "", datetime.now(UTC))
        assert not stranger.verify(body, headers, "", datetime.now(UTC))
