"""Campaigns: the facts of some products read once, for every outlet the same; what has become untrue since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from commerce.domain.campaign import (
    LONGEST_HEADLINE,
    MOST_ITEMS,
    Campaign,
    CampaignItem,
    Choice,
    NotCampaigned,
    Outlet,
    Stale,
    stale_of,
)
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import ShortLink
from commerce.domain.product import Product
from commerce.domain.reservation import Refused
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.catalog import prior_price
from commerce.services.short_links import ShortLinks


class Campaigning:
    """For marketers. Nothing is sent from here."""

    def __init__(self, clock: Clock, ids: Ids, short_links: ShortLinks, timezone: str) -> None:
        self._clock, self._ids, self._short_links = clock, ids, short_links
        self._zone = ZoneInfo(timezone)

    def make(
        self,
        uow: UnitOfWork,
        headline: LocalText,
        product_ids: Sequence[int],
        names: Mapping[Outlet, str],
        *,
        came_from: str = "",
        actor: str,
    ) -> Campaign | Refused[NotCampaigned]:
        """`names`: what the links of the outlets are called, behind the headline. Every outlet gets one."""
        lines = {code: " ".join(text.split())[:LONGEST_HEADLINE] for code, text in headline.by_language.items()}
        titled = LocalText({code: line for code, line in lines.items() if line})
        wanted = tuple(dict.fromkeys(product_ids))
        if not titled.by_language:
            return Refused(NotCampaigned.NO_HEADLINE)
        if not wanted:
            return Refused(NotCampaigned.NO_PRODUCT)
        if len(wanted) > MOST_ITEMS:
            return Refused(NotCampaigned.TOO_MANY)
        items = facts_of(uow, wanted)
        if len(items) < len(wanted):
            return Refused(NotCampaigned.NO_SUCH_PRODUCT)
        now = self._clock.now()
        claim, until = self._claim(uow)
        made = Campaign(
            self._ids.new_id(), titled, tuple(items), claim, until, {}, came_from, created_at=now, read_at=now
        )
        first = next(iter(titled.by_language.values()))
        links: dict[Outlet, str] = {}
        for outlet in Outlet:
            link = self._short_links.make(uow, made.path, f"{first} · {names[outlet]}", actor=actor)
            assert isinstance(link, ShortLink), link  # the path is ours, and five codes in a row are never taken
            links[outlet] = link.code
        made = replace(made, links=links)
        uow.campaigns.add(made)
        uow.audit.add(actor, "campaign_made", made.id, {"products": len(items)}, now)
        return made

    def read_again(self, uow: UnitOfWork, campaign_id: str, *, actor: str) -> Campaign | Refused[NotCampaigned]:
        """The facts of this moment; what is no longer sold drops out. The links stay, so that printed codes do."""
        known = uow.campaigns.get(campaign_id)
        if known is None:
            return Refused(NotCampaigned.NOT_FOUND)
        items = facts_of(uow, [item.product_id for item in known.items])
        if not items:
            return Refused(NotCampaigned.NO_PRODUCT)
        claim, until = self._claim(uow)
        now = self._clock.now()
        try:
            read = uow.campaigns.save(replace(known, items=tuple(items), claim=claim, claim_until=until, read_at=now))
        except StaleVersion:  # somebody else has just read them again
            return uow.campaigns.get(campaign_id) or Refused(NotCampaigned.NOT_FOUND)
        uow.audit.add(actor, "campaign_read_again", campaign_id, {"revision": read.revision}, now)
        return read

    def remove(self, uow: UnitOfWork, campaign_id: str, *, actor: str) -> bool:
        """Its links then lead to the first page; what was sold by them stays told."""
        if not uow.campaigns.delete(campaign_id):
            return False
        uow.audit.add(actor, "campaign_removed", campaign_id, {}, self._clock.now())
        return True

    def stale(self, uow: UnitOfWork, campaign: Campaign) -> tuple[Stale, ...]:
        """What of it is no longer so at this moment; () while all that was made of it may be shown."""
        today = facts_of(uow, [item.product_id for item in campaign.items])
        return stale_of(campaign, today, self._claim(uow)[0])

    def today(self) -> date:
        """The shop's day."""
        return self._clock.now().astimezone(self._zone).date()

    def _claim(self, uow: UnitOfWork) -> tuple[LocalText, date | None]:
        brand = uow.brand.get()
        claim = brand.claim_on(self.today())
        return claim, brand.claim_until if claim.by_language else None


def facts_of(uow: UnitOfWork, product_ids: Sequence[int]) -> list[CampaignItem]:
    """In their order, without those that are no longer sold."""
    known = uow.products.many(product_ids)
    found = [known[each] for each in product_ids if each in known]
    return [_item(uow, product) for product in found if product.active and product.variants]


def _item(uow: UnitOfWork, product: Product) -> CampaignItem:
    """With the price of its cheapest variant, as everywhere in the shop."""
    cheapest = min(product.variants, key=lambda variant: variant.price.minor)
    lowest = prior_price(uow, cheapest)
    ready = [picture for picture in product.pictures if picture.media_key]
    own = [picture for picture in ready if picture.variant_id == cheapest.id]
    return CampaignItem(
        product_id=product.id,
        title=product.title,
        picture_key=next((picture.media_key for picture in own or ready), ""),
        price=cheapest.price,
        is_from=len({variant.price.minor for variant in product.variants}) > 1,
        before=cheapest.list_price if lowest else None,
        lowest=lowest,
        choices=tuple(Choice(each.sku, each.colour or each.colour_words, each.size) for each in product.variants),
    )
