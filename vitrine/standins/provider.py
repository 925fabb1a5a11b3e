"""What the stand-ins for payment providers have in common: faults on demand, keys, and calls to the shop."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commerce.clock import SystemClock
from commerce.ports import Clock
from vitrine.standins.port import OnAPort, post

if TYPE_CHECKING:
    from flask import Flask

_DELIVERY_TRIES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call fails. `status`: with this code. `done`: does what was asked before it fails. `hang_s`: does it, and
    answers only after so long. `drop`: does it, and closes the connection without an answer."""

    status: int = 0
    done: bool = False
    hang_s: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the shop, as it came; `code` is what it was answered."""

    name: str
    arguments: dict[str, Any]
    key: str
    code: int


@dataclass(slots=True)
class Kept:
    """The first answer to a key. `answer` is None while it is being worked on."""

    asked: str
    at_s: float
    answer: tuple[int, dict[str, Any]] | None = None


class ProviderStandIn(OnAPort):
    """`url` is the address to give to the shop's settings.

    `fail(call, ...)` makes calls of that name ("*": any) fail. `set_webhook(url, secret)` has every event posted there,
    again and again while it is refused; without one, events wait in `events`.
    """

    def __init__(self, clock: Clock | None = None, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.clock = clock or SystemClock()
        self.calls: list[Call] = []
        self.events: list[dict[str, Any]] = []
        self._port = port
        self._faults: list[tuple[str, Fault]] = []
        self._keys: dict[str, Kept] = {}
        self._webhook = ("", "")
        self._held: list[dict[str, Any]] | None = None
        self._posting: list[threading.Thread] = []

    @abstractmethod
    def signed(self, body: bytes, secret: str, url: str) -> dict[str, str]:
        """The headers that prove a call to the shop."""

    def close(self) -> None:
        self.settle()
        super().close()

    def now_s(self) -> float:
        return self.clock.now().timestamp()

    # --- faults

    def fail(self, name: str, fault: Fault, times: int = 1) -> None:
        with self.lock:
            self._faults += [(name, fault)] * times

    def fault_for(self, name: str) -> Fault | None:
        with self.lock:
            for index, (wanted, fault) in enumerate(self._faults):
                if wanted in (name, "*"):
                    del self._faults[index]
                    return fault
        return None

    # --- keys

    def keyed(self, key: str, asked: str, holds_s: float | None) -> Kept | None:
        """What the key was used for, None when it is new (and now taken). Forgotten after `holds_s`."""
        with self.lock:
            kept = self._keys.get(key)
            if kept and (holds_s is None or self.now_s() - kept.at_s < holds_s):
                return kept
            self._keys[key] = Kept(asked, self.now_s())
            return None

    def keep(self, key: str, answer: tuple[int, dict[str, Any]] | None) -> None:
        """The answer for good; None lets the key go, because nothing began."""
        with self.lock:
            if answer is None:
                self._keys.pop(key, None)
            else:
                self._keys[key].answer = answer

    # --- calls to the shop

    def set_webhook(self, url: str, secret: str) -> None:
        with self.lock:
            self._webhook = (url, secret)

    def tell(self, event: dict[str, Any]) -> None:
        """An event has happened: it is posted from a thread of its own, or waits."""
        with self.lock:
            self.events.append(event)
            if self._held is not None:
                self._held.append(event)
                return
            if not self._webhook[0]:
                return
            thread = threading.Thread(target=self.deliver, args=(event,), daemon=True)
            self._posting = [*(posting for posting in self._posting if posting.is_alive()), thread]
            thread.start()

    def settle(self, timeout_s: float = 30.0) -> None:
        """Waits until every event has been posted or given up."""
        until = time.monotonic() + timeout_s
        while True:
            with self.lock:
                waiting = [thread for thread in self._posting if thread.is_alive()]
            if not waiting or time.monotonic() > until:
                return
            waiting[0].join(max(0.0, until - time.monotonic()))

    @contextlib.contextmanager
    def held(self, rng: random.Random | None = None, copies: int = 1) -> Iterator[None]:
        """Events of this block are posted at its end: each 1 to `copies` times, shuffled when there is `rng`."""
        batch: list[dict[str, Any]] = []
        with self.lock:
            self._held = batch
        try:
            yield
        finally:
            with self.lock:
                self._held = None
        events = [event for event in batch for _ in range(rng.randint(1, copies) if rng else copies)]
        if rng:
            rng.shuffle(events)
        for event in events:
            self.deliver(event)

    def take_events(self) -> list[dict[str, Any]]:
        """What has happened since the last time."""
        with self.lock:
            taken, self.events = self.events, []
        return taken

    def deliver(self, event: dict[str, Any]) -> bool:
        """Posts an event, signed anew each time, until it is taken; False when given up."""
        url, secret = self._webhook
        body = json.dumps(event).encode()
        for attempt in range(_DELIVERY_TRIES):
            if 200 <= post(url, body, self.signed(body, secret, url))[0] < 300:
                return True
            time.sleep(min(0.1 * 2**attempt, 2))
        return False

    # --- answering

    def answered(
        self, name: str, arguments: dict[str, Any], key: str, perform: Callable[[], tuple[int, dict[str, Any]]]
    ) -> tuple[tuple[int, dict[str, Any]], tuple[int, dict[str, Any]] | None]:
        """Performs a call with the fault that it was told to have: what it is answered, and what was really done."""
        fault = self.fault_for(name)
        done = None
        if fault is None or fault.done or fault.drop or fault.hang_s:
            done = perform()
        if fault and fault.hang_s:
            time.sleep(fault.hang_s)
        if fault and fault.drop:
            _cut_off()
        answer = done or (500, self.broken())
        if fault and fault.status:
            answer = (fault.status, self.broken(fault.status))
        with self.lock:
            self.calls.append(Call(name, arguments, key, answer[0]))
        return answer, done

    @abstractmethod
    def broken(self, status: int = 500) -> dict[str, Any]:
        """The body of an answer that the provider gives when it is in trouble."""


def _cut_off() -> None:
    """Closes the connection of the present request: its answer goes nowhere."""
    from flask import request

    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def add_control(app: Flask, standin: ProviderStandIn, people: Callable[[str, str, dict[str, Any]], object]) -> None:
    """/standin/…: what was called, faults, and the shopper at the page. For whoever rehearses."""
    from flask import jsonify, request

    def body() -> dict[str, Any]:
        found = request.get_json(force=True, silent=True)
        return found if isinstance(found, dict) else {}

    @app.get("/standin/calls")
    def calls() -> Any:
        with standin.lock:
            return jsonify([{"name": c.name, "arguments": c.arguments, "code": c.code} for c in standin.calls])

    @app.get("/standin/events")
    def events() -> Any:
        with standin.lock:
            return jsonify(standin.events)

    @app.post("/standin/fail")
    def fail() -> Any:
        asked = body()
        fields = {name: asked[name] for name in ("status", "done", "hang_s", "drop") if name in asked}
        standin.fail(str(asked.get("name", "*")), Fault(**fields), int(asked.get("times", 1)))
        return jsonify(ok=True)

    @app.post("/standin/sessions/<ref>/<deed>")
    def act(ref: str, deed: str) -> Any:
        try:
            return jsonify(done=bool(people(ref, deed, body())))
        except KeyError as error:
            return jsonify(error=str(error)), 404
