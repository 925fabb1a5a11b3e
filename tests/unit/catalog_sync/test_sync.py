"""Imports from end to end, on both databases."""

# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog_sync import describe, sync
from catalog_sync.report import FeedReport
from catalog_sync.rows import Reason, Stop
from commerce.clock import ManualClock
from commerce.domain.stock import MovementReason
from commerce.ports import ChangeKind
from commerce.wiring import Shop
from vitrine.prove._hostile_feeds import FIRST_ITEM_LINE, HEAD, feed, good_items, item

Write = Callable[..., str]
LEVELS = "store_code\tid\tquantity\n"


def run(shop: Shop, source: str, **options: Any) -> FeedReport:
    return sync(shop, source, pictures=False, **options)


def levels(shop: Shop, sku: str) -> dict[str, int]:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
        assert found is not None
        return {level.store_id: level.on_hand for level in uow.stock.levels([found[1].id])}


def price(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
        assert found is not None
        return found[1].price.minor


def test_a_feed_becomes_products(shop: Shop, write: Write) -> None:
    source = write(products__xml=feed(good_items(9)), local_inventory__tsv=LEVELS + "one\tSKU-0\t4\none\tSKU-1\t0\n")
    report = run(shop, source)
    assert (report.state, report.items, report.name) == ("applied", 9, "winter")
    product = shop.catalog.by_source_id("P-0")
    assert product is not None
    assert product.sizes == ("S", "M", "L") and product.colours == ("navy",) and product.category == "dress"
    assert product.price_from.minor == 2090
    assert levels(shop, "SKU-0") == {"one": 4} and levels(shop, "SKU-1") == {"one": 0}
    assert [store.id for store in shop.catalog.stores()] == ["one"]


def test_a_second_run_finds_nothing_to_do(shop: Shop, write: Write, changes: Callable[[], list[Any]]) -> None:
    source = write(products__xml=feed(good_items(9)), local_inventory__tsv=LEVELS + "one\tSKU-0\t4\n")
    run(shop, source)
    assert len(changes()) == 3
    assert run(shop, source).state == "unchanged"
    assert changes() == []


def test_only_what_changed_is_written(shop: Shop, write: Write, changes: Callable[[], list[Any]]) -> None:
    run(shop, write(products__xml=feed(good_items(30))))
    changes()
    items = good_items(30)
    items[4] = item(4, "9.90 EUR")
    items[10] = item(10, size="XL")
    report = run(shop, write(products__xml=feed(items)))
    assert report.items == 30 and report.counts["changed_prices"] == 1 and report.counts["changed_items"] == 1
    assert sorted(changes()) == [("P-1", ChangeKind.PRICE), ("P-3", ChangeKind.PRODUCT)]
    assert price(shop, "SKU-4") == 990 and price(shop, "SKU-3") == 2190


def test_past_prices_are_kept(shop: Shop, write: Write, clock: ManualClock) -> None:
    run(shop, write(products__xml=feed([item(0, "50.00 EUR")])))
    clock.advance(timedelta(days=5))
    run(shop, write(products__xml=feed([item(0, "80.00 EUR")])))
    with shop.storage.read() as uow:
        found = uow.products.by_sku("SKU-0")
        assert found is not None
        lowest = uow.products.lowest_price_before(found[1].id, timedelta(days=30))
        assert lowest is not None and lowest.minor == 5000


def test_items_of_one_group_need_not_follow_each_other(shop: Shop, write: Write) -> None:
    items = [item(0), item(3), item(1), item(4), item(2)]
    run(shop, write(products__xml=feed(items)))
    product = shop.catalog.by_source_id("P-0")
    assert product is not None and product.sizes == ("S", "M", "L")


def test_a_product_whose_lead_item_goes_is_read_again(shop: Shop, write: Write) -> None:
    items = [item(0, title="First"), item(1, title="Second"), item(2, title="Second"), *good_items(60)[3:]]
    run(shop, write(products__xml=feed(items)))
    report = run(shop, write(products__xml=feed(items[1:])))
    assert report.counts["removed_items"] == 1
    product = shop.catalog.by_source_id("P-0")
    assert product is not None and product.title("en") == "Second" and product.sizes == ("M", "L")


def test_what_is_gone_is_taken_away_and_comes_back_the_same(
    shop: Shop, write: Write, changes: Callable[[], list[Any]]
) -> None:
    run(shop, write(products__xml=feed(good_items(30))))
    before = shop.catalog.by_source_id("P-9")
    assert before is not None
    changes()
    report = run(shop, write(products__xml=feed(good_items(27))))
    assert report.counts["removed_products"] == 1 and changes() == [("gone", ChangeKind.REMOVED)]
    assert shop.catalog.by_source_id("P-9") is None
    run(shop, write(products__xml=feed(good_items(30))))
    after = shop.catalog.by_source_id("P-9")
    assert after is not None and (after.id, after.variants[0].id) == (before.id, before.variants[0].id)


def test_a_feed_that_shrank_is_held_until_confirmed(shop: Shop, write: Write) -> None:
    run(shop, write(products__xml=feed(good_items(30))))
    smaller = write(products__xml=feed(good_items(12)))
    report = run(shop, smaller)
    assert report.refused and report.stop is Stop.SHRANK
    assert "--confirm-drop" in report.reason("en") and "--confirm-drop" in report.reason("fr")
    assert shop.catalog.by_source_id("P-9") is not None
    assert run(shop, smaller, confirm_drop=True).state == "applied"
    assert shop.catalog.by_source_id("P-9") is None


def test_an_empty_feed_never_empties_the_shop(shop: Shop, write: Write) -> None:
    run(shop, write(products__xml=feed(good_items(6))))
    report = run(shop, write(products__xml=feed([])), confirm_drop=True)
    assert report.stop is Stop.NO_ITEM and shop.catalog.by_source_id("P-0") is not None


def test_a_rejected_line_keeps_its_old_item(shop: Shop, write: Write) -> None:
    run(shop, write(products__xml=feed(good_items(6))))
    items = good_items(6)
    items[2] = item(2, "NaN EUR")
    report = run(shop, write(products__xml=feed(items)))
    assert report.state == "applied" and report.counts["removed_items"] == 0
    assert [(e.line, e.field, e.reason) for e in report.rejected] == [
        (FIRST_ITEM_LINE + 2, "price", Reason.NOT_A_PRICE)
    ]
    assert price(shop, "SKU-2") == 2090
    again = run(shop, write(products__xml=feed(items)))
    assert again.state == "unchanged" and again.rejected == report.rejected
    assert run(shop, write(products__xml=feed(good_items(6)))).rejected_count == 0


def test_a_duplicate_names_both_lines(shop: Shop, write: Write) -> None:
    report = run(shop, write(products__xml=feed([*good_items(6), item(0, title="Another")])))
    (error,) = report.rejected
    assert (error.line, error.other_line, error.reason) == (FIRST_ITEM_LINE + 6, FIRST_ITEM_LINE, Reason.DUPLICATE)
    assert str(FIRST_ITEM_LINE) in describe(error, "fr")
    again = run(shop, write(products__xml=feed([*good_items(6), item(0, title="Another"), "<!-- x -->\n"])))
    assert again.rejected == report.rejected


def test_a_sku_of_another_feed_is_not_taken_over(shop: Shop, write: Write) -> None:
    run(shop, write(products__xml=feed(good_items(6))))
    report = run(shop, write(feed__toml='name = "other"', products__xml=feed([item(0), item(90)])))
    assert [error.reason for error in report.rejected] == [Reason.TAKEN]
    product = shop.catalog.by_source_id("P-0")
    assert product is not None and product.source == "winter"


def test_a_dry_run_changes_nothing(shop: Shop, write: Write) -> None:
    report = run(shop, write(products__xml=feed(good_items(6))), dry_run=True)
    assert report.state == "checked" and report.counts["new_products"] == 2
    assert shop.catalog.by_source_id("P-0") is None and shop.catalog.stores() == []


def test_stock_is_written_when_the_feed_says_something_new(shop: Shop, write: Write) -> None:
    xml = feed(good_items(6))
    run(shop, write(products__xml=xml, local_inventory__tsv=LEVELS + "one\tSKU-0\t4\none\tSKU-1\t2\n"))
    shop.storage.write(lambda uow: shop.catalog.set_on_hand(uow, "SKU-0", "one", 1, MovementReason.COUNT))
    run(shop, write(products__xml=xml, local_inventory__tsv=LEVELS + "one\tSKU-0\t4\none\tSKU-1\t3\n"))
    assert levels(shop, "SKU-0") == {"one": 1}, "the same line again must not undo a count"
    assert levels(shop, "SKU-1") == {"one": 3}
    run(shop, write(products__xml=xml, local_inventory__tsv=LEVELS + "one\tSKU-0\t5\n"))
    assert levels(shop, "SKU-0") == {"one": 5} and levels(shop, "SKU-1") == {"one": 0}


def test_stock_never_falls_below_what_is_held(shop: Shop, write: Write, clock: ManualClock) -> None:
    xml = feed(good_items(3))
    run(shop, write(products__xml=xml, local_inventory__tsv=LEVELS + "one\tSKU-0\t4\n"))
    with shop.storage.read() as uow:
        found = uow.products.by_sku("SKU-0")
    assert found is not None
    end = clock.now() + timedelta(hours=1)
    shop.storage.write(lambda uow: uow.stock.take("h" * 32, [(found[1].id, 3)], "one", "léa", end, clock.now()))
    run(shop, write(products__xml=xml, local_inventory__tsv=LEVELS + "one\tSKU-0\t1\n"))
    assert levels(shop, "SKU-0") == {"one": 3}


def test_unknown_stores_and_items_in_the_inventory(shop: Shop, write: Write) -> None:
    lines = "mars\tSKU-0\t4\none\tSKU-77\t1\none\tSKU-0\t2\none\tSKU-0\t3\none\tSKU-1\tmany\n"
    report = run(shop, write(products__xml=feed(good_items(3)), local_inventory__tsv=LEVELS + lines))
    assert [(error.line, error.reason) for error in report.rejected] == [
        (2, Reason.UNKNOWN_STORE),
        (3, Reason.UNKNOWN_ITEM),
        (5, Reason.DUPLICATE),
        (6, Reason.NOT_A_COUNT),
    ]
    assert levels(shop, "SKU-0") == {"one": 2}


def test_a_sale_ends_by_itself(shop: Shop, write: Write, clock: ManualClock) -> None:
    dated = item(
        0, "80.00 EUR", sale_price="60.00 EUR", sale_price_effective_date="2026-03-01T00:00Z/2026-03-12T00:00Z"
    )
    source = write(products__xml=feed([dated, item(3)]))
    run(shop, source)
    assert price(shop, "SKU-0") == 6000 and run(shop, source).state == "unchanged"
    clock.advance(timedelta(days=3))
    assert run(shop, source).state == "applied" and price(shop, "SKU-0") == 8000


def test_csv_with_a_mapping(shop: Shop, write: Write) -> None:
    table = "Réf;Modèle;Désignation;Prix TTC;Taille;Stock\nB1;B;Robe d’été;49,90;38;3\nB2;B;Robe d’été;1 049,90;40;0\nB3;B;Robe;x;42;1\n"
    mapping = (
        'name = "caisse"\nlanguage = "fr"\ndecimal = ","\ncurrency = "EUR"\nstore = "one"\n[columns]\nid = "Réf"\n'
        'item_group_id = "Modèle"\ntitle = "Désignation"\nquantity = "Stock"\n[fixed]\nbrand = "Maison"\n'
    )
    report = run(shop, write(products__csv=table.encode("cp1252", "replace"), feed__toml=mapping))
    assert report.state == "applied" and [(e.line, e.reason) for e in report.rejected] == [(4, Reason.NOT_A_PRICE)]
    product = shop.catalog.by_source_id("B")
    assert product is not None and product.brand == "Maison" and product.sizes == ("38", "40")
    assert price(shop, "B2") == 104990 and levels(shop, "B1") == {"one": 3}


def test_google_tsv(shop: Shop, write: Write) -> None:
    table = "id\ttitle\tprice\timage link\titem_group_id\nA\tDress\t12.00 EUR\timages/a.jpg\tG\nB\tDress\t12.00 EUR\t\tG\tx\n"
    report = run(shop, write(products__tsv=table))
    assert [(e.line, e.reason) for e in report.rejected] == [(3, Reason.TOO_MANY_COLUMNS)]
    assert price(shop, "A") == 1200


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_encodings_that_say_what_they_are(shop: Shop, write: Write, encoding: str) -> None:
    declared = {"utf-16": "UTF-16", "utf-8-sig": "UTF-8", "iso-8859-1": "ISO-8859-1"}[encoding]
    text = feed([item(0, title="Robe d'été")], head=HEAD.replace("UTF-8", declared))
    assert run(shop, write(products__xml=text.encode(encoding))).state == "applied"
    product = shop.catalog.by_source_id("P-0")
    assert product is not None and product.title("en") == "Robe d'été"


def test_end_tags_inside_cdata_and_comments_do_not_cut_an_item(shop: Shop, write: Write) -> None:
    hidden = "<item><g:id>H</g:id><!-- </item> --><g:title><![CDATA[Dress </item> <item>]]></g:title><g:price>5.00 EUR</g:price></item>\n"
    report = run(shop, write(products__xml=feed([hidden, *good_items(3), "<!-- <item>no</item> -->\n", item(3)])))
    assert report.state == "applied" and not report.rejected, report.as_json()
    assert price(shop, "H") == 500


def test_atom(shop: Shop, write: Write) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>x</title>\n<entry><g:id>A</g:id>'
        '<title>Dress</title><link href="https://a.example/p"/><g:price>5.00 EUR</g:price></entry></feed>'
    )
    assert run(shop, write(products__xml=atom)).state == "applied"
    with shop.storage.read() as uow:
        found = uow.products.by_sku("A")
    assert found is not None and found[0].url == "https://a.example/p"


def test_an_import_that_died_is_followed_by_one_that_works(
    shop: Shop, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commerce.storage.feed_staging import FeedStaging

    run(shop, write(products__xml=feed(good_items(6))))
    source = write(products__xml=feed([item(n, "99.00 EUR") for n in range(6)]))

    def dies(self: FeedStaging, *args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FeedStaging, "_stock", dies)
        with pytest.raises(KeyboardInterrupt):
            run(shop, source)
    assert price(shop, "SKU-0") == 2090
    assert run(shop, source).state == "applied" and price(shop, "SKU-0") == 9900


def test_the_later_import_wins(shop: Shop, write: Write) -> None:
    from commerce.storage.feed_staging import FeedStaging, Overtaken

    with (
        FeedStaging(shop.settings.url_of_database, "winter") as first,
        FeedStaging(shop.settings.url_of_database, "winter") as second,
    ):
        one, two = first.begin_run(1), second.begin_run(2)
        for staging, run_id in ((first, one), (second, two)):
            staging.finish_loading(run_id, full=True)
        with pytest.raises(Overtaken):
            first.apply(one, 3, {}, stock_complete=False, dry_run=False)
        second.apply(two, 3, {}, stock_complete=False, dry_run=False)


def test_every_reason_has_words_in_both_languages() -> None:
    from catalog_sync.report import _REASONS, _STOPS
    from catalog_sync.rows import RowError

    for reason in Reason:
        error = RowError(1, "price", reason, "value", 2)
        assert describe(error, "en") != describe(error, "fr") or reason not in _REASONS, reason
    details: dict[str, str | int] = dict.fromkeys(
        ("source", "count", "file", "problem", "limit_mb", "ratio", "line", "encoding", "column", "columns"), "x"
    )
    details |= {"dropped": 1, "active": 2, "what": "products", "limit": 30}
    for stop in _STOPS:
        report = FeedReport("x", stop=stop, stop_details=details)
        assert report.reason("fr") and (report.reason("fr") != report.reason("en") or stop is Stop.BAD_OPTIONS)
