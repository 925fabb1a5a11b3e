"""`MediaStore`: the folder and the dictionary keep the same promises."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commerce.media import FileMediaStore, MemoryMediaStore, is_key
from commerce.ports import MediaStore

KEY = re.compile(r"[0-9a-f]{32}\.jpg")


@pytest.fixture(params=["files", "memory"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    return FileMediaStore(tmp_path / "media") if request.param == "files" else MemoryMediaStore()


def test_what_is_put_can_be_got(media: MediaStore) -> None:
    data = bytes(range(256)) * 1000
    key = media.put(data, ".jpg")
    assert KEY.fullmatch(key) and is_key(key)
    assert media.get(key) == data
    assert media.get(key) == data
    assert media.get(media.put(b"", ".upload")) == b""


def test_the_same_bytes_twice_are_two_files(media: MediaStore) -> None:
    first, second = media.put(b"x", ".jpg"), media.put(b"x", ".jpg")
    assert first != second
    media.delete(first)
    assert media.get(second) == b"x"


def test_deleting_is_final_and_may_be_repeated(media: MediaStore) -> None:
    key = media.put(b"x", ".jpg")
    media.delete(key)
    assert media.get(key) is None
    media.delete(key)
    media.delete("f" * 32 + ".jpg")


def test_smaller_copies_lie_beside_a_picture_and_go_with_it(media: MediaStore) -> None:
    key, other = media.put(b"large", ".jpg"), media.put(b"another", ".jpg")
    assert media.get_smaller(key, 480) is None
    for width, data in ((240, b"small"), (480, b"medium"), (480, b"")):
        media.put_smaller(key, width, data)
    media.put_smaller(other, 240, b"its own")
    assert (media.get_smaller(key, 240), media.get_smaller(key, 480), media.get(key)) == (b"small", b"", b"large")
    media.delete(key)
    assert media.get_smaller(key, 240) is media.get_smaller(key, 480) is media.get(key) is None
    media.put_smaller(key, 240, b"too late")
    assert media.get_smaller(key, 240) is None
    assert (media.get(other), media.get_smaller(other, 240)) == (b"another", b"its own")


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "secret.txt",
        "../secret.txt",
        "../../secret.txt",
        "/etc/passwd",
        "aa/../../secret.txt",
        "f" * 32,
        "F" * 32 + ".jpg",
        "f" * 32 + ".jpg\n",
        "f" * 32 + ".jpg\x00.txt",
        "f" * 32 + "./../secret",
        "..%2fsecret.txt",
        "f" * 40 + ".jpg",
        "é" * 32 + ".jpg",
    ],
)
def test_nothing_but_our_keys_is_looked_up(media: MediaStore, tmp_path: Path, key: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    media.put(b"x", ".jpg")
    assert not is_key(key)
    assert media.get(key) is None
    media.put_smaller(key, 480, b"x")
    assert media.get_smaller(key, 480) is None
    media.delete(key)
    assert secret.read_bytes() == b"secret"


@pytest.mark.parametrize("suffix", ["", "jpg", ".", "../x", ".jp/g", ".JPG", ".jpg\n", ".jpg.exe", "." + "x" * 9])
def test_strange_suffixes_are_refused(media: MediaStore, suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        media.put(b"x", suffix)


def test_many_threads_at_once(media: MediaStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda n: media.put(str(n).encode(), ".jpg"), range(100)))
    assert len(set(keys)) == 100
    assert [media.get(key) for key in keys] == [str(n).encode() for n in range(100)]


# --- files alone ----------------------------------------------------------------------------------------------------


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_is_made_before_the_first_file(tmp_path: Path) -> None:
    store = FileMediaStore(tmp_path / "media")
    assert store.get("f" * 32 + ".jpg") is None
    assert not (tmp_path / "media").exists()


def test_files_are_spread_over_folders(tmp_path: Path) -> None:
    key = FileMediaStore(tmp_path).put(b"x", ".jpg")
    assert all_files(tmp_path) == [tmp_path / key[:2] / key]


def test_a_deleted_picture_leaves_no_file(tmp_path: Path) -> None:
    store = FileMediaStore(tmp_path)
    key = store.put(b"x", ".jpg")
    store.put_smaller(key, 240, b"s")
    assert all_files(tmp_path / key[:2]) != [tmp_path / key[:2] / key]
    store.delete(key)
    assert all_files(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OSError, match="No space"):
        FileMediaStore(tmp_path).put(b"x", ".jpg")
    assert all_files(tmp_path) == []


def test_bytes_and_name_reach_the_disk_in_that_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def note(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object, **more: object) -> object:
            done.append(name)
            return real(*arguments, **more)

        return noted

    monkeypatch.setattr(os, "fsync", note("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", note("rename", Path.replace))
    FileMediaStore(tmp_path / "media").put(b"x", ".jpg")
    assert done == ["fsync", "rename", *["fsync"] * 3]  # the file, then its name and those of its new folders
