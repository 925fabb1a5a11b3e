"""Finding garments: each step on drawn pictures and hand-made scores, then the whole on real ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.unit.visual_search.drawn_barcodes import label, photographed
from visual_search.api import Eyes
from visual_search.encoders.base import Encoder
from visual_search.encoders.imagenet import ImagenetEncoder
from visual_search.errors import EncoderUnavailable
from visual_search.regions.blobs import Mask, blobs, closed, opened
from visual_search.regions.boxes import as_array, covered, overlaps
from visual_search.regions.choosing import Rule, choose
from visual_search.regions.cutting import cut
from visual_search.regions.evidence import Evidence, TellsFeatures, gather
from visual_search.regions.finder import open_finder
from visual_search.regions.kinds import KIND_WORDS, KINDS, NOTHING, OTHER_WORDS, SEVERAL, WIDER, kinds_of
from visual_search.regions.model import load_model, load_ranker, models_of
from visual_search.regions.proposals import TRAITS, propose
from visual_search.regions.ranking import best
from visual_search.regions.scoring import CLASSES, WordScorer, name_of
from visual_search.training.kind_labels import accepted
from visual_search.training.scenes import SceneMaker
from visual_search.training.shared_data import PHOTO_TYPES, catalogue, phone_photos
from visual_search.values import Box, PictureRefused, Pixels, Seen, Vectors
from vitrine.prove._hostile_pictures import photo

RULE = Rule(least=0.0, tightness=0.0, whole=0.0, extra=0.5, together=0.3, none=0.0)


def flooded(mask: Mask) -> list[tuple[int, int, int, int, int]]:
    """The same as `blobs`, the slow way."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    parts = []
    while left:
        edge, part = [left.pop()], []
        while edge:
            y, x = edge.pop()
            part.append((x, y))
            for near in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if near in left:
                    left.remove(near)
                    edge.append(near)
        xs, ys = zip(*part, strict=True)
        parts.append((min(xs), min(ys), max(xs) + 1, max(ys) + 1, len(part)))
    return parts


def test_connected_parts_are_those_of_a_flood() -> None:
    rng = np.random.default_rng(2)
    for _ in range(150):
        mask = rng.uniform(size=rng.integers(1, 20, 2)) < rng.uniform(0.2, 0.9)
        assert sorted(blobs(mask, 1)) == sorted(flooded(mask))
    assert blobs(np.zeros((5, 5), bool), 1) == []
    assert blobs(np.ones((3, 4), bool), 13) == []


def test_seams_open_and_holes_close() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:8, 2:18] = mask[12:18, 2:18] = True
    mask[8:12, 9] = True  # a strap between the two
    assert len(blobs(mask, 1)) == 1 and len(blobs(opened(mask), 1)) == 2
    mask[4, 5] = False
    assert closed(mask)[4, 5]


def test_overlap_and_cover() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1], [0.5, 0, 1, 0.5]], np.float32)
    assert overlaps(boxes, boxes)[0].tolist() == [1.0, 0.5, 0.25]
    assert covered(boxes, boxes)[:, 1].tolist() == [0.5, 1.0, 0.0]


def view_of(*things: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> Pixels:
    """300 x 200, a sandy ground with coloured rectangles."""
    view = np.full((300, 200, 3), (205, 190, 160), np.uint8)
    for (left, top, right, bottom), colour in things:
        view[top:bottom, left:right] = colour
    return view


def test_what_stands_out_is_proposed_and_ranked_first() -> None:
    view = view_of(((20, 30, 90, 120), (180, 20, 30)), ((110, 150, 190, 280), (20, 40, 160)))
    wanted = np.array([[0.1, 0.1, 0.45, 0.4], [0.55, 0.5, 0.95, 0.933]], np.float32)
    proposals = propose(view)
    assert proposals.boxes[0].tolist() == [0, 0, 1, 1] and proposals.traits.shape == (len(proposals.boxes), TRAITS)
    assert np.isfinite(proposals.traits).all()
    chosen = best(proposals, load_ranker(), 4)
    assert 0 not in chosen and (overlaps(wanted, proposals.boxes[chosen]).max(1) > 0.8).all()


def test_things_that_touch_are_cut_apart_by_colour() -> None:
    view = view_of(((60, 20, 140, 140), (180, 20, 30)), ((60, 140, 140, 280), (20, 40, 160)))
    wanted = np.array([[0.3, 0.067, 0.7, 0.467], [0.3, 0.467, 0.7, 0.933]], np.float32)
    assert (overlaps(wanted, propose(view).boxes).max(1) > 0.8).all()


@pytest.mark.parametrize("size", [(16, 16), (384, 16), (16, 384), (384, 384), (61, 200)])
@pytest.mark.parametrize("kind", ["plain", "noise", "white"])
def test_any_picture_has_proposals(size: tuple[int, int], kind: str) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (*size, 3), np.uint8)
    view = noise if kind == "noise" else np.full((*size, 3), 255 if kind == "white" else 90, np.uint8)
    proposals = propose(view)
    assert len(proposals.boxes) <= 120 and np.isfinite(proposals.traits).all()
    assert (proposals.boxes >= 0).all() and (proposals.boxes <= 1).all()
    assert (proposals.boxes[:, :2] < proposals.boxes[:, 2:]).all()


def test_a_cut_out_is_the_part_and_a_margin() -> None:
    view = view_of(((50, 75, 150, 225), (180, 20, 30)))
    [tight] = cut(view, np.array([[0.25, 0.25, 0.75, 0.75]], np.float32), 64, margin=0)
    assert (np.abs(tight[4:-4, 4:-4].astype(int) - (180, 20, 30)) < 4).all() and tight[..., 1].max() < 60
    [wide] = cut(view, np.array([[0.25, 0.25, 0.75, 0.75]], np.float32), 64, margin=0.1)
    assert wide[2, 2, 1] > 150 and wide[32, 32, 1] < 30
    assert cut(view, np.zeros((0, 4), np.float32), 64).shape == (0, 64, 64, 3)


def shares(**given: float) -> list[float]:
    rest = 1 - sum(given.values())
    return [given.get(name, rest / (len(CLASSES) - len(given))) for name in CLASSES]


def chosen(boxes: list[list[float]], rows: list[list[float]]) -> list[int]:
    table = np.array(rows, np.float32)
    return choose(np.array(boxes, np.float32), table, np.zeros(len(rows), np.float32), RULE)


WHOLE, LEFT, RIGHT, IN_LEFT = [0, 0, 1, 1], [0, 0, 0.5, 1], [0.5, 0, 1, 1], [0.1, 0.1, 0.4, 0.9]
ONE, TWO, NONE = shares(dress=0.95), shares(several=0.95), shares(nothing=0.95)


def test_two_that_lie_apart_are_two() -> None:
    sure, surer = shares(dress=0.9), shares(jacket=0.97)
    assert chosen([WHOLE, LEFT, RIGHT], [TWO, sure, surer]) == [2, 1]


def test_of_two_that_lie_over_each_other_the_surer_is_one() -> None:
    assert chosen([WHOLE, LEFT, IN_LEFT], [TWO, shares(dress=0.9), shares(dress=0.97)]) == [2]


def test_parts_of_one_are_not_two() -> None:
    assert chosen([WHOLE, LEFT, RIGHT], [ONE, shares(part=0.8), shares(part=0.8)]) == [0]


def test_nothing_is_nothing() -> None:
    assert chosen([WHOLE, LEFT, RIGHT], [NONE, NONE, NONE]) == []
    assert chosen([WHOLE], [shares(nothing=0.99)]) == []


def test_a_close_up_is_a_photo_of_one() -> None:
    assert chosen([WHOLE, LEFT], [shares(part=0.97), shares(part=0.9)]) == [0]


def test_every_kind_has_words_in_both_languages_and_labels_lead_to_kinds() -> None:
    assert len(KINDS) == len(set(KINDS)) and all(len(words) >= 2 for words in KIND_WORDS.values())
    for label_, types in PHOTO_TYPES.items():
        assert set(accepted(label_)) <= set(KINDS) and accepted(label_), label_
        assert all(accepted(kind) for kind in types if kind != "Bodysuit"), types


def test_an_unsure_kind_is_named_by_what_holds_it() -> None:
    assert name_of(np.array(shares(dress=0.9), np.float32)) == ("dress", pytest.approx(0.9))
    assert name_of(np.array(shares(heels=0.4, sandals=0.45), np.float32)) == ("shoes", pytest.approx(0.85, abs=0.02))
    assert name_of(np.array(shares(skirt=0.4, dress=0.45), np.float32))[0] == "clothing"
    assert name_of(np.array(shares(heels=0.4, dress=0.45), np.float32))[0] == "dress"
    assert kinds_of("dress") == ("dress",) and "heels" in kinds_of("shoes")


class Reader:
    """A tiny encoder of colours that reads colour words: red things are dresses, blue ones jackets, else a floor."""

    name, revision, dimension, input_px, reads_words = "reader", "1", 3, 8, True

    def encode(self, pixels: Pixels) -> Vectors:
        means = pixels.reshape(len(pixels), -1, 3).mean(1).astype(np.float32) + 1
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        axes = {"dress": 0, "robe": 0, "jacket": 1, "coat": 1, "veste": 1, "manteau": 1, "blouson": 1}
        rows = np.full((len(texts), 3), -0.5, np.float32)
        for at, text in enumerate(texts):
            if text in axes:
                rows[at] = np.eye(3)[axes[text]]
            elif text in OTHER_WORDS:
                rows[at] = (0, 0, 1)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_words_name_kinds_where_nothing_was_fitted() -> None:
    reader = Reader()
    colours = np.array([(250, 5, 5), (5, 250, 5), (5, 5, 250)], np.uint8)
    vectors = reader.encode(np.tile(colours[:, None, None], (1, 8, 8, 1)))
    table = WordScorer(reader).score(Evidence(vectors, [], vectors))  # type: ignore[arg-type]
    assert table.sum(1) == pytest.approx(np.ones(3), abs=1e-4)
    assert [CLASSES[at] for at in table.argmax(1)] == ["dress", "jacket", NOTHING]
    assert table[:, CLASSES.index(SEVERAL)].max() == 0


def test_features_are_those_of_the_vectors(encoder: Encoder) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, encoder.input_px, encoder.input_px, 3), np.uint8)
    assert isinstance(encoder, TellsFeatures)
    together = gather(encoder, pixels)
    assert together.vectors == pytest.approx(encoder.encode(pixels), abs=1e-4)
    assert len(together.subjects) in (0, 5) and together.rows.shape[0] == 5
    assert gather(encoder, pixels[4:]).rows[0] == pytest.approx(together.rows[4], abs=1e-3)


def test_a_changed_file_is_never_used_and_another_revision_has_none(tmp_path: Path, encoder: Encoder) -> None:
    shutil.copytree(models_of(encoder.name), tmp_path / "model")
    assert load_model(tmp_path / "model", encoder.revision) is not None
    assert load_model(tmp_path / "model", "another") is None
    assert load_model(tmp_path / "none", encoder.revision) is None
    raw = bytearray((tmp_path / "model" / "regions.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "model" / "regions.npz").write_bytes(raw)
    with pytest.raises(EncoderUnavailable, match=r"regions\.npz"):
        load_model(tmp_path / "model", encoder.revision)
    with pytest.raises(EncoderUnavailable, match=r"ranker\.npz"):
        load_ranker(tmp_path)
    assert models_of("open_clip:../../etc") == models_of("another one")


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eyes]:
    with Eyes.open(tmp_path_factory.mktemp("eyes")) as eyes:
        yield eyes


def look(eyes: Eyes, data: bytes) -> Seen:
    seen = eyes.look(data)
    assert isinstance(seen, Seen), seen
    return seen


def test_what_is_shipped_fits_the_shipped_encoder() -> None:
    assert open_finder(ImagenetEncoder()) is not None


def test_a_label_with_a_code_is_read_by_the_eyes(eyes: Eyes) -> None:
    assert look(eyes, photographed(label("4006381333931"))).barcodes == ("4006381333931",)


def test_a_part_chosen_by_hand_is_encoded_alone(eyes: Eyes) -> None:
    data = photo("PNG", (400, 300), 3)
    part = eyes.look_at(data, Box(0.25, 0.2, 0.75, 0.9))
    assert isinstance(part, Seen)
    [garment] = part.garments
    assert garment.box == Box(0.25, 0.2, 0.75, 0.9) and garment.kind in {*KINDS, *WIDER} and 0 <= garment.score <= 1
    assert (garment.vector == part.vector).all()
    whole = look(eyes, data)
    assert part.sha256 == whole.sha256 and part.phash == whole.phash
    assert float(part.vector @ whole.vector) < 0.99
    everything = eyes.look_at(data, Box(0, 0, 1, 1))
    assert isinstance(everything, Seen) and everything.picture.view is not None
    assert everything.picture.view.shape == (288, 384, 3)


@pytest.mark.parametrize(
    "box", [Box(0.5, 0, 0.5, 1), Box(-0.1, 0, 1, 1), Box(0, 0, 1, 1.01), Box(0, 0.9, 1, float("nan"))]
)
def test_what_is_no_part_is_refused(eyes: Eyes, box: Box) -> None:
    with pytest.raises(ValueError, match="no part"):
        eyes.look_at(photo(), box)


def test_the_smallest_part_is_looked_at(eyes: Eyes) -> None:
    for box in (Box(0, 0, 1e-6, 1e-6), Box(1 - 1e-6, 1 - 1e-6, 1, 1)):
        assert isinstance(eyes.look_at(photo(), box), Seen)


def test_a_bad_file_is_refused_by_hand_too(eyes: Eyes) -> None:
    refused = eyes.look_at(photo("JPEG")[:200], Box(0, 0, 0.5, 0.5))
    assert isinstance(refused, PictureRefused) and refused.reason == "damaged"


@pytest.fixture(scope="module")
def maker(shared: Path) -> SceneMaker:
    products = [one for one in catalogue(shared / "data") if one.unseen]
    return SceneMaker(products, [one for one in phone_photos(shared / "data") if one.unseen], 9)


def test_of_two_held_out_products_most_are_found(eyes: Eyes, maker: SceneMaker) -> None:
    """A smaller run of `training.measure_regions`, with floors well under its figures."""
    hits = named = found = 0
    for _ in range(20):
        scene = maker.collage(2)
        seen = look(eyes, scene.jpeg())
        found += len(seen.garments)
        if seen.garments:
            boxes = np.stack([as_array(garment.box) for garment in seen.garments])
            fit = overlaps(scene.boxes(), boxes)
            for at, truth in enumerate(scene.truths):
                if fit[at].max() >= 0.5:
                    hits += 1
                    named += not set(truth.kinds).isdisjoint(kinds_of(seen.garments[fit[at].argmax()].kind))
    assert hits >= 24 and found <= 50 and named >= 0.7 * hits, (hits, named, found)


def test_a_held_out_photo_of_one_garment_is_one(eyes: Eyes, shared: Path) -> None:
    photos = [one for one in phone_photos(shared / "data") if one.unseen][:30]
    seen = [look(eyes, one.data) for one in photos]
    assert sum(len(one.garments) == 1 for one in seen) >= 23
    for one in seen:
        assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5)
        if len(one.garments) == 1 and one.garments[0].score < 0.35:
            assert np.array_equal(one.vector, one.whole), "what is named so unsurely may be anything"
        elif len(one.garments) == 1 and one.garments[0].box.area < 0.8:
            assert float(one.vector @ one.garments[0].vector) > 0.7
        if len(one.garments) > 1:
            assert all((one.vector != garment.vector).any() for garment in one.garments)


def test_a_ground_without_garments_has_none(eyes: Eyes, maker: SceneMaker) -> None:
    assert sum(not look(eyes, maker.ground().jpeg()).garments for _ in range(15)) >= 13
