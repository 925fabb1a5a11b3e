"""The stand-in for Instagram is told what to do over HTTP, and refuses what the real one refuses."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from commerce.clock import ManualClock
from vitrine.standins.instagram import InstagramStandIn

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def standin(clock: ManualClock) -> Iterator[InstagramStandIn]:
    with InstagramStandIn(clock) as opened:
        yield opened


def ask(standin: InstagramStandIn, path: str, **query: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{standin.url}{path}?{urlencode(query)}") as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def tell(standin: InstagramStandIn, deed: str, ref: str = "account", **body: object) -> Any:
    request = urllib.request.Request(f"{standin.url}/standin/sessions/{ref}/{deed}", json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def media(standin: InstagramStandIn, **query: str) -> list[dict[str, Any]]:
    status, page = ask(standin, "/v25.0/me/media", access_token=standin.token, **query)
    assert status == 200, page
    found: list[dict[str, Any]] = page["data"]
    return found


def test_whoever_rehearses_publishes_edits_claims_and_deletes(standin: InstagramStandIn) -> None:
    pictures = [base64.b64encode(each).decode() for each in (b"one", b"two")]
    assert tell(standin, "publish", caption="Two", pictures=pictures) == {"done": True}
    (album,) = media(standin, fields="id,caption,media_type,permalink,children{media_url}")
    assert (album["caption"], album["media_type"]) == ("Two", "CAROUSEL_ALBUM")
    with urllib.request.urlopen(album["children"]["data"][1]["media_url"]) as picture:
        assert picture.read() == b"two"
    with urllib.request.urlopen(album["permalink"]) as page:
        assert b"Stand-in for Instagram" in page.read()
    tell(standin, "edit", album["id"], caption="Edited")
    assert media(standin, fields="caption")[0]["caption"] == "Edited"
    tell(standin, "claim", album["id"])
    assert "media_url" not in media(standin, fields="media_url")[0]
    tell(standin, "delete", album["id"])
    assert media(standin) == []


@pytest.mark.parametrize(
    ("path", "query", "code", "subcode"),
    [
        ("/v25.0/me/media", {"access_token": "another"}, 190, None),
        ("/v25.0/me/media", {"fields": "id,picture"}, 100, None),
        ("/v25.0/me/media", {"fields": "children{caption}"}, 100, None),
        ("/v25.0/me/media", {"limit": "101"}, 100, None),
        ("/v25.0/me/media", {"after": "nowhere"}, 100, None),
        ("/latest/me/media", {}, 2500, None),
        ("/v25.0/1/media", {}, 100, None),
        ("/v25.0/me/insights", {}, 2500, None),
        ("/refresh_access_token", {"grant_type": "refresh_token"}, 100, None),
    ],
)
def test_what_it_refuses(
    standin: InstagramStandIn, path: str, query: dict[str, str], code: int, subcode: int | None
) -> None:
    status, answer = ask(standin, path, **({"access_token": standin.token} | query))
    assert status >= 400 and (answer["error"]["code"], answer["error"].get("error_subcode")) == (code, subcode)


def test_a_token_is_renewed_from_its_second_day_on(standin: InstagramStandIn, clock: ManualClock) -> None:
    def renew(token: str) -> tuple[int, dict[str, Any]]:
        return ask(standin, "/refresh_access_token", grant_type="ig_refresh_token", access_token=token)

    status, renewed = renew(standin.token)
    assert (status, renewed["token_type"], renewed["expires_in"]) == (200, "bearer", 60 * 86_400)
    assert renew(renewed["access_token"])[1]["error"]["code"] == 10
    clock.advance(timedelta(days=1))
    assert renew(renewed["access_token"])[0] == 200
    clock.advance(timedelta(days=60))
    assert renew(renewed["access_token"])[1]["error"]["error_subcode"] == 463


def test_its_pages_follow_each_other(standin: InstagramStandIn) -> None:
    names = [standin.publish(str(number), b"jpeg", at=standin.clock.now()) for number in range(3)]
    _, first = ask(standin, "/v25.0/me/media", access_token=standin.token, limit="2", fields="id")
    with urllib.request.urlopen(first["paging"]["next"]) as answer:
        second = json.load(answer)
    assert [each["id"] for each in first["data"] + second["data"]] == names[::-1]
    assert "next" not in second["paging"]
