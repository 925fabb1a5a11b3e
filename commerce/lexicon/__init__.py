"""The shop's words: categories, colours, materials and the rest, in French and English.

Data in ``words/*.toml``, read once by ``lexicon()``. Knows words alone: no product, no database, no page.
"""

from commerce.lexicon.entries import Agreement, Category, Colour, Entry, Kind, Sense, SizeSystem
from commerce.lexicon.folding import close_initials, fold, singular, words
from commerce.lexicon.loading import LexiconError
from commerce.lexicon.vocabulary import Found, Lexicon, lexicon

__all__ = [
    "Agreement", "Category", "Colour", "Entry", "Found", "Kind", "Lexicon", "LexiconError", "Sense", "SizeSystem",
    "close_initials", "fold", "lexicon", "singular", "words",
]  # fmt: skip
