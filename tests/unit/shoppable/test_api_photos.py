"""Photos over the JSON API: what cannot be read or seen is refused with words."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.ports import NotSeen
from shoppable.api.products import not_seen
from shoppable.language import translate
from tests.unit.shoppable.api_description import BEARER
from tests.unit.shoppable.shop_values import png


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_shop_that_cannot_see_says_so(client: FlaskClient, lang: str) -> None:
    answer = client.post(
        "/api/v1/similar", json={"photo_base64": base64.b64encode(png()).decode()}, query_string={"lang": lang}
    )
    assert answer.status_code == 503 and answer.json["code"] == "photo_off"
    assert answer.json["detail"].startswith(
        "La recherche par photo" if lang == "fr" else "This shop cannot search by photo"
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"photo_base64": 5}, 422),
        ({"photo_base64": ["a"]}, 422),
        ({"photo_base64": "not base64!"}, 422),
        ({"photo_base64": "AAAA", "words": {"$gt": ""}}, 422),
        ({"photo_base64": "AAAA", "surprise": 1}, 422),
        ([], 422),
    ],
)
def test_wrong_bodies_are_refused(client: FlaskClient, body: Any, status: int) -> None:
    assert client.post("/api/v1/similar", json=body).status_code == status


def test_photos_that_are_too_large_or_no_photos(client: FlaskClient) -> None:
    def send(data: bytes) -> TestResponse:
        return client.post("/api/v1/similar", data={"photo": (io.BytesIO(data), "a.jpg")})

    assert send(b"\xff\xd8\xff" + bytes(10 * 1024 * 1024)).status_code == 413
    assert send(b"<svg xmlns='http://www.w3.org/2000/svg'/>").status_code == 415
    assert send(b"<html>").status_code == 415
    assert send(b"").status_code == 415
    assert client.post("/api/v1/similar", data={"other": "x"}, content_type="multipart/form-data").status_code == 422
    big = base64.b64encode(bytes(11 * 1024 * 1024)).decode()
    assert client.post("/api/v1/similar", json={"photo_base64": big}).status_code in (413, 422)
    assert (
        client.post("/api/v1/similar", data=b"x" * (16 * 1024 * 1024), content_type="application/json").status_code
        == 413
    )


def test_other_bodies_stay_below_a_mebibyte(client: FlaskClient) -> None:
    answer = client.patch(
        "/api/v1/products/P1/price",
        data=b"x" * (1024 * 1024 + 1),
        headers={**BEARER, "Content-Type": "application/json"},
    )
    assert answer.status_code == 413


def test_every_reason_for_not_seeing_has_words(app: Flask) -> None:
    """In both languages, with a status that says whose turn it is."""
    for lang in ("fr", "en"):
        details = set()
        for reason in NotSeen:
            with app.test_request_context(f"/api/v1/similar?lang={lang}"):
                problem = not_seen(reason)
                assert problem.code == f"photo_{reason.value}" and problem.status in (413, 415, 422, 503)
                details.add(translate(problem.detail))
        assert len(details) == len(NotSeen)
