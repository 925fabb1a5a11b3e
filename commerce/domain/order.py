"""Orders of every source, in one list with one table of moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.cart import Fulfilment, PostalAddress
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.pricing import TaxLine
from commerce.errors import IllegalMove


class OrderState(StrEnum):
    PENDING_PAYMENT = "pending_payment"  # stock is held while the shopper pays
    PLACED = "placed"  # to be paid at the counter, stock held
    PAID = "paid"
    PREPARING = "preparing"
    READY = "ready"  # waits at the counter
    SHIPPED = "shipped"
    COMPLETED = "completed"  # handed over, or delivered
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # nobody paid, or nobody came
    PAID_UNFULFILLABLE = "paid_unfulfillable"  # money came late and nothing was left: refunded at once
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


_O = OrderState
# The table of legal moves; everything else raises IllegalMove. CANCELLED and EXPIRED move on for late money alone.
ORDER_MOVES: dict[OrderState, frozenset[OrderState]] = {
    _O.PENDING_PAYMENT: frozenset({_O.PAID, _O.PLACED, _O.CANCELLED, _O.EXPIRED, _O.PAID_UNFULFILLABLE}),
    _O.PLACED: frozenset({_O.PAID, _O.PREPARING, _O.READY, _O.CANCELLED, _O.EXPIRED}),
    _O.PAID: frozenset({_O.PREPARING, _O.READY, _O.SHIPPED, _O.COMPLETED, _O.REFUND_PENDING}),
    _O.PREPARING: frozenset({_O.READY, _O.SHIPPED, _O.COMPLETED, _O.REFUND_PENDING, _O.CANCELLED, _O.EXPIRED}),
    _O.READY: frozenset({_O.COMPLETED, _O.REFUND_PENDING, _O.CANCELLED, _O.EXPIRED}),
    _O.SHIPPED: frozenset({_O.COMPLETED, _O.REFUND_PENDING}),
    _O.COMPLETED: frozenset({_O.REFUND_PENDING}),
    _O.CANCELLED: frozenset({_O.PAID, _O.PAID_UNFULFILLABLE}),
    _O.EXPIRED: frozenset({_O.PAID, _O.PAID_UNFULFILLABLE}),
    _O.PAID_UNFULFILLABLE: frozenset({_O.REFUNDED}),
    # A refund of some lines leaves the order where it was.
    _O.REFUND_PENDING: frozenset({_O.REFUNDED, _O.PAID, _O.PREPARING, _O.READY, _O.SHIPPED, _O.COMPLETED}),
    _O.REFUNDED: frozenset(),
}

# Units are promised to somebody: held, or sold and not handed over.
OPEN_ORDERS = frozenset({_O.PENDING_PAYMENT, _O.PLACED, _O.PAID, _O.PREPARING, _O.READY, _O.SHIPPED})
UNPAID_OVER = frozenset({_O.CANCELLED, _O.EXPIRED})


def check_order_move(from_state: OrderState, to_state: OrderState) -> None:
    """Raises IllegalMove unless the table holds the move."""
    if to_state not in ORDER_MOVES[from_state]:
        raise IllegalMove("order", from_state, to_state)


class OrderSource(StrEnum):
    """Through which door an order came."""

    BOT = "bot"
    WEB = "web"
    LINK = "link"
    CATALOGUE = "catalogue"
    AGENT = "agent"
    PHONE = "phone"  # staff entered it
    COUNTER = "counter"
    MARKETPLACE = "marketplace"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was bought. Title, price and tax are frozen at the moment of ordering; `hold_id` is its stock."""

    position: int
    variant_id: int
    sku: str
    title: LocalText
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_rate_bp: int
    tax_minor: int
    total_minor: int
    hold_id: str
    returned: int = 0  # units that came back for good; one that was exchanged did not


@dataclass(frozen=True, slots=True)
class Order:
    """`number` is what people say; `id` is what nobody guesses. `store_id` is where the units come from.

    `version` grows by one at every change: whoever acts says which version they saw.
    """

    id: str
    number: int
    customer_id: str
    cart_id: str
    state: OrderState
    source: OrderSource
    channel: str
    language: str
    fulfilment: Fulfilment
    store_id: str
    name: str
    email: str
    phone: str
    address: PostalAddress | None
    lines: tuple[OrderLine, ...]
    currency: str
    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    taxes: tuple[TaxLine, ...]
    tax_included: bool
    total_minor: int
    paid_minor: int
    refunded_minor: int
    coupon: str
    pickup_code: str  # "" for parcels
    created_at: datetime
    expires_at: datetime | None  # of an order nobody has paid yet
    fulfilled_at: datetime | None  # handed over or delivered: the legal withdrawal counts from here
    version: int
    came_from: str = ""  # what brought the shopper here: "catalogue:<id>:4", "link:<code>"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_ORDERS


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of an order's history."""

    at: datetime
    from_state: OrderState | None
    to_state: OrderState
    actor: str  # "shopper", "staff:<id>", "clock", "provider:<name>"
    note: str = ""


class NotOrdered(StrEnum):
    """Why a cart could not be ordered. Each has words for shoppers in both languages."""

    EMPTY = "empty"
    SOLD_OUT = "sold_out"  # `NotOrderedLines.variant_ids` says what
    NO_SUCH_VARIANT = "no_such_variant"
    PRICE_CHANGED = "price_changed"  # the total is not the one that was shown
    STORE_NOT_OPEN = "store_not_open"
    STORE_PAUSED = "store_paused"
    NO_FULFILMENT = "no_fulfilment"
    NO_ADDRESS = "no_address"
    NO_DELIVERY_THERE = "no_delivery_there"
    NO_CONTACT = "no_contact"
    NO_PROVIDER = "no_provider"
    COUPON = "coupon"
    QUANTITY = "quantity"
    TOO_MANY_OPEN = "too_many_open"
    SLOT_FULL = "slot_full"  # nobody more can come to collect at that hour


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """An order that was not placed: nothing was taken, nothing was charged."""

    reason: NotOrdered
    variant_ids: tuple[int, ...] = ()
    resumes_at: datetime | None = None


class NotCancelled(StrEnum):
    """Why a shopper could not cancel an order. Each has words for shoppers in both languages."""

    NOT_FOUND = "not_found"  # or somebody else's: the two look alike
    ALREADY_OVER = "already_over"
    TOO_LATE = "too_late"  # the shop is already at it: what comes back is a return


class NotAdvanced(StrEnum):
    """Why staff could not move an order on."""

    NOT_FOUND = "not_found"
    CHANGED = "changed"  # somebody else was faster: look again
    NOT_ALLOWED = "not_allowed"
    NOT_PAID = "not_paid"


class NotEntered(StrEnum):
    """Why an order that staff took elsewhere could not be entered."""

    EMPTY = "empty"
    QUANTITY = "quantity"
    NO_SUCH_VARIANT = "no_such_variant"
    NO_SUCH_STORE = "no_such_store"
    OTHER_CURRENCY = "other_currency"
    SOLD_OUT = "sold_out"
    NO_ADDRESS = "no_address"


class NotApproved(StrEnum):
    """Why a payment must not go on at the last moment."""

    NOT_FOUND = "not_found"
    ALREADY_PAID = "already_paid"
    ORDER_OVER = "order_over"
    SOLD_OUT = "sold_out"
    PRICE_CHANGED = "price_changed"
    STORE_PAUSED = "store_paused"
