"""Recorded updates of the staff's bot and what they are read as."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.telegram_staff.parse import CHANNEL, Happened, StaffMessage, read, split
from bot.messages import MediaRef, Message
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads" / "telegram_staff").glob("*.json"))
NOW = datetime(2026, 3, 10, 10, 0, 30, tzinfo=UTC)
BOT = "700700701"


def expected(recorded: dict, event) -> StaffMessage | None:
    if recorded["read"] is None:
        return None
    fields = dict(recorded["read"])
    said = fields.pop("message")
    said["media"] = tuple(MediaRef(**media) for media in said.get("media", ()))
    if "happened" in fields:
        fields["happened"] = Happened(fields["happened"])
    user = Contact(CHANNEL, BOT, fields.pop("user"))
    return StaffMessage(Message(event.contact, event.event_id, event.sent_at, **said), user, **fields)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_recorded_update_is_read_as_written_beside_it(path):
    recorded = json.loads(path.read_text("utf-8"))
    (received,) = split(json.dumps(recorded["update"]).encode(), BOT, NOW)
    assert received.problem == recorded.get("problem", "")
    assert not received.answer, "a tap is acknowledged when its effect is known"
    assert received.event.contact == Contact(CHANNEL, BOT, recorded["address"])
    if not received.problem:
        assert read(received.event) == expected(recorded, received.event)


def test_there_are_payloads_for_everything_a_member_can_do():
    assert len(PAYLOADS) >= 25
    done = {json.loads(path.read_text("utf-8"))["read"].get("happened") for path in PAYLOADS
            if json.loads(path.read_text("utf-8"))["read"]}  # fmt: skip
    assert done >= set(Happened)


def test_whatever_the_types_reading_never_raises():
    rng = random.Random(7)
    wrong = [None, True, -1, 2**63, "", "x", [], {}, [[]], {"id": "1"}]
    for path in PAYLOADS:
        update = json.loads(path.read_text("utf-8"))["update"]
        for _ in range(40):
            broken = json.loads(json.dumps(update))
            _break_one(broken, rng, wrong)
            (received,) = split(json.dumps(broken).encode(), BOT, NOW)
            read(received.event)
    contact = Contact(CHANNEL, BOT, "1")
    for body in (b"", b"[" * 50_000, b"null", b'{"message": 1}', b'{"callback_query": {"message": []}}'):
        assert read(InboundEvent(contact, "1", NOW, body)) is None
    assert read(replace(InboundEvent(contact, "1", NOW, b"{}"))) is None


def _break_one(value: object, rng: random.Random, wrong: list) -> None:
    """Somewhere in it something has another type."""
    while isinstance(value, (dict, list)) and value:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if rng.random() < 0.4 or not isinstance(value[key], (dict, list)) or not value[key]:
            if key != "update_id":
                value[key] = rng.choice(wrong)
            return
        value = value[key]
