"""The stand-in for Square, our provider and Square's own client that talk to it, and something to be paid."""

from collections.abc import Iterator

import pytest
import square

from commerce.clock import ManualClock
from commerce.payments.square.client import API_VERSION, SquareClient
from commerce.payments.square.provider import SquareProvider
from tests.contracts.payment_cases import NOW, SQUARE_KEYS, Case
from tests.contracts.payment_cases import square as square_case
from vitrine.standins.square import SquareStandIn


@pytest.fixture
def case(tmp_path) -> Iterator[Case]:
    with square_case(tmp_path) as opened:
        yield opened


@pytest.fixture
def standin() -> Iterator[SquareStandIn]:
    with SquareStandIn(clock=ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def provider(standin) -> SquareProvider:
    return SquareProvider(SquareClient(standin.token, standin.url), SQUARE_KEYS, standin.location, standin.clock)


@pytest.fixture
def theirs(standin) -> square.Square:
    """Square's own client, talking to the stand-in."""
    return square.Square(token=standin.token, base_url=standin.url, version=API_VERSION)
