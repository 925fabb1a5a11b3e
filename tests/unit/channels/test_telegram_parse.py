"""Recorded updates and what they are read as; and bytes that are no update at all."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.telegram.parse import parse, split
from bot.channels.updates import KNOWN_KINDS
from bot.messages import Approval, MediaRef, Message, Paid
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.domain.money import Money

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads" / "telegram").glob("*.json"))
NOW = datetime(2026, 3, 10, 10, 0, 30, tzinfo=UTC)
SENT = datetime(2026, 3, 10, 10, 0, 0, tzinfo=UTC)
BOT, USERNAME = "700700700", "vitrine_shop_bot"


def expected(recorded: dict, event) -> Message | None:
    wanted = recorded["message"]
    if wanted is None:
        return None
    fields = dict(wanted)
    fields["media"] = tuple(MediaRef(**media) for media in fields.get("media", ()))
    if "location" in fields:
        fields["location"] = GeoPoint(*fields["location"])
    for field, kind in (("approval", Approval), ("paid", Paid)):
        if field in fields:
            fields[field] = kind(**{**fields[field], "amount": Money(*fields[field]["amount"])})
    return Message(event.contact.plain, event.event_id, event.sent_at, **fields)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_recorded_update_is_read_as_written_beside_it(path):
    recorded = json.loads(path.read_text("utf-8"))
    (received,) = split(json.dumps(recorded["update"]).encode(), BOT, NOW)
    assert received.problem == recorded.get("problem", "")
    assert dict(received.answer) == recorded.get("answer", {})
    assert received.event.contact == Contact("telegram", BOT, recorded["address"])
    assert received.event.event_id == str(recorded["update"]["update_id"])
    assert parse(received.event, USERNAME) == expected(recorded, received.event)


def test_there_are_payloads_for_everything_a_person_can_send():
    assert len(PAYLOADS) >= 40


def test_time_is_telegrams_and_order_inside_a_second_is_that_of_the_updates():
    def sent_at(update_id: int, date: int) -> datetime:
        message = {"message_id": 1, "date": date, "chat": {"id": 1, "type": "private"}, "text": "a"}
        return split(json.dumps({"update_id": update_id, "message": message}).encode(), BOT, NOW)[0].event.sent_at

    at = int(SENT.timestamp())
    assert sent_at(900_000_001, at) == SENT + timedelta(microseconds=1)
    assert sent_at(900_000_001, at) < sent_at(900_000_002, at) < sent_at(900_000_001, at + 1)
    assert sent_at(7, at + 86_400) < NOW + timedelta(seconds=1), "a clock that runs ahead does not hold up the lane"


def test_a_tap_is_as_late_as_it_came():
    query = {"id": "1", "from": {"id": 5}, "chat_instance": "1", "data": "x"}
    query["message"] = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}}
    (received,) = split(json.dumps({"update_id": 9, "callback_query": query}).encode(), BOT, NOW)
    assert received.event.sent_at == NOW.replace(microsecond=9)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'"text"',
        b"{}",
        b'{"update_id": "7"}',
        b'{"update_id": true, "message": {}}',
        b'{"update_id": 1e3}',
        b'{"update_id": 1' + b"0" * 5000 + b"}",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"update_id":' * 50_000,
        "é".encode("latin-1"),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_update_is_kept_for_a_person_and_known_when_it_comes_again(body):
    (received,) = split(body, BOT, NOW)
    assert received.problem.startswith("unreadable update")
    assert received.event.event_id == split(body, BOT, NOW + timedelta(hours=1))[0].event.event_id
    assert len(received.event.event_id) <= 255
    assert len(received.event.body) <= 65_536
    assert parse(received.event, USERNAME) is None


def test_a_card_number_is_in_no_stored_byte():
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "4111111111111111 12/29"}
    message["reply_to_message"] = {"caption": "5500 0000 0000 0004"}
    (received,) = split(json.dumps({"update_id": 1, "message": message}).encode(), BOT, NOW)
    stored = json.loads(received.event.body)["message"]
    assert stored["text"] == "••••••••••••1111 12/29"
    assert stored["reply_to_message"]["caption"] == "•••• •••• •••• 0004"
    assert b"4111111111111111" not in split(b'{"4111111111111111', BOT, NOW)[0].event.body


def test_lone_surrogates_and_nul_are_stored_as_ascii_and_read_as_clean_text():
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "ro\ud800be\0 lin\u202e"}
    (received,) = split(json.dumps({"update_id": 1, "message": message}).encode(), BOT, NOW)
    received.event.body.decode("ascii")
    read = parse(received.event)
    assert read is not None
    read.text.encode("utf-8")
    assert read.text == "robe lin"


def test_every_documented_kind_of_update_is_known(shared):
    path = shared / "specs" / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip(f"no Bot API description at {path}")
    fields = json.loads(path.read_text("utf-8"))["types"]["Update"]["fields"]
    assert {field["name"] for field in fields} - {"update_id"} == KNOWN_KINDS
