"""Carts, orders, promotions, returns, links and pauses: the repositories behind selling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.domain.cart import Cart, CheckoutDraft, PostalAddress
from commerce.domain.customer import Contact
from commerce.domain.linking import CustomerMerge, LinkToken
from commerce.domain.order import Order, OrderEvent, OrderSource, OrderState
from commerce.domain.promotion import Promotion
from commerce.domain.returns import ReturnRequest, ReturnState
from commerce.domain.staff import PauseMethod, StorePause


class CartRepository(Protocol):
    """One cart a customer. Every change is one guarded statement on one line, so that two doors both win; each bumps
    the version and `updated_at`. A variant may have two lines: one that is wanted and one that is saved for later."""

    def of_customer(self, customer_id: str, *, locked: bool = False) -> Cart | None:
        """`locked`: as it is now that nobody else changes or orders it until the caller's transaction ends."""
        ...

    def lock(self, cart_id: str) -> None:
        """Nobody else changes or orders this cart until the caller's transaction ends. Changes nothing."""
        ...

    def create(self, cart_id: str, customer_id: str, at: datetime) -> Cart:
        """The customer's cart; the one that is there already when somebody was faster."""
        ...

    def add(self, cart_id: str, variant_id: int, quantity: int, source: str, at: datetime, *, most: int) -> int:
        """Adds to the wanted line (made where it is missing), up to `most` units altogether; returns the line's new
        quantity. What is saved for later stays there."""
        ...

    def set_quantity(self, cart_id: str, variant_id: int, quantity: int, at: datetime, *, saved: bool = False) -> bool:
        """Of the wanted line, or of the saved one. 0 removes it. False when there was no such line."""
        ...

    def set_saved(self, cart_id: str, variant_id: int, saved: bool, at: datetime, *, most: int) -> bool:
        """Moves the units of the other line here: put aside, or wanted again; added up to `most` where both lines are
        there. False when there was nothing to move."""
        ...

    def set_coupon(self, cart_id: str, code: str, at: datetime) -> None: ...

    def set_draft(self, cart_id: str, draft: CheckoutDraft, at: datetime) -> None: ...

    def take_out(self, cart_id: str, bought: Mapping[int, int], at: datetime) -> None:
        """After an order: lowers each line by the units bought (never saved ones), removes empty lines, drops the
        coupon."""
        ...

    def move(self, from_cart_id: str, to_cart_id: str, *, saved: bool | None, most: int, at: datetime) -> None:
        """Moves every line; quantities of lines that meet (same variant, same `saved`) are added up to `most`. `saved`
        True puts all that is moved aside, False makes it wanted, None keeps what each line says. What comes in stands
        after what is there."""
        ...

    def replace(self, cart: Cart, at: datetime) -> None:
        """Writes the cart's lines, coupon and draft as given: for giving back what a link had joined."""
        ...


class OrderRepository(Protocol):
    def add(self, order: Order, contact: Contact, event: OrderEvent) -> Order:
        """Stores it and returns it with its number (a given number other than 0 is kept). News of it goes to
        `contact`."""
        ...

    def number_after(self, number: int) -> None:
        """Orders to come get larger numbers than this one: they go on where another system's ended."""
        ...

    def get(self, order_id: str) -> Order | None: ...

    def by_number(self, number: int) -> Order | None: ...

    def contact_of(self, order_id: str) -> Contact | None: ...

    def of_customer(self, customer_id: str, limit: int = 50) -> list[Order]:
        """Newest first."""
        ...

    def waiting(self, cart_id: str, customer_id: str) -> list[Order]:
        """Orders of that cart or that customer that wait for their payment or to be prepared, newest first."""
        ...

    def find(
        self,
        *,
        state: OrderState | None = None,
        source: OrderSource | None = None,
        store_id: str = "",
        came_from: str | None = None,
        before_number: int | None = None,
        limit: int = 50,
    ) -> list[Order]:
        """All orders of every source, newest first. `came_from`: what brought them, such as "catalogue" for all of them
        or "catalogue:<id>" for all pages of one; '' for those of which nothing is known."""
        ...

    def move(
        self,
        order: Order,
        to_state: OrderState,
        event: OrderEvent,
        *,
        expires_at: datetime | None = None,
        paid_minor: int | None = None,
        refunded_minor: int | None = None,
        fulfilled_at: datetime | None = None,
        lines: Sequence[tuple[int, str]] | None = None,
        pickup_code: str | None = None,
        store_id: str | None = None,
        sent_to: PostalAddress | None = None,
    ) -> Order:
        """Writes the move if the stored version is `order.version`, else raises StaleVersion. `to_state` may be the
        present state; any other pair must be in the table of moves (IllegalMove). None leaves a value as it is.
        `lines`: (position, hold id) of lines whose stock was taken anew, at `store_id` where that is another one.
        `sent_to`: what was to be collected goes there by parcel."""
        ...

    def returned(self, order_id: str, position: int, quantity: int) -> bool:
        """Counts units that came back; False when that would be more than were bought."""
        ...

    def due(self, now: datetime, limit: int) -> list[Order]:
        """Unpaid orders (pending, or to be paid at the counter however far they were prepared) whose time is over,
        oldest first."""
        ...

    def events(self, order_id: str) -> list[OrderEvent]: ...

    def set_customer(self, order_ids: Iterable[str], customer_id: str) -> None:
        """For linking two customers and undoing it."""
        ...


class PromotionRepository(Protocol):
    def get(self, code: str) -> Promotion | None: ...

    def put(self, promotion: Promotion) -> None:
        """Writes its conditions; `uses` stays what it was, and `max_uses` is never less than that."""
        ...

    def all(self) -> list[Promotion]: ...

    def use(self, code: str, order_id: str, customer_id: str, *, once_per_customer: bool) -> bool:
        """Counts one use by a guarded statement, after the order was added; False when it is used up (by everybody, or
        by this customer)."""
        ...

    def used_by(self, code: str, customer_id: str) -> bool: ...

    def give_back(self, order_id: str) -> None:
        """The order ended unpaid: its use does not count."""
        ...


class ReturnRepository(Protocol):
    def add(self, request: ReturnRequest) -> None: ...

    def get(self, return_id: str) -> ReturnRequest | None: ...

    def of_order(self, order_id: str) -> list[ReturnRequest]: ...

    def of_customer(self, customer_id: str) -> list[ReturnRequest]:
        """Newest first."""
        ...

    def find(
        self, *, state: ReturnState | None = None, store_id: str = "", limit: int = 100
    ) -> list[ReturnRequest]: ...

    def due(self, now: datetime, limit: int) -> list[ReturnRequest]:
        """Exchanges whose new unit was held until now or before while the old one has not come, oldest first."""
        ...

    def move(self, request: ReturnRequest, to_state: ReturnState) -> ReturnRequest:
        """Writes `request` (all fields that may change) in its new state if the stored version is its version, else
        raises StaleVersion; IllegalMove for pairs that the table does not hold."""
        ...


class LinkRepository(Protocol):
    def add_token(self, token: LinkToken) -> None: ...

    def token(self, digest: str) -> LinkToken | None: ...

    def use_token(self, digest: str, at: datetime) -> bool:
        """Once, by a guarded statement."""
        ...

    def join(self, kept_id: str, joined_id: str) -> str:
        """Moves contacts, reservations, orders with the promotions they used, returns, offers, waits (once for each
        thing), and what only the joined customer has of consents and of sizes (none into the memory of somebody who
        wants none); the joined customer says whose it is now. Carts are left alone. JSON of what was moved, for `part`.
        StaleVersion when one of them was linked to somebody else meanwhile.
        """
        ...

    def part(self, merge: CustomerMerge) -> None:
        """Gives back what `join` moved."""
        ...

    def add_merge(self, merge: CustomerMerge) -> None: ...

    def merge(self, merge_id: str) -> CustomerMerge | None: ...

    def merges_of(self, customer_id: str) -> list[CustomerMerge]:
        """Those not undone in which this customer was kept, newest first."""
        ...

    def undone(self, merge_id: str, at: datetime) -> bool:
        """Once."""
        ...

    def sweep(self, now: datetime) -> int:
        """Deletes tokens that ended long ago."""
        ...


class PauseRepository(Protocol):
    def put(self, pause: StorePause) -> None: ...

    def get(self, store_id: str, now: datetime, method: PauseMethod = PauseMethod.ALL) -> StorePause | None:
        """The pause in force that keeps the store from that, if any: of just that or of everything, whichever is
        longer."""
        ...

    def end(self, store_id: str, method: PauseMethod = PauseMethod.ALL) -> bool:
        """Of just that method."""
        ...

    def wait(self, store_id: str, contact: Contact) -> None: ...

    def over(self, now: datetime) -> list[tuple[str, list[Contact]]]:
        """Stores of which a pause has ended, with who wanted to know; both are forgotten by reading them."""
        ...
