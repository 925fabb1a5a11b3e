"""Files of the shop under unguessable names: product pictures that we encoded, photos that shoppers sent."""

from __future__ import annotations

import os
import re
import secrets
import threading
from pathlib import Path

_KEY = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{1,8}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


def is_key(key: str) -> bool:
    """Whether a string has the form of a key; nothing else ever becomes part of a path."""
    return _KEY.fullmatch(key) is not None


def _new_key(suffix: str) -> str:
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"not a file suffix: {suffix!r}")
    return secrets.token_hex(16) + suffix


class FileMediaStore:
    """In a folder, over 256 subfolders. A file appears whole or not at all, and is on disk when `put` returns."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, data: bytes, suffix: str) -> str:
        key = _new_key(suffix)
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return key

    def get(self, key: str) -> bytes | None:
        if not is_key(key):
            return None
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        if is_key(key):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / key


def _sync_folder(folder: Path) -> None:
    """A new name is only durable when its folder is (POSIX fsync(2))."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class MemoryMediaStore:
    """In memory: for tests and proofs that need no disk."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, data: bytes, suffix: str) -> str:
        key = _new_key(suffix)
        with self._lock:
            self._files[key] = bytes(data)
        return key

    def get(self, key: str) -> bytes | None:
        return self._files.get(key)

    def delete(self, key: str) -> None:
        with self._lock:
            self._files.pop(key, None)
