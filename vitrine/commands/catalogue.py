"""sync, search, similar: the catalogue in, and questions to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.console import Json, Lang, language, misuse, open_shop, print_json, progress_bars, refuse

if TYPE_CHECKING:
    from commerce.domain.geo import GeoPoint
    from commerce.ports import PartOfPicture


def register(app: typer.Typer) -> None:
    for command in (sync, search, similar):
        app.command()(command)


def sync(
    source: Annotated[str, typer.Argument(help="A file, a folder or an address.")],
    format: Annotated[str, typer.Option("--format", help="google or csv; without it, recognised by its content.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; change nothing.")] = False,
    confirm_drop: Annotated[
        bool, typer.Option("--confirm-drop", help="Apply a feed that lost more than 30 % of its products.")
    ] = False,
    json: Json = False,
) -> None:
    """Reads a product feed. Rejected lines are reported with their reason; a second run finds nothing to do."""
    from catalog_sync import sync as run_sync
    from commerce.settings import load_settings
    from vitrine.reports import feed_report

    with open_shop(indexed=False) as shop, progress_bars(quiet=json) as progress:
        report = run_sync(
            shop,
            source,
            format=format or None,
            dry_run=dry_run,
            confirm_drop=confirm_drop,
            on_progress=progress,
        )
        if report.state == "applied":
            shop.index_keeper.catch_up(progress)
            shop.choosing_eyes.settle()
    if json:
        print_json(report.as_json())
    else:
        feed_report(report, load_settings().default_language)
    if report.refused:
        raise typer.Exit(1)


def search(
    words: Annotated[list[str], typer.Argument(help="What a shopper would type.")],
    lang: Lang = "",
    near: Annotated[str, typer.Option("--near", metavar="LAT,LON", help="Where the shopper is.")] = "",
    size: Annotated[str, typer.Option("--size", help="Only products in this size, in stock.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    json: Json = False,
) -> None:
    """Searches as the shop's conversations and pages do."""
    from vitrine.searching import answer_words

    spoken = language(lang)
    point = _point(near)
    with open_shop() as shop:
        answer = answer_words(shop, " ".join(words), language=spoken, near=point, size=size, limit=limit)
    _print_answer(answer, spoken, json)


def similar(
    photo: Annotated[Path, typer.Argument(help="A photo of something to wear.", exists=True, dir_okay=False)],
    words: Annotated[str, typer.Option("--words", help="What should be different: “in green”.")] = "",
    box: Annotated[
        str, typer.Option("--box", metavar="L,T,R,B", help="Only this part: left,top,right,bottom, each 0 to 1.")
    ] = "",
    lang: Lang = "",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    json: Json = False,
) -> None:
    """Products that look like the one in a photo."""
    from commerce.ports import NotSeen
    from vitrine.searching import answer_photo

    spoken = language(lang)
    with open_shop() as shop:
        answer = answer_photo(shop, photo.read_bytes(), words, part=_part(box), language=spoken, limit=limit)
    if isinstance(answer, NotSeen):
        if json:
            print_json({"hits": [], "not_seen": answer.value})
        refuse(f"{photo}: {answer.value.replace('_', ' ')}")
    _print_answer(answer, spoken, json)


def _print_answer(answer: object, spoken: str, as_json: bool) -> None:
    from vitrine.searching import Answer

    assert isinstance(answer, Answer)
    if as_json:
        print_json(answer.as_json())
        return
    from vitrine.reports import search_report

    search_report(answer, spoken)


def _point(near: str) -> GeoPoint | None:
    from commerce.domain.geo import GeoPoint

    if not near:
        return None
    try:
        latitude, longitude = (float(part) for part in near.split(","))
        return GeoPoint(latitude, longitude)
    except ValueError:
        misuse(f"--near {near}: expected LAT,LON in degrees, such as 45.76,4.84")


def _part(box: str) -> PartOfPicture | None:
    if not box:
        return None
    try:
        left, top, right, bottom = (float(edge) for edge in box.split(","))
    except ValueError:
        misuse(f"--box {box}: expected LEFT,TOP,RIGHT,BOTTOM, such as 0.1,0.2,0.5,0.9")
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        misuse(f"--box {box}: fractions from 0 to 1, left before right and top before bottom")
    return left, top, right, bottom
