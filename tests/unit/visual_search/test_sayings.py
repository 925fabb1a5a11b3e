"""What is said while the encoder learns: bags of things, sentences that mean them, and a text tower that learns to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.unit.visual_search.made_lessons import made_corpus, made_lexicon

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from torch.nn import functional  # noqa: E402 after the skip

from visual_search.encoders.tokenizer import BpeTokenizer  # noqa: E402
from visual_search.encoders.vitrine import MODEL_DIRECTORY  # noqa: E402
from visual_search.training.bags import Bags, Things, padded, things  # noqa: E402
from visual_search.training.captions import Lexicon  # noqa: E402
from visual_search.training.lessons import LABELS, Teacher  # noqa: E402
from visual_search.training.sayings import LABEL_WORDS, Saying, Sayings, said_in_english, words  # noqa: E402
from visual_search.training.towers import CONTEXT, TOLD, TextTower  # noqa: E402
from visual_search.training.words import Texts, learn  # noqa: E402


@pytest.fixture
def lexicon(tmp_path: Path) -> Lexicon:
    return made_lexicon(tmp_path)


@pytest.fixture
def known(lexicon: Lexicon) -> Things:
    return Teacher(made_corpus(), lexicon, torch.device("cpu"), 7).things


def test_things_are_words_that_enough_names_hold_then_values_then_labels() -> None:
    found = things([*["Ava Été Dress"] * 5, *["Bo dress"] * 4], {"colour": ["Blue", "Red"]}, ["Hat"])
    assert found.words == {"ava": 1, "dress": 2, "ete": 3}, "four names are too few for a word"
    assert found.values == {"colour": {"Blue": 4, "Red": 5}} and found.labels == {"Hat": 6} and found.count == 7
    assert found.of_name("Dress, dress: Ava of Bo") == [2, 1], "each once; what nobody knows says nothing"


def test_a_bag_says_the_sum_of_what_is_in_it_whatever_the_order() -> None:
    torch.manual_seed(1)
    bags = Bags(7, 5)
    rows = bags.embedding.weight
    said = bags(padded([[1, 3], [3, 1], [2], []]))
    assert torch.allclose(said[0], functional.normalize(rows[1] + rows[3], dim=0))
    assert torch.allclose(said[0], said[1]) and torch.allclose(said.norm(dim=1), torch.tensor([1.0, 1, 1, 0]))


def test_of_a_bag_something_is_always_seen() -> None:
    torch.manual_seed(1)
    bags = Bags(9, 5)
    some = padded([[1, 2, 3, 4, 5, 6]] * 400)
    said = bags(some, left_out=0.9)
    assert torch.allclose(said.norm(dim=1), torch.ones(400))
    assert len(torch.unique(said.detach().round(decimals=4), dim=0)) > 20, "not always the same"
    assert len(torch.unique(bags(some).detach().round(decimals=4), dim=0)) == 1


def test_every_label_of_a_phone_photo_has_words() -> None:
    assert list(LABEL_WORDS) == LABELS


def test_both_languages_mean_the_same(known: Things, lexicon: Lexicon) -> None:
    sayings = Sayings(known, lexicon)
    for row in made_corpus().rows[::7]:
        said = list(sayings.names(row, random.Random(3)))
        assert said[0] == (row["title"], known.of_name(row["title"]))
        for english, french, bare in zip(said[::3], said[1::3], said[2::3], strict=True):
            assert english[1] == french[1] == bare[1] == known.of_name(english[0])
            assert set(english[0].split()) <= set(row["title"].split())
        kind = known.values["article_type"][row["article_type"]]
        assert [kind in bag for _, bag in sayings.captions(row, random.Random(3))] == [True, True]


def test_a_word_alone_means_the_value_before_the_word_of_names(known: Things, lexicon: Lexicon) -> None:
    alone = words(known, lexicon)
    assert alone["blue"] == alone["bleues"] == [known.values["base_colour"]["Blue"]]
    assert alone["été"] == alone["ete"] == alone["summer"] == [known.values["season"]["Summer"]]
    assert alone["chemisier"] == [known.labels["Blouse"]] and alone["ava"] == [known.words["ava"]]
    said = said_in_english(known, lexicon)
    assert said("blue") == alone["blue"]
    assert said("Ava Women Blue Shirts") == [known.words[word] for word in ("ava", "women", "blue", "shirts")]


def test_the_text_tower_learns_to_say_what_bags_say() -> None:
    torch.manual_seed(1)
    tokenizer = BpeTokenizer((MODEL_DIRECTORY / "merges.txt.gz").read_bytes(), CONTEXT)
    colours = {"blue": [1], "bleu": [1], "red": [2], "rouge": [2]}
    kinds = {"shirt": [3], "chemise": [3], "hat": [4], "chapeau": [4]}
    said = [(f"{colour} {kind}", colours[colour] + kinds[kind]) for colour in colours for kind in kinds]
    new = [one for one in said if one[0] in ("red shirt", "bleu chapeau")]

    def texts(some: list[Saying]) -> Texts:
        ids = torch.zeros(len(some), CONTEXT, dtype=torch.int16)
        for at, (text, _) in enumerate(some):
            found = torch.from_numpy(tokenizer.batch([text])[0])
            ids[at, : len(found)] = found
        return Texts(ids, padded([bag for _, bag in some]))

    tower, bags = TextTower(), Bags(5, TOLD)
    taught = texts([one for one in said if one not in new])
    asked = texts(new)

    def apart() -> float:
        with torch.no_grad():
            now = functional.normalize(tower(asked.ids.long()).float(), dim=1)
            return 1 - float((now * bags(asked.bags)).sum(1).min())

    assert apart() > 0.8
    learn(tower, bags, [taught, taught, texts([*colours.items(), *kinds.items()])], steps=20, counts=(16, 1, 16))
    assert apart() < 0.3, "what it was not taught together, too"
