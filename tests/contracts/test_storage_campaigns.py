"""The brand and campaigns, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign, CampaignItem, Choice, Outlet
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.errors import StaleVersion
from commerce.ports import Storage
from tests.contracts.storage_values import NOW

BRAND = Brand(
    "#101010", "#fefefe", "#0b5d4e", "a.jpg", LocalText({"fr": "Depuis 1998", "en": "Since 1998"}),
    LocalText({"fr": "Livraison offerte dès 60 €"}), date(2026, 3, 31),
)  # fmt: skip
DRESS = CampaignItem(
    7, LocalText({"fr": "Robe", "en": "Dress"}), "p.jpg", Money(6900, "EUR"), True, Money(7900, "EUR"),
    Money(7500, "EUR"), (Choice("P1-navy-38", "navy", "38"), Choice("P1-navy-40", "navy", "40")),
)  # fmt: skip
BAG = CampaignItem(8, LocalText({"fr": "Sac"}), "", Money(12000, "EUR"), False, None, None, ())
CAMPAIGN = Campaign(
    "c" * 32, LocalText({"fr": "Printemps", "en": "Spring"}), (DRESS, BAG), BRAND.claim, BRAND.claim_until,
    {outlet: f"code{number}" for number, outlet in enumerate(Outlet)}, "catalogue:b:2", NOW, NOW,
)  # fmt: skip


def test_there_is_one_brand(storage: Storage) -> None:
    with storage.read() as uow:
        assert uow.brand.get() == Brand()
    for brand in (BRAND, replace(BRAND, claim=LocalText(), claim_until=None, logo_key="")):
        storage.write(lambda uow, brand=brand: uow.brand.put(brand, NOW))  # type: ignore[misc]
        with storage.read() as uow:
            assert uow.brand.get() == brand


def test_a_campaign_is_read_as_it_was_written(storage: Storage) -> None:
    later = replace(CAMPAIGN, id="d" * 32, created_at=NOW + timedelta(hours=1), claim=LocalText(), claim_until=None)
    storage.write(lambda uow: uow.campaigns.add(CAMPAIGN))
    storage.write(lambda uow: uow.campaigns.add(later))
    with storage.read() as uow:
        assert uow.campaigns.get(CAMPAIGN.id) == CAMPAIGN
        assert uow.campaigns.get("e" * 32) is None
        assert uow.campaigns.all(9) == [later, CAMPAIGN]
        assert uow.campaigns.all(1) == [later]
    assert storage.write(lambda uow: uow.campaigns.delete(later.id))
    assert not storage.write(lambda uow: uow.campaigns.delete(later.id))


def test_of_two_who_read_the_facts_again_the_second_is_told(storage: Storage) -> None:
    storage.write(lambda uow: uow.campaigns.add(CAMPAIGN))
    read = replace(CAMPAIGN, items=(BAG,), claim=LocalText(), claim_until=None, read_at=NOW + timedelta(days=1))
    saved = storage.write(lambda uow: uow.campaigns.save(read))
    with storage.read() as uow:
        assert uow.campaigns.get(CAMPAIGN.id) == saved == replace(read, revision=2)
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.campaigns.save(read))
