"""A small studio: closed curves filled with cloth, lit from the upper left, each part casting a soft shadow on the ones below.

Coordinates are pixels of the finished picture (600 x 750); everything is drawn twice as large and reduced at the end. Shading
is worked out on a quarter of that and enlarged: light is soft, so nobody sees it, and a picture takes tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

from vitrine.demo_shop.measures import CENTRE, HEIGHT, SCALE, WIDTH, Line, Point, Rgb

if TYPE_CHECKING:
    from PIL.Image import Image

    from vitrine.demo_shop.fabrics import Fabric

_COARSE = 4


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 14) -> Line:
    """A cubic Hermite curve through the points: smooth where they are smooth, straight between two corners."""
    count = len(points)
    line: Line = []
    last = count if closed else count - 1
    for at in range(last):
        start, end = points[at], points[(at + 1) % count]
        before = points[at - 1] if closed or at else start
        after = points[(at + 2) % count] if closed or at + 2 < count else end
        chord = (end[0] - start[0], end[1] - start[1])
        leave = chord if len(start) == 3 else ((end[0] - before[0]) / 2, (end[1] - before[1]) / 2)
        arrive = chord if len(end) == 3 else ((after[0] - start[0]) / 2, (after[1] - start[1]) / 2)
        if len(start) == 3 and len(end) == 3:
            line.append((start[0], start[1]))
            continue
        for step in range(steps):
            t = step / steps
            a, b = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t
            c, d = -2 * t**3 + 3 * t**2, t**3 - t**2
            line.append((
                a * start[0] + b * leave[0] + c * end[0] + d * arrive[0],
                a * start[1] + b * leave[1] + c * end[1] + d * arrive[1],
            ))  # fmt: skip
    if not closed:
        line.append((points[-1][0], points[-1][1]))
    return line


def both_sides(half: Sequence[Point]) -> list[Point]:
    """A symmetric outline from its right half, given from top to bottom as (distance from the centre, y)."""
    right: list[Point] = [_moved(point, 1) for point in half]
    left: list[Point] = [_moved(point, -1) for point in reversed(half) if point[0] != 0]
    return right + left


def mirrored(points: Iterable[Point]) -> list[Point]:
    """The same outline on the other side of the centre line."""
    return [(WIDTH - point[0], *point[1:]) for point in points]


def _moved(point: Point, side: int) -> Point:
    return (CENTRE + side * point[0], point[1], 1) if len(point) == 3 else (CENTRE + side * point[0], point[1])


class Canvas:
    """A picture in the making. Parts are laid one over the other, the first at the bottom."""

    def __init__(
        self, backdrop: Image, *, zoom: float = 1.0, middle: tuple[float, float] = (CENTRE, HEIGHT / 2)
    ) -> None:
        """`backdrop`: RGB, of the doubled size. What is drawn is enlarged by `zoom`, with `middle` (of what is drawn) put in
        the middle of the picture, or, for what stands, left on its floor."""
        self.image = backdrop
        self.zoom = zoom
        self._middle = middle

    def _curve(self, points: Sequence[Point], *, closed: bool = True) -> Line:
        return [self._placed(x, y) for x, y in curve(points, closed=closed)]

    def _placed(self, x: float, y: float) -> tuple[float, float]:
        return CENTRE + (x - self._middle[0]) * self.zoom, HEIGHT / 2 + (y - self._middle[1]) * self.zoom

    def part(
        self,
        outline: Sequence[Point],
        fabric: Fabric,
        *,
        folds: Sequence[Sequence[Point]] = (),
        lights: Sequence[Sequence[Point]] = (),
        turn: float = 0.0,
        round_px: float = 16.0,
        depth: float = 1.0,
        shadow: float = 0.35,
        shadow_px: float = 7.0,
        tone: float = 1.0,
        gloss: float = 0.0,
    ) -> None:
        """A piece of cloth.

        Args:
            folds: open curves where the cloth falls into shade; `lights`: where it catches the light.
            turn: degrees by which the pattern is turned (sleeves).
            round_px: how far the edge seems to bend away. depth: how strongly.
            shadow: of the piece upon what lies below, 0 to 1, blurred over `shadow_px`.
            tone: below 1 is darker (the inside of a collar).
            gloss: 0 cloth, 1 patent leather.
        """
        mask, box = self._mask([self._curve(outline)])
        self._cast(mask, box, shadow, shadow_px)
        dark, light = _shade(
            mask, [self._curve(fold, closed=False) for fold in folds], [self._curve(one, closed=False) for one in lights],
            box, round_px=round_px, depth=depth, tone=tone, gloss=gloss,
        )  # fmt: skip
        self._lay(fabric.cut(box, turn), dark, light, mask, box)

    def band(
        self, points: Sequence[Point], width: float, fabric: Fabric, *, shadow: float = 0.25, depth: float = 0.8,
        gloss: float = 0.0, tone: float = 1.0, shadow_px: float = 5.0, ends: bool = True,
    ) -> None:  # fmt: skip
        """A strip of cloth along an open curve: collars, straps, handles; `ends` False cuts it straight (cuffs, waistbands)."""
        line = self._curve(points, closed=False)
        width *= self.zoom
        dots = [(*line[0], width / 2), (*line[-1], width / 2)] if ends else []
        mask, box = self._mask([_outline_of(line, width)], dots=dots)
        self._cast(mask, box, shadow, shadow_px)
        dark, light = _shade(mask, (), (), box, round_px=max(3.0, width / 3), depth=depth, tone=tone, gloss=gloss)
        self._lay(fabric.cut(box, 0.0), dark, light, mask, box)

    def stroke(
        self, points: Sequence[Point], colour: Rgb, *, width: float = 1.4, opacity: float = 0.5, dashed: bool = False
    ) -> None:
        """A seam (dark and thin) or a row of stitches (dashed)."""
        from PIL import Image, ImageDraw

        line = self._curve(points, closed=False)
        width = max(1, round(width * self.zoom * SCALE))
        xs, ys = [x * SCALE for x, _ in line], [y * SCALE for _, y in line]
        left, top = int(min(xs)) - width - 2, int(min(ys)) - width - 2
        mask = Image.new("L", (int(max(xs)) - left + width + 3, int(max(ys)) - top + width + 3), 0)
        draw = ImageDraw.Draw(mask)
        level = round(255 * opacity)
        scaled = [(x - left, y - top) for x, y in zip(xs, ys, strict=True)]
        if not dashed:
            draw.line(scaled, fill=level, width=width, joint="curve")
        else:
            for start, end in _dashes(scaled, 4.2 * SCALE, 3.0 * SCALE):
                draw.line((start, end), fill=level, width=width)
        self.image.paste(colour, (left, top), mask)

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Rgb,
        *,
        holes: int = 0,
        metal: bool = False,
        squash: float = 1.0,
    ) -> None:
        """A button, a rivet or an eyelet, with its own light and shadow."""
        from PIL import Image, ImageDraw, ImageFilter

        x, y = self._placed(x, y)
        radius *= self.zoom
        size = round((radius * 2 + 8) * SCALE)
        tile = Image.new("L", (size, size), 0)
        middle, r = size / 2, radius * SCALE

        def circle(image: Image.Image, cx: float, cy: float, rr: float, fill: int) -> None:
            ImageDraw.Draw(image).ellipse((cx - rr, cy - rr * squash, cx + rr, cy + rr * squash), fill=fill)

        corner = (round(x * SCALE - middle), round(y * SCALE - middle))
        shade = tile.copy()
        circle(shade, middle + 1.5, middle + 2.5, r * 1.06, 110)
        self.image.paste((20, 18, 16), corner, shade.filter(ImageFilter.GaussianBlur(2)))
        face = tile.copy()
        circle(face, middle, middle, r, 255)
        self.image.paste(colour, corner, face)
        rim = tile.copy()
        circle(rim, middle, middle, r, 90)
        circle(rim, middle - 0.6, middle - 0.8, r * 0.78, 0)
        self.image.paste(_darker(colour, 0.45), corner, rim)
        gleam = tile.copy()
        circle(gleam, middle - r * 0.32, middle - r * 0.36, r * 0.34, 190 if metal else 110)
        self.image.paste((255, 255, 255), corner, gleam.filter(ImageFilter.GaussianBlur(1.6)))
        for hole in range(holes):
            offset = r * 0.3
            dx = (-offset, offset, -offset, offset)[hole]
            dy = (-offset, -offset, offset, offset)[hole] if holes == 4 else 0.0
            dot = tile.copy()
            circle(dot, middle + dx, middle + dy, max(1.2, r * 0.13), 200)
            self.image.paste(_darker(colour, 0.25), corner, dot)

    def ground(
        self, x: float, y: float, half_width: float, *, half_height: float = 16.0, strength: float = 0.5
    ) -> None:
        """The shadow of a thing that stands."""
        from PIL import Image, ImageChops, ImageDraw, ImageFilter

        x, y = self._placed(x, y)
        half_width, half_height = half_width * self.zoom, half_height * self.zoom
        size = (WIDTH // 2, HEIGHT // 2)
        soft = Image.new("L", size, 0)
        for grow, level in ((1.25, 0.35), (1.0, 0.5), (0.72, 0.8)):
            layer = Image.new("L", size, 0)
            ImageDraw.Draw(layer).ellipse(
                (
                    (x - half_width * grow) / 2,
                    (y - half_height * grow) / 2,
                    (x + half_width * grow) / 2,
                    (y + half_height * grow) / 2,
                ),
                fill=round(255 * strength * level),
            )
            soft = ImageChops.lighter(soft, layer.filter(ImageFilter.GaussianBlur(half_height * grow * 0.32)))
        self.image.paste((38, 32, 30), (0, 0), soft.resize(self.image.size, Image.Resampling.BILINEAR))

    def finished(self) -> Image:
        """RGB, 600 x 750."""
        return self.image.reduce(SCALE)

    def _mask(
        self, lines: Sequence[Line], dots: Sequence[tuple[float, float, float]] = ()
    ) -> tuple[Image, tuple[int, int, int, int]]:
        """A mask (L) and the box, in doubled pixels and aligned for shading, that it covers."""
        from PIL import Image, ImageDraw

        xs = [x for line in lines for x, _ in line] + [x + s * r for x, _, r in dots for s in (-1, 1)]
        ys = [y for line in lines for _, y in line] + [y + s * r for _, y, r in dots for s in (-1, 1)]
        step = _COARSE * 2
        left, top = (int(max(0, min(v) * SCALE - 8)) // step * step for v in (xs, ys))
        right = min(self.image.width, -(-int(max(xs) * SCALE + 8) // step) * step)
        bottom = min(self.image.height, -(-int(max(ys) * SCALE + 8) // step) * step)
        right, bottom = max(right, left + step), max(bottom, top + step)
        mask = Image.new("L", (right - left, bottom - top), 0)
        draw = ImageDraw.Draw(mask)
        for line in lines:
            draw.polygon([(x * SCALE - left, y * SCALE - top) for x, y in line], fill=255)
        for x, y, r in dots:
            cx, cy, rr = x * SCALE - left, y * SCALE - top, r * SCALE
            draw.ellipse((cx - rr, cy - rr, cx + rr, cy + rr), fill=255)
        return mask, (left, top, right, bottom)

    def _cast(self, mask: Image, box: tuple[int, int, int, int], strength: float, blur_px: float) -> None:
        from PIL import Image, ImageFilter

        if strength <= 0:
            return
        margin = int(blur_px * 3 * SCALE)
        small = Image.new("L", ((mask.width + 2 * margin) // _COARSE, (mask.height + 2 * margin) // _COARSE), 0)
        small.paste(mask.reduce(_COARSE), (margin // _COARSE, margin // _COARSE))
        soft = small.filter(ImageFilter.GaussianBlur(blur_px * SCALE / _COARSE)).point(lambda v: v * strength)
        shift = int(blur_px * 0.55 * SCALE), int(blur_px * 0.9 * SCALE)
        full = soft.resize((small.width * _COARSE, small.height * _COARSE), Image.Resampling.BILINEAR)
        self.image.paste((34, 28, 28), (box[0] - margin + shift[0], box[1] - margin + shift[1]), full)

    def _lay(self, cloth: Image, dark: Image, light: Image, mask: Image, box: tuple[int, int, int, int]) -> None:
        from PIL import Image, ImageChops

        shaded = ImageChops.multiply(cloth, Image.merge("RGB", (dark, dark, dark)))
        lit = ImageChops.screen(shaded, Image.merge("RGB", (light, light, light)))
        self.image.paste(lit, (box[0], box[1]), mask)


def _shade(
    mask: Image, folds: Sequence[Line], lights: Sequence[Line], box: tuple[int, int, int, int], *,
    round_px: float, depth: float, tone: float, gloss: float,
) -> tuple[Image, Image]:  # fmt: skip
    """What to multiply with and what to screen with, for the light from the upper left on a piece of that outline."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter

    step = _COARSE
    small = mask.reduce(step)
    # Beyond its outline a piece goes on as a slope, so that light also falls on its very edge.
    wide = Image.new("L", (small.width + 32, small.height + 32), 0)
    wide.paste(small, (16, 16))
    radius = round_px * SCALE / step
    near = np.asarray(wide.filter(ImageFilter.GaussianBlur(radius)), np.float32)[15:-15, 15:-15] / 255
    dy, dx = near[2:, 1:-1] - near[:-2, 1:-1], near[1:-1, 2:] - near[1:-1, :-2]
    slope = (0.55 * dx + 0.83 * dy) * radius * depth
    inner = near[1:-1, 1:-1]
    edge = np.clip((1.0 - inner) * 1.55, 0, 1) ** 2 * 0.27 * depth
    shade = 1.0 - edge + np.clip(slope, -0.55, 0.0) * 0.42
    glow = np.clip(slope, 0.0, 0.5) * (0.2 + 0.55 * gloss)
    if folds or lights:
        for curves, target, width in ((folds, 0, 7.0), (lights, 1, 6.0)):
            if not curves:
                continue
            layer = Image.new("L", small.size, 0)
            draw = ImageDraw.Draw(layer)
            for points in curves:
                line = [((x * SCALE - box[0]) / step, (y * SCALE - box[1]) / step) for x, y in points]
                count = len(line)
                for at in range(count - 1):  # thin at both ends
                    fade = min(1.0, 2.6 * min(at + 1, count - at) / count)
                    draw.line(
                        (line[at], line[at + 1]),
                        fill=round(210 * fade),
                        width=max(1, round(width * fade * SCALE / step)),
                    )
            soft = np.asarray(layer.filter(ImageFilter.GaussianBlur(5.0 * SCALE / step)), np.float32) / 255
            if target == 0:
                shade -= 0.36 * soft
            else:
                glow += (0.16 + 0.3 * gloss) * soft
    # Down the piece the light falls off a little.
    fall = np.linspace(1.02, 0.94, small.height, dtype=np.float32)[:, None]
    shade = np.clip(shade * tone * fall, 0.12, 1.0)
    dark = Image.fromarray((shade * 255).astype(np.uint8))
    light = Image.fromarray((np.clip(glow, 0, 0.75) * 255).astype(np.uint8))
    size = mask.size
    return dark.resize(size, Image.Resampling.BILINEAR), light.resize(size, Image.Resampling.BILINEAR)


def _outline_of(line: Line, width: float) -> Line:
    """A strip of even width around an open line."""
    left: Line = []
    right: Line = []
    for at, (x, y) in enumerate(line):
        before, after = line[max(0, at - 1)], line[min(len(line) - 1, at + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = hypot(dx, dy) or 1.0
        nx, ny = -dy / length * width / 2, dx / length * width / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def _dashes(line: Line, on: float, off: float) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    travelled = 0.0
    start: tuple[float, float] | None = line[0]
    for (x0, y0), (x1, y1) in pairwise(line):
        length = hypot(x1 - x0, y1 - y0)
        travelled += length
        if start is not None and travelled >= on:
            yield start, (x1, y1)
            start, travelled = None, 0.0
        elif start is None and travelled >= off:
            start, travelled = (x1, y1), 0.0


def _darker(colour: Rgb, factor: float) -> Rgb:
    return (round(colour[0] * factor), round(colour[1] * factor), round(colour[2] * factor))
