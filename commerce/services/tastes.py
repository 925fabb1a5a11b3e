"""What is known of one person that says what else they may like: reading, cart, purchases, waits. A part of
`Recommending`, which has the promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce.domain.cart import CartLine
from commerce.domain.lookbook import Did, Lookbook, LookbookState
from commerce.domain.order import Order, OrderState
from commerce.domain.product import Product
from commerce.domain.recommending import (
    INTEREST_LASTS,
    PURCHASES_LAST,
    Because,
    Candidate,
    Looked,
    Reason,
    after_purchase,
    faded,
    interest,
)
from commerce.lexicon import Lexicon
from commerce.ports import UnitOfWork

_MOST_LOOKED_AT = 200  # pages and products of one person
_MOST_PAGES, _MOST_ON_A_PAGE = 12, 6
_MOST_CATALOGUES = 4
_MOST_ORDERS = 12
_MOST_THINGS = 8  # of an order, a cart: asked what goes with them
_MOST_BESIDE = 48
_MOST_ALIKE_TO = 3  # things that others may resemble
_PEOPLE = 2  # who bought two things together: one alone says nothing, and is nobody's business
_COUNTS_FROM = timedelta(days=14)  # a purchase, before it may be worth repeating
_STAYED_MS = 20_000
_BOUGHT, _IN_CART, _BESIDE, _AGAIN, _SAVED, _ALIKE, _AWAITED = 1.5, 1.8, 0.8, 1.0, 1.5, 0.6, 1.2
_NEXT = 0.9
# Kinds of things that are used up or worn out, with everything that is one.
_USED_UP = ("beauty", "socks", "stockings", "undershirt")
_NOT_KEPT = frozenset({
    OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.PAID_UNFULFILLABLE,
    OrderState.REFUNDED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tastes:
    """`left_out`: what they have already, or are about to buy. `alike_to`: things that others may resemble, with what
    a product like them weighs, the most first."""

    candidates: tuple[Candidate, ...] = ()
    left_out: frozenset[int] = frozenset()
    alike_to: tuple[tuple[Product, Because, float], ...] = ()
    lookbooks: Mapping[str, Lookbook] | None = None


def tastes_of(uow: UnitOfWork, lexicon: Lexicon, customer_id: str, now: datetime) -> Tastes:
    """Of the last three months of reading and the last year of orders."""
    looked = uow.tastes.looked_at(customer_id, now - INTEREST_LASTS, _MOST_LOOKED_AT)
    orders = [
        each
        for each in uow.orders.of_customer(customer_id, _MOST_ORDERS)
        if each.state not in _NOT_KEPT and each.created_at > now - PURCHASES_LAST
    ]
    cart = uow.carts.of_customer(customer_id)
    saved, wanted = (cart.saved, cart.wanted) if cart else ((), ())
    waits = uow.waiters.of_customer(customer_id)
    owners = _owners(uow, orders, (*saved, *wanted), [each.variant_id for each in waits])
    bought = _bought(orders, owners)
    in_cart = {owners[line.variant_id].id for line in wanted if line.variant_id in owners}
    again = list(_again(lexicon, bought, owners.values(), now))
    lookbooks, pages = _pages(uow, looked, now)
    seen = _looked_at_products(looked, now)
    candidates = [
        *pages,
        *_seen(looked, seen),
        *again,
        *_saved(saved, owners, now),
        *_going_with(uow, customer_id, bought, in_cart, now),
    ]
    awaited = dict.fromkeys(owners[each.variant_id] for each in waits if each.variant_id in owners)
    repeated = {each.product_id for each in again}
    return Tastes(
        tuple(candidates),
        frozenset(in_cart | (set(bought) - repeated)),
        _alike_to(uow, seen, awaited),
        lookbooks,
    )


def alike(
    alike_to: Sequence[tuple[Product, Because, float]], found: Mapping[int, Sequence[int]]
) -> Iterator[Candidate]:
    """`found`: by product, the ids of those that resemble it, best first."""
    for product, because, weight in alike_to:
        for rank, product_id in enumerate(found.get(product.id, ())):
            yield Candidate(product_id, Reason(because, product.id), weight * _NEXT**rank)


# --- what they looked at


def _pages(uow: UnitOfWork, looked: Sequence[Looked], now: datetime) -> tuple[dict[str, Lookbook], list[Candidate]]:
    """What the pages they were on lead to. What they opened there weighs more than what only stood beside it."""
    weights, times = defaultdict[tuple[str, int], float](float), Counter[tuple[str, int]]()
    opened = defaultdict[tuple[str, int, int], float](float)
    for each in looked:
        if not each.lookbook_id or not each.page:
            continue
        if each.did is Did.PAGE:
            weights[each.lookbook_id, each.page] += interest(each, now)
            times[each.lookbook_id, each.page] += each.times
        elif each.product_id:
            weights[each.lookbook_id, each.page] += 0.0
            opened[each.lookbook_id, each.page, each.product_id] += interest(each, now)
    books: dict[str, Lookbook] = {}
    for book_id in dict.fromkeys(book_id for book_id, _ in weights):
        book = uow.lookbooks.get(book_id) if len(books) < _MOST_CATALOGUES else None
        if book is not None and book.state is LookbookState.PUBLISHED:
            books[book_id] = book
    most = sorted((place for place in weights if place[0] in books), key=lambda place: (-weights[place], place))
    on_pages = most[:_MOST_PAGES] + [place[:2] for place in opened if place[0] in books]
    candidates = []
    for book in books.values():
        pages = {page for book_id, page in on_pages if book_id == book.id}
        for page, ids in uow.tastes.leads_to(book, pages).items():
            there = [*(each for each in ids if opened[book.id, page, each]), *ids]
            reason = Reason(Because.PAGE, 0, book.id, page, times[book.id, page])
            candidates += [
                Candidate(each, reason, weights[book.id, page] + opened[book.id, page, each])
                for each in list(dict.fromkeys(there))[:_MOST_ON_A_PAGE]
            ]
    return books, [each for each in candidates if each.weight > 0]


def _looked_at_products(looked: Sequence[Looked], now: datetime) -> dict[int, float]:
    """By product, wherever they looked at it; the most first."""
    weights = defaultdict[int, float](float)
    for each in looked:
        if each.product_id:
            weights[each.product_id] += interest(each, now)
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))


def _seen(looked: Sequence[Looked], weights: Mapping[int, float]) -> Iterator[Candidate]:
    """What they came back to, or stayed with: the thing itself."""
    for each in looked:
        if each.did is Did.VIEW and (each.times > 1 or each.dwell_ms >= _STAYED_MS):
            reason = Reason(Because.SEEN, each.product_id, times=each.times)
            yield Candidate(each.product_id, reason, weights[each.product_id])


def _alike_to(
    uow: UnitOfWork, seen: Mapping[int, float], awaited: Iterable[Product]
) -> tuple[tuple[Product, Because, float], ...]:
    found = [(product, Because.LIKE_AWAITED, _AWAITED) for product in awaited]
    first = list(seen)[:_MOST_ALIKE_TO]
    known = uow.products.many(first) if first else {}
    found += [(known[each], Because.LIKE_SEEN, _ALIKE * seen[each]) for each in first if each in known]
    return tuple(sorted(found, key=lambda each: (-each[2], each[0].id))[:_MOST_ALIKE_TO])


# --- what they have


def _owners(
    uow: UnitOfWork, orders: Sequence[Order], lines: Sequence[CartLine], awaited: Sequence[int]
) -> dict[int, Product]:
    """The product of each variant that is still sold."""
    ids = {line.variant_id for order in orders for line in order.lines}
    ids.update(line.variant_id for line in lines)
    ids.update(awaited)
    return {variant_id: owner for variant_id, (owner, _) in uow.products.by_variants(ids).items()} if ids else {}


def _bought(orders: Sequence[Order], owners: Mapping[int, Product]) -> dict[int, list[datetime]]:
    """By product: when it was bought and kept, the newest first."""
    bought: dict[int, list[datetime]] = {}
    for order in orders:
        for line in order.lines:
            owner = owners.get(line.variant_id)
            if owner is not None and line.returned < line.quantity:
                moments = bought.setdefault(owner.id, [])
                if order.created_at not in moments:
                    moments.append(order.created_at)
    return bought


def _again(
    lexicon: Lexicon, bought: Mapping[int, Sequence[datetime]], owners: Iterable[Product], now: datetime
) -> Iterator[Candidate]:
    """What is used up by now, or was bought again before."""
    used_up = frozenset[str]().union(*(lexicon.kin(kind) for kind in _USED_UP))
    for product in dict.fromkeys(owners):
        moments = bought.get(product.id, ())
        if moments and (len(moments) > 1 or product.category in used_up) and moments[0] < now - _COUNTS_FROM:
            reason = Reason(Because.AGAIN, product.id, times=len(moments))
            yield Candidate(product.id, reason, after_purchase(_AGAIN, moments[0], now))


def _saved(saved: Sequence[CartLine], owners: Mapping[int, Product], now: datetime) -> Iterator[Candidate]:
    for line in saved:
        owner = owners.get(line.variant_id)
        if owner is not None:
            yield Candidate(owner.id, Reason(Because.SAVED, owner.id), faded(_SAVED, line.added_at, now, 14.0))


def _going_with(
    uow: UnitOfWork, customer_id: str, bought: Mapping[int, Sequence[datetime]], in_cart: set[int], now: datetime
) -> Iterator[Candidate]:
    """What others bought in the same order, and what the shop has put on the same page."""
    newest = sorted(bought, key=lambda each: bought[each][0], reverse=True)
    things = [*sorted(in_cart), *(each for each in newest if each not in in_cart)][:_MOST_THINGS]
    since = now - PURCHASES_LAST
    together = uow.tastes.bought_with(things, since, but=customer_id, people=_PEOPLE, limit=_MOST_BESIDE)
    rank = Counter[int]()
    evidence = [(thing, other, people / (people + 1)) for thing, other, people in together]
    for thing, other in uow.tastes.beside(things, _MOST_BESIDE):
        evidence.append((thing, other, _BESIDE / _BOUGHT * _NEXT ** rank[thing]))
        rank[thing] += 1
    for thing, other, share in evidence:
        if thing in in_cart:
            yield Candidate(other, Reason(Because.GOES_WITH_CART, thing), _IN_CART * share)
        else:
            weight = after_purchase(_BOUGHT * share, bought[thing][0], now)
            yield Candidate(other, Reason(Because.GOES_WITH_BOUGHT, thing), weight)
