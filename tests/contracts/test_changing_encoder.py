"""Another encoder, whatever the home of the index: the old index answers until the new one is whole, for everybody."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commerce.storage.picture_index import PostgresPictureIndex
from tests.tiny_clip import counted, make_clip_folder
from visual_search.api import Eyes
from visual_search.errors import RebuildRunning
from visual_search.values import Seen
from vitrine.prove._hostile_pictures import photo

PICTURES = [(10**12 + 7 * at, photo("WEBP", (60, 80), at)) for at in range(20)]

Open = Callable[[str], Eyes]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"open_clip:{make_clip_folder(tmp_path_factory.mktemp('clip'))}"


@pytest.fixture(params=["files", "pgvector"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Python for another process: an expression that is the home, as `Eyes.open` takes it."""
    if request.param == "files":
        return f"__import__('pathlib').Path({str(tmp_path / 'eyes')!r})"
    return f"PostgresPictureIndex({request.getfixturevalue('postgres_url')!r})"


@pytest.fixture
def opened(home: str) -> Iterator[Open]:
    """Opens the same home again and again, each time as another process would. It holds the index of imagenet."""
    every: list[Eyes] = []

    def again(encoder: str) -> Eyes:
        every.append(Eyes.open(eval(home), encoder))
        return every[-1]

    again("imagenet").rebuild(PICTURES, 7)
    yield again
    for eyes in every:
        eyes.close()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return counted(monkeypatch)


def best(eyes: Eyes, at: int) -> int:
    seen = eyes.look(PICTURES[at][1])
    assert isinstance(seen, Seen), seen
    return eyes.search(seen, 1)[0].picture_id - PICTURES[0][0]


def test_everybody_answers_until_it_has_the_new_one(opened: Open, clip: str) -> None:
    builder, other = opened(clip), opened(clip)
    during: list[tuple[str, int, int]] = []

    def pictures() -> Iterator[tuple[int, bytes]]:
        yield from PICTURES[:15]
        during.extend((eyes.status.encoder, eyes.status.count, best(eyes, 5)) for eyes in (builder, other))
        assert not other.take_over() and builder.rebuild_is_due is False and other.rebuild_is_due
        yield from PICTURES[15:]

    builder.rebuild(pictures(), 9)
    assert during == [("imagenet", 20, 35)] * 2
    assert (builder.status.encoder, builder.status.next_encoder, best(builder, 3)) == (clip, "", 21)
    # The other one has not heard of it: it goes on, and cannot put the old one back.
    assert (other.status.encoder, other.status.count, best(other, 4)) == ("imagenet", 20, 28)
    other.add([(1, photo())])
    assert other.save(12) == ""
    assert other.take_over() and not other.take_over()
    status = other.status
    assert (status.encoder, status.count, status.change_seq, status.needs_rebuild) == (clip, 20, 9, False)
    assert best(other, 6) == 42 and other.verify() == 20
    third = opened(clip)
    assert (third.status.change_seq, third.status.needs_rebuild, best(third, 8)) == (9, False, 56)


def test_an_old_index_that_is_saved_meanwhile_does_not_stop_the_new_one(opened: Open, clip: str) -> None:
    builder, other = opened(clip), opened("imagenet")

    def pictures() -> Iterator[tuple[int, bytes]]:
        yield from PICTURES
        other.add([(1, photo())])
        assert other.save(8)

    builder.rebuild(pictures(), 9)
    assert opened(clip).status.encoder == clip and opened(clip).verify() == 20


def test_a_killed_builder_leaves_the_old_index_and_what_was_done(
    opened: Open, home: str, clip: str, encoded: list[int]
) -> None:
    script = f"""
        import sys
        from commerce.storage.picture_index import PostgresPictureIndex
        from visual_search import building
        from visual_search.api import Eyes
        from vitrine.prove._hostile_pictures import photo
        building._KEEP_EVERY_S = 0.0
        def pictures():
            for at in range(200):
                yield at, photo("WEBP", (60, 80), at)
            print("given", flush=True)
            sys.stdin.read()
        Eyes.open({home}, {clip!r}).rebuild(pictures(), 8)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None and child.stdout.readline() == b"given\n"
    with pytest.raises(RebuildRunning):
        opened(clip).rebuild(PICTURES, 8)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    eyes = opened(clip)
    assert (eyes.status.state, eyes.status.encoder, best(eyes, 3)) == ("ready", "imagenet", 21)
    encoded.clear()
    eyes.rebuild([(at, photo("WEBP", (60, 80), at)) for at in range(200)], 8)
    assert eyes.status.count == 200 and sum(encoded) <= 200 - 64
    assert eyes.status.encoder == clip and eyes.verify() == 200


def test_machines_that_share_an_index_miss_nothing_when_one_rebuilds_it(postgres_url: str) -> None:
    """What the other one adds while the new table is filled is in the old table only: it has to be told."""
    with (
        Eyes.open(PostgresPictureIndex(postgres_url), "imagenet") as here,
        Eyes.open(PostgresPictureIndex(postgres_url), "imagenet") as there,
    ):
        here.add(PICTURES)
        assert here.save(7) and there.refresh() is False and there.save(7)

        def pictures() -> Iterator[tuple[int, bytes]]:
            yield from PICTURES
            there.add([(1, photo())])

        here.rebuild(pictures(), 7)
        assert there.save(8) == "", "or everybody would believe that change 8 is in it"
        assert best(there, 3) == 21, "meanwhile it searches the new one"
        assert there.take_over() and there.status.change_seq == 7 and not there.take_over()
        there.add([(1, photo())])
        assert there.save(8) and here.status.count == 21
