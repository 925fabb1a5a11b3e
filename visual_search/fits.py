"""What an encoder was taught of one catalogue: small additions to its vectors, kept beside the index they belong to.

    picture = unit(shipped vector + picture_map · unit(features))
    text    = unit(shipped vector + Σ offsets[word] / √(number of words))

Only words of the catalogue have an offset; every other word counts as it was shipped. With zeros everywhere both are
what was shipped.

    fits/
        current                            name of the fit in use; absent: the shipped encoder
        vitrine+0123456789ab….fit          one fit, named by the encoder and the sha256 of the file's bytes

A file is whole and on the disk before `current` names it, so a crash at any instant leaves the old one in use.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_search.errors import EncoderUnavailable
from visual_search.values import Vectors

_FORMAT = 1
_NAME = re.compile(r"([a-z0-9_-]+)\+([0-9a-f]{16})")
_MAX_BYTES = 64 * 1024 * 1024
_ARRAYS = ("picture_map", "offsets")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, eq=False)
class Additions:
    """Float32, or float64 where gradients are checked."""

    picture_map: NDArray[Any]
    """[d, features]"""
    offsets: NDArray[Any]
    """[words of the catalogue, d]"""
    vocabulary: Mapping[str, int]
    """Rows of `offsets` by folded word."""

    @classmethod
    def none(cls, dimension: int, features: int, vocabulary: Mapping[str, int]) -> Additions:
        """What changes nothing."""
        shapes = ((dimension, features), (len(vocabulary), dimension))
        picture_map, offsets = (np.zeros(shape, np.float32) for shape in shapes)
        return cls(picture_map, offsets, vocabulary)

    def pictures(self, vectors: Vectors, features: NDArray[Any]) -> Vectors:
        """Of shipped vectors [n, d] and the features [n, f] that they are a projection of."""
        return unit(vectors + unit(np.asarray(features, np.float32)) @ self.picture_map.T)

    def words(self, vectors: Vectors, texts: Sequence[str]) -> Vectors:
        """Of the texts' shipped vectors [n, d]."""
        out = vectors.copy()
        for row, text in zip(out, texts, strict=True):
            words = words_of(text)
            known = [self.vocabulary[word] for word in words if word in self.vocabulary]
            if known:
                row += self.offsets[known].sum(axis=0, dtype=np.float32) / len(words) ** 0.5
        return unit(out)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """`base` and `base_revision` say which encoder it belongs to; with another one it means nothing."""

    base: str
    base_revision: str
    very_close: float
    """Cosines for `Bands`, moved with the vectors."""
    close: float
    additions: Additions
    figures: Mapping[str, Any] = field(default_factory=dict)
    """How it was measured, for whoever looks it up later."""


class FitStore:
    """The fits below one directory. Several processes may read; writers take turns by a file lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def one_writer(self) -> Iterator[None]:
        """Until what was saved is used, or the one in use is not any more."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def save(self, fit: Fit) -> str:
        """Writes the fit without using it yet; returns its name. OSError: nothing has changed."""
        raw = _packed(fit)
        name = f"{fit.base}+{hashlib.sha256(raw).hexdigest()[:16]}"
        self.directory.mkdir(parents=True, exist_ok=True)
        _write_durably(self._file(name), raw)
        return name

    def use(self, name: str) -> None:
        """From now on this one; "" the shipped encoder. OSError: the one before stays in use."""
        pointer = self.directory / "current"
        if name:
            _write_durably(pointer, name.encode())
        else:
            pointer.unlink(missing_ok=True)
            if self.directory.is_dir():
                _sync(self.directory)

    def current(self) -> str:
        """The name of the fit in use, "" where there is none. What is not a name is returned as it is found, so that
        opening it fails and tells of it."""
        try:
            with (self.directory / "current").open("rb") as file:
                return file.read(200).decode("utf-8", "replace").strip() or "an empty pointer"
        except FileNotFoundError:
            return ""
        except OSError as broken:
            return f"unreadable ({broken.strerror})"

    def wanted(self, encoder: str) -> str:
        """What to open where that encoder is asked for: the fit in use, if it is one of it; a damaged pointer too."""
        name = self.current()
        return name if name and (base_of(name) == encoder or not is_fit(name)) else encoder

    def load(self, name: str) -> Fit:
        """The bytes that are hashed are the bytes that are used. Raises EncoderUnavailable."""
        named = _NAME.fullmatch(name)
        if named is None:
            raise EncoderUnavailable(f"the name of the fit in use is damaged: {name!r}")
        try:
            with self._file(name).open("rb") as file:
                raw = file.read(_MAX_BYTES)
        except OSError as missing:
            raise EncoderUnavailable(f"the fit {name} cannot be read: {missing.strerror}") from missing
        if hashlib.sha256(raw).hexdigest()[:16] != named[2]:
            raise EncoderUnavailable(f"the fit {name} is damaged: its bytes are not those that were written")
        try:
            return _unpacked(raw)
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as broken:
            raise EncoderUnavailable(f"the fit {name} cannot be understood: {broken}") from broken

    def keep_only(self, names: Sequence[str]) -> None:
        """Deletes every other fit, and what a crash left half written."""
        for path in (*self.directory.glob("*.fit"), *self.directory.glob("*.unfinished")):
            if path.name.removesuffix(".fit") not in names:
                path.unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.fit"


def base_of(name: str) -> str:
    """The encoder that the fit of this name belongs to; a name that is no fit's: itself."""
    named = _NAME.fullmatch(name)
    return named[1] if named else name


def is_fit(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def words_of(text: str) -> list[str]:
    """Folded: lower case, without accents."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def unit(rows: NDArray[Any]) -> NDArray[Any]:
    """Every row at length 1."""
    one: NDArray[Any] = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return one


def _packed(fit: Fit) -> bytes:
    additions = fit.additions
    arrays: dict[str, NDArray[Any]] = {
        "picture_map": additions.picture_map,
        "offsets": additions.offsets.astype(np.float16),
    }
    vocabulary = sorted(additions.vocabulary, key=lambda word: additions.vocabulary[word])
    told = {
        "format": _FORMAT,
        "base": fit.base,
        "base_revision": fit.base_revision,
        "very_close": fit.very_close,
        "close": fit.close,
        "figures": dict(fit.figures),
        "words": vocabulary,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        _put(archive, "fit.json", json.dumps(told, indent=1, sort_keys=True).encode())
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            _put(archive, f"{name}.npy", raw.getvalue())
    return out.getvalue()


def _put(archive: zipfile.ZipFile, name: str, raw: bytes) -> None:
    """Without the time of writing: the same fit has the same bytes."""
    archive.writestr(zipfile.ZipInfo(name), raw)


def _unpacked(raw: bytes) -> Fit:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        told = json.loads(archive.read("fit.json"))
        picture_map, offsets = (
            np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False) for name in _ARRAYS
        )
    if told["format"] != _FORMAT:
        raise ValueError(f"format {told['format']}")
    vocabulary = {word: row for row, word in enumerate(told["words"])}
    if len(vocabulary) != len(offsets):
        raise ValueError("words and offsets do not fit together")
    additions = Additions(picture_map, offsets, vocabulary)
    return Fit(told["base"], told["base_revision"], told["very_close"], told["close"], additions, told["figures"])


def _write_durably(path: Path, raw: bytes) -> None:
    part = path.with_name(path.name + ".unfinished")
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
