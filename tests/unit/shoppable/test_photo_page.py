"""The page about a photo: what is in it, what resembles it, and that it is its sender's alone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.wiring import Shop
from shoppable import create_app
from tests.journeys.pictures import cat, side_by_side
from tests.journeys.pointing import point_out
from tests.unit.shoppable.seeing import drawing

OURS = {"Origin": "http://127.0.0.1:8000"}


@pytest.fixture
def client(seeing: Shop) -> FlaskClient:
    return create_app(seeing).test_client()


@pytest.fixture
def outfit(seeing: Shop) -> Iterator[bytes]:
    photo, parts = side_by_side([drawing("dress"), drawing("tote_bag")])
    with point_out(seeing, [(photo, list(zip(parts, ("dress", "tote_bag"), strict=True)))]):
        yield photo


def send(client: FlaskClient, photo: bytes, lang: str = "en", **fields: str) -> TestResponse:
    data = {"photo": (io.BytesIO(photo), "photo.jpg"), **fields}
    base = "http://127.0.0.1:8000"
    return client.post(f"/photo?lang={lang}", data=data, headers=OURS, base_url=base, follow_redirects=True)


def titles(page: TestResponse) -> list[str]:
    return re.findall(r'class="tile-title">([^<]+)', page.text)


def links(page: TestResponse, *, having: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'class="chip" href="([^"]+)"', page.text) if having in link]


def picture_of(page: TestResponse) -> str:
    found = re.search(r'src="(/photo/[0-9a-f]{32}\.photo)"', page.text)
    assert found, page.text
    return found[1]


def test_our_own_picture_is_marked_and_first(client: FlaskClient) -> None:
    page = send(client, drawing("dress"))
    assert page.status_code == 200
    assert titles(page)[0] == "dress"
    assert "Exact match" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(("lang", "asked"), [("en", "We see 2 items. Which one?"), ("fr", "Nous voyons 2 articles.")])
def test_several_things_are_asked_about_and_each_gives_its_own(
    client: FlaskClient, outfit: bytes, lang: str, asked: str
) -> None:
    page = send(client, outfit, lang)
    assert asked in page.text and titles(page) == []
    for path, kind in zip(links(page, having="item="), ("dress", "tote_bag"), strict=True):
        found = client.get(path, base_url="http://127.0.0.1:8000")
        assert titles(found)[0] == kind
        assert set(titles(found)) == {kind}


def test_a_part_chosen_by_hand(client: FlaskClient, outfit: bytes) -> None:
    page = send(client, outfit)
    key = picture_of(page).rpartition("/")[2]
    for box, kind in (("0.04,0.08,0.48,0.92", "dress"), ("0.52,0.08,0.96,0.92", "tote_bag")):
        found = client.get(f"/photo?of={key}&box={box}", base_url="http://127.0.0.1:8000")
        assert titles(found)[0] == kind, found.text
    for nonsense in ("0,0,0,0", "x", "1,1,0,0", "0,0,9,9", "0,0,1"):
        again = client.get(f"/photo?of={key}&box={nonsense}", base_url="http://127.0.0.1:8000")
        assert again.status_code == 200 and "Which one?" in again.text


def test_words_and_conditions_narrow_what_is_shown(client: FlaskClient) -> None:
    page = send(client, drawing("dress"), words="under 10")
    assert titles(page)[:1] != ["dress"] or "We have nothing exactly like that." in page.text
    assert "At the moment it starts at" in page.text
    key = picture_of(page).rpartition("/")[2]
    base = "http://127.0.0.1:8000"
    assert titles(client.get(f"/photo?of={key}&store=S1", base_url=base)) == ["dress"]
    assert "We have nothing exactly like that." in client.get(f"/photo?of={key}&store=S3", base_url=base).text


def test_what_words_made_of_a_photo_is_not_compared_with_it(client: FlaskClient) -> None:
    for words, said in (("the same but floral", True), ("", False)):
        page = send(client, drawing("dress"), words=words)
        assert titles(page) and ("The nearest to what you describe:" in page.text) == said
        assert "Nothing here really looks like your photo" not in page.text


def test_a_photo_is_shown_to_its_sender_alone(client: FlaskClient, seeing: Shop) -> None:
    page = send(client, drawing("dress"))
    path = picture_of(page)
    base = "http://127.0.0.1:8000"
    shown = client.get(path, base_url=base)
    assert shown.status_code == 200 and shown.data.startswith(b"\xff\xd8\xff")
    assert shown.headers["Cache-Control"] == "private, no-store"
    stranger = create_app(seeing).test_client()
    send(stranger, drawing("jacket"))  # somebody with a cookie of their own
    assert stranger.get(path, base_url=base).status_code == 404
    assert stranger.get(f"/photo?of={path.rpartition('/')[2]}", base_url=base).status_code == 404
    assert client.get(path.replace("/photo/", "/media/"), base_url=base).status_code == 404


def test_a_photo_is_gone_when_its_time_is_over(client: FlaskClient, seeing: Shop, clock: ManualClock) -> None:
    path = picture_of(send(client, drawing("dress")))
    clock.advance(timedelta(hours=seeing.settings.photo_keep_h, minutes=1))
    Worker(seeing, []).tick()
    base = "http://127.0.0.1:8000"
    assert client.get(path, base_url=base).status_code == 404
    page = client.get(f"/photo?of={path.rpartition('/')[2]}", base_url=base)
    assert page.status_code == 404 and "no longer here" in page.text
    assert seeing.media.get(path.rpartition("/")[2]) is None


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_is_no_product_is_said_to_be_none(client: FlaskClient, lang: str) -> None:
    page = send(client, cat(), lang)
    assert page.status_code == 422 and titles(page) == []
    assert ("fashion item" in page.text) or ("article de mode" in page.text)
    assert ("Parler à un conseiller" if lang == "fr" else "Talk to a person") in page.text


def test_photos_are_taken_from_our_own_pages_only(client: FlaskClient) -> None:
    data = {"photo": (io.BytesIO(drawing("dress")), "photo.jpg")}
    assert client.post("/photo", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/photo", data={"photo": (io.BytesIO(b"<svg/>"), "a.svg")}, headers=OURS).status_code == 415
    assert client.post("/photo", data={}, headers=OURS).status_code == 422


@pytest.mark.parametrize("of", ["", "x", "../../etc/passwd", "0" * 32 + ".photo", "%00", "a" * 5000])
def test_addresses_that_name_no_photo(client: FlaskClient, of: str) -> None:
    assert client.get("/photo", query_string={"of": of}).status_code in (200, 404)
    assert client.get(f"/photo/{of[:100] or 'x'}").status_code in (404, 308)
