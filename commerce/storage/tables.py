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

from commerce.domain.mail import InboxState, OutboxState
from commerce.domain.reservation import ReservationState
from commerce.domain.stock import HoldState

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
