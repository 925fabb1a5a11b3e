"""Generations on disk. A generation is written whole, then pointed at; damage is found before use.

    current                       "generation-000017 <sha256 of its manifest.json>"
    generation-000017/
        manifest.json             encoder, revision, dimension, metric, count, change_seq, sha256 of each file
        ids.npy                   int64 [n], rising
        vectors.npy               float32 [n, d], unit rows in the order of ids
        marks.npy                 uint8 [n, 224]: sha256 of the picture, then its 8 x 8 thumb
        lists.npy                 uint8 [m]: the inverted lists of a large index, as FAISS writes them; may be absent

FAISS files carry no checksum and load with flipped bits in silence: everything is hashed first. The arrays are then
used where they lie, mapped, so that a start copies nothing and processes share the memory. The files are read-only and
never written again; `docs/decisions/0008-mapped-generations.md` says what that leaves open.

A crash at any instant leaves the old `current`: files are written under a temporary name, flushed to the
disk, renamed. The generation before the current one is kept, so that a rebuild can take its vectors.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import mmap
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visual_search.errors import SnapshotDamaged
from visual_search.values import MARK_BYTES, Ids, Marks, Vectors

FORMAT = 1
METRIC = "inner_product"
_FILES = ("ids.npy", "vectors.npy", "marks.npy")
_LISTS = "lists.npy"
_NAME = re.compile(r"generation-(\d{6,12})")
_KEEP = 2
_MAX_MANIFEST_BYTES = 64 * 1024
_WRITE_BYTES = 16 * 1024 * 1024


class MadeBy(NamedTuple):
    """Vectors of one maker mean nothing to another."""

    encoder: str
    revision: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself."""

    encoder: str
    revision: str
    dimension: int
    count: int
    change_seq: int

    @property
    def made_by(self) -> MadeBy:
        return MadeBy(self.encoder, self.revision, self.dimension)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Content of one generation: row i of each array belongs to `ids[i]`. Loaded ones are read-only maps of files."""

    manifest: Manifest
    ids: Ids
    vectors: Vectors
    marks: Marks
    lists: NDArray[np.uint8] | None = None


class SnapshotStore:
    """The generations below one directory. Several processes may read; writers take turns by a file lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, snapshot: Snapshot) -> str:
        """Write a new generation and make it current. Returns its name. OSError leaves the old one current."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._one_writer():
            self._sweep_unfinished()
            name = f"generation-{self._newest_number() + 1:06d}"
            unfinished = self.directory / f"{name}.unfinished"
            unfinished.mkdir()
            arrays: dict[str, NDArray[Any]] = dict(
                zip(_FILES, (snapshot.ids, snapshot.vectors, snapshot.marks), strict=True)
            )
            if snapshot.lists is not None:
                arrays[_LISTS] = snapshot.lists
            hashes = {name: _write_durably(unfinished / name, _npy(array)) for name, array in arrays.items()}
            manifest = _manifest_bytes(snapshot.manifest, hashes)
            digest = _write_durably(unfinished / "manifest.json", [manifest])
            _sync_directory(unfinished)
            unfinished.rename(self.directory / name)
            _sync_directory(self.directory)
            self._point_at(name, digest)
            self._drop_old(name)
        return name

    def load(self) -> Snapshot | None:
        """The current generation, every byte verified; None where nothing was ever saved.
        Raises SnapshotDamaged otherwise."""
        pointer = self.directory / "current"
        try:
            words = _read(pointer, 256).decode("ascii", "replace").split(" ")
        except FileNotFoundError:
            if self._generations():
                raise SnapshotDamaged("the pointer to the current generation is missing") from None
            return None
        match words:
            case [name, digest] if _NAME.fullmatch(name):
                return self._load(name, digest.removesuffix("\n"))
        raise SnapshotDamaged("the pointer to the current generation is unreadable")

    def manifest(self) -> Manifest | None:
        """What the current generation says of itself, its arrays unread. None where there is none, or damage."""
        match self.fingerprint().decode("ascii", "replace").split():
            case [name, digest] if _NAME.fullmatch(name):
                try:
                    return self._manifest(name, digest)[0]
                except SnapshotDamaged:
                    return None
        return None

    def fingerprint(self) -> bytes:
        """Changes when another process saves; empty where there is nothing."""
        try:
            return _read(self.directory / "current", 256)
        except (OSError, SnapshotDamaged):
            return b""

    def salvage(self) -> Iterator[Snapshot]:
        """Every generation that verifies by its own manifest, newest first: food for a rebuild, never an
        index to serve (the pointer does not vouch for it)."""
        for name in self._generations():
            try:
                yield self._load(name, None)
            except SnapshotDamaged:
                continue

    def _manifest(self, name: str, digest: str | None) -> tuple[Manifest, dict[str, str]]:
        """With the sha256 of each file."""
        raw = _read(self.directory / name / "manifest.json", _MAX_MANIFEST_BYTES)
        if digest is not None and hashlib.sha256(raw).hexdigest() != digest:
            raise SnapshotDamaged(f"{name}: the manifest is not the one that was written")
        try:
            told = json.loads(raw)
            if told["format"] != FORMAT or told["metric"] != METRIC or told["self"] != _self_hash(told):
                raise SnapshotDamaged(f"{name}: the manifest is not the one that was written")
            return Manifest(**told["manifest"]), told["files"]
        except (ValueError, KeyError, TypeError) as broken:
            raise SnapshotDamaged(f"{name}: unreadable: {broken}") from broken

    def _load(self, name: str, digest: str | None) -> Snapshot:
        manifest, hashes = self._manifest(name, digest)
        folder = self.directory / name
        try:
            ids, vectors, marks = (_map_array(folder / file, hashes[file]) for file in _FILES)
            lists = _map_array(folder / _LISTS, hashes[_LISTS]) if _LISTS in hashes else np.empty(0, np.uint8)
        except (ValueError, KeyError, TypeError) as broken:
            raise SnapshotDamaged(f"{name}: unreadable: {broken}") from broken
        shapes = (ids.shape, vectors.shape, marks.shape, lists.shape)
        count, dimension = manifest.count, manifest.dimension
        if shapes != ((count,), (count, dimension), (count, MARK_BYTES), (lists.size,)):
            raise SnapshotDamaged(f"{name}: shapes {shapes} are not those of {count} pictures")
        if [array.dtype.str for array in (ids, vectors, marks, lists)] != ["<i8", "<f4", "|u1", "|u1"]:
            raise SnapshotDamaged(f"{name}: wrong number types")
        return Snapshot(manifest, ids, vectors, marks, lists if _LISTS in hashes else None)

    def _generations(self) -> list[str]:
        """Finished ones, newest first."""
        if not self.directory.is_dir():
            return []
        names = (path.name for path in self.directory.iterdir() if path.is_dir())
        return sorted((name for name in names if _NAME.fullmatch(name)), key=_number, reverse=True)

    def _newest_number(self) -> int:
        return max((_number(name) for name in self._generations()), default=0)

    def _point_at(self, name: str, digest: str) -> None:
        temporary = self.directory / "current.unfinished"
        _write_durably(temporary, [f"{name} {digest}\n".encode()])
        temporary.rename(self.directory / "current")
        _sync_directory(self.directory)

    def _drop_old(self, current: str) -> None:
        for name in self._generations()[_KEEP:]:
            if name != current:
                shutil.rmtree(self.directory / name, ignore_errors=True)

    def _sweep_unfinished(self) -> None:
        """What a crash left behind. Only the holder of the lock writes, so nobody is at work on these."""
        for path in self.directory.glob("*.unfinished"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        with (self.directory / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _number(name: str) -> int:
    return int(name.split("-")[1])


def _manifest_bytes(manifest: Manifest, hashes: dict[str, str]) -> bytes:
    told: dict[str, Any] = {"format": FORMAT, "metric": METRIC, "manifest": asdict(manifest), "files": hashes}
    return json.dumps({**told, "self": _self_hash(told)}, indent=1, sort_keys=True).encode()


def _self_hash(told: dict[str, Any]) -> str:
    """So that a generation can be believed without its pointer."""
    rest = {key: value for key, value in told.items() if key != "self"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _npy(array: NDArray[Any]) -> Iterator[bytes | memoryview]:
    """The array as a .npy file, in pieces. ValueError for an array of objects."""
    if array.dtype.hasobject:
        raise ValueError("objects are never written")
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    yield head.getvalue()
    plain = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    for start in range(0, len(plain), _WRITE_BYTES):
        yield plain[start : start + _WRITE_BYTES]


def _map_array(path: Path, digest: str) -> NDArray[Any]:
    """The array in that file, read-only and where it lies, after every byte was hashed."""
    told = f"{path.parent.name}/{path.name}"
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            # By reading and not through the map: there an unreadable disk would be a signal, not an error.
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise SnapshotDamaged(f"{told}: the bytes are not those that were written")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        raise SnapshotDamaged(f"{told} is missing") from None
    except OSError as broken:
        raise SnapshotDamaged(f"{told} cannot be read: {broken}") from broken
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SnapshotDamaged(f"{told} was written to while it was read")
    head = io.BytesIO(mapped[:256])
    np.lib.format.read_magic(head)
    shape, _, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype.hasobject:
        raise SnapshotDamaged(f"{told}: wrong number types")
    array: NDArray[Any] = np.frombuffer(mapped, dtype, offset=head.tell()).reshape(shape)
    return array


def _read(path: Path, limit: int | None) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read() if limit is None else file.read(limit)
    except FileNotFoundError:
        if path.name == "current":
            raise
        raise SnapshotDamaged(f"{path.parent.name}/{path.name} is missing") from None
    except OSError as broken:
        raise SnapshotDamaged(f"{path.parent.name}/{path.name} cannot be read: {broken}") from broken


def _write_durably(path: Path, pieces: Iterable[bytes | memoryview]) -> str:
    """Bytes on the disk, read-only, before this returns; their sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
