"""Who is angry, on utterances of both languages: nearly nobody who is not is taken for it, which counts most."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from commerce.understanding.mood import is_angry, is_goodbye

HERE = Path(__file__).parent
LEAST_FOUND = 0.9
# Everything else that is said to a shop in our tables: people who search, order, complain of a size.
OTHERS = (
    (HERE / "utterances.tsv", "text"),
    (HERE / "utterances_unseen.tsv", "text"),
    (HERE.parents[1] / "search_quality" / "queries.tsv", "query"),
)
MOST_FALSE_ALARMS = 0.01
# moods_unseen.tsv: written beside the words by the same hand, so this share flatters. Of the 30 that were written when
# all words stood, 13 were found; do not read its failures while changing words.
LEAST_FOUND_UNSEEN = 0.7


# dissatisfied.tsv: people who are displeased without being rude, and harmless look-alikes. `open` was looked at while
# the signs of displeasure.toml were gathered. `aside` was not: with the signs of that day 12 of its 60 were found, 6
# before; what it resembles came in after that. `last` was written when all signs stood, and its misses were never read:
# 6 of 40, 4 before. So much is to be expected of the next messages; the rest says that nothing was lost. Three harmless
# ones of `last` were taken for angry and read, which gave the kind `elsewhere`.
LEAST_FOUND_OF = {"open": 0.93, "aside": 0.65, "last": 0.1}
MOST_FALSE_ALARMS_DISPLEASED = 0.03


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_angry_people_are_found_and_the_others_left_alone(language: str) -> None:
    rows = [row for row in _rows(HERE / "moods.tsv") if row["language"] == language]
    angry = [row["text"] for row in rows if row["angry"] == "yes"]
    calm = [row["text"] for row in rows if row["angry"] == "no"]
    assert len(angry) >= 60 and len(calm) >= 60
    missed = [text for text in angry if not is_angry(text)]
    assert len(missed) <= (1 - LEAST_FOUND) * len(angry), missed
    assert [text for text in calm if is_angry(text)] == []


def test_those_that_no_word_was_taken_from_are_found_too() -> None:
    rows = _rows(HERE / "moods_unseen.tsv")
    angry = [row["text"] for row in rows if row["angry"] == "yes"]
    calm = [row["text"] for row in rows if row["angry"] == "no"]
    assert len(angry) > 140 and len(calm) >= 60
    assert sum(map(is_angry, angry)) >= LEAST_FOUND_UNSEEN * len(angry)
    assert [text for text in calm if is_angry(text)] == []


@pytest.mark.parametrize("half", ["open", "aside", "last"])
def test_displeased_people_are_found_without_a_harsh_word(half: str) -> None:
    rows = [row for row in _rows(HERE / "dissatisfied.tsv") if row["half"] == half]
    for language in ("fr", "en"):
        angry = [row["text"] for row in rows if (row["language"], row["angry"]) == (language, "yes")]
        assert len(angry) in (20, 30)
        assert sum(map(is_angry, angry)) >= LEAST_FOUND_OF[half] * len(angry), language


def test_look_alikes_of_displeasure_are_left_alone() -> None:
    calm = [row["text"] for row in _rows(HERE / "dissatisfied.tsv") if row["angry"] == "no"]
    alarms = [text for text in calm if is_angry(text)]
    assert len(calm) == 160
    assert len(alarms) <= MOST_FALSE_ALARMS_DISPLEASED * len(calm), alarms


@pytest.mark.parametrize(
    ("text", "angry"),
    [
        ("Mon colis est en retard.", False),  # so much happens
        ("Mon colis est en retard, personne ne me répond et c'est la troisième fois.", True),
        ("My parcel is late, nobody replies and this is the third time.", True),
        ("Bravo, le pull est troué, vous avez du talent.", True),
        ("Bravo, le pull est superbe, vous avez du talent.", False),  # praise without trouble is meant
        ("I am furious with my order", True),
        ("I am furious with my dog", False),
    ],
)
def test_small_signs_add_up(text: str, angry: bool) -> None:
    assert is_angry(text) is angry


def test_nobody_who_shops_is_taken_for_angry() -> None:
    said = [row[column] for path, column in OTHERS for row in _rows(path)]
    alarms = [text for text in said if is_angry(text)]
    assert len(said) > 900
    assert len(alarms) <= MOST_FALSE_ALARMS * len(said), alarms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!!!",
        "???",
        "A" * 50_000,
        "je vous ai " * 9_000,
        "personne ne " * 9_000,
        "! " * 9_000,
        "\u202e\u0000",
        "MERCI",
    ],
)
def test_any_text_at_all(text: str) -> None:
    assert not is_angry(text)


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("C’est réglé, je vous souhaite une bonne journée !", True),
        ("All done. Have a nice day!", True),
        ("Au revoir Léa", True),
        ("À bientôt en boutique", True),
        ("Je regarde votre commande.", False),
        ("Quelle journée vous arrange ?", False),
        ("", False),
    ],
)
def test_a_goodbye_is_heard(text: str, closes: bool) -> None:
    assert is_goodbye(text) is closes
