"""The JSON of carts, checkout and orders, as types; see `shapes.py`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from shoppable.shapes import Iso, Minor

_exact = with_config(ConfigDict(extra="forbid"))

Quantity = Annotated[int, Field(ge=0, le=1_000, description="Units; 0 takes the line out.")]
Sku = Annotated[str, Field(min_length=1, max_length=128)]
Words = Annotated[str, Field(max_length=200)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166 alpha-2.")]
FulfilmentName = Literal["delivery", "pickup"]
State = Literal[
    "pending_payment", "placed", "paid", "preparing", "ready", "shipped", "completed", "cancelled", "expired",
    "paid_unfulfillable", "refund_pending", "refunded",
]  # fmt: skip


@_exact
class TaxFacts(TypedDict):
    """One rate in basis points (2000 is 20 %), what it was counted on and what it comes to."""

    rate_bp: int
    net_minor: int
    tax_minor: int


@_exact
class TotalsFacts(TypedDict):
    """`subtotal - discount + delivery (+ taxes where they are not included) = total`, in minor units."""

    currency: str
    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    taxes: list[TaxFacts]
    tax_included: bool
    total_minor: int


@_exact
class CartLineFacts(TypedDict):
    """`prior_price_minor`: the lowest price of the 30 days before a cut. `is_short`: there are fewer than wanted."""

    sku: str
    product_id: int
    title: str
    colour: str
    colour_words: str
    size: str
    url: str
    picture: str
    quantity: int
    unit_price_minor: int
    prior_price_minor: int | None
    currency: str
    is_short: bool


@_exact
class CartFacts(TypedDict):
    """A cart with today's prices. `mark` changes whenever the cart does. `missing`: what must be said or changed before
    it can be ordered, in the order in which to ask. `gone`: lines that are no longer sold and count for nothing."""

    id: str
    mark: str
    units: int
    lines: list[CartLineFacts]
    saved: list[CartLineFacts]
    gone: int
    coupon: str
    coupon_problem: str
    totals: TotalsFacts | None
    fulfilment: FulfilmentName | None
    store: str
    missing: list[str]
    missing_words: list[str]
    checkout_url: str


@_exact
class CartMark(TypedDict):
    mark: str
    units: int


@_exact
class NewLine(TypedDict):
    """`quantity` of the line from now on. `saved`: put aside for later, or wanted again."""

    quantity: NotRequired[Quantity]
    saved: NotRequired[bool]


@_exact
class NewCoupon(TypedDict):
    """'' takes it out."""

    code: Annotated[str, Field(max_length=40)]


@_exact
class AddressFacts(TypedDict):
    name: Words
    line1: Words
    line2: NotRequired[Words]
    postcode: Annotated[str, Field(max_length=20)]
    city: Words
    country: Country


@_exact
class Checkout(TypedDict):
    """An order of everything in the cart. What is not given stays as it was said before. `expected_total_minor` is the
    total that was shown to whoever pays: with another one nothing is ordered."""

    cart: NotRequired[Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Id of a cart made by POST /carts.")]]
    name: NotRequired[Words]
    email: NotRequired[Annotated[str, Field(max_length=254)]]
    phone: NotRequired[Annotated[str, Field(max_length=40)]]
    fulfilment: NotRequired[FulfilmentName]
    store: NotRequired[Annotated[str, Field(max_length=64)]]
    address: NotRequired[AddressFacts]
    slot: NotRequired[
        Annotated[str, Field(max_length=40, description="When it is collected: GET /stores/{store}/slots.")]
    ]
    provider: Annotated[str, Field(max_length=40)]
    terms_accepted: bool
    expected_total_minor: Minor


@_exact
class PaymentFacts(TypedDict):
    """`url`: where the shopper pays, while it can be paid there."""

    id: str
    provider: str
    state: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: str
    url: str
    is_open: bool
    expires_at: Iso


@_exact
class Ordered(TypedDict):
    """`url` opens the order's page without any other proof: give it to the shopper alone."""

    id: str
    number: int
    state: State
    totals: TotalsFacts
    url: str
    payment: PaymentFacts


@_exact
class OrderLineFacts(TypedDict):
    position: int
    sku: str
    title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_rate_bp: int
    tax_minor: int
    total_minor: int
    returned: int


@_exact
class OrderEventFacts(TypedDict):
    at: Iso
    state: State
    actor: str


@_exact
class OrderFacts(TypedDict):
    """`url` opens its page. `pickup_code` is told once it is ready. `version` goes into whatever changes it.
    `came_from`: what brought the shopper, such as "catalogue:<id>:4" or "link:<code>"."""

    id: str
    number: int
    version: int
    state: State
    state_words: str
    source: str
    came_from: str
    channel: str
    fulfilment: FulfilmentName
    store: str
    name: str
    email: str
    phone: str
    address: AddressFacts | None
    lines: list[OrderLineFacts]
    totals: TotalsFacts
    coupon: str
    paid_minor: int
    refunded_minor: int
    pickup_code: str
    slot_at: Iso | None
    url: str
    created_at: Iso
    expires_at: Iso | None
    payments: list[PaymentFacts]
    events: list[OrderEventFacts]


@_exact
class Orders(TypedDict):
    """Newest first. Ask again with `before` = `next_before` for older ones."""

    orders: list[OrderFacts]
    next_before: int | None


@_exact
class EnteredLine(TypedDict):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    unit_price_minor: NotRequired[Minor]


@_exact
class NewOrder(TypedDict):
    """An order that was taken elsewhere: by phone, at the counter, on a marketplace."""

    source: Literal["phone", "counter", "marketplace"]
    store: Annotated[str, Field(max_length=64, description="Where the units come from.")]
    fulfilment: FulfilmentName
    lines: Annotated[list[EnteredLine], Field(min_length=1, max_length=50)]
    name: NotRequired[Words]
    email: NotRequired[Annotated[str, Field(max_length=254)]]
    phone: NotRequired[Annotated[str, Field(max_length=40)]]
    address: NotRequired[AddressFacts]
    customer: NotRequired[Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Whose it is, if known.")]]
    language: NotRequired[Annotated[str, Field(pattern="^[a-z]{2}$")]]
    reference: NotRequired[Annotated[str, Field(max_length=120, description="The other side's number: counts once.")]]


@_exact
class NewState(TypedDict):
    """Where an order goes next. With another `version` than the stored one, nothing happens (409)."""

    state: State
    version: NotRequired[int]
    note: NotRequired[Annotated[str, Field(max_length=500)]]


@_exact
class NewRefund(TypedDict):
    """Without an amount: everything that is left of what was paid."""

    amount_minor: NotRequired[Annotated[int, Field(ge=1, le=10**12)]]
    reason: Literal["return", "withdrawal", "goodwill", "cancelled"]


@_exact
class RefundFacts(TypedDict):
    id: str
    amount_minor: int
    currency: str
    state: str
    reason: str


@_exact
class Refunds(TypedDict):
    refunds: list[RefundFacts]
