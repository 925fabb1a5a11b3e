"""The link page: posts that lead to products, and short links that say where people come from."""

from __future__ import annotations

import json

from sqlalchemy import delete, select, text

from commerce.domain.imported import ImportedPost
from commerce.domain.lookbook import Post, ShortLink
from commerce.domain.moments import from_us, to_us
from commerce.storage.mapping import from_text, load_json, to_text
from commerce.storage.tables import imported_post, post, short_link
from commerce.storage.transaction import AnyRow, Transaction, insert_once, one_row_changed

_PUT = text(
    "INSERT INTO post (id, picture_key, caption, product_ids, position, shown, external_id, external_url,"
    " created_at_us, small_key) VALUES (:id, :picture_key, :caption, :product_ids, :position, :shown, :external_id,"
    " :external_url, :created_at_us, :small_key) ON CONFLICT (id) DO UPDATE SET picture_key = excluded.picture_key,"
    " caption = excluded.caption, product_ids = excluded.product_ids, position = excluded.position,"
    " shown = excluded.shown, external_id = excluded.external_id, external_url = excluded.external_url,"
    " small_key = excluded.small_key"
)
_ADD_IMPORTED = insert_once("imported_post", "external_id, post_id, caption, gone_at_us", "external_id")
_SAVE_IMPORTED = text(
    "UPDATE imported_post SET post_id = :post_id, caption = :caption, gone_at_us = :gone_at_us"
    " WHERE external_id = :external_id"
)
_ADD_LINK = insert_once("short_link", "code, path, label, post_id, lookbook_id, clicks, created_at_us", "code")
_CLICKED = text("UPDATE short_link SET clicks = clicks + 1 WHERE code = :code")


class SqlPosts:
    """`commerce.ports.PostRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def put(self, shown: Post) -> None:
        self._db.execute(
            _PUT,
            {
                "id": shown.id,
                "picture_key": shown.picture_key,
                "caption": to_text(shown.caption),
                "product_ids": json.dumps(list(shown.product_ids)),
                "position": shown.position,
                "shown": shown.is_shown,
                "external_id": shown.external_id,
                "external_url": shown.external_url,
                "created_at_us": to_us(shown.created_at),
                "small_key": shown.small_key,
            },
        )

    def get(self, post_id: str) -> Post | None:
        row = self._db.execute(select(post).where(post.c.id == post_id)).one_or_none()
        return None if row is None else _post(row)

    def all(self, *, shown_only: bool) -> list[Post]:
        statement = select(post).order_by(post.c.position, post.c.created_at_us.desc(), post.c.id)
        if shown_only:
            statement = statement.where(post.c.shown)
        return [_post(row) for row in self._db.execute(statement)]

    def delete(self, post_id: str) -> bool:
        return one_row_changed(self._db.execute(delete(post).where(post.c.id == post_id)))

    def imported(self) -> dict[str, ImportedPost]:
        return {row.external_id: _imported(row) for row in self._db.execute(select(imported_post))}

    def add_imported(self, imported: ImportedPost) -> bool:
        return one_row_changed(self._db.execute(_ADD_IMPORTED, _values(imported)))

    def save_imported(self, imported: ImportedPost) -> None:
        self._db.execute(_SAVE_IMPORTED, _values(imported))


class SqlShortLinks:
    """`commerce.ports.ShortLinkRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, link: ShortLink) -> bool:
        return one_row_changed(
            self._db.execute(
                _ADD_LINK,
                {
                    "code": link.code,
                    "path": link.path,
                    "label": link.label,
                    "post_id": link.post_id,
                    "lookbook_id": link.lookbook_id,
                    "clicks": 0,
                    "created_at_us": to_us(link.created_at),
                },
            )
        )

    def get(self, code: str) -> ShortLink | None:
        row = self._db.execute(select(short_link).where(short_link.c.code == code)).one_or_none()
        return None if row is None else _link(row)

    def all(self, limit: int) -> list[ShortLink]:
        rows = self._db.execute(
            select(short_link).order_by(short_link.c.created_at_us.desc(), short_link.c.code).limit(limit)
        )
        return [_link(row) for row in rows]

    def clicked(self, code: str) -> None:
        self._db.execute(_CLICKED, {"code": code})


def _post(row: AnyRow) -> Post:
    return Post(
        id=row.id,
        picture_key=row.picture_key,
        caption=from_text(row.caption),
        product_ids=tuple(load_json(row.product_ids)),
        position=row.position,
        is_shown=bool(row.shown),
        created_at=from_us(row.created_at_us),
        external_id=row.external_id,
        external_url=row.external_url,
        small_key=row.small_key,
    )


def _values(imported: ImportedPost) -> dict[str, object]:
    return {
        "external_id": imported.external_id,
        "post_id": imported.post_id,
        "caption": imported.caption,
        "gone_at_us": to_us(imported.gone_at) if imported.gone_at else None,
    }


def _imported(row: AnyRow) -> ImportedPost:
    gone_at = from_us(row.gone_at_us) if row.gone_at_us is not None else None
    return ImportedPost(row.external_id, row.post_id, row.caption, gone_at)


def _link(row: AnyRow) -> ShortLink:
    return ShortLink(
        code=row.code,
        path=row.path,
        label=row.label,
        created_at=from_us(row.created_at_us),
        post_id=row.post_id,
        lookbook_id=row.lookbook_id,
        clicks=row.clicks,
    )
