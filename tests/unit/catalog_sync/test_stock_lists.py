"""Lists of what happened in the stores: each line once, every rejected line with its reason, nothing half said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_sync.report import describe
from catalog_sync.rows import FeedRefused, Reason, Stop
from catalog_sync.stock_lists import StockListReport, import_stock, write_rejected
from commerce.domain.customer import Contact
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Reservation
from commerce.domain.store import Opening, OpeningHours, Store, StoreKind
from commerce.ports import UnitOfWork
from commerce.settings import load_settings
from commerce.storage.seeding import add_product
from commerce.wiring import Shop, build_shop

LEA = Contact("webchat", "web", "lea")


@pytest.fixture
def shop(tmp_path: Path, database_url: str, clock):
    """A dress in two sizes at two stores, four of each, on both databases."""
    from datetime import time

    from commerce.domain.stock import MovementReason

    settings = load_settings(data_dir=tmp_path / "data", database_url=database_url, encoder="none", secret_key="s" * 32)
    with build_shop(settings, clock=clock) as opened:

        def fill(uow: UnitOfWork) -> None:
            day = (Opening(time(10), time(19)),)
            for position, store_id in enumerate(("S1", "S2")):
                name = LocalText({"fr": store_id})
                hours = OpeningHours(week=(day,) * 7)
                uow.stores.put(
                    Store(
                        store_id, name, name, StoreKind.PERMANENT, "", "Lyon", "", "FR", None, "Europe/Paris", hours,
                        position=position,
                    )
                )  # fmt: skip
            variants = tuple(
                Variant(0, 0, f"P1-{size}", "navy", "", size, Money(7900, "EUR"), position=n)
                for n, size in enumerate(("36", "38"))
            )
            title = LocalText({"fr": "Robe", "en": "Dress"})
            made = add_product(
                uow, Product(0, "main", "P1", title, LocalText(), "", "dress", "", "women", variants), clock.now()
            )
            for variant in made.variants:
                for store_id in ("S1", "S2"):
                    uow.stock.set_on_hand(variant.id, store_id, 4, MovementReason.FEED, clock.now())

        opened.storage.write(fill)
        yield opened


@pytest.fixture
def take(shop: Shop, tmp_path: Path) -> Callable[..., StockListReport]:
    """Imports this text as a file."""

    def call(text: str | bytes, name: str = "list.csv", **options: object) -> StockListReport:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_stock(shop, path, **options)

    return call


def on_hand(shop: Shop, sku: str = "P1-36", store_id: str = "S1") -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
        assert found is not None
        return {level.store_id: level.on_hand for level in uow.stock.levels([found[1].id])}[store_id]


SALES = "sku,store,quantity,note\nP1-36,S1,1,caisse 1\nP1-38,S2,2,\n"


def test_the_same_file_counts_once(shop: Shop, take):
    first = take(SALES, kind="sale", actor="cli:nadia")
    assert (first.lines, first.applied, first.known, first.rejected_count) == (2, 2, 0, 0)
    again = take(SALES, name="copy.csv", kind="sale")
    assert (again.applied, again.known) == (0, 2)
    assert (on_hand(shop), on_hand(shop, "P1-38", "S2")) == (3, 2)
    with shop.storage.read() as uow:
        sold = shop.stocktaking.movements(uow, "P1-36", "S1")[0]
    assert (sold.actor, sold.note, sold.reason.value) == ("cli:nadia", "caisse 1", "sale")


def test_a_dry_run_tells_the_same_and_changes_nothing(shop: Shop, take):
    text = SALES + "P1-36,S1,9,\n"
    checked = take(text, kind="sale", dry_run=True)
    assert (checked.state, checked.applied, checked.rejected_count) == ("checked", 2, 1)
    assert on_hand(shop) == 4
    taken = take(text, kind="sale")
    assert (taken.state, taken.applied, taken.rejected_count) == ("applied", 2, 1)


def test_every_kind_in_one_list_with_french_columns_as_a_spreadsheet_writes_them(shop: Shop, take):
    text = "Code article;Magasin;Qté;Nature;Référence;Remarque\r\n" + "".join(
        f"P1-36;S1;{quantity};{kind};R{n};à l’œil\r\n"
        for n, (kind, quantity) in enumerate(
            [("vente", 1), ("casse", 1), ("retour", 3), ("introuvable", 1), ("inventaire", 7), ("sécurité", 2)]
        )
    )
    report = take(text.encode("cp1252"))
    assert (report.applied, report.rejected_count) == (6, 0)
    with shop.storage.read() as uow:
        found = uow.products.by_sku("P1-36")
        (level,) = uow.stock.levels([found[1].id], "S1")
        moved = shop.stocktaking.movements(uow, "P1-36", "S1")
    assert (level.on_hand, level.safety, level.available) == (7, 2, 5)
    assert [each.on_hand_change for each in moved] == [3, -1, 3, -1, -1, 4]
    assert {each.note for each in moved[:-1]} == {"à l’œil"}


def test_each_rejected_line_says_where_and_why(shop: Shop, take):
    text = (
        "sku\tstore\tquantity\tkind\treference\n"
        "nothing\tS1\t1\tsale\ta\n"
        "P1-36\tS9\t1\tsale\tb\n"
        "P1-36\tS1\t-1\tsale\tc\n"
        "P1-36\tS1\t1,5\tsale\td\n"
        "P1-36\tS1\t0\tsale\te\n"
        "P1-36\tS1\t5\tsale\tf\n"
        "P1-36\tS1\t1\ttheft\tg\n"
        "P1-36\t\t1\tsale\th\n"
        f"P1-36\tS1\t1\tsale\t{'r' * 65}\n"
        "P1-36\tS1\n"
        "P1-36\tS1\t3\tcount\ti\n"
        "P1-36\tS1\t9\tcount\ti\n"
        "P1-36\tS1\t99999999999999\tcount\tj\n"
        "P1-36\tS1\t٣\tcount\tk\n"
        "P1-38\tS1\t1\tsale\tl\n"
    )
    report = take(text)
    why = {error.line: (error.field, error.reason) for error in report.rejected}
    assert why == {
        2: ("sku", Reason.UNKNOWN_ITEM), 3: ("store", Reason.UNKNOWN_STORE), 4: ("quantity", Reason.NOT_A_COUNT),
        5: ("quantity", Reason.NOT_A_COUNT), 6: ("quantity", Reason.NOT_A_COUNT), 7: ("quantity", Reason.NOT_THAT_MANY),
        8: ("kind", Reason.NOT_A_KIND), 9: ("store", Reason.MISSING), 10: ("reference", Reason.TOO_LONG),
        11: ("line", Reason.TOO_FEW_COLUMNS), 13: ("sku", Reason.DUPLICATE), 14: ("quantity", Reason.NOT_A_COUNT),
        15: ("quantity", Reason.NOT_A_COUNT),
    }  # fmt: skip
    assert (report.applied, on_hand(shop), on_hand(shop, "P1-38")) == (2, 3, 3)
    for language in ("fr", "en"):
        assert all(describe(error, language) for error in report.rejected)
    assert describe(report.rejected[0], "fr") != describe(report.rejected[0], "en")


def test_lines_of_one_receipt_are_summed(shop: Shop, take):
    text = "sku,store,quantity,reference\nP1-36,S1,1,T-1\nP1-36,S1,2,T-1\nP1-36,S2,1,T-1\n"
    assert take(text, kind="sale").applied == 2
    assert (on_hand(shop), on_hand(shop, store_id="S2")) == (1, 3)
    assert take(text + "P1-38,S1,1,T-1\n", kind="sale").known == 2  # another file, the same receipts
    assert (on_hand(shop), on_hand(shop, "P1-38")) == (1, 3)


def test_what_is_held_needs_an_override(shop: Shop, take):
    def hold(uow: UnitOfWork):
        found = uow.products.by_sku("P1-36")
        customer = shop.customers.recognise(uow, LEA, language="fr")
        lines = [(found[1].id, 4)]
        return shop.reserving.place(uow, customer_id=customer.id, contact=LEA, store_id="S1", lines=lines)

    assert isinstance(shop.storage.write(hold), Reservation)
    text = "sku,store,quantity\nP1-36,S1,1\n"
    assert [error.reason for error in take(text, kind="sale").rejected] == [Reason.HELD_ONLINE]
    taken = take(text, kind="sale", override=True)
    assert (taken.applied, taken.lost, on_hand(shop)) == (1, 1, 3)


def test_the_rejected_lines_alone_can_be_corrected_and_taken(shop: Shop, take, tmp_path: Path):
    text = "sku;store;quantity\nP1-36;S1;1\nP1-63;S1;1\n"
    report = take(text, kind="sale")
    write_rejected(tmp_path / "list.csv", report, tmp_path / "again.csv", "fr")
    again = (tmp_path / "again.csv").read_text("utf-8")
    assert again.splitlines()[0] == "sku,store,quantity,reason"
    assert again.splitlines()[1].startswith("P1-63,S1,1,")
    assert take(again.replace("P1-63", "P1-36"), kind="sale").applied == 1
    assert on_hand(shop) == 2


@pytest.mark.parametrize(
    ("content", "stop"),
    [
        (b"", Stop.NO_ITEM), (b"sku,store,quantity\n", Stop.NO_ITEM), (b"a,b\n1,2\n", Stop.NO_COLUMN),
        (b"sku,store,quantity\nP1-36,S1\0,1\n", Stop.NUL), (b'sku,store,quantity\n"P1-36,S1,1\n', Stop.CUT),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_whole(shop: Shop, take, content: bytes, stop: Stop):
    with pytest.raises(FeedRefused) as refused:
        take(content, kind="sale")
    assert refused.value.stop is stop
    assert on_hand(shop) == 4


def test_a_list_that_is_not_there(shop: Shop, tmp_path: Path):
    with pytest.raises(FeedRefused) as refused:
        import_stock(shop, tmp_path / "nowhere.csv", kind="sale")
    assert refused.value.stop is Stop.NOT_FOUND


def test_a_long_list_is_taken_in_steps(shop: Shop, take):
    rows = "".join(f"P1-36,S1,{1 + n % 2},R{n}\n" for n in range(999))
    report = take("sku,store,quantity,reference\n" + rows, kind="return")
    assert (report.applied, on_hand(shop)) == (999, 4 + 999 + 499)
