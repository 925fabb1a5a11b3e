"""The stand-in for Telegram, somebody who talks there, and the description of the Bot API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.channels.bot_api_description import BotApi
from vitrine.standins.telegram import TelegramStandIn
from vitrine.standins.telegram.people import Person


@pytest.fixture
def telegram() -> Iterator[TelegramStandIn]:
    with TelegramStandIn() as standin:
        yield standin


@pytest.fixture
def lea(telegram: TelegramStandIn) -> Person:
    person = telegram.person(1001, "Léa", "fr")
    person.start()
    telegram.calls.clear()
    return person


@pytest.fixture(scope="session")
def bot_api(shared: Path) -> BotApi:
    path = shared / "specs" / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip(f"no Bot API description at {path}")
    return BotApi(path)
