"""The peer of the feed benchmark: an importer as it is often written, one `session.merge` a row, a commit every
thousand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from catalog_sync.rows import VariantDraft


class Base(DeclarativeBase):
    pass


class Picture(Base):
    __tablename__ = "picture"
    ref: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("variant.sku"))


class Variant(Base):
    __tablename__ = "variant"
    sku: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("product.source_id"))
    colour: Mapped[str]
    size: Mapped[str]
    gtin: Mapped[str]
    price_minor: Mapped[int]
    currency: Mapped[str]
    pictures: Mapped[list[Picture]] = relationship(Picture)


class Product(Base):
    __tablename__ = "product"
    source_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    brand: Mapped[str]
    category: Mapped[str]
    gender: Mapped[str]
    url: Mapped[str]
    variants: Mapped[list[Variant]] = relationship(Variant)


class Flat(Base):
    __tablename__ = "flat"
    sku: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    brand: Mapped[str]
    category: Mapped[str]
    category_words: Mapped[str]
    gender: Mapped[str]
    url: Mapped[str]
    colour: Mapped[str]
    colour_words: Mapped[str]
    size: Mapped[str]
    gtin: Mapped[str]
    price_minor: Mapped[int]
    currency: Mapped[str]
    picture: Mapped[str]


def orm_merge(drafts: Iterable[VariantDraft], path: Path, *, flat: bool) -> int:
    """Merges drafts into a new SQLite file (WAL): one flat table, or product, variant and picture."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _wal(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")

    Base.metadata.create_all(engine)
    count = 0
    with Session(engine) as session:
        for count, draft in enumerate(drafts, 1):
            session.merge(_flat(draft) if flat else _product(draft))
            if count % 1000 == 0:
                session.commit()
        session.commit()
    engine.dispose()
    return count


def _flat(draft: VariantDraft) -> Flat:
    return Flat(
        sku=draft.item_id,
        title=draft.title["en"],
        description=draft.description["en"],
        brand=draft.brand,
        category=draft.category,
        category_words=draft.category_words,
        gender=draft.gender,
        url=draft.url,
        colour=draft.colour,
        colour_words=draft.colour_words,
        size=draft.size,
        gtin=draft.gtin,
        price_minor=draft.price_minor,
        currency=draft.currency,
        picture=draft.pictures[0],
    )


def _product(draft: VariantDraft) -> Product:
    picture = Picture(ref=draft.pictures[0], sku=draft.item_id)
    variant = Variant(
        sku=draft.item_id,
        source_id=draft.group,
        colour=draft.colour,
        size=draft.size,
        gtin=draft.gtin,
        price_minor=draft.price_minor,
        currency=draft.currency,
        pictures=[picture],
    )
    return Product(
        source_id=draft.group,
        title=draft.title["en"],
        description=draft.description["en"],
        brand=draft.brand,
        category=draft.category,
        gender=draft.gender,
        url=draft.url,
        variants=[variant],
    )
