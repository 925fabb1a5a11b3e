"""Which stores have it, nearest first."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce.domain.geo import GeoPoint
from commerce.domain.search import NearRequest
from commerce.domain.stock import Band
from tests.unit.discovery.shop_of_a_street import Street

TUESDAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HERE = GeoPoint(45.7600, 4.8400)


def variant_id(street: Street, sku: str) -> int:
    with street.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[1].id


def test_nearest_first_by_the_great_circle(street: Street) -> None:
    street.set_on_hand("P1-NAVY-38", "bellecour", 1)
    street.set_on_hand("P1-NAVY-38", "part-dieu", 5)
    street.set_on_hand("P1-NAVY-38", "web", 90)
    offers = street.discovery.stores_with(NearRequest(variant_id(street, "P1-NAVY-38"), HERE), TUESDAY)
    assert [(offer.store.id, offer.band, offer.available) for offer in offers] == [
        ("bellecour", Band.LAST, 1),
        ("part-dieu", Band.IN_STOCK, 5),
    ]
    distances = [offer.distance_m for offer in offers]
    assert [round(metres / 100) for metres in distances if metres] == [7, 15]


def test_without_a_place_in_the_shops_order(street: Street) -> None:
    street.set_on_hand("P1-NAVY-38", "part-dieu", 2)
    offers = street.discovery.stores_with(NearRequest(variant_id(street, "P1-NAVY-38"), None), TUESDAY)
    assert [offer.store.id for offer in offers] == ["part-dieu", "bellecour"]
    assert all(offer.distance_m is None for offer in offers)


def test_stores_without_it_only_on_request_and_never_those_nobody_can_visit(street: Street) -> None:
    request = NearRequest(variant_id(street, "P1-NAVY-38"), HERE, include_empty=True)
    offers = street.discovery.stores_with(request, TUESDAY)
    assert [(offer.store.id, offer.band) for offer in offers] == [
        ("bellecour", Band.FEW),
        ("part-dieu", Band.NONE),
        ("truck", Band.NONE),  # stands anywhere: last
    ]
    assert street.discovery.stores_with(NearRequest(999_999, HERE), TUESDAY) == []
