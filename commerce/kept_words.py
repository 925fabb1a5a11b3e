"""The text index and the facets on disk, so that a process need not read the whole catalogue to answer.

    generation-000017/
        manifest.json    format, revision, change number and its mark in the database, sha256 of each file and of itself
        words.npz        columns of numbers, one file an index
        words.json       columns of texts
        facets.npz, facets.json

A generation is written under another name, flushed to the disk, then renamed: a crash at any instant leaves the one
before it the newest. The newest alone is read, every byte once, and it is those very bytes that are hashed and then
used. It is used where everything is as it was: the code and the words that made it (`revision`), the database, each
bit. Anything else costs one reading of the catalogue, never an answer.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from commerce.ports import Keepable, Kept

_FORMAT = 1
_NAME = re.compile(r"generation-(\d{6,12})")
_UNFINISHED = ".unfinished"
_KEEP = 2  # another process may be reading the one before
_MOST_MANIFEST_BYTES = 64 * 1024
# Whatever turns a product into what is kept: when one of these files changes, what was kept is of no use.
_MAKERS = ("lexicon", "text_index", "domain", "facets.py", "kept_words.py", "services/documents.py")

_log = structlog.get_logger(__name__)


class _Outdated(Exception):
    """A whole generation that does not belong to this shop as it is."""


class _Damaged(Exception):
    """What was written is not what is there."""


class WordsOnDisk:
    """`commerce.ports.KeptWords` below one directory. Several processes may read; writers take turns by a file lock."""

    def __init__(self, directory: Path, indexes: Mapping[str, Keepable], revision: str = "") -> None:
        """`indexes`: by the name of their files. `revision`: of what made them; "" for that of this installation."""
        self._directory = directory
        self._indexes = indexes
        # Now, not when it is wanted: files that change under a running process are not what it runs.
        self._revision = revision or revision_of_makers()

    def load(self, mark_of: Callable[[int], str]) -> int | None:
        """See `commerce.ports.KeptWords`."""
        names = self._generations()
        if not names:
            return None
        folder = self._directory / names[0]
        try:
            manifest = self._manifest(folder)
            seq = int(manifest["change_seq"])
            if manifest["mark"] != mark_of(seq):
                raise _Outdated("made of another database, or too far behind")
            puts = [index.prepare(_read_kept(folder, name, manifest)) for name, index in self._indexes.items()]
        except _Outdated as reason:
            _log.info("words on disk are not used", generation=names[0], reason=str(reason))
            return None
        # Bytes that hash right and cannot be read are a mistake of ours: the catalogue is read, the shop answers.
        except (_Damaged, OSError, ValueError, KeyError, IndexError, TypeError) as error:
            _log.warning("words on disk are damaged", generation=names[0], reason=str(error) or type(error).__name__)
            return None
        for put in puts:
            put()
        return seq

    def save(self, change_seq: int, mark: str) -> None:
        """See `commerce.ports.KeptWords`."""
        contents: dict[str, bytes] = {}
        for name, index in self._indexes.items():
            kept = index.keep()
            contents[f"{name}.npz"] = _npz(kept)
            contents[f"{name}.json"] = json.dumps({key: list(texts) for key, texts in kept.texts.items()}).encode()
        told = {
            "format": _FORMAT,
            "revision": self._revision,
            "change_seq": change_seq,
            "mark": mark,
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        }
        contents["manifest.json"] = json.dumps({**told, "self": _hash_of(told)}, indent=1).encode()
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._one_writer():
            self._sweep_unfinished()
            number = max((_number(name) for name in self._generations()), default=0) + 1
            unfinished = self._directory / f"generation-{number:06d}{_UNFINISHED}"
            try:
                unfinished.mkdir()
                for name, data in contents.items():
                    _write_durably(unfinished / name, data)
                _sync_directory(unfinished)
                unfinished.rename(unfinished.with_suffix(""))
                _sync_directory(self._directory)
            except OSError:
                shutil.rmtree(unfinished, ignore_errors=True)  # a full disk has use for the room
                raise
            for old in self._generations()[_KEEP:]:
                shutil.rmtree(self._directory / old, ignore_errors=True)

    def _manifest(self, folder: Path) -> dict[str, Any]:
        with (folder / "manifest.json").open("rb") as file:
            told = json.loads(file.read(_MOST_MANIFEST_BYTES))
        if not isinstance(told, dict) or told.pop("self", "") != _hash_of(told):
            raise _Damaged("the manifest is not the one that was written")
        if told["format"] != _FORMAT or told["revision"] != self._revision:
            raise _Outdated("made by another version of the shop or of its lexicon")
        return told

    def _generations(self) -> list[str]:
        """Finished ones, newest first."""
        if not self._directory.is_dir():
            return []
        names = (path.name for path in self._directory.iterdir())
        return sorted(filter(_NAME.fullmatch, names), key=_number, reverse=True)

    def _sweep_unfinished(self) -> None:
        """What a crash left behind. Only the holder of the lock writes, so nobody is at work on these."""
        for path in self._directory.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        with (self._directory / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@cache
def revision_of_makers() -> str:
    """Changes with everything that decides what is made of a product: code, lexicon, stemmers, Unicode."""
    import Stemmer

    digest = hashlib.sha256(f"{Stemmer.version()} {unicodedata.unidata_version}".encode())
    for maker in _MAKERS:
        for path, data in _files_of(maker, files("commerce").joinpath(maker)):
            digest.update(f"{path} {len(data)} ".encode() + data)
    return digest.hexdigest()


def _files_of(path: str, file: Traversable) -> Iterator[tuple[str, bytes]]:
    """Code and word files, in the order of their names."""
    if file.is_dir():
        for inner in sorted(file.iterdir(), key=lambda one: one.name):
            yield from _files_of(f"{path}/{inner.name}", inner)
    elif path.endswith((".py", ".toml")):
        yield path, file.read_bytes()


def _read_kept(folder: Path, name: str, manifest: Mapping[str, Any]) -> Kept:
    raw = []
    for file_name in (f"{name}.npz", f"{name}.json"):
        data = (folder / file_name).read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest["files"][file_name]:
            raise _Damaged(f"{file_name}: the bytes are not those that were written")
        raw.append(data)
    with np.load(io.BytesIO(raw[0]), allow_pickle=False) as numbers:
        return Kept(dict(numbers), json.loads(raw[1]))


def _npz(kept: Kept) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **kept.numbers)
    return out.getvalue()


def _hash_of(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _number(name: str) -> int:
    return int(name.split("-")[1])


def _write_durably(path: Path, data: bytes) -> None:
    """Bytes on the disk before this returns."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
