"""The stand-ins as a rehearsal uses them: over HTTP, with signed calls to a shop that is not always there."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from commerce.clock import ManualClock
from commerce.domain.payment import PaymentRequest
from commerce.errors import RetryLater
from commerce.payments.square.client import SquareClient
from commerce.payments.square.provider import SquareProvider
from commerce.payments.square.verify import verify as square_verify
from commerce.payments.stripe.provider import StripeProvider
from commerce.payments.stripe.verify import verify as stripe_verify
from commerce.ports import PaymentProvider
from tests.contracts.payment_cases import CASES, NOW
from vitrine.standins import provider as provider_module
from vitrine.standins.provider import Fault, ProviderStandIn
from vitrine.standins.square import SquareStandIn
from vitrine.standins.stripe import StripeStandIn


class Shop:
    """A webhook that keeps what comes; the first `refusing` calls are answered 503."""

    def __init__(self, refusing: int = 0) -> None:
        self.calls: list[tuple[bytes, dict[str, str]]] = []
        self.refused = 0
        shop = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if shop.refused < refusing:
                    shop.refused += 1
                    self.send_response(503)
                else:
                    shop.calls.append((body, {name.lower(): value for name, value in self.headers.items()}))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Hook)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/money"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(params=[StripeStandIn, SquareStandIn])
def standin(request) -> Iterator[ProviderStandIn]:
    with request.param(clock=ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def provider(standin) -> PaymentProvider:
    """The shop's own."""
    if isinstance(standin, StripeStandIn):
        return StripeProvider(standin.key, ["whsec_x"], standin.url, standin.clock)
    return SquareProvider(SquareClient(standin.token, standin.url), ["key"], standin.location, standin.clock)


@pytest.fixture
def asking(tmp_path) -> Iterator[PaymentRequest]:
    with CASES["fake"](tmp_path) as maker:
        yield maker.request(maker.attempt())


@pytest.fixture
def session(provider, asking) -> str:
    """One that waits to be paid."""
    return provider.start(asking).session_ref


def authentic(standin: ProviderStandIn, url: str, body: bytes, headers: dict[str, str]) -> bool:
    if isinstance(standin, StripeStandIn):
        return stripe_verify(body, headers, [standin.webhook_secret], standin.clock.now())
    return square_verify(body, headers, url, [standin.signature_key])


def secret_of(standin) -> str:
    return standin.webhook_secret if isinstance(standin, StripeStandIn) else standin.signature_key


def test_calls_are_signed_and_come_again_until_they_are_taken(standin, session):
    shop = Shop(refusing=2)
    try:
        standin.set_webhook(shop.url, secret_of(standin))
        assert standin.pay(session)
        standin.settle()
        assert shop.refused == 2
        ids = [event.get("id") or event["event_id"] for event in standin.events]
        came = [json.loads(body) for body, _ in shop.calls]
        assert sorted(event.get("id") or event["event_id"] for event in came) == sorted(ids) and ids
        assert all(authentic(standin, shop.url, body, headers) for body, headers in shop.calls)
    finally:
        shop.close()


def test_calls_can_be_held_copied_and_shuffled(standin, session):
    shop = Shop()
    try:
        standin.set_webhook(shop.url, secret_of(standin))
        with standin.held(random.Random(7), copies=3):
            assert standin.pay(session)
            assert shop.calls == []
        events = [json.loads(body) for body, _ in shop.calls]
        ids = [event.get("id") or event["event_id"] for event in events]
        assert len(set(ids)) == len(standin.events) < len(ids)
    finally:
        shop.close()


def test_a_shop_that_is_down_does_not_stop_the_shopper(standin, session, monkeypatch):
    monkeypatch.setattr(provider_module, "_DELIVERY_TRIES", 2)
    standin.set_webhook("http://127.0.0.1:9/hooks/money", "x")
    assert standin.pay(session)
    standin.settle()
    assert standin.events


def asked(url: str, body: dict | None = None, form: bytes | None = None) -> tuple[int, bytes]:
    data = form if form is not None else json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_whoever_rehearses_can_do_all_of_it_over_http(standin, session):
    code, calls = asked(f"{standin.url}/standin/calls")
    assert code == 200 and json.loads(calls)[0]["code"] == 200
    assert json.loads(asked(f"{standin.url}/standin/fail", {"name": "*", "status": 500, "times": 2})[1]) == {"ok": True}
    assert standin.fault_for("anything").status == 500
    code, body = asked(f"{standin.url}/standin/sessions/{session}/pay", {"how": "debit"})
    assert (code, json.loads(body)) == (200, {"done": True})
    code, body = asked(f"{standin.url}/standin/sessions/{session}/settle", {"arrived": True})
    assert (code, json.loads(body)) == (200, {"done": True})
    assert asked(f"{standin.url}/standin/sessions/{session}/dance", {})[0] == 404
    assert json.loads(asked(f"{standin.url}/standin/events")[1])


def test_the_page_of_a_session_can_be_paid_by_a_browser(standin, session):
    path = f"c/pay/{session}" if isinstance(standin, StripeStandIn) else f"u/{session.partition(':')[0]}"
    url = f"{standin.url}/{path}"
    code, shown = asked(url)
    assert code == 200 and b"12990" in shown and b"Pay" in shown
    code, shown = asked(url, form=b"how=declined")
    assert code == 200 and b"declined" in shown

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as redirect:
        urllib.request.build_opener(Stay).open(urllib.request.Request(url, b"how=card"))
    assert redirect.value.code == 303
    assert redirect.value.headers["Location"] == "https://shop.example/orders/1042?key=abc"
    assert not standin.pay(session), "once"


def test_unknown_paths_and_methods_are_refused_in_the_vendors_words(standin):
    code, body = asked(f"{standin.url}/v1/nothing", {})
    assert code == 404 and {"error", "errors"} & set(json.loads(body))


def test_a_key_that_is_being_worked_on_is_for_later(standin, provider, asking):
    name = "checkout.sessions.create" if isinstance(standin, StripeStandIn) else "links.create"
    standin.fail(name, Fault(hang_s=1.0))
    first: list[str] = []
    thread = threading.Thread(target=lambda: first.append(provider.start(asking).session_ref))
    thread.start()
    refused = 0
    while not first:
        if standin._keys:  # it has arrived
            try:
                provider.start(asking)
            except RetryLater:
                refused += 1
    thread.join()
    assert refused > 0
    assert provider.start(asking).session_ref == first[0]
