"""What is promised of an encoder, measured where the answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.visual_search.made_lessons import made_corpus, made_lexicon
from visual_search.training.captions import FrenchNames
from visual_search.training.corpus import DEV
from visual_search.training.measures import Floats, names_among_all


def test_a_name_is_found_at_any_product_of_it_and_the_product_itself_later(tmp_path: Path) -> None:
    """Of two products of one name the other comes first; other names find theirs at once, and French ones second."""
    made, lexicon = made_corpus(), made_lexicon(tmp_path)
    products = np.flatnonzero(made.part == DEV)
    first, other = int(products[0]), int(products[0]) + 2
    rows = [dict(row) for row in made.rows]
    rows[other]["title"] = rows[first]["title"]
    corpus = replace(made, rows=rows)
    shown = np.eye(len(rows), dtype=np.float32)
    french = FrenchNames(lexicon)
    place = {rows[row]["title"]: int(row) for row in products}
    place_in_french = {french.of(rows[row]["title"], rows[row]["article_type"]): int(row) for row in products}

    def embed(names: Sequence[str]) -> Floats:
        out = np.zeros((len(names), len(rows)), np.float32)
        for at, name in enumerate(names):
            if name in place:
                out[at, place[name]] = 0.5
                out[at, other] = 1.0 if place[name] == first else 0.0
            else:
                out[at, place_in_french[name]], out[at, 1] = 0.5, 1.0
        return out

    told = names_among_all(shown, products, corpus, lexicon, embed)
    count = len(products)
    assert told["English"] == pytest.approx((1.0, 1.0, (count - 0.5) / count))
    assert told["French"] == pytest.approx((0.5, 1.0, 0.5))
