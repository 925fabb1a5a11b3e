"""The child: a PDF comes in on standard input, its pages go out on standard output, one after the other.

Each page is a head (`commerce.pdf.limits.HEAD`), a description in JSON and a JPEG. A refusal is a description alone.
PDFium is not safe for many threads; here there is one. https://pypdfium2.readthedocs.io/
"""

from __future__ import annotations

import io
import json
import resource
import sys
from ctypes import c_int
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import raw

from commerce.pdf.limits import HEAD, Limits

_ROUND = 5
_QUALITY = 85


def main() -> int:
    limits = Limits(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    data = sys.stdin.buffer.read(limits.most_bytes + 1)
    out = sys.stdout.buffer
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return _refuse(out, "unreadable")
    if len(document) > limits.most_pages:
        return _refuse(out, "too_many_pages")
    for number in range(len(document)):
        try:
            page = document[number]
            told, jpeg = _page(page, limits)
        except (pypdfium2.PdfiumError, MemoryError, ValueError):
            return _refuse(out, "unreadable")
        _say(out, told, jpeg)
        page.close()
    return 0


def _refuse(out: BinaryIO, reason: str) -> int:
    _say(out, {"refused": reason}, b"")
    return 0


def _say(out: BinaryIO, told: dict[str, object], jpeg: bytes) -> None:
    description = json.dumps(told).encode()
    out.write(HEAD.pack(len(description), len(jpeg)) + description + jpeg)


def _page(page: Any, limits: Limits) -> tuple[dict[str, object], bytes]:
    width, height = page.get_size()  # points, as it is shown: turned where the page says so
    if not (0 < width < 20_000 and 0 < height < 20_000):
        raise ValueError("no such page")
    scale = limits.longest_px / max(width, height)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_QUALITY, optimize=True)
    where = _Places(page, picture.width, picture.height)
    told = {
        "width_px": picture.width,
        "height_px": picture.height,
        "words": _words(page, where, limits.most_words),
        "pictures": _pictures(page, where, limits),
    }
    return told, jpeg.getvalue()


class _Places:
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


def _words(page: Any, where: _Places, most: int) -> list[list[object]]:
    text = page.get_textpage()
    found: list[list[object]] = []
    letters: list[str] = []
    box: list[float] = []

    def end() -> None:
        if letters and (place := where.of(*box)):
            found.append(["".join(letters), place])
        letters.clear()
        box.clear()

    for index in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, index) or 32)
        if letter.isspace() or not letter.isprintable():
            end()
            if len(found) >= most:
                break
            continue
        left, bottom, right, top = text.get_charbox(index, loose=True)
        if box and (abs(bottom - box[1]) > (box[3] - box[1]) or left < box[0] - 1):  # another line without a space
            end()
        letters.append(letter)
        box[:] = (
            [left, bottom, right, top]
            if not box
            else [min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)]
        )
    end()
    return found[:most]


def _pictures(page: Any, where: _Places, limits: Limits) -> list[list[float]]:
    """Where pictures lie, largest first; what is repeated is told once, ornaments and backgrounds not at all."""
    boxes: list[list[float]] = []
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        place = where.of(*each.get_bounds())
        if place is None or min(place[2], place[3]) < limits.smallest_frac or place in boxes:
            continue
        boxes.append(place)
        if len(boxes) >= limits.most_pictures:
            break
    return sorted(boxes, key=lambda box: -box[2] * box[3])


if __name__ == "__main__":
    sys.exit(main())
