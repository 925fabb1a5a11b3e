from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.actions import (
    MAX_BYTES,
    VERBS,
    Action,
    Cancel,
    ChooseSize,
    More,
    Reserve,
    encode,
    means,
    parse,
    short,
)
from bot.conversation.registry import on_action
from bot.messages import Button
from commerce.domain.collecting import PickUpKind


def test_every_action_has_an_answer() -> None:
    assert set(on_action()) == set(VERBS.values())


def test_as_written() -> None:
    assert encode(ChooseSize(123, "38")) == "size:123:38"
    assert encode(More()) == "more"
    assert encode(ChooseSize(123)) == "size:123"


def _drawn(data: st.DataObject, name: str, type_: object) -> int | str:
    if name == "kind":
        return data.draw(st.sampled_from(PickUpKind)).value
    if name == "at_min":
        return data.draw(st.integers(0, 10**9))  # minutes since 1970, until the year 3871
    if name in ("order_id", "provider"):  # the one pair of words in an action: the shop's own, and plain
        return data.draw(st.text("0123456789abcdef", max_size=32 if name == "order_id" else 20))
    return data.draw(st.integers(0, 2**63 - 1)) if type_ == "int" else short(data.draw(st.text(max_size=40)))


@given(st.data())
def test_there_and_back(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(VERBS.values(), key=lambda k: k.verb)))
    action: Action = kind(*(_drawn(data, field.name, field.type) for field in fields(kind)))
    text = encode(action)
    assert len(text.encode()) <= MAX_BYTES
    assert parse(text) == action


@given(st.text(max_size=80))
def test_anything_may_be_sent(text: str) -> None:
    action = parse(text)
    assert action is None or parse(encode(action)) == action


@pytest.mark.parametrize(
    "forged", ["", "size", "size:", "size:-1", "size:abc", "size:1:2:3", "drop:1", "reserve:1:S1:9", "size:٣", "a" * 65]
)
def test_forged_actions_are_nothing_or_harmless(forged: str) -> None:
    action = parse(forged)
    assert action is None or action == ChooseSize()


def test_ids_fit() -> None:
    Button("x", encode(Cancel("f" * 32)))
    Button("x", encode(Reserve(2**63 - 1, short("a-store-with-a-very-long-name-indeed-0123456789-0123456789"))))
    Button("x", encode(ChooseSize(2**63 - 1, short("taille unique élastiquée 🎽"))))


def test_a_digest_means_its_word_alone() -> None:
    long = "one size fits everybody, really everybody"
    assert short(long).startswith("~")
    assert means(short(long), long)
    assert not means(short(long), long + "!")
    assert means("m", "M")
