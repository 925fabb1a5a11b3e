"""What travels through an import: a raw item, the row read from it, the drafts made of the row, and what was wrong.

bytes → RawItem(line, data) → FeedRow(line, fields) → VariantDraft, or RowError(line, field, reason)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why one line was left out. Words for people are in `catalog_sync.report`."""

    NOT_WELL_FORMED = "not_well_formed"
    TOO_FEW_COLUMNS = "too_few_columns"
    TOO_MANY_COLUMNS = "too_many_columns"
    MISSING = "missing"
    TOO_LONG = "too_long"
    CONTROL_CHARACTERS = "control_characters"
    NOT_A_PRICE = "not_a_price"
    AMBIGUOUS_PRICE = "ambiguous_price"
    NEGATIVE_PRICE = "negative_price"
    PRICE_TOO_LARGE = "price_too_large"
    NO_CURRENCY = "no_currency"
    UNKNOWN_CURRENCY = "unknown_currency"
    OTHER_CURRENCY = "other_currency"
    NOT_A_GTIN = "not_a_gtin"
    DUPLICATE = "duplicate"
    TAKEN = "taken"
    NOT_AN_ADDRESS = "not_an_address"
    NOT_A_COUNT = "not_a_count"
    UNKNOWN_STORE = "unknown_store"
    UNKNOWN_ITEM = "unknown_item"
    NOT_A_KIND = "not_a_kind"
    NOT_THAT_MANY = "not_that_many"
    HELD_ONLINE = "held_online"
    PAID_FOR = "paid_for"


class Stop(StrEnum):
    """Why a whole feed was refused. The shop keeps what it had."""

    NOT_FOUND = "not_found"
    UNKNOWN_FORMAT = "unknown_format"
    SEVERAL_FEEDS = "several_feeds"
    BAD_OPTIONS = "bad_options"
    FETCH = "fetch"
    TOO_LARGE = "too_large"
    BOMB = "bomb"
    NESTED_ARCHIVE = "nested_archive"
    DAMAGED_ARCHIVE = "damaged_archive"
    DOCTYPE = "doctype"
    ENCODING = "encoding"
    NUL = "nul"
    CUT = "cut"
    NOT_WELL_FORMED = "not_well_formed"
    NO_ITEM = "no_item"
    NO_COLUMN = "no_column"
    SHRANK = "shrank"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item of a feed as its bytes: an XML element, or a record of a delimited file. `line` starts at 1."""

    line: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One item as names and texts, in Google's attribute vocabulary: id, title, price, image_link…

    `more_pictures` is what `additional_image_link` held, in order.
    """

    line: int
    fields: Mapping[str, str]
    more_pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    """One line that was left out: where, which field, why, and the beginning of what was there."""

    line: int
    field: str
    reason: Reason
    value: str = ""
    other_line: int = 0
    """For a duplicate: the line that came first."""


class FieldRefused(Exception):
    """What a field says cannot be taken, so its line is left out: becomes a RowError."""

    def __init__(self, field: str, reason: Reason, value: str = "") -> None:
        self.field, self.reason, self.value = field, reason, value


class FeedRefused(Exception):
    """The whole feed is refused and nothing was changed. `details` fill the words of `catalog_sync.report`."""

    def __init__(self, stop: Stop, **details: str | int) -> None:
        super().__init__(f"{stop.value} {details}" if details else stop.value)
        self.stop = stop
        self.details = details


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One item, checked. Texts are by language; `colour`, `category` and `gender` are lexicon keys or ''.

    `group` names the product: the feed's item_group_id, or the item's own id.
    """

    line: int
    item_id: str
    group: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    brand: str
    category: str
    category_words: str
    gender: str
    attributes: Mapping[str, str]
    url: str
    colour: str
    colour_words: str
    size: str
    gtin: str
    price_minor: int
    list_price_minor: int | None
    currency: str
    pictures: tuple[str, ...]
    quantity: int | None = None
    """Units when the feed itself counts them (plain CSV without a local inventory)."""
    changes_at_us: int = 0
    """When a dated sale price begins or ends next; 0: the draft does not depend on the date."""


@dataclass(frozen=True, slots=True)
class StockDraft:
    """How many units of an item a store has, as its inventory says."""

    line: int
    item_id: str
    store_id: str
    quantity: int
