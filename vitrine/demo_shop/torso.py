"""What is cut alike above the waist: sleeves, the back of a neck, a round collar, and how cloth hangs from the arms."""

from __future__ import annotations

from collections.abc import Sequence

from vitrine.demo_shop.canvas import Canvas, both_sides, mirrored
from vitrine.demo_shop.fabrics import Fabric, ink
from vitrine.demo_shop.measures import Point, line, mid

# A line of points is a line of the drawing.
# fmt: off

Half = Sequence[Point]


def sleeves(
    canvas: Canvas, cloth: Fabric, outline: Half, folds: Sequence[Sequence[Point]], *, turn: float, cuff: tuple[Point, Point] | None,
    rib: Fabric | None = None, cuff_px: float = 16,
) -> None:  # fmt: skip
    """Both sleeves, below the body. `outline`, `folds` and `cuff` are for the right one, from the middle."""
    right: list[Point] = [(mid(point[0]), *point[1:]) for point in outline]
    for side, points in ((1, right), (-1, mirrored(right))):
        lines = [[(mid(side * p[0]), p[1]) for p in fold] for fold in folds]
        canvas.part(points, cloth, folds=lines, turn=-side * turn, round_px=15, shadow=0.3)
        if cuff:
            ends: list[Point] = [(mid(side * p[0]), p[1]) for p in cuff]
            if rib is not None:
                canvas.band(ends, cuff_px, rib, shadow=0.22, depth=0.45, ends=False)
            else:
                canvas.stroke(ends, ink(cloth.colour), opacity=0.4, width=1.3)


def inside(canvas: Canvas, cloth: Fabric, half: Half) -> None:
    """The back of the neck, seen through the opening."""
    canvas.part(both_sides(half), cloth, tone=0.62, shadow=0.0, round_px=9)


def body_folds(width: float, top: float, bottom: float) -> list[list[Point]]:
    """How cloth hangs: from the arms down, and a little across the waist."""
    return [
        line((width * 0.86, top + 40), (width * 0.62, (top + bottom) / 2), (width * 0.7, bottom - 14)),
        line((-width * 0.84, top + 46), (-width * 0.55, (top + bottom) / 2 + 30), (-width * 0.66, bottom - 18)),
        line((-width * 0.2, top + 120), (-width * 0.12, bottom - 80), (-width * 0.22, bottom - 10)),
    ]


def body_lights(width: float, top: float, bottom: float) -> list[list[Point]]:
    return [
        line((-width * 0.62, top + 60), (-width * 0.38, (top + bottom) / 2), (-width * 0.46, bottom - 30)),
        line((width * 0.36, top + 90), (width * 0.3, (top + bottom) / 2 + 20), (width * 0.38, bottom - 40)),
    ]


def crew(canvas: Canvas, cloth: Fabric, rib: Fabric, *, drop: float, half_width: float, top: float, width: float = 15) -> None:
    """A ribbed round collar."""
    canvas.band(
        line((-half_width, top), (-half_width * 0.72, top + drop * 0.7), (0, top + drop), (half_width * 0.72, top + drop * 0.7), (half_width, top)),
        width, rib, shadow=0.22,
    )  # fmt: skip
