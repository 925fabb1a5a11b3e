"""The inbox over HTTP: one thread, the channel an answer leaves on, and what each button does."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask

from bot.channels import rules_of_channels
from commerce.clock import ManualClock
from commerce.domain.conversation import Voice
from commerce.domain.customer import Contact, Customer
from commerce.domain.linking import Linked, TokenPurpose
from commerce.domain.mail import Direction
from commerce.domain.team import Role, StaffMember
from commerce.ports import ChannelRules, UnitOfWork
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from shoppable import create_app
from tests.unit.shoppable.conftest import SETTINGS
from tests.unit.shoppable.shop_values import HOSTILE, png
from tests.unit.shoppable.shopping import HOST, ORIGIN, text_of, variant_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from tests.unit.shoppable.talking import (
    LEA_TELEGRAM,
    ON_WHATSAPP,
    SAM_TELEGRAM,
    bot_says,
    canned,
    customer_of,
    lea_asks,
    says,
)


@pytest.fixture
def nadia(shop: Shop) -> StaffMember:
    return add_member(shop, "nadia")


@pytest.fixture
def lea(shop: Shop, nadia: StaffMember, clock: ManualClock) -> Customer:
    return lea_asks(shop, clock, photo=png())


@pytest.fixture
def browser(app: Flask, shop: Shop, nadia: StaffMember) -> StaffBrowser:
    return StaffBrowser(app, shop, nadia)


def sent(shop: Shop) -> list[tuple[str, str]]:
    found = []
    with shop.storage.read() as uow:
        for lane in uow.outbox.waiting_lanes(shop.clock.now(), 100):
            row = uow.outbox.next_in(lane, shop.clock.now())
            assert row is not None
            if row.message.kind == "reply":
                found.append((row.message.contact.channel, json.loads(row.message.body)["text"]))
    return found


def version(shop: Shop, customer: Customer) -> int:
    with shop.storage.read() as uow:
        found = uow.conversations.get(customer.id)
    return found.version if found else 0


def test_one_line_a_customer_and_one_thread_with_every_channel(browser: StaffBrowser, lea: Customer) -> None:
    words = text_of(browser.get("/staff/inbox").text)
    assert "Léa" in words and "on a été coupés" in words and "Telegram, Web chat" in words
    page = browser.get(f"/staff/inbox/{lea.id}")
    words = text_of(page.text)
    for shown in ("mauvaise couleur", "on a été coupés", "Web chat", "Telegram", "Échanger", "Waits for a person",
                  "Asked for a person", "Returns", "Leaves on Telegram", "Nadia"):  # fmt: skip
        assert shown in words, shown
    assert len(re.findall(r'class="entry (?:in|out|note)', page.text)) == 4
    assert page.headers["Cache-Control"] == "no-store"


def test_an_answer_goes_out_where_they_wrote_last(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    led = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour Léa,\r\nje m’en occupe. 4111 1111 1111 1111"})
    assert (led.status_code, led.location) == (303, f"/staff/inbox/{lea.id}?done=sent")
    assert sent(shop) == [("telegram", "Bonjour Léa,\nje m’en occupe. •••• •••• •••• 1111")]
    words = text_of(browser.get(led.location).text)
    assert "Sent." in words and "je m’en occupe" in words and "A person answers · Nadia" in words
    part = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Encore là ?"}, **{"X-Part": "inbox-answer"})
    assert part.status_code == 200 and "Sent on Telegram." in text_of(part.text) and "<html" not in part.text


def test_what_was_refused_keeps_what_was_typed(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    for text, why in (
        ("", "There was nothing to send."),
        ("a" * 5000, "It carries 4096 signs."),
        ("Il en reste {stock}", "{stock}"),
    ):
        answer = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": text})
        assert answer.status_code == 409
        assert why in text_of(answer.text)
        assert text in answer.text
    assert sent(shop) == []


def test_a_closed_window_is_shown_and_another_channel_offered(
    shop: Shop, nadia: StaffMember, clock: ManualClock, lea: Customer
) -> None:
    rules = {**rules_of_channels(), "whatsapp": ChannelRules(1000, reply_window=timedelta(hours=24))}
    settings = load_settings(**(SETTINGS | {"data_dir": shop.settings.data_dir, "fake_payments": True}))
    with build_shop(settings, clock=clock, channels=rules) as other:
        browser = StaffBrowser(create_app(other), other, nadia)
        clock.advance(timedelta(minutes=1))
        says(other, ON_WHATSAPP, "bonjour", name="Léa")
        there = customer_of(other, ON_WHATSAPP)
        other.storage.write(lambda uow: uow.links.join(lea.id, there.id))
        assert "Leaves on WhatsApp · open until" in text_of(browser.get(f"/staff/inbox/{lea.id}").text)
        clock.advance(timedelta(hours=25))
        browser = StaffBrowser(create_app(other), other, nadia)
        page = browser.get(f"/staff/inbox/{lea.id}")
        assert "WhatsApp: closed since" in text_of(page.text)
        assert re.search(r'<option value="whatsapp:[^"]*" disabled', page.text)
        refused = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "bonjour"})
        assert refused.status_code == 409 and "nothing was sent" in text_of(refused.text)
        assert sent(other) == []
        done = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "bonjour", "via": LEA_TELEGRAM.lane})
        assert done.status_code == 303 and sent(other) == [("telegram", "bonjour")]


def test_taking_giving_back_and_passing_on(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    omar = add_member(shop, "omar", stores=("S2",))
    path = f"/staff/inbox/{lea.id}"
    stale = browser.post(f"{path}/take", {"version": version(shop, lea) + 1})
    assert stale.status_code == 409 and "Somebody was faster" in text_of(stale.text)
    assert browser.post(f"{path}/take", {"version": version(shop, lea)}).location.endswith("?done=taken")
    assert "Mine" in text_of(browser.get("/staff/inbox?shelf=mine").text)
    assert "Léa" in text_of(browser.get("/staff/inbox?shelf=mine").text)
    passed = browser.post(f"{path}/assign", {"version": version(shop, lea), "to": omar.id})
    assert passed.location.endswith("?done=assigned")
    assert "Waits for a person · Omar" in text_of(browser.get(path).text)
    part = browser.post(f"{path}/give-back", {"version": version(shop, lea)}, **{"X-Part": "inbox-thread"})
    assert part.status_code == 200 and "The bot answers again." in text_of(part.text)
    with shop.storage.read() as uow:
        found = uow.conversations.get(lea.id)
    assert found is not None and found.voice is Voice.BOT
    assert "Léa" in text_of(browser.get("/staff/inbox?shelf=closed").text)


def test_somebody_else_s_conversation_is_not_answered_by_mistake(
    browser: StaffBrowser, app: Flask, shop: Shop, lea: Customer
) -> None:
    omar = StaffBrowser(app, shop, add_member(shop, "omar"))
    browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour"})
    refused = omar.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour aussi"})
    assert refused.status_code == 409 and "Take over and send" in text_of(refused.text)
    again = omar.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour aussi", "take_over": "yes"})
    assert again.status_code == 303


def test_sending_and_giving_back_in_one(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonne journée !", "then": "give-back"})
    with shop.storage.read() as uow:
        found = uow.conversations.get(lea.id)
    assert found is not None and found.voice is Voice.BOT
    assert sent(shop) == [("telegram", "Bonne journée !")]


def test_a_call_is_noted(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    browser.post(f"/staff/inbox/{lea.id}/note", {"kind": "call", "text": "Échange accordé"})
    page = browser.get(f"/staff/inbox/{lea.id}")
    assert 'class="entry note' in page.text and "Échange accordé" in page.text and "Phone call" in page.text
    assert browser.post(f"/staff/inbox/{lea.id}/note", {"kind": "call", "text": " "}).status_code == 409
    assert browser.post(f"/staff/inbox/{lea.id}/note", {"kind": "telepathy", "text": "x"}).status_code == 404
    assert sent(shop) == []


def test_photos_are_for_whoever_reads_the_thread(browser: StaffBrowser, app: Flask, shop: Shop, lea: Customer) -> None:
    page = browser.get(f"/staff/inbox/{lea.id}").text
    path = re.search(r'<img src="(/staff/inbox/[0-9a-f]{32}/photos/\d+)"', page)
    assert path is not None
    photo = browser.get(path[1])
    assert photo.status_code == 200 and photo.headers["Cache-Control"] == "no-store"
    says(shop, SAM_TELEGRAM, "hello")
    sam = customer_of(shop, SAM_TELEGRAM)
    assert browser.get(path[1].replace(lea.id, sam.id)).status_code == 404
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    assert hugo.get(path[1]).status_code == 403
    assert StaffBrowser(app, shop).get(path[1]).status_code == 303


def test_finding_a_customer(browser: StaffBrowser, lea: Customer) -> None:
    for typed in ("léa", "couleur", "1001"):
        assert f"/staff/inbox/{lea.id}" in browser.get(f"/staff/inbox?q={typed}&shelf=mine").text, typed
    assert "Nobody is known by that." in text_of(browser.get("/staff/inbox?q=zzz").text)
    for typed in ("%00", "%27%22%3E", "%F0%9F%98%80"):
        assert browser.get(f"/staff/inbox?q={typed}").status_code == 200


def test_a_ready_made_reply_is_filled_and_the_same_twice_is_warned_of(
    browser: StaffBrowser, shop: Shop, lea: Customer
) -> None:
    canned(shop)
    page = browser.get(f"/staff/inbox/{lea.id}?canned=c0ffee").text
    typed = re.search(r"<textarea id=\"answer-text\"[^>]*>([^<]*)</textarea>", page)
    assert typed is not None and typed[1] == "Bonjour Léa, Lyon Bellecour est ouvert aujourd’hui jusqu’à 19:00."
    form = {"text": typed[1], "canned_id": "c0ffee"}
    assert browser.post(f"/staff/inbox/{lea.id}/answer", form).status_code == 303
    again = browser.post(f"/staff/inbox/{lea.id}/answer", form)
    assert again.status_code == 409 and "Send the same words again" in text_of(again.text)
    assert browser.post(f"/staff/inbox/{lea.id}/answer", {**form, "same_again": "yes"}).status_code == 303
    missing = browser.get(f"/staff/inbox/{lea.id}?canned=c1").text
    assert "Still to be filled in: {order}" in text_of(missing)


def test_whatever_people_write_is_text(browser: StaffBrowser, shop: Shop, nadia: StaffMember) -> None:
    says(shop, SAM_TELEGRAM, HOSTILE, name=HOSTILE)
    bot_says(shop, SAM_TELEGRAM, HOSTILE, cards=[{"title": HOSTILE, "facts": [HOSTILE]}], buttons=[{"label": HOSTILE}])
    shop.storage.write(lambda uow: uow.threads.add(SAM_TELEGRAM, Direction.OUT, "not json", shop.clock.now()))
    sam = customer_of(shop, SAM_TELEGRAM)
    browser.post(f"/staff/inbox/{sam.id}/note", {"kind": "note", "text": HOSTILE})
    for path in ("/staff/inbox?shelf=all", f"/staff/inbox/{sam.id}", f"/staff/customers/{sam.id}"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "{{7*7}}" in page.text.replace("&#39;", "'")


def test_older_pages_of_a_thread(browser: StaffBrowser, shop: Shop, nadia: StaffMember) -> None:
    for number in range(70):
        says(shop, SAM_TELEGRAM, f"message {number}")
    sam = customer_of(shop, SAM_TELEGRAM)
    page = browser.get(f"/staff/inbox/{sam.id}").text
    assert "message 69" in page and "message 9<" not in page
    older = re.search(r'href="(/staff/inbox/[^"]*before_id=\d+)"', page)
    assert older is not None
    assert "message 9<" in browser.get(older[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("path", ["/staff/inbox/" + "f" * 32, "/staff/inbox/x", "/staff/customers/" + "f" * 32])
def test_who_does_not_exist_is_not_found(browser: StaffBrowser, path: str) -> None:
    assert browser.get(path).status_code == 404
    assert browser.post(f"{path}/answer", {"text": "x"}).status_code == 404


def test_a_linked_customer_s_old_address_leads_on(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    with shop.storage.read() as uow:
        (merge,) = uow.links.merges_of(lea.id)
    led = browser.get(f"/staff/inbox/{merge.joined_id}")
    assert (led.status_code, led.location) == (303, f"/staff/inbox/{lea.id}")
    assert browser.get(f"/staff/customers/{merge.joined_id}").location == f"/staff/customers/{lea.id}"


def test_the_timeline_holds_every_channel(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    browser.post(f"/staff/inbox/{lea.id}/note", {"kind": "visit", "text": "Est passée"})
    words = text_of(browser.get(f"/staff/customers/{lea.id}").text)
    assert words.index("Est passée") < words.index("on a été coupés") < words.index("mauvaise couleur")
    assert "two became one customer" in words and "visit in the store" in words
    only = text_of(browser.get(f"/staff/customers/{lea.id}?kind=note").text)
    assert "Est passée" in only and "on a été coupés" not in only


def test_links_lead_to_one_s_own_stores_alone(browser: StaffBrowser, app: Flask, shop: Shop, lea: Customer) -> None:
    line = (variant_of(shop, "P1-navy-38"), 1)
    held = shop.storage.write(
        lambda uow: shop.reserving.place(uow, customer_id=lea.id, contact=LEA_TELEGRAM, store_id="S1", lines=[line])
    )
    path = f"/staff/pick-ups/reservation/{held.id}"
    omar = StaffBrowser(app, shop, add_member(shop, "omar", stores=("S2",)))
    for page in (f"/staff/inbox/{lea.id}", f"/staff/customers/{lea.id}"):
        assert path in browser.get(page).text
        theirs = omar.get(page).text
        assert path not in theirs and held.code in theirs
    assert browser.get(path).status_code == 200


def test_the_web_chat_says_who_spoke(browser: StaffBrowser, app: Flask, shop: Shop, nadia: StaffMember) -> None:
    """The shopper's browser: a person answers, so nobody pretends to be writing."""
    shopper = app.test_client()

    def says_there(number: int) -> dict[str, object]:
        sent = {"client_msg_id": f"message-{number}", "text": "bonjour"}
        answer = shopper.post("/api/v1/chat/messages", json=sent, headers=ORIGIN, base_url=HOST)
        return dict(answer.get_json())

    assert says_there(1)["person"] is False
    with shop.storage.read() as uow:
        lane = uow.inbox.waiting_lanes(shop.clock.now(), 1)[0]
    contact = Contact(*lane.split(":"))
    says(shop, contact, "bonjour", name="Léa")
    lea = customer_of(shop, contact)
    browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour, ici Nadia."})
    assert says_there(2)["person"] is True
    events = shopper.get("/api/v1/chat/events", base_url=HOST).get_json()["events"]
    reply = events[-1]["reply"]
    assert (reply["speaker"], reply["text"]) == ("Nadia", "Bonjour, ici Nadia.")
    assert nadia.id not in json.dumps(events)


# --- ready-made replies and the report: the owner's


@pytest.fixture
def owner(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop, add_member(shop, "owner", Role.OWNER))


def test_the_owner_writes_ready_made_replies(owner: StaffBrowser, browser: StaffBrowser, shop: Shop) -> None:
    form = {"title": "Merci", "text_fr": "Merci {name} !", "text_en": "Thank you, {name}!"}
    assert owner.post("/staff/replies", form).location == "/staff/replies?done=kept"
    with shop.storage.read() as uow:
        (reply,) = uow.conversations.canned()
    assert (reply.title, reply.text("en")) == ("Merci", "Thank you, {name}!")
    wrong = owner.post("/staff/replies", {**form, "id": reply.id, "text_fr": "Merci {prenom}"})
    assert wrong.status_code == 422 and "no such place" in text_of(wrong.text) and "Merci {prenom}" in wrong.text
    assert browser.post("/staff/replies", form).status_code == 403
    assert browser.post(f"/staff/replies/{reply.id}/remove").status_code == 403
    assert owner.post(f"/staff/replies/{reply.id}/remove").location == "/staff/replies?done=removed"
    assert owner.post(f"/staff/replies/{reply.id}/remove").status_code == 404


def test_the_report_as_a_page_and_as_a_file(
    owner: StaffBrowser, browser: StaffBrowser, shop: Shop, lea: Customer
) -> None:
    assert "Nobody of the team has answered" in text_of(owner.get("/staff/reports").text)
    browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour"})
    page = owner.get("/staff/reports?days=7").text
    assert '<rect class="free"' in page and "Nadia: 1 written, 0 edited, 0 ready-made as they are" in page
    assert "3 min" in text_of(page)
    file = owner.get("/staff/reports/answers.csv?days=7")
    assert file.mimetype == "text/csv"
    assert file.text.splitlines()[1:] == ["Nadia,1,0,0,1,0.0,180", "Everybody,1,0,0,1,0.0,180"]
    assert browser.get("/staff/reports").status_code == 403


def test_another_language(browser: StaffBrowser, lea: Customer) -> None:
    words = text_of(browser.get(f"/staff/inbox/{lea.id}?lang=fr").text)
    assert "Part sur Telegram" in words and "Rendre au bot" in words and "A demandé une personne" in words


def test_the_script_gets_parts(browser: StaffBrowser, lea: Customer) -> None:
    for part in ("inbox-list", "inbox-thread", "inbox-facts", "inbox-answer"):
        answer = browser.get(f"/staff/inbox/{lea.id}", **{"X-Part": part})
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith(("<section", "<aside")) and "<html" not in answer.text
    assert "Noted." in browser.get(f"/staff/inbox/{lea.id}?done=noted").text
    assert "Noted." not in browser.get(f"/staff/inbox/{lea.id}?done=noted", **{"X-Part": "inbox-thread"}).text


def test_a_link_of_two_channels_is_in_the_timeline(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    def link(uow: UnitOfWork) -> object:
        web = Contact("webchat", "web", "f" * 32)
        (theirs, *_) = uow.customers.contacts(lea.id)
        shop.customers.recognise(uow, web, language="fr")
        token = shop.linking.offer(uow, lea.id, theirs, TokenPurpose.LINK)
        return shop.linking.accept(uow, token, web)

    assert isinstance(shop.storage.write(link), Linked)
    with shop.storage.read() as uow:
        present = uow.customers.present_id(lea.id)
    page = browser.get(f"/staff/customers/{present}")
    assert page.status_code == 200 and "linked" in page.text.casefold()
