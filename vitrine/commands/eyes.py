"""index, embed: what the shop sees with."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.console import Json, misuse, open_shop, print_json, progress_bars, refuse

if TYPE_CHECKING:
    from commerce.ports import Taught
    from visual_search.values import Vectors

index_app = typer.Typer(
    help="The picture index: derived from the database, rebuilt whenever wanted.", no_args_is_help=True
)
embed_app = typer.Typer(
    help="Vectors of pictures and words, so that others can measure the encoder.", no_args_is_help=True
)


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
    """Builds the index anew from the pictures in the database, while the old one goes on answering: with the encoder of
    the settings, whichever made the old one. Interrupted, it goes on where it was the next time."""
    from commerce.errors import IndexNotBuilt

    with open_shop() as shop, progress_bars(quiet=json) as progress:
        shop.choosing_eyes.settle()
        try:
            count = shop.index_keeper.rebuild_pictures(on_progress=progress)
        except IndexNotBuilt as refused:
            refuse(str(refused))
        encoder = shop.image_matcher.describe()["encoder"]
    if json:
        print_json({"pictures": count, "encoder": encoder})
    else:
        print(f"{count:,} pictures, looked at by {encoder}")


@index_app.command()
def fit(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Teach and measure only; nothing is changed.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to the encoder as it was shipped.")] = False,
    json: Json = False,
) -> None:
    """Teaches the encoder this shop's own catalogue: its names, its kinds and colours, its pictures. A tenth of the
    products is held out to check; a result that is not better is refused and changes nothing. Otherwise the picture
    index is built anew while the old one answers. Takes minutes, on one core, and nothing leaves the machine."""
    from commerce.errors import IndexNotBuilt

    if undo and dry_run:
        misuse("--undo and --dry-run: one or the other")
    with open_shop() as shop, progress_bars(quiet=json) as progress:
        if not undo:
            shop.choosing_eyes.settle()
        try:
            if undo:
                if not shop.teaching.forget():
                    refuse("the encoder is as it was shipped: nothing to go back from")
            else:
                taught = shop.teaching.teach(progress, apply=not dry_run)
                _print_taught(taught, json=json)
                if taught.refused:
                    refuse("; ".join(taught.refused) + ". Nothing was changed")
                if dry_run:
                    return
        except IndexNotBuilt as refused:
            refuse(f"{refused}; what looks here was {shop.image_matcher.describe()['why']}")
        try:
            count = shop.index_keeper.rebuild_pictures(on_progress=progress)
        except IndexNotBuilt as refused:  # it is decided; whoever holds the index makes the change
            print(f"The index follows by itself: {refused}", file=sys.stderr)
            return
        encoder = shop.image_matcher.describe()["encoder"]
    if undo and json:
        print_json({"pictures": count, "encoder": encoder})
    elif not json:
        print(f"{count:,} pictures, looked at by {encoder}")


_FIGURES = {
    "name_mrr": "a name finds its product (mean reciprocal rank)",
    "kind_words_p10": "a word for a kind finds that kind (10 nearest)",
    "photo_kind_p10": "a picture finds its kind (10 nearest)",
    "phone_kind_p10": "the same, taken as by a phone",
    "likeness_kept": "likenesses among such photos kept (correlation)",
}


def _print_taught(taught: Taught, *, json: bool) -> None:
    if json:
        print_json(asdict(taught))
        return
    print(f"{taught.products:,} products, {taught.pictures:,} pictures, {taught.took_s:.0f} s")
    for title, before, after in (
        (f"{taught.held_out:,} products that were held out", taught.before, taught.after),
        ("the whole catalogue, all of it taught", taught.whole_before, taught.whole_after),
    ):
        if after:
            print(f"{title}: before, after")
        for name, value in after.items():
            key = next((key for key in _FIGURES if name.startswith(key)), "")
            language = name.removeprefix(key).removeprefix("_")
            shown = f"{before[name]:.3f}" if name in before else "1.000"
            print(f"  {_FIGURES[key]}{f', {language}' if language else ''}: {shown}, {value:.3f}")


_Out = Annotated[Path, typer.Option("-o", "--out", help="File to write: float32, one unit-length row a line.")]
_Encoder = Annotated[str, typer.Option(help="Instead of the encoder in the settings.")]


@embed_app.command()
def images(
    listing: Annotated[Path, typer.Argument(metavar="LIST", help="One picture's path a line.", exists=True)],
    out: _Out,
    encoder: _Encoder = "",
) -> None:
    """Encodes pictures exactly as the shop does. The row of what cannot be read is NaN; each is told of on standard
    error, and the command ends with 1 though the file is written."""
    from visual_search.embed import embed_images
    from visual_search.errors import EncoderUnavailable

    paths = [Path(line) for line in _lines(listing) if line.strip()]
    if not paths:
        misuse(f"{listing}: no paths in it")
    refused: list[str] = []
    name, fits = _opened_by(encoder)
    try:
        with progress_bars() as progress:
            rows = embed_images(
                paths,
                name,
                on_refused=lambda path, why: refused.append(f"{path}: {why}"),
                on_progress=lambda done: progress("Encoding", done, len(paths)),
                fits=fits,
            )
    except EncoderUnavailable as missing:
        refuse(missing.reason)
    _write(out, rows)
    for line in refused:
        print(line, file=sys.stderr)
    print(f"{len(paths):,} rows in {out}")
    if refused:
        refuse(f"{len(refused):,} of {len(paths):,} pictures cannot be read: their rows are NaN")


@embed_app.command()
def texts(
    listing: Annotated[Path, typer.Argument(metavar="LIST", help="One text a line.", exists=True)],
    out: _Out,
    encoder: _Encoder = "",
) -> None:
    """Encodes texts into the space of the pictures; an empty line is an empty text. An encoder that reads no words
    is refused."""
    from visual_search.embed import embed_texts
    from visual_search.errors import EncoderUnavailable

    lines = _lines(listing)
    if not lines:
        misuse(f"{listing}: no texts in it")
    name, fits = _opened_by(encoder)
    try:
        with progress_bars() as progress:
            rows = embed_texts(lines, name, lambda done: progress("Encoding", done, len(lines)), fits)
    except EncoderUnavailable as missing:
        refuse(missing.reason)
    _write(out, rows)
    print(f"{len(lines):,} rows in {out}")


def _lines(listing: Path) -> list[str]:
    try:
        text = listing.read_text("utf-8-sig")
    except UnicodeDecodeError:
        misuse(f"{listing}: not UTF-8")
    return text.removesuffix("\n").split("\n") if text else []


def _opened_by(encoder: str) -> tuple[str, Path]:
    """The encoder of that name, "" the one that looks in this shop; and where what it was taught lies."""
    from commerce.image_matching import fits_folder
    from commerce.services.choosing_eyes import AUTO, encoder_to_open
    from commerce.settings import load_settings
    from visual_search.fits import FitStore

    settings = load_settings()
    fits = fits_folder(settings.data_dir / "index")
    named = encoder or settings.encoder
    if named == AUTO:
        with open_shop(indexed=False) as shop:
            named = encoder_to_open(AUTO, shop.storage, shop.clock)
    return (encoder if encoder not in ("", AUTO) else FitStore(fits).wanted(named)), fits


def _write(out: Path, rows: Vectors) -> None:
    import numpy as np

    try:
        with out.open("wb") as file:  # np.save would add .npy to another name
            np.save(file, rows)
    except OSError as error:
        refuse(f"{out}: {error.strerror}")
