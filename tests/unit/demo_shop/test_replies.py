"""What the demo's team begins with can be sent: both languages, the same places, all of them known."""

from __future__ import annotations

import re

import pytest

from commerce.domain.conversation import PLACES, CannedReply
from commerce.services.canned import places_in
from vitrine.demo_shop.replies import demo_replies


@pytest.mark.parametrize("reply", demo_replies(), ids=lambda reply: reply.title)
def test_a_reply_says_the_same_in_both_languages(reply: CannedReply) -> None:
    french, english = reply.text.by_language["fr"], reply.text.by_language["en"]
    assert set(places_in(french)) == set(places_in(english)) <= set(PLACES)
    assert french != english
    assert not re.search(r"[^\u202f\u00a0][;!?:]", french) and "'" not in french


def test_there_are_a_few() -> None:
    replies = demo_replies()
    assert 3 <= len(replies) <= 8
    assert len({reply.id for reply in replies}) == len({reply.position for reply in replies}) == len(replies)
