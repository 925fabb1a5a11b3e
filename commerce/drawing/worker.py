"""The child: sheets come in on standard input, their JPEGs go out on standard output, one after the other."""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

from PIL import Image

from commerce.domain.sheet import Align, Block, Box, Face, Fit, Part, Photo, Sheet, Words
from commerce.drawing.composing import composed
from commerce.drawing.limits import ASK, LENGTH, Limits

_UNREADABLE = (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError)


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = limits.most_pixels
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak on the wire
    for sheet in _sheets(sys.stdin.buffer):
        try:
            jpeg = _as_jpeg(composed(sheet), limits)
        except (*_UNREADABLE, Warning):
            jpeg = b""
        out.write(LENGTH.pack(len(jpeg)) + jpeg)
        out.flush()


def _as_jpeg(drawn: Image.Image, limits: Limits) -> bytes:
    out = io.BytesIO()
    thinned = "4:2:0" if limits.thins_colour else "4:4:4"
    drawn.save(out, "JPEG", quality=limits.quality, optimize=True, progressive=True, subsampling=thinned)
    return out.getvalue()


def _sheets(stdin: BinaryIO) -> Iterator[Sheet]:
    while head := stdin.read(ASK.size):
        described, count = ASK.unpack(head)
        told = json.loads(stdin.read(described))
        pictures = iter([stdin.read(LENGTH.unpack(stdin.read(LENGTH.size))[0]) for _ in range(count)])
        parts = tuple(_part(each, pictures) for each in told.pop("parts"))
        yield Sheet(**told, parts=parts)


def _part(told: dict[str, Any], pictures: Iterator[bytes]) -> Part:
    kind, box = told.pop("kind"), Box(**told.pop("box"))
    del told["data"]
    if kind == "Photo":
        return Photo(next(pictures), box, Fit(told.pop("fit")), **told)
    if kind == "Block":
        return Block(box=box, **told)
    face, align, upright = Face(told.pop("face")), Align(told.pop("align")), Align(told.pop("upright"))
    return Words(box=box, face=face, align=align, upright=upright, **told)


if __name__ == "__main__":
    main()
