"""Products with their variants and pictures, prices that were, and the log of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update

from commerce.domain.moments import to_us
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.ports import ArticleNumbers, Change, ChangeKind, StoredPicture
from commerce.storage.mapping import from_text, id_batches, load_json, to_money
from commerce.storage.prepared import Prepared
from commerce.storage.tables import catalogue_change, past_price, picture, product, variant
from commerce.storage.transaction import AnyRow, Transaction

# A product is offered when it is active and has at least one active variant.
_OFFERED = product.c.active & exists().where(variant.c.product_id == product.c.id, variant.c.active)

_PRODUCT_COLUMNS = (
    product.c.id,
    product.c.source,
    product.c.source_id,
    product.c.title,
    product.c.description,
    product.c.brand,
    product.c.category,
    product.c.category_words,
    product.c.gender,
    product.c.attributes,
    product.c.url,
)
_PRODUCTS = select(*_PRODUCT_COLUMNS).where(_OFFERED)
_MANY = Prepared(_PRODUCTS.where(product.c.id.in_(bindparam("ids", expanding=True))))
_OWNERS_OF = select(variant.c.product_id).where(variant.c.id.in_(bindparam("ids", expanding=True)))
_OF_VARIANTS = Prepared(_PRODUCTS.where(product.c.id.in_(_OWNERS_OF)))
_AFTER = _PRODUCTS.where(product.c.id > bindparam("after")).order_by(product.c.id).limit(bindparam("limit"))
_COUNT = select(func.count()).select_from(product).where(_OFFERED)

_VARIANTS = Prepared(
    select(
        variant.c.id,
        variant.c.product_id,
        variant.c.sku,
        variant.c.colour,
        variant.c.colour_words,
        variant.c.size,
        variant.c.price_minor,
        variant.c.list_price_minor,
        variant.c.currency,
        variant.c.gtin,
        variant.c.position,
    )
    .where(variant.c.product_id.in_(bindparam("ids", expanding=True)), variant.c.active)
    .order_by(variant.c.product_id, variant.c.position, variant.c.id)
)

_PICTURES = Prepared(
    select(
        picture.c.product_id,
        picture.c.id,
        picture.c.position,
        picture.c.media_key,
        picture.c.variant_id,
        picture.c.width_px,
        picture.c.height_px,
    )
    .where(picture.c.product_id.in_(bindparam("ids", expanding=True)), picture.c.state != "failed")
    .order_by(picture.c.product_id, picture.c.position, picture.c.id)
)

_STORED_PICTURES = select(
    picture.c.product_id,
    picture.c.id,
    picture.c.position,
    picture.c.media_key,
    picture.c.variant_id,
    picture.c.width_px,
    picture.c.height_px,
    picture.c.source_ref,
    picture.c.sha256,
    picture.c.phash,
)
_PICTURE = _STORED_PICTURES.where(picture.c.id == bindparam("picture_id"))
_READY_AFTER = (
    _STORED_PICTURES.join(product, product.c.id == picture.c.product_id)
    .where(picture.c.state == "ready", picture.c.id > bindparam("after"), _OFFERED)
    .order_by(picture.c.id)
    .limit(bindparam("limit"))
)
_OWNERS = (
    select(picture.c.id, picture.c.product_id)
    .join(product, product.c.id == picture.c.product_id)
    .where(picture.c.state == "ready", _OFFERED)
)

_BY_SOURCE = (
    select(product.c.id)
    .where(product.c.source_id == bindparam("source_id"), _OFFERED)
    .order_by(product.c.id)
    .limit(1)
)  # fmt: skip
_VARIANT_OF = (
    select(variant.c.product_id, variant.c.id)
    .join(product, product.c.id == variant.c.product_id)
    .where(variant.c.active, product.c.active)
    .order_by(variant.c.id)
    .limit(1)
)
_BY_SKU = Prepared(_VARIANT_OF.where(variant.c.sku == bindparam("value")))
_BY_GTIN = Prepared(_VARIANT_OF.where(variant.c.gtin == bindparam("value")))
_NUMBERS_AFTER = (
    select(variant.c.id, variant.c.product_id, variant.c.sku, variant.c.gtin, product.c.source_id)
    .join(product, product.c.id == variant.c.product_id)
    .where(variant.c.active, product.c.active, variant.c.id > bindparam("after"))
    .order_by(variant.c.id)
    .limit(bindparam("limit"))
)

_LAST_CHANGE = Prepared(select(func.max(catalogue_change.c.seq).label("seq")))
_CHANGES_AFTER = (
    select(catalogue_change.c.seq, catalogue_change.c.product_id, catalogue_change.c.what)
    .where(catalogue_change.c.seq > bindparam("after"))
    .order_by(catalogue_change.c.seq)
    .limit(bindparam("limit"))
)
_CHANGE = select(catalogue_change.c.product_id, catalogue_change.c.what, catalogue_change.c.at_us).where(
    catalogue_change.c.seq == bindparam("seq")
)


def _picture(row: AnyRow | Sequence[Any]) -> Picture:
    _, id_, position, media_key, variant_id, width_px, height_px = row[:7]
    return Picture(id_, position, media_key, variant_id, width_px, height_px)


def _stored_picture(row: AnyRow) -> StoredPicture:
    return StoredPicture(_picture(row), row.product_id, row.source_ref, row.sha256, row.phash)


class SqlProducts:
    """`commerce.ports.ProductRepository`. Three statements a batch, however many products it has."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self, product_id: int) -> Product | None:
        return self.many((product_id,)).get(product_id)

    def many(self, product_ids: Iterable[int]) -> dict[int, Product]:
        found: dict[int, Product] = {}
        for ids in id_batches(product_ids):
            found.update((p.id, p) for p in self._assemble(self._db.rows(_MANY, {"ids": ids})))
        return found

    def by_source_id(self, source_id: str, source: str | None = None) -> Product | None:
        statement = _BY_SOURCE if source is None else _BY_SOURCE.where(product.c.source == source)
        product_id: int | None = self._db.execute(statement, {"source_id": source_id}).scalar()
        return None if product_id is None else self.get(product_id)

    def by_sku(self, sku: str) -> tuple[Product, Variant] | None:
        return self._by(_BY_SKU, sku)

    def by_gtin(self, gtin: str) -> tuple[Product, Variant] | None:
        return self._by(_BY_GTIN, gtin) if gtin else None

    def by_variant(self, variant_id: int) -> tuple[Product, Variant] | None:
        return self.by_variants((variant_id,)).get(variant_id)

    def by_variants(self, variant_ids: Iterable[int]) -> dict[int, tuple[Product, Variant]]:
        found: dict[int, tuple[Product, Variant]] = {}
        for ids in id_batches(variant_ids):
            for owner in self._assemble(self._db.rows(_OF_VARIANTS, {"ids": ids})):
                found.update((one.id, (owner, one)) for one in owner.variants if one.id in ids)
        return found

    def after(self, product_id: int, limit: int) -> list[Product]:
        return self._assemble(self._db.execute(_AFTER, {"after": product_id, "limit": limit}).all())

    def numbers_after(self, variant_id: int, limit: int) -> list[ArticleNumbers]:
        rows = self._db.execute(_NUMBERS_AFTER, {"after": variant_id, "limit": limit})
        return [ArticleNumbers(*row) for row in rows]

    def count(self) -> int:
        return int(self._db.execute(_COUNT).scalar_one())

    def set_price(self, variant_id: int, price: Money, list_price: Money | None, at: datetime) -> bool:
        if list_price is not None and list_price.currency != price.currency:
            raise ValueError(f"two currencies for one price: {price.currency} and {list_price.currency}")
        old = self._db.execute(
            select(variant.c.price_minor, variant.c.list_price_minor, variant.c.currency, variant.c.price_since_us)
            .where(variant.c.id == variant_id)
            .with_for_update()
        ).one_or_none()
        if old is None:
            raise LookupError(f"no variant {variant_id}")
        old_price = Money(old.price_minor, old.currency)
        if (old_price, to_money(old.list_price_minor, old.currency)) == (price, list_price):
            return False
        at_us = to_us(at)
        since_us = old.price_since_us
        if old_price != price:
            # A clock that was set back must not make a past price end before it began.
            at_us = max(at_us, since_us)
            self._db.execute(
                insert(past_price),
                {
                    "variant_id": variant_id,
                    "price_minor": old_price.minor,
                    "currency": old_price.currency,
                    "from_us": since_us,
                    "until_us": at_us,
                },
            )
            since_us = at_us
        self._db.execute(
            update(variant)
            .where(variant.c.id == variant_id)
            .values(
                price_minor=price.minor,
                list_price_minor=None if list_price is None else list_price.minor,
                currency=price.currency,
                price_since_us=since_us,
            )
        )
        self._db.note_variant(variant_id, ChangeKind.PRICE, at_us)
        return True

    def lowest_price_before(self, variant_id: int, window: timedelta) -> Money | None:
        present = self._db.execute(
            select(variant.c.price_since_us, variant.c.currency).where(variant.c.id == variant_id)
        ).one_or_none()
        if present is None:
            return None
        # A past price applied from from_us up to, not including, until_us.
        lowest = self._db.execute(
            select(func.min(past_price.c.price_minor)).where(
                past_price.c.variant_id == variant_id,
                past_price.c.until_us > present.price_since_us - window // timedelta(microseconds=1),
                past_price.c.currency == present.currency,
                past_price.c.until_us > past_price.c.from_us,
            )
        ).scalar()
        return to_money(lowest, present.currency)

    def last_change(self) -> int:
        self._db.number_changes()
        return self._db.row(_LAST_CHANGE).seq or 0

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        self._db.number_changes()
        rows = self._db.execute(_CHANGES_AFTER, {"after": seq, "limit": limit})
        return [Change(row_seq, product_id, ChangeKind(what)) for row_seq, product_id, what in rows]

    def change_mark(self, seq: int) -> str:
        # The microsecond at which it was written is as good as the database's name.
        row = self._db.execute(_CHANGE, {"seq": seq}).one_or_none()
        return "" if row is None else f"{seq} {row.product_id} {row.what} {row.at_us}"

    def picture_owners(self) -> list[tuple[int, int]]:
        return [(picture_id, product_id) for picture_id, product_id in self._db.execute(_OWNERS)]

    def picture(self, picture_id: int) -> StoredPicture | None:
        row = self._db.execute(_PICTURE, {"picture_id": picture_id}).one_or_none()
        return None if row is None else _stored_picture(row)

    def pictures_ready_after(self, picture_id: int, limit: int) -> list[StoredPicture]:
        return [_stored_picture(row) for row in self._db.execute(_READY_AFTER, {"after": picture_id, "limit": limit})]

    def _by(self, statement: Prepared, value: str) -> tuple[Product, Variant] | None:
        row = self._db.row(statement, {"value": value})
        if row is None:
            return None
        product_id, variant_id = row
        owner = self.get(product_id)
        if owner is None:
            return None
        return owner, next(v for v in owner.variants if v.id == variant_id)

    def _assemble(self, rows: Sequence[AnyRow]) -> list[Product]:
        """Products of these rows, in their order, with variants and pictures: two statements a batch."""
        variants: dict[int, list[Variant]] = {row[0]: [] for row in rows}
        pictures: dict[int, list[Picture]] = {row[0]: [] for row in rows}
        for ids in id_batches(variants):
            for (
                id_, product_id, sku, colour, colour_words, size, price, list_price, currency, gtin, position,
            ) in self._db.rows(_VARIANTS, {"ids": ids}):  # fmt: skip
                variants[product_id].append(
                    Variant(
                        id_, product_id, sku, colour, colour_words, size, Money(price, currency),
                        to_money(list_price, currency), gtin, position,
                    )
                )  # fmt: skip
            for row in self._db.rows(_PICTURES, {"ids": ids}):
                pictures[row[0]].append(_picture(row))
        return [
            Product(
                id_, source, source_id, from_text(title), from_text(description), brand,
                category, category_words, gender, tuple(variants[id_]), tuple(pictures[id_]),
                load_json(attributes), url,
            )
            for (
                id_, source, source_id, title, description, brand, category, category_words, gender, attributes, url,
            ) in rows
        ]  # fmt: skip
