"""What Instagram says is read as written beside it; its token is renewed in time and shows nowhere.

The payloads are written after Meta's reference of the Instagram API; none was recorded from a real account.
"""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from commerce.clock import ManualClock
from commerce.domain.imported import NotRead, SourcePosts, Unread
from commerce.instagram import TOKEN_FILE, off_because, open_instagram
from commerce.instagram.access import Access
from commerce.instagram.client import FACEBOOK_URL, INSTAGRAM_URL, GraphClient
from commerce.instagram.reading import cursor_of, posts_of
from commerce.instagram.source import InstagramSource
from commerce.settings import Settings, load_settings
from vitrine.standins.instagram import Fault, InstagramStandIn

FOLDER = Path(__file__).parents[2] / "payloads" / "instagram"
PAYLOADS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
PAGES = {name: each for name, each in PAYLOADS.items() if "page" in each}
ERRORS = {name: each for name, each in PAYLOADS.items() if name.startswith("error_")}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def standin(clock: ManualClock) -> Iterator[InstagramStandIn]:
    with InstagramStandIn(clock) as opened:
        yield opened


@pytest.fixture
def source(standin: InstagramStandIn, tmp_path: Path, clock: ManualClock) -> InstagramSource:
    opened = open_instagram(settings_for(standin, tmp_path), clock)
    assert isinstance(opened, InstagramSource)
    return opened


def settings_for(standin: InstagramStandIn, folder: Path, **more: object) -> Settings:
    values: dict[str, object] = {"instagram_token": standin.token, "meta_graph_url": standin.url}
    return load_settings(data_dir=folder, **(values | more))


@pytest.fixture
def answering(clock: ManualClock) -> Iterator[Callable[[dict[str, Any]], GraphClient]]:
    """A client of somebody who gives one answer, whatever is asked."""
    servers: list[ThreadingHTTPServer] = []

    def answer(recorded: dict[str, Any]) -> GraphClient:
        body = recorded["body"]
        data = (body if isinstance(body, str) else json.dumps(body)).encode()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(recorded["status"])
                for name, value in recorded.get("headers", {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return GraphClient(f"http://127.0.0.1:{server.server_port}", clock)

    yield answer
    for server in servers:
        server.shutdown()
        server.server_close()


# --- what it says


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_as_written_beside_it(name: str) -> None:
    recorded = PAGES[name]
    read = [
        {
            "id": post.id,
            "caption": post.caption,
            "url": post.url,
            "posted_at": post.posted_at.isoformat(),
            "pictures": list(post.pictures),
        }
        for post in posts_of(recorded["page"])
    ]
    assert (read, cursor_of(recorded["page"])) == (recorded["expected"], recorded["cursor"])


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"data": None},
        {"data": ["media"]},
        {"data": [{"id": 7, "timestamp": "2026-03-05T09:30:00+0000"}]},
        {"data": [{"id": "7"}]},
        {"data": [{"id": "7", "timestamp": "yesterday"}]},
        {"data": [{"id": "7", "timestamp": "2026-03-05T09:30:00"}]},
        {"data": [{"id": "7", "timestamp": "2026-03-05T09:30:00+0000", "children": {"data": [1]}}]},
    ],
)
def test_what_is_no_page_is_not_half_read(page: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        posts_of(page)


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_means_what_is_written_beside_it(
    name: str, answering: Callable[[dict[str, Any]], GraphClient], clock: ManualClock
) -> None:
    expected = ERRORS[name]["expected"]
    refused = answering(ERRORS[name]).get("/v25.0/me/media", {}, "IGAAsecret")
    wait = timedelta(minutes=expected["wait_min"])
    assert refused == NotRead(Unread(expected["why"]), clock.now() + wait if wait else None)


def test_nobody_there(clock: ManualClock) -> None:
    assert GraphClient("http://127.0.0.1:9", clock).get("/", {}, "IGAAsecret") == NotRead(Unread.UNREACHABLE)


# --- the token


def test_without_a_token_there_is_no_source(tmp_path: Path, clock: ManualClock) -> None:
    off = load_settings(data_dir=tmp_path)
    assert open_instagram(off, clock) is None and "VITRINE_INSTAGRAM_TOKEN" in off_because(off)


def test_each_login_has_its_address(tmp_path: Path, clock: ManualClock) -> None:
    for account, address in (("", INSTAGRAM_URL), ("17841400000000001", FACEBOOK_URL)):
        settings = load_settings(data_dir=tmp_path, instagram_token="IGAAsecret", instagram_user_id=account)
        opened = open_instagram(settings, clock)
        assert isinstance(opened, InstagramSource) and opened._client._https.api_url == address


def test_it_is_renewed_once_and_again_in_its_last_month(
    standin: InstagramStandIn, source: InstagramSource, tmp_path: Path, clock: ManualClock
) -> None:
    def renewals() -> int:
        source.renew_access()
        return sum(call.name == "refresh" for call in standin.calls)

    assert source.access_ends() is None and [renewals(), renewals()] == [1, 1]
    assert source.access_ends() == clock.now() + timedelta(days=60)
    kept = tmp_path / TOKEN_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and standin.token in kept.read_text()
    clock.advance(timedelta(days=29))
    assert renewals() == 1
    clock.advance(timedelta(days=2))
    assert [renewals(), renewals()] == [2, 2]
    clock.advance(timedelta(days=55))  # the token of the settings has ended long ago; the renewed one has not
    assert isinstance(source.newest(LONG_AGO, 10), SourcePosts)
    clock.advance(timedelta(days=6))
    assert source.newest(LONG_AGO, 10) == NotRead(Unread.TOKEN_ENDED)


def test_a_renewed_token_is_read_as_written(
    answering: Callable[[dict[str, Any]], GraphClient], tmp_path: Path, clock: ManualClock
) -> None:
    access = Access("IGAAgiven", tmp_path / TOKEN_FILE, clock)
    InstagramSource(answering(PAYLOADS["renewed"]), access, "", clock).renew_access()
    body = PAYLOADS["renewed"]["body"]
    assert access.token == body["access_token"]
    assert access.ends_at == clock.now() + timedelta(seconds=body["expires_in"])


def test_what_cannot_be_renewed_is_tried_once_a_day(
    standin: InstagramStandIn, source: InstagramSource, clock: ManualClock
) -> None:
    standin.fail("refresh", Fault(status=500), times=2)
    for expected in (1, 1):
        source.renew_access()
        assert len(standin.calls) == expected
    clock.advance(timedelta(days=1))
    source.renew_access()
    assert len(standin.calls) == 2 and source.access_ends() is None
    assert isinstance(source.newest(LONG_AGO, 10), SourcePosts), "the old one is good for a while yet"


def test_another_token_in_the_settings_is_a_new_beginning(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / TOKEN_FILE
    first = Access("first", path, clock)
    first.tried("first-renewed", clock.now() + timedelta(days=60))
    assert Access("first", path, clock).token == "first-renewed"
    second = Access("second", path, clock)
    assert (second.token, second.ends_at, second.is_to_be_renewed()) == ("second", None, True)
    path.write_text("{damaged")
    assert (first.token, first.ends_at) == ("first", None)


def test_a_token_of_facebook_login_is_not_renewed(
    standin: InstagramStandIn, tmp_path: Path, clock: ManualClock
) -> None:
    name = standin.publish("Robe", b"jpeg")
    opened = open_instagram(settings_for(standin, tmp_path, instagram_user_id=standin.account), clock)
    assert opened is not None
    opened.renew_access()
    found = opened.newest(LONG_AGO, 10)
    assert isinstance(found, SourcePosts) and [post.id for post in found.posts] == [name]
    assert [call.name for call in standin.calls] == ["media"]


def test_it_shows_nowhere(
    standin: InstagramStandIn, source: InstagramSource, caplog: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    for _ in range(60):  # two pages, of which the first names the token in its paging
        standin.publish("Robe", b"jpeg")
    with structlog.testing.capture_logs() as said:
        source.renew_access()
        source.newest(LONG_AGO, 100)
        standin.end_token("password")
        source.newest(LONG_AGO, 100)
        clock.advance(timedelta(days=40))
        source.renew_access()
    assert [call.name for call in standin.calls] == ["refresh", "media", "media", "media", "refresh"]
    assert [line["event"] for line in said] == ["instagram_token_renewed", "instagram_token_not_renewed"]
    assert standin.token not in repr(said) + repr(standin.calls)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert standin.token not in repr(ours)
