"""Catalogues from a PDF, from pictures or from chosen products: a draft that is worked on, then what shoppers see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    DRAFT,
    Edition,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    NotPublished,
    Origin,
    Page,
    Region,
    Review,
)
from commerce.domain.printed import PrintedPage
from commerce.domain.reservation import Refused
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, MediaStore, Storage, UnitOfWork
from commerce.ports.publishing import PageReader
from commerce.services.proposing import Progress, Proposing

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG, LONGEST_TITLE, LONGEST_TEXT = 64, 200, 8_000
MOST_PAGES = 300
MOST_HOTSPOTS = 2_000
PageImage = tuple[bytes, int, int]  # a JPEG of ours, with its width and height in pixels


class Publishing:
    """For marketers. `revision` is the one they saw: of two who save, the second is told."""

    def __init__(
        self, storage: Storage, clock: Clock, ids: Ids, media: MediaStore, reader: PageReader, proposing: Proposing
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._media, self._reader, self.proposing = media, reader, proposing

    # --- making

    def from_pdf(
        self,
        document: bytes,
        title: LocalText,
        *,
        actor: str,
        slug: str = "",
        progress: Progress = lambda done, of: None,
    ) -> Edition | Refused[NotPublished]:
        """Reads it, proposes hotspots and keeps both as a draft. Takes about half a second a page."""
        pages = self._reader.read(document)
        if isinstance(pages, NotPublished):
            return Refused(pages)
        return self._made(pages, title, slug, Origin.PDF, actor, progress)

    def from_pictures(
        self,
        pictures: Sequence[PageImage],
        title: LocalText,
        *,
        actor: str,
        slug: str = "",
        progress: Progress = lambda done, of: None,
    ) -> Edition | Refused[NotPublished]:
        """A page each, with what is surely seen on it."""
        return self._made(_pages_of(pictures), title, slug, Origin.PICTURES, actor, progress)

    def _made(
        self,
        pages: Sequence[PrintedPage],
        title: LocalText,
        slug: str,
        origin: Origin,
        actor: str,
        progress: Progress,
    ) -> Edition | Refused[NotPublished]:
        if not pages:
            return Refused(NotPublished.NO_PAGES)
        if len(pages) > MOST_PAGES:
            return Refused(NotPublished.TOO_MANY_PAGES)
        tidy = tidied(title)
        if tidy is None:
            return Refused(NotPublished.NO_TITLE)
        proposed = self.proposing.propose(pages, progress)
        details = {"pictures_of_named": proposed.pictures_of_named, "by_picture_alone": proposed.by_picture_alone}
        kept = self._kept(pages)
        return self.add(kept, proposed.hotspots, tidy, origin=origin, slug=slug, actor=actor, details=details)

    def _kept(self, pages: Sequence[PrintedPage]) -> list[Page]:
        return [
            Page(
                page.number, self._media.put(page.jpeg, ".jpg"), page.width_px, page.height_px,
                page.text[:LONGEST_TEXT],
            )
            for page in pages
        ]  # fmt: skip

    def add(
        self,
        pages: Sequence[Page],
        hotspots: Sequence[Hotspot],
        title: LocalText,
        *,
        origin: Origin,
        actor: str,
        slug: str = "",
        details: Mapping[str, int] | None = None,
    ) -> Edition | Refused[NotPublished]:
        """Pages whose pictures are in the media store become a draft; refused, their pictures are deleted. `details`:
        what the record says besides."""
        tidy = tidied(title)
        now = self._clock.now()

        def work(uow: UnitOfWork) -> Lookbook | Refused[NotPublished]:
            if tidy is None:
                return Refused(NotPublished.NO_TITLE)
            wanted = slug or slug_of(next(iter(tidy.by_language.values())))
            free = wanted if slug else _free(uow, wanted)
            if not is_slug(free):
                return Refused(NotPublished.BAD_SLUG)
            made = Lookbook(self._ids.new_id(), free, tidy, origin, LookbookState.DRAFT, 0, 1, now)
            if not uow.lookbooks.add(made, pages, hotspots):
                return Refused(NotPublished.SLUG_TAKEN)
            doubtful = sum(spot.review is Review.DOUBTFUL for spot in hotspots)
            said = {"pages": len(pages), "hotspots": len(hotspots), "doubtful": doubtful, **(details or {})}
            uow.audit.add(actor, "catalogue_made", made.id, said, now)
            return made

        made = self._storage.write(work)
        if isinstance(made, Refused):
            for page in pages:
                self._media.delete(page.picture_key)
            return made
        return Edition(made, DRAFT, tuple(pages), tuple(hotspots))

    def add_pictures(
        self,
        lookbook_id: str,
        revision: int,
        pictures: Sequence[PageImage],
        *,
        actor: str,
        progress: Progress = lambda done, of: None,
    ) -> Edition | Refused[NotPublished]:
        """Pages behind the last one of the draft, with what is surely seen on them."""
        with self._storage.read() as uow:
            before = self.edition(uow, lookbook_id)
        if before is None:
            return Refused(NotPublished.NOT_FOUND)
        if len(before.pages) + len(pictures) > MOST_PAGES:
            return Refused(NotPublished.TOO_MANY_PAGES)
        pages = _pages_of(pictures, start=len(before.pages) + 1)
        found, kept = self.proposing.propose(pages, progress).hotspots, self._kept(pages)
        saved = self._storage.write(
            lambda uow: self.save(
                uow, lookbook_id, revision, pages=(*before.pages, *kept), hotspots=(*before.hotspots, *found),
                actor=actor,
            )
        )  # fmt: skip
        if isinstance(saved, Refused):
            for page in kept:
                self._media.delete(page.picture_key)
        return saved

    # --- working on the draft

    def edition(self, uow: UnitOfWork, lookbook_id: str, version: int = DRAFT) -> Edition | None:
        lookbook = uow.lookbooks.get(lookbook_id)
        return uow.lookbooks.edition(lookbook, version) if lookbook else None

    def save(
        self,
        uow: UnitOfWork,
        lookbook_id: str,
        revision: int,
        *,
        title: LocalText | None = None,
        slug: str | None = None,
        pages: Sequence[Page] | None = None,
        hotspots: Sequence[Hotspot] | None = None,
        order: Sequence[int] | None = None,
        actor: str,
    ) -> Edition | Refused[NotPublished]:
        """What is None stays as it is. Hotspots of products or pages that do not exist are refused.

        `order`: the numbers of the pages that stay, in their new order; places move with their page. Pictures of pages
        that are gone are the caller's to forget, once this is stored.
        """
        lookbook = uow.lookbooks.get(lookbook_id)
        before = uow.lookbooks.edition(lookbook, DRAFT) if lookbook else None
        if lookbook is None or before is None:
            return Refused(NotPublished.NOT_FOUND)
        if lookbook.revision != revision:
            return Refused(NotPublished.STALE)
        if title is not None:
            tidy = tidied(title)
            if tidy is None:
                return Refused(NotPublished.NO_TITLE)
            lookbook = replace(lookbook, title=tidy)
        if slug is not None and slug != lookbook.slug:
            if not is_slug(slug):
                return Refused(NotPublished.BAD_SLUG)
            if uow.lookbooks.by_slug(slug) is not None:
                return Refused(NotPublished.SLUG_TAKEN)
            lookbook = replace(lookbook, slug=slug)
        kept = before.hotspots if hotspots is None else tuple(hotspots)
        shown = before.pages if pages is None else tuple(pages)
        if not 0 < len(shown) <= MOST_PAGES:
            return Refused(NotPublished.TOO_MANY_PAGES if shown else NotPublished.NO_PAGES)
        if hotspots is not None or pages is not None:
            numbers = {page.number for page in shown}
            known = uow.products.many({spot.product_id for spot in kept})
            if len(kept) > MOST_HOTSPOTS or any(
                spot.page not in numbers or spot.product_id not in known for spot in kept
            ):
                return Refused(NotPublished.NO_SUCH_PRODUCT)
        if order is not None and list(order) != [page.number for page in shown]:
            shown, kept = in_order(shown, kept, order)
            if not shown:
                return Refused(NotPublished.NO_PAGES)
        try:
            saved = uow.lookbooks.save_draft(lookbook, pages=None if shown == before.pages else shown, hotspots=kept)
        except StaleVersion:
            return Refused(NotPublished.STALE)
        details = {"pages": len(shown), "hotspots": len(kept)}
        uow.audit.add(actor, "catalogue_saved", lookbook.id, details, self._clock.now())
        return Edition(saved, DRAFT, shown, kept)

    def forget_pictures(self, lookbook_id: str, pages: Sequence[Page]) -> None:
        """Deletes the files of pages that no version of the catalogue shows any more."""
        with self._storage.read() as uow:
            editions = [
                self.edition(uow, lookbook_id, number)
                for number in (DRAFT, *(version for version, _ in uow.lookbooks.versions(lookbook_id)))
            ]
        shown = {page.picture_key for edition in editions if edition for page in edition.pages}
        for page in pages:
            if page.picture_key not in shown:
                self._media.delete(page.picture_key)

    # --- showing it

    def publish(
        self, uow: UnitOfWork, lookbook_id: str, revision: int, *, actor: str, even_doubtful: bool = False
    ) -> Lookbook | Refused[NotPublished]:
        """The draft becomes the version that shoppers see. Doubtful hotspots are to be looked at first."""
        edition = self.edition(uow, lookbook_id)
        if edition is None:
            return Refused(NotPublished.NOT_FOUND)
        if edition.lookbook.revision != revision:
            return Refused(NotPublished.STALE)
        if not edition.pages:
            return Refused(NotPublished.NO_PAGES)
        if not even_doubtful and any(spot.review is Review.DOUBTFUL for spot in edition.hotspots):
            return Refused(NotPublished.DOUBTFUL)
        now = self._clock.now()
        try:
            published = uow.lookbooks.publish(edition.lookbook, now)
        except StaleVersion:
            return Refused(NotPublished.STALE)
        uow.audit.add(actor, "catalogue_published", lookbook_id, {"version": published.version}, now)
        return published

    def withdraw(self, uow: UnitOfWork, lookbook_id: str, *, actor: str) -> Lookbook | Refused[NotPublished]:
        """Shoppers no longer see it; its links say so kindly."""
        return self._set(uow, lookbook_id, LookbookState.WITHDRAWN, None, actor)

    def show_version(
        self, uow: UnitOfWork, lookbook_id: str, version: int, *, actor: str
    ) -> Lookbook | Refused[NotPublished]:
        """A former version is the one that shoppers see again."""
        if version not in {number for number, _ in uow.lookbooks.versions(lookbook_id)}:
            return Refused(NotPublished.NOT_FOUND)
        return self._set(uow, lookbook_id, LookbookState.PUBLISHED, version, actor)

    def _set(
        self, uow: UnitOfWork, lookbook_id: str, state: LookbookState, version: int | None, actor: str
    ) -> Lookbook | Refused[NotPublished]:
        lookbook = uow.lookbooks.get(lookbook_id)
        if lookbook is None:
            return Refused(NotPublished.NOT_FOUND)
        try:
            moved = uow.lookbooks.set_state(lookbook, state, version=version)
        except StaleVersion:
            return Refused(NotPublished.STALE)
        now = self._clock.now()
        uow.audit.add(actor, f"catalogue_{state.value}", lookbook_id, {"version": moved.version}, now)
        return moved

    def seen_by_shoppers(self, uow: UnitOfWork, slug: str) -> Edition | None:
        """The published version under that address; None for a draft, what was withdrawn and what never was."""
        lookbook = uow.lookbooks.by_slug(slug)
        if lookbook is None or lookbook.state is not LookbookState.PUBLISHED:
            return None
        return uow.lookbooks.edition(lookbook, lookbook.version)


def in_order(
    pages: Sequence[Page], hotspots: Sequence[Hotspot], order: Sequence[int]
) -> tuple[tuple[Page, ...], tuple[Hotspot, ...]]:
    """The pages with these numbers in this order, counted anew, and what stands on them; the others are left out."""
    by_number = {page.number: page for page in pages}
    known = [number for number in dict.fromkeys(order) if number in by_number]
    new = {number: place for place, number in enumerate(known, start=1)}
    return (
        tuple(replace(by_number[number], number=place) for number, place in new.items()),
        tuple(replace(spot, page=new[spot.page]) for spot in hotspots if spot.page in new),
    )


def _pages_of(pictures: Sequence[PageImage], start: int = 1) -> list[PrintedPage]:
    whole = (Region(0.0, 0.0, 1.0, 1.0),)
    return [
        PrintedPage(number, jpeg, width, height, pictures=whole)
        for number, (jpeg, width, height) in enumerate(pictures, start=start)
    ]


def new_hotspot(ids: Ids, page: int, region: Region, product_id: int, variant_id: int = 0) -> Hotspot:
    """One that a person placed."""
    return Hotspot(ids.new_id(), page, region, product_id, variant_id, FoundBy.HAND, Review.CONFIRMED)


def is_slug(text: str) -> bool:
    return len(text) <= LONGEST_SLUG and SLUG.fullmatch(text) is not None


def slug_of(title: str) -> str:
    """« L’été à Lyon » becomes l-ete-a-lyon."""
    plain = unicodedata.normalize("NFKD", title.replace("’", "'")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "catalogue"


def _free(uow: UnitOfWork, wanted: str) -> str:
    """The slug, or with a number behind it where it is taken."""
    if uow.lookbooks.by_slug(wanted) is None:
        return wanted
    return next(
        slug
        for number in range(2, 10_000)
        if uow.lookbooks.by_slug(slug := f"{wanted[: LONGEST_SLUG - 5]}-{number}") is None
    )


def tidied(title: LocalText) -> LocalText | None:
    """Without empty languages; None when nothing is left."""
    texts = {code: text.strip()[:LONGEST_TITLE] for code, text in title.by_language.items() if text.strip()}
    return LocalText(texts) if texts else None
