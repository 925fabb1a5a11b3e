"""The stand-in for Stripe, our provider that talks to it, and something to be paid."""

from collections.abc import Iterator

import pytest

from commerce.clock import ManualClock
from commerce.payments.stripe.provider import StripeProvider
from tests.contracts.payment_cases import NOW, WEBHOOK_SECRETS, Case
from tests.contracts.payment_cases import stripe as stripe_case
from vitrine.standins.stripe import StripeStandIn


@pytest.fixture
def case(tmp_path) -> Iterator[Case]:
    with stripe_case(tmp_path) as opened:
        yield opened


@pytest.fixture
def standin() -> Iterator[StripeStandIn]:
    with StripeStandIn(clock=ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def provider(standin) -> StripeProvider:
    return StripeProvider(standin.key, WEBHOOK_SECRETS, standin.url, standin.clock)
