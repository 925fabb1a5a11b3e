"""Another encoder in the settings: the old index answers until the new one is whole, whatever happens in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny_clip import counted, make_clip_folder
from visual_search.api import Eyes
from visual_search.errors import EyesUnavailable, RebuildRunning, SeenByAnother
from visual_search.snapshot import SnapshotStore
from visual_search.values import Seen
from vitrine.prove._hostile_pictures import photo

Drawn = list[tuple[int, bytes]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"open_clip:{make_clip_folder(tmp_path_factory.mktemp('clip'), resize_mode='shortest')}"


@pytest.fixture
def index(tmp_path: Path, drawn: Drawn) -> Path:
    """Made by the encoder that ships."""
    with Eyes.open(tmp_path / "eyes", "imagenet") as eyes:
        eyes.rebuild(drawn, change_seq=7)
    return tmp_path / "eyes"


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return counted(monkeypatch)


def look(eyes: Eyes, data: bytes) -> Seen:
    seen = eyes.look(data)
    assert isinstance(seen, Seen), seen
    return seen


def best(eyes: Eyes, data: bytes) -> int:
    return eyes.search(look(eyes, data), 1)[0].picture_id


def test_the_old_index_answers_until_the_new_one_is_whole(index: Path, clip: str, drawn: Drawn) -> None:
    with Eyes.open(index, clip) as eyes:
        before = eyes.status
        assert (before.state, before.encoder, before.next_encoder) == ("ready", "imagenet", clip)
        assert (before.count, before.change_seq, before.needs_rebuild) == (20, 7, True)
        assert best(eyes, drawn[3][1]) == drawn[3][0]
        seen_before = look(eyes, drawn[3][1])
        during: list[tuple[str, str, int]] = []

        def pictures() -> Iterator[tuple[int, bytes]]:
            for at, one in enumerate(drawn):
                if at == 15:
                    during.append((eyes.status.state, eyes.status.encoder, best(eyes, drawn[5][1])))
                yield one

        progress: list[int] = []
        eyes.rebuild(pictures(), 9, progress.append)
        assert during == [("rebuilding", "imagenet", drawn[5][0])]
        assert progress[-1] == 20
        after = eyes.status
        assert (after.state, after.encoder, after.next_encoder) == ("ready", clip, "")
        assert (after.count, after.change_seq, after.needs_rebuild) == (20, 9, False)
        assert best(eyes, drawn[3][1]) == drawn[3][0]
        for use in (lambda: eyes.search(seen_before, 3), lambda: eyes.exact(seen_before)):
            with pytest.raises(SeenByAnother):
                use()
    manifest = SnapshotStore(index).manifest()
    assert manifest is not None and (manifest.encoder, manifest.count) == (clip, 20)
    assert not (index / "unfinished").exists()
    with Eyes.open(index, clip) as eyes:
        assert not eyes.status.needs_rebuild and best(eyes, drawn[8][1]) == drawn[8][0]


def test_what_changes_meanwhile_is_in_both(index: Path, clip: str, drawn: Drawn) -> None:
    late, later = photo("PNG", (120, 160), 55), photo("PNG", (120, 160), 56)
    with Eyes.open(index, clip) as eyes:
        eyes.add([(1, late)])

        def pictures() -> Iterator[tuple[int, bytes]]:
            yield from drawn[:10]
            eyes.remove([drawn[0][0]])
            eyes.add([(2, later)])
            assert best(eyes, late) == 1 and best(eyes, later) == 2
            yield from [*drawn[10:], (1, late)]

        eyes.rebuild(pictures(), 8)
        assert eyes.status.encoder == clip and eyes.status.count == 21
        assert eyes.exact(look(eyes, later)) == [2] and eyes.exact(look(eyes, late)) == [1]
        assert eyes.exact(look(eyes, drawn[0][1])) == []


def test_a_picture_added_while_the_swap_happens_is_not_lost(index: Path, clip: str, drawn: Drawn) -> None:
    with Eyes.open(index, clip) as eyes:
        extra = [(at, photo("WEBP", (60, 80), 100 + at)) for at in range(1, 40)]

        def add() -> None:
            for one in extra:
                eyes.add([one])

        adding = threading.Thread(target=add)
        adding.start()
        eyes.rebuild(drawn, 8)
        adding.join()
        # What was added before the rebuild began is the caller's to give to it; here nothing was given.
        found = {picture_id for picture_id, data in extra if eyes.exact(look(eyes, data)) == [picture_id]}
        assert extra[-1][0] in found and eyes.status.count == 20 + len(found)


def test_a_rebuild_that_ends_early_goes_on_where_it_stopped(
    index: Path, clip: str, drawn: Drawn, encoded: list[int]
) -> None:
    pictures = [(at, photo("WEBP", (60, 80), at)) for at in range(150)]
    with Eyes.open(index, clip) as eyes:
        encoded.clear()

        def stopped() -> Iterator[tuple[int, bytes]]:
            yield from pictures[:140]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            eyes.rebuild(stopped(), 8)
        assert (eyes.status.state, eyes.status.encoder, eyes.status.count) == ("ready", "imagenet", 20)
        kept = sum(encoded)
        assert kept >= 64
    with Eyes.open(index, clip) as eyes:
        encoded.clear()
        assert eyes.status.encoder == "imagenet" and best(eyes, drawn[3][1]) == drawn[3][0]
        eyes.rebuild(pictures, 8)
        assert sum(encoded) == len(pictures) - kept
        assert eyes.status.encoder == clip and eyes.status.count == 150


def test_a_killed_rebuild_leaves_the_old_index_and_what_was_done(
    index: Path, clip: str, drawn: Drawn, encoded: list[int]
) -> None:
    script = f"""
        import os, sys
        from pathlib import Path
        from visual_search import building
        from visual_search.api import Eyes
        from vitrine.prove._hostile_pictures import photo
        building._KEEP_EVERY_S = 0.0
        def pictures():
            for at in range(200):
                yield at, photo("WEBP", (60, 80), at)
            print("given", flush=True)
            sys.stdin.read()
        Eyes.open(Path({str(index)!r}), {clip!r}).rebuild(pictures(), 8)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None and child.stdout.readline() == b"given\n"
    with Eyes.open(index, clip) as eyes, pytest.raises(RebuildRunning):
        eyes.rebuild(drawn, 8)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with Eyes.open(index, clip) as eyes:
        encoded.clear()
        assert (eyes.status.state, eyes.status.encoder, eyes.status.count) == ("ready", "imagenet", 20)
        eyes.rebuild([(at, photo("WEBP", (60, 80), at)) for at in range(200)], 8)
        assert eyes.status.count == 200 and sum(encoded) <= 200 - 64


def test_another_process_takes_over_the_finished_one_and_never_puts_the_old_one_back(
    index: Path, clip: str, drawn: Drawn
) -> None:
    with Eyes.open(index, clip) as builder, Eyes.open(index, clip) as other, Eyes.open(index, "imagenet") as stale:
        assert not other.take_over()
        builder.rebuild(drawn, 8)
        other.add([(1, photo())])
        assert other.save(9) == "" and stale.save(9) == "", "an old index must not replace the new one"
        assert not stale.take_over() and stale.status.encoder == "imagenet"
        assert other.take_over() and not other.take_over()
        assert (other.status.encoder, other.status.change_seq, other.status.count) == (clip, 8, 20)
        other.add([(1, photo())])
        assert other.save(9) and builder.save(10)
    with Eyes.open(index, clip) as eyes:
        assert eyes.status.change_seq == 10


def test_without_the_old_encoder_the_eyes_are_off_and_say_why(tmp_path: Path, drawn: Drawn, encoded: list[int]) -> None:
    folder = make_clip_folder(tmp_path / "model")
    with Eyes.open(tmp_path / "eyes", str(folder)) as eyes:
        eyes.rebuild(drawn, 1)
    make_clip_folder(folder, seed=5)
    for wanted, why in ((str(folder), "another revision"), ("imagenet", "another revision")):
        with Eyes.open(tmp_path / "eyes", wanted) as eyes:
            assert eyes.status.state == "off" and why in eyes.status.reason and str(folder) in eyes.status.reason
    (folder / "open_clip_config.json").unlink()
    with Eyes.open(tmp_path / "eyes", "imagenet") as eyes:
        assert eyes.status.state == "off" and "cannot be opened" in eyes.status.reason
        eyes.rebuild(drawn, 2)
        assert eyes.status.state == "ready" and best(eyes, drawn[3][1]) == drawn[3][0]


def test_a_new_encoder_that_cannot_be_opened_leaves_the_old_one_at_work(index: Path, drawn: Drawn) -> None:
    with Eyes.open(index, "/no/such/folder") as eyes:
        status = eyes.status
        assert (status.state, status.encoder, status.next_encoder) == ("ready", "imagenet", "/no/such/folder")
        assert "/no/such/folder" in status.reason
        assert best(eyes, drawn[3][1]) == drawn[3][0]
        with pytest.raises(EyesUnavailable, match="/no/such/folder"):
            eyes.rebuild(drawn, 8)


def test_bands_of_an_encoder_nobody_measured_come_from_the_catalogue(tmp_path: Path, clip: str) -> None:
    from visual_search.calibration import CLOSE_QUANTILE, VERY_CLOSE_QUANTILE

    pictures = [(at, photo("WEBP", (60, 80), at)) for at in range(120)]
    with Eyes.open(tmp_path, clip) as eyes:
        eyes.rebuild(pictures, 1)
        # by likeness alone: of a bare vector nobody knows the colour
        looked = [(at, look(eyes, pictures[at][1]).vector) for at in range(0, 120, 6)]
        bands = [hit.band for at, vector in looked for hit in eyes.search(vector, 120) if hit.picture_id != at]
    share = {band: bands.count(band) / len(bands) for band in ("very_close", "close", "far")}
    assert share["very_close"] == pytest.approx(1 - VERY_CLOSE_QUANTILE, abs=0.03)
    assert share["far"] == pytest.approx(CLOSE_QUANTILE, abs=0.06)


def test_a_few_pictures_are_all_shown(tmp_path: Path, clip: str, drawn: Drawn) -> None:
    with Eyes.open(tmp_path, clip) as eyes:
        eyes.add(drawn[:5])
        assert {hit.band for hit in eyes.search(look(eyes, drawn[0][1]), 5)} <= {"very_close", "close"}
        eyes.add(drawn)
        assert "far" in {hit.band for hit in eyes.search(look(eyes, drawn[0][1]), 20)}
