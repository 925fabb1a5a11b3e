"""Square's API over HTTPS: one call, one meaning. https://developer.squareup.com/docs/build-basics/general-considerations/handling-errors

The only module of this room that imports httpx. Whether and when to ask again is for the shop to say:
nothing is repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.https_json import HttpsJson, Json, object_in

API_VERSION = "2026-09-16"  # pinned: the version that the fields here were read in
_RETRY_S, _MISCONFIGURED_S = 5.0, 60.0


class NotFound(PaymentRefused):
    """There is no such thing at Square."""

    def __init__(self) -> None:
        super().__init__("not_found")


class SquareClient:
    """Blocking calls for any thread; starts with the first one. Error texts never hold the token."""

    def __init__(self, token: str, api_url: str) -> None:
        self._https = HttpsJson(api_url, {"Authorization": f"Bearer {token}", "Square-Version": API_VERSION})

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Json:
        return self._call("GET", path, query=query)

    def post(self, path: str, body: Json) -> Json:
        return self._call("POST", path, body=body)

    def delete(self, path: str) -> Json:
        return self._call("DELETE", path)

    def pages(self, path: str, name: str, query: Mapping[str, str | int]) -> Iterator[Json]:
        """Everything in a list, page after page. https://developer.squareup.com/docs/build-basics/common-api-patterns/pagination"""
        cursor = ""
        while True:
            page = self.get(path, {**query, **({"cursor": cursor} if cursor else {})})
            things = page.get(name) or []
            yield from (thing for thing in things if isinstance(thing, dict))
            following = page.get("cursor")
            if not isinstance(following, str) or not following or following == cursor:
                return
            cursor = following

    def _call(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: Json | None = None
    ) -> Json:
        import httpx

        try:
            answer = self._https.call(method, path, query=query, body=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RetryLater(_RETRY_S, "Square cannot be reached") from error
        except httpx.HTTPError as error:
            raise PaymentUnknown("Square did not answer") from error
        found = object_in(answer)
        if answer.is_success and found is not None:
            return found
        self._refuse(answer.status_code, _code(found))
        raise PaymentUnknown("Square answered with an error of its own")

    def _refuse(self, status: int, code: str) -> None:
        """Raises what the answer means, unless it may mean anything."""
        if code == "IDEMPOTENCY_KEY_REUSED":
            raise PaymentUnknown("the key was used with other words: what became of it must be looked up")
        if status in (401, 403):
            # For the operator to mend: no reason to turn shoppers' payments down for good.
            raise RetryLater(_MISCONFIGURED_S, "Square does not take the token")
        if status in (409, 429):
            raise RetryLater(_RETRY_S, "Square asks to wait")
        if status == 404:
            raise NotFound
        if 400 <= status < 500:
            raise PaymentRefused(code.lower() or "invalid_request")


def _code(answer: Json | None) -> str:
    """The code of the first error. https://developer.squareup.com/reference/square/objects/Error"""
    errors = (answer or {}).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    code = first.get("code") if isinstance(first, dict) else ""
    return code if isinstance(code, str) and len(code) <= 64 else ""
