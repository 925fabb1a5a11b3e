"""Measure how well garments are found in photos that nothing was fitted on.

    python -m visual_search.training.measure_regions [--encoder NAME] [--scenes 120] [--photos 200] [--others DIR]

Prints the figures of `regions/README.md`: boxes and kinds on made-up scenes of held-out products and photos, how
often a photo of one garment, of a pair or of something long is answered with one, how often photos of none are answered
with none and clothes are turned away, what a photo costs, and whether the cut-out finds the right type better than the
whole photo.
`--others` is a folder of pictures of other things, read with everything below it; see the README for those that were
used.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from visual_search.api import Eyes
from visual_search.regions.boxes import as_array, overlaps
from visual_search.regions.kinds import IN_PAIRS, LONG, WIDER, kinds_of
from visual_search.training.kind_labels import accepted
from visual_search.training.scenes import Scene, SceneMaker, Truth
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, data_directory, phone_photos
from visual_search.values import Garment, PictureRefused, Seen

SEED = 4201
HIT = 0.5
"""IoU from which a box is right."""
ONE_COLOUR = ("Black", "Blue", "Grey", "Navy Blue")
"""In which the catalogue has enough tops and bottoms that nothing was fitted on."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how well garments are found in photos.")
    parser.add_argument("--encoder", default="vitrine")
    parser.add_argument("--scenes", type=int, default=120, help="of each style and number of garments")
    parser.add_argument("--photos", type=int, default=200, help="phone photos, and products")
    parser.add_argument("--others", type=Path, help="a folder of pictures of other things")
    parser.add_argument("--types", type=int, default=6000, help="products that cut-outs are compared with; 0: skip")
    told = parser.parse_args()
    directory = data_directory()
    if not directory.is_dir():
        raise SystemExit(f"the shared data is not at {directory}; set VITRINE_SHARED")
    shown = catalogue(directory)
    products = [picture for picture in shown if picture.unseen]
    photos = [picture for picture in phone_photos(directory) if picture.unseen]
    maker = SceneMaker(products, photos, SEED)
    with Eyes.open(Path("/nonexistent"), told.encoder) as eyes:
        print(eyes.describe())
        costs: list[float] = []
        for count, draw in (
            (2, maker.collage), (3, maker.collage), (4, maker.collage),
            (2, maker.outfit), (3, maker.outfit), (2, maker.board), (4, maker.board),
        ):  # fmt: skip
            _print_scenes(eyes, [draw(count) for _ in range(told.scenes)], costs)
        print("of one colour, ", end="")
        _print_scenes(eyes, _of_one_colour(products, photos, told.scenes), costs)
        for name, kinds in (("what comes in pairs", IN_PAIRS), ("what is long", LONG)):
            worn, shot = ([one for one in some if _is_one_of(one, kinds)] for some in (products, photos))
            _print_joined(eyes, name, worn, shot, told.scenes, costs)
        taken = _some(photos, told.photos)
        _print_single("phone photos", taken, _look(eyes, (one.data for one in taken), costs))
        some = _some([one for one in products if accepted(one.type)], told.photos)
        _print_single("product photos", some, _look(eyes, (one.data for one in some), costs))
        _print_none("drawn grounds, shapes and words", eyes, [maker.ground().jpeg() for _ in range(told.scenes)], costs)
        if told.others:
            _print_none("other things", eyes, _pictures_below(told.others), costs)
        low, high = np.percentile(costs, (50, 95))
        print(f"cpu of this process and its decoder, ms a photo: p50 {low:.0f}, p95 {high:.0f} ({len(costs)} photos)")
        if told.types:
            _print_types(eyes, _some(shown, told.types), photos)


def _look(eyes: Eyes, pictures: Iterable[bytes], costs: list[float]) -> list[Seen]:
    """`costs` gets the milliseconds of this process; those of the decoder are added from `/proc`."""
    seen = []
    for data in pictures:
        before = time.process_time() + _decoder_s(eyes)
        one = eyes.look(data)
        if isinstance(one, PictureRefused):
            raise SystemExit(f"a picture was refused: {one}")
        after = time.process_time() + _decoder_s(eyes)
        costs.append((after - before) * 1000)
        seen.append(one)
    return seen


def _decoder_s(eyes: Eyes) -> float:
    """CPU seconds of the decoding children (Linux: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms)."""
    sight = eyes._looking()
    decoder = sight.decoder if sight else None
    total = 0.0
    for pid in decoder.child_pids() if decoder else []:
        spent = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
        total += int(spent) / 1e9
    return total


def _print_scenes(eyes: Eyes, scenes: Sequence[Scene], costs: list[float]) -> None:
    wanted = found = hit = named = wide = exact = both = 0
    for scene, seen in zip(scenes, _look(eyes, (scene.jpeg() for scene in scenes), costs), strict=True):
        pairs = _pairs(scene.truths, seen.garments)
        right = [_right(garment, truth.kinds) for truth, garment in pairs]
        wide += sum(garment.kind in WIDER for _, garment in pairs)
        wanted, found, hit = wanted + len(scene.truths), found + len(seen.garments), hit + len(pairs)
        named += sum(right)
        exact += len(seen.garments) == len(scene.truths)
        both += len(pairs) == len(scene.truths) and all(right)
    hits, count = max(hit, 1), len(scenes)
    print(
        f"{scenes[0].style} of {len(scenes[0].truths)} ({count}): recall {hit / wanted:.3f}, precision"
        f" {hit / max(found, 1):.3f}, right kind of the found {named / hits:.3f} (a wider one {wide / hits:.3f}),"
        f" right number {exact / count:.3f}, all found with the right kind {both / count:.3f}",
        flush=True,
    )


def _print_joined(
    eyes: Eyes, name: str, products: Sequence[Labelled], photos: Sequence[Labelled], count: int, costs: list[float]
) -> None:
    """How often what is joined where it falls in two, and is one article in every picture of ours, is answered as
    several; and how well two such articles in one scene are told apart."""
    _print_single(f"phone photos of {name}", photos, _look(eyes, (one.data for one in photos), costs))
    _print_single(f"product photos of {name}", products, _look(eyes, (one.data for one in products), costs))
    maker = SceneMaker(products, photos, SEED)
    for many, draw in ((2, maker.collage), (2, maker.board), (1, maker.collage)):
        print(f"of {name}, ", end="")
        _print_scenes(eyes, [draw(many) for _ in range(count)], costs)


def _is_one_of(picture: Labelled, wanted: frozenset[str]) -> bool:
    kinds = accepted(picture.type)
    return bool(kinds) and wanted.issuperset(kinds)


def _of_one_colour(products: Sequence[Labelled], photos: Sequence[Labelled], count: int) -> list[Scene]:
    """A top above a bottom of its colour: two articles that may be taken for the halves of one."""
    makers = [SceneMaker([one for one in products if one.colour == colour], photos, SEED) for colour in ONE_COLOUR]
    return [makers[at % len(makers)].outfit(2) for at in range(count)]


def _pairs(truths: Sequence[Truth], garments: Sequence[Garment]) -> list[tuple[Truth, Garment]]:
    """Each garment with the truth it fits best, each truth once, the surest garment first."""
    left, pairs = list(truths), []
    for garment in garments:
        if not left:
            break
        fit = overlaps(as_array(garment.box)[None], np.array([truth.box for truth in left], np.float32))[0]
        if fit.max() >= HIT:
            pairs.append((left.pop(int(fit.argmax())), garment))
    return pairs


def _right(garment: Garment, kinds: Sequence[str]) -> bool:
    """The very kind, or a wider category that holds it."""
    return not set(kinds).isdisjoint(kinds_of(garment.kind))


def _print_single(name: str, pictures: Sequence[Labelled], seen: Sequence[Seen]) -> None:
    counts = np.array([len(one.garments) for one in seen])
    right = [
        _right(one.garments[0], accepted(picture.type))
        for picture, one in zip(pictures, seen, strict=True)
        if one.garments
    ]
    other = np.mean([one.subject.verdict == "other" for one in seen])
    print(
        f"{name} ({len(seen)}): one {np.mean(counts == 1):.3f}, several {np.mean(counts > 1):.3f}, none"
        f" {np.mean(counts == 0):.3f} (of all, the old verdict alone: {other:.3f}), right kind of the surest"
        f" {np.mean(right):.3f}",
        flush=True,
    )


def _print_none(name: str, eyes: Eyes, pictures: Sequence[bytes], costs: list[float]) -> None:
    seen = _look(eyes, pictures, costs)
    none = np.mean([not one.garments for one in seen])
    other = np.mean([one.subject.verdict == "other" for one in seen])
    print(f"{name} ({len(seen)}): none {none:.3f} (the old verdict alone: {other:.3f})", flush=True)


def _print_types(eyes: Eyes, shown: Sequence[Labelled], photos: Sequence[Labelled]) -> None:
    """Phone photo to products of a right type, P@10, by the whole photo and by the cut-out of the one garment."""
    kinds = np.array([picture.type for picture in shown])
    eyes.add((picture.id, picture.data) for picture in shown)
    rows = {picture.id: at for at, picture in enumerate(shown)}
    told: dict[str, list[float]] = {"whole": [], "cut-out": [], "mean of both": [], "whole or mean, the nearer": []}
    for photo in photos:
        seen = eyes.look(photo.data)
        if isinstance(seen, PictureRefused) or len(seen.garments) != 1 or seen.whole is None:
            continue
        middle = seen.whole + seen.garments[0].vector
        found = [eyes.search(one, 10) for one in (seen.whole, seen.garments[0].vector, middle / np.linalg.norm(middle))]
        found.append(max(found[0], found[2], key=lambda hits: hits[0].score))
        for hits, into in zip(found, told.values(), strict=True):
            into.append(float(np.isin([kinds[rows[hit.picture_id]] for hit in hits], PHOTO_TYPES[photo.type]).mean()))
    figures = ", ".join(f"{name} {np.mean(shares):.3f}" for name, shares in told.items())
    count = len(told["whole"])
    print(f"phone photo -> {len(shown)} products, P@10 type ({count} photos with one garment): {figures}", flush=True)


def _some(pictures: Sequence[Labelled], count: int) -> list[Labelled]:
    order = np.random.default_rng(SEED).permutation(len(pictures))[:count]
    return [pictures[at] for at in order]


def _pictures_below(folder: Path) -> list[bytes]:
    """As JPEG on white, at least 160 px wide and high."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
            continue
        picture = Image.open(path).convert("RGBA")
        if min(picture.size) < 160:
            continue
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A"))
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=90)
        found.append(out.getvalue())
    return found


if __name__ == "__main__":
    main()
