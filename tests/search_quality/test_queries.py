"""120 hand-written queries against a third of the real catalogue, asked the way a conversation asks them.

All of it: VITRINE_WHOLE_CATALOGUE=1, and `python -m benchmarks.search_quality` prints the table with every miss.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.search_quality import Judged, judge, open_catalogue, read_queries

if TYPE_CHECKING:
    from commerce.wiring import Shop

pytestmark = pytest.mark.timeout(600)  # a catalogue is imported first


@pytest.fixture(scope="module")
def shop(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if not (shared / "data" / "fashion" / "products.tsv").exists():
        pytest.skip("the real catalogue is not there (data/fashion)")
    folder, feed = tmp_path_factory.mktemp("catalogue"), shared / "data" / "fashion"
    if not os.environ.get("VITRINE_WHOLE_CATALOGUE"):
        feed = thinned(feed, folder / "feed")
    with open_catalogue(folder / "shop", feed) as opened:
        yield opened


def thinned(feed: Path, target: Path) -> Path:
    """Every third product, and those that a query names."""
    named = {name for line in read_queries() for name in line.product_ids}
    header, *products = (feed / "products.tsv").read_text("utf-8").splitlines()
    kept = [line for at, line in enumerate(products) if at % 3 == 0 or line.split("\t", 1)[0] in named]
    target.mkdir()
    (target / "products.tsv").write_text("\n".join([header, *kept]) + "\n", "utf-8")
    return target


@pytest.fixture(scope="module")
def judged(shop: Shop) -> list[Judged]:
    return judge(shop, read_queries())


def misses(judged: list[Judged]) -> str:
    return "\n".join(f"{one.query!r} read as {one.answer.read_as!r}" for one in judged if not one.is_right)


def test_the_file_is_what_it_says() -> None:
    lines = read_queries()
    assert len(lines) == 120
    assert sum(line.has_slip for line in lines) == 60
    assert {line.language for line in lines} == {"fr", "en"}
    for line in lines:
        assert line.product_ids or line.categories or line.title_words, line.query


def test_what_was_meant_is_among_the_first_three(judged: list[Judged]) -> None:
    right = sum(one.is_right for one in judged)
    assert right >= 0.95 * len(judged), misses(judged)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("has_slip", [False, True])
def test_no_group_is_left_behind(judged: list[Judged], language: str, has_slip: bool) -> None:
    own = [one for one in judged if (one.language, one.has_slip) == (language, has_slip)]
    assert len(own) == 30
    assert sum(one.is_right for one in own) >= 27, misses(own)
