"""J5: from the catalogue's page into a conversation and back: one cart, one person, and two again."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from commerce.clock import ManualClock
from commerce.ids import SeededIds
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.dsl import Talk, normal
from vitrine.fixture import build_fixture

KEY = "a-key-of-the-shop-0123456789"
BOTH = (
    "Panier : Veste en jean M 65,00 € · Sac cabas en cuir 120,00 € — Total 185,00 €"
    " ‖ Cart: Denim jacket M €65.00 · Leather tote €120.00 — Total €185.00"
)
FOUND = "Je retrouve votre panier du catalogue (p. 4). ‖ I found your catalogue cart (p. 4)."
KEEP, ONLY, LATER = (
    "Garder les deux ‖ Keep both",
    "Seulement celui-ci ‖ Only this one",
    "Mettre de côté ‖ Save for later",
)
UNLINK = "Dissocier ‖ Unlink"
OPEN = "Ouvrir sur notre site ‖ Open on our site"
ADD = "Ajouter au panier ‖ Add to cart"

on_stages = pytest.mark.parametrize(
    "stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook", "telegram-polling"], indirect=True
)


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    """The fixture shop, on Telegram and with a key for operators."""
    settings = load_settings(
        data_dir=data_dir, database_url=database_url, encoder="none", secret_key="s" * 32, api_keys=KEY,
        telegram_token="123456:" + "t" * 30, telegram_username="vitrine_bot",
    )  # fmt: skip
    with build_shop(settings, clock=clock, ids=ids) as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        yield shop


class Browser:
    """Somebody at the pages of the shop, without a name."""

    def __init__(self, shop: Shop, language: str) -> None:
        self._shop, self._base = shop, shop.settings.base_url
        self._client: FlaskClient = create_app(shop).test_client()
        self._client.set_cookie("lang", language)
        self._language = language

    def add(self, sku: str, source: str = "") -> None:
        self._post("/cart/add", variant=str(variant(self._shop, sku)), quantity="1", source=source)

    def set_quantity(self, sku: str, quantity: int) -> None:
        self._post("/cart/lines", variant=str(variant(self._shop, sku)), quantity=str(quantity), do="set")

    def to_telegram(self) -> str:
        """Presses [Continue in Telegram]; the parameter of the deep link."""
        address = urlsplit(self._post("/cart/telegram"))
        assert (address.netloc, address.path) == ("t.me", "/vitrine_bot")
        (parameter,) = parse_qs(address.query)["start"]
        assert re.fullmatch(r"c_[A-Za-z0-9_-]{22,40}", parameter)
        return parameter

    def cart(self) -> str:
        """The part of the cart's page that changes by itself, as text."""
        answer = self._client.get(
            "/cart", headers={"X-Part": "cart", "Accept-Language": self._language}, base_url=self._base
        )
        assert answer.status_code == 200
        return " ".join(normal(re.sub(r"<[^>]+>", " ", answer.text)).split())

    def customers(self) -> list[list[str]]:
        """The doors of each customer that operators see."""
        answer = self._client.get("/api/v1/customers", headers={"Authorization": f"Bearer {KEY}"}, base_url=self._base)
        assert answer.status_code == 200
        return [sorted(customer["channels"]) for customer in answer.json["customers"]]

    def look(self, path: str, status: int) -> str:
        answer = self._client.get(path, base_url=self._base)
        assert answer.status_code == status
        return answer.text

    def press(self, path: str, **form: str) -> None:
        self._post(path, **form)

    def _post(self, path: str, **form: str) -> str:
        answer = self._client.post(path, data=form, headers={"Origin": self._base}, base_url=self._base)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


@pytest.fixture
def browser(shop: Shop, language: str) -> Browser:
    return Browser(shop, language)


def variant(shop: Shop, sku: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
        assert found is not None
        return found[1].id


def with_a_jacket(talk: Talk) -> Talk:
    """A conversation that has a cart of its own."""
    talk.say("veste en jean ‖ denim jacket").tap(ADD).expect("Quelle taille ‖ Which size")
    return talk.tap("M").expect("Total 65,00 € ‖ Total €65.00")


def offered(browser: Browser, talk: Talk) -> str:
    """From page 4 of the catalogue to the three choices; the parameter of the deep link."""
    browser.add("P4-brown", source="catalogue:printemps:4")
    parameter = browser.to_telegram()
    talk.start(parameter).expect(FOUND).expect_buttons(KEEP, ONLY, LATER)
    return parameter


@on_stages
def test_flipbook_conversation_web_one_cart_one_person(
    browser: Browser, person: People, stage: str, language: str
) -> None:
    lea, sam = with_a_jacket(person("Léa")), person("Sam")
    parameter = offered(browser, lea)
    door = {"webchat": "webchat", "telegram-webhook": "telegram", "telegram-polling": "telegram"}.get(stage, "recorder")
    assert sorted(browser.customers()) == sorted([[door], ["webchat"]]), "nothing is joined before a tap"

    lea.tap(KEEP).expect(BOTH)
    lea.expect_buttons("Payer ‖ Pay", "Retirer en magasin ‖ Pick up in store", UNLINK)
    began = time.monotonic()
    assert lea.of("185,00 € ‖ €185.00") in browser.cart()
    assert time.monotonic() - began < 2

    sam.start(parameter).expect("Ce lien a déjà servi. ‖ This link was already used.").expect_not("185")
    assert sorted(browser.customers()) == sorted([sorted({door, "webchat"}), [door]]), "one with both doors, and Sam"

    lea.tap(UNLINK).expect("Veste en jean M 65,00 € — Total 65,00 € ‖ Denim jacket M €65.00 — Total €65.00")
    assert lea.of("120,00 € ‖ €120.00") in browser.cart()
    assert lea.of("185,00 € ‖ €185.00") not in browser.cart()
    assert sorted(browser.customers()) == sorted([[door], ["webchat"], [door]])


@pytest.mark.parametrize(
    ("label", "chat", "aside"),
    [
        (ONLY, "Sac cabas en cuir 120,00 € — Total 120,00 € ‖ Leather tote €120.00 — Total €120.00",
         "De côté : Veste en jean M 65,00 € ‖ Saved for later: Denim jacket M €65.00"),
        (LATER, "Veste en jean M 65,00 € — Total 65,00 € ‖ Denim jacket M €65.00 — Total €65.00",
         "De côté : Sac cabas en cuir 120,00 € ‖ Saved for later: Leather tote €120.00"),
    ],
)  # fmt: skip
def test_what_is_not_kept_is_saved_for_later(
    browser: Browser, person: People, label: str, chat: str, aside: str
) -> None:
    lea = with_a_jacket(person("Léa"))
    offered(browser, lea)
    lea.tap(label).expect(chat, aside)
    for price in ("65,00 € ‖ €65.00", "120,00 € ‖ €120.00"):
        assert lea.of(price) in browser.cart(), "nothing is lost on the page either"


@pytest.mark.parametrize("stage", ["memory", ON_POSTGRESQL], indirect=True)
def test_changes_at_both_doors_in_the_same_second_are_both_kept(browser: Browser, person: People) -> None:
    lea = with_a_jacket(person("Léa"))
    offered(browser, lea)
    lea.tap(KEEP)
    for quantity in (2, 3, 4):
        lea.say("baskets blanches ‖ white sneakers")
        at_once = threading.Barrier(2)

        def on_the_web(quantity: int = quantity, at_once: threading.Barrier = at_once) -> None:
            at_once.wait()
            browser.set_quantity("P4-brown", quantity)

        web = threading.Thread(target=on_the_web)
        web.start()
        at_once.wait()
        lea.say("ajoute-les au panier en 42 ‖ add them to my cart in 42")
        web.join()
    # 65,00 + 4 × 120,00 + 3 × 89,90
    lea.say("mon panier ‖ my cart").expect(
        "Total 814,70 € ‖ Total €814.70", "4 × Sac ‖ 4 × Leather", "3 × Basket ‖ 3 × White"
    )
    assert lea.of("814,70 € ‖ €814.70") in browser.cart()


@on_stages
def test_the_other_way_a_link_from_the_conversation_to_the_page(browser: Browser, person: People, stage: str) -> None:
    lea = with_a_jacket(person("Léa"))
    browser.add("P4-brown")
    lea.say("/link").expect("sert une fois ‖ works once").expect_buttons(OPEN)
    path = urlsplit(lea.address(OPEN)).path
    assert 'name="choice"' in browser.look(path, 200), "both carts are filled"
    assert len(browser.customers()) == 2, "a look joins nobody"
    browser.press(path, choice="both")
    assert browser.look(path, 410)
    assert lea.of("185,00 € ‖ €185.00") in browser.cart()
    assert len(browser.customers()) == 1
    heard = "maintenant reliée à notre site ‖ now joined with our site"
    if stage == "webchat":
        lea.wait().expect_not(heard)  # their page shows it
    else:
        lea.wait().expect(heard).expect_buttons(UNLINK)
    lea.say("mon panier ‖ my cart").expect("Total 185,00 € ‖ Total €185.00")
    lea.say("dissocier ‖ unlink").expect("Total 65,00 € ‖ Total €65.00")
    assert lea.of("185,00 € ‖ €185.00") not in browser.cart()
    assert len(browser.customers()) == 2
