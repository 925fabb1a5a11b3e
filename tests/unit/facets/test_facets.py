"""Facets in columns against the plain definition, through any number of changes."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.search import Filters
from commerce.domain.stock import StockLevel
from commerce.facets import ColumnFacets
from commerce.ports import Kept
from commerce.services.checking import satisfies

_CATEGORIES = ("dress", "shirt", "jeans", "bags", "")
_COLOURS = ("red", "navy", "black", "")
_GENDERS = ("women", "men", "unisex", "")
_SIZES = ("36", "38", "M", "XL", "")
_STORES = tuple(f"store-{number}" for number in range(70))  # more than fit one lane of bits


def a_product(product_id: int, rng: random.Random) -> tuple[Product, list[StockLevel]]:
    variants = tuple(
        Variant(
            id=product_id * 10 + place,
            product_id=product_id,
            sku=f"{product_id}-{place}",
            colour=rng.choice(_COLOURS),
            colour_words="",
            size=rng.choice(_SIZES),
            price=Money(rng.randrange(1, 100) * 100, "EUR"),
        )
        for place in range(rng.randrange(1, 6))
    )
    product = Product(
        product_id, "main", str(product_id), LocalText({}), LocalText({}), "", rng.choice(_CATEGORIES), "",
        rng.choice(_GENDERS), variants,
    )  # fmt: skip
    levels = [
        StockLevel(variant.id, store, rng.randrange(3), 0, rng.randrange(2))
        for variant in variants
        for store in rng.sample(_STORES, 2)
    ]
    return product, levels


def some_filters(rng: random.Random) -> Filters:
    def some(words: tuple[str, ...], chance: float) -> frozenset[str]:
        return frozenset(rng.sample(words, rng.randrange(1, 3))) if rng.random() < chance else frozenset()

    return Filters(
        categories=some(_CATEGORIES, 0.5),
        colours=some(_COLOURS, 0.4),
        without_colours=some(_COLOURS, 0.2),
        genders=some(_GENDERS, 0.3),
        sizes=frozenset(size.casefold() for size in some(_SIZES, 0.4)),
        price_min_minor=rng.choice((None, None, 2_000)),
        price_max_minor=rng.choice((None, 6_000)),
        store_ids=some(_STORES, 0.3),
        in_stock=rng.random() < 0.3,
        product_ids=rng.choice((None, None, frozenset(rng.sample(range(300), 50)))),
    )


def right(products: dict[int, tuple[Product, list[StockLevel]]], filters: Filters) -> list[int]:
    def has(product: Product, levels: list[StockLevel]) -> bool:
        return any(
            satisfies(
                product, v, filters, frozenset(x.store_id for x in levels if x.variant_id == v.id and x.available)
            )
            for v in product.variants
        )

    return sorted(product_id for product_id, (product, levels) in products.items() if has(product, levels))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_changes_and_any_filters(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commerce.facets._MERGE_LEAST_ROWS", 150)  # so that tables are merged many times
    rng = random.Random(seed)
    facets = ColumnFacets()
    products: dict[int, tuple[Product, list[StockLevel]]] = {}
    for _ in range(60):
        batch = [a_product(rng.randrange(300), rng) for _ in range(rng.randrange(1, 30))]
        facets.upsert(batch)
        products.update((product.id, (product, levels)) for product, levels in batch)
        gone = rng.sample(range(300), 3)
        facets.remove(gone)
        for product_id in gone:
            products.pop(product_id, None)
        assert len(facets) == sum(len(product.variants) for product, _ in products.values())
        for _ in range(5):
            filters = some_filters(rng)
            allowed = facets.allowed(filters)
            if filters.is_empty:
                assert allowed is None
                continue
            assert allowed is not None
            assert allowed.dtype == np.int64
            assert allowed.tolist() == right(products, filters), filters


def test_no_condition_and_words_nobody_knows() -> None:
    facets = ColumnFacets()
    assert facets.allowed(Filters()) is None
    for filters in (
        Filters(categories=frozenset({"nothing"})),
        Filters(in_stock=True),
        Filters(product_ids=frozenset()),
    ):
        allowed = facets.allowed(filters)
        assert allowed is not None
        assert allowed.tolist() == []


def test_a_product_without_variants_satisfies_nothing() -> None:
    product, _ = a_product(1, random.Random(1))
    facets = ColumnFacets()
    facets.upsert([(replace(product, variants=()), [])])
    assert facets.allowed(Filters(categories=frozenset({product.category}))).tolist() == []  # type: ignore[union-attr]
    facets.remove([1, 2])


@pytest.mark.parametrize("seed", [1, 2])
def test_facets_that_were_kept_answer_as_before_and_go_on(seed: int) -> None:
    rng = random.Random(seed)
    facets, again = ColumnFacets(), ColumnFacets()
    facets.upsert([a_product(number, rng) for number in range(200)])
    again.prepare(facets.keep())()
    for more in ([], [a_product(rng.randrange(300), rng) for _ in range(40)]):
        for one in (facets, again):
            one.upsert(more)
            one.remove([3, 5])
        once_more = ColumnFacets()
        once_more.prepare(facets.keep())()
        assert len(facets) == len(again) == len(once_more)
        for _ in range(60):
            filters = some_filters(rng)
            answers = [one.allowed(filters) for one in (facets, again, once_more)]
            assert len({None if allowed is None else tuple(allowed.tolist()) for allowed in answers}) == 1


def test_facets_that_do_not_fit_are_refused() -> None:
    rng = random.Random(3)
    facets = ColumnFacets()
    facets.upsert([a_product(number, rng) for number in range(20)])
    kept = facets.keep()
    with pytest.raises(ValueError, match="empty"):
        facets.prepare(kept)
    for name in ("large.prices_minor", "small.stores", "alive", "small.product_ids"):
        wrong = (
            {**kept.numbers, name: np.concatenate([kept.numbers[name], kept.numbers[name][:1], [0]])}
            if (kept.numbers[name].ndim == 1)
            else {**kept.numbers, name: kept.numbers[name][:-1]}
        )
        with pytest.raises(ValueError, match="lengths"):
            ColumnFacets().prepare(Kept(wrong, kept.texts))
