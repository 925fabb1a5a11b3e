"""The child that draws on a clean copy: JPEG on stdin, JPEG on stdout, the task in the last argument."""

from __future__ import annotations

import io
import json
import os
import sys

from PIL import Image, ImageDraw, ImageFont

from visual_search.preprocess.clean import prepare_pillow
from visual_search.preprocess.worker import limit_process

_FRAME, _EDGE, _INK, _BADGE = (255, 255, 255), (20, 20, 20), (255, 255, 255), (31, 56, 46)
_QUALITY = 88


def main() -> None:
    settings = json.loads(sys.argv[-1])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak on the wire
    prepare_pillow(settings["max_pixels"], False)
    limit_process(settings["memory_bytes"])
    picture = Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=["JPEG"]).convert("RGB")
    boxes = [_pixels(box, picture.size) for box in settings["boxes"]]
    done = picture.crop(boxes[0]) if settings["task"] == "cut" else _numbered(picture, boxes)
    jpeg = io.BytesIO()
    done.save(jpeg, "JPEG", quality=_QUALITY)
    out.write(jpeg.getvalue())
    out.flush()


def _pixels(box: list[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """At least one pixel, inside the picture."""
    width, height = size
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    right, bottom = min(width, round(box[2] * width)), min(height, round(box[3] * height))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _numbered(picture: Image.Image, boxes: list[tuple[int, int, int, int]]) -> Image.Image:
    """Frames in white between dark lines, so that they show on any picture; numbers in their upper left corners."""
    draw = ImageDraw.Draw(picture)
    side = int((picture.width * picture.height) ** 0.5)
    line = max(2, side // 220)
    radius = min(max(12, side // 20), max(2, min(picture.size) // 2 - 1))
    font = ImageFont.load_default(size=radius * 1.3)
    for left, top, right, bottom in boxes:
        draw.rectangle((left, top, right - 1, bottom - 1), outline=_EDGE, width=line * 3)
        inner = (left + line, top + line, max(left + line, right - 1 - line), max(top + line, bottom - 1 - line))
        draw.rectangle(inner, outline=_FRAME, width=line)
    for number, (left, top, _, _) in enumerate(boxes, 1):
        x = min(max(left + line * 2, 0) + radius, picture.width - radius)
        y = min(max(top + line * 2, 0) + radius, picture.height - radius)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_BADGE, outline=_FRAME, width=line)
        draw.text((x, y), str(number), fill=_INK, font=font, anchor="mm")
    return picture


if __name__ == "__main__":
    main()
