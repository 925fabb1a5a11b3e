"""What we note about surprises, and the JSON that messages and replies travel in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.messages import Ask, Button, Card, MediaRef, Message, Reply, ReplyPicture
from bot.surprises import described
from bot.wire import message_to_json, reply_from_json, reply_to_json
from commerce.domain.customer import Contact
from commerce.domain.geo import GeoPoint
from commerce.errors import StorageBusy


def test_a_surprise_says_where_and_not_what() -> None:
    try:
        {}["her address is 12 rue des Lilas"]
    except KeyError as error:
        text = described(error)
    assert text.startswith("KeyError at ")
    assert "test_notes.py:" in text
    assert "Lilas" not in text
    assert described(ValueError("secret")) == "ValueError"


def test_trouble_with_the_database_says_which() -> None:
    assert described(StorageBusy("canceling statement due to lock timeout")) == (
        "StorageBusy (canceling statement due to lock timeout)"
    )


def test_a_reply_there_and_back() -> None:
    reply = Reply(
        "Voici « tout »",
        (
            Card(
                "Robe", ("79,00 €",), ReplyPicture("robe", "k.jpg"), (Button("Oui", "show:1"),), "https://x.example", 7
            ),
        ),
        (Button("Plan", url="https://x.example/?a=1&b=2"),),
        ReplyPicture("QR", png=b"\x89PNG\x00\xff\xfe"),
        Ask.LOCATION,
        "fr",
    )
    assert reply_from_json(reply_to_json(reply)) == reply


@pytest.mark.parametrize("body", ["", "{}", "[]", "{", '{"text": 3}', '{"text": "x", "buttons": [{"label": "y"}]}'])
def test_what_is_no_reply_is_a_value_error(body: str) -> None:
    with pytest.raises(ValueError):
        reply_from_json(body)


def test_a_message_without_its_contact() -> None:
    message = Message(
        Contact("telegram", "bot", "42"),
        "u1",
        datetime(2026, 3, 10, 9, tzinfo=UTC),
        text="robe",
        media=(MediaRef("f1"),),
        location=GeoPoint(45.76, 4.84),
    )
    body = json.loads(message_to_json(message))
    assert body["text"] == "robe"
    assert body["location"] == {"latitude": 45.76, "longitude": 4.84}
    assert "contact" not in body
