"""Photos from the team: read in the decoding child, sent on the customer's channel, shown to both, gone in time."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from flask import Flask

from bot.channels.telegram.send import TelegramChannel
from bot.render import render
from bot.wire import reply_from_json
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.customer import Contact, Customer
from commerce.domain.team import Role, StaffMember
from commerce.ports import ChannelRules
from commerce.wiring import Shop
from tests.unit.shoppable.shop_values import png
from tests.unit.shoppable.shopping import HOST, text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member
from tests.unit.shoppable.talking import LEA_CHAT, LEA_TELEGRAM, SAM_TELEGRAM, lea_asks, says
from vitrine.standins.telegram import TelegramStandIn

PHOTO = png(320, 400)


@pytest.fixture
def nadia(shop: Shop) -> StaffMember:
    return add_member(shop, "nadia")


@pytest.fixture
def lea(shop: Shop, nadia: StaffMember, clock: ManualClock) -> Customer:
    return lea_asks(shop, clock)


@pytest.fixture
def browser(app: Flask, shop: Shop, nadia: StaffMember) -> StaffBrowser:
    return StaffBrowser(app, shop, nadia)


def send(browser: StaffBrowser, customer: Customer, data: bytes, text: str = "", **form: str):
    photo = (io.BytesIO(data), "photo.png")
    return browser.post(f"/staff/inbox/{customer.id}/answer", {"text": text, "photo": photo, **form})


def queued(shop: Shop) -> list[tuple[Contact, str]]:
    """Replies that wait to be sent."""
    with shop.storage.read() as uow:
        rows = [uow.outbox.next_in(lane, shop.clock.now()) for lane in uow.outbox.waiting_lanes(shop.clock.now(), 100)]
    return [(row.message.contact, row.message.body) for row in rows if row and row.message.kind == "reply"]


def kept(shop: Shop) -> list[str]:
    with shop.storage.read() as uow:
        return uow.photos.due(shop.clock.now() + timedelta(days=10_000), 100)


def test_it_leaves_on_their_channel_and_stands_in_the_thread(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    led = send(browser, lea, PHOTO, "Voici l’étiquette de retour")
    assert (led.status_code, led.location) == (303, f"/staff/inbox/{lea.id}?done=sent")
    ((contact, body),) = queued(shop)
    assert contact == LEA_TELEGRAM
    reply = reply_from_json(body)
    assert reply.picture is not None and reply.picture.media_key == kept(shop)[0]
    clean = shop.media.get(reply.picture.media_key)
    assert clean is not None and clean.startswith(b"\xff\xd8\xff"), "a copy of our own, whatever was uploaded"
    page = browser.get(led.location)
    (entry,) = [each for each in page.text.split("<article")[1:] if "étiquette de retour" in each and "Nadia" in each]
    path = entry.partition('class="entry-photo" href="')[2].partition('"')[0]
    seen = browser.get(path)
    assert (seen.status_code, seen.data, seen.mimetype) == (200, clean, "image/jpeg")


def test_telegram_is_given_the_file_with_its_words(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    send(browser, lea, PHOTO, "Voici l’étiquette")
    ((contact, body),) = queued(shop)
    with TelegramStandIn() as telegram:
        telegram.person(int(contact.address), "Léa", "fr").start()
        channel = TelegramChannel(
            token=telegram.token, account=contact.account, api_url=telegram.url, media=shop.media, username="shop",
            timeout_s=5,
        )  # fmt: skip
        try:
            channel.send(contact, render(reply_from_json(body), channel.capabilities))
        finally:
            channel.close()
        (call,) = telegram.sent("sendPhoto")
    assert call.arguments["caption"].replace("\u00a0", " ") == "Nadia : Voici l’étiquette"


def test_the_web_chat_shows_it_to_that_shopper_alone(
    app: Flask, browser: StaffBrowser, shop: Shop, lea: Customer
) -> None:
    led = send(browser, lea, PHOTO, "", via=LEA_CHAT.lane)
    assert led.status_code == 303, text_of(led.text)
    (key,) = kept(shop)
    assert shop.photos.get(LEA_CHAT, key)
    for stranger in (SAM_TELEGRAM, Contact("webchat", "web", "b" * 32)):
        assert shop.photos.get(stranger, key) is None
    assert app.test_client().get(f"/photo/{key}", base_url=HOST).status_code == 404
    assert app.test_client().get(f"/media/{key}", base_url=HOST).status_code == 404
    with app.test_request_context():
        from shoppable.chat.entries import event

        with shop.storage.read() as uow:
            entry = uow.conversations.thread(lea.id, limit=1)[0]
        reply = event(entry)["reply"]
    assert reply is not None
    assert reply["picture"] == {"alt": "Photo de Nadia", "url": f"/photo/{key}"}
    assert reply["speaker"] == "Nadia"
    assert "Nadia: Photo" in text_of(browser.get("/staff/inbox?shelf=all").text)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"not a photo at all", "This is not a photo that we can read"),
        (PHOTO[:200], "This is not a photo that we can read"),
        (b"\xff\xd8\xff" + b"x" * (10 * 1024 * 1024 + 1), "This photo is too large"),
    ],
)
def test_what_cannot_be_read_is_not_sent_and_the_words_stay(
    browser: StaffBrowser, shop: Shop, lea: Customer, data: bytes, why: str
) -> None:
    refused = send(browser, lea, data, "Voici")
    assert refused.status_code == 409
    assert why in text_of(refused.text) and "Voici" in refused.text
    assert queued(shop) == [] and kept(shop) == []


def test_an_empty_field_is_no_photo(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    nothing = browser.post(f"/staff/inbox/{lea.id}/answer", {"text": "Bonjour", "photo": (io.BytesIO(b""), "")})
    assert nothing.status_code == 303
    assert "picture" not in json.loads(queued(shop)[0][1])


def test_what_is_refused_leaves_no_file(browser: StaffBrowser, shop: Shop, lea: Customer) -> None:
    before = set(shop.settings.data_dir.rglob("*.photo"))
    refused = send(browser, lea, PHOTO, "Il en reste {stock}")
    assert refused.status_code == 409 and "{stock}" in refused.text
    assert set(shop.settings.data_dir.rglob("*.photo")) == before
    assert kept(shop) == []


def test_a_channel_without_pictures_says_so(shop: Shop, app: Flask, nadia: StaffMember, lea: Customer) -> None:
    answers = shop.inbox._channels
    shop.inbox._channels = {**answers, "telegram": ChannelRules(1000, pictures=False)}
    try:
        refused = send(StaffBrowser(app, shop, nadia), lea, PHOTO, "Voici")
    finally:
        shop.inbox._channels = answers
    assert refused.status_code == 409 and "This channel carries no pictures" in text_of(refused.text)


def test_after_its_days_it_is_gone_everywhere(
    browser: StaffBrowser, shop: Shop, lea: Customer, clock: ManualClock
) -> None:
    send(browser, lea, PHOTO, "Voici")
    (key,) = kept(shop)
    clock.advance(timedelta(days=shop.settings.staff_photo_days) - timedelta(seconds=1))
    Worker(shop, []).chores.delete_photos()
    assert shop.media.get(key)
    clock.advance(timedelta(seconds=1))
    Worker(shop, []).chores.delete_photos()
    assert shop.media.get(key) is None
    with shop.storage.read() as uow:
        entry = uow.conversations.thread(lea.id, limit=1)[0]
        assert shop.inbox.photo(uow, lea.id, entry.id) is None


def test_whoever_may_not_read_the_inbox_sends_nothing(app: Flask, shop: Shop, lea: Customer) -> None:
    hugo = StaffBrowser(app, shop, add_member(shop, "hugo", Role.MARKETER))
    assert send(hugo, lea, PHOTO, "Voici").status_code == 403
    assert queued(shop) == [] and kept(shop) == []


def test_both_directions_are_on_record(browser: StaffBrowser, shop: Shop, lea: Customer, clock: ManualClock) -> None:
    says(shop, LEA_TELEGRAM, "", photo=b"\xff\xd8\xff not looked at")
    send(browser, lea, PHOTO, "")
    page = browser.get(f"/staff/inbox/{lea.id}").text
    assert page.count('class="entry-photo"') == 2
    with shop.storage.read() as uow:
        (entry,) = [each for each in uow.audit.find(subject=lea.id) if each.action == "answered"]
    assert entry.actor.startswith("staff:")
