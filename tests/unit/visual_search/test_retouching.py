"""Drawing on clean copies happens in a child, and gives a JPEG or nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from visual_search.retouching import cut_out, with_numbers
from visual_search.values import Box


def copy(size: tuple[int, int] = (400, 200)) -> bytes:
    """The left half red, the right half blue."""
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def read(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def test_a_part_is_cut_out() -> None:
    part = read(cut_out(copy(), Box(0.55, 0.25, 0.95, 0.75)))
    assert part.size == (160, 100)
    red, _, blue = np.asarray(part).reshape(-1, 3).mean(axis=0)
    assert blue > 150 > 60 > red


def test_a_part_is_never_empty() -> None:
    assert read(cut_out(copy(), Box(0.999, 0.999, 1.0, 1.0))).size == (1, 1)


def test_numbers_are_drawn_where_the_boxes_are() -> None:
    plain, numbered = read(copy()), read(with_numbers(copy(), [Box(0.05, 0.1, 0.45, 0.9), Box(0.55, 0.1, 0.95, 0.9)]))
    assert numbered.size == plain.size
    changed = np.abs(np.asarray(numbered).astype(int) - np.asarray(plain).astype(int)).sum(axis=2) > 150
    rows, columns = np.nonzero(changed)
    assert 15 <= columns.min() <= 22 and 375 <= columns.max() <= 385
    assert 15 <= rows.min() <= 22 and 175 <= rows.max() <= 185
    middle = changed[40:160, 195:205]
    assert not middle.any()


def test_many_boxes_at_the_edges_of_a_small_picture() -> None:
    boxes = [Box(0.0, 0.0, 1.0, 1.0), Box(0.95, 0.95, 1.0, 1.0), *[Box(0.0, 0.9, 0.1, 1.0)] * 6]
    assert read(with_numbers(copy((40, 24)), boxes)).size == (40, 24)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", copy()[:200], b"GIF89a" + bytes(50), b"%!PS-Adobe EPSF"])
def test_what_is_no_picture_gives_nothing(data: bytes) -> None:
    assert with_numbers(data, [Box(0.1, 0.1, 0.9, 0.9)]) == b""
    assert cut_out(data, Box(0.1, 0.1, 0.9, 0.9)) == b""
