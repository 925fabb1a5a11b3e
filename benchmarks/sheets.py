"""Printed pages of the harder kinds: grids, words on pictures, several pictures of one article, price lists, numbers
and prices in every dress, cropped pages. What is printed where is known, so that what is found can be counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from vitrine.demo_shop.printed import HEIGHT_PT, WIDTH_PT, Article, draw_picture, draw_text

ROWS = 30  # of a page of a price list


@dataclass(frozen=True, slots=True)
class Shown:
    """An article on a page; `pictures`: where its own lie, in fractions of the page from its top left corner."""

    page: int
    sku: str
    pictures: tuple[tuple[float, float, float, float], ...] = ()


PRICES: tuple[Callable[[int], str], ...] = (
    lambda minor: f"{minor // 100},{minor % 100:02d} €",
    lambda minor: f"{minor // 100},{minor % 100:02d}€",
    lambda minor: f"€ {minor // 100}.{minor % 100:02d}",
    lambda minor: f"{minor // 100}€{minor % 100:02d}",
    lambda minor: f"EUR {minor / 100:.2f}",
    lambda minor: f"dès {minor // 100},{minor % 100:02d} €" if minor % 100 else f"dès {minor // 100} €",
    lambda minor: f"{minor // 100},{minor % 100:02d}" if minor % 100 else f"{minor // 100}.–",
    lambda minor: f"{(minor + 2000) / 100:.2f} € {minor / 100:.2f} €",
)
NUMBERS: tuple[Callable[[str], str], ...] = (
    lambda sku: f"Art. {sku}",
    lambda sku: f"Réf. {sku.replace('-', ' ')}",
    lambda sku: f"ref:{sku.lower()}",
    lambda sku: f"N° {sku.replace('-', '')}",
    lambda sku: sku.upper(),
    lambda sku: f"({sku.replace('-', ' - ')})",
)


class Sheets:
    """A document that is drawn page after page."""

    def __init__(self) -> None:
        import pypdfium2

        self._document = pypdfium2.PdfDocument.new()
        self.shown: list[Shown] = []
        self._pages = self._dress = 0

    def save(self, path: Path) -> Path:
        with path.open("wb") as file:
            self._document.save(file)
        self._document.close()
        return path

    def grid(self, articles: Sequence[tuple[Article, int]], across: int, down: int, *, margin: float = 0) -> None:
        """A picture and its words under it, in `across` columns and `down` rows. `margin`: bleed around the page that
        the crop box takes away."""
        with_words = 62.0
        width, height = (WIDTH_PT - 60) / across, (HEIGHT_PT - 80) / down
        page = self._page(margin)
        for at, (article, minor) in enumerate(articles[: across * down]):
            left = 30 + (at % across) * width
            bottom = HEIGHT_PT - 40 - (at // across + 1) * height
            tall = height - with_words - 10
            wide = min(width - 16, tall * 0.75)
            self._picture(page, article, left, bottom + with_words, wide, tall, first=True)
            self._words(page, article, minor, left, bottom + with_words - 14)
        self._end(page, margin)

    def on_pictures(self, one: tuple[Article, int], other: tuple[Article, int]) -> None:
        """One article fills the page, its words lie on it; another one has a small picture in the corner."""
        page = self._page()
        self._picture(page, one[0], 0, 0, WIDTH_PT, HEIGHT_PT, first=True)
        self._words(page, *one, 60, 700)
        self._picture(page, other[0], 360, 120, 165, 220, first=True)
        self._words(page, *other, 360, 106)
        self._end(page)

    def several_pictures(self, one: tuple[Article, int]) -> None:
        """Three pictures of one article, its words once."""
        page = self._page()
        self._picture(page, one[0], 40, 360, 330, 440, first=True)
        self._picture(page, one[0], 390, 600, 150, 200)
        self._picture(page, one[0], 390, 360, 150, 200)
        self._words(page, *one, 40, 330)
        self._end(page)

    def price_list(self, articles: Sequence[tuple[Article, int]]) -> None:
        """A page of numbers, names and prices in a table, without pictures."""
        page = self._page()
        for row, (article, minor) in enumerate(articles):
            bottom = HEIGHT_PT - 60 - row * 24
            self._text(page, article.number, 40, bottom, 8)
            self._text(page, article.title[:48], 150, bottom, 8)
            self._text(page, f"{minor // 100},{minor % 100:02d} €", 480, bottom, 8)
            self.shown.append(Shown(self._pages, article.number))
        self._end(page)

    # --- drawing

    def _page(self, margin: float = 0) -> Any:
        self._pages += 1
        self._shift = margin
        size = WIDTH_PT + 2 * margin, HEIGHT_PT + 2 * margin
        return self._document.new_page(*size)

    def _end(self, page: Any, margin: float = 0) -> None:
        if margin:
            page.set_cropbox(margin, margin, margin + WIDTH_PT, margin + HEIGHT_PT)
        page.gen_content()
        page.close()

    def _picture(
        self,
        page: Any,
        article: Article,
        left: float,
        bottom: float,
        width: float,
        height: float,
        *,
        first: bool = False,
    ) -> None:
        draw_picture(self._document, page, article.jpeg, left + self._shift, bottom + self._shift, width, height)
        where = left / WIDTH_PT, 1 - (bottom + height) / HEIGHT_PT, width / WIDTH_PT, height / HEIGHT_PT
        if first:
            self.shown.append(Shown(self._pages, article.number, (where,)))
        else:
            self.shown[-1] = Shown(self._pages, article.number, (*self.shown[-1].pictures, where))

    def _words(self, page: Any, article: Article, minor: int, left: float, bottom: float) -> None:
        self._dress += 1
        self._text(page, article.title[:34], left, bottom, 9)
        self._text(page, PRICES[self._dress % len(PRICES)](minor), left, bottom - 14, 10)
        number = NUMBERS[self._dress % len(NUMBERS)](article.number)
        first, dash, last = number.rpartition("-")
        if self._dress % 7 == 0 and dash:  # broken over two lines
            self._text(page, first + dash, left, bottom - 28, 8)
            self._text(page, last, left, bottom - 38, 8)
        else:
            self._text(page, number, left, bottom - 28, 8)

    def _text(self, page: Any, words: str, left: float, bottom: float, size: float) -> None:
        draw_text(self._document, page, words, left + self._shift, bottom + self._shift, size)


def draw(articles: Sequence[tuple[Article, int]], path: Path) -> tuple[dict[int, str], list[Shown]]:
    """Every kind of page, and at the end a list of what the first of them show: each page's kind, and what is printed
    where. `articles`: with their price."""
    sheets, rest = Sheets(), iter(articles)
    kinds: list[str] = []
    drawers: tuple[tuple[str, int, int, Callable[[Sequence[tuple[Article, int]]], None]], ...] = (
        ("two a page", 20, 2, lambda some: sheets.grid(some, 1, 2)),
        ("six a page", 20, 6, lambda some: sheets.grid(some, 2, 3)),
        ("twelve a page", 20, 12, lambda some: sheets.grid(some, 3, 4)),
        ("cropped", 10, 4, lambda some: sheets.grid(some, 2, 2, margin=36)),
        ("words on pictures", 20, 2, lambda some: sheets.on_pictures(*some)),
        ("three pictures of one", 20, 1, lambda some: sheets.several_pictures(*some)),
    )
    for kind, pages, count, drawn in drawers:
        for _ in range(pages):
            if len(some := list(islice(rest, count))) < count:
                break
            kinds.append(kind)
            drawn(some)
    for start in range(0, min(len(articles), 4 * ROWS), ROWS):
        kinds.append("price list")
        sheets.price_list(articles[start : start + ROWS])
    sheets.save(path)
    return dict(enumerate(kinds, start=1)), sheets.shown
