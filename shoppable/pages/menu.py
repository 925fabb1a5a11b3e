"""What the shop front offers to choose from: the categories and colours that there really are."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from commerce.domain.search import Filters
from shoppable.site import Site

_FRESH_S = 30.0
_CATEGORIES, _COLOURS = 12, 16


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Keys of the lexicon, the most filled first."""

    category_keys: tuple[str, ...]
    colours: tuple[str, ...]
    labels: dict[tuple[str, str], str]

    def categories(self, spoken: str) -> list[Choice]:
        return [Choice(key, self.labels[key, spoken]) for key in self.category_keys]


class MenuKeeper:
    """Counts anew at most twice a minute; asks the facets in memory alone, never the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._menu: Menu | None = None
        self._made_s = 0.0

    def get(self, site: Site) -> Menu:
        with self._lock:
            now = time.monotonic()
            if self._menu is None or now - self._made_s > _FRESH_S or not self._menu.category_keys:
                self._menu, self._made_s = _made(site), now
            return self._menu


def menu(site: Site) -> Menu:
    keeper = site.kept.setdefault("menu", MenuKeeper())
    assert isinstance(keeper, MenuKeeper)
    return keeper.get(site)


def _made(site: Site) -> Menu:
    lexicon, facets = site.shop.lexicon, site.shop.facets

    def most(kind: str, limit: int) -> tuple[str, ...]:
        counts: dict[str, int] = {}
        for key in lexicon.keys("category" if kind == "category" else "colour"):
            keys = frozenset({key})
            allowed = facets.allowed(Filters(categories=keys) if kind == "category" else Filters(colours=keys))
            if allowed is not None and len(allowed):
                counts[key] = len(allowed)
        return tuple(sorted(counts, key=lambda key: -counts[key])[:limit])

    categories = most("category", _CATEGORIES)
    labels = {
        (key, spoken): _capital(lexicon.label("category", key, spoken, plural=True))
        for key in categories
        for spoken in site.languages
    }
    return Menu(categories, most("colour", _COLOURS), labels)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
