"""The contract of a media store, over the one on disk and the one in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commerce.media import FileMediaStore, MemoryMediaStore, is_key
from commerce.ports import MediaStore


@pytest.fixture(params=["file", "memory"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    return FileMediaStore(tmp_path / "media") if request.param == "file" else MemoryMediaStore()


def test_what_was_put_is_there_until_it_is_deleted(media: MediaStore):
    key = media.put(b"\xff\xd8 a picture", ".jpg")
    assert is_key(key)
    assert key.endswith(".jpg")
    assert media.get(key) == b"\xff\xd8 a picture"
    media.delete(key)
    media.delete(key)
    assert media.get(key) is None


def test_names_cannot_be_guessed_or_meet(media: MediaStore):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda n: media.put(b"same", ".webp"), range(64)))
    assert len(set(keys)) == 64


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "../secret_key",
        "/etc/passwd",
        "a" * 32,
        "A" * 32 + ".jpg",
        "0" * 32 + ".jpg/..",
        "0" * 32 + ".jpg\n",
        "ab/../../x",
    ],
)
def test_nothing_else_is_a_key(media: MediaStore, key: str):
    assert media.get(key) is None
    media.delete(key)


@pytest.mark.parametrize("suffix", ["", "jpg", ".", "./../x", ".JPG", ".toolongsuffix"])
def test_a_suffix_is_a_suffix(media: MediaStore, suffix: str):
    with pytest.raises(ValueError, match="suffix"):
        media.put(b"", suffix)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path):
    store = FileMediaStore(tmp_path)
    with pytest.raises(TypeError):
        store.put("not bytes", ".jpg")  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
