"""The size of a drawing, and what colours and points are."""

from __future__ import annotations

WIDTH, HEIGHT = 600, 750  # pixels of a finished picture
SCALE = 2  # drawn so many times larger, then made smaller: smooth edges
CENTRE = WIDTH / 2

Point = tuple[float, float] | tuple[float, float, int]
"""x, y, and 1 for a corner; a point without it is passed through smoothly."""
Line = list[tuple[float, float]]
Rgb = tuple[int, int, int]
