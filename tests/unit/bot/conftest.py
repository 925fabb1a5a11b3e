"""The fixture shop without pictures, an in-memory channel and people at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.channels import rules_of_channels
from bot.channels.neutral import event_of
from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from vitrine.fixture import build_fixture

_numbers = count(1)


SETTINGS: dict[str, object] = {"encoder": "none", "secret_key": "s" * 32}


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the fixture shop, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    clock = ManualClock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    with build_shop(load_settings(data_dir=folder, **SETTINGS), clock=clock, ids=SeededIds(1)) as shop:
        build_fixture(shop, pictures=False)
    return folder


@pytest.fixture
def make_shop(tmp_path: Path, clock: ManualClock, filled_folder: Path) -> Iterator[Callable[..., Shop]]:
    """Opens the fixture shop with some settings changed."""
    opened: list[Shop] = []

    def make(**changes: object) -> Shop:
        settings = load_settings(**(SETTINGS | {"data_dir": tmp_path / str(len(opened))} | changes))
        shutil.copytree(filled_folder, settings.data_dir)
        shop = build_shop(settings, clock=clock, ids=SeededIds(), channels=rules_of_channels())
        opened.append(shop)
        if settings.database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        return shop

    yield make
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


@dataclass
class Desk:
    """A shop with a recorder and a worker driven by hand."""

    shop: Shop
    recorder: Recorder
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.shop, [self.recorder])

    def contact(self, address: str = "lea") -> Contact:
        return Contact(self.recorder.name, self.recorder.account, address)

    def event(self, text: str = "", *, address: str = "lea", action: str = "", after_s: float = 1) -> InboundEvent:
        """One more event, later than the one before."""
        assert isinstance(self.shop.clock, ManualClock)
        now = self.shop.clock.advance(timedelta(seconds=after_s))
        return event_of(self.contact(address), f"e{next(_numbers)}", now, text=text, action=action, language="en")

    def accept(self, *events: InboundEvent) -> None:
        for event in events:
            now = self.shop.clock.now()
            self.shop.storage.write(lambda uow, event=event: uow.inbox.accept(event, now))

    def say(self, text: str = "", *, address: str = "lea", action: str = "", after_s: float = 1) -> list[str]:
        """Says it and returns what was answered."""
        before = len(self.texts(address))
        self.accept(self.event(text, address=address, action=action, after_s=after_s))
        self.worker.run_until_quiet()
        return self.texts(address)[before:]

    def texts(self, address: str = "lea") -> list[str]:
        return [m.text for sent in self.recorder.sent_to(self.contact(address)) for m in sent.outgoing]


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop, Recorder(shop.media))
