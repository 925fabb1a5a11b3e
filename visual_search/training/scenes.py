"""Made-up photos with known garments: products cut out of their white ground and phone photos, pasted together.

Every scene is drawn with a generator that the caller seeds; fitting draws from pictures that are not held out,
measuring from those that are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from visual_search.regions.boxes import Boxes, areas, common
from visual_search.training.kind_labels import accepted
from visual_search.training.shared_data import Labelled
from visual_search.values import Pixels

VIEW_PX = 384
_MARK = (255, 0, 254)


@dataclass(frozen=True, slots=True)
class Truth:
    """A garment of a scene; `kinds` are the right answers, the best first."""

    box: tuple[float, float, float, float]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    pixels: Pixels
    """[h, w, 3]"""
    truths: tuple[Truth, ...]
    style: str

    def boxes(self) -> Boxes:
        return np.array([truth.box for truth in self.truths], np.float32).reshape(-1, 4)

    def jpeg(self, quality: int = 88) -> bytes:
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "JPEG", quality=quality)
        return out.getvalue()


class SceneMaker:
    """Draws scenes from products on white and phone photos. Not thread-safe: one generator."""

    def __init__(self, products: Sequence[Labelled], photos: Sequence[Labelled], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._photos = [photo for photo in photos if accepted(photo.type)]
        self._by_kind: dict[str, list[Labelled]] = {}
        for product in products:
            if kinds := accepted(product.type):
                self._by_kind.setdefault(kinds[0], []).append(product)
        self._kinds = sorted(self._by_kind)
        sizes = np.array([len(self._by_kind[kind]) for kind in self._kinds], float)
        self._chances = np.sqrt(sizes) / np.sqrt(sizes).sum()

    def collage(self, count: int) -> Scene:
        """`count` products anywhere, hardly overlapping, on any ground."""
        canvas = self._ground()
        width, height = canvas.size
        placed: list[tuple[float, float, float, float]] = []
        truths: list[Truth] = []
        while len(truths) < count:
            cut, kinds = self._cut_out(self._any_kind())
            for _ in range(40):
                scale = self._rng.uniform(0.55, 1.05) / count**0.5
                side = scale * min(width / cut.width, height / cut.height)
                box = self._place(canvas.size, max(8, round(cut.width * side)), max(8, round(cut.height * side)))
                if all(_apart(box, other) for other in placed):
                    placed.append(box)
                    truths.append(_paste(canvas, cut, box, kinds))
                    break
            else:  # no room: begin again
                canvas, placed, truths = self._ground(), [], []
                width, height = canvas.size
        return self._scene(canvas, truths, "collage")

    def outfit(self, count: int) -> Scene:
        """A top above a bottom (above shoes, with 3), touching, as a person or a flat lay shows them."""
        canvas = self._ground()
        width, height = canvas.size
        parts: list[tuple[str, ...]] = [("tshirt", "shirt", "top", "sweater", "sweatshirt", "jacket", "kurta")]
        parts.append(("jeans", "trousers", "shorts", "skirt"))
        parts.append(("sneakers", "formal_shoes", "heels", "sandals"))
        shares = np.array([0.42, 0.46, 0.12])[:count] * self._rng.uniform(0.85, 1.15, count)
        tall = height * self._rng.uniform(0.78, 0.96)
        shares = shares / shares.sum()
        top = (height - tall) / 2
        middle = width * self._rng.uniform(0.38, 0.62)
        truths = []
        for kinds, share in zip(parts[:count], shares, strict=True):
            cut, right = self._cut_out(str(self._rng.choice([kind for kind in kinds if kind in self._by_kind])))
            high = tall * share
            wide = min(cut.width * high / cut.height, width * 0.9)
            left = min(max(0.0, middle + self._rng.normal(0, 0.02) * width - wide / 2), width - wide)
            box = (left / width, top / height, (left + wide) / width, min((top + high) / height, 1.0))
            truths.append(_paste(canvas, cut, box, right))
            top += high * self._rng.uniform(0.94, 1.0)
        return self._scene(canvas, truths, "outfit")

    def board(self, count: int) -> Scene:
        """`count` whole phone photos side by side or one above another, as in a screenshot."""
        canvas = self._ground()
        columns = int(np.ceil(count**0.5)) if count > 2 else int(self._rng.integers(1, 3))
        rows = -(-count // columns)
        gap = float(self._rng.choice([0.0, 0.01, 0.04]))
        truths = []
        for at in range(count):
            photo = self._photos[self._rng.integers(len(self._photos))]
            picture = Image.open(io.BytesIO(photo.data)).convert("RGB")
            cell_w, cell_h = canvas.width / columns, canvas.height / rows
            scale = self._rng.uniform(0.85, 1.0) if gap else 1.0
            fit = min(cell_w * (1 - gap) / picture.width, cell_h * (1 - gap) / picture.height) * scale
            wide, high = picture.width * fit, picture.height * fit
            left = (at % columns) * cell_w + (cell_w - wide) * self._rng.uniform()
            top = (at // columns) * cell_h + (cell_h - high) * self._rng.uniform()
            box = (
                left / canvas.width,
                top / canvas.height,
                (left + wide) / canvas.width,
                (top + high) / canvas.height,
            )
            truths.append(_paste(canvas, picture.convert("RGBA"), box, accepted(photo.type)))
        return self._scene(canvas, truths, "board")

    def several(self, count: int) -> Scene:
        draw: tuple[Callable[[int], Scene], ...] = (self.collage, self.collage, self.board)
        if count <= 3:
            draw += (self.outfit,)
        return draw[self._rng.integers(len(draw))](count)

    def ground(self) -> Scene:
        """No garment: a ground alone, or something drawn on one."""
        canvas = self._ground()
        if self._rng.uniform() < 0.6:
            self._scribble(canvas)
        return self._scene(canvas, [], "ground")

    def _any_kind(self) -> str:
        return str(self._rng.choice(self._kinds, p=self._chances))

    def _cut_out(self, kind: str) -> tuple[Image.Image, tuple[str, ...]]:
        shelf = self._by_kind[kind]
        while True:
            product = shelf[self._rng.integers(len(shelf))]
            if (cut := cut_out(product.data)) is not None:
                return cut, accepted(product.type)

    def _place(self, size: tuple[int, int], wide: int, high: int) -> tuple[float, float, float, float]:
        left = self._rng.uniform(0, max(size[0] - wide, 1))
        top = self._rng.uniform(0, max(size[1] - high, 1))
        box = (left / size[0], top / size[1], (left + wide) / size[0], (top + high) / size[1])
        return (box[0], box[1], min(box[2], 1.0), min(box[3], 1.0))

    def _ground(self) -> Image.Image:
        rng = self._rng
        ratio = float(rng.choice([0.56, 0.75, 0.75, 1.0, 1.33]))
        size = (round(VIEW_PX * min(1.0, ratio)), round(VIEW_PX / max(1.0, ratio)))
        style = rng.integers(5)
        if style == 0:
            return Image.new("RGB", size, tuple(int(level) for level in rng.integers(0, 256, 3)))
        if style == 1:
            return Image.new("RGB", size, (int(rng.integers(235, 256)),) * 3)
        if style == 2:
            ends = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8)
            return Image.fromarray(ends).resize(size, Image.Resampling.BICUBIC)
        if style == 3:
            cells = int(rng.integers(6, 90))
            middle = rng.integers(40, 216, 3)
            noise = np.clip(middle + rng.normal(0, rng.uniform(5, 40), (cells, cells, 3)), 0, 255).astype(np.uint8)
            return Image.fromarray(noise).resize(size, Image.Resampling.BILINEAR)
        return self._corner(size)

    def _corner(self, size: tuple[int, int]) -> Image.Image:
        """The floors, beds and walls of phone photos: garments seldom reach into the corners."""
        photo = self._photos[self._rng.integers(len(self._photos))]
        picture = Image.open(io.BytesIO(photo.data)).convert("RGB")
        wide, high = round(picture.width * 0.22), round(picture.height * 0.18)
        left = 0 if self._rng.uniform() < 0.5 else picture.width - wide
        top = 0 if self._rng.uniform() < 0.5 else picture.height - high
        patch = picture.crop((left, top, left + wide, top + high))
        if self._rng.uniform() < 0.5:  # as tiles, so that its grain keeps its size
            tile = patch.resize((wide * 2, high * 2), Image.Resampling.BICUBIC)
            tiled = Image.new("RGB", size)
            for x in range(0, size[0], tile.width):
                for y in range(0, size[1], tile.height):
                    turned = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if (x // tile.width) % 2 else tile
                    turned = turned.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if (y // tile.height) % 2 else turned
                    tiled.paste(turned, (x, y))
            return tiled
        return patch.resize(size, Image.Resampling.BICUBIC)

    def _scribble(self, canvas: Image.Image) -> None:
        """Words, shapes and lines: a screen, a sign, a drawing."""
        rng = self._rng
        draw = ImageDraw.Draw(canvas)
        for _ in range(int(rng.integers(1, 14))):
            x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
            wide, high = rng.uniform(0.05, 0.6) * canvas.width, rng.uniform(0.03, 0.4) * canvas.height
            colour = tuple(int(level) for level in rng.integers(0, 256, 3))
            what = rng.integers(4)
            if what == 0:
                draw.rectangle((x, y, x + wide, y + high), fill=colour)
            elif what == 1:
                draw.ellipse((x, y, x + wide, y + high), fill=colour)
            elif what == 2:
                points = [(x + rng.uniform(-1, 1) * wide, y + rng.uniform(-1, 1) * high) for _ in range(4)]
                draw.polygon(points, fill=colour)
            else:
                letters = "".join(chr(97 + int(letter)) for letter in rng.integers(0, 26, 40))
                for line in range(int(rng.integers(1, 12))):
                    draw.text((x / 4, y + 12 * line), letters[line:], fill=colour)

    def _scene(self, canvas: Image.Image, truths: list[Truth], style: str) -> Scene:
        """As a phone would have taken it: a little noise, now and then a blur or another light."""
        rng = self._rng
        if rng.uniform() < 0.3:
            canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
        light = rng.uniform(0.7, 1.15) if rng.uniform() < 0.4 else 1.0
        noisy = np.asarray(canvas, np.float32) * light + rng.normal(0, rng.uniform(0, 6), (*canvas.size[::-1], 1))
        return Scene(np.clip(noisy, 0, 255).astype(np.uint8), tuple(truths), style)


def cut_out(data: bytes) -> Image.Image | None:
    """RGBA of what stands on the white ground, cropped to it, or None where that cannot be told."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    framed = Image.new("RGB", (picture.width + 2, picture.height + 2), "white")
    framed.paste(picture, (1, 1))
    ImageDraw.floodfill(framed, (0, 0), _MARK, thresh=42)
    solid = (np.asarray(framed)[1:-1, 1:-1] != _MARK).any(-1)
    if not 0.08 < solid.mean() < 0.92:
        return None
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    cut = picture.convert("RGBA")
    cut.putalpha(Image.fromarray(solid.astype(np.uint8) * 255))
    cut = cut.crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    return cut if min(cut.size) >= 8 else None


def _paste(
    canvas: Image.Image, cut: Image.Image, box: tuple[float, float, float, float], kinds: tuple[str, ...]
) -> Truth:
    left, top = round(box[0] * canvas.width), round(box[1] * canvas.height)
    wide, high = round(box[2] * canvas.width) - left, round(box[3] * canvas.height) - top
    sized = cut.resize((max(wide, 1), max(high, 1)), Image.Resampling.BICUBIC)
    canvas.paste(sized, (left, top), sized.getchannel("A"))
    return Truth(box, kinds)


def _apart(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> bool:
    one, other = np.array([first], np.float32), np.array([second], np.float32)
    return float(common(one, other)[0, 0]) < 0.06 * float(min(areas(one)[0], areas(other)[0]))
