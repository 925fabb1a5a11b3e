"""Files of ours under random names: pictures that we encoded ourselves, and shoppers' photos until their end.

Two stores of one port: folders on a disk, and a dictionary for rehearsals and tests. Both pass the same contract.
A smaller copy of a picture lies beside it, under its name and the width: "ab/abcd….jpg.480".
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from pathlib import Path

# 128 random bits, then a short suffix. Nothing else is ever turned into a path.
_KEY = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{1,8}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


def is_key(key: str) -> bool:
    """Whether a text has the form of a key."""
    return _KEY.fullmatch(key) is not None


def _new_key(suffix: str) -> str:
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"not a suffix for a file: {suffix!r}")
    return secrets.token_hex(16) + suffix


class FileMediaStore:
    """`commerce.ports.MediaStore` in a folder, spread over 256 folders: "ab/abcd….jpg"."""

    def __init__(self, directory: Path) -> None:
        """The folder is made at the first `put`."""
        self._directory = directory
        self._durable: set[Path] = set()  # folders whose own names are known to be on the disk

    def put(self, data: bytes, suffix: str) -> str:
        """Durable when it returns: the file and its name are on the disk, or neither is. Raises OSError, ValueError."""
        key = _new_key(suffix)
        self._write(self._path(key), data)
        return key

    def get(self, key: str) -> bytes | None:
        """None for an unknown key, and for anything that is not a key of ours."""
        return _read(self._path(key)) if is_key(key) else None

    def put_smaller(self, key: str, width_px: int, data: bytes) -> None:
        """See `commerce.ports.MediaStore`. Raises OSError."""
        if self._is_there(key):
            self._write(self._smaller(key, width_px), data)
            if not self._is_there(key):  # deleted in the meantime
                self.delete(key)

    def get_smaller(self, key: str, width_px: int) -> bytes | None:
        """See `commerce.ports.MediaStore`."""
        return _read(self._smaller(key, width_px)) if is_key(key) else None

    def delete(self, key: str) -> None:
        """Gone when it returns, with its smaller copies; an unknown key is gone already."""
        if is_key(key):
            path = self._path(key)
            path.unlink(missing_ok=True)
            for smaller in path.parent.glob(f"{key}.[0-9]*"):
                smaller.unlink(missing_ok=True)

    def _is_there(self, key: str) -> bool:
        return is_key(key) and self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / key

    def _smaller(self, key: str, width_px: int) -> Path:
        return self._directory / key[:2] / f"{key}.{width_px}"

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the rename cannot cross file systems; a crash leaves a ".part" nobody reads.
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        if path.parent not in self._durable:
            for folder in (self._directory, self._directory.parent):
                _sync_folder(folder)
            self._durable.add(path.parent)


class MemoryMediaStore:
    """`commerce.ports.MediaStore` that forgets everything at the end of the process."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._smaller: dict[str, dict[int, bytes]] = {}
        self._lock = threading.Lock()

    def put(self, data: bytes, suffix: str) -> str:
        key = _new_key(suffix)
        with self._lock:
            self._files[key] = bytes(data)
        return key

    def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._files.get(key)

    def put_smaller(self, key: str, width_px: int, data: bytes) -> None:
        with self._lock:
            if key in self._files:
                self._smaller.setdefault(key, {})[width_px] = bytes(data)

    def get_smaller(self, key: str, width_px: int) -> bytes | None:
        with self._lock:
            return self._smaller.get(key, {}).get(width_px)

    def delete(self, key: str) -> None:
        with self._lock:
            self._files.pop(key, None)
            self._smaller.pop(key, None)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable; where folders cannot be opened (Windows) the rename has to do."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
