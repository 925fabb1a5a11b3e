"""The web chat in a real browser: by keyboard alone, over bad connections, with photos, for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from commerce.wiring import Shop
from tests.e2e.conftest import DESK, PHONE
from tests.unit.shoppable.shop_values import png

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.e2e

REPLIES = ".told:not([aria-hidden])"


def answered(page: Page, after: int) -> str:
    """Waits for a reply beyond so many; the newest one, as a person reads it."""
    page.wait_for_function("([query, count]) => document.querySelectorAll(query).length > count", arg=[REPLIES, after])
    return page.locator(REPLIES).last.inner_text().replace("\u00a0", " ").replace("\u202f", " ")


def count(page: Page) -> int:
    return page.locator(REPLIES).count()


def greeted(page: Page) -> None:
    page.locator(REPLIES).first.wait_for()


def type_in(page: Page, words: str) -> str:
    before = count(page)
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    return answered(page, before)


def press(page: Page, label: str) -> str:
    """Walks back from the message field with Shift+Tab to the button with that label, and presses it."""
    before = count(page)
    page.locator("[data-chat-text]").focus()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == label:
            page.keyboard.press("Enter")
            return answered(page, before)
    raise AssertionError(f"no way by keyboard to [{label}]")


def inbox(shop: Shop) -> int:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        found = int(connection.execute(text("SELECT count(*) FROM inbox")).scalar_one())
    engine.dispose()
    return found


@pytest.mark.parametrize(("language", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
def test_from_a_slip_to_a_reservation_by_keyboard_alone(
    window: Callable[..., Page], language: str, size: dict[str, int]
) -> None:
    def of(both: str) -> str:
        french, _, english = both.partition(" ‖ ")
        return french if language == "fr" else english or french

    page = window(language, size)
    page.goto("/chat")
    greeted(page)
    page.locator("body").click(position={"x": 5, "y": 5})
    for _ in range(20):  # to the message field by Tab alone
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-chat-text]')"):
            break
    said = type_in(page, of("robe lain bleu marine ‖ linnen dress navy"))
    assert of("J’ai cherché « robe lin bleu marine ». ‖ Showing “linen dress navy”.") in said
    assert of("Robe midi en lin ‖ Linen midi dress") in said and of("79,00 € ‖ €79.00") in said
    assert page.locator(".chat-card img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert of("Quelle taille ? ‖ Which size?") in press(page, of("Choisir ma taille ‖ Choose size"))
    assert "38" in press(page, "38")
    press(page, of("Oui ‖ Yes"))
    assert of("Où êtes-vous ? ‖ Where are you?") in press(page, of("Voir en magasin ‖ Find in store"))
    stores = press(page, of("Partager ma position ‖ Share my location"))
    assert of("1. Lyon Bellecour — 0,7 km — dernier ‖ 1. Lyon Bellecour — 0.7 km — last one") in stores
    held = press(page, of("Réserver à Bellecour ‖ Reserve at Bellecour"))
    assert of("Réservé sans paiement ‖ Held, nothing to pay") in held and re.search(r"Code [A-Z]{3}-\d{3}", held)
    code = page.locator(".told-picture").last
    assert code.get_attribute("alt") and code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_a_reload_brings_everything_back_and_repeats_nothing(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    page.locator("[data-chat-text]").focus()
    type_in(page, "linen dress")
    press(page, "Choose size")
    before = page.locator(".bubble").all_inner_texts()
    page.reload()
    page.wait_for_function("n => document.querySelectorAll('.said').length === n", arg=2)
    assert page.locator(".bubble").all_inner_texts() == before[1:]  # all but the greeting
    assert "Choose size" in page.locator(".said .bubble").last.inner_text()
    assert inbox(shop) == 2


def test_what_was_not_acknowledged_is_sent_again_and_counts_once(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    lost: list[str] = []

    def loses_answers(route: Route) -> None:
        if len(lost) < 2:  # the shop got it, the browser never heard so
            lost.append(route.fetch().text())
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/chat/messages*", loses_answers)
    page.locator("[data-chat-text]").focus()
    page.keyboard.type("linen dress")
    page.keyboard.press("Enter")
    page.get_by_text("Not sent yet. We keep trying.").wait_for()
    page.locator(".chat-card").first.wait_for()
    page.wait_for_function("() => document.querySelectorAll('.said.waiting').length === 0")
    assert len(lost) == 2 and inbox(shop) == 1
    assert page.locator(".said").count() == 1
    assert page.get_by_text("Not sent yet. We keep trying.").count() == 0


def test_words_written_offline_leave_when_the_connection_is_back(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    page.context.set_offline(True)
    page.locator("[data-chat-text]").focus()
    page.keyboard.type("linen dress")
    page.keyboard.press("Enter")
    page.get_by_text("Not sent yet. We keep trying.").wait_for()
    assert inbox(shop) == 0
    page.context.set_offline(False)
    page.locator(".chat-card").first.wait_for()
    assert inbox(shop) == 1


def test_where_streams_do_not_pass_the_page_asks_again(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    page.route(
        "**/api/v1/chat/events*",
        lambda route: route.abort() if "event-stream" in route.request.headers.get("accept", "") else route.continue_(),
    )
    page.locator("[data-chat-text]").focus()
    assert "Linen midi dress" in type_in(page, "linen dress")
    assert "Which size?" in press(page, "Choose size")


def test_a_photo_by_file_by_paste_and_by_drop(window: Callable[..., Page], shop: Shop, tmp_path: Path) -> None:
    page = window("fr", PHONE)
    page.goto("/chat")
    greeted(page)
    file = tmp_path / "robe.png"
    file.write_bytes(png(300, 400))
    page.set_input_files("[data-chat-photo]", file)
    page.get_by_text("Photo prête à partir").first.wait_for()
    page.get_by_role("button", name="Retirer la photo").click()
    assert page.locator("[data-chat-preview]").is_hidden()
    page.set_input_files("[data-chat-photo]", file)
    page.locator("[data-chat-preview] img").wait_for()
    before = count(page)
    page.keyboard.type("la même en vert")
    page.keyboard.press("Enter")
    answered(page, before)
    assert page.locator(".said .sent-photo").count() == 1
    transfer = """async ([kind, base64]) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "photo.png", { type: "image/png" }));
        const target = document.querySelector(kind === "paste" ? "[data-chat-text]" : "[data-chat-log]");
        const event = kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
        target.dispatchEvent(event);
    }"""
    import base64

    for number, kind in enumerate(("paste", "drop"), start=2):
        page.evaluate(transfer, [kind, base64.b64encode(png(200, 200)).decode()])
        page.locator("[data-chat-preview] img").wait_for()
        before = count(page)
        page.get_by_role("button", name="Envoyer", exact=True).click()
        answered(page, before)
        assert page.locator(".said .sent-photo").count() == number
    with shop.storage.read() as uow:
        from datetime import timedelta

        assert len(uow.photos.due(shop.clock.now() + timedelta(days=2), 10)) == 3
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('.said .sent-photo').length === 3")


def test_a_file_that_is_no_photo_is_said_to_be_none(window: Callable[..., Page], tmp_path: Path) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    page.set_input_files("[data-chat-photo]", file)
    page.get_by_text("This is not a photo that we can read.").first.wait_for()


def test_the_language_changes_in_the_middle(window: Callable[..., Page]) -> None:
    page = window("fr", PHONE)
    page.goto("/chat")
    greeted(page)
    page.locator("[data-chat-text]").focus()
    assert "Robe midi en lin" in type_in(page, "robe en lin")
    page.get_by_role("link", name="English").click()
    page.get_by_placeholder("Write a message…").wait_for()
    page.locator(".chat-card").first.wait_for()
    assert "Robe midi en lin" in page.locator("[data-chat-log]").inner_text()  # what was said stays as it was said
    page.locator("[data-chat-text]").focus()
    assert "Linen midi dress" in type_in(page, "linen dress")
    page.reload()
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_corner_opens_by_keyboard_and_gives_the_focus_back(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/stores")
    launcher = page.get_by_role("button", name="Ask us")
    launcher.focus()
    page.keyboard.press("Enter")
    corner = page.get_by_role("dialog")
    corner.wait_for()
    page.wait_for_function("() => document.activeElement.matches('[data-chat-text]')")
    greeted(page)
    assert "Linen midi dress" in type_in(page, "linen dress")
    page.keyboard.press("Escape")
    assert corner.is_hidden() and launcher.evaluate("node => node === document.activeElement")
    page.goto("/")  # closed stays closed, and the conversation is still there
    assert page.get_by_role("dialog").is_hidden()
    page.get_by_role("button", name="Ask us").click()
    page.locator(".chat-card").first.wait_for()
    page.goto("/stores")  # open stays open
    page.get_by_role("dialog").wait_for()


def test_a_product_page_leads_into_the_chat_about_it(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/?q=denim")
    page.locator(".tile-link").first.click()
    page.get_by_role("link", name="Reserve in store").click()
    page.get_by_text("Where are you?").wait_for()
    assert "Reserve in store: Denim jacket" in page.locator(".said").first.inner_text()
    page.goto("/chat")
    page.get_by_text("Reserve in store: Denim jacket").wait_for()  # the button's words survive


def test_a_new_conversation_begins_empty(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    page.locator("[data-chat-text]").focus()
    type_in(page, "linen dress")
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.get_by_role("button", name="New conversation").click()
    page.get_by_text("Hello! What are you looking for?").wait_for()
    assert page.locator(".said").count() == 0 and page.locator(".chat-card").count() == 0


def test_words_are_never_markup(window: Callable[..., Page]) -> None:
    page = window("en")
    page.goto("/chat")
    greeted(page)
    page.locator("[data-chat-text]").focus()
    type_in(page, "<img src=x onerror=document.title='hacked'> <script>document.title='hacked'</script>")
    type_in(page, "shirt")
    assert "hacked" not in page.title()
    assert page.locator(".said .bubble img, .said .bubble script").count() == 0
    assert "<script>alert(1)</script>" in page.locator("[data-chat-log]").inner_text()  # the feed's title, as text


def test_whoever_reserved_on_the_pages_is_greeted_by_name(window: Callable[..., Page], shop: Shop) -> None:
    page = window("en")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/greeting" in request.url else None)
    page.goto("/chat")
    page.get_by_text("Hello! What are you looking for?").wait_for()
    assert asked == [], "there is nobody to ask about"
    page.goto("/p/2")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_text("is in your cart").wait_for()
    page.goto("/checkout")
    page.get_by_label("Name", exact=True).fill("Léa M.")
    page.locator("#email").fill("lea@example.com")
    page.get_by_label("Pick up in store").check()
    page.locator('input[name="store"][value="S1"]').check()
    page.get_by_role("button", name="Continue").click()
    page.locator('input[value="pay_in_store"]').check()
    page.get_by_label("I accept the terms of sale.").check()
    page.get_by_role("button", name=re.compile("at the counter")).click()
    page.wait_for_url("**/orders/**")
    order = page.url
    page.goto("/chat")
    page.get_by_text("Ordered, to be paid at the counter").wait_for()
    page.get_by_role("link", name=re.compile("^Order ")).click()
    page.wait_for_url(order)
