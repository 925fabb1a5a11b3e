"""An index that was kept and put back answers exactly as it did, and goes on as it would have."""

from __future__ import annotations

import random

import pytest

from commerce.lexicon import Lexicon, lexicon
from commerce.ports import Kept, TextDocument
from commerce.text_index import FuzzyTextIndex

_KINDS = (
    ("Robe d’été", "Summer dress", "category:dress"),
    ("Chemise en lin", "Linen shirt", "category:shirt"),
    ("Jean droit", "Straight jeans", "category:jeans"),
    ("Sac à main", "Handbag", "category:handbag"),
    ("Écharpe rayée", "Striped scarf", "category:scarf"),
)
_COLOURS = (("bleu marine", "navy"), ("rouge", "red"), ("crème", "cream"), ("noire", "black"))
_BRANDS = ("Zéphyrine", "Océline", "Bartholdi", "Quenotte", "Lacombe")
QUERIES = (
    "robe", "robes rouges", "chemise lin", "chemize lin", "jean droit bartholdi", "zefirine", "zephirine robe",
    "sac a main noir", "navy dress", "striped scarf", "echarpe", "quenote", "bartho", "c17", "C 17", "robe d'été crème",
    "something nobody sells", "lacomb jeans", "red", "t", "",
)  # fmt: skip


def a_document(product_id: int, rng: random.Random) -> TextDocument:
    french, english, concept = rng.choice(_KINDS)
    colour = rng.choice(_COLOURS)
    title = f"{french} {colour[0]} {english} {colour[1]}"
    return TextDocument(product_id, title, f"{rng.choice(_BRANDS)} c{product_id}", (concept, f"colour:{colour[1]}"))


def changed(index: FuzzyTextIndex, rng: random.Random, times: int) -> None:
    for _ in range(times):
        index.upsert([a_document(rng.randrange(900), rng) for _ in range(rng.randrange(1, 40))])
        index.remove(rng.sample(range(900), 4))


def put_back(kept: Kept, words: Lexicon | None = None) -> FuzzyTextIndex:
    index = FuzzyTextIndex(words or lexicon())
    index.prepare(kept)()
    return index


def same_answers(one: FuzzyTextIndex, other: FuzzyTextIndex) -> None:
    assert len(one) == len(other)
    for query in QUERIES:
        assert one.search(query, limit=30) == other.search(query, limit=30), query
    for word in ("robe", "bartholdi", "c17", "nothing"):
        assert (word in one) == (word in other)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_same_answers_at_once_and_after_more_changes(seed: int) -> None:
    rng = random.Random(seed)
    index = FuzzyTextIndex(lexicon())
    index.upsert([a_document(number, rng) for number in range(600)])
    changed(index, rng, 4 + seed * 3)
    while len(index._snapshot.views) < 2:  # not only the easy case: segments, and products that have gone from them
        index.upsert([a_document(1, rng)])
    again = put_back(index.keep())
    same_answers(index, again)
    for one in (index, again):
        changed(one, random.Random(seed + 100), 15)
    same_answers(index, again)
    same_answers(again, put_back(again.keep()))


def test_nothing_and_words_of_any_kind_are_kept_too() -> None:
    same_answers(FuzzyTextIndex(lexicon()), put_back(FuzzyTextIndex(lexicon()).keep()))
    index = FuzzyTextIndex(lexicon())
    odd = TextDocument(2**40, 'Œuvre "n° 5"\n', "名前 \ud800x", ("category:a\nb,\x00c",))
    index.upsert([odd, TextDocument(7, "", "")])
    again = put_back(index.keep())
    assert again.search("oeuvre", limit=5) == index.search("oeuvre", limit=5)
    assert again.search("名前", limit=5).hits[0].product_id == 2**40
    assert len(again) == 2


def test_what_was_kept_goes_into_an_empty_index_with_the_same_lexicon_alone() -> None:
    rng = random.Random(9)
    index = FuzzyTextIndex(lexicon())
    index.upsert([a_document(number, rng) for number in range(50)])
    kept = index.keep()
    full = FuzzyTextIndex(lexicon())
    full.upsert([a_document(1, rng)])
    with pytest.raises(ValueError, match=r"numbered|empty"):
        full.prepare(kept)
    assert len(full) == 1
    other = Lexicon([lexicon().category("clothing")])
    with pytest.raises(ValueError, match="numbered"):
        FuzzyTextIndex(other).prepare(kept)
    for name in kept.numbers:
        short = {key: column[:-1] if key == name else column for key, column in kept.numbers.items()}
        if name.split(".")[0] in ("Words0", "Turned0"):
            with pytest.raises(ValueError, match="fit"):
                FuzzyTextIndex(lexicon()).prepare(Kept(short, kept.texts))


def test_a_reader_meanwhile_sees_nothing_or_everything() -> None:
    import threading

    rng = random.Random(11)
    index = FuzzyTextIndex(lexicon())
    index.upsert([a_document(number, rng) for number in range(800)])
    right = index.search("robe rouge", limit=30)
    kept = index.keep()
    for _ in range(5):
        again, done, wrong = FuzzyTextIndex(lexicon()), threading.Event(), []

        def read(again: FuzzyTextIndex = again, done: threading.Event = done, wrong: list[object] = wrong) -> None:
            while not done.is_set():
                found = again.search("robe rouge", limit=30)
                if found.hits and found != right:
                    wrong.append(found)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        again.prepare(kept)()
        done.set()
        for reader in readers:
            reader.join()
        assert not wrong
        assert again.search("robe rouge", limit=30) == right
