"""The cart: one a customer, on every door the same row. What is in it is wanted or saved for later; nothing is held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from commerce.domain.cart import (
    MAX_LINES,
    MAX_QUANTITY,
    Cart,
    CartLine,
    CheckoutDraft,
    Fulfilment,
    MergeChoice,
    MergedCart,
    NotInCart,
)
from commerce.domain.money import Money
from commerce.domain.promotion import NotApplied, Promotion
from commerce.domain.reservation import Refused
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.promotions import Promotions

_LONGEST_SOURCE = 128


class Carts:
    """All verbs belong to the caller's unit of work. A customer without a cart gets one at the first change."""

    def __init__(self, clock: Clock, ids: Ids, promotions: Promotions) -> None:
        self._clock, self._ids, self._promotions = clock, ids, promotions

    def of(self, uow: UnitOfWork, customer_id: str) -> Cart | None:
        return uow.carts.of_customer(customer_id)

    def add(
        self, uow: UnitOfWork, customer_id: str, variant_id: int, quantity: int = 1, source: str = ""
    ) -> Cart | Refused[NotInCart]:
        """Adds units of a variant. Nothing is held: what is there is looked at again when it is ordered."""
        found = uow.products.by_variant(variant_id)
        if found is None:
            return Refused(NotInCart.NO_SUCH_VARIANT)
        if not 1 <= quantity <= MAX_QUANTITY:
            return Refused(NotInCart.QUANTITY)
        cart = self._own(uow, customer_id)
        line = _line(cart, variant_id, saved=False)
        if line is not None and line.quantity + quantity > MAX_QUANTITY:
            return Refused(NotInCart.QUANTITY)
        if line is None and len(cart.lines) >= MAX_LINES:
            return Refused(NotInCart.FULL)
        if self._currency(uow, cart) not in ("", found[1].price.currency):
            return Refused(NotInCart.OTHER_CURRENCY)
        if not self._is_there(uow, cart.customer_id, variant_id):
            return Refused(NotInCart.SOLD_OUT)
        now, source = self._clock.now(), source[:_LONGEST_SOURCE]
        uow.carts.add(cart.id, variant_id, quantity, source, now, most=MAX_QUANTITY)
        if ":" in source:
            uow.customers.came_from(cart.customer_id, source)
        return self._again(uow, cart.customer_id)

    def set_quantity(
        self, uow: UnitOfWork, customer_id: str, variant_id: int, quantity: int, *, saved: bool | None = None
    ) -> Cart | Refused[NotInCart]:
        """0 takes the line out; so many units of it otherwise. `saved` None: the wanted line where there is one, else
        the one that is saved for later."""
        if not 0 <= quantity <= MAX_QUANTITY:
            return Refused(NotInCart.QUANTITY)
        cart = self._own(uow, customer_id)
        if saved is None:
            saved = _line(cart, variant_id, saved=False) is None
        written = uow.carts.set_quantity(cart.id, variant_id, quantity, self._clock.now(), saved=saved)
        if not written and quantity:
            return Refused(NotInCart.NO_SUCH_VARIANT)
        return self._again(uow, cart.customer_id)

    def set_saved(self, uow: UnitOfWork, customer_id: str, variant_id: int, saved: bool) -> Cart | Refused[NotInCart]:
        """Saves a line for later, or brings it back. Asking for what is so already changes nothing."""
        cart = self._own(uow, customer_id)
        if not saved and self._currency(uow, cart) not in ("", self._currency_of(uow, variant_id)):
            return Refused(NotInCart.OTHER_CURRENCY)
        moved = uow.carts.set_saved(cart.id, variant_id, saved, self._clock.now(), most=MAX_QUANTITY)
        if not moved and _line(cart, variant_id, saved=saved) is None:
            return Refused(NotInCart.NO_SUCH_VARIANT)
        return self._again(uow, cart.customer_id)

    def empty(self, uow: UnitOfWork, customer_id: str) -> Cart:
        """Takes out all that is wanted, and the coupon; what is saved for later stays."""
        cart, now = self._own(uow, customer_id), self._clock.now()
        for line in cart.wanted:
            uow.carts.set_quantity(cart.id, line.variant_id, 0, now)
        if cart.coupon:
            uow.carts.set_coupon(cart.id, "", now)
        return self._again(uow, cart.customer_id)

    def apply_coupon(self, uow: UnitOfWork, customer_id: str, typed: str) -> Promotion | Refused[NotApplied]:
        """The code counts for this cart from now on, in place of another one; it is looked at again at every quote."""
        cart = self._own(uow, customer_id)
        found = self._promotions.find(uow, typed, customer_id=cart.customer_id, subtotal=self._subtotal(uow, cart))
        if isinstance(found, Promotion):
            uow.carts.set_coupon(cart.id, found.code, self._clock.now())
        return found

    def drop_coupon(self, uow: UnitOfWork, customer_id: str) -> Cart:
        cart = self._own(uow, customer_id)
        if cart.coupon:
            uow.carts.set_coupon(cart.id, "", self._clock.now())
        return self._again(uow, cart.customer_id)

    def set_draft(self, uow: UnitOfWork, customer_id: str, draft: CheckoutDraft) -> Cart:
        cart = self._own(uow, customer_id)
        uow.carts.set_draft(cart.id, draft, self._clock.now())
        return self._again(uow, cart.customer_id)

    def for_a_parcel(
        self, uow: UnitOfWork, customer_id: str, lines: Iterable[tuple[int, int]], source: str
    ) -> Cart | Refused[NotInCart]:
        """So many units of each variant at least, to be sent: what is held for this person already is about to be
        ordered. A refusal leaves the lines before it in the cart."""
        cart = self._own(uow, customer_id)
        for variant_id, quantity in lines:
            line = _line(cart, variant_id, saved=False)
            missing = quantity - (line.quantity if line else 0)
            if missing > 0:
                added = self.add(uow, cart.customer_id, variant_id, missing, source)
                if isinstance(added, Refused):
                    return added
                cart = added
        draft = cart.draft
        if draft.fulfilment is not Fulfilment.DELIVERY:
            draft = replace(draft, fulfilment=Fulfilment.DELIVERY, store_id="", provider="")
            cart = self.set_draft(uow, cart.customer_id, draft)
        return cart

    def merge(self, uow: UnitOfWork, *, brought_id: str, into_id: str, choice: MergeChoice) -> MergedCart:
        """The cart of customer `brought_id` goes into that of `into_id`. Units of one thing are added up; what the
        choice does not want is saved for later. A code and what was said about the checkout come along where the other
        cart has none."""
        now = self._clock.now()
        brought, into = self.lock(uow, brought_id, into_id)
        put_aside: tuple[CartLine, ...] = ()
        if choice is MergeChoice.ONLY_THIS:
            put_aside = into.wanted
            for line in into.wanted:
                uow.carts.set_saved(into.id, line.variant_id, True, now, most=MAX_QUANTITY)
        later = choice is MergeChoice.SAVE_FOR_LATER
        uow.carts.move(brought.id, into.id, saved=True if later else None, most=MAX_QUANTITY, at=now)
        if brought.coupon and not into.coupon:
            uow.carts.set_coupon(into.id, brought.coupon, now)
        if brought.draft != CheckoutDraft() and into.draft == CheckoutDraft():
            uow.carts.set_draft(into.id, brought.draft, now)
        return MergedCart(
            self._again(uow, into_id),
            added=() if later else brought.wanted,
            saved=(*put_aside, *(brought.lines if later else brought.saved)),
        )

    def lock(self, uow: UnitOfWork, one_id: str, other_id: str) -> tuple[Cart, Cart]:
        """Both carts as they are; nobody else changes them until the end of the unit of work."""
        for cart_id in sorted((self._cart(uow, one_id).id, self._cart(uow, other_id).id)):
            uow.carts.lock(cart_id)
        return self._again(uow, one_id), self._again(uow, other_id)

    def _own(self, uow: UnitOfWork, customer_id: str) -> Cart:
        """The cart to be changed; nobody else changes it until the end of the unit of work. Whoever was joined to
        somebody else a moment ago, at another door, changes the cart that they have together."""
        cart = uow.carts.of_customer(customer_id, locked=True)
        if cart is None:
            self._cart(uow, customer_id)
            cart = uow.carts.of_customer(customer_id, locked=True)
        present = uow.customers.present_id(customer_id)
        if present != customer_id:
            return self._own(uow, present)
        assert cart is not None
        return cart

    def _cart(self, uow: UnitOfWork, customer_id: str) -> Cart:
        return uow.carts.of_customer(customer_id) or uow.carts.create(
            self._ids.new_id(), customer_id, self._clock.now()
        )

    def _again(self, uow: UnitOfWork, customer_id: str) -> Cart:
        cart = uow.carts.of_customer(customer_id)
        assert cart is not None  # made or found in this very unit of work
        return cart

    def _currency(self, uow: UnitOfWork, cart: Cart) -> str:
        """That of what is wanted; '' while nothing is, or none of it is sold any more."""
        known = uow.products.by_variants(line.variant_id for line in cart.wanted)
        found = (known[line.variant_id][1].price.currency for line in cart.wanted if line.variant_id in known)
        return next(found, "")

    def _currency_of(self, uow: UnitOfWork, variant_id: int) -> str:
        found = uow.products.by_variant(variant_id)
        return found[1].price.currency if found else ""

    def _subtotal(self, uow: UnitOfWork, cart: Cart) -> Money | None:
        total: Money | None = None
        known = uow.products.by_variants(line.variant_id for line in cart.wanted)
        for line in cart.wanted:
            if line.variant_id in known:
                price = known[line.variant_id][1].price
                total = Money((total.minor if total else 0) + price.minor * line.quantity, price.currency)
        return total

    def _is_there(self, uow: UnitOfWork, customer_id: str, variant_id: int) -> bool:
        """Whether any place has one that may be promised; what is held for this very person counts as there."""
        if any(level.available > 0 for level in uow.stock.levels([variant_id])):
            return True
        held = uow.reservations.of_customer(customer_id, only_open=True)
        if any(line.variant_id == variant_id for each in held for line in each.lines):
            return True
        offered = [choice for offer in uow.offers.open_of(customer_id) for choice in offer.left]
        if any(line.variant_id == variant_id for choice in offered for line in choice.lines):
            return True
        return any(each.variant_id == variant_id and each.hold_id for each in uow.waiters.of_customer(customer_id))


def _line(cart: Cart, variant_id: int, *, saved: bool) -> CartLine | None:
    return next((line for line in cart.lines if line.variant_id == variant_id and line.saved == saved), None)
