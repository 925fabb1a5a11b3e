"""Words to products, slips of the finger forgiven. See README.md."""

from commerce.text_index.index import FuzzyTextIndex

__all__ = ["FuzzyTextIndex"]
