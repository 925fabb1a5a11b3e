"""Things that nobody wears: told from clothes by their pictures, and found by the encoder that is for them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tests.drawn_things import clothes, things
from visual_search.encoders.objects import ObjectsEncoder
from visual_search.survey import showing_nothing_to_wear
from visual_search.training.others import squashed


def test_each_picture_that_can_be_read_is_judged_in_its_place() -> None:
    told = list(showing_nothing_to_wear([things(1)[0], b"no picture", clothes(1)[0], *things(6)[1:], b""]))
    assert told == [True, False, True, True, True, True, True]
    assert list(showing_nothing_to_wear([])) == []


def test_no_more_is_read_than_is_asked_for() -> None:
    given: list[int] = []

    def pictures():
        for at, picture in enumerate(things(12)):
            given.append(at)
            yield picture

    verdicts = showing_nothing_to_wear(pictures())
    assert next(verdicts) and len(given) <= 4
    verdicts.close()  # type: ignore[attr-defined]
    assert len(given) <= 4


def test_a_thing_finds_its_kind_first_and_none_is_turned_away() -> None:
    encoder = ObjectsEncoder()
    pictures = squashed([Image.open(io.BytesIO(raw)) for raw in things(40)], encoder.input_px)
    vectors, subjects = encoder.encode_and_judge(pictures)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    kinds = np.arange(40) % 5
    assert (kinds[cosines.argmax(1)] == kinds).mean() > 0.95
    assert {subject.verdict for subject in subjects} == {"unsure"}
