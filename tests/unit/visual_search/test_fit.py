"""A catalogue taught, refused, undone; what is damaged or interrupted leaves the old encoder answering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.visual_search.made_catalogue import CAPTIONS, catalogue
from visual_search import fits as fits_module
from visual_search.api import Eyes
from visual_search.encoders.base import Bands
from visual_search.encoders.registry import open_encoder
from visual_search.encoders.vitrine import VitrineEncoder
from visual_search.errors import EncoderUnavailable, SnapshotDamaged
from visual_search.fits import Fit, FitStore
from visual_search.fitting.lessons import Caption, Descriptions, Taught, held_out, linked, same_names
from visual_search.fitting.seeing import as_by_phone
from visual_search.fitting.teaching import FEWEST_PRODUCTS, Outcome, moved_bands
from visual_search.values import Seen

Pictures = dict[int, bytes]
pytestmark = pytest.mark.timeout(600)  # a whole catalogue is seen and taught


def silent(what: str, done: int, of: int | None) -> None:
    pass


@pytest.fixture(scope="module")
def shown() -> tuple[list[Taught], Pictures]:
    return catalogue(320)


@pytest.fixture(scope="module")
def taught(shown: tuple[list[Taught], Pictures], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Taught once, for every test that only needs what came of it."""
    directory = tmp_path_factory.mktemp("taught")
    with Eyes.open(directory / "index", fits=directory / "fits") as eyes:
        return eyes.teach(shown[0], CAPTIONS, shown[1].get, silent, apply=False)


@pytest.fixture
def eyes(tmp_path: Path, shown: tuple[list[Taught], Pictures]) -> Iterator[Eyes]:
    """With the first forty pictures in the index, by the encoder as shipped."""
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as eyes:
        eyes.rebuild(list(shown[1].items())[:40], 7)
        yield eyes


def best(eyes: Eyes, data: bytes) -> int:
    seen = eyes.look(data)
    assert isinstance(seen, Seen)
    return eyes.search(seen, 1)[0].picture_id


def test_names_of_unheard_makers_find_their_products(taught: Outcome) -> None:
    assert taught.refused == () and taught.fit is not None
    assert taught.products == 320 and 15 <= taught.held_out <= 60
    for language in ("fr", "en"):
        name = f"name_mrr_{language}"
        assert taught.after[name] > taught.before[name] + 0.05
        assert taught.whole_after[name] > taught.whole_before[name] + 0.1
    assert taught.after["likeness_kept"] > 0.85


def test_names_that_tell_nothing_are_refused_and_change_nothing(tmp_path: Path) -> None:
    products, pictures = catalogue(240, telling=False)
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as eyes:
        outcome = eyes.teach(products, [], pictures.get, silent)
        assert outcome.refused and outcome.fit is None and outcome.after
        assert "MRR" in outcome.refused[0]
        assert eyes.status.next_encoder == ""
    assert not (tmp_path / "fits").exists()


def test_a_small_catalogue_is_told_so_before_anything_is_seen(tmp_path: Path) -> None:
    products, _ = catalogue(FEWEST_PRODUCTS - 1)
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as eyes:
        outcome = eyes.teach(products, CAPTIONS, lambda picture_id: pytest.fail("seen"), silent)
    assert outcome.fit is None and str(FEWEST_PRODUCTS) in outcome.refused[0]


def test_pictures_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    products, pictures = catalogue(FEWEST_PRODUCTS)
    pictures = {**pictures, next(iter(pictures)): b"no picture"}
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as eyes:
        outcome = eyes.teach(products, CAPTIONS, pictures.get, silent)
    assert f"{FEWEST_PRODUCTS - 1} products" in outcome.refused[0]


def test_the_old_index_answers_until_the_new_one_is_whole_and_back(
    eyes: Eyes, taught: Outcome, shown: tuple[list[Taught], Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(shown[1].items())[:40]
    shipped = eyes.status
    eyes.use(taught)
    during = eyes.status
    assert (during.encoder, during.revision, during.state) == (shipped.encoder, shipped.revision, "ready")
    assert during.next_encoder.startswith(f"{shipped.encoder}+") and during.needs_rebuild
    assert best(eyes, first[3][1]) == first[3][0]
    seen_again: list[int] = []
    real = VitrineEncoder.see
    monkeypatch.setattr(
        VitrineEncoder, "see", lambda self, pixels: (seen_again.append(len(pixels)), real(self, pixels))[1]
    )
    eyes.rebuild(first, 8)
    assert seen_again == [], "every vector was made while teaching"
    after = eyes.status
    assert after.encoder == during.next_encoder and after.revision != shipped.revision
    assert after.count == 40 and not after.needs_rebuild and after.next_encoder == ""
    assert best(eyes, first[3][1]) == first[3][0]
    fresh = eyes.look(first[5][1])
    assert isinstance(fresh, Seen)
    indexed = eyes._indexes.now().gallery.index.vectors_of([first[5][0]])[0]
    assert float(fresh.vector @ indexed) > 0.9999, "made while teaching, and made now: the same"
    assert eyes.forget() and not eyes.forget()
    assert eyes.status.next_encoder == shipped.encoder
    eyes.rebuild(first, 9)
    assert (eyes.status.encoder, eyes.status.revision) == (shipped.encoder, shipped.revision)


def test_another_process_follows_and_forgets(
    eyes: Eyes, tmp_path: Path, taught: Outcome, shown: tuple[list[Taught], Pictures]
) -> None:
    first = list(shown[1].items())[:40]
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as shop:
        assert not shop.take_over()
        eyes.use(taught)
        assert not shop.take_over() and shop.status.next_encoder == eyes.status.next_encoder
        assert best(shop, first[2][1]) == first[2][0]
        eyes.rebuild(first, 8)
        assert shop.take_over()
        assert shop.status.encoder == eyes.status.encoder and best(shop, first[2][1]) == first[2][0]
        eyes.forget()
        eyes.rebuild(first, 9)
        assert shop.take_over() and "+" not in shop.status.encoder


def test_a_start_opens_what_was_taught(
    eyes: Eyes, tmp_path: Path, taught: Outcome, shown: tuple[list[Taught], Pictures]
) -> None:
    eyes.use(taught)
    eyes.rebuild(list(shown[1].items())[:40], 8)
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as again:
        assert again.status.encoder == eyes.status.encoder and not again.status.needs_rebuild
        assert again.status.reason == "" and again.verify() == 40
        assert "320 products" in again.describe()


@pytest.mark.parametrize("damage", ["bit", "cut", "gone", "pointer"])
def test_damage_is_found_and_the_shipped_encoder_looks(
    eyes: Eyes, tmp_path: Path, taught: Outcome, shown: tuple[list[Taught], Pictures], damage: str
) -> None:
    first = list(shown[1].items())[:40]
    eyes.use(taught)
    eyes.rebuild(first, 8)
    [file] = (tmp_path / "fits").glob("*.fit")
    raw = file.read_bytes()
    match damage:
        case "bit":
            file.write_bytes(raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:])
        case "cut":
            file.write_bytes(raw[: len(raw) // 2])
        case "gone":
            file.unlink()
        case "pointer":
            (tmp_path / "fits" / "current").write_bytes(b"\x00nonsense")
    with pytest.raises(SnapshotDamaged, match="fit"):
        eyes.verify()
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as again:
        assert "as shipped" in again.describe() or "fit" in again.status.reason
        assert again.status.next_encoder in ("", "vitrine")
        again.rebuild(first, 9)
        assert again.status.encoder == "vitrine" and again.status.state == "ready"
        assert "vitrine index fit" in again.status.reason
        assert best(again, first[1][1]) == first[1][0]


@pytest.mark.parametrize("step", ["write", "point", "sweep"])
def test_a_crash_at_any_step_leaves_one_encoder_whole(
    eyes: Eyes,
    tmp_path: Path,
    taught: Outcome,
    shown: tuple[list[Taught], Pictures],
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    match step:
        case "write":
            monkeypatch.setattr(fits_module.os, "fsync", crash)
        case "point":
            monkeypatch.setattr(FitStore, "use", crash)
        case "sweep":
            monkeypatch.setattr(FitStore, "keep_only", crash)
    with pytest.raises(KeyboardInterrupt):
        eyes.use(taught)
    monkeypatch.undo()
    first = list(shown[1].items())[:40]
    with Eyes.open(tmp_path / "index", fits=tmp_path / "fits") as again:
        assert again.status.state == "ready" and again.status.encoder == "vitrine"
        assert best(again, first[1][1]) == first[1][0]
        assert bool(again.status.next_encoder) == (step == "sweep"), "decided once the pointer is written"
        again.use(taught)
        again.rebuild(first, 8)
        assert again.status.encoder.startswith("vitrine+") and best(again, first[1][1]) == first[1][0]


def test_a_full_disk_changes_nothing(
    eyes: Eyes, taught: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fits_module.os, "fsync", full)
    with pytest.raises(OSError):
        eyes.use(taught)
    monkeypatch.undo()
    assert eyes.status.next_encoder == "" and FitStore(tmp_path / "fits").current() == ""


def test_other_encoders_cannot_be_taught(tmp_path: Path, shown: tuple[list[Taught], Pictures]) -> None:
    with (
        Eyes.open(tmp_path / "index", "imagenet", fits=tmp_path / "fits") as eyes,
        pytest.raises(EncoderUnavailable, match="cannot be taught"),
    ):
        eyes.teach(shown[0], CAPTIONS, shown[1].get, silent)


def test_a_fit_of_another_revision_is_refused(taught: Outcome, tmp_path: Path) -> None:
    assert taught.fit is not None
    store, fit = FitStore(tmp_path), taught.fit
    other = Fit(fit.base, "another", fit.very_close, fit.close, fit.additions, fit.figures)
    with pytest.raises(EncoderUnavailable, match="another revision"):
        open_encoder(store.save(other), tmp_path)


def test_a_fit_comes_back_as_it_was_kept(taught: Outcome, tmp_path: Path) -> None:
    assert taught.fit is not None
    store = FitStore(tmp_path)
    name = store.save(taught.fit)
    assert store.save(taught.fit) == name, "the same bytes"
    assert open_encoder(name, tmp_path).bands == replace(
        VitrineEncoder().bands, very_close=taught.fit.very_close, close=taught.fit.close
    ), "its own cosines, and one colour as it was shipped"
    kept = store.load(name)
    assert (kept.additions.picture_map == taught.fit.additions.picture_map).all()
    assert kept.additions.vocabulary == taught.fit.additions.vocabulary
    encoder = open_encoder(name, tmp_path)
    words = ["robe Zarbolune", "une phrase", ""]
    vectors = encoder.encode_words(words)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert float(vectors[0] @ open_encoder("vitrine").encode_words(words)[0]) < 0.999


def test_captions_fit_what_they_describe() -> None:
    products = [
        Taught(1, {}, "dress", ("red", "blue"), ()),
        Taught(2, {}, "dress", ("red",), ()),
        Taught(3, {}, "", ("red",), ()),
    ]
    captions = [
        Caption("en", "dress", "dress"),
        Caption("en", "blue dress", "dress", "blue"),
        Caption("en", "x", "hat"),
    ]
    told = Descriptions(products, captions)
    assert told.fits(np.arange(3), np.arange(3)).tolist() == [[True, True, False], [True, False, False], [False] * 3]
    assert [some.tolist() for some in told.of_each_product()] == [[0, 1], [0], []]


def test_shared_names_are_one_group() -> None:
    products = [
        Taught(at, {"fr": french, "en": english}, "", (), ())
        for at, (french, english) in enumerate([("A", "b"), ("c", "B"), ("C", "d"), ("e", "f")])
    ]
    groups = same_names(products)
    assert groups[0] == groups[1] == groups[2] != groups[3]
    assert linked(4, [(3, 1)]).tolist() == [0, 1, 2, 1]


def test_about_a_tenth_is_held_out_by_groups_but_never_a_very_large_one() -> None:
    ids = list(range(7_000, 9_000))
    alone = held_out(np.arange(2_000), ids)
    assert 150 < len(alone) < 250
    first = int(alone[0])
    groups = np.arange(2_000)
    groups[[first + 1, first + 2]] = first
    assert {first, first + 1, first + 2} <= set(held_out(groups, ids).tolist())
    groups[first:] = first
    assert set(held_out(groups, ids).tolist()) == {at for at in alone.tolist() if at < first}


def test_bands_move_with_the_vectors() -> None:
    chance = np.random.default_rng(3)
    before = fits_module.unit(chance.standard_normal((600, 16)) + 1).astype(np.float32)
    bands = Bands(very_close=0.85, close=0.6)
    same = moved_bands(bands, before, before)
    assert (same.very_close, same.close) == (pytest.approx(0.85, abs=0.01), pytest.approx(0.6, abs=0.01))
    spread = fits_module.unit(before - 0.5 * before.mean(axis=0)).astype(np.float32)
    wider = moved_bands(bands, before, spread)
    assert wider.close < 0.55 and wider.close < wider.very_close
    pairs = np.triu_indices(600, 1)
    reached = [(rows @ rows.T)[pairs] >= cosine for rows, cosine in ((before, 0.6), (spread, wider.close))]
    assert reached[0].mean() == pytest.approx(reached[1].mean(), abs=0.01)


def test_a_phone_changes_a_picture_but_not_beyond_recognition() -> None:
    _, pictures = catalogue(8)
    import io

    from PIL import Image

    pixels = np.stack([np.asarray(Image.open(io.BytesIO(data)).resize((96, 96))) for data in pictures.values()])
    taken = as_by_phone(pixels)
    assert taken.shape == pixels.shape and taken.dtype == np.uint8
    assert (as_by_phone(pixels) == taken).all(), "the same each time"
    moved = np.abs(taken.astype(int) - pixels).mean()
    assert 5 < moved < 90
