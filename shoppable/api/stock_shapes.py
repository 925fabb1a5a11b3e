"""The JSON of stock and pauses, as types."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from shoppable.shapes import BandName, Iso

_exact = with_config(ConfigDict(extra="forbid"))

Sku = Annotated[str, Field(min_length=1, max_length=128, description="A SKU, or a barcode (GTIN).")]
StoreId = Annotated[str, Field(min_length=1, max_length=64)]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=64, description="The receipt's or list's own number: it counts once for a shelf."),
]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
Note = Annotated[str, Field(max_length=500)]


@_exact
class UnitsMoved(TypedDict):
    """Units that were sold, damaged, not found, or are back on the shelf. `override`: even those that are only held
    online; their owners, the youngest first, are told."""

    sku: Sku
    store: StoreId
    reference: Reference
    quantity: NotRequired[Units]
    note: NotRequired[Note]
    override: NotRequired[bool]


@_exact
class UnitsCounted(TypedDict):
    """How many units are on the shelf. Fewer than are promised: what is missing becomes somebody's task, unless
    `override` takes them from their owners."""

    sku: Sku
    store: StoreId
    reference: Reference
    on_hand: Annotated[int, Field(ge=0, le=1_000_000)]
    note: NotRequired[Note]
    override: NotRequired[bool]


@_exact
class WhoLost(TypedDict):
    """Somebody whose units were taken."""

    kind: Literal["reservation", "order"]
    id: str
    quantity: int


@_exact
class StockTaken(TypedDict):
    """The shelf afterwards. `counted` false: the reference was known, and nothing has changed. `missing`: units that
    are promised and not there."""

    sku: str
    store: str
    on_hand: int
    held: int
    safety: int
    available: int
    band: BandName
    counted: bool
    lost: list[WhoLost]
    missing: int


@_exact
class NewSafety(TypedDict):
    """Units of this shelf that online shoppers are never offered."""

    safety: Annotated[int, Field(ge=0, le=1_000_000)]


@_exact
class Movement(TypedDict):
    """One line of a thing's history. `by` is empty where shoppers and the clock move stock."""

    id: int
    at: Iso
    store: str
    on_hand_change: int
    held_change: int
    reason: str
    reference: str
    by: str
    note: str


@_exact
class Movements(TypedDict):
    """Newest first. Ask again with `before` = `next_before` for older ones."""

    sku: str
    movements: list[Movement]
    next_before: int | None


@_exact
class Difference(TypedDict):
    """A feed or a till says another number. `unexplained`: what sales and returns since then do not explain."""

    sku: str
    store: str
    source: str
    theirs: int
    ours: int
    moved_since: int
    unexplained: int


@_exact
class Differences(TypedDict):
    differences: list[Difference]


Method = Literal["", "reserve", "pickup"]


@_exact
class NewPause(TypedDict):
    """Either `until` or `minutes`. The reason is for staff. `method`: what the store does not do, "reserve" or
    "pickup"; left out: all of it."""

    until: NotRequired[Annotated[str, Field(max_length=40, description="Moment, ISO 8601 with its zone.")]]
    minutes: NotRequired[Annotated[int, Field(ge=1, le=44_640)]]
    reason: NotRequired[Annotated[str, Field(max_length=500)]]
    method: NotRequired[Method]


@_exact
class Paused(TypedDict):
    method: str
    store: str
    until: Iso
    reason: str
    by: str
