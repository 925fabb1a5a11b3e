"""Headers, hosts, files and redirects: what protects shoppers whatever a page does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shop_values import png

PAGES = ("/", "/?q=robe", "/p/1", "/chat", "/stores", "/nowhere", "/p/none")
PRIVATE = (
    "/cart",
    "/checkout",
    "/orders",
    "/orders/none",
    "/link/none",
    "/buy/none",
    "/pay/fake/none",
    "/api/v1/carts",
)
MACHINES = (
    "/api/v1/products?q=robe",
    "/api/v1/products/none",
    "/api/v1/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
)


@pytest.mark.parametrize("path", [*PAGES, *MACHINES, "/static/site.css", "/static/chat.js", "/media/none"])
def test_every_answer_has_the_walls(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert (
        "default-src" in policy and "unsafe-inline" not in policy and "unsafe-eval" not in policy and "*" not in policy
    )
    assert "frame-ancestors 'none'" in policy
    if path in PAGES:
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert len(headers["X-Request-Id"]) == 32
    assert "Access-Control-Allow-Origin" not in headers
    assert "Strict-Transport-Security" not in headers  # plain http on this machine


@pytest.mark.parametrize("path", ["/p/%00", "/api/v1/products/a%00b", "/media/%00.jpg", "/buy/a%00:1"])
def test_nothing_is_called_nul(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PRIVATE)
def test_private_answers_have_the_walls_and_are_kept_nowhere(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert "form-action 'self' https://t.me" not in policy  # only where there is a bot to go on to


def test_request_ids_differ_and_are_ours(client: FlaskClient) -> None:
    seen = {client.get("/healthz", headers={"X-Request-Id": "chosen"}).headers["X-Request-Id"] for _ in range(5)}
    assert len(seen) == 5 and "chosen" not in seen


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "a b", "", "localhost.evil"]
)
@pytest.mark.parametrize("path", ["/", "/p/1", "/chat", "/api/v1/products", "/healthz", "/nowhere"])
def test_other_hosts_get_nothing(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "127.0.0.1"])
def test_this_machine_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_links_are_made_for_the_shops_own_address(make_shop: Callable[..., Shop]) -> None:
    client = create_app(make_shop(base_url="https://shop.example")).test_client()
    page = client.get(
        "/p/1?lang=fr", base_url="http://127.0.0.1:8000", headers={"X-Forwarded-Host": "evil.example"}
    ).text
    assert 'href="https://shop.example/p/1-robe-midi-en-lin"' in page and "evil" not in page
    hits = client.get("/api/v1/products?q=robe", base_url="https://shop.example").json["hits"]
    assert hits[0]["url"].startswith("https://shop.example/p/")
    assert client.get("/", base_url="https://shop.example").headers["Strict-Transport-Security"]


def test_a_declared_proxy_is_believed_and_no_other(make_shop: Callable[..., Shop]) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
    for hops, status in ((0, 200), (1, 404)):  # metrics are for this machine alone
        client = create_app(make_shop(base_url="https://shop.example", trust_proxy=hops)).test_client()
        assert client.get("/metrics", headers=forwarded, base_url="http://127.0.0.1:8000").status_code == status


@pytest.mark.parametrize("where", ["next", "return", "url", "redirect", "lang", "near", "q"])
def test_nothing_redirects_elsewhere(client: FlaskClient, where: str) -> None:
    for path in (*PAGES, "//evil.example/p/1", "/\\evil.example"):
        answer = client.get(f"{path}{'&' if '?' in path else '?'}{where}=https://evil.example/")
        assert answer.status_code in (200, 308, 400, 404)
        assert "evil" not in answer.headers.get("Location", "")


# --- media


def test_pictures_of_ours_are_served_for_ever(shop: Shop, client: FlaskClient) -> None:
    key = shop.media.put(png(), ".png")
    answer = client.get(f"/media/{key}")
    assert answer.data == png() and answer.mimetype == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{key}"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in answer.headers and "Set-Cookie" not in client.get(f"/media/{key}?lang=fr").headers


def test_no_other_file_ever(shop: Shop, client: FlaskClient) -> None:
    (shop.settings.data_dir / "secret.jpg").write_bytes(b"s3cr3t")
    upload = shop.media.put(png(), ".upload")
    for name in (
        upload,
        upload.replace(".upload", ".png"),
        "../secret.jpg",
        "..%2fsecret.jpg",
        "%2e%2e/secret.jpg",
        "....//secret.jpg",
        "/etc/passwd",
        "..\\secret.jpg",
        "secret.jpg",
        "../vitrine.db",
        "a" * 32 + ".svg",
        "A" * 32 + ".jpg",
        "0" * 32 + ".jpg\n",
        "0" * 32 + ".jpg%00.png",
        "０" * 32 + ".jpg",
        "",
    ):
        answer = client.get(f"/media/{name}")
        assert answer.status_code in (404, 308), name
        assert b"s3cr3t" not in answer.data


def test_static_files_do_not_leave_their_folder(client: FlaskClient) -> None:
    for name in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "....//app.py"):
        assert client.get(f"/static/{name}").status_code in (404, 308)


# --- methods and bodies


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/p/1", "/chat", "/stores", "/media/x", "/healthz", "/api/v1/products"])
def test_reading_addresses_only_read(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]


def test_bodies_are_bounded(client: FlaskClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Content-Type": "application/json"}
    answer = client.post(
        "/api/v1/chat/messages", data=b"x" * (1024 * 1024 + 1), headers=headers, base_url="http://127.0.0.1:8000"
    )
    assert answer.status_code == 413 and answer.json["code"] == "too_large"


def test_many_form_fields_are_refused(client: FlaskClient) -> None:
    fields = {f"f{number}": "x" for number in range(1200)} | {"photo": "x"}
    assert client.post("/api/v1/similar", data=fields, content_type="multipart/form-data").status_code in (413, 422)
    assert (
        client.post("/api/v1/similar", data={"words": "x" * 600_000}, content_type="multipart/form-data").status_code
        == 413
    )


def test_an_app_does_no_work_before_it_is_asked(shop: Shop) -> None:
    """Making one opens nothing and writes nothing."""
    before = sorted(path for path in shop.settings.data_dir.rglob("*"))
    app = create_app(shop)
    assert isinstance(app, Flask)
    assert sorted(path for path in shop.settings.data_dir.rglob("*")) == before
