from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.graphemes import clusters, cut, length, split

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇫🇷"
ACCENT = "e\u0301"
THUMB = "👍🏽"
HANGUL = "\u1112\u1161\u11ab"


@pytest.mark.parametrize("whole", [FAMILY, FLAG, ACCENT, THUMB, HANGUL, "\r\n", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "한글"[:1]])
def test_one_character_stays_whole(whole: str) -> None:
    assert list(clusters(f"a{whole}b")) == ["a", whole, "b"]


def test_two_flags_are_two() -> None:
    assert list(clusters("🇫🇷🇬🇧")) == ["🇫🇷", "🇬🇧"]


def test_joined_emoji_then_a_letter() -> None:
    assert list(clusters(f"{FAMILY}{FAMILY}x")) == [FAMILY, FAMILY, "x"]


def test_a_mark_after_a_line_end_stands_alone() -> None:
    assert list(clusters("a\n\u0301b")) == ["a", "\n", "\u0301", "b"]


@given(st.text(max_size=200))
def test_clusters_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@given(st.text(max_size=300), st.integers(1, 60), st.booleans())
def test_cut_keeps_the_limit(text: str, limit: int, utf16: bool) -> None:
    assert length(cut(text, limit, utf16=utf16), utf16=utf16) <= limit


@given(st.text(max_size=400), st.integers(4, 60), st.booleans())
def test_split_keeps_the_limit_and_every_visible_character(text: str, limit: int, utf16: bool) -> None:
    pieces = split(text, limit, utf16=utf16)
    assert all(0 < length(piece, utf16=utf16) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_utf16_counts_an_emoji_twice() -> None:
    assert length("👍", utf16=True) == 2
    assert length("👍", utf16=False) == 1
    assert cut("👍👍👍", 5, utf16=True) == "👍👍…"


def test_cut_never_opens_a_character() -> None:
    assert cut(FAMILY * 3, 12, utf16=True) == f"{FAMILY}…"


def test_split_prefers_line_ends_then_spaces() -> None:
    assert split("aaaa bbbb\ncccc dddd", 12) == ["aaaa bbbb", "cccc dddd"]
    assert split("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]
    assert split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_ten_thousand_marks_are_no_trouble() -> None:
    pieces = split("e" + "\u0301" * 10_000, 4096)
    assert all(len(piece) <= 4096 for piece in pieces)
