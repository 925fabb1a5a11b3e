"""What pages send of what is looked at: the page of an open catalogue, and that of a product."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

_exact = with_config(ConfigDict(extra="forbid"))

Number = Annotated[int, Field(ge=0, le=10**15)]


@_exact
class Told(TypedDict):
    """`id` is the page's own: what is sent twice counts once."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{16,64}$")]
    did: Literal["opened", "page", "hotspot", "cart", "chat"]
    page: NotRequired[Annotated[int, Field(ge=0, le=10_000)]]
    product: NotRequired[Number]
    dwell_ms: NotRequired[Annotated[int, Field(ge=0, le=3_600_000)]]


@_exact
class Viewed(TypedDict):
    """A product's own page: once when it is looked at, and with how long when it is left."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{16,64}$")]
    dwell_ms: NotRequired[Annotated[int, Field(ge=0, le=3_600_000)]]
    consent: NotRequired[bool]


@_exact
class ReadingReport(TypedDict):
    """`consent`: whether the reader agreed to be recognised."""

    events: Annotated[list[Told], Field(min_length=1, max_length=50)]
    consent: NotRequired[bool]
    source: NotRequired[Annotated[str, Field(max_length=128)]]
