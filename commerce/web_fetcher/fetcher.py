"""Fetching: addresses, redirects, types, sizes and the one deadline."""

from __future__ import annotations

import ipaddress
import re
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from commerce.errors import FetchRefused
from commerce.ports import Fetched
from commerce.web_fetcher.pinned import READ_BYTES, Resolve, is_public, pinned_backend, system_resolver
from commerce.web_fetcher.sharing import sharing_picture

if TYPE_CHECKING:
    import httpcore

MAX_REDIRECTS = 3
TOTAL_S = 10.0
DOWNLOAD_S = 600.0
CONNECT_S = 5.0
MAX_URL = 2_000
PAGE_BYTES = 512 * 1024
"""Of a page that is read for its sharing picture: those names are in its head."""
_PORTS = {"http": 80, "https": 443}
_USER_AGENT = b"Vitrine/1 (+https://github.com/vitrine; product pictures)"
# A host of digits and dots that is not a plain dotted quad: 2130706433, 0177.0.0.1, 0x7f.1
_ODD_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,251}[a-z0-9])?\.?", re.IGNORECASE)


class SafeWebFetcher:
    """`commerce.ports.WebFetcher`. Safe for many threads; keeps nothing between calls.

    Args:
        allow_hosts: "host:port" that may be fetched although not public (rehearsals, tests). Nothing else is exempt.
        resolve: for tests.

    Reasons of FetchRefused are few on purpose: whether a private name exists, refuses or hangs is all "unreachable", so
    nobody can map a network through them. bad_address · unreachable · too_slow · too_large · wrong_type · not_found ·
    too_many_redirects · damaged · no_picture
    """

    def __init__(
        self, *, allow_hosts: Iterable[str] = (), resolve: Resolve = system_resolver, total_s: float = TOTAL_S
    ) -> None:
        self._allowed = frozenset(host.casefold() for host in allow_hosts)
        self._resolve = resolve
        self._total_s = total_s

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Costs tens of milliseconds: made once, when first needed."""
        return ssl.create_default_context()

    def fetch(self, url: str, *, max_bytes: int, accept: Sequence[str] = ()) -> Fetched:
        """See `commerce.ports.WebFetcher`. `accept`: media types, or beginnings of them such as "image/"."""
        return self._fetch(url, time.monotonic() + self._total_s, max_bytes=max_bytes, accept=accept)

    def picture_of(self, url: str, *, max_bytes: int) -> Fetched:
        """See `commerce.ports.WebFetcher`."""
        deadline = time.monotonic() + self._total_s
        found = self._fetch(
            url,
            deadline,
            max_bytes=max_bytes,
            accept=("image/", "text/html", "application/xhtml"),
            page_bytes=PAGE_BYTES,
        )
        if found.mime.startswith("image/"):
            return found
        picture = sharing_picture(found.body, found.url)
        if not picture:
            raise FetchRefused("no_picture")
        return self._fetch(picture, deadline, max_bytes=max_bytes, accept=("image/",))

    def download(self, url: str, to: Path, *, max_bytes: int, total_s: float = DOWNLOAD_S) -> str:
        """Streams a body to a file and returns its media type. Raises FetchRefused, and then leaves no file."""
        try:
            with self._open(url, time.monotonic() + total_s) as (_, mime, body), to.open("wb") as file:
                for block in _bounded(body, max_bytes):
                    file.write(block)
            return mime
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def _fetch(
        self, url: str, deadline: float, *, max_bytes: int, accept: Sequence[str], page_bytes: int = 0
    ) -> Fetched:
        with self._open(url, deadline) as (final, mime, body):
            if accept and not mime.startswith(tuple(accept)):
                raise FetchRefused("wrong_type")
            if page_bytes and not mime.startswith("image/"):
                data = bytearray()
                for block in body:
                    data += block
                    if len(data) >= page_bytes:
                        break
                return Fetched(final, mime, bytes(data[:page_bytes]))
            return Fetched(final, mime, b"".join(_bounded(body, max_bytes)))

    @contextmanager
    def _open(self, url: str, deadline: float) -> Iterator[tuple[str, str, Iterator[bytes]]]:
        """Follows redirects; gives the final address, the media type and the decoded body."""
        import httpcore

        self._checked(url)
        backend = pinned_backend(self._resolve, self._allowed, deadline)
        with httpcore.ConnectionPool(
            ssl_context=self._tls, network_backend=backend, max_connections=1, max_keepalive_connections=0, retries=0
        ) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                parts = self._checked(url)
                with (
                    _translated(deadline),
                    pool.stream(
                        "GET", _target(parts), headers=_headers(parts), extensions={"timeout": _timeouts(deadline)}
                    ) as response,
                ):
                    headers = {name.lower(): value for name, value in response.headers}
                    if response.status in (301, 302, 303, 307, 308):
                        place = headers.get(b"location", b"").decode("latin-1")
                        if not place:
                            raise FetchRefused("not_found")
                        url = urljoin(url, place)
                        continue
                    if response.status != 200:
                        raise FetchRefused("not_found")
                    mime = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
                    yield url, mime, _decoded(response.iter_stream(), headers.get(b"content-encoding", b""))
                    return
            raise FetchRefused("too_many_redirects")

    def _checked(self, url: str) -> SplitResult:
        """The parts of an address that may be asked for. Raises FetchRefused("bad_address")."""
        if len(url) > MAX_URL or any(sign <= " " or sign == "\\" or sign == "\x7f" for sign in url):
            raise FetchRefused("bad_address")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise FetchRefused("bad_address") from error
        if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
            raise FetchRefused("bad_address")
        port = port or _PORTS[parts.scheme]
        if f"{host}:{port}".casefold() in self._allowed:
            return parts
        if port not in _PORTS.values():
            raise FetchRefused("bad_address")
        literal = _literal(host)
        if literal is None:
            if _ODD_NUMBER.fullmatch(host):
                raise FetchRefused("bad_address")
            try:
                ascii_host = host.encode("idna").decode()
            except UnicodeError as error:
                raise FetchRefused("bad_address") from error
            if not _HOST.fullmatch(ascii_host):
                raise FetchRefused("bad_address")
        elif not is_public(host):
            raise FetchRefused("unreachable")
        return parts


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _ascii_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if host.isascii() else host.encode("idna").decode()


def _target(parts: SplitResult) -> httpcore.URL:
    """Built from our own parts, so that no second parser can read the address in another way."""
    import httpcore

    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    quoted = "".join(sign if sign.isascii() else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in path)
    return httpcore.URL(
        scheme=parts.scheme.encode(), host=_ascii_host(parts).encode(), port=parts.port, target=quoted.encode()
    )


def _headers(parts: SplitResult) -> list[tuple[bytes, bytes]]:
    host = _ascii_host(parts)
    host = f"[{host}]" if ":" in host else host
    default = parts.port in (None, _PORTS[parts.scheme])
    return [
        (b"Host", (host if default else f"{host}:{parts.port}").encode()),
        (b"User-Agent", _USER_AGENT),
        (b"Accept", b"image/*, text/html;q=0.9, */*;q=0.5"),
        (b"Accept-Encoding", b"gzip"),
        (b"Connection", b"close"),
    ]


def _timeouts(deadline: float) -> dict[str, float]:
    left = max(0.01, deadline - time.monotonic())
    return {"connect": min(CONNECT_S, left), "read": left, "write": left, "pool": left}


@contextmanager
def _translated(deadline: float) -> Iterator[None]:
    """Every failure of the network becomes one of our few words."""
    import httpcore

    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise FetchRefused("unreachable") from error
    except httpcore.TimeoutException as error:
        raise FetchRefused("too_slow") from error
    except httpcore.ConnectError as error:
        raise FetchRefused("unreachable") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError) as error:
        raise FetchRefused("damaged") from error
    except zlib.error as error:
        raise FetchRefused("damaged") from error


def _bounded(blocks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    count = 0
    for block in blocks:
        count += len(block)
        if count > max_bytes:
            raise FetchRefused("too_large")
        yield block


def _decoded(raw: Iterable[bytes], encoding: bytes) -> Iterator[bytes]:
    """The body in small pieces, whatever a compressed one would grow to. Other encodings were not asked for."""
    name = encoding.strip().lower()
    if name in (b"", b"identity"):
        yield from raw
        return
    if name not in (b"gzip", b"x-gzip", b"deflate"):
        raise FetchRefused("wrong_type")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for block in raw:
        while block:
            yield unpacker.decompress(block, READ_BYTES)
            block = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise FetchRefused("damaged")
