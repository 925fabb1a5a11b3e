"""Words in a box: wrapped, made smaller where they must be, cut with an ellipsis where nothing else helps.

The fonts are Adobe's Source families, from packages that hold nothing else: Pillow's own has neither é nor €.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import font_source_sans_pro
import font_source_serif_pro
from PIL import Image, ImageDraw, ImageFont

from commerce.domain.sheet import Align, Face, Words

_FILES: dict[Face, str] = {
    Face.SANS: font_source_sans_pro.font_files_otf["SourceSansPro"],
    Face.SANS_BOLD: font_source_sans_pro.font_files_otf["SourceSansProSemibold"],
    Face.SERIF: font_source_serif_pro.font_files_otf["SourceSerifPro"],
}
_LINE = 1.22  # of the size, from line to line
_STEP = 0.94  # from one size to the next smaller one


@dataclass(frozen=True, slots=True)
class Set:
    """Words as they are set."""

    lines: tuple[str, ...]
    size_px: int


@lru_cache(maxsize=64)
def font(face: Face, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FILES[face], size_px)


def letter(canvas: Image.Image, words: Words) -> None:
    done = set_in_box(words)
    draw, letters = ImageDraw.Draw(canvas), font(words.face, done.size_px)
    box, line_px = words.box, done.size_px * _LINE
    free_px = box.height_px - line_px * len(done.lines)
    top = box.y_px + {Align.START: 0.0, Align.MIDDLE: free_px / 2, Align.END: free_px}[words.upright]
    for number, line in enumerate(done.lines):
        width = _width(line, letters, words.tracking_px)
        spare = box.width_px - width
        left = box.x_px + {Align.START: 0.0, Align.MIDDLE: spare / 2, Align.END: spare}[words.align]
        baseline = top + line_px * number + done.size_px * 0.98
        _line(draw, line, left, baseline, letters, words)
        if words.is_struck:
            middle = baseline - done.size_px * 0.24
            thick = max(1, round(done.size_px / 16))
            draw.line((left, middle, left + width, middle), fill=words.colour, width=thick)


def _line(
    draw: ImageDraw.ImageDraw, line: str, left: float, baseline: float, letters: ImageFont.FreeTypeFont, words: Words
) -> None:
    if not words.tracking_px:
        draw.text((left, baseline), line, fill=words.colour, font=letters, anchor="ls")
        return
    for sign in line:
        draw.text((left, baseline), sign, fill=words.colour, font=letters, anchor="ls")
        left += letters.getlength(sign) + words.tracking_px


def set_in_box(words: Words) -> Set:
    """The largest size at which the text fits; the smallest one, cut, where none does."""
    size, smallest = words.size_px, words.smallest_px or words.size_px
    while True:
        letters = font(words.face, size)
        lines = _wrapped(words, letters)
        room = max(1, int(words.box.height_px / (size * _LINE) + 0.01))
        if len(lines) <= room and all(_width(each, letters, words.tracking_px) <= words.box.width_px for each in lines):
            return Set(tuple(lines), size)
        if size <= smallest:
            return Set(tuple(_cut(lines, room, words, letters)), size)
        size = max(smallest, min(size - 1, int(size * _STEP)))


def _wrapped(words: Words, letters: ImageFont.FreeTypeFont) -> list[str]:
    """Broken at spaces, never at the narrow or hard ones of French typography and prices."""
    lines: list[str] = []
    for paragraph in words.text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip(" ")
            if line and _width(longer, letters, words.tracking_px) > words.box.width_px:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _cut(lines: list[str], room: int, words: Words, letters: ImageFont.FreeTypeFont) -> list[str]:
    kept = lines[:room]
    if len(lines) > room:
        kept[-1] = f"{kept[-1]}…"
    return [_shortened(line, words, letters) for line in kept]


def _shortened(line: str, words: Words, letters: ImageFont.FreeTypeFont) -> str:
    said = line.removesuffix("…")
    while said and _width(line, letters, words.tracking_px) > words.box.width_px:
        said = said[:-1].rstrip()
        line = f"{said}…"
    return line


def _width(line: str, letters: ImageFont.FreeTypeFont, tracking_px: float) -> float:
    if not tracking_px:
        return float(letters.getlength(line))
    return sum(letters.getlength(sign) + tracking_px for sign in line) - (tracking_px if line else 0.0)
