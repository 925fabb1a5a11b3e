"""What is recommended to somebody: from what they look at, put aside and buy, with the reason; or what everybody is
shown, where nothing is known or they want it so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.domain.customer import Consent, Purpose
from commerce.domain.geo import GeoPoint
from commerce.domain.product import Product, Variant
from commerce.domain.recommending import (
    BESTSELLERS_OF,
    LONGEST,
    Because,
    Candidate,
    Choice,
    Recommendation,
    for_everybody,
    in_order,
)
from commerce.domain.store import Store
from commerce.lexicon import Lexicon
from commerce.ports import Clock, Storage, UnitOfWork
from commerce.services.checking import stores_having
from commerce.services.customers import Customers, size_system
from commerce.services.discovery import Discovery
from commerce.services.tastes import Tastes, alike, tastes_of

_FRESH = timedelta(minutes=5)  # what sells and what is new hardly changes, and costs the most
_LATEST_ORDERS = 5_000  # counted for what sells
_SELLING, _NEWEST = 60, 200
_EVERYBODY_IS_SHOWN = 40  # some of them may be sold out by now, or not be made in somebody's size
_FIRST_CHECKED, _MOST_CHECKED = 32, 120
_ALIKE_TO_ONE = 8
_PEOPLE = 2  # who bought it: one alone makes nothing popular
_NEARBY = 1.5  # what a product counts that the nearest store has
_GOES_WITH = (Because.GOES_WITH_BOUGHT, Because.GOES_WITH_CART)


@dataclass(frozen=True, slots=True)
class _Checked:
    """`variants`: by product, those that can be had and fit."""

    candidates: list[Candidate]
    products: Mapping[int, Product]
    variants: Mapping[int, tuple[Variant, ...]]


class Recommending:
    """Reading verbs open their own view; writing ones belong to the caller's unit of work.

    The same person is shown the same on every door, but for what the store near them has.
    """

    def __init__(
        self, storage: Storage, clock: Clock, lexicon: Lexicon, customers: Customers, discovery: Discovery
    ) -> None:
        self._storage, self._clock, self._lexicon = storage, clock, lexicon
        self._customers, self._discovery = customers, discovery
        self._everybody: tuple[datetime, tuple[Candidate, ...]] | None = None

    def for_customer(
        self, customer_id: str, *, near: GeoPoint | None = None, but: Collection[int] = (), limit: int = LONGEST
    ) -> tuple[Recommendation, ...]:
        """Best first, at most `LONGEST`. Everything can be bought now, in the remembered size where one is remembered
        for its kind; nothing twice; what the store nearest to `near` has comes sooner. `but`: none of these products.

        What everybody is shown where `customer_id` is '', where nothing is known of them, and where they have refused.
        """
        now = self._clock.now()
        tastes, sizes = Tastes(), dict[str, str]()
        if customer_id:
            with self._storage.read() as uow:
                sizes = self._customers.sizes(uow, customer_id)
                if self.choice(uow, customer_id) is not Choice.REFUSED:
                    tastes = tastes_of(uow, self._lexicon, customer_id, now)
        resembling = self._discovery.kindred([each for each, _, _ in tastes.alike_to], _ALIKE_TO_ONE)
        own = [*tastes.candidates, *alike(tastes.alike_to, resembling)]
        wanted = [each for each in (*own, *self._for_everybody(now)) if _may_be(each, tastes, but)]
        for most in (_FIRST_CHECKED, _MOST_CHECKED):  # seldom has so much been sold out that the first do not do
            first = {each.product_id for each in in_order(wanted, most)}
            with self._storage.read() as uow:
                # With their other reasons, should the best one not hold.
                checked = self._checked(uow, [each for each in wanted if each.product_id in first], sizes, near, now)
            chosen = in_order(checked.candidates, LONGEST)
            if len(chosen) == LONGEST or len(first) < most:
                break
        return tuple(
            Recommendation(
                checked.products[each.product_id],
                checked.variants[each.product_id],
                each.reason,
                checked.products.get(each.reason.about),
                (tastes.lookbooks or {}).get(each.reason.lookbook_id),
            )
            for each in chosen[:limit]
        )

    # --- what they want of it

    def choice(self, uow: UnitOfWork, customer_id: str) -> Choice:
        """What this person said last, on whatever door."""
        said = uow.customers.consent(customer_id, Purpose.RECOMMENDING)
        if said is None:
            return Choice.UNASKED
        return Choice.ALLOWED if said.granted else Choice.REFUSED

    def choose(
        self,
        uow: UnitOfWork,
        customer_id: str,
        *,
        allowed: bool,
        wording: str,
        language: str,
        channel: str,
        source: str = "conversation",
    ) -> None:
        """Their answer goes into the ledger. A no takes them off everything they have looked at: it goes on counting
        without a name."""
        uow.customers.add_consent(
            Consent(
                customer_id=customer_id,
                purpose=Purpose.RECOMMENDING,
                channel=channel,
                granted=allowed,
                wording=wording,
                language=language,
                source=source,
                at=self._clock.now(),
            )
        )
        if not allowed:
            uow.tastes.forget(customer_id)

    # ---

    def _for_everybody(self, now: datetime) -> tuple[Candidate, ...]:
        """Remembered for a while in this process: ids alone, so that what is shown is always true."""
        known = self._everybody
        if known is not None and timedelta() <= now - known[0] < _FRESH:
            return known[1]
        with self._storage.read() as uow:
            selling = uow.tastes.best_sellers(
                now - BESTSELLERS_OF, orders=_LATEST_ORDERS, people=_PEOPLE, limit=_SELLING
            )
            newest = [each for each in uow.tastes.newest(_NEWEST) if each not in set(selling)]
            products = uow.products.many((*selling, *newest))
            having = stores_having(uow, (v.id for each in products.values() for v in each.variants))
        there = {number: each for number, each in products.items() if any(having.get(v.id) for v in each.variants)}
        found = for_everybody(_over_kinds(selling, there), _over_kinds(newest, there))[:_EVERYBODY_IS_SHOWN]
        if found:  # else the shop has nothing yet
            self._everybody = (now, tuple(found))
        return tuple(found)

    def _checked(
        self,
        uow: UnitOfWork,
        candidates: Sequence[Candidate],
        sizes: Mapping[str, str],
        near: GeoPoint | None,
        now: datetime,
    ) -> _Checked:
        """Those that can be bought now, by the database of now."""
        ids = {each.product_id for each in candidates} | {each.reason.about for each in candidates}
        products = uow.products.many(ids - {0})
        having = stores_having(uow, (v.id for each in products.values() for v in each.variants))
        nearest = _nearest(uow.stores.all(), near, now)
        variants = {
            product.id: tuple(v for v in product.variants if having.get(v.id) and self._fits(product, v, sizes))
            for product in products.values()
        }
        kept = []
        for each in candidates:
            product, about = products.get(each.product_id), products.get(each.reason.about)
            if product is None or not variants[product.id] or (each.reason.about and about is None):
                continue
            if each.reason.because in _GOES_WITH and about is not None and about.category == product.category:
                continue  # one instead of the other, not beside it
            nearby = nearest and any(nearest in having[v.id] for v in variants[product.id])
            kept.append(replace(each, weight=each.weight * _NEARBY) if nearby else each)
        return _Checked(kept, products, variants)

    def _fits(self, product: Product, variant: Variant, sizes: Mapping[str, str]) -> bool:
        size = sizes.get(size_system(self._lexicon, product), "")
        return not size or not variant.size or variant.size.casefold() == size.casefold()


def _may_be(each: Candidate, tastes: Tastes, but: Collection[int]) -> bool:
    return each.product_id not in but and each.product_id not in tastes.left_out


def _nearest(stores: Iterable[Store], near: GeoPoint | None, now: datetime) -> str:
    """The store that somebody there would walk to; '' where no place is known."""
    if near is None:
        return ""
    visited = [
        (near.distance_m(store.point), store.position, store.id)
        for store in stores
        if store.takes_visitors and store.point is not None and (store.closes_at(now) or store.next_opening(now))
    ]
    return min(visited)[2] if visited else ""


def _over_kinds(ids: Sequence[int], products: Mapping[int, Product]) -> list[int]:
    """One of each kind in turn: the kinds as they come, those of a kind too."""
    kinds = defaultdict[str, list[int]](list)
    for each in ids:
        if each in products:
            kinds[products[each].category].append(each)
    turns = max(map(len, kinds.values()), default=0)
    return [of_kind[turn] for turn in range(turns) for of_kind in kinds.values() if turn < len(of_kind)]
