"""The size of a drawing, what colours and points are, and points counted from the middle."""

from __future__ import annotations

WIDTH, HEIGHT = 600, 750  # pixels of a finished picture
SCALE = 2  # drawn so many times larger, then made smaller: smooth edges
CENTRE = WIDTH / 2

Point = tuple[float, float] | tuple[float, float, int]
"""x, y, and 1 for a corner; a point without it is passed through smoothly."""
Line = list[tuple[float, float]]
Rgb = tuple[int, int, int]


def mid(dx: float) -> float:
    """x of what is that far to the right of the middle."""
    return CENTRE + dx


def line(*points: tuple[float, float]) -> list[Point]:
    """Points given from the middle."""
    return [(mid(dx), y) for dx, y in points]
