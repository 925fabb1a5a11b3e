"""The shop's brand, one row; campaigns with the facts as they were read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Date, bindparam, delete, insert, select, text, update

from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign, CampaignItem, Choice, Outlet
from commerce.domain.localtext import LocalText
from commerce.domain.moments import from_us, to_us
from commerce.domain.money import Money
from commerce.errors import StaleVersion
from commerce.storage.mapping import from_text, load_json, to_text
from commerce.storage.tables import brand, campaign
from commerce.storage.transaction import AnyRow, Transaction, one_row_changed

_ONLY = 1  # the id of the brand's one row
_PUT = text(
    "INSERT INTO brand (id, ink, paper, accent, logo_key, tagline, claim, claim_until, changed_at_us)"
    " VALUES (:id, :ink, :paper, :accent, :logo_key, :tagline, :claim, :claim_until, :changed_at_us)"
    " ON CONFLICT (id) DO UPDATE SET ink = excluded.ink, paper = excluded.paper, accent = excluded.accent,"
    " logo_key = excluded.logo_key, tagline = excluded.tagline, claim = excluded.claim,"
    " claim_until = excluded.claim_until, changed_at_us = excluded.changed_at_us"
).bindparams(bindparam("claim_until", type_=Date))


class SqlBrand:
    """`commerce.ports.campaigning.BrandRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def get(self) -> Brand:
        row = self._db.execute(select(brand).where(brand.c.id == _ONLY)).one_or_none()
        if row is None:
            return Brand()
        return Brand(
            row.ink,
            row.paper,
            row.accent,
            row.logo_key,
            from_text(row.tagline),
            from_text(row.claim),
            row.claim_until,
        )

    def put(self, given: Brand, at: datetime) -> None:
        self._db.execute(
            _PUT,
            {
                "id": _ONLY,
                "ink": given.ink,
                "paper": given.paper,
                "accent": given.accent,
                "logo_key": given.logo_key,
                "tagline": to_text(given.tagline),
                "claim": to_text(given.claim),
                "claim_until": given.claim_until,
                "changed_at_us": to_us(at),
            },
        )


class SqlCampaigns:
    """`commerce.ports.campaigning.CampaignRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    def add(self, new: Campaign) -> None:
        self._db.execute(
            insert(campaign),
            {
                "id": new.id,
                "headline": to_text(new.headline),
                "links": json.dumps({outlet.value: code for outlet, code in new.links.items()}),
                "came_from": new.came_from,
                "created_at_us": to_us(new.created_at),
                "revision": new.revision,
                **_facts(new),
            },
        )

    def get(self, campaign_id: str) -> Campaign | None:
        row = self._db.execute(select(campaign).where(campaign.c.id == campaign_id)).one_or_none()
        return None if row is None else _campaign(row)

    def all(self, limit: int) -> list[Campaign]:
        rows = self._db.execute(select(campaign).order_by(campaign.c.created_at_us.desc(), campaign.c.id).limit(limit))
        return [_campaign(row) for row in rows]

    def save(self, read: Campaign) -> Campaign:
        written = self._db.execute(
            update(campaign)
            .where(campaign.c.id == read.id, campaign.c.revision == read.revision)
            .values(revision=read.revision + 1, **_facts(read))
        )
        if not one_row_changed(written):
            raise StaleVersion(f"campaign {read.id} is no longer at revision {read.revision}")
        return replace(read, revision=read.revision + 1)

    def delete(self, campaign_id: str) -> bool:
        return one_row_changed(self._db.execute(delete(campaign).where(campaign.c.id == campaign_id)))


def _facts(read: Campaign) -> dict[str, object]:
    return {
        "items": json.dumps([_item_stored(item) for item in read.items], ensure_ascii=False),
        "claim": to_text(read.claim),
        "claim_until": read.claim_until,
        "read_at_us": to_us(read.read_at),
    }


def _item_stored(item: CampaignItem) -> dict[str, object]:
    return {
        "product_id": item.product_id,
        "title": dict(item.title.by_language),
        "picture_key": item.picture_key,
        "currency": item.price.currency,
        "price_minor": item.price.minor,
        "is_from": item.is_from,
        "before_minor": item.before.minor if item.before else None,
        "lowest_minor": item.lowest.minor if item.lowest else None,
        "choices": [[each.sku, each.colour, each.size] for each in item.choices],
    }


def _item(stored: dict[str, Any]) -> CampaignItem:
    currency = stored["currency"]

    def money(name: str) -> Money | None:
        return None if stored[name] is None else Money(stored[name], currency)

    return CampaignItem(
        product_id=stored["product_id"],
        title=LocalText(stored["title"]),
        picture_key=stored["picture_key"],
        price=Money(stored["price_minor"], currency),
        is_from=stored["is_from"],
        before=money("before_minor"),
        lowest=money("lowest_minor"),
        choices=tuple(Choice(*each) for each in stored["choices"]),
    )


def _campaign(row: AnyRow) -> Campaign:
    return Campaign(
        id=row.id,
        headline=from_text(row.headline),
        items=tuple(_item(each) for each in load_json(row.items)),
        claim=from_text(row.claim),
        claim_until=row.claim_until,
        links={Outlet(outlet): code for outlet, code in load_json(row.links).items()},
        came_from=row.came_from,
        created_at=from_us(row.created_at_us),
        read_at=from_us(row.read_at_us),
        revision=row.revision,
    )
