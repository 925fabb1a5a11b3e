"""The eyes name things by the shop's own categories, though neither imports the other."""

import tomllib
from pathlib import Path

import pytest

from visual_search.regions.kinds import KINDS, WIDER

CATEGORIES = tomllib.loads(
    (Path(__file__).parents[2] / "commerce" / "lexicon" / "words" / "categories.toml").read_text("utf-8")
)


def above(kind):
    while kind := CATEGORIES[kind].get("parent"):
        yield kind


def test_every_kind_that_the_eyes_tell_apart_is_a_category_of_the_shop():
    assert {*KINDS, *WIDER} <= set(CATEGORIES)


@pytest.mark.parametrize("wider", WIDER)
def test_a_wider_category_holds_its_kinds(wider):
    assert {kind for kind in KINDS if wider in above(kind)} == set(WIDER[wider])
