"""A text in several languages, such as a product's title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LocalText:
    """The same text by language code ("fr", "en"). Never empty of languages unless built so on purpose."""

    by_language: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, language: str) -> str:
        """In that language; otherwise English, otherwise whatever there is, otherwise ''."""
        texts = self.by_language
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.by_language.items())))
