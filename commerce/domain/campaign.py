"""A campaign: some products, a headline and a promise, the facts read once so that every channel says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from commerce.domain.localtext import LocalText
from commerce.domain.money import Money

MOST_ITEMS = 12
LONGEST_HEADLINE = 80


class Outlet(StrEnum):
    """Where a campaign is shown; each has a short link of its own."""

    TELEGRAM = "telegram"
    INSTAGRAM = "instagram"
    TIKTOK = "tiktok"
    EMAIL = "email"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class Choice:
    """One that can be put into the cart: its SKU, its colour (lexicon key or words) and size."""

    sku: str
    colour: str
    size: str


@dataclass(frozen=True, slots=True)
class CampaignItem:
    """A product as it was when the facts were read. `is_from`: others of its variants cost more. `before` and `lowest`:
    of a cut price, the price before it and the lowest one of the thirty days before it; both or neither."""

    product_id: int
    title: LocalText
    picture_key: str
    price: Money
    is_from: bool
    before: Money | None
    lowest: Money | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """`read_at`: since when its facts are so. `came_from`: the catalogue, page or post that it was made of, or ''.
    `links`: the code of each outlet's short link."""

    id: str
    headline: LocalText
    items: tuple[CampaignItem, ...]
    claim: LocalText
    claim_until: date | None
    links: Mapping[Outlet, str]
    came_from: str
    created_at: datetime
    read_at: datetime
    revision: int = 1

    @property
    def path(self) -> str:
        """Of the page that shows its products as they are today."""
        return f"/c/{self.id}"


class NotCampaigned(StrEnum):
    """Why there is no campaign."""

    NOT_FOUND = "not_found"
    NO_HEADLINE = "no_headline"
    NO_PRODUCT = "no_product"
    TOO_MANY = "too_many"
    NO_SUCH_PRODUCT = "no_such_product"


class Turned(StrEnum):
    """What has become untrue since the facts of a campaign were read."""

    PRICE = "price"
    GONE = "gone"  # no longer sold
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class Stale:
    """One thing that what was made of a campaign says and that is no longer so. `now`: None for what is gone."""

    turned: Turned
    item: CampaignItem | None = None
    now: CampaignItem | None = None


def stale_of(campaign: Campaign, today: Sequence[CampaignItem], claim: LocalText) -> tuple[Stale, ...]:
    """What of it no longer holds, in its own order, beside the facts of now."""
    known = {item.product_id: item for item in today}
    found: list[Stale] = []
    for item in campaign.items:
        now = known.get(item.product_id)
        if now is None:
            found.append(Stale(Turned.GONE, item))
        elif (now.price, now.is_from, now.before, now.lowest) != (item.price, item.is_from, item.before, item.lowest):
            found.append(Stale(Turned.PRICE, item, now))
    if campaign.claim != claim:
        found.append(Stale(Turned.CLAIM))
    return tuple(found)
