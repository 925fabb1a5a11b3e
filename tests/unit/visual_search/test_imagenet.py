"""The ImageNet encoder: its files are verified, and it sees what it says it sees."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from visual_search.encoders.base import Encoder
from visual_search.encoders.colour import foreground, foreground_colours
from visual_search.encoders.imagenet import MODEL_DIRECTORY, ImagenetEncoder
from visual_search.encoders.subjects import SubjectRule
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.training.shared_data import PHOTO_TYPES, Labelled, catalogue, phone_photos
from visual_search.values import Picture, Pixels


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return ImagenetEncoder()


def drawn_scene(kind: str) -> bytes:
    """Things that nobody wears: a screen of words, a landscape, noise, a fade."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (320, 320), (135, 190, 235))
    draw = ImageDraw.Draw(image)
    if kind == "landscape":
        draw.rectangle((0, 200, 320, 320), fill=(60, 140, 60))
        draw.polygon([(60, 200), (110, 120), (160, 200)], fill=(120, 80, 60))
        draw.ellipse((240, 20, 290, 70), fill=(250, 230, 90))
    elif kind == "words":
        draw.rectangle((0, 0, 320, 320), fill="white")
        for line in range(28):
            draw.text((8, 8 + 11 * line), "Votre commande 4711 est prête, total 12,90 merci", fill="black")
    elif kind == "noise":
        noise = np.random.default_rng(1).integers(0, 256, (320, 320, 3), np.uint8)
        image = Image.fromarray(noise)
    else:
        image.putdata([(x * 255 // 320, 90, 200 - x * 200 // 320) for _ in range(320) for x in range(320)])
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["landscape", "words", "noise", "fade"])
def test_scenes_that_nobody_wears_are_not_taken_for_clothes(
    decoder: PictureDecoder, encoder: Encoder, kind: str
) -> None:
    picture = decoder.read(drawn_scene(kind))
    assert isinstance(picture, Picture)
    [subject] = encoder.encode_and_judge(picture.pixels[None])[1]
    assert subject.verdict != "fashion", subject


def test_a_verdict_needs_two_witnesses_or_one_strong_one() -> None:
    rule = SubjectRule(other_frac=0.5, worn_frac=0.2, unusual_frac=0.4, strange_frac=0.6)
    assert rule.verdict(worn=0.0, other=0.9, strangeness=0.5) == "other"
    assert rule.verdict(worn=0.0, other=0.9, strangeness=0.1) == "unsure"
    assert rule.verdict(worn=0.0, other=0.1, strangeness=0.7) == "other"
    assert rule.verdict(worn=0.5, other=0.1, strangeness=0.7) == "unsure"
    assert rule.verdict(worn=0.5, other=0.1, strangeness=0.3) == "fashion"
    assert rule.verdict(worn=0.55, other=0.5, strangeness=0.5) == "fashion"


def test_colours_follow_the_foreground() -> None:
    """The same red piece on white and on grey is nearer to itself than to a blue one on white."""
    pieces = np.stack([piece((200, 30, 30), 250), piece((200, 30, 30), 190), piece((30, 40, 200), 250)])
    prototypes = np.array([[50, 65, 45], [35, 40, -75], [98, 0, 0], [75, 0, 0]], np.float32)  # red blue white grey
    colours = foreground_colours(pieces, prototypes)
    assert np.linalg.norm(colours, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    likeness = colours @ colours.T
    assert likeness[0, 1] > 0.9 and likeness[0, 2] < 0.4
    assert colours.argmax(1).tolist() == [0, 0, 1]


def test_a_close_up_is_all_foreground() -> None:
    pixels = np.full((1, 128, 128, 3), (200, 30, 30), np.uint8)
    lab, weight = foreground(pixels)
    assert lab[0].reshape(-1, 3).mean(0) == pytest.approx([43.6, 63.0, 43.9], abs=2)
    assert weight.sum() == pytest.approx(1, abs=1e-4) and weight[0, 16, 16] > weight[0, 0, 0]


def piece(colour: tuple[int, int, int], ground: int) -> Pixels:
    pixels = np.full((128, 128, 3), ground, np.uint8)
    pixels[30:110, 40:90] = colour
    return pixels


@pytest.mark.parametrize("name", ["tower.onnx", "fashion.npz", "labels.tsv"])
def test_a_changed_weight_file_is_never_used(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "model"
    shutil.copytree(MODEL_DIRECTORY, copy)
    raw = bytearray((copy / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / name).write_bytes(raw)
    with pytest.raises(EncoderUnavailable, match=name):
        ImagenetEncoder(copy)
    (copy / name).unlink()
    with pytest.raises(EncoderUnavailable, match=name):
        ImagenetEncoder(copy)


def test_no_description_is_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable):
        ImagenetEncoder(tmp_path)


def test_the_repository_carries_at_most_8_megabytes_with_licence_and_card() -> None:
    files = {path.name: path.stat().st_size for path in MODEL_DIRECTORY.iterdir()}
    assert sum(files.values()) < 8_000_000
    assert "Apache" in (MODEL_DIRECTORY / "LICENSE").read_text()
    assert "not trained on fashion" in (MODEL_DIRECTORY / "README.md").read_text()


def _encode(decoder: PictureDecoder, encoder: Encoder, pictures: list[Labelled]) -> Pixels:
    read = [one for one in decoder.read_many((one.data for one in pictures), copies=False) if isinstance(one, Picture)]
    assert len(read) == len(pictures)
    return np.stack([one.pixels for one in read])


def test_held_out_phone_photos_find_their_type(shared: Path, decoder: PictureDecoder, encoder: Encoder) -> None:
    """A smaller run of `python -m visual_search.training.measure`, with a floor well under its figures."""
    rng = np.random.default_rng(5)
    products = catalogue(shared / "data")
    shown = [products[at] for at in rng.choice(len(products), 600, replace=False)]
    held_out = [photo for photo in phone_photos(shared / "data") if photo.unseen]
    taken = [held_out[at] for at in rng.choice(len(held_out), 60, replace=False)]
    vectors = encoder.encode(_encode(decoder, encoder, shown))
    photos, subjects = encoder.encode_and_judge(_encode(decoder, encoder, taken))
    kinds = np.array([product.type for product in shown])
    best = np.argsort(-(photos @ vectors.T), axis=1)[:, :10]
    right = np.mean([np.isin(kinds[best[at]], PHOTO_TYPES[photo.type]).mean() for at, photo in enumerate(taken)])
    assert right > 0.5
    assert sum(subject.verdict == "other" for subject in subjects) <= 3
