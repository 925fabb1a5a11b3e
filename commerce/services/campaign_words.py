"""A campaign in the words of one language, put together once: pictures, papers, posts and mails say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign, CampaignItem, Outlet
from commerce.domain.money import Money
from commerce.i18n import Translator, format_day, format_money

words = Translator(Path(__file__).parents[1])


@dataclass(frozen=True, slots=True)
class ItemWords:
    """`price`: with “from” where others cost more. `before` and `lowest`: sentences about a cut, '' without one."""

    product_id: int
    title: str
    price: str
    before: str
    lowest: str
    picture_key: str

    @property
    def facts(self) -> tuple[str, ...]:
        """All that is said of its price."""
        return tuple(filter(None, (self.price, self.before, self.lowest)))


@dataclass(frozen=True, slots=True)
class CampaignWords:
    """`claim`: with its last day where it has one. `dated`: since when the prices are so. `warning`: '' while all of it
    holds, else that it must not be shown any more."""

    language: str
    shop_name: str
    headline: str
    tagline: str
    items: tuple[ItemWords, ...]
    claim: str
    dated: str
    warning: str = ""


def in_words(
    campaign: Campaign, brand: Brand, *, shop_name: str, language: str, timezone: str, is_stale: bool
) -> CampaignWords:
    claim = campaign.claim(language)
    if claim and campaign.claim_until is not None:
        last = datetime.combine(campaign.claim_until, time(12), ZoneInfo(timezone))
        claim = words(language, "{claim} (until {day})", claim=claim, day=format_day(last, language, timezone))
    return CampaignWords(
        language=language,
        shop_name=shop_name,
        headline=campaign.headline(language),
        tagline=brand.tagline(language),
        items=tuple(_item(item, language) for item in campaign.items),
        claim=claim,
        dated=words(language, "Prices on {day}", day=format_day(campaign.read_at, language, timezone)),
        warning=words(language, "Out of date: do not use") if is_stale else "",
    )


def _item(item: CampaignItem, language: str) -> ItemWords:
    return ItemWords(
        item.product_id,
        item.title(language),
        price_words(item.price, language, is_from=item.is_from),
        words(language, "instead of {price}", price=format_money(item.before, language)) if item.before else "",
        lowest_words(item.lowest, language),
        item.picture_key,
    )


def price_words(price: Money, language: str, *, is_from: bool) -> str:
    amount = format_money(price, language)
    return words(language, "from {price}", price=amount) if is_from else amount


def lowest_words(lowest: Money | None, language: str) -> str:
    """What the law wants beside a cut."""
    if lowest is None:
        return ""
    return words(language, "lowest price of the 30 days before: {price}", price=format_money(lowest, language))


def address_of(base_url: str, campaign: Campaign, outlet: Outlet, product_id: int = 0) -> str:
    """Its short link there, to one of its products where one is named."""
    return f"{base_url}/s/{campaign.links[outlet]}" + (f"?product={product_id}" if product_id else "")
