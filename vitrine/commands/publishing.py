"""catalogue: a shoppable catalogue from a file or of chosen products, without the studio. posts: those of the link page
from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commerce.domain.layout import Cover, Density
from vitrine.console import Json, Lang, language, misuse, open_shop, print_json, progress_bars, refuse

if TYPE_CHECKING:
    from commerce.domain.lookbook import Edition
    from commerce.services.laying_out import Chosen
    from commerce.wiring import Shop

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

        def told(done: int, of: int) -> None:
            progress("pages", done, of)

        if file.is_dir():
            made = shop.publishing.from_pictures(pictures_in(file), titled, actor=ACTOR, slug=slug, progress=told)
        else:
            made = shop.publishing.from_pdf(file.read_bytes(), titled, actor=ACTOR, slug=slug, progress=told)
        if isinstance(made, Refused):
            refuse(f"{file.name}: {made.reason.value}")
        doubtful = [spot for spot in made.hotspots if spot.review is Review.DOUBTFUL]
        address = _published(shop, made, even_doubtful) if even_doubtful or not doubtful else ""
    if json:
        print_json(_told(made, address))
        return
    print(f"{len(made.hotspots) - len(doubtful)} of {len(made.hotspots)} places are sure.")
    for spot in doubtful:
        print(f"  page {spot.page}: {spot.printed or 'a picture'}: {', '.join(spot.doubts)}")
    print(_where(made, address))


@catalogue_app.command()
def layout(
    search: Annotated[str, typer.Option("--search", help="Products that answer to these words, best first.")] = "",
    n: Annotated[int, typer.Option("--n", min=1, max=1000, help="At most so many of them.")] = 24,
    sku: Annotated[
        Path | None,
        typer.Option("--sku", help="A file with an article number a line, in order.", exists=True, readable=True),
    ] = None,
    title: Annotated[str, typer.Option("--title", help="As shoppers read it; without it, the words.")] = "",
    slug: Annotated[str, typer.Option("--slug", help="Its address, /l/SLUG; without it, made of the title.")] = "",
    density: Annotated[Density, typer.Option("--density", help="How much stands on a page.")] = Density.MIXED,
    cover: Annotated[Cover, typer.Option("--cover", help="What the first page shows.")] = Cover.ONE,
    lang: Lang = "",
    publish: Annotated[bool, typer.Option("--publish", help="Show it to shoppers at once.")] = False,
    json: Json = False,
) -> None:
    """Lays chosen products out on pages of photos, each a place that leads to its product.

    Prices and titles are no part of the pictures: readers see today's, in their language. Without
    --publish it is a draft in the studio. What has no photo is left out, and named.
    """
    from commerce.domain.localtext import LocalText
    from commerce.domain.reservation import Refused

    if bool(search) == (sku is not None):
        misuse("Say which products: --search WORDS or --sku FILE")
    spoken = language(lang)
    named = title or search or (sku.stem.replace("-", " ").replace("_", " ") if sku else "")
    with open_shop(indexed=bool(search)) as shop, progress_bars(quiet=json) as progress:
        done = shop.laying_out.make(
            _listed(shop, sku) if sku else _found(shop, search, n, spoken),
            LocalText(dict.fromkeys(shop.settings.languages, named)),
            density=density,
            cover=cover,
            actor=ACTOR,
            slug=slug,
            progress=lambda done, of: progress("pages", done, of),
        )
        if isinstance(done, Refused):
            refuse(f"{named}: {done.reason.value}")
        made, left_out = done.edition, _numbers(shop, done.left_out)
        address = _published(shop, made) if publish else ""
    if json:
        print_json({**_told(made, address), "left_out": left_out})
        return
    print(f"{len(made.pages)} pages with {len({spot.product_id for spot in made.hotspots})} products.")
    for number in left_out:
        print(f"  left out: {number}: no longer sold, or without a photo")
    print(_where(made, address))


def _found(shop: Shop, words: str, limit: int, spoken: str) -> list[Chosen]:
    from commerce.services.laying_out import Chosen

    answer = shop.discovery.search(shop.asking.request(words, language=spoken, limit=limit))
    return [Chosen(found.product.id) for found in answer.found]


def _listed(shop: Shop, file: Path) -> list[Chosen]:
    """Refuses numbers that nothing has, all of them by name."""
    from commerce.services.laying_out import Chosen
    from commerce.services.naming import named

    numbers = [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    with shop.storage.read() as uow:
        known = {number: named(uow, number) for number in dict.fromkeys(numbers)}
    if unknown := [number for number, found in known.items() if found is None]:
        refuse(f"{file.name}: nothing has these numbers: {', '.join(unknown)}")
    return [Chosen(found[0].id, found[1].id if found[1] else 0) for found in known.values() if found]


def _numbers(shop: Shop, chosen: Sequence[Chosen]) -> list[str]:
    """The products' own numbers, as their feed says them."""
    with shop.storage.read() as uow:
        products = {each.product_id: uow.products.get(each.product_id) for each in chosen}
    return [product.source_id if (product := products[each.product_id]) else str(each.product_id) for each in chosen]


def _published(shop: Shop, made: Edition, even_doubtful: bool = False) -> str:
    """Its address; '' where it stays a draft."""
    from commerce.domain.reservation import Refused

    book = made.lookbook
    published = shop.storage.write(
        lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor=ACTOR, even_doubtful=even_doubtful)
    )
    return "" if isinstance(published, Refused) else f"{shop.settings.base_url}/l/{book.slug}"


def _where(made: Edition, address: str) -> str:
    return address or f"A draft: look through it in the studio (/studio/{made.lookbook.id})."


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
