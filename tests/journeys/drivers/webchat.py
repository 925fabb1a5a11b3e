"""The web chat: one browser session over the real HTTP API, the real worker behind it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.wiring import Shop
from shoppable.chat import session
from shoppable.limits import Buckets
from shoppable.site import EXTENSION
from tests.journeys.dsl import Seen, same_label

TYPING = timedelta(seconds=1)


class Watch:
    """How often a shopper may speak goes by this watch; whoever waits moves it on, and nobody sits there."""

    def __init__(self, app: Flask) -> None:
        self._now_s = 0.0
        app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], buckets=Buckets(lambda: self._now_s))

    def later(self, seconds: float) -> None:
        self._now_s += seconds


class WebChatDriver:
    """One person with one browser. Several may share a shop, its application and a worker.

    The worker answers in this thread, unless `worker` is None: then somebody else runs one and answers are waited for.
    Who is told to come back later does: `later` passes the seconds.
    """

    def __init__(
        self,
        shop: Shop,
        app: Flask,
        worker: Worker | None,
        *,
        language: str,
        later: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shop, self._worker, self._language, self._later = shop, worker, language, later
        self._app, self._client = app, app.test_client()
        self._base = shop.settings.base_url
        self._numbers = count(1)
        self._last_id = 0
        self._unread: list[dict[str, Any]] = []
        self._buttons: list[dict[str, str]] = []

    @property
    def contact(self) -> Contact:
        """Who this browser is to the shop, once it has said something."""
        with self._app.test_request_context(base_url=self._base):
            cookie = self._client.get_cookie(session.cookie_name(), domain=urlsplit(self._base).hostname or "")
        assert cookie is not None, "nothing was said yet"
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        with self._app.test_request_context(base_url=self._base, headers=headers):
            found = session.current()
        assert found is not None
        return found

    def say(self, text: str) -> None:
        self._send(text=text)

    def tap(self, label: str) -> None:
        button = next((b for b in self._buttons if same_label(b["label"], label)), None)
        assert button is not None, f"no button [{label}] among {[b['label'] for b in self._buttons]}"
        assert button["action"], f"[{label}] opens {button['url']}"
        self._send(action=button["action"])

    def address(self, label: str) -> str:
        return next(b["url"] for b in self._buttons if same_label(b["label"], label))

    def start(self, parameter: str) -> None:
        self._send(start=parameter)

    def share_location(self, point: GeoPoint) -> None:
        self._send(location={"latitude": point.latitude, "longitude": point.longitude})

    def send_photo(self, data: bytes, caption: str = "") -> None:
        answer = self._client.post(
            "/api/v1/chat/uploads",
            data={"photo": (io.BytesIO(data), "photo.jpg")},
            headers={"Origin": self._base},
            base_url=self._base,
        )
        assert answer.status_code == 201, answer.text
        self._send(media=[answer.json["token"]], **({"text": caption} if caption else {}))

    def new_messages(self) -> list[Seen]:
        self._hear()
        replies, self._unread = self._unread, []
        return [self._seen(reply) for reply in replies]

    def _send(self, **what: Any) -> None:
        if isinstance(self._shop.clock, ManualClock):
            self._shop.clock.advance(TYPING)
        message = {"client_msg_id": f"message-{next(self._numbers):06}", "language": self._language, **what}
        for expected in (202, 200):  # as a browser that did not hear the first answer would: one effect
            answer = self._post(message)
            while answer.status_code == 429:  # as the page does: later, when the shop said so
                self._later(int(answer.headers["Retry-After"]))
                answer = self._post(message)
            assert answer.status_code == expected, answer.text
        self._hear()

    def _post(self, message: dict[str, Any]) -> TestResponse:
        return self._client.post(
            "/api/v1/chat/messages", json=message, headers={"Origin": self._base}, base_url=self._base
        )

    def _hear(self) -> None:
        if self._worker is not None:
            self._worker.run_until_quiet()
        query = {"after": self._last_id, "wait": 0 if self._worker is not None else 10}
        answer = self._client.get("/api/v1/chat/events", query_string=query, base_url=self._base)
        assert answer.status_code == 200, answer.text
        self._last_id = answer.json["last_id"]
        replies = [event["reply"] for event in answer.json["events"] if event["reply"]]
        self._unread += replies
        # Newest first, in the order of the page within one: what a person finds who looks up from the end.
        for reply in replies:
            shown = [button for card in reply["cards"] for button in card["buttons"]] + reply["buttons"]
            self._buttons = shown + self._buttons

    def _seen(self, reply: dict[str, Any]) -> Seen:
        """Everything written in the reply as the page shows it, cards below the text."""
        cards = [" — ".join([card["title"], *card["facts"]]) for card in reply["cards"]]
        buttons = [button for card in reply["cards"] for button in card["buttons"]] + reply["buttons"]
        pictures = [reply["picture"], *(card["picture"] for card in reply["cards"])]
        return Seen(
            text="\n".join(line for line in (reply["text"], *cards) if line),
            buttons=tuple(button["label"] for button in buttons),
            pictures=sum(picture is not None for picture in pictures),
            asks_location=reply["ask"] == "location",
            documents=tuple(self._download(file["url"]) for file in (reply["document"],) if file),
        )

    def _download(self, url: str) -> str:
        answer = self._client.get(url, base_url=self._base)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "text/plain"
        return answer.text
