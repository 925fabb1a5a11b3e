"""What every stand-in is: an application on a port of this machine, which calls the shop by HTTP as vendors do."""

from __future__ import annotations

import http.client
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

POST_TIMEOUT_S = 30

Self = TypeVar("Self", bound="OnAPort")


class OnAPort(ABC):
    """There from `start()` to `close()`, or as long as a `with`."""

    _port = 0  # any that is free
    _server: BaseWSGIServer | None = None
    _thread: threading.Thread | None = None

    @abstractmethod
    def create_app(self) -> Flask: ...

    def start(self: Self) -> Self:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:
                """Nothing: addresses may hold a token, and the shop's own logs tell what it asked."""

        self._server = make_server("127.0.0.1", self._port, self.create_app(), threaded=True, request_handler=Quiet)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join(5)
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self: Self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the stand-in is not started")
        return f"http://127.0.0.1:{self._server.server_port}"


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """What the shop answers to this JSON, and its code; 0 for no answer."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=POST_TIMEOUT_S)
    try:
        connection.request("POST", parts.path or "/", body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()
