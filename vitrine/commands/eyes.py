"""index, embed: what the shop sees with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrine.console import Json, misuse, open_shop, print_json, progress_bars, refuse

index_app = typer.Typer(
    help="The picture index: derived from the database, rebuilt whenever wanted.", no_args_is_help=True
)
embed_app = typer.Typer(help="Vectors of pictures, so that others can measure the encoder.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(index_app, name="index")
    app.add_typer(embed_app, name="embed")


@index_app.command()
def verify(json: Json = False) -> None:
    """Checks every file of the index against its hash, and its ids against the catalogue."""
    with open_shop(indexed=False) as shop:
        report = shop.image_matcher.verify()
    if json:
        print_json(report)
    else:
        for name, value in report.items():
            print(f"{name}: {value}")
    if report.get("damage"):
        raise typer.Exit(1)


@index_app.command()
def rebuild(json: Json = False) -> None:
    """Builds the index anew from the pictures in the database, while the old one goes on answering."""
    with open_shop() as shop, progress_bars(quiet=json) as progress:
        count = shop.index_keeper.rebuild_pictures(on_progress=progress)
    if json:
        print_json({"pictures": count})
    else:
        print(f"{count:,} pictures")


@embed_app.command()
def images(
    listing: Annotated[Path, typer.Argument(metavar="LIST", help="One picture's path a line.", exists=True)],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write: float32, one unit-length row a line.")],
    encoder: Annotated[str, typer.Option(help="Instead of the encoder in the settings.")] = "",
) -> None:
    """Encodes pictures exactly as the shop does."""
    import numpy as np

    from commerce.image_matching import embed_images
    from commerce.settings import load_settings

    paths = [Path(line) for line in listing.read_text("utf-8").splitlines() if line.strip()]
    if not paths:
        misuse(f"{listing}: no paths in it")
    with progress_bars() as progress:
        rows = embed_images(
            paths,
            encoder=encoder or load_settings().encoder,
            on_progress=lambda done: progress("Encoding", done, len(paths)),
        )
    unread = [path for path, row in zip(paths, rows, strict=True) if row is None]
    if unread:
        refuse(f"{len(unread)} of {len(paths)} pictures cannot be read, the first is {unread[0]}")
    np.save(out, np.stack([row for row in rows if row is not None]).astype(np.float32))
    print(f"{len(paths):,} rows in {out}")
