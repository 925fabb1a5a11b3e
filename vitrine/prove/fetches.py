"""Addresses that strangers name: everything that must not be reached, and servers that misbehave."""

from __future__ import annotations

import gzip
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.prove import ProofResult

if TYPE_CHECKING:
    from commerce.web_fetcher import SafeWebFetcher

PROMISE = (
    "No address that a stranger names reaches anything but public web servers: the connection goes to the very address "
    "that was checked, on every hop, within ten seconds and the byte limit, and the reasons given map no network."
)
DEFAULT_N = 2_000
CI_N = 200

MAX_BYTES = 100_000
_DEADLINE_S = 2.0  # of the slow servers here; the shop's own is ten seconds
_GRACE_S = 1.0

FORBIDDEN = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0",  # noqa: S104
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fec0::1",
)  # fmt: skip
SPELLINGS = (
    "http://0/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://0x7f000001/", "http://127.1/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://127.0.0.1./", "http://①②⑦.⓪.⓪.①/", "http://localhost/",
    "file:///etc/passwd", "gopher://127.0.0.1:70/_x", "ftp://example.org/x", "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "//127.0.0.1/", "http://", "http:///x", "http://user:secret@example.org/", "http://example.org@127.0.0.1/",
    "http://example.org:22/", "http://example.org:6379/", "http://exa mple.org/", "http://example.org/\r\nHost: x",
    "http://example.org\\@127.0.0.1/", "http://[fe80::1%25lo]/", "http://" + "a" * 3000,
)  # fmt: skip


@dataclass
class Internet:
    """Names as a resolver would answer them; `questions`: what it was asked."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        """The next answer for a name: a list of answers is given one after the other, the last for ever."""
        self.questions.append(host)
        answers = self.names.get(host)
        if answers is None:
            return [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]  # type: ignore[misc]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass
class _Tally:
    checks: int = 0
    wrong: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0

    def refused(self, name: str, fetch: Callable[[], object], *, within_s: float, among: tuple[str, ...] = ()) -> None:
        from commerce.errors import FetchRefused

        self.checks += 1
        started = time.monotonic()
        try:
            fetch()
            self.wrong.append(f"{name}: was fetched")
        except FetchRefused as refused:
            self.reasons[refused.reason] = self.reasons.get(refused.reason, 0) + 1
            if among and refused.reason not in among:
                self.wrong.append(f"{name}: {refused.reason}, right would be {' or '.join(among)}")
        except Exception as error:
            self.wrong.append(f"{name}: {type(error).__name__}: {error}")
        took_s = time.monotonic() - started
        self.slowest_s = max(self.slowest_s, took_s)
        if took_s > within_s:
            self.wrong.append(f"{name}: took {took_s:.1f} s")


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """Every named case, then `n` random addresses below forbidden networks in random spellings."""
    from commerce.web_fetcher import SafeWebFetcher, is_public

    tally = _Tally()
    with server() as (port, asked):
        internet = Internet()
        strict = SafeWebFetcher(resolve=internet.resolve, total_s=_DEADLINE_S)
        for address in FORBIDDEN:
            host = f"[{address}]" if ":" in address else address
            tally.refused(address, ask(strict, f"http://{host}/"), within_s=1.0)
            internet.names["sneaky.example"] = [[address]]
            tally.refused(
                f"a name for {address}", ask(strict, "http://sneaky.example/"), within_s=1.0,
                among=("unreachable",),
            )  # fmt: skip
            internet.names["mixed.example"] = [["93.184.216.34", address]]
            tally.refused(
                f"a public name that is also {address}", ask(strict, "http://mixed.example/"),
                within_s=1.0, among=("unreachable",),
            )  # fmt: skip
        for url in SPELLINGS:
            tally.refused(url[:60], ask(strict, url), within_s=_DEADLINE_S + _GRACE_S)
        tally.refused(
            "no such name", ask(strict, "http://nowhere.invalid/"),
            within_s=_DEADLINE_S + _GRACE_S, among=("unreachable",),
        )  # fmt: skip
        tally.checks += 1
        if asked:
            tally.wrong.append(f"the loopback server was asked: {asked[:3]}")
        report(f"forbidden addresses: {tally.checks} refused")

        # From here on one name is let through to the loopback server, as a rehearsal would; redirects from it are not.
        home = f"public.example:{port}"
        internet.names["public.example"] = [["127.0.0.1"]]
        open_one = SafeWebFetcher(allow_hosts=(home,), resolve=internet.resolve, total_s=_DEADLINE_S)
        _misbehaving(open_one, home, port, tally)
        _rebinding(internet, port, tally)
        tally.checks += 1
        good = open_one.picture_of(f"http://{home}/page", max_bytes=MAX_BYTES)
        if good.body != b"JPEG" or good.mime != "image/jpeg":
            tally.wrong.append("a page with og:image gave no picture")

        chance = random.Random(seed)
        before = len(asked)
        for number in range(n):
            url = _random_forbidden(chance)
            tally.refused(f"{url} (number {number} of seed {seed})", ask(strict, url), within_s=1.5)
        tally.checks += 1
        if len(asked) != before or is_public("127.0.0.1"):
            tally.wrong.append("a random address reached the loopback server")
    figure = f"{tally.checks} checks, slowest {tally.slowest_s:.1f} s of {_DEADLINE_S:.0f} s allowed here"
    return ProofResult(not tally.wrong, figure, {"wrong": tally.wrong[:20], "reasons": tally.reasons})


def ask(fetcher: SafeWebFetcher, url: str) -> Callable[[], object]:
    return lambda: fetcher.fetch(url, max_bytes=MAX_BYTES, accept=("image/",))


def _misbehaving(fetcher: SafeWebFetcher, home: str, port: int, tally: _Tally) -> None:
    cases = {
        "/endless": ("too_large",),
        "/gzip": ("too_large",),
        "/drip-body": ("too_slow",),
        "/drip-header": ("too_slow",),
        "/silent": ("too_slow",),
        "/loop": ("too_many_redirects",),
        "/html": ("wrong_type",),
        "/404": ("not_found",),
        "/cut": ("damaged",),
        "/not-http": ("damaged",),
        f"/to?http://127.0.0.1:{port}/secret": ("bad_address", "unreachable"),
        f"/to?http://127.0.0.1:{port}": ("bad_address", "unreachable"),
        "/to?http://169.254.169.254/latest/meta-data/": ("unreachable",),
        "/to?http://[::ffff:7f00:1]/": ("unreachable",),
        "/to?file:///etc/passwd": ("bad_address",),
        "/to?gopher://127.0.0.1/": ("bad_address",),
    }
    for path, among in cases.items():
        tally.refused(
            path, ask(fetcher, f"http://{home}{path}"),
            within_s=_DEADLINE_S + _GRACE_S, among=among,
        )  # fmt: skip
    tally.refused(
        "a page whose og:image is private", lambda: fetcher.picture_of(f"http://{home}/bad-page", max_bytes=MAX_BYTES),
        within_s=_DEADLINE_S + _GRACE_S, among=("unreachable", "bad_address"),
    )  # fmt: skip


def _rebinding(internet: Internet, port: int, tally: _Tally) -> None:
    """A name that answers differently a moment later: it is asked once a hop, so there is no moment later."""
    from commerce.web_fetcher import SafeWebFetcher

    name = f"rebind.example:{port}"
    internet.names["rebind.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    internet.questions.clear()
    fetcher = SafeWebFetcher(allow_hosts=(name,), resolve=internet.resolve, total_s=_DEADLINE_S)
    tally.checks += 1
    try:
        body = fetcher.fetch(f"http://{name}/picture", max_bytes=MAX_BYTES).body
    except Exception as error:
        body = str(error).encode()
    if body != b"JPEG" or internet.questions != ["rebind.example"]:
        tally.wrong.append(f"a name was asked {len(internet.questions)} times for one connection ({body[:40]!r})")


def _random_forbidden(chance: random.Random) -> str:
    """An address of a private network in one of the ways to write it."""
    first = chance.choice((10, 127, 0, 192 * 256 + 168, 169 * 256 + 254, 172 * 256 + chance.randrange(16, 32)))
    number = first << 24 if first < 256 else first << 16
    number |= chance.randrange(1 << (24 if first < 256 else 16))
    parts = [number >> shift & 255 for shift in (24, 16, 8, 0)]
    dotted = ".".join(map(str, parts))
    return (
        "http://"
        + chance.choice(
            (
                dotted,
                str(number),
                hex(number),
                ".".join(f"0{part:o}" for part in parts),
                ".".join(hex(part) for part in parts),
                f"[::ffff:{dotted}]",
                f"[64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}]",
                f"{dotted}:{chance.choice((22, 80, 443, 5432, 8000))}",
                f"user@{dotted}",
            )
        )
        + "/"
    )


@contextmanager
def server() -> Iterator[tuple[int, list[str]]]:
    """A loopback server that does what bad servers do, one path each. `asked`: request lines it received."""
    asked: list[str] = []
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            request = connection.recv(8192).decode("latin-1")
            line = request.split("\r\n", 1)[0]
            asked.append(line)
            _behave(line.split(" ")[1] if line.count(" ") >= 2 else "/", connection, over, listener.getsockname()[1])

    def listen() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        over.set()
        thread.join()
        listener.close()


def _behave(path: str, connection: socket.socket, over: threading.Event, port: int) -> None:
    def head(*lines: str, status: str = "200 OK") -> None:
        connection.sendall(("\r\n".join([f"HTTP/1.1 {status}", *lines]) + "\r\n\r\n").encode())

    image = "Content-Type: image/jpeg"
    match path.partition("?")[0]:
        case "/endless":
            head(image)
            while not over.is_set():
                connection.sendall(b"x" * 65_536)
        case "/gzip":
            body = gzip.compress(b"\0" * 50_000_000)
            head(image, "Content-Encoding: gzip", f"Content-Length: {len(body)}")
            connection.sendall(body)
        case "/drip-body":
            head(image, "Content-Length: 1000")
            while not over.wait(0.2):
                connection.sendall(b"x")
        case "/drip-header":
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.2):
                connection.sendall(b"x")
        case "/silent":
            over.wait(8)
        case "/loop":
            head("Location: /loop", "Content-Length: 0", status="302 Found")
        case "/to":
            head(f"Location: {path.partition('?')[2]}", "Content-Length: 0", status="302 Found")
        case "/html":
            head("Content-Type: text/html", "Content-Length: 2")
            connection.sendall(b"hi")
        case "/cut":
            head(image, "Content-Length: 1000")
            connection.sendall(b"half")
        case "/not-http":
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        case "/page" | "/bad-page":
            target = "/picture" if path == "/page" else f"http://127.0.0.1:{port}/picture"
            body = f'<html><head><meta property="og:image" content="{target}"></head></html>'.encode()
            head("Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}")
            connection.sendall(body)
        case "/picture":
            head(image, "Content-Length: 4")
            connection.sendall(b"JPEG")
        case _:
            head("Content-Length: 0", status="404 Not Found")
