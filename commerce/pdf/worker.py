"""The child: a PDF comes in on standard input, its pages go out on standard output, one after the other.

Each page is a head (`commerce.pdf.limits.HEAD`), a description in JSON and a JPEG. A refusal is a description alone.
PDFium is not safe for many threads; here there is one. https://pypdfium2.readthedocs.io/
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any, BinaryIO

import pypdfium2

from commerce.pdf.limits import HEAD, Limits
from commerce.pdf.places import Places, pictures_of, words_of

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
    where = Places(page, picture.width, picture.height)
    told = {
        "width_px": picture.width,
        "height_px": picture.height,
        "words": words_of(page, where, limits.most_words),
        "pictures": pictures_of(page, where, limits),
    }
    return told, jpeg.getvalue()


if __name__ == "__main__":
    sys.exit(main())
