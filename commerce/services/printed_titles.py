"""What a printed price without a number beside it belongs to: the one product of that price whose name stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commerce.domain.printed import PrintedPage, Word, around, distance
from commerce.domain.printed_prices import PrintedPrice
from commerce.domain.product import Product
from commerce.lexicon import words as folded_words
from commerce.ports import TextIndex, UnitOfWork

_BESIDE_FRAC = 0.08
_LOOKED_AT = 50
_FEWEST_WORDS = 2  # a name of one word, such as "Robe", says nothing


@dataclass(frozen=True, slots=True)
class Titled:
    product: Product
    words: tuple[Word, ...]
    price: PrintedPrice


class Titles:
    def __init__(self, text_index: TextIndex) -> None:
        self._text_index = text_index

    def beside(
        self, uow: UnitOfWork, page: PrintedPage, prices: Sequence[PrintedPrice], taken: Sequence[Word]
    ) -> Iterator[Titled]:
        """`taken`: words that name something else."""
        if not prices:
            return
        others = set(taken)
        lines = [line for line in page.lines() if not others.intersection(line)]
        for price in prices:
            block = [line for line in lines if _nearest(line, prices) is price]
            best = self._best(uow, price, block)
            if best is not None:
                yield Titled(best, tuple(word for line in block for word in line if word not in price.words), price)

    def _best(self, uow: UnitOfWork, price: PrintedPrice, block: Sequence[Sequence[Word]]) -> Product | None:
        """Of the products of that price, the one of which most is printed there; None where two are as good."""
        said = {folded for line in block for word in line for folded in folded_words(word.text)}
        ids = {
            hit.product_id
            for line in block
            if len(line) >= _FEWEST_WORDS
            for hit in self._text_index.search(" ".join(word.text for word in line), limit=_LOOKED_AT).hits
        }
        counted: list[tuple[int, Product]] = []
        for product in uow.products.many(ids).values():
            if any(variant.price.minor in price.amounts_minor for variant in product.variants):
                counted.append((_named_by(product, said), product))
        most = max((count for count, _ in counted), default=0)
        best = [product for count, product in counted if count == most]
        return best[0] if most >= _FEWEST_WORDS and len(best) == 1 else None


def _named_by(product: Product, said: set[str]) -> int:
    """How many words its name has in the language in which all of it is printed; 0 when it is in none."""
    titles = [set(folded_words(title)) for title in product.title.by_language.values()]
    return max((len(title) for title in titles if title <= said), default=0)


def _nearest(line: Sequence[Word], prices: Sequence[PrintedPrice]) -> PrintedPrice | None:
    where = around([word.region for word in line])
    cost, at = min((distance(where, price.region), at) for at, price in enumerate(prices))
    return prices[at] if cost <= _BESIDE_FRAC else None
