"""A ticket for the shelf as a PDF on a sheet of A6, for printers that print what they are sent."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commerce.pdf.writing import ONE_AT_A_TIME, put_text

WIDTH_PT, HEIGHT_PT = 297.6, 419.5  # A6
_MARGIN_PT = 22.0
_LINE_PT = 1.35  # of the size of the letters
_LETTER_PT = 0.52  # how wide a letter is at most on the average, of its size
_QR_PT = 96.0


@dataclass(frozen=True, slots=True)
class Line:
    words: str
    size_pt: float = 10.0


def ticket_pdf(lines: Sequence[Line], qr: str) -> bytes:
    """The lines one below the other, on as many sheets as they need, and the QR code on the last one. Letters that its
    typeface does not have (Latin ones it has) are printed as “?”."""
    import pypdfium2

    with ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument.new()
        page, top = document.new_page(WIDTH_PT, HEIGHT_PT), HEIGHT_PT - _MARGIN_PT
        for line in lines:
            for part in textwrap.wrap(line.words, int((WIDTH_PT - 2 * _MARGIN_PT) / (_LETTER_PT * line.size_pt))):
                if top - line.size_pt < _MARGIN_PT:
                    page, top = _next(document, page)
                top -= line.size_pt * _LINE_PT
                put_text(document, page, part, _MARGIN_PT, top, line.size_pt)
        if top - _QR_PT < _MARGIN_PT:
            page, top = _next(document, page)
        _squares(page, qr, top - _QR_PT - 6)
        page.gen_content()
        out = io.BytesIO()
        document.save(out)
        document.close()
    return out.getvalue()


def _next(document: Any, page: Any) -> tuple[Any, float]:
    page.gen_content()
    return document.new_page(WIDTH_PT, HEIGHT_PT), HEIGHT_PT - _MARGIN_PT


def _squares(page: Any, text: str, bottom: float) -> None:
    import segno
    from pypdfium2 import raw

    rows = list(segno.make(text, error="m", micro=False).matrix)
    side = _QR_PT / len(rows)
    for number, row in enumerate(rows):
        y = bottom + _QR_PT - (number + 1) * side
        for place, dark in enumerate(row):
            if dark:
                square = raw.FPDFPageObj_CreateNewRect(_MARGIN_PT + place * side, y, side, side)
                raw.FPDFPath_SetDrawMode(square, raw.FPDF_FILLMODE_ALTERNATE, False)
                raw.FPDFPage_InsertObject(page, square)
