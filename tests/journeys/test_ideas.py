"""From a page that was turned to three times to an idea in the chat that says why; and a word that ends it all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from commerce.clock import ManualClock
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.dsl import Talk, normal
from tests.unit.shoppable.leafing import publish
from vitrine.fixture import build_fixture

ASK = "que me conseillez-vous ? ‖ what do you recommend?"
SEEN = "vu p. 4 du catalogue Printemps ‖ seen on p. 4 of Spring"
SEEN_ON_PAGE = "Vu p. 4 du catalogue Printemps ‖ Seen on p. 4 of Spring"
EVERYBODY = "Voici ce qui se vend et ce qui est nouveau ‖ This is what sells, and what is new"
ENOUGH = "Pas selon ce que je fais ‖ Not from what I do"
OPEN = "Ouvrir sur notre site ‖ Open on our site"

on_stages = pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook"], indirect=True)


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, on Telegram, with a catalogue whose fourth page shows two of its products."""
    settings = load_settings(
        data_dir=data_dir, database_url=database_url, encoder="none", secret_key="s" * 32,
        telegram_token="123456:" + "t" * 30, telegram_username="vitrine_bot",
    )  # fmt: skip
    with build_shop(settings, clock=clock, ids=ids) as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        publish(shop, "P3", "P4")
        yield shop


class Reader:
    """Somebody who leafs through the catalogue in a browser of their own."""

    def __init__(self, shop: Shop, language: str) -> None:
        self._base, self._language = shop.settings.base_url, language
        self._client: FlaskClient = create_app(shop).test_client()
        self._client.set_cookie("lang", language)

    def turns_to(self, page: int, times: int = 1, *, consent: bool = True) -> None:
        events = [{"id": str(uuid4()), "did": "page", "page": page} for _ in range(times)]
        self._send("POST", "/l/printemps/events", json={"events": events, "consent": consent})

    def looks_at(self, product_id: int, *, consent: bool = True) -> None:
        self._send("POST", f"/p/{product_id}/views", json={"id": str(uuid4()), "consent": consent})

    def opens_link(self, address: str) -> None:
        path = urlsplit(address).path
        self._send("GET", path)
        self._send("POST", path, data={"choice": "both"})

    def ideas(self) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", f"/api/v1/recommendations?limit=12&lang={self._language}").json
        return found

    def reads(self, path: str) -> str:
        html = self._send("GET", path).text
        return " ".join(normal(unescape(re.sub(r"<[^>]+>", " ", html))).split())

    def chooses(self, allowed: str) -> None:
        self._send("POST", "/for-you/choice", data={"allowed": allowed})

    def _send(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Origin": self._base, "Accept-Language": self._language}
        answer = self._client.open(path, method=method, base_url=self._base, headers=headers, **more)
        assert answer.status_code < 400, (path, answer.status_code, answer.text)
        return answer


@pytest.fixture
def reader(shop: Shop, language: str) -> Reader:
    return Reader(shop, language)


def linked(lea: Talk, reader: Reader) -> Talk:
    """Léa's chat and her browser are one person."""
    lea.say("bonjour ‖ hello").say("/link")
    reader.opens_link(lea.address(OPEN))
    lea.wait()
    return lea


@on_stages
def test_what_was_turned_to_is_the_reason_at_every_door(reader: Reader, person: People, stage: str) -> None:
    reader.turns_to(1)
    reader.turns_to(4, 3)
    lea, sam = linked(person("Léa"), reader), person("Sam")
    lea.say(ASK).expect(SEEN, "Baskets blanches ‖ White sneakers", "Sac cabas en cuir ‖ Leather tote")
    lea.expect_buttons(ENOUGH)

    found = reader.ideas()
    assert found["personal"]
    assert normal(found["items"][0]["reason"]) == lea.of(SEEN_ON_PAGE)
    titles = [each["product"]["title"] for each in found["items"]][:3]
    assert sorted(titles, key=lea.text.index) == titles, "the chat shows the same, in the same order"
    assert lea.of(SEEN_ON_PAGE) in reader.reads("/")
    assert lea.of(SEEN_ON_PAGE) in reader.reads("/for-you")

    sam.say(ASK).expect(EVERYBODY).expect_not(SEEN).expect_no_button(ENOUGH)


@on_stages
def test_a_word_in_the_chat_ends_it_at_every_door(reader: Reader, person: People, stage: str) -> None:
    generic = [each["product"]["product_id"] for each in reader.ideas()["items"]]
    reader.turns_to(4, 3)
    lea = linked(person("Léa"), reader)
    lea.say(ASK).expect(SEEN)
    lea.say("arrête de me proposer selon ce que je regarde ‖ stop recommending from what I do")
    lea.expect("J’ai oublié ce que vous avez regardé ‖ I have forgotten what you looked at")
    lea.say(ASK).expect(EVERYBODY).expect_not(SEEN)

    found = reader.ideas()
    assert (found["choice"], found["personal"]) == ("refused", False)
    assert [each["product"]["product_id"] for each in found["items"]] == generic
    assert lea.of(SEEN_ON_PAGE) not in reader.reads("/for-you")

    reader.turns_to(4, 3)  # the browser still thinks that it may
    lea.say(ASK).expect(EVERYBODY).expect_not(SEEN)
    lea.say("où j’en étais ? ‖ where was I?").expect("Je ne sais pas où vous en étiez ‖ I do not know where you were")

    lea.say("réactive les recommandations ‖ turn recommendations back on")
    lea.say(ASK).expect(EVERYBODY)
    reader.turns_to(4)
    lea.say(ASK).expect(SEEN)


@pytest.mark.parametrize("stage", ["memory", "webchat"], indirect=True)
def test_the_switch_on_the_page_counts_in_the_chat(reader: Reader, person: People, shop: Shop) -> None:
    with shop.storage.read() as uow:
        tote = uow.products.by_source_id("P4")
    assert tote is not None
    reader.looks_at(tote.id)
    reader.looks_at(tote.id)
    lea = linked(person("Léa"), reader)
    lea.say(ASK).expect("vu 2 fois ‖ you looked at it 2 times")
    reader.chooses("no")
    lea.say(ASK).expect(EVERYBODY).expect_not("vu 2 fois ‖ you looked at it 2 times")
    assert "Nothing that you do here is used" in reader.reads("/for-you?lang=en")


def test_without_consent_it_only_counts(reader: Reader, person: People) -> None:
    reader.turns_to(4, 3, consent=False)
    lea = linked(person("Léa"), reader)
    lea.say(ASK).expect(EVERYBODY).expect_not(SEEN)


def test_more_ideas_until_there_are_none(person: People, reader: Reader) -> None:
    lea = person("Léa")
    lea.say("surprends-moi ‖ surprise me").expect(EVERYBODY)
    first = lea.text
    lea.tap("D’autres idées ‖ More ideas").expect("D’autres idées : ‖ More ideas:")
    assert lea.text != first
    lea.expect_no_button("D’autres idées ‖ More ideas")
    lea.say("la première ‖ the first one").expect("Le voici : ‖ Here it is:")
