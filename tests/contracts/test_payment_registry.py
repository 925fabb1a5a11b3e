"""Every provider of the registry: has a case and a row, its secrets or none, and imports no library of a vendor."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from commerce.domain.payment import PaymentState, RefundState
from commerce.payments import describe_providers, open_providers
from commerce.settings import load_settings
from tests.contracts.payment_cases import CASES

ALL_SET = {
    "pay_in_store": True,
    "stripe_key": "sk_test_of_the_contract",
    "stripe_webhook_secret": "whsec_of_the_contract_new",
    "stripe_api_url": "http://127.0.0.1:9",
    "square_token": "EAAA-of-the-contract",
    "square_signature_key": "square-key-of-the-contract",
    "square_location": "L1",
    "square_api_url": "http://127.0.0.1:9",
    "telegram_token": "700700700:TOKEN-of-the-contract",
    "telegram_payment_token": "284685063:TEST:contract",
    "telegram_api_url": "http://127.0.0.1:9",
    "fake_payments": True,
}
IN_PERSON = {"pay_in_store", "telegram"}  # nobody to call, and nobody who calls


def test_every_provider_of_the_registry_has_a_case_and_a_row(tmp_path):
    opened = open_providers(load_settings(data_dir=tmp_path, **ALL_SET))
    assert set(opened) == {*CASES, *IN_PERSON} == {state.name for state in describe_providers(load_settings())}
    with (Path(__file__).parents[2] / "docs" / "payments.csv").open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    assert {row[0] for row in rows} == set(opened)
    assert all(len(row) == len(columns) and all(row) for row in rows)
    assert {name for name, provider in opened.items() if provider.name != name} == set()
    assert {name for name, provider in opened.items() if provider.has_callbacks} == set(CASES)
    assert {name for name, provider in opened.items() if not provider.is_online} == {"pay_in_store"}
    assert {name for name, provider in opened.items() if not provider.gives_back} == IN_PERSON


def test_a_provider_without_its_secrets_does_not_exist():
    assert set(open_providers(load_settings())) == {"pay_in_store"}
    assert open_providers(load_settings(pay_in_store=False)) == {}


@pytest.mark.parametrize(
    "missing",
    [
        "stripe_key",
        "stripe_webhook_secret",
        "square_token",
        "square_signature_key",
        "square_location",
        "telegram_token",
        "telegram_payment_token",
    ],
)
def test_start_up_says_which_secret_is_missing(missing):
    settings = load_settings(**{**ALL_SET, missing: ""})
    name = "telegram" if missing.startswith("telegram") else missing.partition("_")[0]
    assert name not in open_providers(settings)
    states = {state.name: state.off_because for state in describe_providers(settings)}
    assert f"VITRINE_{missing.upper()}" in states[name]
    assert [other for other, why in states.items() if why] == [name]


def test_opening_providers_imports_no_vendors_library():
    script = (
        "import sys\n"
        "from commerce.payments import open_providers\n"
        "from commerce.settings import load_settings\n"
        f"print(sorted(open_providers(load_settings(**{ALL_SET!r}))))\n"
        "print(sorted({'stripe', 'httpx', 'requests', 'square', 'aiogram'} & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize("name", sorted(IN_PERSON))
def test_where_nobody_is_called_nothing_is_claimed(case_without_wire, name):
    provider, case = case_without_wire(name)
    attempt = case.attempt()
    request = case.request(attempt)
    session = provider.start(request)
    assert provider.start(request) == session
    assert (session.session_ref, session.state, session.url) == (attempt.id, PaymentState.REQUIRES_ACTION, "")
    assert provider.look_up(attempt) is None
    report = provider.cancel(attempt)
    assert report is not None and (report.state, report.attempt_id) == (PaymentState.CANCELED, attempt.id)
    refund = case.refund(attempt, 100)
    refused = provider.refund(refund, attempt)
    assert refused.state is RefundState.FAILED and refused.error, "a person must give it back"
    assert provider.look_up_refund(refund, attempt) is None
    assert provider.list_since(case.clock.now()) is None
    for headers in ({}, {"fake-signature": "x"}, {"stripe-signature": "t=1,v1=x"}):
        assert not provider.verify(b"{}", headers, "https://shop.example/hooks/x", case.clock.now())
    with pytest.raises(ValueError):
        provider.parse(b"{}", case.clock.now())


@pytest.fixture
def case_without_wire(tmp_path):
    """A provider of the registry that calls nobody, and a maker of attempts and requests."""
    with CASES["fake"](tmp_path) as maker:
        yield lambda name: (open_providers(load_settings(data_dir=tmp_path, **ALL_SET))[name], maker)
