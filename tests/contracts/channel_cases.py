"""One case a channel: how to build it for the contract, what to send through it, and how to see what came out.

A new channel adds its case to CASES and inherits every test of test_channels.py.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.channels import Channel, Hook, neutral
from bot.channels.telegram.parse import split
from bot.messages import MediaRef
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.settings import Settings
from vitrine.standins.telegram import TelegramStandIn

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SECRET, OLD_SECRET = "tg_secret-TEST_01", "tg_secret-TEST_02"


def picture(colour: str = "red", size: tuple[int, int] = (64, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Files:
    """A media store in memory (MediaStore port)."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes, suffix: str) -> str:
        key = f"{len(self.kept):032x}{suffix}"
        self.kept[key] = data
        return key

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@dataclass
class Case:
    """`said`: the event of somebody saying a text; `seen`: texts that arrived; `sent_file`: a file that was sent."""

    channel: Channel
    contact: Contact
    said: Callable[[str], InboundEvent]
    seen: Callable[[], list[str]]
    sent_file: Callable[[bytes], MediaRef]
    raw: Callable[[bytes], InboundEvent]


@contextmanager
def telegram(tmp_path: Path) -> Iterator[Case]:
    from bot.channels.telegram.send import TelegramChannel

    with TelegramStandIn() as standin:
        person = standin.person(1001, "Léa", "fr")
        person.started = True
        files = Files()
        channel = TelegramChannel(token=standin.token, account="700700700", api_url=standin.url, media=files)
        contact = Contact("telegram", "700700700", "1001")

        def said(text: str) -> InboundEvent:
            message = {"message_id": 1, "from": person.user, "chat": person.chat, "date": 1773136800, "text": text}
            return split(json.dumps({"update_id": 900_000_001, "message": message}).encode(), "700700700", NOW)[0].event

        def sent_file(data: bytes) -> MediaRef:
            return MediaRef(standin.keep_file(data, "documents", "file.bin")["file_id"])

        def raw(body: bytes) -> InboundEvent:
            return InboundEvent(contact, "1", NOW, body)

        yield Case(channel, contact, said, lambda: [shown.text for shown in person.screen], sent_file, raw)
        channel.close()


@contextmanager
def telegram_staff(tmp_path: Path) -> Iterator[Case]:
    from bot.channels.telegram_staff.parse import split as split_staff
    from bot.channels.telegram_staff.send import StaffTelegram

    with TelegramStandIn() as standin:
        bot = standin.another_bot()
        person = bot.person(2001, "Nadia", "fr")
        person.started = True
        channel = StaffTelegram(token=bot.token, account="700700701", api_url=standin.url, media=Files())
        contact = Contact("telegram-staff", "700700701", "2001")

        def said(text: str) -> InboundEvent:
            message = {"message_id": 1, "from": person.user, "chat": person.chat, "date": 1773136800, "text": text}
            update = {"update_id": 900_000_001, "message": message}
            return split_staff(json.dumps(update).encode(), "700700701", NOW)[0].event

        def sent_file(data: bytes) -> MediaRef:
            return MediaRef(bot.keep_file(data, "documents", "file.bin")["file_id"])

        def raw(body: bytes) -> InboundEvent:
            return InboundEvent(contact, "1", NOW, body)

        yield Case(channel, contact, said, lambda: [shown.text for shown in person.screen], sent_file, raw)
        channel.close()


@contextmanager
def webchat(tmp_path: Path) -> Iterator[Case]:
    from bot.channels.webchat.send import WebChat

    files = Files()
    yield _ours(
        WebChat(files), Contact("webchat", "web", "chat-7"), list, lambda data: MediaRef(files.put(data, ".upload"))
    )


@contextmanager
def terminal(tmp_path: Path) -> Iterator[Case]:
    from bot.channels.terminal.send import Terminal

    blocks: list[str] = []

    def sent_file(data: bytes) -> MediaRef:
        path = tmp_path / "photo.jpg"
        path.write_bytes(data)
        return MediaRef(str(path))

    yield _ours(Terminal(blocks.append), Contact("terminal", "local", "me"), lambda: blocks, sent_file)


@contextmanager
def recorder(tmp_path: Path) -> Iterator[Case]:
    from bot.channels.recorder.send import Recorder

    files = Files()
    channel = Recorder(files)
    contact = Contact("recorder", "memory", "1")

    def seen() -> list[str]:
        return [message.text for sent in channel.sent_to(contact) for message in sent.outgoing]

    yield _ours(channel, contact, seen, lambda data: MediaRef(files.put(data, ".upload")))


def _ours(
    channel: Channel, contact: Contact, seen: Callable[[], list[str]], sent_file: Callable[[bytes], MediaRef]
) -> Case:
    return Case(
        channel,
        contact,
        lambda text: neutral.event_of(contact, "1", NOW, text=text),
        seen,
        sent_file,
        lambda body: InboundEvent(contact, "1", NOW, body),
    )


CASES = {
    "telegram": telegram,
    "telegram-staff": telegram_staff,
    "webchat": webchat,
    "terminal": terminal,
    "recorder": recorder,
}


@dataclass(frozen=True)
class HookCase:
    """A vendor's door: how an authentic call looks, and calls that are not."""

    hook: Callable[[Settings], Hook]
    settings: dict[str, str]
    genuine: dict[str, str]
    rotated: dict[str, str]
    forged: dict[str, dict[str, str | bytes]]
    body: bytes
    other_body: bytes
    off: dict[str, str]  # the settings without the secret


def telegram_hook() -> HookCase:
    from bot.channels.telegram import hook

    return _bot_api_hook(hook, "telegram")


def telegram_staff_hook() -> HookCase:
    from bot.channels.telegram_staff import hook

    return _bot_api_hook(hook, "staff_telegram")


def _bot_api_hook(hook: Callable[[Settings], Hook], named: str) -> HookCase:
    header = "X-Telegram-Bot-Api-Secret-Token"
    settings = {
        f"{named}_token": "123456789:TESTTOKEN_abcdefghijklmnopqrstuvw",
        f"{named}_secret": f"{SECRET},{OLD_SECRET}",
    }
    message = {"message_id": 1, "date": 1773136800, "chat": {"id": 1001, "type": "private"}, "text": "robe"}
    return HookCase(
        hook,
        settings,
        genuine={header: SECRET},
        rotated={header: OLD_SECRET},
        forged={
            "absent": {},
            "wrong": {header: "tg_secret-TEST_03"},
            "empty": {header: ""},
            "a beginning": {header: SECRET[:-1]},
            "longer": {header: SECRET + "x"},
            "both": {header: f"{SECRET},{OLD_SECRET}"},
            "not ascii": {header: b"\xc3\xa9".decode("latin-1")},
            "other case": {header: SECRET.upper()},
            "authorization": {"Authorization": f"Bearer {SECRET}"},
        },
        body=json.dumps({"update_id": 900_000_001, "message": message}).encode(),
        other_body=json.dumps({"update_id": 900_000_002, "message": message}).encode(),
        off={f"{named}_token": settings[f"{named}_token"]},
    )


HOOK_CASES = {"telegram": telegram_hook, "telegram-staff": telegram_staff_hook}
