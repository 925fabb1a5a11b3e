"""A sheet of ours as a page of a PDF: the picture, and its words behind it, unseen, to be searched and read aloud."""

from __future__ import annotations

import ctypes
import io
import threading
from typing import Any

from commerce.domain.sheet import Sheet, Words

_POINTS_A_MM = 72 / 25.4
ONE_AT_A_TIME = threading.Lock()  # pdfium is not made for several threads


def sheet_as_pdf(sheet: Sheet, jpeg: bytes, paper_mm: tuple[float, float]) -> bytes:
    """`jpeg`: the sheet as it was drawn. The words lie where they are seen, a part of the sheet after the other."""
    import pypdfium2

    width, height = (side * _POINTS_A_MM for side in paper_mm)
    scale = width / sheet.width_px
    with ONE_AT_A_TIME:
        document = pypdfium2.PdfDocument.new()
        page = document.new_page(width, height)
        for part in sheet.parts:
            if isinstance(part, Words):
                for number, line in enumerate(part.text.split("\n")):
                    bottom = height - (part.box.y_px + part.size_px * (1 + 1.2 * number)) * scale
                    put_text(document, page, line, part.box.x_px * scale, bottom, part.size_px * scale, is_unseen=True)
        image = pypdfium2.PdfImage.new(document)
        image.load_jpeg(io.BytesIO(jpeg), inline=True)
        image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        page.insert_obj(image)
        page.gen_content()
        out = io.BytesIO()
        document.save(out)
        document.close()
    return out.getvalue()


def put_text(
    document: Any, page: Any, words: str, left: float, bottom: float, size_pt: float, *, is_unseen: bool = False
) -> None:
    """In points from the lower left corner. Letters that the typeface does not have (Latin ones it has) become “?”."""
    from pypdfium2 import raw

    plain = words.replace("\u202f", " ").replace("\xa0", " ").encode("cp1252", "replace").decode("cp1252")
    item = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", size_pt)
    letters = ctypes.create_string_buffer((plain + "\0").encode("utf-16-le"))
    raw.FPDFText_SetText(item, ctypes.cast(letters, raw.FPDF_WIDESTRING))
    if is_unseen:
        raw.FPDFTextObj_SetTextRenderMode(item, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    raw.FPDFPageObj_Transform(item, 1, 0, 0, 1, left, bottom)
    raw.FPDFPage_InsertObject(page, item)
