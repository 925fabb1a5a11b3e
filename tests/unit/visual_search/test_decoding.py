"""Strangers' pictures: each gets an answer or a typed refusal, and the next one works."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from visual_search.errors import EyesUnavailable
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.preprocess.limits import Limits
from visual_search.preprocess.sniff import sniff
from visual_search.values import Picture, PictureRefused
from vitrine.prove import _hostile_pictures as hostile

NAMED = {case.name: case for case in hostile.named_pictures()}


def read(decoder: PictureDecoder, data: bytes) -> Picture:
    picture = decoder.read(data)
    assert isinstance(picture, Picture), picture
    return picture


def clean(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.clean))


@pytest.mark.parametrize("name", NAMED)
def test_every_named_case_ends_as_promised(decoder: PictureDecoder, name: str) -> None:
    case = NAMED[name]
    result = decoder.read(case.make())
    outcome = result.reason if isinstance(result, PictureRefused) else hostile.READ
    assert outcome in case.right


def test_the_bomb_is_small_and_pillow_alone_would_open_it() -> None:
    """The case tests what it says: 12 kB, and Pillow only warns."""
    bomb = NAMED["100 megapixels in 12 kB"].make()
    assert len(bomb) < 13_000
    with pytest.warns(Image.DecompressionBombWarning):
        assert Image.open(io.BytesIO(bomb)).size == (10_000, 10_000)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_good_picture_comes_out_clean_and_square(decoder: PictureDecoder, form: str) -> None:
    picture = read(decoder, hostile.photo(form))
    assert picture.format == form
    assert (picture.width_px, picture.height_px) == (240, 320)
    assert picture.pixels.shape == (160, 160, 3) and picture.pixels.dtype == np.uint8
    assert len(picture.thumb) == 192
    copy = clean(picture)
    assert (copy.format, copy.mode, copy.size) == ("JPEG", "RGB", (240, 320))
    assert (picture.clean_width_px, picture.clean_height_px) == copy.size
    wanted = np.asarray(hostile.drawing().resize((32, 32), Image.Resampling.BOX), float)
    got = np.asarray(copy.resize((32, 32), Image.Resampling.BOX), float)
    tolerance = 12 if form == "GIF" else 4  # a GIF has 256 colours
    assert np.abs(wanted - got).mean() < tolerance


def test_a_big_photo_is_shrunk_to_1280(decoder: PictureDecoder) -> None:
    picture = read(decoder, hostile.photo("JPEG", (4000, 3000)))
    assert (picture.width_px, picture.height_px) == (4000, 3000)
    assert clean(picture).size == (1280, 960)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(decoder: PictureDecoder, orientation: int) -> None:
    picture = read(decoder, hostile.oriented_jpeg(orientation))
    assert (picture.width_px, picture.height_px) == (64, 96)
    copy = clean(picture)
    assert copy.size == (64, 96)
    top, bottom = copy.getpixel((32, 20)), copy.getpixel((32, 80))
    assert top[0] > 150 and top[2] < 60, top
    assert bottom[2] > 150 and bottom[0] < 60, bottom
    assert picture.pixels[20, 64, 0] > 150 and picture.pixels[110, 64, 2] > 150


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_leaves(decoder: PictureDecoder, form: str) -> None:
    data = hostile.telling(form)
    assert data.count(hostile.CANARY) >= 2, "the case must carry what it tests for"
    picture = read(decoder, data)
    assert hostile.CANARY not in picture.clean
    copy = clean(picture)
    assert not copy.getexif() and not set(copy.info) & {"exif", "xmp", "comment", "icc_profile", "XML:com.adobe.xmp"}
    assert b"Exif" not in picture.clean and b"http://ns.adobe.com" not in picture.clean


def test_what_follows_a_jpeg_is_gone(decoder: PictureDecoder) -> None:
    assert b"script" not in read(decoder, NAMED["a JPEG with HTML behind it"].make()).clean


@pytest.mark.parametrize("adobe", [True, False])
def test_ink_is_red_in_both_polarities(decoder: PictureDecoder, adobe: bool) -> None:
    picture = read(decoder, hostile.cmyk_jpeg((0, 255, 255, 0), adobe=adobe))
    red, green, blue = (int(level) for level in picture.pixels.reshape(-1, 3).mean(0))
    assert red > 200 and green < 60 and blue < 60


def test_sixteen_bits_are_scaled_not_clipped(decoder: PictureDecoder) -> None:
    level = read(decoder, NAMED["16-bit grey"].make()).pixels.mean()
    assert abs(level - 30_000 / 257) < 3


def test_what_is_transparent_is_white(decoder: PictureDecoder) -> None:
    empty = io.BytesIO()
    Image.new("RGBA", (64, 64), (10, 20, 30, 0)).save(empty, "PNG")
    assert read(decoder, empty.getvalue()).pixels.min() == 255


def test_a_profile_is_applied_then_dropped(decoder: PictureDecoder) -> None:
    """sRGB with its red and blue primaries exchanged: a red picture in that profile is blue to see."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    exchanged = bytearray(srgb)
    for tag in range(struct.unpack_from(">I", srgb, 128)[0]):  # ICC.1:2010 7.3: the table of tags
        at = 132 + 12 * tag
        exchanged[at : at + 4] = names.get(srgb[at : at + 4], srgb[at : at + 4])
    for form in ("PNG", "JPEG", "WEBP"):
        out = io.BytesIO()
        Image.new("RGB", (64, 64), (200, 20, 20)).save(out, form, icc_profile=bytes(exchanged))
        picture = read(decoder, out.getvalue())
        red, _, blue = picture.pixels.reshape(-1, 3).mean(0)
        assert blue > 150 and red < 60, form
        assert "icc_profile" not in clean(picture).info


def test_a_broken_profile_or_exif_does_not_cost_the_picture(decoder: PictureDecoder) -> None:
    out = io.BytesIO()
    hostile.drawing().save(out, "JPEG", icc_profile=b"not a profile" * 20, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert read(decoder, out.getvalue()).width_px == 240


def test_the_first_frame_counts(decoder: PictureDecoder) -> None:
    for form in ("GIF", "WEBP", "PNG"):
        first = read(decoder, hostile.animation(form, 50)).pixels.reshape(-1, 3).mean(0)
        assert np.abs(first - (0, 0, 90)).max() < 12, form


def test_bytes_are_counted_before_the_child_sees_them() -> None:
    with PictureDecoder(160, Limits(max_bytes=1000)) as decoder:
        refused = decoder.read(hostile.photo())
        assert isinstance(refused, PictureRefused) and refused.reason == "too_large_bytes"
        assert decoder.child_pids() == []


def test_avif_opens_only_behind_its_switch() -> None:
    data = NAMED["AVIF"].make()
    with PictureDecoder(160, Limits(heic=True)) as willing:
        assert isinstance(willing.read(data), Picture)


def test_a_slow_picture_is_killed_and_the_next_one_works() -> None:
    with PictureDecoder(160, Limits(timeout_s=0.6)) as decoder:
        assert isinstance(decoder.read(hostile.photo()), Picture)
        [pid] = decoder.child_pids()
        os.kill(pid, signal.SIGSTOP)  # the child does not answer, however patient one is
        refused = decoder.read(hostile.photo())
        assert isinstance(refused, PictureRefused) and refused.reason == "too_slow"
        assert not Path(f"/proc/{pid}").exists()
        assert isinstance(decoder.read(hostile.photo()), Picture)


def test_a_broken_installation_is_no_pictures_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with PictureDecoder(160) as decoder, pytest.raises(EyesUnavailable, match="does not start"):
        decoder.read(hostile.photo())


def test_the_child_dies_with_its_parent() -> None:
    code = """
import os
import vitrine.prove._hostile_pictures as hostile
from visual_search.preprocess.decoder import PictureDecoder
decoder = PictureDecoder(160)
decoder.read(hostile.photo())
print(*decoder.child_pids(), flush=True)
os.kill(os.getpid(), 9)
"""
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    [pid] = parent.stdout.split()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.02)


def _state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_dead_child_costs_one_picture_of_a_batch_at_most() -> None:
    with PictureDecoder(160) as decoder:
        assert isinstance(decoder.read(hostile.photo()), Picture)
        [pid] = decoder.child_pids()
        os.kill(pid, signal.SIGKILL)
        results = list(decoder.read_many([hostile.photo(seed=seed) for seed in range(10)], copies=False))
        assert sum(isinstance(result, Picture) for result in results) >= 9
        assert isinstance(decoder.read(hostile.photo()), Picture)


def test_memory_is_bounded_and_running_out_is_a_refusal() -> None:
    """A 36-megapixel colour PNG wants about 150 MB; a child that may take 64 MB refuses it and lives on."""
    big = hostile.heavy_png(6000, 6000, 2, 8)
    with PictureDecoder(160, Limits(memory_bytes=64 * 1024 * 1024)) as decoder:
        refused = decoder.read(big)
        assert isinstance(refused, PictureRefused) and refused.reason == "too_many_pixels"
        assert isinstance(decoder.read(hostile.photo()), Picture)
    with PictureDecoder(160, Limits(timeout_s=30)) as decoder:
        assert isinstance(decoder.read(big), Picture)


def test_mixed_batches_keep_their_order(decoder: PictureDecoder) -> None:
    rng = random.Random(3)
    batch = [hostile.photo("WEBP", (60, 80), seed) if seed % 3 else hostile.mutated(rng) for seed in range(200)]
    results = list(decoder.read_many(batch, copies=False))
    assert len(results) == len(batch)
    for at in (1, 100, 199):
        alone = read(decoder, batch[at])
        assert isinstance(results[at], Picture) and results[at].sha256 == alone.sha256
        assert (results[at].pixels == alone.pixels).all() and results[at].clean == b""


def test_pixels_do_not_depend_on_the_copy(decoder: PictureDecoder) -> None:
    for size in ((60, 80), (240, 320), (1600, 1200)):
        data = hostile.photo("JPEG", size)
        [without] = decoder.read_many([data], copies=False)
        assert isinstance(without, Picture) and (without.pixels == read(decoder, data).pixels).all()


def test_many_threads_share_the_children() -> None:
    with PictureDecoder(160, children=2) as decoder:
        results: list[Picture | PictureRefused] = []

        def look(seed: int) -> None:
            results.append(decoder.read(hostile.photo("WEBP", (60, 80), seed)))

        threads = [threading.Thread(target=look, args=(seed,)) for seed in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 12 and all(isinstance(result, Picture) for result in results)
        assert len(decoder.child_pids()) <= 2


def test_the_child_gets_no_secret_and_ends_with_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_BOT_TOKEN", "123:secret")
    decoder = PictureDecoder(160)
    decoder.read(hostile.photo())
    [pid] = decoder.child_pids()
    assert b"SHOP_BOT_TOKEN" not in Path(f"/proc/{pid}/environ").read_bytes()
    decoder.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(RuntimeError):
        decoder.read(hostile.photo())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xef\xbb\xbf  <svg>", "SVG"),
        (b"\xff\xfe<\0s\0v\0g\0>\0", "SVG"),
        (b"<?xml version='1.0'?><feed/>", "XML"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "WEBP"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "RIFF"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00heic", "HEIC"),
        (b"hello", ""),
    ],
)
def test_formats_are_told_by_their_bytes(data: bytes, name: str) -> None:
    assert sniff(data) == name
