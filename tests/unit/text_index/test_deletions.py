"""The deletion dictionary against the plain definition of distance."""

from __future__ import annotations

import random

from rapidfuzz.distance import OSA

from commerce.text_index.deletions import DeletionDictionary, slips

_LETTERS = "abcde"


def test_every_word_within_its_slips_is_found() -> None:
    rng = random.Random(3)
    words = sorted({"".join(rng.choices(_LETTERS, k=rng.randrange(3, 11))) for _ in range(3_000)})
    half = len(words) // 2
    filed = DeletionDictionary().with_words(words[:half], range(half))
    filed = filed.with_words(words[half:], range(half, len(words)))
    missed = looked = 0
    for _ in range(300):
        typed = list(rng.choice(words))
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(typed))
            match rng.randrange(3):
                case 0 if len(typed) > 3:
                    del typed[at]
                case 1:
                    typed.insert(at, rng.choice(_LETTERS))
                case _:
                    typed[at] = rng.choice(_LETTERS)
        word = "".join(typed)
        found = set(filed.near(word))
        for number, other in enumerate(words):
            # What is promised: as many slips as the shorter of the two words is forgiven.
            if OSA.distance(word, other) <= min(slips(len(word)), slips(len(other))):
                looked += 1
                missed += number not in found
    assert looked > 300
    # Two slips on both sides of the seventh letter may miss: a filed prefix ends where the other's does not.
    assert missed <= looked * 0.02


def test_other_alphabets_and_short_words_do_no_harm() -> None:
    filed = DeletionDictionary().with_words(["платье", "été", "a", "日本語ドレス"], range(4))
    assert 0 in filed.near("плаье")
    assert 3 in filed.near("日本語ドレ")
    assert filed.near("zz") == []
    assert DeletionDictionary().near("robe") == []


def test_many_small_additions_are_one_dictionary() -> None:
    filed = DeletionDictionary()
    words = [f"{a}{b}{c}rtu" for a in "bcdfg" for b in "aeiou" for c in "lmnps"]
    for number, word in enumerate(words):
        filed = filed.with_words([word], [number])
    for number, word in enumerate(words):
        assert number in filed.near(word)
