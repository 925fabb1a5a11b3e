"""Every source of posts, over the stand-in of its vendor: what is newest, how far the list reaches, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.imported import NotRead, SourcePosts, Unread
from commerce.instagram import open_instagram
from commerce.ports.publishing import PostSource
from commerce.settings import load_settings
from vitrine.standins.instagram import Fault, InstagramStandIn

pytestmark = pytest.mark.enable_socket
DAY = timedelta(days=1)


@pytest.fixture
def vendor(clock: ManualClock) -> Iterator[InstagramStandIn]:
    with InstagramStandIn(clock) as opened:
        yield opened


@pytest.fixture
def source(vendor: InstagramStandIn, tmp_path: Path, clock: ManualClock) -> PostSource:
    opened = open_instagram(
        load_settings(data_dir=tmp_path, instagram_token=vendor.token, meta_graph_url=vendor.url), clock
    )
    assert opened is not None
    return opened


def fill(vendor: InstagramStandIn, count: int) -> list[str]:
    """One a day, the last one today; newest first."""
    today = vendor.clock.now()
    return [vendor.publish(f"{day} days ago", b"jpeg", at=today - day * DAY) for day in range(count)]


def read(source: PostSource, vendor: InstagramStandIn, days: int, most: int = 1_000) -> SourcePosts:
    found = source.newest(vendor.clock.now() - days * DAY, most)
    assert isinstance(found, SourcePosts)
    return found


def test_nothing_was_posted(source: PostSource, vendor: InstagramStandIn) -> None:
    found = read(source, vendor, 30)
    assert found == SourcePosts((), vendor.clock.now()), "an empty account says nothing of what is missing"


@pytest.mark.parametrize("count", [1, 49, 50, 51, 130])
def test_all_of_them_page_after_page(source: PostSource, vendor: InstagramStandIn, count: int) -> None:
    names = fill(vendor, count)
    found = read(source, vendor, 1_000)
    assert [post.id for post in found.posts] == names
    assert found.reaches == vendor.clock.now() - 1_000 * DAY
    assert len(vendor.calls) == -(-count // 50)


def test_only_those_since_then(source: PostSource, vendor: InstagramStandIn) -> None:
    names = fill(vendor, 130)
    found = read(source, vendor, 60)
    assert [post.id for post in found.posts] == names[:61]
    assert found.reaches == vendor.clock.now() - 60 * DAY
    assert len(vendor.calls) == 2, "what is older is not asked for"


@pytest.mark.parametrize("most", [7, 50, 60])
def test_only_so_many_and_how_far_they_reach(source: PostSource, vendor: InstagramStandIn, most: int) -> None:
    names = fill(vendor, 130)
    found = read(source, vendor, 1_000, most)
    assert [post.id for post in found.posts] == names[:most]
    assert found.reaches == found.posts[-1].posted_at


def test_pictures_of_each_kind(source: PostSource, vendor: InstagramStandIn) -> None:
    one = vendor.publish("", b"one")
    album = vendor.publish("Album", b"a", b"b", b"c")
    reel = vendor.publish("Reel", b"thumb", is_video=True)
    claimed = vendor.publish("Song", b"claimed")
    vendor.claim(claimed)
    found = {post.id: post for post in read(source, vendor, 1).posts}
    assert [len(found[name].pictures) for name in (one, album, reel, claimed)] == [1, 3, 1, 0]
    assert all(address.endswith(".jpg") for post in found.values() for address in post.pictures)
    assert found[album].caption == "Album" and found[one].caption == ""
    assert found[one].url.startswith(vendor.url)


@pytest.mark.parametrize("why", ["expired", "password", "removed"])
def test_a_token_that_has_ended(source: PostSource, vendor: InstagramStandIn, why: str) -> None:
    vendor.end_token(why)
    assert source.newest(vendor.clock.now() - DAY, 10) == NotRead(Unread.TOKEN_ENDED)


def test_too_many_calls(source: PostSource, vendor: InstagramStandIn, clock: ManualClock) -> None:
    vendor.limit(20)
    assert source.newest(clock.now() - DAY, 10) == NotRead(Unread.BUSY, clock.now() + timedelta(minutes=20))
    clock.advance(timedelta(minutes=20))
    assert isinstance(source.newest(clock.now() - DAY, 10), SourcePosts)


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=503), Fault(drop=True)])
def test_trouble_of_theirs_on_a_later_page_is_trouble(
    source: PostSource, vendor: InstagramStandIn, fault: Fault
) -> None:
    fill(vendor, 60)
    assert len(read(source, vendor, 100).posts) == 60
    vendor.fail("media", fault)
    assert source.newest(vendor.clock.now() - 100 * DAY, 100) == NotRead(Unread.UNREACHABLE)
