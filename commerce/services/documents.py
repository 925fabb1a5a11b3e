"""A product in words: everything a shopper might call it, in every language."""

from __future__ import annotations

from typing import cast, get_args

from commerce.domain.product import Product
from commerce.lexicon import Kind, Lexicon
from commerce.lexicon import words as folded_words
from commerce.ports import TextDocument

_ATTRIBUTE_KINDS = frozenset(get_args(Kind)) - {"category", "colour", "gender"}


def text_document(product: Product, lexicon: Lexicon) -> TextDocument:
    """Titles of every language; then brand, kind, colours, gender and other attributes in all forms of both languages,
    what the source wrote of them, and the codes (SKU, GTIN, source id), each as one word."""
    words: dict[str, None] = dict.fromkeys((product.brand, product.category_words))
    words.update(dict.fromkeys(lexicon.search_words("category", product.category)))
    for variant in product.variants:
        words.setdefault(variant.colour_words)
    for colour in product.colours:
        words.update(dict.fromkeys(lexicon.search_words("colour", colour)))
    words.update(dict.fromkeys(lexicon.search_words("gender", product.gender)))
    for name, value in product.attributes.items():
        words.setdefault(value)
        if name in _ATTRIBUTE_KINDS:
            kind = cast(Kind, name)
            key = lexicon.key_of(kind, value)
            words.update(dict.fromkeys(lexicon.search_words(kind, key) if key else ()))
    codes = (product.source_id, *(code for v in product.variants for code in (v.sku, v.gtin)))
    words.update(dict.fromkeys("".join(folded_words(code)) for code in codes))
    titles = dict.fromkeys(title for title in product.title.by_language.values() if title)
    return TextDocument(product.id, " ".join(titles), " ".join(word for word in words if word))
