"""Steps of returns and withdrawals on buttons: there and back, within 64 bytes, and nothing else is one."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.actions import MAX_BYTES, GiveBack, Renounce
from bot.conversation.return_steps import STEPS, Swap, Withdraw, code, is_tiny, step_in, step_of, tiny
from commerce.domain.returns import ReturnKind, ReturnReason, ReturnWay

KINDS = [STEPS[sign] for sign in sorted(STEPS)]
WORDS = [each.value for group in (ReturnKind, ReturnReason, ReturnWay) for each in group]
# As large as they get in a shop: order numbers, lines of an order, our own ids of variants, bits of fifty lines.
LARGEST = {"number": 10**9, "line": 50, "variant_id": 10**12, "reason": 6, "lines": 2**50 - 1, "seen": 99}


@given(st.data())
def test_there_and_back(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    values = []
    for field in fields(kind):
        if field.type == "int":
            values.append(data.draw(st.integers(0, LARGEST[field.name])))
        elif field.name == "return_id":
            values.append(data.draw(st.text("0123456789abcdef", min_size=32, max_size=32)))
        elif field.name in ("store", "to"):
            values.append(tiny(data.draw(st.text(max_size=40))))
        else:
            values.append(data.draw(st.sampled_from(WORDS)))
    step = kind(*values)
    text = code(step)
    assert len(text.encode()) <= MAX_BYTES
    assert step_in(text) == step


@pytest.mark.parametrize(
    "what", ["", "s", "s.1", "s.1.2.3", "s.x.2.3.S1", "s.-1.2.3.S1", "z.1", "w.1.to", f"s.1.{10**20}.1.S"]
)
def test_what_nobody_was_shown_is_nothing(what: str) -> None:
    assert step_of(GiveBack(1042, what)) is None


def test_a_withdrawal_is_no_return() -> None:
    assert step_of(Renounce(1042, "w.0.to")) == Withdraw(1042, 0, "to")
    assert step_of(Renounce(1042, "s.1.2.3.S1")) is None
    assert step_of(GiveBack(1042, "s.1.2.3.S1.x")) == Swap(1042, 1, 2, 3, "S1.x"), "a store's name may hold a dot"


def test_long_words_travel_as_digests() -> None:
    assert tiny("S1") == "S1"
    long = "telegram:700700700:1001"
    assert len(tiny(long)) == 13
    assert is_tiny(tiny(long), long) and not is_tiny(tiny(long), long + "2")
