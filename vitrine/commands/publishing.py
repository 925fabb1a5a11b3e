"""catalogue: a shoppable catalogue from a file, without the studio. posts: those of the link page from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.console import Json, open_shop, print_json, progress_bars, refuse

if TYPE_CHECKING:
    from commerce.domain.lookbook import Edition

catalogue_app = typer.Typer(help="Shoppable catalogues.", no_args_is_help=True)
posts_app = typer.Typer(help="Posts of the link page.", no_args_is_help=True)
ACTOR = "command"
_INPUT_PX = 32  # what the eyes would see is not needed here


def register(app: typer.Typer) -> None:
    app.add_typer(catalogue_app, name="catalogue")
    app.add_typer(posts_app, name="posts")


@catalogue_app.callback()
def catalogue() -> None:
    """Shoppable catalogues."""


@catalogue_app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="A PDF, or a folder of pictures.", exists=True, readable=True)],
    title: Annotated[str, typer.Option("--title", help="As shoppers read it; without it, the file's name.")] = "",
    slug: Annotated[str, typer.Option("--slug", help="Its address, /l/SLUG; without it, made of the title.")] = "",
    even_doubtful: Annotated[
        bool, typer.Option("--even-doubtful", help="Publish although some places are to be looked at.")
    ] = False,
    json: Json = False,
) -> None:
    """Reads a PDF, finds its products by article numbers, prices and pictures, and publishes it.

    Of a folder every picture is a page, in the order of their names. With doubtful places it stays a
    draft in the studio, and the command says which they are.
    """
    from commerce.domain.localtext import LocalText
    from commerce.domain.lookbook import Review
    from commerce.domain.reservation import Refused

    with open_shop() as shop, progress_bars(quiet=json) as progress:
        named = title or file.stem.replace("-", " ").replace("_", " ")
        titled = LocalText(dict.fromkeys(shop.settings.languages, named))
        if file.is_dir():
            made = shop.publishing.from_pictures(pictures_in(file), titled, actor=ACTOR, slug=slug)
        else:
            made = shop.publishing.from_pdf(
                file.read_bytes(),
                titled,
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


@posts_app.callback()
def posts() -> None:
    """Posts of the link page."""


@posts_app.command("import")
def import_posts(json: Json = False) -> None:
    """Brings in the posts that are new at Instagram, and follows those that were edited or deleted there.

    They stay hidden until somebody shows them in the studio, unless INSTAGRAM_SHOW_SURE is on. The worker
    does the same by itself every INSTAGRAM_EVERY_MIN minutes.
    """
    from dataclasses import asdict

    from commerce.domain.imported import NotRead
    from commerce.instagram import off_because

    with open_shop() as shop, progress_bars(quiet=json) as progress:
        if shop.importing.source is None:
            refuse(off_because(shop.settings))
        found = shop.importing.run(actor=ACTOR, progress=lambda done, of: progress("posts", done, of))
    if isinstance(found, NotRead):
        until = f", until {found.again_at.isoformat()}" if found.again_at else ""
        refuse(f"{found.why.value}{until}")
    if json:
        print_json(asdict(found))
        return
    print(", ".join(f"{count} {what}" for what, count in asdict(found).items()))


def pictures_in(folder: Path) -> list[tuple[bytes, int, int]]:
    """Our own JPEG of each picture in the folder with its width and height; the bytes are decoded in a child process.
    Refuses, by name, what is no picture; hidden files are none of ours."""
    from visual_search.preprocess.decoder import PictureDecoder
    from visual_search.values import PictureRefused

    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    pages = []
    with PictureDecoder(_INPUT_PX, children=1) as decoder:
        for path, seen in zip(
            files, decoder.read_many((path.read_bytes() for path in files), copies=True), strict=True
        ):
            if isinstance(seen, PictureRefused):
                refuse(f"{path.name}: {seen.reason}")
            pages.append((seen.clean, seen.clean_width_px, seen.clean_height_px))
    return pages


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
