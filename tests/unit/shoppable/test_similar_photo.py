"""Photos over the API with the shop's own eyes: the very picture first, bad files told apart, nothing kept."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from commerce.wiring import Shop
from shoppable import create_app
from tests.journeys.pictures import side_by_side
from tests.journeys.pointing import point_out
from tests.unit.shoppable.seeing import SHAPES, drawing

PHOTO = "/api/v1/similar"


@pytest.fixture
def client(seeing: Shop) -> FlaskClient:
    return create_app(seeing).test_client()


@pytest.mark.parametrize("kind", SHAPES)
def test_the_very_picture_comes_first(client: FlaskClient, kind: str) -> None:
    photo = drawing(kind)
    as_form = client.post(PHOTO, data={"photo": (io.BytesIO(photo), "photo.jpg")})
    as_json = client.post(PHOTO, json={"photo_base64": base64.b64encode(photo).decode()})
    for answer in (as_form, as_json):
        assert answer.status_code == 200, answer.text
        first = answer.json["hits"][0]
        assert first["id"] == kind and first["why"] in ("exact_picture", "very_close")
        assert first["price_minor"] == 5000 and first["in_stock"] is True
        assert first["exact"] is True and first["band"] == "very_close"
        assert answer.json["garments"] == []  # our own picture: there is nothing to choose


def test_conditions_narrow_what_a_photo_finds(client: FlaskClient) -> None:
    photo = {"photo_base64": base64.b64encode(drawing("dress")).decode()}
    answer = client.post(f"{PHOTO}?price_max_minor=100", json=photo)
    assert answer.status_code == 200 and answer.json["hits"] == []


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_damaged_photo_is_said_to_be_damaged(client: FlaskClient, lang: str, tmp_path: Path) -> None:
    half = drawing("dress")[:1500]
    answer = client.post(f"{PHOTO}?lang={lang}", data={"photo": (io.BytesIO(half), "photo.jpg")})
    assert answer.status_code in (415, 422) and answer.json["code"].startswith("photo_")
    assert "photo" in answer.json["detail"] and ("Renvoyez" in answer.json["detail"] or lang == "en")


def test_similar_products_without_the_product_itself(client: FlaskClient) -> None:
    hits = client.get(f"{PHOTO}?id=dress").json["hits"]
    assert "dress" not in {hit["id"] for hit in hits}
    assert all(hit["exact"] is False and hit["shared"] is not None for hit in hits)


def test_garments_in_a_photo_and_a_part_of_it(client: FlaskClient, seeing: Shop) -> None:
    photo, parts = side_by_side([drawing("dress"), drawing("tote_bag")])
    with point_out(seeing, [(photo, list(zip(parts, ("dress", "tote_bag"), strict=True)))]):
        answer = client.post(f"{PHOTO}?lang=fr", data={"photo": (io.BytesIO(photo), "photo.jpg")})
    garments = answer.json["garments"]
    assert [(g["category"], g["label"]) for g in garments] == [("dress", "Robe"), ("tote_bag", "Sac cabas")]
    for garment in garments:
        box = garment["box"]
        as_form = client.post(
            PHOTO, data={"photo": (io.BytesIO(photo), "photo.jpg"), "box": ",".join(str(edge) for edge in box)}
        )
        as_json = client.post(PHOTO, json={"photo_base64": base64.b64encode(photo).decode(), "box": box})
        for again in (as_form, as_json):
            assert again.status_code == 200, again.text
            assert again.json["hits"][0]["id"] == garment["category"]
            assert [g["box"] for g in again.json["garments"]] == [[round(edge, 3) for edge in box]]


@pytest.mark.parametrize("box", [[0, 0, 0, 1], [0.5, 0, 0.4, 1], [0, 0, 0.01, 1], [0, 0, 1], [0, 0, 1, 2], "0,0,1,1"])
def test_a_part_that_is_none_is_refused(client: FlaskClient, box: object) -> None:
    photo = drawing("dress")
    answer = client.post(PHOTO, json={"photo_base64": base64.b64encode(photo).decode(), "box": box})
    assert answer.status_code == 422 and answer.json["code"] == "bad_body"
