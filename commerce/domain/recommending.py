"""What is recommended to somebody, and because of what. Pure: what they did goes in, an order of products comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heapreplace

from commerce.domain.lookbook import Did, Lookbook
from commerce.domain.product import Product, Variant

INTEREST_LASTS = timedelta(days=90)  # what somebody looked at before that says nothing any more
_INTEREST_HALVES_DAYS = 14.0
PURCHASES_LAST = timedelta(days=365)
_PURCHASE_HALVES_DAYS = 60.0
BESTSELLERS_OF = timedelta(days=30)
LONGEST = 12  # recommendations

_STAY_MS, _LONGEST_STAY_MS = 20_000, 60_000
_EACH_TIME = {Did.PAGE: 0.5, Did.HOTSPOT: 1.0, Did.VIEW: 1.0, Did.CART: 1.5}
_MOST_INTEREST = 5.0
_POPULAR, _NEW, _NEXT = (
    0.25,
    0.1,
    0.97,
)  # weights of the first that everybody is shown, and of each after the one before
_SAME_THING, _SAME_REASON = 0.5, 0.8  # what a product still weighs after one for the same thing, or of the same kind


class Because(StrEnum):
    """Why a product is recommended. Each has words for shoppers in both languages."""

    PAGE = "page"  # they were on a page of a catalogue that leads to it
    SEEN = "seen"  # they came back to it
    LIKE_SEEN = "like_seen"  # it resembles what they looked at
    GOES_WITH_BOUGHT = "goes_with_bought"
    GOES_WITH_CART = "goes_with_cart"
    AGAIN = "again"  # it is used up, and they bought it
    SAVED = "saved"  # they put it aside
    LIKE_AWAITED = "like_awaited"  # it resembles what they wait for
    POPULAR = "popular"  # what everybody is shown: it sells
    NEW = "new"  # and what came last

    @property
    def is_personal(self) -> bool:
        """It follows from what this person did."""
        return self not in (Because.POPULAR, Because.NEW)


class Choice(StrEnum):
    """What somebody said about recommendations from what they do."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNASKED = "unasked"  # what they look at is kept only where they agree; what they bought and put aside counts


@dataclass(frozen=True, slots=True)
class Looked:
    """What one person did with a page or a product, all times together. `lookbook_id` '': on the product's own page."""

    did: Did
    lookbook_id: str
    page: int
    product_id: int
    times: int
    dwell_ms: int  # altogether
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """`about`: the product that it goes with or resembles. `page` of that catalogue; `times` they were there."""

    because: Because
    about: int = 0
    lookbook_id: str = ""
    page: int = 0
    times: int = 0

    @property
    def thing(self) -> tuple[str, int, int]:
        """What it refers to: the page, or the product."""
        return self.lookbook_id, self.page, self.about


@dataclass(frozen=True, slots=True)
class Candidate:
    """`weight` compares only within one list."""

    product_id: int
    reason: Reason
    weight: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product that can be bought now, in the size that is remembered where one is. `variants`: those that can be had
    so; `about` and `lookbook`: what the reason refers to."""

    product: Product
    variants: tuple[Variant, ...]
    reason: Reason
    about: Product | None = None
    lookbook: Lookbook | None = None


def interest(looked: Looked, now: datetime) -> float:
    """How much it says: each time counts, staying counts more than turning past, the newest the most."""
    each = _EACH_TIME.get(looked.did, 0.0)
    stayed = min(looked.dwell_ms, _LONGEST_STAY_MS) / _STAY_MS
    return faded(min(each * max(looked.times, 1) + stayed, _MOST_INTEREST), looked.last_at, now, _INTEREST_HALVES_DAYS)


def after_purchase(weight: float, bought_at: datetime, now: datetime) -> float:
    return faded(weight, bought_at, now, _PURCHASE_HALVES_DAYS)


def faded(weight: float, at: datetime, now: datetime, halves_days: float) -> float:
    """What is left of it by now; what lies ahead (two clocks differ) is of now."""
    days = max((now - at) / timedelta(days=1), 0.0)
    return float(weight * 0.5 ** (days / halves_days))


def for_everybody(selling: Iterable[int], newest: Iterable[int]) -> list[Candidate]:
    """What sells, then what is new, both first one first."""
    found: dict[int, Candidate] = {}
    for because, first, ids in ((Because.POPULAR, _POPULAR, selling), (Because.NEW, _NEW, newest)):
        for rank, product_id in enumerate(ids):
            found.setdefault(product_id, Candidate(product_id, Reason(because), first * _NEXT**rank))
    return list(found.values())


def in_order(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """The best for each place, each product once. What has the same reason as one before it gives way a little, and
    more where it is about the same page or product: no reason fills the list. The same candidates give the same list,
    and a shorter list is the beginning of a longer one."""
    best: dict[int, Candidate] = {}
    for each in candidates:
        known = best.get(each.product_id)
        if known is None or _rank(each) < _rank(known):
            best[each.product_id] = each
    things, reasons = Counter[tuple[str, int, int]](), Counter[Because]()

    def ranked(each: Candidate) -> tuple[float, int]:
        if not each.reason.because.is_personal:
            return _rank(each)
        gives_way = _SAME_THING ** things[each.reason.thing] * _SAME_REASON ** reasons[each.reason.because]
        return -each.weight * gives_way, each.product_id

    chosen: list[Candidate] = []
    waiting = [_rank(each) for each in best.values()]
    heapify(waiting)
    while waiting and len(chosen) < limit:
        first = best[waiting[0][1]]
        now = ranked(first)
        if now != waiting[0]:  # it has given way since it was put there
            heapreplace(waiting, now)
            continue
        heappop(waiting)
        chosen.append(first)
        things[first.reason.thing] += 1
        reasons[first.reason.because] += 1
    return chosen


def _rank(each: Candidate) -> tuple[float, int]:
    return -each.weight, each.product_id
