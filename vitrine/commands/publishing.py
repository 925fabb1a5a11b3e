"""catalogue: a shoppable catalogue from a file, without the studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.console import Json, open_shop, print_json, progress_bars, refuse

if TYPE_CHECKING:
    from commerce.domain.lookbook import Edition

catalogue_app = typer.Typer(help="Shoppable catalogues.", no_args_is_help=True)
ACTOR = "command"


def register(app: typer.Typer) -> None:
    app.add_typer(catalogue_app, name="catalogue")


@catalogue_app.callback()
def catalogue() -> None:
    """Shoppable catalogues."""


@catalogue_app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="A PDF.", exists=True, dir_okay=False, readable=True)],
    title: Annotated[str, typer.Option("--title", help="As shoppers read it; without it, the file's name.")] = "",
    slug: Annotated[str, typer.Option("--slug", help="Its address, /l/SLUG; without it, made of the title.")] = "",
    even_doubtful: Annotated[
        bool, typer.Option("--even-doubtful", help="Publish although some places are to be looked at.")
    ] = False,
    json: Json = False,
) -> None:
    """Reads a PDF, finds its products by article numbers, prices and pictures, and publishes it.

    With doubtful places it stays a draft in the studio, and the command says which they are.
    """
    from commerce.domain.localtext import LocalText
    from commerce.domain.lookbook import Review
    from commerce.domain.reservation import Refused

    with open_shop() as shop, progress_bars(quiet=json) as progress:
        named = title or file.stem.replace("-", " ").replace("_", " ")
        made = shop.publishing.from_pdf(
            file.read_bytes(),
            LocalText(dict.fromkeys(shop.settings.languages, named)),
            actor=ACTOR,
            slug=slug,
            progress=lambda done, of: progress("pages", done, of),
        )
        if isinstance(made, Refused):
            refuse(f"{file.name}: {made.reason.value}")
        doubtful = [spot for spot in made.hotspots if spot.review is Review.DOUBTFUL]
        published = None
        if even_doubtful or not doubtful:
            book = made.lookbook
            published = shop.storage.write(
                lambda uow: shop.publishing.publish(
                    uow, book.id, book.revision, actor=ACTOR, even_doubtful=even_doubtful
                )
            )
        address = f"{shop.settings.base_url}/l/{made.lookbook.slug}"
    is_public = published is not None and not isinstance(published, Refused)
    if json:
        print_json(_told(made, address if is_public else ""))
        return
    print(f"{len(made.hotspots) - len(doubtful)} of {len(made.hotspots)} places are sure.")
    for spot in doubtful:
        print(f"  page {spot.page}: {spot.printed or 'a picture'}: {', '.join(spot.doubts)}")
    print(address if is_public else f"A draft: look through it in the studio (/studio/{made.lookbook.id}).")


def _told(made: Edition, address: str) -> dict[str, object]:
    return {
        "id": made.lookbook.id,
        "slug": made.lookbook.slug,
        "url": address,
        "pages": len(made.pages),
        "hotspots": [
            {
                "page": spot.page,
                "product_id": spot.product_id,
                "found_by": spot.found_by.value,
                "review": spot.review.value,
                "doubts": list(spot.doubts),
                "printed": spot.printed,
            }
            for spot in made.hotspots
        ],
    }
