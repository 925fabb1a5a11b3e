"""Telegram: the real doors, worker and aiogram against the stand-in of the Bot API, by webhook or by polling."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Literal

from bot.channels import build_channels
from bot.channels.telegram.register import register_webhook
from bot.channels.telegram.send import TelegramChannel
from bot.polling import poll
from bot.webhooks import webhooks
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.ports import Clock, Storage
from commerce.settings import Settings, load_settings
from commerce.wiring import Shop
from tests.journeys.dsl import Seen, same_label
from vitrine.standins.telegram import PROVIDER_TOKEN, Payment, Person, TelegramStandIn

SECRET = "tg_secret-TEST_01"
TYPING = timedelta(seconds=1)
_PATIENCE_S = 15.0


@dataclass(frozen=True)
class _Doors:
    """The shop as its doors see it, with the settings of this stand-in."""

    settings: Settings
    clock: Clock
    storage: Storage


class TelegramRig:
    """A shop on Telegram. `with TelegramRig(shop, "webhook") as rig: rig.driver(1001, "Léa", "fr").say(…)`"""

    def __init__(self, shop: Shop, way: Literal["webhook", "polling"]) -> None:
        self.shop, self.way = shop, way
        self.standin = TelegramStandIn(clock=shop.clock)
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None
        self._web = None

    def __enter__(self) -> TelegramRig:
        import aiogram.methods  # noqa: F401 - on a busy machine this alone takes longer than we wait for an answer

        self.standin.start()
        settings = load_settings(
            data_dir=self.shop.settings.data_dir,
            telegram_token=self.standin.token,
            telegram_secret=SECRET,
            telegram_api_url=self.standin.url,
            telegram_username=self.standin.username,
            telegram_payment_token=PROVIDER_TOKEN,
        )
        doors = _Doors(settings, self.shop.clock, self.shop.storage)
        channel = build_channels(settings, self.shop.media)["telegram"]
        assert isinstance(channel, TelegramChannel)
        self.channel = channel
        self.worker = Worker(self.shop, [channel])
        if self.way == "webhook":
            self._serve(doors)
        else:
            self._poller = threading.Thread(
                target=poll, args=(doors, self._stop), kwargs={"long_poll_s": 5}, daemon=True
            )
            self._poller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._poller:
            self.standin.end_polls()
            self._poller.join(10)
        if self._web:
            self._web.shutdown()
            self._web.server_close()
        self.channel.close()
        self.standin.close()

    def driver(self, person_id: int, name: str, language: str) -> TelegramDriver:
        return TelegramDriver(self, self.standin.person(person_id, name, language))

    def settle(self) -> None:
        """Returns when everything that was written is answered and sent."""
        until = time.monotonic() + _PATIENCE_S
        while self.standin.pending:  # polled updates are confirmed only once they are committed
            assert time.monotonic() < until, "nobody polls"
            time.sleep(0.005)
        self.worker.run_until_quiet()

    def _serve(self, doors: _Doors) -> None:
        from flask import Flask
        from werkzeug.serving import make_server

        app = Flask(__name__)
        app.register_blueprint(webhooks(doors))
        self._web = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=self._web.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{self._web.server_port}"
        assert register_webhook(doors.settings.model_copy(update={"base_url": address}))


class TelegramDriver:
    """One person with a telephone."""

    def __init__(self, rig: TelegramRig, person: Person) -> None:
        self._rig, self.person = rig, person
        self.contact = Contact(rig.channel.name, rig.channel.account, str(person.id))

    def say(self, text: str) -> None:
        self._do(lambda: self.person.say(text))

    def tap(self, label: str) -> None:
        found = next((shown for shown in self.person.buttons if same_label(shown, label)), label)
        url = ""

        def tap() -> None:
            nonlocal url
            url = self.person.tap(found)

        self._do(tap)
        assert not url, f"[{label}] opens {url}"

    def address(self, label: str) -> str:
        return self.person.tap(label)

    def start(self, parameter: str) -> None:
        self._do(lambda: self.person.start(parameter))

    def share_location(self, point: GeoPoint) -> None:
        self._do(lambda: self.person.share_location(point.latitude, point.longitude))

    def send_photo(self, data: bytes, caption: str = "") -> None:
        self._do(lambda: self.person.photo(data, caption))

    def pay(self) -> Payment:
        """Pays the newest invoice on the screen; what the bot said to that, and whether it was charged."""
        paid: list[Payment] = []
        self._do(lambda: paid.append(self.person.pay()))
        return paid[0]

    def new_messages(self) -> list[Seen]:
        self._rig.settle()
        return [
            Seen(
                text=shown.text,
                buttons=(*(label for row in shown.buttons for label in row), *shown.keys),
                pictures=len(shown.photos),
                asks_location=bool(shown.asks_location),
                documents=tuple(file.decode() for file in shown.documents),
            )
            for shown in self.person.replies()
        ]

    def _do(self, deed) -> None:
        if isinstance(self._rig.shop.clock, ManualClock):
            self._rig.shop.clock.advance(TYPING)
        deed()
        self._rig.settle()
