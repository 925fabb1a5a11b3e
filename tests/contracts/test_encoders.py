"""What every encoder promises: those of the registry, a taught one, and models of open_clip (small ones, made here)."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_clip import BUILT_IN_SHAPE, VIT, make_clip_folder
from visual_search.encoders.base import Encoder
from visual_search.encoders.registry import SHIPPED, encoder_names, open_encoder
from visual_search.errors import EncoderUnavailable
from visual_search.fits import Additions, Fit, FitStore
from visual_search.values import Pixels

CLIP = {"open_clip-vit": VIT, "open_clip-timm": BUILT_IN_SHAPE}


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module", params=[*encoder_names(), "taught", *CLIP])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fits: Path) -> Encoder:
    if request.param == "taught":
        return open_encoder(_taught(fits), fits)
    if request.param not in CLIP:
        return open_encoder(request.param)
    folder = make_clip_folder(tmp_path_factory.mktemp("clip"), CLIP[request.param], resize_mode="squash")
    return open_encoder(f"open_clip:{folder}")


def _taught(folder: Path) -> str:
    """A fit of the built-in encoder, any numbers in it; its name."""
    base, chance = open_encoder("vitrine"), np.random.default_rng(2)
    additions = Additions(
        0.3 * chance.standard_normal((base.dimension, 1280), np.float32),
        0.3 * chance.standard_normal((2, base.dimension), np.float32),
        {"robe": 0, "red": 1},
    )
    return FitStore(folder).save(Fit(base.name, base.revision, 0.8, 0.6, additions))


@pytest.fixture(scope="module")
def pixels(encoder: Encoder) -> Pixels:
    side = encoder.input_px
    smooth = np.random.default_rng(1).integers(0, 256, (21, side // 8, side // 8, 3), np.uint8)
    return smooth.repeat(8, axis=1).repeat(8, axis=2)


def test_rows_are_finite_and_of_length_1(encoder: Encoder, pixels: Pixels) -> None:
    vectors = encoder.encode(pixels)
    assert vectors.shape == (len(pixels), encoder.dimension) and vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(pixels)), abs=1e-5)


def test_alone_or_in_a_batch_is_the_same(encoder: Encoder, pixels: Pixels) -> None:
    together = encoder.encode(pixels)
    for at in (0, 15, 16, 20):
        assert encoder.encode(pixels[at : at + 1])[0] == pytest.approx(together[at], abs=1e-4)


def test_uniform_and_extreme_pictures_have_vectors(encoder: Encoder) -> None:
    side = encoder.input_px
    flat = np.stack([np.full((side, side, 3), level, np.uint8) for level in (0, 127, 255)])
    vectors = encoder.encode(flat)
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_none_is_allowed(encoder: Encoder, pixels: Pixels) -> None:
    assert encoder.encode(pixels[:0]).shape == (0, encoder.dimension)
    vectors, subjects = encoder.encode_and_judge(pixels[:0])
    assert vectors.shape == (0, encoder.dimension) and subjects == []


def test_judging_gives_the_same_vectors(encoder: Encoder, pixels: Pixels) -> None:
    vectors, subjects = encoder.encode_and_judge(pixels[:5])
    assert (vectors == encoder.encode(pixels[:5])).all()
    assert len(subjects) == 5
    for subject in subjects:
        assert 0 <= subject.fashion_probability <= 1 and 0 <= subject.label_probability <= 1
        assert subject.label


def test_wrong_pixels_are_refused(encoder: Encoder, pixels: Pixels) -> None:
    wrong_type: object = pixels.astype(np.float32)
    for bad in (pixels[0], pixels[:, :32], pixels[..., :2], wrong_type):
        with pytest.raises(ValueError):
            encoder.encode(bad)  # type: ignore[arg-type]


def test_a_revision_names_the_weights(encoder: Encoder, fits: Path) -> None:
    again = open_encoder(encoder.name, fits)
    assert again.name == encoder.name
    assert again.revision == encoder.revision and len(encoder.revision) >= 12


def test_words_lie_where_pictures_lie(encoder: Encoder) -> None:
    texts = ["a red dress", "une robe rouge", "", "robe " * 500, "☃"]
    if not encoder.reads_words:
        with pytest.raises(EncoderUnavailable, match=encoder.name):
            encoder.encode_words(texts)
        return
    vectors = encoder.encode_words(texts)
    assert vectors.shape == (5, encoder.dimension) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert float(vectors[0] @ vectors[1]) < 0.9999, "other words, another vector"
    assert encoder.encode_words(texts[1:2])[0] == pytest.approx(vectors[1], abs=1e-4)
    assert encoder.encode_words([]).shape == (0, encoder.dimension)


def test_bands_were_measured_or_are_not_claimed(encoder: Encoder) -> None:
    bands = encoder.bands
    if bands is None:
        assert "Nothing was measured" in encoder.describe()
        return
    assert -1 < bands.close < bands.very_close < 1
    assert [bands.band(cosine) for cosine in (1.0, bands.close, -0.5)] == ["very_close", "close", "far"]
    assert [bands.band(cosine, same_colour=False) for cosine in (1.0, bands.close, -0.5)] == ["close", "close", "far"]
    assert bands.same_colour is None or (encoder.reads_words and 0 < bands.same_colour < 1)


def test_it_says_what_it_is(encoder: Encoder) -> None:
    assert encoder.describe().endswith(".") and len(encoder.describe()) > 40


def test_threads_may_share_it(encoder: Encoder, pixels: Pixels) -> None:
    wanted, wrong = encoder.encode(pixels), list[int]()

    def work(at: int) -> None:
        if np.abs(encoder.encode(pixels[at : at + 3]) - wanted[at : at + 3]).max() > 1e-4:
            wrong.append(at)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_vitrine_is_what_ships_and_others_are_named() -> None:
    assert open_encoder("vitrine").name == SHIPPED
    with pytest.raises(EncoderUnavailable, match="imagenet"):
        open_encoder("nothing")


def test_words_are_read_or_refused(encoder: Encoder) -> None:
    texts = ["red dress", "robe rouge", "", "une très longue phrase " * 60, "👗"]
    if not encoder.reads_words:
        with pytest.raises(EncoderUnavailable):
            encoder.encode_words(texts)
        return
    vectors = encoder.encode_words(texts)
    assert vectors.shape == (len(texts), encoder.dimension) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert encoder.encode_words(texts[1:2])[0] == pytest.approx(vectors[1], abs=1e-4)
    assert encoder.encode_words([]).shape == (0, encoder.dimension)


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['open_clip'] = None\n"
        "from visual_search.encoders.registry import open_encoder\n"
        "try: open_encoder('open_clip:ViT-B-16-SigLIP/webli')\n"
        "except Exception as no: print(type(no).__name__, no)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "EncoderUnavailable" in done.stdout and "pip install 'vitrine[clip]'" in done.stdout
