"""The link page: posts are uploaded, looked at, shown; they sell what is there and count who follows them."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Post
from commerce.domain.stock import MovementReason
from commerce.domain.team import Role
from commerce.ports import UnitOfWork
from commerce.services.posting import SMALL_PX, code_of
from commerce.wiring import Shop
from shoppable import create_app
from shoppable.studio.posts import A_PAGE
from tests.unit.shoppable.leafing import product_of
from tests.unit.shoppable.seeing import drawing
from tests.unit.shoppable.shopping import HOME, Browser, text_of, variant_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member


@pytest.fixture
def hugo(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))


def upload(hugo: StaffBrowser, picture: bytes, **form: str) -> TestResponse:
    photo = (io.BytesIO(picture), "post.jpg")
    return hugo.post("/studio/posts", {"photo": photo, "caption-en": "In Lyon", "caption-fr": "À Lyon", **form})


def only_post(shop: Shop) -> Post:
    with shop.storage.read() as uow:
        (post,) = uow.posts.all(shown_only=False)
    return post


def show(hugo: StaffBrowser, post: Post, products: str, **form: str) -> TestResponse:
    values = {"products": products, "shown": "1", "caption-en": "In Lyon", "caption-fr": "À Lyon"}
    return hugo.post(f"/studio/posts/{post.id}", {**values, **form})


def posted(shop: Shop, hugo: StaffBrowser, products: str = "P4 P1") -> Post:
    assert upload(hugo, drawing("dress")).status_code == 303
    post = only_post(shop)
    assert show(hugo, post, products).status_code == 303
    return only_post(shop)


def test_nobody_sees_it_before_it_is_shown(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    assert "Nothing here yet." in lea.read("/links")
    assert upload(hugo, drawing("dress")).status_code == 303
    assert "In Lyon" not in lea.read("/links") and "In Lyon" not in lea.read("/")
    assert show(hugo, only_post(shop), "P4, P1").status_code == 303
    for page in ("/links", "/"):
        assert "As seen in our posts" in lea.read(page)
        assert "In Lyon" in lea.read(page) and "Leather tote €120.00" in lea.read(page)
    assert "À Lyon" in Browser(lea.client.application, shop, "fr").read("/links")
    assert show(hugo, only_post(shop), "P4", shown="").status_code == 303
    assert "In Lyon" not in lea.read("/links")


def test_each_tile_is_counted_and_leads_to_what_was_tapped(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    post = posted(shop, hugo)
    paths = re.findall(r'href="(/s/[^"]+)"', lea.get("/links").text)
    bag, dress = product_of(shop, "P4"), product_of(shop, "P1")
    assert paths == [f"/s/{code_of(post)}", f"/s/{code_of(post)}?product={bag}", f"/s/{code_of(post)}?product={dress}"]
    led = [lea.get(path).headers["Location"] for path in paths]
    assert [path.split("-")[0] for path in led] == [f"/p/{bag}", f"/p/{bag}", f"/p/{dress}"]
    assert lea.get(f"{paths[0]}?product=999").headers["Location"] == led[0], "what is not in the post is not led to"
    with shop.storage.read() as uow:
        link = uow.short_links.get(code_of(post))
        since = shop.clock.now() - timedelta(days=1)
        (source,) = uow.reading.by_source("", since, since + timedelta(days=2))
    assert link is not None and link.clicks == 4
    assert source.source == f"link:{link.code}"
    lea.add("P4-brown-")
    lea.tell(**HOME)
    lea.pay("fake")
    assert lea.order().came_from == f"link:{link.code}"


def a_photo(width: int, height: int) -> bytes:
    """Grey noise, as dear to compress as a photo, with a red square in its middle."""
    picture = Image.effect_noise((width, height), 60).convert("RGB")
    side = min(width, height) // 4
    picture.paste("red", ((width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


@pytest.mark.parametrize(("size", "side"), [((1600, 1200), SMALL_PX), ((300, 420), 300)])
def test_tiles_show_a_small_square_of_the_picture(
    shop: Shop, hugo: StaffBrowser, lea: Browser, size: tuple[int, int], side: int
) -> None:
    assert upload(hugo, a_photo(*size)).status_code == 303
    assert show(hugo, only_post(shop), "P4").status_code == 303
    whole, small = (shop.media.get(key) or b"" for key in only_post(shop).files)
    for page in (lea.get("/links").text, lea.get("/").text):
        (key,) = re.findall(r'src="/media/([^"]+)" alt="" width="480"', page)
        assert lea.get(f"/media/{key}").data == small
    assert f'src="/media/240/{key}" alt="" width="96"' in hugo.get("/studio/posts").text
    tile = Image.open(io.BytesIO(small)).convert("RGB")
    assert tile.size == (side, side)
    assert len(small) * 2 < len(whole) or side < SMALL_PX
    red, green, _ = tile.getpixel((side // 2, side // 2))  # type: ignore[misc]
    assert red > 200 and green < 60, "the middle of it"


def test_posts_from_before_there_were_small_ones_get_theirs(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    post = posted(shop, hugo)
    large, gone = shop.media.put(a_photo(900, 900), ".jpg"), f"{'0' * 32}.jpg"
    older = replace(post, small_key="", picture_key=large)
    for each in (older, replace(older, id="f" * 32, picture_key=gone)):
        shop.storage.write(lambda uow, each=each: uow.posts.put(each))  # type: ignore[misc]
    assert f'src="/media/{large}"' in lea.get("/links").text
    assert [shop.posting.make_small_ones() for _ in range(2)] == [2, 0]
    with shop.storage.read() as uow:
        made, without = uow.posts.get(post.id), uow.posts.get("f" * 32)
    assert made and without and without.small_key == gone, "there is nothing to make it of"
    assert f'src="/media/{made.small_key}"' in lea.get("/links").text
    assert made.small_key != large and Image.open(io.BytesIO(shop.media.get(made.small_key) or b"")).size == (480, 480)


def test_what_is_sold_out_is_said_at_once(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    posted(shop, hugo, "P4")
    assert '<li class="post">' in lea.get("/links").text
    bag, now = variant_of(shop, "P4-brown-"), shop.clock.now()
    with shop.storage.read() as uow:
        stores = [level.store_id for level in uow.stock.levels([bag])]
    for store in stores:
        shop.storage.write(
            lambda uow, store=store: uow.stock.set_on_hand(bag, store, 0, MovementReason.COUNT, now)
        )  # fmt: skip
    sold = lea.get("/links").text
    assert '<li class="post sold-out">' in sold and "Leather tote sold out" in text_of(sold)


def test_refusals_in_words(shop: Shop, hugo: StaffBrowser) -> None:
    for nothing in (b"", b"no picture", b"\xff\xd8\xff broken"):
        answer = upload(hugo, nothing)
        assert answer.status_code == 422 and "cannot be read" in text_of(answer.text)
    upload(hugo, drawing("dress"))
    post = only_post(shop)
    assert "name one first" in text_of(show(hugo, post, " ").text)
    assert "has this article number" in text_of(show(hugo, post, "P4 NOTHING-9").text)
    assert only_post(shop) == post, "nothing of it was kept"
    assert hugo.post(f"/studio/posts/{'f' * 32}", {"products": "P4"}).status_code == 404


def test_removed_its_link_leads_to_the_others(shop: Shop, hugo: StaffBrowser, lea: Browser) -> None:
    post = posted(shop, hugo)
    assert len(post.files) == 2 and all(shop.media.get(key) for key in post.files)
    assert hugo.post(f"/studio/posts/{post.id}", {"do": "remove"}).status_code == 303
    assert lea.get(f"/s/{code_of(post)}").headers["Location"] == "/links"
    assert not any(shop.media.get(key) for key in post.files)
    assert hugo.post(f"/studio/posts/{post.id}", {"do": "remove"}).status_code == 404


def test_the_newest_comes_first_until_somebody_says_otherwise(shop: Shop, hugo: StaffBrowser) -> None:
    first = posted(shop, hugo, "P4")
    upload(hugo, drawing("dress"), **{"caption-en": "Later"})

    def order() -> list[str]:
        with shop.storage.read() as uow:
            posts = uow.posts.all(shown_only=False)
        assert [post.position for post in posts] == list(range(1, len(posts) + 1))
        return [post.caption("en") for post in posts]

    assert order() == ["Later", "In Lyon"]
    for to, status, expected in (("1", 303, ["In Lyon", "Later"]), ("99", 303, ["Later", "In Lyon"]), ("", 303, None)):
        assert hugo.post(f"/studio/posts/{first.id}/move", {"to": to}).status_code == status
        assert order() == (expected or ["Later", "In Lyon"])
    assert hugo.post(f"/studio/posts/{'f' * 32}/move", {"to": "1"}).status_code == 404


def test_the_eyes_propose_what_is_in_it(seeing: Shop) -> None:
    hugo = StaffBrowser(create_app(seeing), seeing, add_member(seeing, "hugo", Role.MARKETER))
    with seeing.storage.read() as uow:
        product = next(
            each for each in uow.products.after(0, 50) if each.pictures and each.pictures[0].media_key
        )  # fmt: skip
    picture = seeing.media.get(product.pictures[0].media_key)
    assert picture is not None
    assert upload(hugo, picture).status_code == 303
    assert only_post(seeing).product_ids == (product.id,)
    assert not only_post(seeing).is_shown


def test_many_posts_stand_on_pages_and_are_moved_from_one_to_the_other(shop: Shop, hugo: StaffBrowser) -> None:
    now = shop.clock.now()
    posts = [
        Post(f"{number:032x}", "", LocalText({"en": f"No. {number}"}), (), number, False, now)
        for number in range(1, A_PAGE + 3)
    ]

    def write(uow: UnitOfWork) -> None:
        for post in posts:
            uow.posts.put(post)

    def shown(path: str) -> list[str]:
        return re.findall(r'data-name="(No\. \d+)"', hugo.get(path).text)

    shop.storage.write(write)
    assert len(shown("/studio/posts")) == A_PAGE and shown("/studio/posts?page=2") == ["No. 41", "No. 42"]
    assert shown("/studio/posts?page=9") == [] and len(shown("/studio/posts?page=-1")) == A_PAGE
    assert 'href="/studio/posts?page=2"' in hugo.get("/studio/posts").text
    page = hugo.get("/studio/posts?page=2").text
    assert 'value="40" data-by="-1"' in page and re.search(r'value="43" data-by="1"[^>]* disabled', page)
    moved = hugo.post(f"/studio/posts/{posts[40].id}/move", {"to": "40"})
    assert moved.headers["Location"] == f"/studio/posts#post-{posts[40].id}"
    moved = hugo.post(f"/studio/posts/{posts[0].id}/move", {"to": "42"})
    assert moved.headers["Location"] == f"/studio/posts?page=2#post-{posts[0].id}"
    assert shown("/studio/posts?page=2") == ["No. 42", "No. 1"]
    saved = show(hugo, posts[0], "P4")
    assert saved.headers["Location"] == f"/studio/posts?page=2&done=saved#post-{posts[0].id}"
