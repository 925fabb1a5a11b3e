"""Where words and pictures stand on a page as it is shown: turned, cropped, in forms. Runs in the child."""

from __future__ import annotations

import math
from collections.abc import Iterator
from ctypes import byref, c_float, c_int
from typing import Any

from pypdfium2 import PdfMatrix, raw

from commerce.pdf.limits import Limits

_ROUND = 5
_DEEPEST = 6  # forms within forms
_OTHER_SIZE = 0.8  # a letter this much smaller than the one before, or the one before than it, begins a word
_FAR = 1.0  # so many heights of its letters between two of them is a gap, whether or not there is a space
_HYPHEN = "\x02"  # how PDFium says a hyphen at the end of a line

Box = tuple[float, float, float, float]  # left, bottom, right, top


class Places:
    """From a box in the page's own coordinates to fractions of what is shown."""

    def __init__(self, page: Any, width_px: int, height_px: int) -> None:
        self._page, self._width, self._height = page, width_px, height_px

    def of(self, left: float, bottom: float, right: float, top: float) -> list[float] | None:
        """x, y, width and height; None for what lies outside or has no size."""
        corners = [self._point(left, bottom), self._point(right, top)]
        xs = sorted(min(max(x / self._width, 0.0), 1.0) for x, _ in corners)
        ys = sorted(min(max(y / self._height, 0.0), 1.0) for _, y in corners)
        box = [xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]]
        return [round(value, _ROUND) for value in box] if box[2] > 1e-4 and box[3] > 1e-4 else None

    def _point(self, x: float, y: float) -> tuple[float, float]:
        across, down = c_int(), c_int()
        # In hundredths of a pixel: the answer is a whole number.
        raw.FPDF_PageToDevice(self._page, 0, 0, self._width * 100, self._height * 100, 0, x, y, across, down)
        return across.value / 100, down.value / 100


def words_of(page: Any, where: Places, most: int) -> list[list[object]]:
    """Words in the order in which the document draws them, each with its place."""
    text = page.get_textpage()
    found: list[list[object]] = []
    letters: list[str] = []
    box: Box = (0, 0, 0, 0)
    last: Box = box  # the letter before, along its line
    turned = 0

    def end() -> None:
        if letters and (place := where.of(*box)):
            found.append(["".join(letters), place])
        letters.clear()

    for index in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, index) or 32)
        if letter == _HYPHEN:
            letter = "-"
        if letter.isspace() or not letter.isprintable():
            end()
            if len(found) >= most:
                break
            continue
        its_box = text.get_charbox(index, loose=True)
        quarters = _quarters(raw.FPDFText_GetCharAngle(text, index))
        along = _along(its_box, quarters)
        if letters and (quarters != turned or _breaks(last, along)):
            end()
        box = its_box if not letters else _hull(box, its_box)
        letters.append(letter)
        last, turned = along, quarters
    end()
    return found[:most]


def _breaks(before: Box, letter: Box) -> bool:
    """Whether a letter begins another word, although no space says so: on another line, in another size, far off."""
    height, its_height = before[3] - before[1], letter[3] - letter[1]
    tallest = max(height, its_height)
    if min(height, its_height) < _OTHER_SIZE * tallest or abs(letter[1] - before[1]) > 0.5 * tallest:
        return True
    return letter[0] < before[0] - 1 or letter[0] - before[2] > _FAR * tallest


def _quarters(angle: float) -> int:
    """How many quarters of a turn to the left: PDFium counts to the right, and -1 is no answer."""
    return -round(max(0.0, angle) / (math.pi / 2)) % 4


def _along(box: Box, quarters: int) -> Box:
    """A letter's box where its line runs from left to right: what is turned is turned back."""
    left, bottom, right, top = box
    match quarters:
        case 1:
            return bottom, -right, top, -left
        case 2:
            return -right, -top, -left, -bottom
        case 3:
            return -top, left, -bottom, right
    return box


def pictures_of(page: Any, where: Places, limits: Limits) -> list[list[float]]:
    """Where pictures lie, largest first, as much of them as their frames show; what is repeated is told once,
    ornaments not at all."""
    boxes: list[list[float]] = []
    for shown in _images(page, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, PdfMatrix(), None, 0):
        place = where.of(*shown)
        if place is None or min(place[2], place[3]) < limits.smallest_frac or place in boxes:
            continue
        boxes.append(place)
        if len(boxes) >= limits.most_pictures:
            break
    return sorted(boxes, key=lambda box: -box[2] * box[3])


def _images(holder: Any, count: Any, get: Any, matrix: PdfMatrix, frame: Box | None, depth: int) -> Iterator[Box]:
    """The boxes of images on the page: PDFium tells those in a form in the form's own coordinates."""
    for number in range(max(0, count(holder))):
        each = get(holder, number)
        kind = raw.FPDFPageObj_GetType(each)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            box = _bounds(each)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            box = None
        else:
            continue
        clip = _clip(each)
        its_frame = _shared(frame, None if clip is None else _moved(clip, matrix))
        if box is not None:
            if shown := _shared(_moved(box, matrix), its_frame):
                yield shown
        elif kind == raw.FPDF_PAGEOBJ_FORM:
            inner = _matrix(each).multiply(matrix)
            yield from _images(
                each, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, inner, its_frame, depth + 1
            )


def _bounds(each: Any) -> Box | None:
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    if not raw.FPDFPageObj_GetBounds(each, left, bottom, right, top):
        return None
    return left.value, bottom.value, right.value, top.value


def _matrix(form: Any) -> PdfMatrix:
    found = raw.FS_MATRIX()
    return PdfMatrix.from_raw(found) if raw.FPDFPageObj_GetMatrix(form, byref(found)) else PdfMatrix()


def _clip(each: Any) -> Box | None:
    """The frame around it: of each path of its clip, what all of them leave."""
    path = raw.FPDFPageObj_GetClipPath(each)
    shown: Box | None = None
    for number in range(max(0, raw.FPDFClipPath_CountPaths(path)) if path else 0):
        points = []
        for at in range(raw.FPDFClipPath_CountPathSegments(path, number)):
            x, y = c_float(), c_float()
            if raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(path, number, at), x, y):
                points.append((x.value, y.value))
        if points:
            shown = _shared(shown, _spanned(points))
    return shown


def _moved(box: Box, matrix: PdfMatrix) -> Box:
    left, bottom, right, top = box
    return _spanned([matrix.on_point(x, y) for x in (left, right) for y in (bottom, top)])


def _spanned(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _hull(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _shared(one: Box | None, other: Box | None) -> Box | None:
    """What two boxes have in common; a box that is not there hides nothing. Without size where they are apart."""
    if one is None or other is None:
        return one or other
    left, bottom = max(one[0], other[0]), max(one[1], other[1])
    return left, bottom, max(left, min(one[2], other[2])), max(bottom, min(one[3], other[3]))
