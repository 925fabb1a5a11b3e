"""doctor, prove, withdrawals, dead-letter, places: for whoever runs the shop."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.console import Json, misuse, open_shop, print_json, refuse

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

dead_letter_app = typer.Typer(help="Events and messages that nobody could handle.", no_args_is_help=True)
places_app = typer.Typer(help="Towns and postcodes that shoppers may name.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(doctor)
    app.command()(prove)
    app.command()(withdrawals)
    app.add_typer(dead_letter_app, name="dead-letter")
    app.add_typer(places_app, name="places")


def doctor(json: Json = False) -> None:
    """Checks every invariant of the shop without changing anything. Exit code 1 when one is broken. What has to be
    looked up at a payment provider is named by order, with what to do, in the shop's first language."""
    from vitrine.doctor import examine

    with open_shop(indexed=False) as shop:
        findings = examine(shop)
    broken = [finding for finding in findings if not finding.ok]
    if json:
        print_json({"ok": not broken, "findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            print(f"{'ok    ' if finding.ok else 'BROKEN'} {finding.name}: {finding.detail}")
    if broken:
        raise typer.Exit(1)


def withdrawals(
    csv: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
) -> None:
    """Every withdrawal from a contract with its dates and refunds, as CSV that a spreadsheet opens safely."""
    with open_shop(indexed=False) as shop, shop.storage.read() as uow:
        text = shop.withdrawing.as_csv(uow)
    if csv is None:
        print(text, end="")
        return
    try:
        csv.write_text(text, "utf-8", newline="")
    except OSError as error:
        refuse(f"{csv}: {error.strerror}")


def prove(
    name: Annotated[str, typer.Argument(help="Which promise; without it, they are listed.")] = "",
    n: Annotated[int, typer.Option("--n", min=0, help="How many times; 0: the full number.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same run.")] = 0,
    json: Json = False,
) -> None:
    """Runs one row of the fault and load plan for real, on a scratch database. Exit code 1 when it is not kept."""
    from vitrine.prove.running import promises, run_proof

    known = promises()
    if not name:
        if json:
            print_json({key: {"promise": p.promise, "default_n": p.default_n} for key, p in known.items()})
        else:
            for key, promise in known.items():
                print(f"{key:<16} {promise.promise} (n = {promise.default_n:,})")
        return
    if name not in known:
        misuse(f"no proof is called {name}; there are {', '.join(known)}")
    run = run_proof(name, n=n or known[name].default_n, seed=seed or None, quiet=json)
    if json:
        print_json(run.as_json())
    else:
        verdict = "kept" if run.result.kept else "BROKEN"
        print(f"{verdict}: {run.result.figure} (n={run.n:,} seed={run.seed} {run.took_s:.1f} s)")
    if not run.result.kept:
        raise typer.Exit(1)


@dead_letter_app.command("list")
def list_dead(json: Json = False) -> None:
    """What waits for a person, with the reason."""
    with open_shop(indexed=False) as shop, shop.storage.read() as uow:
        letters = [
            *uow.inbox.dead(limit=500),
            *uow.outbox.dead_letters(limit=500),
            *uow.payment_calls.dead(limit=500),
        ]
    if json:
        print_json([letter.as_json() for letter in letters])
        return
    for letter in letters:
        print(f"{letter.box}:{letter.id}  {letter.lane}  {letter.error}")
    if not letters:
        print("nothing waits for a person")


@dead_letter_app.command()
def replay(letter: Annotated[str, typer.Argument(help="As listed: in:12, out:12 or call:12.")]) -> None:
    """Tries one again from the start."""
    box, _, number = letter.partition(":")
    if box not in {"in", "out", "call"} or not number.isdecimal() or len(number) > 15:
        misuse(f"{letter}: expected in:NUMBER, out:NUMBER or call:NUMBER")
    with open_shop(indexed=False) as shop:
        with shop.storage.read() as uow:
            lanes = {each.id: each.lane for each in uow.payment_calls.dead(limit=10_000)} if box == "call" else {}
        if lanes.get(int(number)) == "pos":
            refuse(f"{letter} came from your own till: correct it there and let it send it with another id")
        again = shop.storage.write(partial(_replayed, box=box, row_id=int(number), at=shop.clock.now()))
    if not again:
        refuse(f"{letter} is not among the dead letters")
    print(f"{letter} is tried again")


def _replayed(uow: UnitOfWork, box: str, row_id: int, at: datetime) -> bool:
    match box:
        case "in":
            return uow.inbox.replay(row_id, at)
        case "out":
            return uow.outbox.replay(row_id, at)
        case _:
            return uow.payment_calls.replay(row_id, at)


@places_app.command("import")
def import_list(
    source: Annotated[Path, typer.Argument(help="Communes of France as CSV, or a GeoNames postal file.", exists=True)],
) -> None:
    """Adds a finer list of towns and postcodes to the bundled one."""
    from commerce.gazetteer import import_places
    from commerce.settings import load_settings

    try:
        count = import_places(source, load_settings().data_dir / "places")
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        refuse(str(error))
    print(f"{count:,} places")
