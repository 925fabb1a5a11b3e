"""Stores as lines and buttons: how far, how many, until when open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.conversation.actions import OtherStores, Reserve, encode, short
from bot.conversation.talk import Voice
from bot.messages import Button
from commerce.domain.geo import GeoPoint
from commerce.domain.search import NearRequest, StoreOffer
from commerce.domain.staff import PauseMethod, StorePause
from commerce.domain.stock import Band
from commerce.domain.store import Store
from commerce.i18n import format_deadline, format_distance, format_time

MAX_STORES = 5


def offers(talk: Voice, variant_id: int, near: GeoPoint | None, *, include_empty: bool = False) -> list[StoreOffer]:
    return talk.shop.discovery.stores_with(NearRequest(variant_id, near, include_empty), talk.now)


def offer_lines(talk: Voice, found: Sequence[StoreOffer]) -> str:
    """« 1. Lyon Bellecour — 0,7 km — dernier — ouvert jusqu’à 19:00 », a line a store."""
    return "\n".join(f"{number}. {offer_line(talk, offer)}" for number, offer in enumerate(found[:MAX_STORES], 1))


def offer_line(talk: Voice, offer: StoreOffer) -> str:
    store = offer.store
    away = _distance(talk, offer.distance_m)
    return _joined(store_name(talk, store), away, band(talk, offer.band), opening(talk, store))


def reserve_buttons(talk: Voice, variant_id: int, found: Sequence[StoreOffer]) -> tuple[Button, ...]:
    return tuple(
        Button(
            talk.t("Reserve at {store}", store=o.store.short_name(talk.language)),
            encode(Reserve(variant_id, short(o.store.id))),
        )
        for o in found[:MAX_STORES]
        if o.available > 0
    )


def other_stores_button(talk: Voice, variant_id: int) -> Button:
    return Button(talk.t("Other stores"), encode(OtherStores(variant_id)))


def visit_lines(talk: Voice, stores: Sequence[Store], near: GeoPoint | None) -> str:
    """Stores without any product in mind: where they are, whether they are open, how to ring them."""
    lines = []
    for store in stores[:MAX_STORES]:
        away = near.distance_m(store.point) if near and store.point else None
        lines.append(_joined(store_name(talk, store), _distance(talk, away), opening(talk, store)))
        contact = ", ".join(
            part for part in (store.address, f"{store.postcode} {store.city}".strip(), store.phone) if part
        )
        if contact:
            lines.append(f"   {contact}")
    return "\n".join(lines)


def nearest(talk: Voice, near: GeoPoint | None) -> list[Store]:
    """The stores that may be visited, nearest first; in the shop's order where nobody knows where the shopper is.
    Pop-ups outside their dates are left out."""
    today = talk.now.date()
    stores = [
        s
        for s in talk.shop.catalog.stores()
        if s.takes_visitors
        and not (s.open_until and s.open_until < today)
        and not (s.open_from and s.open_from > today)
    ]
    if near is None:
        return stores
    return sorted(stores, key=lambda s: near.distance_m(s.point) if s.point else float("inf"))


def store_name(talk: Voice, store: Store) -> str:
    return store.name(talk.language)


def resumes(talk: Voice, store: Store, pause: StorePause) -> str:
    """« Lyon Bellecour reprend les commandes à 10:45. »"""
    name, zone, until = store_name(talk, store), ZoneInfo(store.timezone), pause.until
    if pause.method is PauseMethod.RESERVE:
        when = format_deadline(until, talk.now, talk.language, store.timezone)
        return talk.t(
            "{store} takes no reservations until {when}. You can order there and collect it.", store=name, when=when
        )
    if until.astimezone(zone).date() == talk.now.astimezone(zone).date():
        return talk.t("{store} resumes at {time}.", store=name, time=format_time(until, talk.language, store.timezone))
    when = format_deadline(until, talk.now, talk.language, store.timezone)
    return talk.t("{store} takes orders again {when}.", store=name, when=when)


def band(talk: Voice, how_many: Band) -> str:
    match how_many:
        case Band.NONE:
            return talk.t("none left")
        case Band.LAST:
            return talk.t("last one")
        case _:
            return talk.t("in stock")


def opening(talk: Voice, store: Store, at: datetime | None = None) -> str:
    """« ouvert jusqu’à 19:00 » or « fermé, ouvre mer. 11 mars 10:00 »."""
    moment = at or talk.now
    closes = store.closes_at(moment)
    if closes is not None:
        return talk.t("open until {time}", time=format_time(closes, talk.language, store.timezone))
    opens = store.next_opening(moment)
    if opens is None:
        return talk.t("closed")
    return talk.t("closed, opens {when}", when=format_deadline(opens, moment, talk.language, store.timezone))


def directions_button(talk: Voice, store: Store) -> tuple[Button, ...]:
    """A link to a map; () for a store without a known place."""
    if store.point is None:
        return ()
    url = talk.shop.settings.maps_url.format(
        latitude=f"{store.point.latitude:.5f}", longitude=f"{store.point.longitude:.5f}"
    )
    return (Button(talk.t("Directions"), url=url),)


def _distance(talk: Voice, metres: float | None) -> str:
    return "" if metres is None else format_distance(metres, talk.language)


def _joined(*parts: str) -> str:
    return " — ".join(part for part in parts if part)
