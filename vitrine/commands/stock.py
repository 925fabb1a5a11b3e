"""stock: lists of sales, counts and damage in; what is on a shelf and how it came to be; what tills call our things."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from vitrine.console import Json, misuse, open_shop, print_json, refuse

stock_app = typer.Typer(help="Shelves: what happened in the stores, in and out.", no_args_is_help=True)

_LINES_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.add_typer(stock_app, name="stock")


@stock_app.command("import")
def import_list(
    source: Annotated[Path, typer.Argument(help="CSV or TSV with sku, store, quantity, and kind unless --kind.")],
    kind: Annotated[
        str, typer.Option("--kind", help="sale, count, damage, return, not_found or safety, for every line.")
    ] = "",
    override: Annotated[
        bool, typer.Option("--override", help="Take units that are only held online from their owners.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; change nothing.")] = False,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Write the rejected lines there, to correct and import alone.")
    ] = None,
    json: Json = False,
) -> None:
    """Takes a list of what happened in the stores. The same file again changes nothing."""
    from catalog_sync.report import refusal
    from catalog_sync.rows import FeedRefused
    from catalog_sync.stock_lists import KINDS, import_stock, write_rejected
    from commerce.settings import load_settings
    from vitrine.reports import stock_list_report

    if kind and kind not in KINDS:
        misuse(f"--kind {kind}: expected {', '.join(KINDS)}")
    language = load_settings().default_language
    try:
        with open_shop(indexed=False) as shop:
            report = import_stock(
                shop, source, kind=kind, override=override, dry_run=dry_run, actor=f"cli:{_who()}"[:64]
            )
        if rejected is not None and report.rejected:
            write_rejected(source, report, rejected, language)
    except FeedRefused as stop:
        refuse(refusal(stop, language))
    if json:
        print_json(report.as_json(language))
    else:
        stock_list_report(report, language)
    if report.rejected_count:
        raise typer.Exit(1)


@stock_app.command()
def show(
    sku: Annotated[str, typer.Argument(help="The variant's SKU or barcode.")],
    store: Annotated[str, typer.Option("--store", help="Only at this store.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Movements shown.")] = 20,
    json: Json = False,
) -> None:
    """What is on the shelves, and who moved it, when and why."""
    from commerce.domain.reservation import Refused
    from vitrine.reports import stock_report

    with open_shop(indexed=False) as shop, shop.storage.read() as uow:
        moved = shop.stocktaking.movements(uow, sku, store, limit=limit)
        if isinstance(moved, Refused):
            refuse(f"no such variant: {sku}")
        found = uow.products.by_sku(sku) or uow.products.by_gtin(sku)
        assert found is not None
        levels = [each for each in uow.stock.levels([found[1].id]) if not store or each.store_id == store]
        zone = shop.settings.timezone
    if json:
        print_json(
            {
                "sku": sku,
                "shelves": [
                    {"store": each.store_id, "on_hand": each.on_hand, "held": each.held, "safety": each.safety}
                    for each in levels
                ],
                "movements": [
                    {
                        "at": each.at.isoformat(), "store": each.store_id, "on_hand_change": each.on_hand_change,
                        "held_change": each.held_change, "reason": each.reason.value, "reference": each.reference,
                        "by": each.actor, "note": each.note,
                    }
                    for each in moved
                ],
            }
        )  # fmt: skip
    else:
        stock_report(sku, levels, moved, zone)


@stock_app.command()
def differences(
    store: Annotated[str, typer.Option("--store", help="Only at this store.")] = "", json: Json = False
) -> None:
    """Where the last feed or a till says another number than we do. What nothing explains becomes a task."""
    with open_shop(indexed=False) as shop:
        raised = shop.storage.write(shop.stocktaking.raise_differences)
        with shop.storage.read() as uow:
            found = shop.stocktaking.differences(uow, store)
    if json:
        listed = [
            {
                "sku": each.sku, "store": each.store_id, "source": each.source, "theirs": each.theirs,
                "ours": each.ours, "moved_since": each.moved_since, "unexplained": each.unexplained,
            }
            for each in found
        ]  # fmt: skip
        print_json({"differences": listed, "new_tasks": raised})
        return
    for each in found:
        why = f"{each.unexplained:+} unexplained" if each.unexplained else f"{each.moved_since:+} since then"
        print(f"{each.store_id:<12} {each.sku:<24} {each.source}: {each.theirs}, ours: {each.ours} ({why})")
    print(f"{len(found):,} differences, {raised:,} new tasks")


@stock_app.command()
def names(
    till: Annotated[str, typer.Argument(help="Whose names: square or pos.")],
    source: Annotated[Path, typer.Argument(help="CSV of kind (item or store), theirs, ours.", exists=True)],
) -> None:
    """Tells what a till calls our things and stores, where it does not use our SKUs and store ids."""
    import csv

    wanted: dict[str, list[tuple[str, str]]] = {"item": [], "store": []}
    with source.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1 and [name.strip().lower() for name in row] == ["kind", "theirs", "ours"]:
                continue
            if len(row) != 3 or row[0].strip() not in wanted or not all(0 < len(text.strip()) <= 128 for text in row):
                refuse(f"line {number}: expected kind (item or store), theirs, ours")
            wanted[row[0].strip()].append((row[1].strip(), row[2].strip()))
    with open_shop(indexed=False) as shop:
        new = shop.storage.write(
            lambda uow: sum(uow.stock_records.name_till(till, kind, pairs) for kind, pairs in wanted.items() if pairs)
        )
    print(f"{new:,} names are new")


def _who() -> str:
    """Who types, as far as this machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"
