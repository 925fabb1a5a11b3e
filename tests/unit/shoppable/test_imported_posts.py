"""Posts from Instagram on the link page: each comes once, hidden, tagged; nothing that people decided is undone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.imported import Imported, NotRead, Unread
from commerce.domain.lookbook import Post
from commerce.domain.team import Role
from commerce.services.posting import Looked
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.unit.shoppable.seeing import drawing
from tests.unit.shoppable.shopping import Browser, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from vitrine.standins.instagram import Fault, InstagramStandIn

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def instagram(clock: ManualClock) -> Iterator[InstagramStandIn]:
    with InstagramStandIn(clock) as opened:
        yield opened


@pytest.fixture
def make(seeing_folder: Path, tmp_path: Path, clock: ManualClock, instagram: InstagramStandIn) -> Iterator[Any]:
    """A shop that sees and has an account at Instagram, with some settings changed."""
    import shutil

    folder, opened = tmp_path / "seeing", []
    shutil.copytree(seeing_folder, folder)

    def build(**more: object) -> Shop:
        settings: dict[str, object] = {
            "data_dir": folder,
            "secret_key": "s" * 32,
            "instagram_token": instagram.token,
            "meta_graph_url": instagram.url,
            "fetch_allow_hosts": instagram.host,
        }
        shop = build_shop(load_settings(**(settings | more)), clock=clock)
        shop.index_keeper.refresh()
        opened.append(shop)
        return shop

    yield build
    for shop in opened:
        shop.close()


@pytest.fixture
def here(make: Any) -> Shop:
    shop: Shop = make()
    return shop


def hugo_of(shop: Shop) -> StaffBrowser:
    return StaffBrowser(create_app(shop), shop, add_member(shop, "hugo", Role.MARKETER))


def look(shop: Shop) -> Imported | NotRead:
    return shop.importing.run(actor="test")


def posts_of(shop: Shop) -> list[Post]:
    with shop.storage.read() as uow:
        return uow.posts.all(shown_only=False)


def number(shop: Shop, kind: str) -> int:
    with shop.storage.read() as uow:
        product = uow.products.by_source_id(kind)
    assert product is not None
    return product.id


def files_of(shop: Shop) -> int:
    return sum(1 for path in (shop.settings.data_dir / "media").rglob("*.jpg") if path.is_file())


def test_each_comes_once_hidden_and_tagged(here: Shop, instagram: InstagramStandIn, clock: ManualClock) -> None:
    dress, jacket, bag = (number(here, kind) for kind in ("dress", "jacket", "tote_bag"))
    seen = instagram.publish("Robe du jour #lin", drawing("dress"), at=clock.now() - timedelta(days=3))
    said = instagram.publish("Réf. jacket-sku", drawing("dress"), is_video=True, at=clock.now() - timedelta(days=2))
    album = instagram.publish("Both", drawing("tote_bag"), drawing("jacket"), at=clock.now() - timedelta(days=1))
    told: list[tuple[int, int]] = []
    found = here.importing.run(actor="test", progress=lambda done, of: told.append((done, of)))
    assert found == Imported(new=3) and told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    posts = posts_of(here)
    assert [post.external_id for post in posts] == [album, said, seen], "the newest first"
    assert [post.product_ids for post in posts] == [(bag, jacket), (jacket, dress), (dress,)]
    assert not any(post.is_shown for post in posts)
    assert posts[2].caption("fr") == "Robe du jour" and posts[2].external_url.startswith(instagram.url)
    files = files_of(here)
    assert look(here) == Imported() and posts_of(here) == posts and files_of(here) == files


def test_sure_ones_are_shown_at_once_where_the_shop_says_so(make: Any, instagram: InstagramStandIn) -> None:
    shop = make(instagram_show_sure=True)
    instagram.publish("Robe", drawing("dress"))
    instagram.publish("Une facture", b"\x89PNG no picture")
    sure, none = instagram.publish("jacket-sku", drawing("jacket")), instagram.publish("Mur", plain_wall())
    assert look(shop) == Imported(new=3, skipped=1)
    shown = {post.external_id: post.is_shown for post in posts_of(shop)}
    assert shown[sure] and not shown[none], "what leads nowhere is not shown"


def plain_wall() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").resize((640, 640)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_a_caption_is_taken_over_unless_somebody_wrote_another(here: Shop, instagram: InstagramStandIn) -> None:
    ours, theirs = instagram.publish("Before", drawing("dress")), instagram.publish("Before", drawing("dress"))
    look(here)
    hugo = hugo_of(here)
    mine = next(post for post in posts_of(here) if post.external_id == ours)
    hugo.post(f"/studio/posts/{mine.id}", {"products": "dress", "caption-en": "By hand"})
    for name in (ours, theirs):
        instagram.edit(name, "After, with the jacket-sku #new")
    assert look(here) == Imported(changed=1)
    by_name = {post.external_id: post for post in posts_of(here)}
    assert by_name[ours].caption("en") == "By hand"
    assert by_name[ours].product_ids == (number(here, "dress"),)
    assert by_name[theirs].caption("en") == "After, with the jacket-sku"
    assert by_name[theirs].product_ids == (number(here, "dress"), number(here, "jacket"))
    assert look(here) == Imported()


def test_what_is_deleted_there_is_hidden_here(here: Shop, instagram: InstagramStandIn, clock: ManualClock) -> None:
    kept, gone = (instagram.publish(f"No. {number}", drawing("dress")) for number in (1, 2))
    look(here)
    hugo = hugo_of(here)
    for post in posts_of(here):
        assert hugo.post(f"/studio/posts/{post.id}", {"products": "dress", "shown": "1"}).status_code == 303
    instagram.delete(gone)
    assert look(here) == Imported(gone=1)
    assert {post.external_id: post.is_shown for post in posts_of(here)} == {kept: True, gone: False}
    assert "Missed there since" in text_of(hugo.get("/studio/posts").text)
    assert look(here) == Imported()


def test_an_empty_account_hides_nothing(here: Shop, instagram: InstagramStandIn, clock: ManualClock) -> None:
    name = instagram.publish("Ours", drawing("dress"))
    look(here)
    (post,) = posts_of(here)
    hugo_of(here).post(f"/studio/posts/{post.id}", {"products": "dress", "shown": "1"})
    instagram.delete(name)
    clock.advance(timedelta(minutes=1))
    assert look(here) == Imported() and posts_of(here)[0].is_shown, "perhaps a slip of theirs"
    instagram.publish("Older", drawing("dress"), at=post.created_at - timedelta(days=900))
    assert look(here) == Imported(gone=1) and not posts_of(here)[0].is_shown


def test_what_somebody_has_removed_does_not_come_again(here: Shop, instagram: InstagramStandIn) -> None:
    instagram.publish("Unwanted", drawing("dress"))
    look(here)
    (post,) = posts_of(here)
    assert hugo_of(here).post(f"/studio/posts/{post.id}", {"do": "remove"}).status_code == 303
    assert look(here) == Imported() and posts_of(here) == []


def test_without_a_picture_it_is_tried_again(here: Shop, instagram: InstagramStandIn) -> None:
    claimed = instagram.publish("Song", drawing("dress"))
    instagram.claim(claimed)
    damaged = instagram.publish("Album", b"damaged", drawing("jacket"))
    assert look(here) == Imported(new=1, skipped=1)
    (post,) = posts_of(here)
    assert post.external_id == damaged and post.product_ids == (number(here, "jacket"),)
    instagram.media[0].is_claimed = False
    assert look(here) == Imported(new=1)


def test_only_pictures_that_may_be_fetched_are(make: Any, instagram: InstagramStandIn) -> None:
    shop = make(fetch_allow_hosts="")
    instagram.publish("Robe", drawing("dress"))
    assert look(shop) == Imported(skipped=1), "this machine's own addresses are none of the web"


def test_two_at_once_bring_each_once(make: Any, instagram: InstagramStandIn) -> None:
    shops = [make(), make()]
    for _ in range(4):
        instagram.publish("Robe", drawing("dress"))
    outcomes: list[Imported | NotRead] = []
    threads = [threading.Thread(target=lambda shop=shop: outcomes.append(look(shop))) for shop in shops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(posts_of(shops[0])) == 4
    for outcome in outcomes:
        assert outcome in (Imported(new=4), Imported(), NotRead(Unread.RUNNING))
    assert Imported(new=4) in outcomes


def test_who_is_asked_to_wait_waits_and_says_until_when(
    here: Shop, instagram: InstagramStandIn, clock: ManualClock
) -> None:
    hugo = hugo_of(here)
    instagram.limit(20)
    assert look(here) == NotRead(Unread.BUSY, clock.now() + timedelta(minutes=20))
    assert "The next look is after 10 March 2026 10:20" in re.sub(r"\s", " ", text_of(hugo.get("/studio/posts").text))
    calls = len(instagram.calls)
    assert hugo.post("/studio/posts/look").status_code == 303
    assert not here.importing.tick() and isinstance(look(here), NotRead)
    assert len(instagram.calls) == calls, "nobody asks before that"
    clock.advance(timedelta(minutes=20))
    instagram.publish("Robe", drawing("dress"))
    assert here.importing.tick() and len(posts_of(here)) == 1


def test_what_went_wrong_is_said_with_what_to_do(here: Shop, instagram: InstagramStandIn) -> None:
    hugo = hugo_of(here)
    assert "Nobody has looked yet." in text_of(hugo.get("/studio/posts").text)
    instagram.fail("media", Fault(status=500))
    look(here)
    assert "Instagram does not answer." in text_of(hugo.get("/studio/posts").text)
    instagram.end_token()
    look(here)
    page = hugo.get("/studio/posts").text
    assert "no longer takes the access token" in text_of(page) and "VITRINE_INSTAGRAM_TOKEN" in page
    with here.storage.read() as uow:
        record = repr(uow.audit.find(limit=100))
    for place in (page, record, hugo.get("/studio/posts/looking").text):
        assert instagram.token not in place


def test_access_that_ends_soon_is_said(here: Shop, instagram: InstagramStandIn, clock: ManualClock) -> None:
    look(here)
    clock.advance(timedelta(days=54))
    instagram.fail("refresh", Fault(status=500), times=9)
    look(here)
    hugo = StaffBrowser(create_app(here), here, add_member(here, "hugo", Role.MARKETER))
    assert "Access to Instagram ends on May 9, 2026" in text_of(hugo.get("/studio/posts").text)


def test_the_worker_looks_by_itself_and_when_asked(here: Shop, instagram: InstagramStandIn, clock: ManualClock) -> None:
    worker = Worker(here, [])

    def listings() -> int:
        worker.tick()
        return sum(call.name == "media" for call in instagram.calls)

    assert [listings(), listings()] == [1, 1]
    clock.advance(timedelta(minutes=59))
    assert listings() == 1
    clock.advance(timedelta(minutes=1))
    assert listings() == 2
    hugo = hugo_of(here)
    assert hugo.post("/studio/posts/look").status_code == 303
    assert hugo.get("/studio/posts/looking").get_json() == {"busy": True, "said": "Looking for new posts…"}
    assert listings() == 3
    assert hugo.get("/studio/posts/looking").get_json()["busy"] is False


def test_nobody_works_and_the_page_says_so(here: Shop) -> None:
    hugo = hugo_of(here)
    hugo.post("/studio/posts/look")
    assert "start `vitrine worker`" in text_of(hugo.get("/studio/posts").text)


def test_without_a_token_there_is_no_import_and_it_says_how(shop: Shop) -> None:
    hugo = hugo_of(shop)
    page = hugo.get("/studio/posts").text
    assert "VITRINE_INSTAGRAM_TOKEN" in page and "/studio/posts/look" not in page
    assert hugo.post("/studio/posts/look").status_code == 303
    assert not shop.importing.tick()


def test_shoppers_find_the_original_and_what_to_share(here: Shop, instagram: InstagramStandIn) -> None:
    instagram.publish("Robe du jour #lin", drawing("dress"))
    look(here)
    (post,) = posts_of(here)
    hugo_of(here).post(f"/studio/posts/{post.id}", {"products": "dress", "shown": "1", "caption-en": "Today"})
    page = Browser(create_app(here), here).get("/links").text
    assert f'href="{post.external_url}"' in page and "See the post" in page
    assert f'property="og:image" content="{here.settings.base_url}/links/card.jpg' in page
    assert '<link rel="canonical"' in page


def test_of_two_that_look_alike_the_caption_knows_which(here: Shop, instagram: InstagramStandIn) -> None:
    looked = Looked(b"jpeg", ((1, 2), (3,), (1,)))
    assert looked.products() == (1, 3)
    assert looked.products(named=[2]) == (3, 1) and looked.products(named=[1, 3, 9]) == ()
    seen = here.posting.look(drawing("dress"))
    assert seen is not None and seen.products() == (number(here, "dress"),)
    assert seen.products(named=[number(here, "dress")]) == ()
    instagram.publish("dress-sku", drawing("dress"))
    look(here)
    assert posts_of(here)[0].product_ids == (number(here, "dress"),)


def test_an_uploaded_post_and_an_imported_one_stand_by_their_dates(
    here: Shop, instagram: InstagramStandIn, clock: ManualClock
) -> None:
    import io

    hugo_of(here).post("/studio/posts", {"photo": (io.BytesIO(drawing("dress")), "post.jpg"), "caption-en": "Upload"})
    instagram.publish("Before", drawing("dress"), at=clock.now() - timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    instagram.publish("After", drawing("dress"))
    look(here)
    assert [next(iter(post.caption.by_language.values())) for post in posts_of(here)] == ["After", "Upload", "Before"]
