"""From SOURCE (file, folder or address) to plain files on this disk, bounded, and a first look at their bytes."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from catalog_sync.rows import FeedRefused, Stop
from commerce.errors import FetchRefused
from commerce.ports import WebFetcher

BLOCK = 1 << 20
# A feed packs about 1:20. Beyond 1:200, after the first 64 MB, it is not a feed.
BOMB_RATIO = 200
BOMB_FREE_BYTES = 64 << 20
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def fetch_feed(fetcher: WebFetcher, url: str, scratch: Path, max_bytes: int) -> Path:
    """Brings a feed from the web into `scratch`, streaming. Raises FeedRefused(FETCH)."""
    target = scratch / "fetched"
    try:
        fetcher.download(url, target, max_bytes=max_bytes)
    except FetchRefused as refused:
        raise FeedRefused(Stop.FETCH, problem=refused.reason) from refused
    return target


def unpack(path: Path, scratch: Path, max_bytes: int) -> Path:
    """The file itself, or what its gzip or one-file zip holds, written to `scratch` under a size and ratio limit."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic[:2] == _GZIP:
            target = _copy(gzip.GzipFile(fileobj=file), file, scratch, max_bytes, path.stat().st_size)
        elif magic == _ZIP:
            target = _unzip(path, scratch, max_bytes)
        else:
            if path.stat().st_size > max_bytes:
                raise FeedRefused(Stop.TOO_LARGE, limit_mb=max_bytes >> 20)
            return path
    with target.open("rb") as file:
        if file.read(4)[:4].startswith((_GZIP, _ZIP)):
            raise FeedRefused(Stop.NESTED_ARCHIVE)
    return target


def _unzip(path: Path, scratch: Path, max_bytes: int) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                raise FeedRefused(Stop.SEVERAL_FEEDS, count=len(members))
            if members[0].flag_bits & 1:
                raise FeedRefused(Stop.DAMAGED_ARCHIVE)
            with archive.open(members[0]) as member:
                return _copy(member, None, scratch, max_bytes, max(1, members[0].compress_size))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise FeedRefused(Stop.DAMAGED_ARCHIVE) from error


def _copy(packed: IO[bytes] | gzip.GzipFile, raw: BinaryIO | None, scratch: Path, max_bytes: int, size: int) -> Path:
    """What comes out is counted, never what the archive says of itself."""
    target = scratch / "unpacked"
    written = 0
    try:
        with target.open("wb") as out:
            while block := packed.read(BLOCK):
                written += len(block)
                consumed = max(1, min(size, raw.tell())) if raw is not None else size
                if written > max_bytes:
                    raise FeedRefused(Stop.TOO_LARGE, limit_mb=max_bytes >> 20)
                if written > BOMB_FREE_BYTES and written > BOMB_RATIO * consumed:
                    raise FeedRefused(Stop.BOMB, ratio=BOMB_RATIO)
                out.write(block)
    except FeedRefused:
        target.unlink(missing_ok=True)
        raise
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        target.unlink(missing_ok=True)
        raise FeedRefused(Stop.DAMAGED_ARCHIVE) from error
    return target


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading a file once from end to end tells. `encoding` is a Python codec name."""

    digest: str
    size: int
    lines: int
    encoding: str
    bad_line: int = 0
    """First line whose bytes are not UTF-8; 0 when all of it is."""
    ends_with_newline: bool = True


def scan(path: Path, salt: bytes, on_bytes: Callable[[int], None] | None = None) -> Scan:
    """Digest, lines, and whether the file really is UTF-8. Raises FeedRefused(NUL)."""
    digest = hashlib.blake2b(salt, digest_size=16)
    lines = size = bad_line = 0
    last = b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    for block in blocks(path):
        digest.update(block)
        if size == 0 and block.startswith(_UTF16):
            encoding = "utf-16"
        elif size == 0 and block.startswith(codecs.BOM_UTF8):
            encoding = "utf-8-sig"
        if encoding != "utf-16":
            if (at := block.find(b"\0")) >= 0:
                raise FeedRefused(Stop.NUL, line=lines + block.count(b"\n", 0, at) + 1)
            if not bad_line:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    bad_line = lines + error.object.count(b"\n", 0, error.start) + 1
        lines += block.count(b"\n")
        size += len(block)
        last = block[-1:]
        if on_bytes:
            on_bytes(size)
    if encoding.startswith("utf-8") and not bad_line:
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            bad_line = lines + 1
    if bad_line:
        encoding = "cp1252"
    return Scan(digest.hexdigest(), size, lines + (last != b"\n"), encoding, bad_line, last == b"\n")


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def utf8_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The file as UTF-8 without a byte-order mark, whatever it was. Raises FeedRefused(ENCODING)."""
    if encoding == "utf-8":
        yield from blocks(path)
        return
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        raise FeedRefused(Stop.ENCODING, encoding=encoding, line=1) from error
    lines = 0
    try:
        for block in blocks(path):
            text = decoder.decode(block)
            lines += text.count("\n")
            yield text.encode()
        yield decoder.decode(b"", True).encode()
    except UnicodeError as error:
        raise FeedRefused(Stop.ENCODING, encoding=encoding, line=lines + 1) from error
