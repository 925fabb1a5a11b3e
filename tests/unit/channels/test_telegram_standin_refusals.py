"""The stand-in refuses what the Bot API refuses, in its words."""

import pytest

from tests.unit.channels.calls import call, invoice, keyboard

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
