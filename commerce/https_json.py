"""JSON over HTTPS with vendors: how long they may take, how much they may say, one client for every thread.

What an answer means, and what none means, is for the vendor's own module: errors of httpx go through.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

CONNECT_S, READ_S = 5.0, 30.0
_MOST_BYTES = 8 * 1024 * 1024

Json = dict[str, Any]


class HttpsJson:
    """Opened by the first call. Redirects are not followed, and nothing is repeated."""

    def __init__(self, api_url: str, headers: Mapping[str, str] | None = None) -> None:
        self.api_url, self._headers = api_url, headers
        self._lock = threading.Lock()
        self._made: httpx.Client | None = None

    def call(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: Json | None = None
    ) -> httpx.Response:
        """Raises httpx.HTTPError."""
        return self._http.request(method, path, params=query, json=body)

    @property
    def _http(self) -> httpx.Client:
        with self._lock:
            if self._made is None:
                import httpx

                self._made = httpx.Client(
                    base_url=self.api_url,
                    headers=self._headers,
                    timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
                    follow_redirects=False,
                )
            return self._made


def object_in(answer: httpx.Response) -> Json | None:
    """The JSON object that was answered; None for anything else."""
    if len(answer.content) > _MOST_BYTES:
        return None
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
