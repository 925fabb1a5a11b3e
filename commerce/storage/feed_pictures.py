"""Pictures that a feed asked for: which are still wanted, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, func, select, update

from commerce.domain.moments import to_us
from commerce.ports import ChangeKind, UnitOfWork
from commerce.storage.tables import picture, product
from commerce.storage.unit_of_work import SqlUnitOfWork

# Failures that may be over by the next import; the others are the picture's own.
PASSING = ("unreachable", "too_slow", "not_found", "missing", "too_many_redirects")


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """`ref` is an address, or a path below the feed's folder (`photos.tar:12.jpg` for a member of an archive)."""

    id: int
    product_id: int
    ref: str


@dataclass(frozen=True, slots=True)
class PictureOutcome:
    """A picture that is ready (`media_key`), or failed (`failure`, a stable word)."""

    wanted: WantedPicture
    failure: str = ""
    media_key: str = ""
    sha256: str = ""
    phash: str = ""
    width_px: int = 0
    height_px: int = 0


_OURS = (product.c.source == bindparam("source"), product.c.id == picture.c.product_id, product.c.active)
_WANTED = (
    select(picture.c.id, picture.c.product_id, picture.c.source_ref)
    .where(*_OURS, picture.c.state == "wanted", picture.c.id > bindparam("after"))
    .order_by(picture.c.id)
    .limit(bindparam("limit"))
)
_COUNT = select(func.count()).select_from(picture).where(
    picture.c.state == "wanted",
    picture.c.product_id.in_(select(product.c.id).where(product.c.source == bindparam("source"), product.c.active)),
)  # fmt: skip
_AGAIN = update(picture).where(
    picture.c.state == "failed",
    picture.c.failure.in_(PASSING),
    picture.c.product_id.in_(select(product.c.id).where(product.c.source == bindparam("source"))),
).values(state="wanted", failure="")  # fmt: skip
_DONE = update(picture).where(picture.c.id == bindparam("picture_id"), picture.c.state == "wanted").values(
    state=bindparam("to_state"), failure=bindparam("why"), media_key=bindparam("key"), sha256=bindparam("sha"),
    phash=bindparam("hash"), width_px=bindparam("width"), height_px=bindparam("height"),
)  # fmt: skip


def want_again(unit_of_work: UnitOfWork, source: str) -> int:
    """Pictures that failed for a passing reason are wanted again. How many."""
    return cast(SqlUnitOfWork, unit_of_work).transaction.execute(_AGAIN, {"source": source}).rowcount


def count_wanted(unit_of_work: UnitOfWork, source: str) -> int:
    return int(cast(SqlUnitOfWork, unit_of_work).transaction.execute(_COUNT, {"source": source}).scalar_one())


def wanted_after(unit_of_work: UnitOfWork, source: str, picture_id: int, limit: int) -> list[WantedPicture]:
    """Wanted pictures of a source with a larger id, by id."""
    rows = cast(SqlUnitOfWork, unit_of_work).transaction.execute(
        _WANTED, {"source": source, "after": picture_id, "limit": limit}
    )
    return [WantedPicture(row.id, row.product_id, row.source_ref) for row in rows]


def record(unit_of_work: UnitOfWork, outcomes: Sequence[PictureOutcome], at: datetime) -> list[PictureOutcome]:
    """Writes what became of some pictures. Returns those that were not wanted any more: their files may go."""
    db = cast(SqlUnitOfWork, unit_of_work).transaction
    late: list[PictureOutcome] = []
    for outcome in outcomes:
        done = db.execute(
            _DONE,
            {
                "picture_id": outcome.wanted.id,
                "to_state": "failed" if outcome.failure else "ready",
                "why": outcome.failure[:64],
                "key": outcome.media_key,
                "sha": outcome.sha256,
                "hash": outcome.phash,
                "width": outcome.width_px,
                "height": outcome.height_px,
            },
        ).rowcount
        if not done:
            late.append(outcome)
        elif not outcome.failure:
            db.note_product(outcome.wanted.product_id, ChangeKind.PICTURE, to_us(at))
    return late


def media_keys(outcomes: Iterable[PictureOutcome]) -> list[str]:
    return [outcome.media_key for outcome in outcomes if outcome.media_key]
