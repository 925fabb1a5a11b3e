"""The settings as the services are told them: what may be done, at what price, and for how long."""

from __future__ import annotations

from datetime import timedelta

from commerce.domain.pricing import DeliveryRules, TaxRules
from commerce.ports import ReservationRules, SellingRules
from commerce.services.importing import ImportRules
from commerce.services.signing_in import SessionRules
from commerce.settings import Settings, rates_bp


def reservation_rules(settings: Settings) -> ReservationRules:
    return ReservationRules(
        duration=timedelta(seconds=settings.hold_s) if settings.hold_s else None,
        grace=timedelta(seconds=settings.hold_grace_s),
        max_open_per_customer=settings.max_open_reservations,
        max_no_shows=settings.max_no_shows,
    )


def selling_rules(settings: Settings) -> SellingRules:
    rates = rates_bp(settings.tax_rates)
    rest = rates.pop("*")
    return SellingRules(
        currency=settings.currency,
        tax=TaxRules(default_bp=rest, by_category=rates, included=settings.prices_include_tax),
        delivery=DeliveryRules(
            price_minor=settings.delivery_price_minor,
            free_from_minor=settings.delivery_free_from_minor or None,
            countries=settings.delivery_countries,
            tax_bp=rest,
        ),
        payment_hold=timedelta(seconds=settings.payment_hold_s),
        pickup=reservation_rules(settings),
    )


def import_rules(settings: Settings) -> ImportRules:
    return ImportRules(
        base_url=settings.base_url,
        language=settings.default_language,
        currency=settings.currency,
        every=timedelta(minutes=settings.instagram_every_min),
        show_sure=settings.instagram_show_sure,
    )


def session_rules(settings: Settings) -> SessionRules:
    return SessionRules(timedelta(minutes=settings.staff_idle_min), timedelta(hours=settings.staff_session_h))
