"""The merchant teaches the encoder its own catalogue: the words and pictures for it, from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commerce.domain.product import Product
from commerce.lexicon import Lexicon
from commerce.ports import ImageMatcher, KindWords, MediaStore, Storage, Taught
from commerce.ports.teaching import Progress

_BATCH = 1_000
_LANGUAGES = ("fr", "en")
_SYNONYMS = 3
"""Other words for a kind that are taught beside our own."""


class Teaching:
    """Changes what is wanted alone; `IndexKeeper.rebuild_pictures` then changes the index."""

    def __init__(self, storage: Storage, media: MediaStore, lexicon: Lexicon, image_matcher: ImageMatcher) -> None:
        self._storage = storage
        self._media = media
        self._lexicon = lexicon
        self._image_matcher = image_matcher

    def teach(self, on_progress: Progress, *, apply: bool) -> Taught:
        """See `commerce.ports.Teachable.teach`."""
        products = list(self._products())
        keys = {picture.id: picture.media_key for product in products for picture in product.pictures}

        def read(picture_id: int) -> bytes | None:
            return self._media.get(keys[picture_id]) if keys[picture_id] else None

        return self._image_matcher.teach(products, self.words(products), read, on_progress, apply=apply)

    def forget(self) -> bool:
        """See `commerce.ports.Teachable.forget`."""
        return self._image_matcher.forget()

    def words(self, products: Sequence[Product]) -> list[KindWords]:
        """For each category of these products, and for each of its colours, in every language; a few synonyms too."""
        found: dict[KindWords, None] = {}
        for product in products:
            category = product.category
            if not self._lexicon.knows("category", category):
                continue
            for language in _LANGUAGES:
                kind = self._lexicon.label("category", category, language)
                found[KindWords(language, kind, category)] = None
                for colour in product.colours:
                    if self._lexicon.knows("colour", colour):
                        word = self._lexicon.label("colour", colour, language, agree_with=category)
                        text = f"{kind} {word}" if language == "fr" else f"{word} {kind}"
                        found[KindWords(language, text, category, colour)] = None
                entry = self._lexicon.category(category)
                for other in (entry.also_fr if language == "fr" else entry.also_en)[:_SYNONYMS]:
                    found[KindWords(language, other, category)] = None
        return list(found)

    def _products(self) -> Iterator[Product]:
        last_id = 0
        while True:
            with self._storage.read() as uow:
                batch = uow.products.after(last_id, _BATCH)
            if not batch:
                return
            yield from batch
            last_id = batch[-1].id
