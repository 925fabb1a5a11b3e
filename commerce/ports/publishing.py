"""Catalogues, posts, links and what readers do with them: the repositories behind the studio and the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from commerce.domain.imported import ImportedPost, NotRead, SourcePosts
from commerce.domain.lookbook import (
    Edition,
    Hotspot,
    Lookbook,
    LookbookState,
    NotPublished,
    Page,
    Post,
    ReadingEvent,
    ShortLink,
)
from commerce.domain.printed import PrintedPage
from commerce.domain.sheet import Sheet


class LookbookRepository(Protocol):
    def add(self, lookbook: Lookbook, pages: Sequence[Page], hotspots: Sequence[Hotspot]) -> bool:
        """With its draft; False when the slug is taken."""
        ...

    def get(self, lookbook_id: str) -> Lookbook | None: ...

    def by_slug(self, slug: str) -> Lookbook | None: ...

    def all(self) -> list[Lookbook]:
        """Newest first."""
        ...

    def shown(self) -> list[Lookbook]:
        """Those that shoppers see, newest first."""
        ...

    def edition(self, lookbook: Lookbook, version: int) -> Edition | None:
        """Version 0 is the draft."""
        ...

    def save_draft(self, lookbook: Lookbook, *, pages: Sequence[Page] | None, hotspots: Sequence[Hotspot]) -> Lookbook:
        """Title, slug and hotspots (pages None: as they are) if the stored revision is `lookbook.revision`, else
        StaleVersion."""
        ...

    def publish(self, lookbook: Lookbook, at: datetime) -> Lookbook:
        """The draft becomes the next version, if the stored revision is `lookbook.revision`, else StaleVersion."""
        ...

    def set_state(self, lookbook: Lookbook, state: LookbookState, *, version: int | None = None) -> Lookbook:
        """Withdrawn, or published again (in a former version)."""
        ...

    def restore(self, lookbook: Lookbook, version: int) -> Lookbook:
        """The draft becomes what that version was."""
        ...

    def versions(self, lookbook_id: str) -> list[tuple[int, datetime]]:
        """Newest first."""
        ...

    def showing(self, product_id: int) -> list[tuple[Lookbook, int]]:
        """Published catalogues with the pages that lead to this product."""
        ...


@dataclass(frozen=True, slots=True)
class PageFigures:
    """`stays`: how often it was told how long somebody stayed, all of them together for `dwell_ms`."""

    page: int
    views: int
    visitors: int
    stays: int
    dwell_ms: int
    median_ms: int  # of one stay
    hotspots: int
    carts: int


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """Of one product on one page: how often its place was opened, and how often it went into a cart from there."""

    page: int
    product_id: int
    hotspots: int
    carts: int


@dataclass(frozen=True, slots=True)
class SourceFigures:
    source: str
    opened: int
    carts: int


@dataclass(frozen=True, slots=True)
class SoldFigures:
    """Orders of one source, contact's channel and currency. `begun`: that reached the till, whatever became of them;
    `orders`: those that were paid or are to be paid at the counter, worth `gross_minor`, of which `refunded_minor` went
    back, by a refund or to a shopper's bank (what was paid twice is no loss); `paid`: those that were paid."""

    source: str
    channel: str
    currency: str
    begun: int
    orders: int
    paid: int
    gross_minor: int
    refunded_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class UnitFigures:
    ordered: int
    returned: int


class AttributionRepository(Protocol):
    """What brought people and what they bought, by the source that is kept with them (`commerce.domain.sources`)."""

    def customers(self, since: datetime, until: datetime) -> dict[str, int]:
        """How many came for the first time, by what brought them."""
        ...

    def carts(self, since: datetime, until: datetime) -> dict[str, int]:
        """In how many carts something lies that was put there then, by what brought it."""
        ...

    def sold(self, since: datetime, until: datetime, source: str = "") -> list[SoldFigures]:
        """Orders that were made then. `source`: only those of that catalogue, link or campaign, or of a kind such as
        "link"; '' all of them."""
        ...

    def units(self, since: datetime, until: datetime, source: str) -> dict[int, UnitFigures]:
        """By product, of orders that count as sold."""
        ...


class ReadingRepository(Protocol):
    def add(self, events: Iterable[ReadingEvent]) -> int:
        """How many were new."""
        ...

    def by_page(self, lookbook_id: str, since: datetime, until: datetime) -> list[PageFigures]: ...

    def by_place(self, lookbook_id: str, since: datetime, until: datetime) -> list[PlaceFigures]:
        """By page and product."""
        ...

    def by_source(self, lookbook_id: str, since: datetime, until: datetime) -> list[SourceFigures]:
        """Most opened first. '' lookbook: of everything."""
        ...

    def by_day(self, lookbook_id: str, since: datetime, until: datetime, timezone: str) -> list[tuple[str, int]]:
        """(ISO day there, pages turned)."""
        ...

    def last_page_of(self, visitor: str, customer_id: str) -> tuple[str, int] | None:
        """(catalogue, page) where this reader stopped."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Takes visitor and customer off older events: they go on counting."""
        ...


class PostRepository(Protocol):
    def put(self, post: Post) -> None: ...

    def get(self, post_id: str) -> Post | None: ...

    def all(self, *, shown_only: bool) -> list[Post]:
        """In their order."""
        ...

    def delete(self, post_id: str) -> bool: ...

    def imported(self) -> dict[str, ImportedPost]:
        """Every post that was ever brought in from elsewhere, by its id there."""
        ...

    def add_imported(self, imported: ImportedPost) -> bool:
        """False when it is there already: of two who bring in the same post, one gets True."""
        ...

    def save_imported(self, imported: ImportedPost) -> None: ...


class ShortLinkRepository(Protocol):
    def add(self, link: ShortLink) -> bool:
        """False when the code is taken."""
        ...

    def get(self, code: str) -> ShortLink | None: ...

    def all(self, limit: int) -> list[ShortLink]:
        """Newest first, with their clicks."""
        ...

    def clicked(self, code: str) -> None: ...


class PostSource(Protocol):
    """Where the shop's posts are made. `name` is the vendor's, as people know it."""

    @property
    def name(self) -> str: ...

    def newest(self, since: datetime, most: int) -> SourcePosts | NotRead:
        """Posts since then, at most so many of the newest. Takes up to some seconds; nothing is repeated here."""
        ...

    def access_ends(self) -> datetime | None:
        """When nothing can be read any more unless it is renewed; None where that is not known, or never."""
        ...

    def renew_access(self) -> None:
        """Where it ends before long. Whether it worked shows in `access_ends`; calling it often costs nothing."""
        ...


class PageReader(Protocol):
    """Reads documents that somebody made elsewhere."""

    def read(self, document: bytes) -> list[PrintedPage] | NotPublished:
        """Every page, in order: UNREADABLE, TOO_LARGE, TOO_MANY_PAGES or NO_PAGES instead. Takes up to some seconds a
        page."""
        ...


class SheetDrawer(Protocol):
    """Draws what we compose ourselves: pages of a catalogue, pictures of a campaign."""

    def draw(self, sheets: Iterable[Sheet]) -> Iterator[bytes]:
        """A JPEG for each, in order, one at a time: what is asked for next is made next. Takes about a tenth of a
        second a sheet. Raises DrawingFailed, also for a picture on it that is none."""
        ...

    def size_of(self, picture: bytes) -> tuple[int, int] | None:
        """Pixels across and down of a JPEG; None for what is none."""
        ...
