"""The stand-in describes things as the Bot API describes them."""

import json
from pathlib import Path

from tests.unit.channels.calls import call, invoice, keyboard, picture
from vitrine.standins.telegram.checks import METHODS, OBJECTS


def test_what_is_said_of_an_invoice_is_what_the_description_says(bot_api, telegram, lea):
    bill = call(telegram, "sendInvoice", **invoice())[1]["result"]
    assert bot_api.problems(["Message"], bill) == []
    assert bot_api.call_problems("sendInvoice", invoice()) == []
    call(telegram, "answerPreCheckoutQuery", pre_checkout_query_id=lea.pay().query_id, ok=True)
    paid = call(telegram, "getUpdates")[1]["result"][-2:]
    assert [bot_api.problems(["Update"], update) for update in paid] == [[], []]


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
