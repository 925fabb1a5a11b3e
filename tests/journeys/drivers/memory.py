"""The in-memory channel: events go into the real inbox, the real worker answers, the recorder shows what was sent."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from bot.channels.neutral import event_of
from bot.channels.recorder.send import Recorder
from bot.messages import Button, MediaRef
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.mail import InboundEvent
from commerce.wiring import Shop
from tests.journeys.dsl import Seen, same_label

TYPING = timedelta(seconds=1)  # people are no machines: the flood guard would notice

_numbers = count(1)


class MemoryDriver:
    """One person. Several of them may share a shop, a recorder and a worker."""

    def __init__(
        self, shop: Shop, recorder: Recorder, worker: Worker, address: str, *, language: str, name: str = ""
    ) -> None:
        self.contact = Contact(recorder.name, recorder.account, address)
        self.events: list[InboundEvent] = []
        self._shop, self._recorder, self._worker = shop, recorder, worker
        self._language, self._name = language, name
        self._read = 0

    def say(self, text: str) -> None:
        self._send(text=text)

    def tap(self, label: str) -> None:
        button = next((b for b in reversed(self._buttons) if same_label(b.label, label)), None)
        first = next((b for b in self._newest() if same_label(b.label, label)), button)
        assert first is not None, f"no button [{label}] among {[b.label for b in self._buttons]}"
        assert first.action, f"[{label}] opens {first.url}"
        self._send(action=first.action)

    def address(self, label: str) -> str:
        return next(b.url for b in reversed(self._newest()) if same_label(b.label, label))

    def start(self, parameter: str) -> None:
        self._send(start=parameter)

    def share_location(self, point: GeoPoint) -> None:
        self._send(location=point)

    def send_photo(self, data: bytes, caption: str = "") -> None:
        key = self._shop.media.put(data, ".upload")
        self._send(text=caption, media=(MediaRef(key, "photo"),))

    def new_messages(self) -> list[Seen]:
        self._worker.run_until_quiet()
        sent = self._recorder.sent_to(self.contact)[self._read :]
        self._read += len(sent)
        return [
            Seen(
                text=message.text,
                buttons=tuple(button.label for row in message.rows for button in row),
                pictures=len(message.pictures),
                asks_location=message.kind == "location_request",
                documents=(message.document.text,) if message.document else (),
            )
            for delivery in sent
            for message in delivery.outgoing
        ]

    @property
    def _buttons(self) -> list[Button]:
        """All that they were ever shown, oldest first."""
        return [
            button
            for delivery in self._recorder.sent_to(self.contact)
            for message in delivery.outgoing
            for row in message.rows
            for button in row
        ]

    def _newest(self) -> list[Button]:
        """The buttons of the newest message that has any, in its order: of two alike, people press the first."""
        sent = self._recorder.sent_to(self.contact)
        for delivery in reversed(sent):
            found = [button for message in delivery.outgoing for row in message.rows for button in row]
            if found:
                return found
        return []

    def _send(
        self,
        *,
        text: str = "",
        action: str = "",
        start: str | None = None,
        location: GeoPoint | None = None,
        media: tuple[MediaRef, ...] = (),
    ) -> None:
        if isinstance(self._shop.clock, ManualClock):
            self._shop.clock.advance(TYPING)
        now = self._shop.clock.now()
        event = event_of(
            self.contact,
            f"{self.contact.address}-{next(_numbers)}",
            now,
            text=text,
            action=action,
            start=start,
            location=location,
            media=media,
            language=self._language,
            name=self._name,
        )
        self.events.append(event)
        assert self._shop.storage.write(lambda uow: uow.inbox.accept(event, now))
        self._worker.run_until_quiet()
