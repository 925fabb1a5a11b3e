"""What is promised of an encoder, as tables: on products and photos that the built-in one never saw in training.

    python -m visual_search.training.report                      the encoder that ships
    python -m visual_search.training.report --encoder imagenet   another one, the same way
    python -m visual_search.training.report --write              and keep its bands ("very close", "close", one colour)
    python -m visual_search.training.report --all                names among all products, most of them taught, alone
    python -m visual_search.training.report --others DIR         a shop that is not fashion: a folder of pictures a kind

Pictures go through the decoding child, as in the shop. Needs the shared data, and torch for views as by a phone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Bands, Encoder
from visual_search.encoders.registry import open_encoder
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training import again, colours, measures
from visual_search.training import corpus as data
from visual_search.training.captions import Lexicon
from visual_search.training.colours import Seen
from visual_search.training.corpus import DEV, Corpus
from visual_search.training.export import MODEL_DIRECTORY
from visual_search.training.others import pictures, squashed
from visual_search.training.shared_data import PHOTO_TYPES, RawPictures, data_directory, raw_pictures
from visual_search.values import Picture

Floats = NDArray[np.float32]

# Figure, what was promised, what a prototype of the same size had reached on a corpus of its own.
TARGETS = (
    ("name_mrr_en", "name → photo, MRR", 0.45, 0.345),
    ("type_p10_en", "fine category, P@10", 0.82, 0.768),
    ("colour_p10_en", "colour, P@10", 0.56, 0.490),
    ("photo_type_p10", "photo → photo, same type, P@10", 0.78, 0.710),
    ("photo_type_colour_p10", "photo → photo, same type and colour, P@10", 0.42, 0.328),
    ("customer_p10", "phone photo → right type, P@10", 0.65, 0.501),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an encoder on what it was never taught with.")
    parser.add_argument("--encoder", default="vitrine")
    parser.add_argument("--part", choices=measures.PARTS, default="test")
    parser.add_argument("--cache", type=Path, default=Path("var/training"))
    parser.add_argument("--all", action="store_true", help="names among the whole catalogue, and nothing else")
    parser.add_argument("--others", type=Path, help="a folder with a folder of pictures for each kind of thing")
    parser.add_argument("--write", action="store_true", help="keep the bands in the shipped encoder's description")
    asked = parser.parse_args()
    encoder = open_encoder(asked.encoder)
    if asked.others:
        _report_others(encoder, asked.others)
        return
    directory = data_directory()
    corpus = data.load(directory, asked.cache)
    lexicon = Lexicon(directory / "fashion" / "lexicon.tsv")
    part = measures.PARTS[asked.part]
    products, photos = np.flatnonzero(corpus.part == part), np.flatnonzero(corpus.photo_part == part)
    files = raw_pictures(directory)
    if asked.all:
        if not encoder.reads_words:
            raise SystemExit(f"{encoder.name} reads no words, so no names")
        every = see(encoder, files.products)
        told_all = measures.names_among_all(every, products, corpus, lexicon, encoder.encode_words)
        print(f"{encoder.name} {encoder.revision}: names of {len(products)} products among {len(every)} ({asked.part})")
        for language, (of_name, in_ten, itself) in told_all.items():
            print(f"  {language}: MRR {of_name:.3f}, among ten {in_ten:.3f}; the product itself, MRR {itself:.3f}")
        return
    seen_products = looked(encoder, (files.products[row] for row in products))
    seen_photos = looked(encoder, (files.photos[row] for row in photos))
    shown, taken = seen_products.vectors, seen_photos.vectors
    words = encoder.encode_words if encoder.reads_words else None
    told = measures.figures(shown, taken, products, photos, corpus, lexicon, words)
    print(f"{encoder.name} {encoder.revision}: {len(products)} products, {len(photos)} phone photos ({asked.part})\n")
    _print_targets(told)
    for what, way in again.WAYS.items():
        seen = see(encoder, again.taken_again((files.products[row] for row in products), way))
        print(f"a product's own picture, {what}, finds it first: {again.itself_first(shown, seen):.3f}")
    _print_labels(shown, taken, products, photos, corpus)
    _print_speed(encoder)
    bands = _bands(encoder, shown, products, files, corpus)
    print(f"\nbands, chosen on other photos and products: {bands}")
    edges = (bands.very_close, bands.close)
    for name, count, right in measures.in_bands(shown, taken, products, photos, corpus, edges):
        print(f"  {name}: {count} photos, first hit of the right type {right:.3f}")
    views = looked(encoder, colours.as_by_phone(corpus, products, encoder.input_px))
    colours.print_views(encoder, bands, views, seen_products, colours.found(views, seen_products, corpus, products))
    colours.print_photos(encoder, bands, seen_photos, seen_products, measures.may_answer(products, photos, corpus))
    pair_photos, pair_products, same = colours.pairs(directory, corpus, part)
    one_side = looked(encoder, (files.photos[at] for at in pair_photos))
    other_side = looked(encoder, (files.products[at] for at in pair_products))
    colours.print_pairs(encoder, bands, one_side, other_side, same)
    if asked.write:
        path = MODEL_DIRECTORY / "encoder.json"
        kept = json.loads(path.read_bytes())
        kept["bands"] = {name: value for name, value in asdict(bands).items() if value is not None}
        path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def _bands(encoder: Encoder, shown: Floats, products: NDArray[np.int64], files: RawPictures, corpus: Corpus) -> Bands:
    """Of the kind on phone photos used for choosing, over the `products` reported on; of the colour on views of other
    products, used for choosing too."""
    photos, others = np.flatnonzero(corpus.photo_part == DEV), np.flatnonzero(corpus.part == DEV)
    taken = see(encoder, (files.photos[row] for row in photos))
    bands = Bands(*measures.bands(shown, taken, products, photos, corpus))
    if not encoder.reads_words:
        return bands
    theirs = looked(encoder, (files.products[row] for row in others))
    views = looked(encoder, colours.as_by_phone(corpus, others, encoder.input_px))
    hits = colours.found(views, theirs, corpus, others)
    return replace(bands, same_colour=colours.least_agreement(encoder, bands, views, theirs, hits))


def see(encoder: Encoder, pictures: Iterable[bytes]) -> Floats:
    """Vectors of pictures as files, through the child that the shop reads them in."""
    return looked(encoder, pictures).vectors


def looked(encoder: Encoder, pictures: Iterable[bytes]) -> Seen:
    """As `see`, with their thumbs."""
    vectors: list[Floats] = []
    thumbs: list[NDArray[np.uint8]] = []
    waiting: list[bytes] = []

    def encode(decoder: PictureDecoder) -> None:
        read = list(decoder.read_many(waiting, copies=False))
        if not all(isinstance(one, Picture) for one in read):
            raise SystemExit("a picture of the shared data cannot be read")
        vectors.append(encoder.encode(np.stack([one.pixels for one in read if isinstance(one, Picture)])))
        thumbs.extend(np.frombuffer(one.thumb, np.uint8) for one in read if isinstance(one, Picture))
        waiting.clear()

    with PictureDecoder(encoder.input_px) as decoder:
        for picture in pictures:
            waiting.append(picture)
            if len(waiting) == 64:
                encode(decoder)
        if waiting:
            encode(decoder)
    return Seen(np.concatenate(vectors), np.stack(thumbs))


def _print_targets(told: dict[str, float]) -> None:
    print("| what | English | French | promised | prototype |\n|---|---|---|---|---|")
    for name, what, promised, prototype in TARGETS:
        if name not in told:
            continue
        french = told.get(name.replace("_en", "_fr")) if name.endswith("_en") else None
        shown = f"{french:.3f}" if french is not None else ""
        print(f"| {what} | {told[name]:.3f} | {shown} | {promised:.2f} | {prototype:.3f} |")
    print(f"\nphone photo → right type first (P@1): {told['customer_p1']:.3f}")
    if "name_mrr_en" in told:
        print(
            f"name → its own photo, other products of the same name counted wrong: MRR {told['own_mrr_en']:.3f}, "
            f"French {told['own_mrr_fr']:.3f}; R@1 {told['name_r1_en']:.3f}, R@10 {told['name_r10_en']:.3f}"
        )


def _print_labels(
    shown: Floats, taken: Floats, products: NDArray[np.int64], photos: NDArray[np.int64], corpus: Corpus
) -> None:
    kinds = np.array([corpus.rows[row]["article_type"] for row in products])
    best = np.argsort(-(taken @ shown.T), axis=1)[:, :10]
    labels = np.array([corpus.photo_labels[photo] for photo in photos])
    words = []
    for label in np.unique(labels):
        mine = labels == label
        share = np.isin(kinds[best[mine]], PHOTO_TYPES[label]).mean()
        chance = np.isin(kinds, PHOTO_TYPES[label]).mean()
        words.append(f"{label} {share:.2f} (of {mine.sum()}, chance {chance:.2f})")
    print("by label: " + ", ".join(words))


def _print_speed(encoder: Encoder) -> None:
    side = encoder.input_px
    pixels = np.random.default_rng(7).integers(0, 256, (1, side, side, 3), np.uint8)
    print(f"\ncpu of one photo, one thread: {_cpu_ms(lambda: encoder.encode(pixels)):.2f} ms", end="")
    if encoder.reads_words:
        print(
            f"; of one short text: {_cpu_ms(lambda: encoder.encode_words(['robe en lin bleu marine'])):.2f} ms", end=""
        )
    shipped = sorted(MODEL_DIRECTORY.iterdir()) if encoder.name == "vitrine" else []
    print(f"; {sum(file.stat().st_size for file in shipped) / 1e6:.1f} MB of files" if shipped else "")


def _cpu_ms(work: object) -> float:
    assert callable(work)
    for _ in range(5):
        work()
    times = []
    for _ in range(60):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return float(np.median(times)) * 1e3


def _report_others(encoder: Encoder, folder: Path) -> None:
    """Pictures of other things: does a picture find others of its kind, beside plain ImageNet features?"""
    from visual_search.encoders.imagenet import MODEL_DIRECTORY as IMAGENET
    from visual_search.encoders.tower import ImagenetTower

    found = pictures(folder)
    names, counts = np.unique([kind for kind, _ in found], return_counts=True)
    enough = set(names[counts >= 6])
    images = [image for kind, image in found if kind in enough]
    labels = np.array([kind for kind, _ in found if kind in enough])

    tower = ImagenetTower((IMAGENET / "tower.onnx").read_bytes())
    rows: list[tuple[str, Floats]] = [
        (f"{encoder.name}, {encoder.input_px} px", encoder.encode(squashed(images, encoder.input_px)))
    ]
    for side in (encoder.input_px, 160):
        features = tower.see(squashed(images, side), any_size=True)[0]
        rows.append((f"plain ImageNet features, {side} px", _unit(features)))
    print(f"{len(images)} pictures of {len(enough)} kinds: {', '.join(sorted(enough))}")
    for name, vectors in rows:
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2)
        best = np.argsort(-cosines, axis=1)[:, :5]
        hits = labels[best] == labels[:, None]
        print(f"  {name}: P@1 {hits[:, 0].mean():.3f}, P@5 {hits.mean():.3f}")


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
