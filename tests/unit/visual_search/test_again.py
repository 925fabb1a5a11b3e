"""How it is measured whether a product's own picture finds it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from visual_search.training.again import WAYS, itself_first, taken_again


def test_what_lies_nearest_to_another_row_is_not_found_first() -> None:
    shown = np.eye(4, dtype=np.float32)
    again = shown[[0, 1, 3, 2]]
    assert itself_first(shown, again) == 0.5
    assert itself_first(shown, shown) == 1.0


@pytest.mark.parametrize("what", WAYS)
def test_pictures_are_cut_the_same_way_each_time(what: str) -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "PNG")
    first, second = (list(taken_again([out.getvalue()] * 2, WAYS[what])) for _ in range(2))
    assert first == second
    width, height = Image.open(io.BytesIO(first[0])).size
    assert 0.68 * 256 <= min(width, height) <= max(width, height) <= 0.93 * 256
