"""The stand-in does as the Bot API does: updates, taps, photos, invoices, groups."""

import http.client
import io
import json
import random
import threading
import time
import urllib.error
import urllib.request

import pytest
from PIL import Image

from tests.unit.channels.calls import call, invoice, keyboard, picture
from vitrine.standins.telegram import NoSuchButton
from vitrine.standins.telegram.screen import Screen, Shown


def test_updates_are_given_again_until_they_are_confirmed(telegram, lea):
    lea.say("un")
    lea.say("deux")
    first = call(telegram, "getUpdates", timeout=0)[1]["result"]
    assert [u["message"]["text"] for u in first] == ["/start", "un", "deux"]
    assert call(telegram, "getUpdates")[1]["result"] == first
    rest = call(telegram, "getUpdates", offset=first[0]["update_id"] + 1, limit=1)[1]["result"]
    assert [u["message"]["text"] for u in rest] == ["un"]
    assert call(telegram, "getUpdates", offset=first[-1]["update_id"] + 1)[1]["result"] == []
    assert telegram.pending == 0


def test_a_long_poll_ends_with_the_first_news_and_a_second_poller_ends_the_first(telegram, lea):
    offset = call(telegram, "getUpdates")[1]["result"][-1]["update_id"] + 1
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(call(telegram, "getUpdates", offset=offset, timeout=20)))
    waiting.start()
    time.sleep(0.2)
    lea.say("bonjour")
    waiting.join(5)
    assert answers[0][1]["result"][0]["message"]["text"] == "bonjour"

    offset += 1
    waiting = threading.Thread(target=lambda: answers.append(call(telegram, "getUpdates", offset=offset, timeout=20)))
    waiting.start()
    time.sleep(0.2)
    call(telegram, "getUpdates", offset=offset)
    waiting.join(5)
    assert (answers[1][0], "terminated by other getUpdates" in answers[1][1]["description"]) == (409, True)


def test_polling_and_webhook_exclude_each_other(telegram, lea):
    assert call(telegram, "setWebhook", url="https://shop.example/h", secret_token="abc")[0] == 200
    assert call(telegram, "getUpdates")[0] == 409
    info = call(telegram, "getWebhookInfo")[1]["result"]
    assert (info["url"], info["pending_update_count"]) == ("https://shop.example/h", 1)
    call(telegram, "deleteWebhook")
    assert len(call(telegram, "getUpdates")[1]["result"]) == 1, "nothing was dropped"


def test_taps_find_buttons_by_label_and_are_answered_once(telegram, lea):
    call(telegram, "sendMessage", chat_id=1001, text="?", reply_markup=keyboard([("Oui", "y"), ("Non", "n")]))
    lea.tap("Oui")
    query = call(telegram, "getUpdates")[1]["result"][-1]["callback_query"]
    assert (query["data"], query["message"]["text"]) == ("y", "?")
    assert call(telegram, "answerCallbackQuery", callback_query_id=query["id"])[1] == {"ok": True, "result": True}
    assert call(telegram, "answerCallbackQuery", callback_query_id=query["id"])[0] == 400
    with pytest.raises(NoSuchButton):
        lea.tap("Peut-être")


def test_a_reply_keyboard_stays_until_it_is_taken_away_and_its_keys_write_their_label(telegram, lea):
    keys = {"keyboard": [[{"text": "📍", "request_location": True}], [{"text": "Saisir une ville"}]]}
    call(telegram, "sendMessage", chat_id=1001, text="Où ?", reply_markup=keys)
    assert lea.screen[-1].asks_location == "📍"
    lea.tap("Saisir une ville")
    with pytest.raises(NoSuchButton):
        lea.tap("📍")
    call(telegram, "sendMessage", chat_id=1001, text="ok", reply_markup={"remove_keyboard": True})
    assert lea.buttons == []
    assert call(telegram, "getUpdates")[1]["result"][-1]["message"]["text"] == "Saisir une ville"


def test_photos_come_in_several_sizes_and_can_be_fetched(telegram, lea):
    lea.photo(picture(), "ça ?")
    message = call(telegram, "getUpdates")[1]["result"][-1]["message"]
    assert [(size["width"], size["height"]) for size in message["photo"]] == [
        (90, 51),
        (320, 180),
        (800, 450),
        (1280, 720),
    ]
    file = call(telegram, "getFile", file_id=message["photo"][1]["file_id"])[1]["result"]
    with urllib.request.urlopen(f"{telegram.url}/file/bot{telegram.token}/{file['file_path']}") as response:
        data = response.read()
    assert len(data) == file["file_size"] and Image.open(io.BytesIO(data)).size == (320, 180)


def test_it_fails_when_told_and_counts_who_does_not_wait(telegram, lea):
    telegram.fail("sendMessage", status=429, retry_after_s=1)
    status, answer = call(telegram, "sendMessage", chat_id=1001, text="a")
    assert (status, answer["parameters"]) == (429, {"retry_after": 1})
    assert call(telegram, "sendMessage", chat_id=1001, text="a")[0] == 429
    assert telegram.early_sends == 1
    time.sleep(1.05)
    assert call(telegram, "sendMessage", chat_id=1001, text="a")[0] == 200
    telegram.fail("sendMessage", drop=True)
    with pytest.raises((http.client.HTTPException, OSError)):
        call(telegram, "sendMessage", chat_id=1001, text="dropped")
    assert [shown.text for shown in lea.screen] == ["a", "dropped"], "done, though nobody was told"
    telegram.fail("sendMessage", status=502)
    assert call(telegram, "sendMessage", chat_id=1001, text="b")[0] == 502


def test_it_can_be_rehearsed_over_http(telegram):
    def post(path, **body):
        request = urllib.request.Request(f"{telegram.url}/standin/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    assert post("people", id=1002, name="Sam", language="en")["first_name"] == "Sam"
    post("people/1002/say", text="dress")
    call(telegram, "sendMessage", chat_id=1002, text="Here", reply_markup=keyboard([("More", "m")]))
    with urllib.request.urlopen(f"{telegram.url}/standin/people/1002/screen") as response:
        screen = json.load(response)
    assert (screen["messages"][0]["text"], screen["buttons"]) == ("Here", ["More"])
    post("people/1002/tap", label="More")
    assert len(call(telegram, "getUpdates")[1]["result"]) == 2
    with pytest.raises(urllib.error.HTTPError):
        post("people/1002/tap", label="Less")


def test_copies_and_shuffles_are_repeatable(telegram, lea):
    def batch(seed):
        got = []
        telegram.deliver = lambda update: got.append(update["message"]["text"]) or True
        telegram.set_webhook("https://shop.example/h", "", None, 40, drop=True)
        with telegram.held(random.Random(seed), copies=5):
            for word in "abcdef":
                lea.say(word)
        return got

    first = batch(3)
    assert set(first) == set("abcdef") and len(first) > 6 and first == batch(3) != batch(4)


# --- paying ----------------------------------------------------------------------------------------------------------


def updates(telegram, kind):
    return [update[kind] for update in call(telegram, "getUpdates")[1]["result"] if kind in update]


def test_an_invoice_is_charged_when_the_bot_says_yes(telegram, lea):
    assert call(telegram, "sendInvoice", **invoice())[1]["result"]["invoice"]["total_amount"] == 8990
    payment = lea.pay()
    (query,) = updates(telegram, "pre_checkout_query")
    assert (query["total_amount"], query["currency"], query["invoice_payload"]) == (8990, "EUR", "p" * 32)
    assert payment.ok is None
    answer = {"pre_checkout_query_id": query["id"], "ok": True}
    assert call(telegram, "answerPreCheckoutQuery", **answer)[1]["result"] is True
    paid = updates(telegram, "message")[-1]["successful_payment"]
    assert (paid["total_amount"], paid["invoice_payload"]) == (8990, "p" * 32)
    assert paid["telegram_payment_charge_id"] == payment.charge_id
    assert call(telegram, "answerPreCheckoutQuery", **answer)[0] == 400, "a question is answered once"


def test_a_no_needs_a_reason_and_charges_nobody(telegram, lea):
    button = {"inline_keyboard": [[{"text": "Payer", "pay": True}], [{"text": "Autrement", "callback_data": "x"}]]}
    call(telegram, "sendInvoice", **invoice(reply_markup=button))
    lea.tap("Payer")
    (payment,) = telegram.desk.payments.values()
    answer = {"pre_checkout_query_id": payment.query_id, "ok": False}
    assert call(telegram, "answerPreCheckoutQuery", **answer)[0] == 400
    assert call(telegram, "answerPreCheckoutQuery", **answer, error_message="Vendue.")[0] == 200
    assert (payment.ok, payment.why_not) == (False, "Vendue.")
    assert not any("successful_payment" in message for message in updates(telegram, "message"))


def test_a_late_answer_is_no_answer(telegram, lea):
    call(telegram, "sendInvoice", **invoice())
    payment = lea.pay()
    payment.asked_at_s -= 10.1
    answer = {"pre_checkout_query_id": payment.query_id, "ok": True}
    assert "too old" in call(telegram, "answerPreCheckoutQuery", **answer)[1]["description"]
    assert payment.ok is None


def test_a_payment_may_be_told_several_times(telegram, lea):
    telegram.desk.copies = 3
    call(telegram, "sendInvoice", **invoice())
    call(telegram, "answerPreCheckoutQuery", pre_checkout_query_id=lea.pay().query_id, ok=True)
    assert len([message for message in updates(telegram, "message") if "successful_payment" in message]) == 3


def test_in_a_group_a_bot_hears_what_is_for_it_and_as_an_administrator_everything(telegram, lea):
    staff = telegram.another_bot()
    nadia, group = staff.person(2001, "Nadia"), staff.group(-1001, "Bellecour", is_forum=True)
    group.say(nadia, "/here S1")
    assert staff.pending == 0, "it is not in there yet"
    group.add_bot(nadia)
    for said in ("bonjour", "/here S1", "@vitrine_rehearsal_staff_bot ?"):
        group.say(nadia, said)
    assert [u["message"]["text"] for u in staff.updates_from(0, 100, 0, {}) if "message" in u] == [
        "/here S1", "@vitrine_rehearsal_staff_bot ?",
    ]  # fmt: skip
    refused = call(telegram, "createForumTopic", staff.token, chat_id=-1001, name="Léa")
    assert refused == (400, refused[1]) and "not enough rights" in refused[1]["description"]
    group.add_bot(nadia, admin=True, topics=True)
    group.say(nadia, "entre nous")
    assert staff.updates_from(0, 100, 0, {})[-1]["message"]["text"] == "entre nous"
    topic = call(telegram, "createForumTopic", staff.token, chat_id=-1001, name="Léa")[1]["result"]["message_thread_id"]
    group.close_topic(nadia, topic)
    assert call(telegram, "closeForumTopic", staff.token, chat_id=-1001, message_thread_id=topic)[0] == 400
    group.remove_bot(nadia)
    code, answer = call(telegram, "sendMessage", staff.token, chat_id=-1001, text="a")
    assert (code, answer["description"]) == (403, "Forbidden: bot was kicked from the supergroup chat")
    assert call(telegram, "sendMessage", chat_id=-1001, text="a")[0] == 400, "the other bot knows no such chat"


def test_both_bots_can_be_rehearsed_over_http(telegram, lea):
    staff = telegram.another_bot()
    nadia, group = staff.person(2001, "Nadia"), staff.group(-1001, "Bellecour")
    group.add_bot(nadia, admin=True)

    def control(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{telegram.url}/standin/{path}?bot={staff.username}", data) as answer:
            return json.load(answer)

    button = {"inline_keyboard": [[{"text": "Accepter", "callback_data": "x"}]]}
    call(telegram, "sendMessage", staff.token, chat_id=-1001, text="carte", reply_markup=button)
    assert control("groups/-1001/screen")["buttons"] == ["Accepter"]
    assert control("groups/-1001/tap", {"person": 2001, "label": "Accepter"}) == {"url": ""}
    assert control("groups/-1001/say", {"person": 2001, "text": "/board"}) == {"ok": True}
    kinds = [next(k for k in update if k != "update_id") for update in staff.updates_from(0, 100, 0, {})]
    assert kinds == ["my_chat_member", "callback_query", "message"]
    assert telegram.pending == 1, "what is Léa’s reaches the shopper’s bot alone"


def test_a_message_that_goes_takes_none_of_the_unread_ones_along():
    screen = Screen()
    for number in (1, 2):
        screen.show(Shown(number, "seen"))
    assert len(screen.replies()) == 2
    screen.show(Shown(3, "new"))
    screen.hide(1)
    assert [shown.message_id for shown in screen.replies()] == [3]
    screen.hide(3)
    assert screen.replies() == [] and [shown.message_id for shown in screen.screen] == [2]
