"""Catalogues with their pages and hotspots: a draft that is worked on, and versions that never change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, text, update

from commerce.domain.lookbook import (
    DRAFT,
    Doubt,
    Edition,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    Origin,
    Page,
    PageKind,
    Region,
    Review,
)
from commerce.domain.moments import from_us, to_us
from commerce.errors import StaleVersion
from commerce.storage.mapping import from_text, load_json, maybe_from_us, maybe_to_us, to_text
from commerce.storage.prepared import Prepared
from commerce.storage.tables import hotspot, lookbook, lookbook_version
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_ADD = text(
    "INSERT INTO lookbook (id, slug, title, origin, state, version, revision, created_at_us, published_at_us)"
    " VALUES (:id, :slug, :title, :origin, :state, :version, :revision, :created_at_us, :published_at_us)"
    " ON CONFLICT (slug) DO NOTHING"
)
_COPY_SPOTS = text(
    "INSERT INTO hotspot (lookbook_id, version, id, page, x_frac, y_frac, width_frac, height_frac, product_id,"
    " variant_id, found_by, review, printed, printed_price_minor, doubts)"
    " SELECT lookbook_id, :to_version, id, page, x_frac, y_frac, width_frac, height_frac, product_id, variant_id,"
    " found_by, review, printed, printed_price_minor, doubts"
    " FROM hotspot WHERE lookbook_id = :id AND version = :from_version"
)
_COPY_PAGES = text(
    "INSERT INTO lookbook_version (lookbook_id, version, pages, at_us)"
    " SELECT lookbook_id, :to_version, pages, :at_us FROM lookbook_version"
    " WHERE lookbook_id = :id AND version = :from_version"
)
_BY_SLUG = Prepared(select(lookbook).where(lookbook.c.slug == bindparam("slug")))  # of every look at a catalogue
_SHOWING = (
    select(lookbook, hotspot.c.page)
    .join(hotspot, (hotspot.c.lookbook_id == lookbook.c.id) & (hotspot.c.version == lookbook.c.version))
    .where(hotspot.c.product_id == bindparam("product_id"), lookbook.c.state == LookbookState.PUBLISHED.value)
    .order_by(lookbook.c.published_at_us.desc(), lookbook.c.id, hotspot.c.page)
    .distinct()
)


class SqlLookbooks:
    """`commerce.ports.LookbookRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, new: Lookbook, pages: Sequence[Page], hotspots: Sequence[Hotspot]) -> bool:
        if not one_row_changed(self._db.execute(_ADD, _row(new))):
            return False
        self._write_pages(new.id, pages, new.created_at)
        self._write_hotspots(new.id, hotspots)
        return True

    def get(self, lookbook_id: str) -> Lookbook | None:
        row = self._db.execute(select(lookbook).where(lookbook.c.id == lookbook_id)).one_or_none()
        return None if row is None else _lookbook(row)

    def by_slug(self, slug: str) -> Lookbook | None:
        row = self._db.row(_BY_SLUG, {"slug": slug})
        return None if row is None else _lookbook(row)

    def all(self) -> list[Lookbook]:
        rows = self._db.execute(select(lookbook).order_by(lookbook.c.created_at_us.desc(), lookbook.c.id))
        return [_lookbook(row) for row in rows]

    def shown(self) -> list[Lookbook]:
        rows = self._db.execute(
            select(lookbook)
            .where(lookbook.c.state == LookbookState.PUBLISHED.value)
            .order_by(lookbook.c.published_at_us.desc(), lookbook.c.id)
        )
        return [_lookbook(row) for row in rows]

    def edition(self, seen: Lookbook, version: int) -> Edition | None:
        stored = self._db.execute(
            select(lookbook_version.c.pages).where(
                lookbook_version.c.lookbook_id == seen.id, lookbook_version.c.version == version
            )
        ).scalar()
        if stored is None:
            return None
        rows = self._db.execute(
            select(hotspot)
            .where(hotspot.c.lookbook_id == seen.id, hotspot.c.version == version)
            .order_by(hotspot.c.page, hotspot.c.id)
        )
        return Edition(seen, version, tuple(_pages(stored)), tuple(_hotspot(row) for row in rows))

    def save_draft(self, seen: Lookbook, *, pages: Sequence[Page] | None, hotspots: Sequence[Hotspot]) -> Lookbook:
        saved = self._change(seen, slug=seen.slug, title=to_text(seen.title))
        if pages is not None:
            self._db.execute(
                delete(lookbook_version).where(
                    lookbook_version.c.lookbook_id == seen.id, lookbook_version.c.version == DRAFT
                )
            )
            self._write_pages(seen.id, pages, seen.created_at)
        self._db.execute(delete(hotspot).where(hotspot.c.lookbook_id == seen.id, hotspot.c.version == DRAFT))
        self._write_hotspots(seen.id, hotspots)
        return saved

    def publish(self, seen: Lookbook, at: datetime) -> Lookbook:
        version = 1 + max((number for number, _ in self.versions(seen.id)), default=0)
        published = replace(
            self._change(seen, version=version, state=LookbookState.PUBLISHED.value, published_at_us=to_us(at)),
            version=version,
            state=LookbookState.PUBLISHED,
            published_at=at,
        )
        self._copy(seen.id, DRAFT, version, at)
        return published

    def set_state(self, seen: Lookbook, state: LookbookState, *, version: int | None = None) -> Lookbook:
        shown = seen.version if version is None else version
        return replace(self._change(seen, state=state.value, version=shown), state=state, version=shown)

    def restore(self, seen: Lookbook, version: int) -> Lookbook:
        restored = self._change(seen)
        for table in (hotspot, lookbook_version):
            self._db.execute(delete(table).where(table.c.lookbook_id == seen.id, table.c.version == DRAFT))
        self._copy(seen.id, version, DRAFT, seen.created_at)
        return restored

    def versions(self, lookbook_id: str) -> list[tuple[int, datetime]]:
        rows = self._db.execute(
            select(lookbook_version.c.version, lookbook_version.c.at_us)
            .where(lookbook_version.c.lookbook_id == lookbook_id, lookbook_version.c.version != DRAFT)
            .order_by(lookbook_version.c.version.desc())
        )
        return [(row.version, from_us(row.at_us)) for row in rows]

    def showing(self, product_id: int) -> list[tuple[Lookbook, int]]:
        rows = self._db.execute(_SHOWING, {"product_id": product_id})
        return [(_lookbook(row), row.page) for row in rows]

    # ---

    def _change(self, seen: Lookbook, **values: object) -> Lookbook:
        """Raises StaleVersion when somebody else has saved since it was read."""
        written = self._db.execute(
            update(lookbook)
            .where(lookbook.c.id == seen.id, lookbook.c.revision == seen.revision)
            .values(revision=seen.revision + 1, **values)
        )
        if not one_row_changed(written):
            raise StaleVersion(f"catalogue {seen.id} is no longer at revision {seen.revision}")
        return replace(seen, revision=seen.revision + 1)

    def _copy(self, lookbook_id: str, from_version: int, to_version: int, at: datetime) -> None:
        values = {"id": lookbook_id, "from_version": from_version, "to_version": to_version}
        self._db.execute(_COPY_PAGES, {**values, "at_us": to_us(at)})
        self._db.execute(_COPY_SPOTS, values)

    def _write_pages(self, lookbook_id: str, pages: Sequence[Page], at: datetime) -> None:
        stored = json.dumps(
            [
                [page.number, page.picture_key, page.width_px, page.height_px, page.text, page.kind, page.paper]
                for page in pages
            ],
            ensure_ascii=False,
        )
        self._db.execute(
            insert(lookbook_version),
            {"lookbook_id": lookbook_id, "version": DRAFT, "pages": stored, "at_us": to_us(at)},
        )

    def _write_hotspots(self, lookbook_id: str, hotspots: Sequence[Hotspot]) -> None:
        if hotspots:
            self._db.execute(insert(hotspot), [_spot_row(lookbook_id, spot) for spot in hotspots])


def _row(new: Lookbook) -> dict[str, object]:
    return {
        "id": new.id,
        "slug": new.slug,
        "title": to_text(new.title),
        "origin": new.origin.value,
        "state": new.state.value,
        "version": new.version,
        "revision": new.revision,
        "created_at_us": to_us(new.created_at),
        "published_at_us": maybe_to_us(new.published_at),
    }


def _lookbook(row: AnyRow) -> Lookbook:
    return Lookbook(
        id=row.id,
        slug=row.slug,
        title=from_text(row.title),
        origin=Origin(row.origin),
        state=LookbookState(row.state),
        version=row.version,
        revision=row.revision,
        created_at=from_us(row.created_at_us),
        published_at=maybe_from_us(row.published_at_us),
    )


def _pages(stored: str) -> list[Page]:
    """Those of before catalogues were laid out have neither kind nor paper."""
    return [Page(*fields[:5], *(PageKind(kind) for kind in fields[5:6]), *fields[6:]) for fields in load_json(stored)]


def _spot_row(lookbook_id: str, spot: Hotspot) -> dict[str, object]:
    return {
        "lookbook_id": lookbook_id,
        "version": DRAFT,
        "id": spot.id,
        "page": spot.page,
        "x_frac": spot.region.x_frac,
        "y_frac": spot.region.y_frac,
        "width_frac": spot.region.width_frac,
        "height_frac": spot.region.height_frac,
        "product_id": spot.product_id,
        "variant_id": spot.variant_id,
        "found_by": spot.found_by.value,
        "review": spot.review.value,
        "printed": spot.printed,
        "printed_price_minor": spot.printed_price_minor,
        "doubts": " ".join(spot.doubts),
    }


def _hotspot(row: AnyRow) -> Hotspot:
    return Hotspot(
        id=row.id,
        page=row.page,
        region=Region(row.x_frac, row.y_frac, row.width_frac, row.height_frac),
        product_id=row.product_id,
        variant_id=row.variant_id,
        found_by=FoundBy(row.found_by),
        review=Review(row.review),
        printed=row.printed,
        printed_price_minor=row.printed_price_minor,
        doubts=tuple(Doubt(each) for each in row.doubts.split()),
    )
