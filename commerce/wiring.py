"""The only place where adapters meet services. Nothing runs at import; `build_shop` builds a shop from settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from commerce.lexicon import Lexicon
from commerce.ports import (
    Clock,
    Facets,
    Gazetteer,
    Ids,
    ImageMatcher,
    MediaStore,
    Storage,
    TextIndex,
    WebFetcher,
)
from commerce.services.catalog import Catalog
from commerce.services.customers import Customers
from commerce.services.discovery import Discovery
from commerce.services.index_keeper import IndexKeeper
from commerce.services.reserving import Reserving
from commerce.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop: its adapters and the verbs built upon them. Close it, or use it in a `with` statement."""

    settings: Settings
    clock: Clock
    ids: Ids
    storage: Storage
    lexicon: Lexicon
    media: MediaStore
    fetcher: WebFetcher
    gazetteer: Gazetteer
    text_index: TextIndex
    facets: Facets
    image_matcher: ImageMatcher
    catalog: Catalog
    discovery: Discovery
    customers: Customers
    reserving: Reserving
    index_keeper: IndexKeeper

    def close(self) -> None:
        self.index_keeper.stop()
        self.image_matcher.close()
        self.storage.close()

    def __enter__(self) -> Shop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
