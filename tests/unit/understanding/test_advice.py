"""Who leaves it to us what they are shown, who wants no such thing any more, and who says something else that sounds
alike."""

from __future__ import annotations

import pytest

from commerce.lexicon import lexicon
from commerce.understanding import Context, Intent, understand
from tests.unit.understanding.utterance_tables import rows, understood

ADVICE = {Intent.RECOMMEND, Intent.STOP_RECOMMENDING, Intent.RESUME_RECOMMENDING}


@pytest.mark.parametrize("row", rows("advice.tsv"), ids=lambda row: f"{row['context']}: {row['text']}")
def test_asking_for_advice_is_told_from_looking_for_something(row: dict[str, str]) -> None:
    intent = understood(row).intent
    if row["intent"] == "other":
        assert intent not in ADVICE
    else:
        assert intent == row["intent"]


def test_both_languages_and_both_answers_are_tried() -> None:
    table = rows("advice.tsv")
    for language in ("fr", "en"):
        of_language = [row for row in table if row["default"] == language]
        assert sum(row["intent"] == "recommend" for row in of_language) >= 30
        assert sum(row["intent"] == "other" for row in of_language) >= 30


def test_what_the_shop_has_heard_of_is_looked_for() -> None:
    said = "recommend me nike"
    known = understand(said, language="en", lexicon=lexicon(), context=Context(), known_words={"nike"})
    assert (known.intent, known.slots.words) == (Intent.SEARCH, ("nike",))
    assert understand(said, language="en", lexicon=lexicon(), context=Context()).intent is Intent.RECOMMEND
