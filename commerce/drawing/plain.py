"""Sheets of words and shapes alone, drawn here and now as PNG: nothing on them was ever read from a stranger's file."""

from __future__ import annotations

import io
from functools import lru_cache

from commerce.domain.sheet import Photo, Sheet


@lru_cache(maxsize=256)
def plain_png(sheet: Sheet) -> bytes:
    """Takes some milliseconds, and none for one that was just drawn. Raises ValueError for a sheet with a photo."""
    from commerce.drawing.composing import composed

    if any(isinstance(part, Photo) for part in sheet.parts):
        raise ValueError("a sheet with photos is drawn by the child")
    out = io.BytesIO()
    composed(sheet).quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()
