"""Counts in the calls of payment providers that also keep a counter's stock.

Square sends `inventory.count.updated` with `data.object.inventory_counts`: the quantity in each state at each location,
as a decimal string, with `calculated_at`, the moment of the movement behind it.
https://developer.squareup.com/reference/square/webhooks/inventory.count.updated
https://developer.squareup.com/reference/square/objects/InventoryCount
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from commerce.domain.stocktaking import MOST_UNITS, TillCount

_ON_THE_SHELF = "IN_STOCK"
_MOST_COUNTS = 10_000


def square_counts(body: bytes) -> list[TillCount]:
    """What is on the shelf according to Square. Raises ValueError for what is no such call."""
    try:
        call = json.loads(body)
        counts = call["data"]["object"]["inventory_counts"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError("no inventory counts in this call") from error
    if not isinstance(counts, list) or len(counts) > _MOST_COUNTS:
        raise ValueError("inventory counts are no list, or too many")
    return [_square_count(count) for count in counts if _is_shelf(count)]


def _is_shelf(count: Any) -> bool:
    """Other states (sold, wasted, returned…) are no stock, and other types than variations are not counted."""
    if not isinstance(count, dict):
        raise ValueError("an inventory count is no object")
    return (
        count.get("state") == _ON_THE_SHELF and count.get("catalog_object_type", "ITEM_VARIATION") == "ITEM_VARIATION"
    )


def _square_count(count: dict[str, Any]) -> TillCount:
    item, place = count.get("catalog_object_id"), count.get("location_id")
    if not isinstance(item, str) or not isinstance(place, str) or not 0 < len(item) <= 128 or not 0 < len(place) <= 64:
        raise ValueError("an inventory count names no thing or no place")
    try:
        quantity = Decimal(str(count["quantity"]))
        at = datetime.fromisoformat(str(count["calculated_at"]).replace("Z", "+00:00"))
    except (KeyError, InvalidOperation, ValueError) as error:
        raise ValueError("an inventory count without quantity or moment") from error
    if not quantity.is_finite() or abs(quantity) > MOST_UNITS:
        raise ValueError("an inventory count out of bounds")
    # Half a metre of ribbon cannot be sold as one piece; a till that has sold too many says a number below 0.
    whole = max(0, int(quantity.to_integral_value(ROUND_FLOOR)))
    return TillCount("square", item, place, whole, at if at.tzinfo else at.replace(tzinfo=UTC))


TILLS: Mapping[str, Callable[[bytes], Sequence[TillCount]]] = MappingProxyType({"square": square_counts})
