"""Every table, as SQLAlchemy Core sees it. Only the modules of this package read or write them.

Times are UTC microseconds since the epoch (`*_at_us`), money is minor units plus a currency, JSON is text we wrote.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from commerce.domain.collecting import PickUpKind
from commerce.domain.conversation import Voice
from commerce.domain.dispute import DisputeState
from commerce.domain.lookbook import Did, LookbookState
from commerce.domain.mail import InboxState, OutboxState
from commerce.domain.offering import OfferState
from commerce.domain.order import OrderState
from commerce.domain.payment import PaymentState, RefundState
from commerce.domain.reservation import ReservationState
from commerce.domain.returns import ReturnState
from commerce.domain.stock import HoldState
from commerce.domain.team import Role
from commerce.domain.waiting import WaitState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: type[StrEnum]) -> str:
    """The condition that a column holds one of the enumeration's values."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


# SQLite only numbers rows by itself in an INTEGER primary key.
BigId = BigInteger().with_variant(Integer, "sqlite")
# A folded word, in the order of its bytes: what begins with some letters stands together on both databases.
Word = String(64).with_variant(String(64, collation="C"), "postgresql")


# --- the catalogue -----------------------------------------------------------------------------------------------

store = Table(
    "store",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),  # JSON by language
    Column("short_name", Text, nullable=False),  # JSON by language
    Column("kind", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("postcode", String(16), nullable=False),
    Column("country", String(2), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("timezone", String(64), nullable=False),
    Column("hours", Text, nullable=False),  # JSON
    Column("phone", String(32), nullable=False, server_default=""),
    Column("open_from", Date),
    Column("open_until", Date),
    Column("position", Integer, nullable=False, server_default="0"),
)

product = Table(
    "product",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("title", Text, nullable=False),  # JSON by language
    Column("description", Text, nullable=False),  # JSON by language
    Column("brand", Text, nullable=False, server_default=""),
    Column("category", String(64), nullable=False, server_default=""),
    Column("category_words", Text, nullable=False, server_default=""),
    Column("gender", String(16), nullable=False, server_default=""),
    Column("attributes", Text, nullable=False, server_default="{}"),  # JSON
    Column("url", Text, nullable=False, server_default=""),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("source", "source_id"),
    Index(None, "source_id"),
    sqlite_autoincrement=True,  # an id is never used twice: the visual index and old links may still hold it
)

variant = Table(
    "variant",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("product_id", BigInteger, ForeignKey("product.id"), nullable=False, index=True),
    Column("sku", String(128), nullable=False, unique=True),
    Column("colour", String(64), nullable=False, server_default=""),
    Column("colour_words", Text, nullable=False, server_default=""),
    Column("size", String(32), nullable=False, server_default=""),
    Column("gtin", String(14), nullable=False, server_default="", index=True),
    Column("price_minor", BigInteger, nullable=False),
    Column("list_price_minor", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("price_since_us", BigInteger, nullable=False),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("price_minor >= 0", name="price"),
    sqlite_autoincrement=True,
)

# Prices that were: needed for the lowest price of the last 30 days, which must be shown beside a cut.
past_price = Table(
    "past_price",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("from_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Index(None, "variant_id", "until_us"),
)

picture = Table(
    "picture",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),  # the visual index knows a picture by this id
    Column("product_id", BigInteger, ForeignKey("product.id"), nullable=False, index=True),
    Column("variant_id", BigInteger, ForeignKey("variant.id")),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("source_ref", Text, nullable=False),  # address or path it came from
    Column("sha256", String(64), nullable=False, server_default=""),  # of the bytes as fetched
    Column("phash", String(16), nullable=False, server_default=""),
    Column("media_key", String(128), nullable=False, server_default=""),
    Column("width_px", Integer, nullable=False, server_default="0"),
    Column("height_px", Integer, nullable=False, server_default="0"),
    Column("state", String(8), nullable=False, server_default="wanted"),  # wanted | ready | failed
    Column("failure", String(64), nullable=False, server_default=""),
    UniqueConstraint("product_id", "source_ref"),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

# One row a change, in the order of commits as far as readers care: every index follows it from where it stands.
catalogue_change = Table(
    "catalogue_change",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=True),
    Column("product_id", BigInteger, nullable=False),
    Column("what", String(8), nullable=False),  # product | price | stock | picture | removed
    Column("at_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Changes on PostgreSQL until a reader of the log gives them their numbers (see `changes.py`). SQLite never writes here.
unnumbered_change = Table(
    "unnumbered_change",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("product_id", BigInteger, nullable=False),
    Column("what", String(8), nullable=False),
    Column("at_us", BigInteger, nullable=False),
)


# --- stock ---------------------------------------------------------------------------------------------------------

stock = Table(
    "stock",
    metadata,
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("safety", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("variant_id", "store_id"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
    CheckConstraint("safety >= 0", name="safety"),
    CheckConstraint("held >= 0 AND held <= on_hand", name="held"),
    Index(None, "store_id"),
)

stock_movement = Table(
    "stock_movement",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("variant_id", BigInteger, nullable=False),
    Column("store_id", String(64), nullable=False),
    Column("on_hand_change", Integer, nullable=False),
    Column("held_change", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("reference", String(64), nullable=False, server_default=""),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "variant_id", "store_id"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint(_one_of("state", HoldState), name="state"),
    Index(None, "state", "expires_at_us"),
    Index(None, "variant_id", "store_id", "state"),
)

# What each till said last of each shelf: an older count never overwrites a newer one.
till_count = Table(
    "till_count",
    metadata,
    Column("source", String(32), nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("counted_at_us", BigInteger, nullable=False),
    Column("after_movement", BigInteger, nullable=False, server_default="0"),  # the last one before it was applied
    PrimaryKeyConstraint("source", "variant_id", "store_id"),
)

# What a till calls our things and stores.
till_name = Table(
    "till_name",
    metadata,
    Column("source", String(32), nullable=False),
    Column("kind", String(8), nullable=False),  # item | store
    Column("theirs", String(128), nullable=False),
    Column("ours", String(128), nullable=False),
    PrimaryKeyConstraint("source", "kind", "theirs"),
)


# --- reservations --------------------------------------------------------------------------------------------------

reservation = Table(
    "reservation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("code", String(16), nullable=False),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("source", String(32), nullable=False),
    Column("channel", String(32), nullable=False),  # where news of it goes
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    CheckConstraint(_one_of("state", ReservationState), name="state"),
    Index(None, "code"),
    Index(None, "customer_id", "state"),
    Index(None, "store_id", "state"),
    Index(None, "state", "expires_at_us"),
)

reservation_line = Table(
    "reservation_line",
    metadata,
    Column("reservation_id", String(32), ForeignKey("reservation.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("hold_id", String(32), ForeignKey("hold.id"), nullable=False),
    PrimaryKeyConstraint("reservation_id", "position"),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "variant_id"),
)

reservation_event = Table(
    "reservation_event",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("reservation_id", String(32), ForeignKey("reservation.id"), nullable=False, index=True),
    Column("from_state", String(16), nullable=False, server_default=""),
    Column("to_state", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at_us", BigInteger, nullable=False),
)


# --- people --------------------------------------------------------------------------------------------------------

customer = Table(
    "customer",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("language", String(8), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("joined_into", String(32), nullable=False, server_default=""),  # the customer this one is now
    Column("no_shows_from_us", BigInteger, nullable=False, server_default="0"),  # earlier ones are forgiven
    Column("came_from", String(128), nullable=False, server_default=""),  # the first source that is known
)

contact = Table(
    "contact",
    metadata,
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("last_inbound_at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "account", "address"),
    Index(None, "last_inbound_at_us"),
    Index(None, "address"),
)

# What a person is found by: words of their name, e-mail addresses, the end of telephone numbers, theirs and those of
# their orders. The id is the customer's who said it: `customer.joined_into` leads to who that is by now.
known_word = Table(
    "known_word",
    metadata,
    Column("word", Word, nullable=False),
    Column("customer_id", String(32), nullable=False),
    PrimaryKeyConstraint("word", "customer_id"),
    Index(None, "customer_id"),
    sqlite_with_rowid=False,
)

fit_memory = Table(
    "fit_memory",
    metadata,
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False),
    Column("size_system", String(32), nullable=False),
    Column("size", String(32), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("customer_id", "size_system"),
)

# Append-only: what was asked in which words, and what was answered.
consent = Table(
    "consent",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("wording", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("source", String(64), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "customer_id", "purpose"),
)

# A photo that a shopper sent, or our copy of it: deleted when its time is over, shown to nobody but who sent it and
# staff in the thread.
shopper_photo = Table(
    "shopper_photo",
    metadata,
    Column("media_key", String(128), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("delete_after_us", BigInteger, nullable=False, index=True),
)


# --- carts and orders ----------------------------------------------------------------------------------------------

cart = Table(
    "cart",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False, unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("coupon", String(40), nullable=False, server_default=""),
    Column("draft", Text, nullable=False, server_default="{}"),  # JSON of the checkout so far
    Column("updated_at_us", BigInteger, nullable=False),
)

cart_line = Table(
    "cart_line",
    metadata,
    Column("cart_id", String(32), ForeignKey("cart.id"), nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("saved", Boolean, nullable=False, server_default=text("false")),
    Column("source", String(128), nullable=False, server_default=""),
    Column("added_at_us", BigInteger, nullable=False),
    # A thing may be wanted and put aside at once: two carts that meet lose neither.
    PrimaryKeyConstraint("cart_id", "variant_id", "saved"),
    CheckConstraint("quantity > 0", name="quantity"),
)

# "order" is a word of SQL.
shop_order = Table(
    "shop_order",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False),
    Column("cart_id", String(32), nullable=False, server_default=""),
    Column("state", String(24), nullable=False),
    Column("source", String(16), nullable=False),
    Column("channel", String(32), nullable=False),  # where news of it goes
    Column("account", String(64), nullable=False),
    Column("contact_address", String(255), nullable=False),
    Column("language", String(8), nullable=False),
    Column("fulfilment", String(16), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("email", String(254), nullable=False, server_default=""),
    Column("phone", String(32), nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),  # JSON, '' without a parcel
    Column("currency", String(3), nullable=False),
    Column("subtotal_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False, server_default="0"),
    Column("delivery_minor", BigInteger, nullable=False, server_default="0"),
    Column("added_tax_minor", BigInteger, nullable=False, server_default="0"),  # where prices exclude it
    Column("taxes", Text, nullable=False, server_default="[]"),  # JSON by rate
    Column("tax_included", Boolean, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("paid_minor", BigInteger, nullable=False, server_default="0"),
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    Column("coupon", String(40), nullable=False, server_default=""),
    Column("came_from", String(128), nullable=False, server_default=""),  # a campaign, a link, a page of a catalogue
    Column("pickup_code", String(16), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("fulfilled_at_us", BigInteger),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(_one_of("state", OrderState), name="state"),
    CheckConstraint("total_minor = subtotal_minor - discount_minor + delivery_minor + added_tax_minor", name="total"),
    CheckConstraint("discount_minor >= 0 AND discount_minor <= subtotal_minor", name="discount"),
    CheckConstraint("refunded_minor >= 0 AND refunded_minor <= paid_minor", name="refunded"),
    Index(None, "customer_id"),
    Index(None, "state", "expires_at_us"),
    Index(None, "store_id", "state"),
    Index(None, "cart_id"),
    Index(None, "pickup_code"),
    sqlite_autoincrement=True,
)

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("sku", String(128), nullable=False),
    Column("title", Text, nullable=False),  # JSON by language, as it was when ordered
    Column("quantity", Integer, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False, server_default="0"),
    Column("tax_rate_bp", Integer, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("hold_id", String(32), nullable=False, server_default=""),  # '' for a sale at the counter
    Column("returned", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("order_id", "position"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("returned >= 0 AND returned <= quantity", name="returned"),
    Index(None, "variant_id"),
    sqlite_with_rowid=False,
)

order_event = Table(
    "order_event",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False, index=True),
    Column("from_state", String(24), nullable=False, server_default=""),
    Column("to_state", String(24), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at_us", BigInteger, nullable=False),
)

promotion = Table(
    "promotion",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("min_subtotal_minor", BigInteger, nullable=False, server_default="0"),
    Column("starts_at_us", BigInteger),
    Column("ends_at_us", BigInteger),
    Column("max_uses", Integer, nullable=False, server_default="0"),
    Column("once_per_customer", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("uses", Integer, nullable=False, server_default="0"),
    CheckConstraint("uses >= 0 AND (max_uses = 0 OR uses <= max_uses)", name="uses"),
    CheckConstraint("value >= 0", name="value"),
)

# One row an order that counts; gone again when the order ends unpaid.
promotion_use = Table(
    "promotion_use",
    metadata,
    Column("order_id", String(32), ForeignKey("shop_order.id"), primary_key=True),
    Column("code", String(40), ForeignKey("promotion.code"), nullable=False),
    Column("customer_id", String(32), nullable=False),
    Index(None, "code", "customer_id"),
)


# --- money ---------------------------------------------------------------------------------------------------------

payment_attempt = Table(
    "payment_attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False, index=True),
    Column("provider", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(24), nullable=False),
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("session_ref", String(255), nullable=False, server_default=""),
    Column("payment_ref", String(255), nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("captured_minor", BigInteger, nullable=False, server_default="0"),
    Column("refunding_minor", BigInteger, nullable=False, server_default="0"),
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("next_check_at_us", BigInteger),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(_one_of("state", PaymentState), name="state"),
    CheckConstraint("refunding_minor >= 0 AND refunding_minor <= captured_minor", name="refunding"),
    CheckConstraint("refunded_minor >= 0 AND refunded_minor <= refunding_minor", name="refunded"),
    Index(None, "provider", "session_ref"),
    Index(None, "provider", "payment_ref"),
    Index(None, "next_check_at_us"),
)

# Money that moved: append-only, once per provider and reference. Refunds are negative.
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("attempt_id", String(32), ForeignKey("payment_attempt.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # capture | refund | dispute
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("provider", String(16), nullable=False),
    Column("reference", String(255), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    UniqueConstraint("provider", "kind", "reference"),
)

refund = Table(
    "refund",
    metadata,
    Column("id", String(32), primary_key=True),  # its idempotency key
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False, index=True),
    Column("attempt_id", String(32), ForeignKey("payment_attempt.id"), nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("provider_ref", String(255), nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("next_try_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint(_one_of("state", RefundState), name="state"),
    Index(None, "state", "next_try_at_us"),
)

# What banks ask back. `lost_minor`: what of it is in the ledger as lost.
payment_dispute = Table(
    "payment_dispute",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("attempt_id", String(32), ForeignKey("payment_attempt.id"), nullable=False, index=True),
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False, index=True),
    Column("provider", String(16), nullable=False),
    Column("reference", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("withheld", Boolean, nullable=False),
    Column("reason", String(64), nullable=False, server_default=""),
    Column("said_at_us", BigInteger, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    Column("lost_minor", BigInteger, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("provider", "reference"),
    CheckConstraint(_one_of("state", DisputeState), name="state"),
    CheckConstraint("lost_minor >= 0 AND lost_minor <= amount_minor", name="lost"),
)

# Authentic calls of providers, as they came; each takes effect once.
payment_event = Table(
    "payment_event",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("provider", String(16), nullable=False),
    Column("event_id", String(255), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, server_default="new"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("not_before_us", BigInteger, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("provider", "event_id"),
    CheckConstraint(_one_of("state", InboxState), name="state"),
    Index(None, "state", "not_before_us"),
)


# --- what comes back, who is who, and what staff must look at --------------------------------------------------------

return_request = Table(
    "return_request",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("order_id", String(32), ForeignKey("shop_order.id"), nullable=False, index=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("way", String(8), nullable=False),
    Column("code", String(16), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("photo_key", String(128), nullable=False, server_default=""),
    Column("store_id", String(64), nullable=False, server_default=""),
    Column("new_variant_id", BigInteger, nullable=False, server_default="0"),
    Column("hold_id", String(32), nullable=False, server_default=""),
    Column("refund_minor", BigInteger, nullable=False, server_default="0"),
    Column("currency", String(3), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    Column("receipt", Text, nullable=False, server_default=""),
    Column("receipt_channel", String(32), nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(_one_of("state", ReturnState), name="state"),
    Index(None, "code"),
)

return_line = Table(
    "return_line",
    metadata,
    Column("return_id", String(32), ForeignKey("return_request.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("resellable", Boolean),
    PrimaryKeyConstraint("return_id", "position"),
    CheckConstraint("quantity > 0", name="quantity"),
)

link_token = Table(
    "link_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(8), nullable=False),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("note", String(128), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
    Column("used_at_us", BigInteger),
)

# Two customers that were made one, with what is needed to make them two again.
customer_merge = Table(
    "customer_merge",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kept_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("joined_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("moved", Text, nullable=False),  # JSON
    Column("at_us", BigInteger, nullable=False),
    Column("undone_at_us", BigInteger),
)

staff_task = Table(
    "staff_task",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("store_id", String(64), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger),
    Column("done_at_us", BigInteger),
    # Open once: raising it again changes nothing.
    Index(
        "uq_staff_task_open",
        "kind",
        "subject",
        unique=True,
        sqlite_where=text("done_at_us IS NULL"),
        postgresql_where=text("done_at_us IS NULL"),
    ),
    Index(None, "done_at_us", "created_at_us"),
)

# `method`: '' everything, "reserve" or "pickup".
store_pause = Table(
    "store_pause",
    metadata,
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("method", String(16), nullable=False, server_default=""),
    Column("until_us", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", String(64), nullable=False),
    PrimaryKeyConstraint("store_id", "method"),
)

# Who asked to be told when a store takes orders again: told once.
pause_waiter = Table(
    "pause_waiter",
    metadata,
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    PrimaryKeyConstraint("store_id", "channel", "account", "address"),
)


# --- the counter: the team, what is collected, what is offered, who waits, who speaks -------------------------------

staff_member = Table(
    "staff_member",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("store_ids", Text, nullable=False, server_default="[]"),  # JSON
    Column("languages", Text, nullable=False, server_default="[]"),  # JSON
    Column("skills", Text, nullable=False, server_default="[]"),  # JSON
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("password_hash", Text, nullable=False, server_default=""),
    Column("totp_secret", String(64), nullable=False, server_default=""),
    Column("totp_step", BigInteger, nullable=False, server_default="0"),  # the last one that was used
    Column("created_at_us", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(_one_of("role", Role), name="role"),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("staff_id", String(32), ForeignKey("staff_member.id"), nullable=False, index=True),
    Column("created_at_us", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)

# What the counter knows of a reservation or an order beside itself.
pick_up = Table(
    "pick_up",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("subject_id", String(32), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("accepted_at_us", BigInteger),
    Column("accepted_by", String(64), nullable=False, server_default=""),
    Column("proxy", Text, nullable=False, server_default=""),
    Column("coming_at_us", BigInteger),
    Column("vehicle", Text, nullable=False, server_default=""),
    Column("spot", Text, nullable=False, server_default=""),
    Column("arrived_at_us", BigInteger),
    Column("slot_at_us", BigInteger),
    Column("reminded", Text, nullable=False, server_default="[]"),  # JSON
    PrimaryKeyConstraint("kind", "subject_id"),
    CheckConstraint(_one_of("kind", PickUpKind), name="kind"),
    Index(None, "store_id", "slot_at_us"),
)

collecting_rules = Table(
    "collecting_rules",
    metadata,
    Column("store_id", String(64), ForeignKey("store.id"), primary_key=True),
    Column("slot_minutes", Integer, nullable=False),
    Column("slot_capacity", Integer, nullable=False),
    Column("prep_minutes", Integer, nullable=False),
    Column("curbside", Boolean, nullable=False),
    CheckConstraint("slot_minutes > 0 AND slot_capacity >= 0 AND prep_minutes >= 0", name="sane"),
)

# Counts who comes in a slot, so that one guarded statement says whether it is full.
slot_use = Table(
    "slot_use",
    metadata,
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("slot_at_us", BigInteger, nullable=False),
    Column("taken", Integer, nullable=False),
    PrimaryKeyConstraint("store_id", "slot_at_us"),
    CheckConstraint("taken >= 0", name="taken"),
)

offer = Table(
    "offer",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("instead_of_kind", String(16), nullable=False),
    Column("instead_of_id", String(32), nullable=False),
    Column("state", String(8), nullable=False),
    Column("taken", SmallInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    CheckConstraint(_one_of("state", OfferState), name="state"),
    Index(None, "state", "expires_at_us"),
)

offer_choice = Table(
    "offer_choice",
    metadata,
    Column("offer_id", String(32), ForeignKey("offer.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("hold_id", String(32), ForeignKey("hold.id"), nullable=False, index=True),
    PrimaryKeyConstraint("offer_id", "position", "variant_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)

stock_waiter = Table(
    "stock_waiter",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", String(32), ForeignKey("customer.id"), nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), nullable=False, server_default=""),
    Column("state", String(8), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("told_at_us", BigInteger),
    Column("told_store_id", String(64), nullable=False, server_default=""),
    Column("hold_id", String(32), nullable=False, server_default="", index=True),
    Column("until_us", BigInteger),
    CheckConstraint(_one_of("state", WaitState), name="state"),
    # One wait of a person for a thing at a time.
    Index(
        "uq_stock_waiter_open",
        "customer_id",
        "variant_id",
        "store_id",
        unique=True,
        sqlite_where=text("state IN ('waiting', 'told')"),
        postgresql_where=text("state IN ('waiting', 'told')"),
    ),
    Index(None, "state", "variant_id", "created_at_us"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("customer_id", String(32), ForeignKey("customer.id"), primary_key=True),
    Column("voice", String(16), nullable=False),
    Column("reason", String(16), nullable=False, server_default=""),
    Column("assigned_to", String(32), nullable=False, server_default=""),
    Column("store_id", String(64), nullable=False, server_default=""),
    Column("language", String(8), nullable=False, server_default=""),
    Column("skill", String(32), nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default=""),
    Column("asked_at_us", BigInteger),
    Column("unanswered_since_us", BigInteger),
    Column("staff_spoke_at_us", BigInteger),
    Column("callback_offered_at_us", BigInteger),
    Column("said_goodbye_at_us", BigInteger),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(_one_of("voice", Voice), name="voice"),
    Index(None, "voice", "unanswered_since_us"),
)

canned_reply = Table(
    "canned_reply",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),  # JSON by language
    Column("position", Integer, nullable=False, server_default="0"),
)

# How people of the shop answer: append-only.
staff_answer = Table(
    "staff_answer",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("staff_id", String(32), nullable=False),
    Column("customer_id", String(32), nullable=False),
    Column("canned_id", String(32), nullable=False, server_default=""),
    Column("edited", Boolean, nullable=False),
    Column("waited_s", Integer),
    Column("at_us", BigInteger, nullable=False, index=True),
    Index(None, "customer_id", "canned_id"),
)

# Chats of the staff bot: a member's own, or a group's.
staff_chat = Table(
    "staff_chat",
    metadata,
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("staff_id", String(32), nullable=False, server_default="", index=True),
    Column("store_id", String(64), nullable=False, server_default=""),
    Column("has_topics", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("channel", "account", "address"),
)

# A group's topic about one customer.
staff_topic = Table(
    "staff_topic",
    metadata,
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("topic_id", String(64), nullable=False),
    Column("customer_id", String(32), nullable=False),
    PrimaryKeyConstraint("channel", "account", "address", "topic_id"),
    UniqueConstraint("channel", "account", "address", "customer_id"),
)


# --- catalogues: pictures that lead to products, and what readers do with them ---------------------------------------

lookbook = Table(
    "lookbook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("title", Text, nullable=False),  # JSON by language
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("created_at_us", BigInteger, nullable=False),
    Column("published_at_us", BigInteger),
    CheckConstraint(_one_of("state", LookbookState), name="state"),
)

# Version 0 is the draft; the others never change.
lookbook_version = Table(
    "lookbook_version",
    metadata,
    Column("lookbook_id", String(32), ForeignKey("lookbook.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("pages", Text, nullable=False),  # JSON
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("lookbook_id", "version"),
)

hotspot = Table(
    "hotspot",
    metadata,
    Column("lookbook_id", String(32), ForeignKey("lookbook.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("id", String(32), nullable=False),
    Column("page", Integer, nullable=False),
    Column("x_frac", Float, nullable=False),
    Column("y_frac", Float, nullable=False),
    Column("width_frac", Float, nullable=False),
    Column("height_frac", Float, nullable=False),
    Column("product_id", BigInteger, nullable=False, index=True),
    Column("variant_id", BigInteger, nullable=False, server_default="0"),
    Column("found_by", String(8), nullable=False),
    Column("review", String(16), nullable=False),
    Column("printed", Text, nullable=False, server_default=""),
    Column("printed_price_minor", BigInteger, nullable=False, server_default="0"),
    Column("doubts", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("lookbook_id", "version", "id"),
)

reading_event = Table(
    "reading_event",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("did", String(8), nullable=False),
    Column("lookbook_id", String(32), nullable=False, server_default=""),
    Column("page", Integer, nullable=False, server_default="0"),
    Column("product_id", BigInteger, nullable=False, server_default="0"),
    Column("dwell_ms", Integer, nullable=False, server_default="0"),
    Column("visitor", String(64), nullable=False, server_default=""),  # '' without consent
    Column("customer_id", String(32), nullable=False, server_default=""),
    Column("source", String(128), nullable=False, server_default=""),
    Column("subject", String(64), nullable=False, server_default=""),
    Column("at_us", BigInteger, nullable=False),
    CheckConstraint(_one_of("did", Did), name="did"),
    Index(None, "lookbook_id", "at_us"),
    Index(None, "customer_id", "at_us"),
    Index(None, "visitor", "at_us"),
)

# A picture on the link page.
post = Table(
    "post",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("picture_key", String(128), nullable=False),
    Column("caption", Text, nullable=False),  # JSON by language
    Column("product_ids", Text, nullable=False, server_default="[]"),  # JSON
    Column("position", Integer, nullable=False, server_default="0"),
    Column("shown", Boolean, nullable=False, server_default=text("true")),
    Column("external_id", String(128), nullable=False, server_default="", index=True),
    Column("external_url", Text, nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),  # when it was posted
    Column("small_key", String(128), nullable=False, server_default=""),
)

imported_post = Table(
    "imported_post",
    metadata,
    Column("external_id", String(128), primary_key=True),
    Column("post_id", String(32), nullable=False),  # of one that may have been removed since
    Column("caption", Text, nullable=False),
    Column("gone_at_us", BigInteger),
)

short_link = Table(
    "short_link",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("path", Text, nullable=False),
    Column("label", String(128), nullable=False, server_default=""),
    Column("post_id", String(32), nullable=False, server_default=""),
    Column("lookbook_id", String(32), nullable=False, server_default=""),
    Column("clicks", Integer, nullable=False, server_default="0"),
    Column("created_at_us", BigInteger, nullable=False),
)


# How the shop looks wherever it is shown: one row.
brand = Table(
    "brand",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("ink", String(7), nullable=False),
    Column("paper", String(7), nullable=False),
    Column("accent", String(7), nullable=False),
    Column("logo_key", String(128), nullable=False, server_default=""),
    Column("tagline", Text, nullable=False, server_default="{}"),  # JSON by language
    Column("claim", Text, nullable=False, server_default="{}"),  # likewise
    Column("claim_until", Date),
    Column("changed_at_us", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

campaign = Table(
    "campaign",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("headline", Text, nullable=False),  # JSON by language
    Column("items", Text, nullable=False),  # JSON: the facts as they were read
    Column("claim", Text, nullable=False, server_default="{}"),
    Column("claim_until", Date),
    Column("links", Text, nullable=False, server_default="{}"),  # JSON: short links by outlet
    Column("came_from", String(128), nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("created_at_us", BigInteger, nullable=False),
    Column("read_at_us", BigInteger, nullable=False),
)


# --- mail: what comes in and goes out ------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("event_id", String(255), nullable=False),
    Column("address", String(255), nullable=False),
    Column("lane", String(360), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sent_at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, server_default="new"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("not_before_us", BigInteger, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("done_at_us", BigInteger),
    UniqueConstraint("channel", "account", "event_id"),
    CheckConstraint(_one_of("state", InboxState), name="state"),
    Index(None, "state", "lane"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("lane", String(360), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("repeat_safe", Boolean, nullable=False),
    Column("state", String(8), nullable=False, server_default="ready"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("not_before_us", BigInteger, nullable=False, server_default="0"),
    Column("provider_id", String(255), nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Column("sent_at_us", BigInteger),
    CheckConstraint(_one_of("state", OutboxState), name="state"),
    Index(None, "state", "lane"),
    sqlite_autoincrement=True,
)

# Who works on a lane right now, until when; a dead worker's lane is free again when its lease has run out.
lane_lease = Table(
    "lane_lease",
    metadata,
    Column("lane", String(370), primary_key=True),  # "in:<lane>" or "out:<lane>"
    Column("owner", String(64), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

thread_entry = Table(
    "thread_entry",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("channel", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("address", String(255), nullable=False),
    Column("direction", String(4), nullable=False),
    Column("body", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "channel", "account", "address", "id"),
    sqlite_autoincrement=True,
)

# Words that people said, shoppers and staff: what a thread is found by. The bot's own sentences are not in it.
said_word = Table(
    "said_word",
    metadata,
    Column("word", Word, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("word", "entry_id"),
    sqlite_with_rowid=False,
)

# Small JSON with an expiry: conversation sessions, polling offsets, one-time links, rate counters.
state = Table(
    "state",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)


# --- feeds ---------------------------------------------------------------------------------------------------------

feed_run = Table(
    "feed_run",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False, index=True),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("state", String(16), nullable=False),  # reading | staged | applied | refused | unchanged
    Column("report", Text, nullable=False, server_default="{}"),  # JSON
)

# What each item of a feed looked like last time: an unchanged item is recognised without being parsed.
feed_item = Table(
    "feed_item",
    metadata,
    Column("source", String(64), nullable=False),
    Column("item_id", String(128), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("source", "item_id"),
)


# What the last feed said of each shelf: a level is only written again when the feed says something else, so that units
# handed over or counted since then stay handed over and counted.
feed_stock = Table(
    "feed_stock",
    metadata,
    Column("variant_id", BigInteger, ForeignKey("variant.id"), nullable=False),
    Column("store_id", String(64), ForeignKey("store.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    PrimaryKeyConstraint("variant_id", "store_id"),
)


# --- the record ----------------------------------------------------------------------------------------------------

# Append-only: triggers refuse to change or delete a row (migration 0007). It holds ids and no words of people, so that
# forgetting somebody never needs to touch it.
audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("details", Text, nullable=False, server_default="{}"),
)
