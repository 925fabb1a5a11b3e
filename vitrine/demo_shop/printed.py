"""A printed catalogue of the shop's own products, as a graphic designer would send it: a PDF with pictures, names, prices
and article numbers, three articles a page."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDTH_PT, HEIGHT_PT = 595.0, 842.0  # A4
A_PAGE = 3
_MARGIN_PT = 48.0


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the catalogue. `jpeg`: its picture; `number`: what is printed as its article number; `translated`:
    its title in another language, printed below the first one."""

    title: str
    price: str
    number: str
    jpeg: bytes
    translated: str = ""


def write_pdf(path: Path, heading: str, articles: Sequence[Article]) -> Path:
    """Writes the catalogue, `A_PAGE` articles a page, and returns its path."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    pages = [articles[at : at + A_PAGE] for at in range(0, len(articles), A_PAGE)]
    for number, shown in enumerate(pages, start=1):
        page = document.new_page(WIDTH_PT, HEIGHT_PT)
        draw_text(document, page, heading, _MARGIN_PT, HEIGHT_PT - 56, 20)
        draw_text(document, page, str(number), WIDTH_PT / 2, 28, 9)
        for place, article in enumerate(shown):
            _article(document, page, article, place)
        page.gen_content()
        page.close()
    with path.open("wb") as file:
        document.save(file)
    document.close()
    return path


def _article(document: Any, page: Any, article: Article, place: int) -> None:
    """Pictures alternate between left and right, words beside them."""
    height = 220.0
    bottom = HEIGHT_PT - 90 - (place + 1) * (height + 16)
    left = _MARGIN_PT if place % 2 == 0 else WIDTH_PT - _MARGIN_PT - 176
    beside = left + 176 + 18 if place % 2 == 0 else _MARGIN_PT
    draw_picture(document, page, article.jpeg, left, bottom, 176, height)
    draw_text(document, page, article.title, beside, bottom + 150, 15)
    if article.translated and article.translated != article.title:
        draw_text(document, page, article.translated, beside, bottom + 136, 10)
    draw_text(document, page, article.price, beside, bottom + 114, 13)
    draw_text(document, page, f"Art. {article.number}", beside, bottom + 96, 8)


def draw_picture(
    document: Any, page: Any, jpeg: bytes, left: float, bottom: float, width: float, height: float
) -> None:
    import pypdfium2

    image = pypdfium2.PdfImage.new(document)
    image.load_jpeg(io.BytesIO(jpeg), inline=True)
    image.set_matrix(pypdfium2.PdfMatrix().scale(width, height).translate(left, bottom))
    page.insert_obj(image)


def draw_text(document: Any, page: Any, words: str, left: float, bottom: float, size: float) -> None:
    from pypdfium2 import raw

    item = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", size)
    plain = words.replace("\u202f", " ").replace("\u00a0", " ")  # this font has no other spaces
    letters = ctypes.create_string_buffer((plain + "\0").encode("utf-16-le"))
    raw.FPDFText_SetText(item, ctypes.cast(letters, raw.FPDF_WIDESTRING))
    raw.FPDFPageObj_Transform(item, 1, 0, 0, 1, left, bottom)
    raw.FPDFPage_InsertObject(page, item)
