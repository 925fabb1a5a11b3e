"""A product in words: everything a shopper might call it, in every language."""

from __future__ import annotations

from typing import cast, get_args

from commerce.domain.product import Product
from commerce.lexicon import Kind, Lexicon
from commerce.lexicon import words as folded_words
from commerce.ports import TextDocument

_ATTRIBUTE_KINDS = frozenset(get_args(Kind)) - {"category", "colour", "gender"}


def text_document(product: Product, lexicon: Lexicon) -> TextDocument:
    """Titles of every language; brand, colours and attributes as the source writes them; codes (SKU, GTIN, source id),
    each as one word; and the lexicon's entries for what it is, which stand for their words in both languages."""
    concepts: dict[str, None] = {}
    if product.category:
        concepts[f"category:{product.category}"] = None
    concepts.update(dict.fromkeys(f"colour:{colour}" for colour in product.colours))
    if product.gender:
        concepts[f"gender:{product.gender}"] = None
    words: dict[str, None] = {product.brand: None}
    if not product.category:
        words[product.category_words] = None
    words.update(dict.fromkeys(variant.colour_words for variant in product.variants))
    for name, value in product.attributes.items():
        words[value] = None
        key = lexicon.key_of(cast(Kind, name), value) if name in _ATTRIBUTE_KINDS else None
        if key is not None:
            concepts[f"{name}:{key}"] = None
    codes = (product.source_id, *(code for v in product.variants for code in (v.sku, v.gtin)))
    words.update(dict.fromkeys(map(_code_word, codes)))
    titles = dict.fromkeys(title for title in product.title.by_language.values() if title)
    return TextDocument(product.id, " ".join(titles), " ".join(word for word in words if word), tuple(concepts))


_NO_MARKS = str.maketrans("", "", "".join(chr(code) for code in range(128) if not chr(code).isalnum()))


def _code_word(code: str) -> str:
    """A code as one folded word: "P1-navy 38" is "p1navy38"."""
    return code.translate(_NO_MARKS).lower() if code.isascii() else "".join(folded_words(code))
