"""What a cart costs now, where it would come from, and what is missing before it can be ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commerce.domain.cart import MAX_QUANTITY, Cart, CartLine, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import NotOrdered
from commerce.domain.pricing import Totals, price
from commerce.domain.product import Product, Variant
from commerce.domain.promotion import NotApplied, Promotion, why_not
from commerce.domain.quote import Quote, QuotedLine
from commerce.domain.staff import method_of
from commerce.domain.stock import StockLevel
from commerce.domain.store import Store, StoreKind
from commerce.ports import Clock, PaymentProvider, SellingRules, UnitOfWork
from commerce.services.catalog import prior_price
from commerce.services.own_units import OwnUnits, own_units
from commerce.services.promised import promised_price, promises
from commerce.services.reserving import kept_until

PAY_IN_STORE = "pay_in_store"
# Somebody who leaves a page is not found there again: without another address there is nowhere to send the receipt.
_PAGES = frozenset({"web", "webchat"})


@dataclass(frozen=True, slots=True)
class Looked:
    """A quote and what was looked at for it: `own` is what the person holds already, `store` where the units are."""

    quote: Quote
    own: OwnUnits
    store: Store | None
    promised: Mapping[int, Money]  # prices by variant that hold whatever the shop asks by then


class Quoting:
    """Reads only, in the caller's unit of work: a page asks in a view, checkout in the transaction that sells."""

    def __init__(self, clock: Clock, rules: SellingRules, providers: Mapping[str, PaymentProvider]) -> None:
        self._clock, self._rules, self._providers = clock, rules, providers

    def quote(self, uow: UnitOfWork, cart: Cart, *, customer_id: str, contact: Contact | None = None) -> Quote:
        """`contact`: the conversation in which it is ordered, where news can be told; None on a page."""
        return self.look(uow, cart, customer_id=customer_id, contact=contact).quote

    def look(self, uow: UnitOfWork, cart: Cart, *, customer_id: str, contact: Contact | None = None) -> Looked:
        """`quote`, for whoever goes on to order it."""
        known_variants = uow.products.by_variants(line.variant_id for line in cart.lines)
        wanted, gone = _sold(known_variants, cart.wanted)
        saved, _ = _sold(known_variants, cart.saved)
        draft = cart.draft
        own = own_units(
            uow,
            cart_id=cart.id,
            customer_id=customer_id,
            wanted={line.variant_id for line, _, _ in wanted},
            store_id=draft.store_id if draft.fulfilment is Fulfilment.PICKUP else "",
        )
        levels = {
            (level.variant_id, level.store_id): level
            for level in uow.stock.levels([line.variant_id for line, _, _ in wanted])
        }
        store = self._source(uow, cart, wanted, levels, own)
        known = draft.fulfilment is Fulfilment.DELIVERY or store is not None
        store_id = store.id if store else ""
        offered = promises(uow, own, draft.fulfilment, self._clock.now())
        promised = {
            variant.id: kept
            for line, _, variant in wanted
            if (kept := promised_price(offered.get(variant.id), variant.price, line.quantity)) is not None
        }
        lines = tuple(
            QuotedLine(
                product,
                variant,
                line.quantity,
                promised.get(variant.id, variant.price),
                prior_price(uow, variant),
                _free(levels, own, variant.id, store_id) if known else None,
            )
            for line, product, variant in wanted
        )
        promotion, not_applied = self._promotion(uow, cart, lines, own, customer_id)
        totals = self._totals(cart, lines, promotion)
        quote = Quote(
            cart=cart,
            lines=lines,
            saved=tuple(
                QuotedLine(product, variant, line.quantity, variant.price, prior_price(uow, variant), None)
                for line, product, variant in saved
            ),
            gone=gone,
            totals=totals,
            promotion=promotion,
            not_applied=not_applied,
            store_id=store_id,
            missing=self._missing(uow, cart, lines, gone, store, contact, totals),
        )
        return Looked(quote, own, store, promised)

    def providers_for(self, fulfilment: Fulfilment | None, currency: str) -> tuple[str, ...]:
        """Names of the ways in which such an order can be paid, in the shop's order."""
        return tuple(
            name
            for name, provider in self._providers.items()
            if (provider.currencies is None or currency in provider.currencies)
            and (provider.is_online or fulfilment is Fulfilment.PICKUP)
        )

    def provider_of(self, cart: Cart, currency: str) -> str:
        """The way that was chosen, or the only one there is; '' when it must still be chosen."""
        usable = self.providers_for(cart.draft.fulfilment, currency)
        if cart.draft.provider:
            return cart.draft.provider if cart.draft.provider in usable else ""
        return usable[0] if len(usable) == 1 else ""

    def _source(
        self,
        uow: UnitOfWork,
        cart: Cart,
        wanted: Sequence[tuple[CartLine, Product, Variant]],
        levels: Mapping[tuple[int, str], StockLevel],
        own: OwnUnits,
    ) -> Store | None:
        """Where the units come from: the store in which they are collected, or the stock for parcels that has all of
        it, else the most of it."""
        if cart.draft.fulfilment is Fulfilment.PICKUP:
            store = uow.stores.get(cart.draft.store_id) if cart.draft.store_id else None
            return store if store is not None and store.takes_visitors else None
        if cart.draft.fulfilment is not Fulfilment.DELIVERY:
            return None

        def has(store: Store) -> tuple[bool, int]:
            found = [min(line.quantity, _free(levels, own, variant.id, store.id)) for line, _, variant in wanted]
            return sum(found) == sum(line.quantity for line, _, _ in wanted), sum(found)

        # The first of equals: a parcel does not come from somewhere else at every look.
        return max((store for store in uow.stores.all() if store.kind is StoreKind.WEB), key=has, default=None)

    def _promotion(
        self, uow: UnitOfWork, cart: Cart, lines: Sequence[QuotedLine], own: OwnUnits, customer_id: str
    ) -> tuple[Promotion | None, NotApplied | None]:
        if not cart.coupon:
            return None, None
        promotion = uow.promotions.get(cart.coupon)
        if promotion is None or not lines:
            return None, NotApplied.UNKNOWN if promotion is None else None
        counted = own.pending is not None and own.pending.coupon == promotion.code
        reason = why_not(
            replace(promotion, uses=promotion.uses - 1) if counted else promotion,  # one of them is this cart's own
            now=self._clock.now(),
            subtotal_minor=sum(line.unit_price.minor * line.quantity for line in lines),
            currency=lines[0].unit_price.currency,
            used_by_customer=not counted and uow.promotions.used_by(promotion.code, customer_id),
        )
        return (promotion, None) if reason is None else (None, reason)

    def _totals(self, cart: Cart, lines: Sequence[QuotedLine], promotion: Promotion | None) -> Totals | None:
        if not lines:
            return None
        return price(
            [(line.variant.id, line.quantity, line.unit_price, line.product.category) for line in lines],
            tax=self._rules.tax,
            delivery=self._rules.delivery if cart.draft.fulfilment is Fulfilment.DELIVERY else None,
            promotion=promotion,
        )

    def _missing(
        self,
        uow: UnitOfWork,
        cart: Cart,
        lines: Sequence[QuotedLine],
        gone: Sequence[int],
        store: Store | None,
        contact: Contact | None,
        totals: Totals | None,
    ) -> tuple[NotOrdered, ...]:
        """In the order in which it is to be asked."""
        if totals is None:
            return (NotOrdered.NO_SUCH_VARIANT if gone else NotOrdered.EMPTY,)
        now, draft = self._clock.now(), cart.draft
        missing: list[NotOrdered] = []
        if gone:
            missing.append(NotOrdered.NO_SUCH_VARIANT)
        if any(not 1 <= line.quantity <= MAX_QUANTITY for line in lines):
            missing.append(NotOrdered.QUANTITY)
        if draft.fulfilment is None or (draft.fulfilment is Fulfilment.PICKUP and not draft.store_id):
            missing.append(NotOrdered.NO_FULFILMENT)
        elif draft.fulfilment is Fulfilment.PICKUP and (
            store is None or kept_until(self._rules.pickup, store, now) is None
        ):
            missing.append(NotOrdered.STORE_NOT_OPEN)
        if store is not None and uow.pauses.get(store.id, now, method_of(draft.fulfilment)) is not None:
            missing.append(NotOrdered.STORE_PAUSED)
        if any(line.is_short for line in lines):
            missing.append(NotOrdered.SOLD_OUT)
        if draft.fulfilment is Fulfilment.DELIVERY:
            if draft.address is None:
                missing.append(NotOrdered.NO_ADDRESS)
            elif draft.address.country not in self._rules.delivery.countries:
                missing.append(NotOrdered.NO_DELIVERY_THERE)
        if not (contact or draft.email or draft.phone or self._is_reachable(uow, cart.customer_id)):
            missing.append(NotOrdered.NO_CONTACT)
        if draft.fulfilment and totals.total_minor and not self.provider_of(cart, totals.currency):
            missing.append(NotOrdered.NO_PROVIDER)
        return tuple(missing)

    def _is_reachable(self, uow: UnitOfWork, customer_id: str) -> bool:
        return any(contact.channel not in _PAGES for contact in uow.customers.contacts(customer_id))


def _sold(
    known: Mapping[int, tuple[Product, Variant]], lines: Sequence[CartLine]
) -> tuple[list[tuple[CartLine, Product, Variant]], tuple[int, ...]]:
    """Lines that are sold today in one currency, the first line's; and the variants of those that are not."""
    sold: list[tuple[CartLine, Product, Variant]] = []
    gone: list[int] = []
    for line in lines:
        found = known.get(line.variant_id)
        if found is None or (sold and found[1].price.currency != sold[0][2].price.currency):
            gone.append(line.variant_id)
        else:
            sold.append((line, *found))
    return sold, tuple(gone)


def _free(levels: Mapping[tuple[int, str], StockLevel], own: OwnUnits, variant_id: int, store_id: str) -> int:
    """Units for this person: what nobody else holds above the safety stock. The same sum as the guard of `take` makes
    once their own holds are given back."""
    level = levels.get((variant_id, store_id))
    if level is None:
        return 0
    return max(0, level.on_hand - level.held - level.safety + own.units(variant_id, store_id))
