"""The rehearsal: a shop owner writes as much as they like while the clock stands, and moves it on request."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from commerce.errors import SettingsError
from commerce.payments import open_providers
from vitrine.demo import demo_settings
from vitrine.doctor import check
from vitrine.rehearsal import STARTS_AT, Rehearsal, rehearsing


def moved(on: Rehearsal, body: dict[str, object]) -> dict[str, str]:
    data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{on.address}/rehearsal/clock", data=data, headers=kind)
    with urllib.request.urlopen(request) as answer:
        told: dict[str, str] = json.load(answer)
    return told


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One for those that only look at what is there from the start."""
    with rehearsing(tmp_path_factory.mktemp("rehearsed")) as on:
        yield on


def test_a_rehearsal_answers_while_its_clock_stands_and_moves_it(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as on:
        lea = on.telegram.person(1001, "Léa", "fr")
        for _ in range(25):
            lea.say("robe lain bleu marine")
        texts: list[str] = []
        until = time.monotonic() + 60
        while len(texts) < 25 and time.monotonic() < until:
            texts += [shown.text for shown in lea.replies() if "Robe midi en lin" in shown.text]
            time.sleep(0.05)
        assert len(texts) == 25, "nobody is told to slow down because the clock stands still"
        assert moved(on, {"advance_s": 3600})["now"] == "2026-03-10T10:00:00+00:00"
        assert moved(on, {"at": "2026-03-11T16:00:00+01:00"})["now"] == "2026-03-11T15:00:00+00:00"


def test_it_does_not_run_beside_live_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TELEGRAM_TOKEN", "1234567:not-a-real-token-but-looks-like-one")
    with pytest.raises(SettingsError, match="VITRINE_TELEGRAM_TOKEN"), rehearsing(tmp_path):
        pass


def test_it_collects_money_from_stand_ins_alone(on: Rehearsal) -> None:
    assert {"stripe", "square", "pay_in_store"} <= set(on.shop.providers)
    for name in ("stripe", "square"):
        assert list(on.shop.providers[name].list_since(STARTS_AT) or ()) == []
    assert on.stripe.calls[-1].name == "checkout.sessions.list", "Léa’s bag was paid there before"
    assert {call.name for call in on.square.calls} == {"payments.list"}
    with urllib.request.urlopen(f"{on.address}/rehearsal") as answer:
        told = json.load(answer)
    assert (told["stripe"], told["square"]) == (on.stripe.url, on.square.url)


def test_the_demo_takes_no_real_money_whatever_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_STRIPE_KEY", "sk_live_of_a_real_shop")
    monkeypatch.setenv("VITRINE_STRIPE_WEBHOOK_SECRET", "whsec_of_a_real_shop")
    monkeypatch.setenv("VITRINE_SQUARE_TOKEN", "EAAA-of-a-real-shop")
    monkeypatch.setenv("VITRINE_TELEGRAM_PAYMENT_TOKEN", "284685063:LIVE:of-a-real-shop")
    assert set(open_providers(demo_settings(tmp_path, 0))) == {"fake", "pay_in_store"}


def test_what_lea_has_bought_before(on: Rehearsal) -> None:
    with on.shop.storage.read() as uow:
        dress, bag = uow.orders.by_number(1042), uow.orders.by_number(1043)
        assert dress is not None and bag is not None
        (attempt,) = uow.payments.of_order(bag.id)
    assert (dress.state.value, bag.state.value) == ("completed", "completed")
    assert bag.fulfilled_at is not None and bag.fulfilled_at.date().isoformat() == "2026-03-05"
    assert (attempt.provider, attempt.captured_minor) == ("stripe", 12_490)
    assert [finding for finding in check(on.shop.storage, on.clock.now()) if not finding.ok] == []
    product = on.shop.catalog.by_source_id("P4")
    assert product is not None
    assert [level.available for level in on.shop.catalog.levels([product.variants[0].id])] == [4]
    lea = on.telegram.person(1001, "Léa", "fr")
    lea.say("ma commande 1043")
    until = time.monotonic() + 30
    while not lea.buttons and time.monotonic() < until:
        time.sleep(0.05)
    assert "Renoncer au contrat ici" in lea.buttons


def test_the_team_of_the_rehearsal_signs_in_with_links(on: Rehearsal) -> None:
    assert set(on.sign_in_links) == {"nadia", "hugo", "owner"}
    data, kind = json.dumps({"login": "nadia"}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{on.address}/rehearsal/sign-in-link", data=data, headers=kind)
    with urllib.request.urlopen(request) as answer:
        link = json.load(answer)["link"]
    with urllib.request.urlopen(link) as page:
        assert "Nadia" in page.read().decode()
    with pytest.raises(HTTPError, match="404"):  # replaced by the newer one
        urllib.request.urlopen(on.sign_in_links["nadia"])


def test_posts_come_from_the_stand_in_for_instagram(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as on:

        def imported() -> dict[str, tuple[str, ...]]:
            with on.shop.storage.read() as uow:
                posts = uow.posts.all(shown_only=False)
                products = uow.products.many({number for post in posts for number in post.product_ids})
            return {
                post.caption("fr"): tuple(products[number].source_id for number in post.product_ids) for post in posts
            }

        def wait_for(count: int) -> None:
            until = time.monotonic() + 60
            while len(imported()) < count and time.monotonic() < until:
                time.sleep(0.1)

        wait_for(5)
        by_caption = imported()
        assert [len(tagged) for tagged in by_caption.values()] == [0, 1, 1, 2, 1], (
            "of the newest there is nothing to buy"
        )
        on.instagram.publish("Encore elle : P1-navy-38 #lin", b"no picture")
        on.instagram.publish("Encore elle : P1-navy-38 #lin", on.instagram.media[0].pictures[0])
        on.shop.storage.write(lambda uow: on.shop.importing.want(uow, "test"))
        wait_for(6)
        assert next(iter(imported().items())) == ("Encore elle : P1-navy-38", ("P1",))
