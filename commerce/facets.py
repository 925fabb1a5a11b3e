"""Which products satisfy certain conditions, from columns in memory: one row a variant, so that all conditions hold
together on one variant.

The rows lie in a large table that never changes and a small one of what changed since; rows of the large one that
have been replaced are marked. When the small one has grown, both become one. A reader keeps the state it began with.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commerce.domain.product import Product
from commerce.domain.search import Filters
from commerce.domain.stock import StockLevel
from commerce.ports import Kept

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

_STORES_A_LANE = 64
_MERGE_SHARE = 0.05
_MERGE_LEAST_ROWS = 5_000
_SEVERAL = 12  # up to so many values are compared one by one; more go through a table


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """One row a variant, ascending by product. Codes number the words of a column; `stores` has one bit a store that
    may still promise the variant."""

    product_ids: Ids
    categories: NDArray[np.int32]
    colours: NDArray[np.int32]
    genders: NDArray[np.int32]
    sizes: NDArray[np.int32]
    prices_minor: Ids
    stores: NDArray[np.uint64]  # [rows, lanes]

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def is_even(self) -> bool:
        """Whether all columns are equally long."""
        return all(len(getattr(self, field.name)) == len(self) for field in fields(self))

    def only(self, keep: Mask) -> _Rows:
        return _Rows(*(getattr(self, field.name)[keep] for field in fields(self)))

    def with_rows(self, other: _Rows) -> _Rows:
        """Both, ascending by product."""
        lanes = max(self.stores.shape[1], other.stores.shape[1])
        order = np.argsort(np.concatenate([self.product_ids, other.product_ids]), kind="stable")
        columns = []
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if field.name == "stores":
                mine, theirs = _widened(mine, lanes), _widened(theirs, lanes)
            columns.append(np.concatenate([mine, theirs])[order])
        return _Rows(*columns)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    large: _Rows
    alive: Mask  # rows of the large table that still count
    small: _Rows


def _widened(stores: NDArray[np.uint64], lanes: int) -> NDArray[np.uint64]:
    if stores.shape[1] == lanes:
        return stores
    wide = np.zeros((len(stores), lanes), np.uint64)
    wide[:, : stores.shape[1]] = stores
    return wide


def _no_rows() -> _Rows:
    codes = np.zeros(0, np.int32)
    ids = np.zeros(0, np.int64)
    return _Rows(ids, codes, codes, codes, codes, ids, np.zeros((0, 1), np.uint64))


class ColumnFacets:
    """`commerce.ports.Facets`. Readers never wait; writers take turns."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}
        self._stores: dict[str, int] = {}
        self._state = _State(_no_rows(), np.zeros(0, np.bool_), _no_rows())
        self._writing = threading.Lock()

    def __len__(self) -> int:
        """Variants held."""
        state = self._state
        return int(np.count_nonzero(state.alive)) + len(state.small)

    # Writing

    def upsert(self, products: Iterable[tuple[Product, Sequence[StockLevel]]]) -> None:
        """Adds products with their levels, or replaces what is known of them. Of two with one id the later counts."""
        with self._writing:
            latest = {product.id: (product, levels) for product, levels in products}
            if latest:
                rows = self._rows(latest.values())
                self._replace(np.array(sorted(latest), np.int64), rows)

    def remove(self, product_ids: Iterable[int]) -> None:
        """Unknown ids are no error."""
        with self._writing:
            gone = np.array(sorted(set(product_ids)), np.int64)
            if len(gone):
                self._replace(gone, None)

    def _replace(self, ids: Ids, rows: _Rows | None) -> None:
        state = self._state
        alive = state.alive.copy()
        alive[_rows_of(state.large, ids)] = False
        stays = np.ones(len(state.small), np.bool_)
        stays[_rows_of(state.small, ids)] = False
        small = state.small.only(stays)
        if rows is not None:
            small = small.with_rows(rows)
        large = state.large
        changed = len(small) + int(np.count_nonzero(~alive))
        if changed > max(_MERGE_LEAST_ROWS, int(_MERGE_SHARE * len(large))):
            large = large.only(alive).with_rows(small)
            alive, small = np.ones(len(large), np.bool_), _no_rows()
        self._state = _State(large, alive, small)

    def _code(self, word: str) -> int:
        return self._codes.setdefault(word, len(self._codes))

    def _rows(self, products: Iterable[tuple[Product, Sequence[StockLevel]]]) -> _Rows:
        ids, prices = array("q"), array("q")
        categories, colours, genders, sizes = array("i"), array("i"), array("i"), array("i")
        held: list[tuple[int, int]] = []  # row and number of a store that has it
        for product, levels in products:
            has: dict[int, list[str]] = {}
            for level in levels:
                if level.on_hand > level.held + level.safety:  # available, without two calls a level
                    has.setdefault(level.variant_id, []).append(level.store_id)
            category, gender = self._code(product.category), self._code(product.gender)
            for variant in product.variants:
                if variant.id in has:
                    row, known = len(ids), self._stores
                    held += [(row, known.setdefault(store, len(known))) for store in has[variant.id]]
                ids.append(product.id)
                prices.append(variant.price.minor)
                categories.append(category)
                genders.append(gender)
                colours.append(self._code(variant.colour))
                sizes.append(self._code(variant.size.casefold()))
        stores = np.zeros((len(ids), max(1, -(-len(self._stores) // _STORES_A_LANE))), np.uint64)
        for row, store in held:
            lane, bit = divmod(store, _STORES_A_LANE)
            stores[row, lane] |= np.uint64(1 << bit)
        rows = _Rows(
            np.array(ids, np.int64),
            np.array(categories, np.int32),
            np.array(colours, np.int32),
            np.array(genders, np.int32),
            np.array(sizes, np.int32),
            np.array(prices, np.int64),
            stores,
        )
        return _no_rows().with_rows(rows)

    # Kept on disk

    def keep(self) -> Kept:
        """See `commerce.ports.Keepable`."""
        with self._writing:
            state, codes, stores = self._state, list(self._codes), list(self._stores)
        numbers: dict[str, NDArray[Any]] = {"alive": state.alive}
        for name, rows in (("large", state.large), ("small", state.small)):
            numbers |= {f"{name}.{field.name}": getattr(rows, field.name) for field in fields(rows)}
        return Kept(numbers, {"codes": codes, "stores": stores})

    def prepare(self, kept: Kept) -> Callable[[], None]:
        """See `commerce.ports.Keepable`."""
        large, small = (
            _Rows(*(kept.numbers[f"{name}.{field.name}"] for field in fields(_Rows))) for name in ("large", "small")
        )
        state = _State(large, kept.numbers["alive"], small)
        codes = {word: code for code, word in enumerate(kept.texts["codes"])}
        stores = {store: number for number, store in enumerate(kept.texts["stores"])}
        if not large.is_even or not small.is_even or len(state.alive) != len(large):
            raise ValueError("columns of different lengths")
        if len(self) or codes.get("") != 0:
            raise ValueError("the facets are not empty, or the words are not numbered as ours are")

        def put() -> None:
            with self._writing:
                # The state last: a reader takes it first, and finds every word of it known.
                self._codes, self._stores = codes, stores
                self._state = state

        return put

    # Reading

    def allowed(self, filters: Filters) -> Ids | None:
        """See `commerce.ports.Facets`."""
        if filters.is_empty:
            return None
        state = self._state
        conditions = self._conditions(filters)
        found = _matching(state.large, state.alive, conditions)
        if len(state.small):
            fresh = _matching(state.small, np.ones(len(state.small), np.bool_), conditions)
            if len(fresh):
                found = np.union1d(found, fresh)
        return found

    def _conditions(self, filters: Filters) -> list[Callable[[_Rows, Ids | None], Mask]]:
        """Each tells, for some rows (None: all), which satisfy it. Those that usually leave least come first."""
        conditions: list[Callable[[_Rows, Ids | None], Mask]] = []
        if filters.product_ids is not None:
            wanted = np.array(sorted(filters.product_ids), np.int64)
            conditions.append(lambda rows, at: np.isin(_at(rows.product_ids, at), wanted))
        for name, words in (
            ("categories", filters.categories),
            ("colours", filters.colours),
            ("sizes", filters.sizes),
            ("genders", filters.genders),
        ):
            if words:
                conditions.append(self._one_of(name, words))
        if filters.without_colours:
            unwanted = self._one_of("colours", filters.without_colours)
            conditions.append(lambda rows, at: ~unwanted(rows, at))
        if filters.price_max_minor is not None:
            most = filters.price_max_minor
            conditions.append(lambda rows, at: _at(rows.prices_minor, at) <= most)
        if filters.price_min_minor is not None:
            least = filters.price_min_minor
            conditions.append(lambda rows, at: _at(rows.prices_minor, at) >= least)
        if filters.in_stock or filters.store_ids:
            conditions.append(self._held_by(filters.store_ids))
        return conditions

    def _one_of(self, column: str, words: frozenset[str]) -> Callable[[_Rows, Ids | None], Mask]:
        codes = [self._codes[word] for word in words if word in self._codes]

        def holds(rows: _Rows, at: Ids | None) -> Mask:
            values = _at(getattr(rows, column), at)
            if len(codes) > _SEVERAL:
                return np.isin(values, np.array(codes, values.dtype), kind="table")
            mask = np.zeros(len(values), np.bool_)
            for code in codes:
                mask |= values == code
            return mask

        return holds

    def _held_by(self, store_ids: frozenset[str]) -> Callable[[_Rows, Ids | None], Mask]:
        """In at least one of those stores; none named: in any."""
        numbers = [self._stores[store] for store in store_ids if store in self._stores]
        everywhere = not store_ids

        def holds(rows: _Rows, at: Ids | None) -> Mask:
            stores = rows.stores if at is None else rows.stores[at]
            mask = np.zeros(len(stores), np.bool_)
            for lane in range(stores.shape[1]):
                bits = sum(1 << number % _STORES_A_LANE for number in numbers if number // _STORES_A_LANE == lane)
                if everywhere:
                    mask |= stores[:, lane] != 0
                elif bits:
                    mask |= (stores[:, lane] & np.uint64(bits)) != 0
            return mask

        return holds


def _at(column: NDArray[np.int64], at: Ids | None) -> NDArray[np.int64]:
    return column if at is None else column[at]


def _rows_of(rows: _Rows, ids: Ids) -> Ids:
    """Places of all rows of those products."""
    starts = np.searchsorted(rows.product_ids, ids)
    counts = np.searchsorted(rows.product_ids, ids, side="right") - starts
    first = np.cumsum(counts) - counts
    return np.repeat(starts - first, counts) + np.arange(int(counts.sum()))


def _matching(rows: _Rows, alive: Mask, conditions: Sequence[Callable[[_Rows, Ids | None], Mask]]) -> Ids:
    """Products with a row that satisfies all conditions, ascending, each once."""
    if not len(rows):
        return rows.product_ids
    at: Ids | None = None
    for condition in conditions:
        mask = condition(rows, at)
        at = np.flatnonzero(mask & alive) if at is None else at[mask]
        if not len(at):
            break
    ids = rows.product_ids[alive] if at is None else rows.product_ids[at]
    return ids[np.concatenate(([True], ids[1:] != ids[:-1]))] if len(ids) else ids
