"""The stand-in refuses what the Bot API refuses, and describes things as the Bot API does."""

import http.client
import io
import json
import random
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.channels.bot_api_description import BotApi
from vitrine.standins.telegram import PROVIDER_TOKEN, NoSuchButton, TelegramStandIn
from vitrine.standins.telegram.checks import METHODS, OBJECTS


def picture(size=(1600, 900), kind="PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def telegram():
    with TelegramStandIn() as standin:
        yield standin


@pytest.fixture
def lea(telegram):
    person = telegram.person(1001, "Léa", "fr")
    person.start()
    telegram.calls.clear()
    return person


@pytest.fixture(scope="module")
def bot_api(shared) -> BotApi:
    path = shared / "specs" / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip(f"no Bot API description at {path}")
    return BotApi(path)


def call(telegram, method, token=None, **arguments):
    body = json.dumps(arguments).encode()
    url = f"{telegram.url}/bot{token or telegram.token}/{method}"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def invoice(**changed):
    prices = [{"label": "Baskets", "amount": 9490}, {"label": "Remise", "amount": -500}]
    made = {"chat_id": 1001, "title": "Commande 1044", "description": "Baskets blanches, 42", "payload": "p" * 32}
    made |= {"provider_token": PROVIDER_TOKEN, "currency": "EUR", "prices": prices, "start_parameter": "invoice"}
    return made | changed


def keyboard(*rows):
    return {"inline_keyboard": [[{"text": text, "callback_data": data} for text, data in row] for row in rows]}


REFUSED = {
    "empty text": ("sendMessage", {"text": ""}, 400, "message text is empty"),
    "blank text": ("sendMessage", {"text": " \n "}, 400, "message text is empty"),
    "long text": ("sendMessage", {"text": "x" * 4097}, 400, "message is too long"),
    "long in UTF-16": ("sendMessage", {"text": "😀" * 2049}, 400, "message is too long"),
    "unknown chat": ("sendMessage", {"chat_id": 5, "text": "a"}, 400, "chat not found"),
    "chat by name": ("sendMessage", {"chat_id": "@nobody", "text": "a"}, 400, "chat not found"),
    "unknown field": ("sendMessage", {"text": "a", "reply_makrup": {}}, 400, "reply_makrup"),
    "unknown method": ("sendMesage", {"text": "a"}, 404, "method not found"),
    "open tag": ("sendMessage", {"text": "<b>a", "parse_mode": "HTML"}, 400, "Can't find end tag"),
    "wrong tag": ("sendMessage", {"text": "<div>a</div>", "parse_mode": "HTML"}, 400, 'Unsupported start tag "div"'),
    "crossed tags": ("sendMessage", {"text": "<b><i>a</b></i>", "parse_mode": "HTML"}, 400, "Unmatched end tag"),
    "only an end": ("sendMessage", {"text": "a</b>", "parse_mode": "HTML"}, 400, "Unexpected end tag"),
    "less than": ("sendMessage", {"text": "a < b", "parse_mode": "HTML"}, 400, "can't parse entities"),
    "empty once parsed": ("sendMessage", {"text": "<b> </b>", "parse_mode": "HTML"}, 400, "message text is empty"),
    "no parse mode": ("sendMessage", {"text": "a", "parse_mode": "XML"}, 400, "unsupported parse_mode"),
    "long title": ("sendInvoice", invoice(title="x" * 33), 400, "INVOICE_TITLE_INVALID"),
    "no title": ("sendInvoice", invoice(title=""), 400, "title"),
    "long description": ("sendInvoice", invoice(description="x" * 256), 400, "INVOICE_DESCRIPTION_INVALID"),
    "129 bytes of payload": ("sendInvoice", invoice(payload="é" * 64 + "x"), 400, "INVOICE_PAYLOAD_INVALID"),
    "no provider": ("sendInvoice", invoice(provider_token=""), 400, "PAYMENT_PROVIDER_INVALID"),
    "small currency": ("sendInvoice", invoice(currency="eur"), 400, "CURRENCY_INVALID"),
    "no prices": ("sendInvoice", invoice(prices=[]), 400, "price"),
    "nothing to pay": ("sendInvoice", invoice(prices=[{"label": "a", "amount": 0}]), 400, "must be positive"),
    "half a cent": ("sendInvoice", invoice(prices=[{"label": "a", "amount": 0.5}]), 400, "must be an Integer"),
    "too dear": ("sendInvoice", invoice(prices=[{"label": "a", "amount": 10**12}]), 400, "Too big amount"),
    "pays second": ("sendInvoice", invoice(reply_markup=keyboard([("a", "b")])), 400, "REPLY_MARKUP_BUY_EMPTY"),
    "answer to nothing": (
        "answerPreCheckoutQuery",
        {"pre_checkout_query_id": "5", "ok": True},
        400,
        "query is too old",
    ),
    "65 bytes": ("sendMessage", {"text": "a", "reply_markup": keyboard([("a", "x" * 65)])}, 400, "BUTTON_DATA_INVALID"),
    "33 × é": ("sendMessage", {"text": "a", "reply_markup": keyboard([("a", "é" * 33)])}, 400, "BUTTON_DATA_INVALID"),
    "no data": ("sendMessage", {"text": "a", "reply_markup": keyboard([("a", "")])}, 400, "BUTTON_DATA_INVALID"),
    "no label": ("sendMessage", {"text": "a", "reply_markup": keyboard([("", "x")])}, 400, "non-empty"),
    "101 buttons": (
        "sendMessage",
        {"text": "a", "reply_markup": keyboard(*[[("a", "x")]] * 101)},
        400,
        "reply markup is too long",
    ),
    "9 in a row": ("sendMessage", {"text": "a", "reply_markup": keyboard([("a", "x")] * 9)}, 400, "too long"),
    "button without use": (
        "sendMessage",
        {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
        400,
        "Text buttons are unallowed",
    ),
    "localhost": (
        "sendMessage",
        {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "http://localhost/x"}]]}},
        400,
        "Wrong HTTP URL",
    ),
    "misspelt in a button": (
        "sendMessage",
        {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "callbackdata": "x"}]]}},
        400,
        "callbackdata",
    ),
    "no photo": ("sendPhoto", {"photo": "nothing"}, 400, "wrong file identifier"),
    "group of one": ("sendMediaGroup", {"media": [{"type": "photo", "media": "x"}]}, 400, "2-10"),
    "group of eleven": ("sendMediaGroup", {"media": [{"type": "photo", "media": "x"}] * 11}, 400, "2-10"),
    "north of the pole": ("sendLocation", {"latitude": 91, "longitude": 0}, 400, "location is invalid"),
    "strange action": ("sendChatAction", {"action": "dancing"}, 400, "wrong parameter action"),
    "unknown tap": ("answerCallbackQuery", {"callback_query_id": "5"}, 400, "query is too old"),
    "unknown file": ("getFile", {"file_id": "x"}, 400, "invalid file_id"),
    "plain http": ("setWebhook", {"url": "http://shop.example/hooks/telegram"}, 400, "HTTPS URL"),
    "spaced secret": ("setWebhook", {"url": "https://shop.example/h", "secret_token": "a b"}, 400, "unallowed"),
    "unknown message": ("editMessageText", {"message_id": 999, "text": "a"}, 400, "message to edit not found"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_bot_api_refuses_is_refused_in_its_words(telegram, lea, name):
    method, arguments, code, words = REFUSED[name]
    if "chat_id" not in arguments and method not in (
        "answerCallbackQuery",
        "answerPreCheckoutQuery",
        "getFile",
        "setWebhook",
    ):
        arguments = {"chat_id": 1001, **arguments}
    status, answer = call(telegram, method, **arguments)
    assert (status, answer["ok"], answer["error_code"]) == (code, False, code)
    assert words in answer["description"]
    assert lea.screen == []


def test_what_is_within_the_limits_passes(telegram, lea):
    rows = [[("a" * 30, "x" * 64)] * 8] * 12 + [[("b", "y")] * 4]
    for arguments in (
        {"text": "😀" * 2048},
        {"text": "<b>a</b> &lt; <i>b</i>" + "&amp;" * 4000, "parse_mode": "HTML"},
        {"text": "a", "reply_markup": keyboard(*rows)},
    ):
        assert call(telegram, "sendMessage", chat_id=1001, **arguments)[0] == 200
    assert lea.screen[1].text.startswith("a < b&&&")


def test_people_who_never_wrote_or_who_left_cannot_be_written_to(telegram):
    sam = telegram.person(1002, "Sam", "en")
    assert call(telegram, "sendMessage", chat_id=1002, text="a") == (
        403,
        {"ok": False, "error_code": 403, "description": "Forbidden: bot can't initiate conversation with a user"},
    )
    sam.start()
    sam.block()
    assert "blocked by the user" in call(telegram, "sendMessage", chat_id=1002, text="a")[1]["description"]


def test_a_wrong_token_is_unauthorized(telegram):
    assert call(telegram, "getMe", token="1:wrong")[0] == 401


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


def test_what_is_said_of_an_invoice_is_what_the_description_says(bot_api, telegram, lea):
    bill = call(telegram, "sendInvoice", **invoice())[1]["result"]
    assert bot_api.problems(["Message"], bill) == []
    assert bot_api.call_problems("sendInvoice", invoice()) == []
    call(telegram, "answerPreCheckoutQuery", pre_checkout_query_id=lea.pay().query_id, ok=True)
    paid = call(telegram, "getUpdates")[1]["result"][-2:]
    assert [bot_api.problems(["Update"], update) for update in paid] == [[], []]


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


# --- against the description of the Bot API ---------------------------------------------------------------------------


def test_the_tables_name_every_field_of_every_method_and_object(bot_api):
    for method, (required, others) in METHODS.items():
        fields = bot_api.methods[method].get("fields", [])
        assert {*required, *others} == {field["name"] for field in fields}, method
        assert set(required) == {field["name"] for field in fields if field["required"]}, method
    for kind, (required, others) in OBJECTS.items():
        fields = bot_api.types[kind]["fields"]
        assert {*required, *others} == {field["name"] for field in fields}, kind
        assert set(required) == {field["name"] for field in fields if field["required"]}, kind


def test_what_the_stand_in_serves_is_what_the_description_says(bot_api, telegram, lea):
    lea.say("robe")
    lea.photo(picture(), "ça ?")
    lea.document(picture(), "image/png", "a.png")
    lea.share_location(45.76, 4.84)
    lea.voice()
    lea.sticker()
    lea.forward_photo(picture(), "Soldes", "Mode")
    sent = call(telegram, "sendMessage", chat_id=1001, text="?", reply_markup=keyboard([("Oui", "y")]))[1]["result"]
    lea.tap("Oui")
    for update in call(telegram, "getUpdates")[1]["result"]:
        assert bot_api.problems(["Update"], update) == []
    assert bot_api.problems(["Message"], sent) == []
    assert bot_api.problems(["User"], call(telegram, "getMe")[1]["result"]) == []
    assert bot_api.problems(["WebhookInfo"], call(telegram, "getWebhookInfo")[1]["result"]) == []
    place = call(telegram, "sendLocation", chat_id=1001, latitude=45.76, longitude=4.84)[1]["result"]
    assert bot_api.problems(["Message"], place) == []
    edited = call(telegram, "editMessageText", chat_id=1001, message_id=sent["message_id"], text="!")[1]["result"]
    assert bot_api.problems(["Message"], edited) == []
    file = call(telegram, "getFile", file_id=next(iter(telegram.files)))[1]["result"]
    assert bot_api.problems(["File"], file) == []


def test_recorded_updates_are_what_the_description_says(bot_api):
    folders = Path(__file__).parents[2] / "payloads"
    wrong_on_purpose = {"unknown_kind", "two_kinds", "malformed_message", "malformed_types"}
    wrong_on_purpose |= {"pre_checkout_query_malformed", "successful_payment_without_charge"}
    wrong_on_purpose |= {"malformed"}
    for path in sorted((*folders.glob("telegram/*.json"), *folders.glob("telegram_staff/*.json"))):
        if path.stem not in wrong_on_purpose:
            update = json.loads(path.read_text("utf-8"))["update"]
            assert bot_api.problems(["Update"], update) == [], path.stem


def test_the_checker_itself_finds_mistakes(bot_api):
    assert bot_api.call_problems("sendMessage", {"chat_id": 1, "text": "a"}) == []
    assert bot_api.call_problems("sendMesage", {})
    assert bot_api.call_problems("sendMessage", {"chat_id": 1})
    assert bot_api.call_problems("sendMessage", {"chat_id": True, "text": "a"})
    wrong = {"chat_id": 1, "text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "url2": "x"}]]}}
    assert bot_api.call_problems("sendMessage", wrong)


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
