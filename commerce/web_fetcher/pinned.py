"""Connections to exactly the address that was checked: which ones are public, and a backend that pins them."""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpcore

Resolve = Callable[[str, int], list[str]]
"""Host and port to IP addresses; raises OSError."""

READ_BYTES = 65_536
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Anyone on the internet may reach it: no private, local, shared, documentation, multicast or wrapped such
    address.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def system_resolver(host: str, port: int) -> list[str]:
    """What the machine's resolver says, every address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(resolve: Callable[[], list[str]], seconds: float) -> list[str]:
    """A resolver cannot be told to hurry: it is left behind when its time is over. Raises TimeoutError."""
    answer: queue.SimpleQueue[list[str] | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(resolve())
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, BaseException):
        raise found
    return found


def pinned_backend(resolve: Resolve, allowed: frozenset[str], deadline: float) -> httpcore.NetworkBackend:
    import httpcore

    plain = httpcore.SyncBackend()

    def left(timeout: float | None) -> float:
        """Seconds that this step may still take. Raises when the time is over."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("deadline")
        return min(timeout or remaining, remaining)

    class Stream(httpcore.NetworkStream):
        """A connection whose every step ends at the one deadline."""

        def __init__(self, inner: httpcore.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._inner.read(min(max_bytes, READ_BYTES), left(timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._inner.write(buffer, left(timeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            return Stream(self._inner.start_tls(ssl_context, server_hostname, left(timeout)))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Pinned(httpcore.NetworkBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.NetworkStream:
            try:
                addresses = _in_time(lambda: resolve(host, port), left(timeout))
            except (OSError, UnicodeError, TimeoutError) as error:
                raise httpcore.ConnectError("unresolved") from error
            exempt = f"{host}:{port}".casefold() in allowed
            if not addresses or not (exempt or all(is_public(address) for address in addresses)):
                raise httpcore.ConnectError("refused")
            failure: Exception = httpcore.ConnectError("no address")
            for address in addresses[:3]:
                try:
                    return Stream(plain.connect_tcp(address, port, left(timeout)))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failure = error
            raise failure

    return Pinned()
