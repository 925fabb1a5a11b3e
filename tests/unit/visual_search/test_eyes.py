"""The front door, with the real encoder, decoder and disk."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_search.api import Eyes
from visual_search.embed import embed_images
from visual_search.encoders.registry import SHIPPED
from visual_search.encoders.vitrine import VitrineEncoder
from visual_search.errors import EyesUnavailable, SnapshotDamaged
from visual_search.snapshot import SnapshotStore
from visual_search.values import PictureRefused, Pixels, Seen, Vectors
from vitrine.prove._hostile_pictures import drawing, photo
from vitrine.prove.index_damage import overwrite

Drawn = list[tuple[int, bytes]]


@pytest.fixture
def eyes(tmp_path: Path) -> Iterator[Eyes]:
    with Eyes.open(tmp_path / "eyes") as eyes:
        yield eyes


@pytest.fixture
def filled(eyes: Eyes, drawn: Drawn) -> Eyes:
    eyes.add(drawn)
    return eyes


def look(eyes: Eyes, data: bytes) -> Seen:
    seen = eyes.look(data)
    assert isinstance(seen, Seen), seen
    return seen


def saved_again(data: bytes, form: str = "JPEG", scale: float = 1.0) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    out = io.BytesIO()
    image.resize((round(image.width * scale), round(image.height * scale))).save(out, form, quality=60)
    return out.getvalue()


def test_new_eyes_are_ready_empty_and_ask_to_be_filled(eyes: Eyes) -> None:
    status = eyes.status
    assert (status.state, status.count, status.change_seq, status.needs_rebuild) == ("ready", 0, 0, True)
    assert status.encoder == SHIPPED and status.revision and status.dimension == 512
    assert eyes.search(look(eyes, photo()), 5) == [] and eyes.exact(look(eyes, photo())) == []
    assert eyes.verify() == 0


def test_a_picture_added_is_found_and_removed_is_gone(filled: Eyes, drawn: Drawn) -> None:
    picture_id, data = drawn[3]
    seen = look(filled, data)
    best = filled.search(seen, 5)
    assert best[0].picture_id == picture_id and best[0].score == pytest.approx(
        1, abs=0.02
    )  # a part of it may count, too
    assert best[0].band == "very_close"
    assert [hit.score for hit in best] == sorted((hit.score for hit in best), reverse=True)
    assert filled.remove([picture_id, 404]) == 1
    assert picture_id not in [hit.picture_id for hit in filled.search(seen, 50)]
    assert filled.exact(seen) == [] and filled.status.count == len(drawn) - 1


def test_only_allowed_ids_are_found(filled: Eyes, drawn: Drawn) -> None:
    allowed = [picture_id for picture_id, _ in drawn[::3]]
    hits = filled.search(look(filled, drawn[1][1]), 50, allowed)
    assert sorted(hit.picture_id for hit in hits) == sorted(allowed)
    assert filled.search(look(filled, drawn[1][1]), 50, np.array([], np.int64)) == []


def test_similar_leaves_itself_out(filled: Eyes, drawn: Drawn) -> None:
    picture_id = drawn[0][0]
    hits = filled.similar_to(picture_id, 4)
    assert len(hits) == 4 and picture_id not in [hit.picture_id for hit in hits]
    assert filled.similar_to(4711, 4) == []
    only = filled.similar_to(picture_id, 4, [picture_id, drawn[5][0]])
    assert [hit.picture_id for hit in only] == [drawn[5][0]]


@pytest.mark.parametrize(("form", "scale"), [("JPEG", 1.0), ("WEBP", 2.0), ("JPEG", 0.6)])
def test_the_same_photo_saved_again_is_exact(filled: Eyes, drawn: Drawn, form: str, scale: float) -> None:
    for picture_id, data in drawn[:6]:
        assert filled.exact(look(filled, data)) == [picture_id]
        assert filled.exact(look(filled, saved_again(data, form, scale)))[:1] == [picture_id]


def test_another_picture_is_not_exact(filled: Eyes) -> None:
    assert filled.exact(look(filled, photo("PNG", (120, 160), 77))) == []


def test_one_photo_under_two_ids_is_both(filled: Eyes, drawn: Drawn) -> None:
    filled.add([(5, drawn[2][1])])
    assert filled.exact(look(filled, drawn[2][1])) == [5, drawn[2][0]]


def test_a_known_id_gets_its_new_picture(filled: Eyes, drawn: Drawn) -> None:
    first, second = drawn[0], drawn[1]
    fresh = photo("PNG", (120, 160), 99)
    filled.add([(first[0], second[1]), (first[0], fresh)])
    assert filled.exact(look(filled, fresh)) == [first[0]]
    assert filled.exact(look(filled, second[1])) == [second[0]]
    assert filled.status.count == len(drawn)


def test_a_bad_picture_is_told_of_and_the_rest_is_added(eyes: Eyes, drawn: Drawn) -> None:
    progress: list[int] = []
    added = eyes.add([drawn[0], (1, b"<svg/>"), (2, drawn[1][1][:200]), drawn[2]], progress.append)
    assert [one.picture_id for one in added] == [drawn[0][0], 1, 2, drawn[2][0]]
    refused = [one.refused.reason if one.refused else None for one in added]
    assert refused == [None, "unsupported_format", "damaged", None]
    assert all(len(one.sha256) == 64 for one in added)
    assert eyes.status.count == 2 and progress == [4]


def test_clean_copies_are_handed_over(eyes: Eyes, drawn: Drawn) -> None:
    copies: dict[int, bytes] = {}
    eyes.add(drawn[:3], on_picture=lambda picture_id, picture: copies.update({picture_id: picture.clean}))
    assert list(copies) == [picture_id for picture_id, _ in drawn[:3]]
    assert all(copy.startswith(b"\xff\xd8\xff") for copy in copies.values())


def test_a_look_that_was_remembered_searches_the_same(filled: Eyes, drawn: Drawn) -> None:
    seen = look(filled, drawn[4][1])
    filled.add([(7, drawn[4][1])])
    assert filled.exact(seen) == [7, drawn[4][0]]
    assert {hit.picture_id for hit in filled.search(seen.vector, 2)} == {7, drawn[4][0]}


def test_strangers_get_typed_refusals(eyes: Eyes) -> None:
    refused = eyes.look(b"%PDF-1.7")
    assert isinstance(refused, PictureRefused) and refused.format == "PDF"


def test_what_was_saved_answers_after_a_restart(tmp_path: Path, drawn: Drawn) -> None:
    with Eyes.open(tmp_path) as eyes:
        eyes.add(drawn)
        answers = [eyes.similar_to(picture_id, 6) for picture_id, _ in drawn]
        eyes.save(change_seq=41)
        eyes.add([(1, photo())])  # never saved
    with Eyes.open(tmp_path) as again:
        status = again.status
        assert (status.state, status.count, status.change_seq, status.needs_rebuild) == ("ready", 20, 41, False)
        for (picture_id, _), wanted in zip(drawn, answers, strict=True):
            got = again.similar_to(picture_id, 6)
            assert [hit.picture_id for hit in got] == [hit.picture_id for hit in wanted]
            assert [hit.score for hit in got] == pytest.approx([hit.score for hit in wanted], abs=1e-6)
        assert again.exact(look(again, drawn[0][1])) == [drawn[0][0]]
        assert again.verify() == 20


def test_damage_turns_the_eyes_off_and_a_rebuild_brings_them_back(
    tmp_path: Path, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Eyes.open(tmp_path) as eyes:
        eyes.rebuild(drawn[:15], change_seq=1)
        eyes.rebuild(drawn, change_seq=2)
        wanted = eyes.similar_to(drawn[0][0], 6)
    ids = tmp_path / "generation-000002" / "ids.npy"
    overwrite(ids, ids.read_bytes()[:-8])
    encoded = _count_encoded(monkeypatch)
    with Eyes.open(tmp_path) as eyes:
        status = eyes.status
        assert (status.state, status.needs_rebuild) == ("off", True) and "ids.npy" in status.reason
        for use in (lambda: eyes.search(wanted_vector(), 3), lambda: eyes.add(drawn), lambda: eyes.save(3)):
            with pytest.raises(EyesUnavailable, match="damaged"):
                use()
        with pytest.raises(SnapshotDamaged):
            eyes.verify()
        assert isinstance(eyes.look(drawn[0][1]), Seen), "photos can be looked at; only the index is off"
        encoded.clear()
        eyes.rebuild(drawn, change_seq=3)
        assert sum(encoded) == 5, "the 15 vectors of the older generation are good and were taken"
        assert eyes.status.state == "ready" and eyes.status.change_seq == 3
        got = eyes.similar_to(drawn[0][0], 6)
        assert [hit.picture_id for hit in got] == [hit.picture_id for hit in wanted]
    with Eyes.open(tmp_path) as eyes:
        assert eyes.status.state == "ready" and not eyes.status.needs_rebuild


def wanted_vector() -> Vectors:
    return np.eye(1, 256, dtype=np.float32)[0]


def _count_encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The real encoder, counted."""
    encoded: list[int] = []
    real = VitrineEncoder.encode

    def counting(self: VitrineEncoder, pixels: Pixels) -> Vectors:
        encoded.append(len(pixels))
        return real(self, pixels)

    monkeypatch.setattr(VitrineEncoder, "encode", counting)
    return encoded


def test_known_bytes_are_not_encoded_twice(filled: Eyes, drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = _count_encoded(monkeypatch)
    filled.add([(9, drawn[0][1]), (10, drawn[1][1])])
    assert sum(encoded) == 0
    assert filled.exact(look(filled, drawn[0][1])) == [9, drawn[0][0]]


def test_an_index_of_another_encoder_is_not_used(tmp_path: Path, drawn: Drawn) -> None:
    with Eyes.open(tmp_path) as eyes:
        eyes.rebuild(drawn, change_seq=1)
    store = SnapshotStore(tmp_path)
    snapshot = store.load()
    assert snapshot is not None
    store.save(replace(snapshot, manifest=replace(snapshot.manifest, revision="0" * 16)))
    with Eyes.open(tmp_path) as eyes:
        assert eyes.status.state == "off" and eyes.status.needs_rebuild
        assert "another encoder" in eyes.status.reason


def test_an_unknown_encoder_is_an_honest_off(tmp_path: Path) -> None:
    with Eyes.open(tmp_path, encoder="nothing") as eyes:
        assert eyes.status.state == "off" and "nothing" in eyes.status.reason
        with pytest.raises(EyesUnavailable):
            eyes.look(photo())
        assert "no encoder" in eyes.describe()


def test_changes_during_a_rebuild_are_in_the_new_index(filled: Eyes, drawn: Drawn) -> None:
    late = photo("PNG", (120, 160), 55)

    def pictures() -> Iterator[tuple[int, bytes]]:
        yield from drawn[:10]
        assert filled.status.state == "rebuilding"
        assert filled.status.count == 20 and filled.similar_to(drawn[15][0], 3), "the old one serves meanwhile"
        filled.add([(1, late)])
        filled.remove([drawn[0][0]])
        yield from drawn[10:]

    filled.rebuild(pictures(), change_seq=8)
    assert filled.status.state == "ready" and filled.status.count == 20
    assert filled.exact(look(filled, late)) == [1]
    assert filled.exact(look(filled, drawn[0][1])) == []


def test_a_rebuild_that_breaks_leaves_the_old_index(filled: Eyes, drawn: Drawn) -> None:
    def pictures() -> Iterator[tuple[int, bytes]]:
        yield drawn[0]
        raise OSError("the media disk is gone")

    with pytest.raises(OSError, match="media disk"):
        filled.rebuild(pictures(), change_seq=8)
    assert filled.status.state == "ready" and filled.status.count == 20
    filled.add([(1, photo())])
    assert filled.status.count == 21


def test_a_reader_takes_over_what_another_process_saved(tmp_path: Path, drawn: Drawn) -> None:
    with Eyes.open(tmp_path) as writer, Eyes.open(tmp_path) as reader:
        writer.rebuild(drawn[:5], change_seq=1)
        assert reader.refresh() and reader.status.count == 5
        assert not reader.refresh()
        writer.add(drawn[5:])
        writer.save(2)
        assert reader.refresh() and reader.status.count == 20 and reader.status.change_seq == 2


def test_threads_look_and_search_while_the_catalogue_changes(filled: Eyes, drawn: Drawn) -> None:
    wrong: list[str] = []
    stop = threading.Event()

    def shopper(at: int) -> None:
        picture_id, data = drawn[at]
        while not stop.is_set():
            hits = filled.search(look(filled, data), 1)
            if [hit.picture_id for hit in hits] != [picture_id]:
                wrong.append(f"{picture_id}: {hits}")

    threads = [threading.Thread(target=shopper, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        filled.remove([picture_id for picture_id, _ in drawn[10:]])
        filled.add(drawn[10:])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_files_become_an_array(tmp_path: Path, eyes: Eyes) -> None:
    paths = [tmp_path / f"{at}.jpg" for at in range(3)]
    paths[0].write_bytes(photo(seed=1))
    paths[1].write_bytes(b"nothing")
    paths[2].write_bytes(photo(seed=3))
    refused: list[tuple[Path, str]] = []
    vectors = embed_images(paths, on_refused=lambda path, why: refused.append((path, why)))
    assert refused == [(paths[1], "unknown_format 7 bytes")]
    assert np.isnan(vectors[1]).all()
    assert vectors[2] == pytest.approx(look(eyes, photo(seed=3)).whole, abs=1e-4)


def test_a_turned_photo_is_seen_as_the_upright_one(filled: Eyes) -> None:
    upright, turned = io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    drawing().save(upright, "JPEG", quality=95)
    drawing().transpose(Image.Transpose.ROTATE_90).save(turned, "JPEG", quality=95, exif=exif)
    first, second = (look(filled, data.getvalue()).vector for data in (upright, turned))
    assert float(first @ second) > 0.98


def test_importing_the_front_door_is_cheap() -> None:
    code = "import sys, visual_search.api; print(sorted({'faiss', 'onnxruntime', 'PIL', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
