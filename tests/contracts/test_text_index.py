"""What every `commerce.ports.TextIndex` promises."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import numpy as np
import pytest

from commerce.lexicon import lexicon
from commerce.ports import TextDocument, TextIndex
from commerce.text_index import FuzzyTextIndex

SHIRT = TextDocument(10, "Fabien Linen Shirt Navy", "chemise lin bleu marine")
DRESS = TextDocument(20, "Fabien Linen Dress Navy", "robe lin bleu marine")
BAG = TextDocument(30, "Kiara Leather Bag Black", "sac cuir noir KB-7741")


@pytest.fixture(params=[pytest.param(lambda: FuzzyTextIndex(lexicon()), id="fuzzy")])
def index(request: pytest.FixtureRequest) -> TextIndex:
    make: Callable[[], TextIndex] = request.param
    made = make()
    made.upsert([SHIRT, DRESS, BAG])
    return made


def found(index: TextIndex, words: str, **options: object) -> list[int]:
    return [hit.product_id for hit in index.search(words, limit=10, **options).hits]  # type: ignore[arg-type]


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def test_finds_by_words_of_either_language_and_forgives_a_slip(index: TextIndex) -> None:
    assert found(index, "linen dress") == [20]
    assert found(index, "robe en lin") == [20]
    assert found(index, "linnen drees") == [20]
    assert found(index, "chemsie") == [10]


def test_says_what_it_read_in_the_shoppers_own_order(index: TextIndex) -> None:
    assert index.search("robe lain bleu marine", limit=3).read_as == "robe lin bleu marine"
    assert index.search("linnen dress navy", limit=3).read_as == "linen dress navy"


def test_a_product_that_says_it_in_two_ways_is_one_answer(index: TextIndex) -> None:
    others = [TextDocument(number, f"Fabien Shirt {number}", "") for number in range(1_000, 3_000)]
    index.upsert([*others, *(TextDocument(number, "Sipper Water Bottle", "") for number in (1, 2, 3))])
    for asked in ("sipper", "water bottle"):
        matches = index.search(asked, limit=10)
        assert sorted(hit.product_id for hit in matches.hits) == [1, 2, 3]
        assert matches.total == 3


def test_scores_fall_and_lie_between_nothing_and_one(index: TextIndex) -> None:
    scores = [hit.score for hit in index.search("fabien linen", limit=10).hits]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_the_limit_holds_and_the_total_does_not_know_it(index: TextIndex) -> None:
    matches = index.search("fabien", limit=1)
    assert len(matches.hits) == 1
    assert matches.total == 2


def test_only_allowed_products_are_answered(index: TextIndex) -> None:
    assert found(index, "fabien linen", allowed=ids(20)) == [20]
    assert found(index, "fabien linen", allowed=ids(30)) == []
    assert found(index, "fabien linen", allowed=ids()) == []
    assert found(index, "fabien linen", allowed=ids(1, 10, 20, 99)) == [10, 20]


def test_a_product_may_change_and_go(index: TextIndex) -> None:
    index.upsert([TextDocument(10, "Fabien Wool Coat", "manteau laine")])
    assert found(index, "wool coat") == [10]
    assert found(index, "linen shirt") == []
    assert len(index) == 3
    index.remove([10, 10, 77])
    assert found(index, "wool coat") == []
    assert len(index) == 2


def test_of_two_documents_with_one_id_the_later_counts(index: TextIndex) -> None:
    index.upsert([TextDocument(40, "Red Scarf", ""), TextDocument(40, "Green Scarf", "")])
    assert found(index, "green scarf") == [40]
    assert index.search("red scarf", limit=5).hits == () or index.search("red scarf", limit=5).is_partial


def test_nothing_is_an_answer(index: TextIndex) -> None:
    for words in ("", "   ", "!!!", "zzxqw", "🙂", "\x00", "le la les", "a" * 5_000, "' OR 1=1 --"):
        assert index.search(words, limit=5).hits == ()


def test_words_that_nothing_answers_to_are_named(index: TextIndex) -> None:
    matches = index.search("robe gucci", limit=5)
    assert [hit.product_id for hit in matches.hits] == [20]
    assert matches.unknown == ("gucci",)


def test_a_kind_of_product_we_do_not_have_is_no_match_for_its_colour(index: TextIndex) -> None:
    assert found(index, "black kayak") == []
    assert found(index, "parapluie noir") == []


def test_an_empty_index_answers() -> None:
    empty = FuzzyTextIndex(lexicon())
    assert empty.search("robe", limit=5).hits == ()
    empty.remove([1])
    empty.upsert([])
    assert len(empty) == 0


def test_many_small_changes_give_what_one_build_gives() -> None:
    """The same products, whether they came at once or in any number of changes, replacements and removals."""
    rng = random.Random(5)
    words = [f"{a}{b}" for a in ("vel", "mor", "tas", "lun", "dri") for b in ("ando", "ita", "ekko", "usia", "oran")]
    changing = FuzzyTextIndex(None)
    current: dict[int, TextDocument] = {}
    for step in range(120):
        batch = [
            TextDocument(rng.randrange(400), " ".join(rng.sample(words, 4)), f"step{step}")
            for _ in range(rng.randrange(1, 40))
        ]
        changing.upsert(batch)
        current.update((document.product_id, document) for document in batch)
        gone = [rng.randrange(400) for _ in range(5)]
        changing.remove(gone)
        for product_id in gone:
            current.pop(product_id, None)
        assert len(changing) == len(current)
    changing.settle()
    fresh = FuzzyTextIndex(None)
    fresh.upsert(current.values())
    for _ in range(60):
        query = " ".join(rng.sample(words, 2))
        mine = changing.search(query, limit=500)
        right = {i for i, document in current.items() if set(query.split()) <= set(document.title.split())}
        if right:
            assert {hit.product_id for hit in mine.hits} == right
        assert {h.product_id for h in mine.hits} == {h.product_id for h in fresh.search(query, limit=500).hits}


def test_readers_see_a_whole_state_while_writers_write() -> None:
    """Each upsert replaces all products by others; a reader sees one set or the other, never both or neither."""
    index = FuzzyTextIndex(lexicon())
    numbers = range(200)
    index.upsert(TextDocument(i, "Plain Scarf red", "") for i in numbers)
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            hits = index.search("scarf", limit=500).hits
            if len(hits) != len(numbers):
                wrong.append(f"{len(hits)} products")
                return

    def write() -> None:
        for turn in range(60):
            colour = ("red", "green")[turn % 2]
            index.upsert(TextDocument(i, f"Plain Scarf {colour}", "") for i in numbers)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    write()
    stop.set()
    for thread in readers:
        thread.join()
    assert not wrong
    index.settle()
    assert len(index) == len(numbers)
    assert index.search("green scarf", limit=500).total == len(numbers)
