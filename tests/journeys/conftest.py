"""The fixture shop with the clock of the journeys, and people who talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.journeys.drivers.memory import MemoryDriver
from tests.journeys.dsl import Talk
from tests.journeys.fixture_shop import load


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    settings = load_settings(data_dir=tmp_path / "data", encoder="none", secret_key="s" * 32)
    with build_shop(settings, clock=clock, ids=ids) as shop:
        load(shop)
        shop.index_keeper.refresh()
        yield shop


@pytest.fixture
def recorder(shop: Shop) -> Recorder:
    return Recorder(shop.media)


@pytest.fixture
def worker(shop: Shop, recorder: Recorder) -> Worker:
    return Worker(shop, [recorder])


@pytest.fixture
def person(shop: Shop, recorder: Recorder, worker: Worker, language: str) -> Callable[[str], Talk]:
    """Somebody at the in-memory channel, speaking the journey's language."""

    def make(name: str) -> Talk:
        return Talk(MemoryDriver(shop, recorder, worker, name.lower(), language=language, name=name), language)

    return make
