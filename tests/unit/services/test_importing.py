"""The import over both databases: brought in once by many at once, followed, and held back where it has to wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.domain.imported import Imported, NotRead, Unread
from commerce.drawing import PillowDrawer
from commerce.ids import RandomIds
from commerce.image_matching.off import NoImageMatcher
from commerce.instagram import open_instagram
from commerce.lexicon import lexicon
from commerce.media import MemoryMediaStore
from commerce.services.importing import Importing, ImportRules
from commerce.services.posting import Posting
from commerce.settings import load_settings
from commerce.web_fetcher import SafeWebFetcher
from tests.unit.services.conftest import Small
from tests.unit.shoppable.seeing import drawing
from vitrine.standins.instagram import InstagramStandIn

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def instagram(clock: ManualClock) -> Iterator[InstagramStandIn]:
    with InstagramStandIn(clock) as opened:
        yield opened


@pytest.fixture
def importing(small: Small, clock: ManualClock, instagram: InstagramStandIn, tmp_path: Path) -> Iterator[Importing]:
    """Of a shop that does not see: what captions name is found all the same."""
    matcher, media, ids = NoImageMatcher("not here"), MemoryMediaStore(), RandomIds()
    source = open_instagram(
        load_settings(data_dir=tmp_path, instagram_token=instagram.token, meta_graph_url=instagram.url), clock
    )
    rules = ImportRules("https://shop.example", "fr", "EUR", timedelta(hours=1), show_sure=True)
    posting = Posting(small.storage, clock, ids, media, matcher, PillowDrawer())
    fetcher = SafeWebFetcher(allow_hosts=(instagram.host,))
    yield Importing(small.storage, clock, ids, media, fetcher, lexicon(), posting, source, rules)
    matcher.close()


def test_each_once_however_many_look(small: Small, importing: Importing, instagram: InstagramStandIn) -> None:
    with small.storage.read() as uow:
        product = uow.products.after(0, 1)[0]
    for day in range(3):
        instagram.publish(
            f"Réf. {product.variants[0].sku}", drawing("dress"), at=instagram.clock.now() - timedelta(days=day)
        )
    instagram.publish("Rien à vendre", drawing("tote_bag"))
    outcomes: list[Imported | NotRead] = []
    threads = [threading.Thread(target=lambda: outcomes.append(importing.run(actor="test"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Imported(new=4)) == 1
    assert all(each in (Imported(new=4), Imported(), NotRead(Unread.RUNNING)) for each in outcomes)
    with small.storage.read() as uow:
        posts = uow.posts.all(shown_only=False)
    assert [post.position for post in posts] == [1, 2, 3, 4]
    assert [post.created_at for post in posts] == sorted((post.created_at for post in posts), reverse=True)
    assert sorted(post.is_shown for post in posts) == [False, True, True, True]
    assert importing.run(actor="test") == Imported()


def test_it_follows_and_waits(
    small: Small, importing: Importing, instagram: InstagramStandIn, clock: ManualClock
) -> None:
    kept, gone = instagram.publish("Avant", drawing("dress")), instagram.publish("Bientôt fini", drawing("dress"))
    assert importing.tick() and not importing.tick()
    instagram.edit(kept, "Après #lin")
    instagram.delete(gone)
    small.storage.write(lambda uow: importing.want(uow, "staff:1"))
    assert importing.tick()
    with small.storage.read() as uow:
        state, posts, known = importing.state(uow), uow.posts.all(shown_only=False), uow.posts.imported()
        (line,) = uow.audit.find(action="posts_followed")
    assert state.last == Imported(changed=1, gone=1) and not state.is_wanted and state.running is None
    assert {post.external_id: post.caption("fr") for post in posts} == {kept: "Après", gone: "Bientôt fini"}
    assert known[gone].gone_at == clock.now() and known[kept].gone_at is None
    assert line.actor == "staff:1" and dict(line.details) == {"changed": 1, "gone": 1}
    clock.advance(timedelta(hours=1))
    instagram.limit(30)
    assert importing.tick()
    waited = NotRead(Unread.BUSY, clock.now() + timedelta(minutes=30))
    with small.storage.read() as uow:
        assert importing.state(uow).last == waited
    small.storage.write(lambda uow: importing.want(uow, "staff:1"))
    clock.advance(timedelta(minutes=29))
    assert not importing.tick() and importing.run(actor="test") == waited
    clock.advance(timedelta(minutes=1))
    assert importing.tick()
