"""Meta's Graph API over HTTPS: one call, one meaning.

https://developers.facebook.com/docs/graph-api/guides/error-handling

The only module of this room that imports httpx. The token is a parameter of the address, as the API wants it: no
address and no error of httpx leaves this module, and `paging.next`, which repeats the token, is never followed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from commerce.domain.imported import NotRead, Unread
from commerce.https_json import HttpsJson, Json, object_in
from commerce.ports import Clock

if TYPE_CHECKING:
    import httpx

API_VERSION = "v25.0"  # pinned: the version that the fields here were read in
INSTAGRAM_URL, FACEBOOK_URL = "https://graph.instagram.com", "https://graph.facebook.com"
# Calls are counted over an hour: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
_WAIT = timedelta(hours=1)
_LONGEST_WAIT = timedelta(days=1)

_TOKEN_ENDED = frozenset({102, 190})
_BUSY = frozenset({4, 17, 32, 341, 613, 80001, 80002})
_TROUBLE = frozenset({1, 2})  # of theirs, and it passes
_NOT_ALLOWED = frozenset({3, 10, *range(200, 300)})


class GraphClient:
    """Blocking calls for any thread; starts with the first one."""

    def __init__(self, api_url: str, clock: Clock) -> None:
        self._https, self._clock = HttpsJson(api_url), clock

    def get(self, path: str, query: Mapping[str, str | int], token: str) -> Json | NotRead:
        import httpx

        try:
            answer = self._https.call("GET", path, query={**query, "access_token": token})
        except httpx.HTTPError:
            return NotRead(Unread.UNREACHABLE)
        found = object_in(answer)
        if answer.is_success and found is not None and "error" not in found:
            return found
        return self._refusal(answer, found)

    def _refusal(self, answer: httpx.Response, found: Json | None) -> NotRead:
        error = (found or {}).get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if code in _TOKEN_ENDED:
            return NotRead(Unread.TOKEN_ENDED)
        if code in _BUSY or answer.status_code == 429:
            return NotRead(Unread.BUSY, self._clock.now() + _wait(answer))
        if code in _NOT_ALLOWED or (code is None and answer.status_code in (401, 403)):
            return NotRead(Unread.NOT_ALLOWED)
        if code in _TROUBLE or answer.status_code >= 500:
            return NotRead(Unread.UNREACHABLE)
        return NotRead(Unread.UNREADABLE)


def _wait(answer: httpx.Response) -> timedelta:
    """Until calls are taken again: the longest that the answer names, in minutes, or an hour."""
    minutes: list[int] = []
    try:
        usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [int(each.get("estimated_time_to_regain_access", 0)) for of in usage.values() for each in of]
    except (ValueError, TypeError, AttributeError, OverflowError):
        pass
    said = max(minutes, default=0)
    return min(timedelta(minutes=said), _LONGEST_WAIT) if 0 < said < 10**6 else _WAIT
