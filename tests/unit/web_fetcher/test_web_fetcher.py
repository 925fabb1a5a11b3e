"""What strangers name is fetched only from public addresses, within limits. The proof has all the hostile cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from commerce.errors import FetchRefused
from commerce.web_fetcher import SafeWebFetcher, is_public, sharing_picture
from vitrine.prove import fetches


@pytest.mark.enable_socket
def test_every_case_of_the_proof(tmp_path: Path) -> None:
    result = fetches.run(20, 1, tmp_path, lambda line: None)
    assert result.kept, result.details


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*fetches.FORBIDDEN, "", "nonsense", "999.1.1.1"])
def test_other_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.enable_socket
def test_a_download_is_streamed_and_leaves_nothing_when_refused(tmp_path: Path) -> None:
    with fetches.server() as (port, _):
        fetcher = SafeWebFetcher(allow_hosts=(f"127.0.0.1:{port}",))
        target = tmp_path / "feed"
        assert fetcher.download(f"http://127.0.0.1:{port}/picture", target, max_bytes=10) == "image/jpeg"
        assert target.read_bytes() == b"JPEG"
        with pytest.raises(FetchRefused, match="too_large"):
            fetcher.download(f"http://127.0.0.1:{port}/endless", target, max_bytes=100_000)
        assert not target.exists()


@pytest.mark.enable_socket
def test_the_answer_says_where_it_came_from() -> None:
    with fetches.server() as (port, _):
        fetcher = SafeWebFetcher(allow_hosts=(f"127.0.0.1:{port}",))
        found = fetcher.fetch(f"http://127.0.0.1:{port}/to?/picture", max_bytes=100)
        assert found.url == f"http://127.0.0.1:{port}/picture" and found.body == b"JPEG"


@pytest.mark.parametrize(
    ("html", "picture"),
    [
        ('<meta property="og:image" content="/a.jpg">', "https://shop.example/a.jpg"),
        ('<meta name="twitter:image" content="https://cdn.example/b.jpg">', "https://cdn.example/b.jpg"),
        (
            '<meta name="twitter:image" content="/t.jpg"><meta property="og:image" content="/o.jpg">',
            "https://shop.example/o.jpg",
        ),
        ('<link rel="image_src" href="c.png">', "https://shop.example/p/c.png"),
        (
            '<base href="https://other.example/"><meta property="og:image" content="d.jpg">',
            "https://other.example/d.jpg",
        ),
        ('<meta property="og:image" content="a.jpg?x=1&amp;y=2">', "https://shop.example/p/a.jpg?x=1&y=2"),
        ("<p>nothing</p>", ""),
        ('<meta property="og:image" content="">', ""),
    ],
)
def test_the_picture_a_page_names(html: str, picture: str) -> None:
    assert sharing_picture(html.encode(), "https://shop.example/p/1") == picture
