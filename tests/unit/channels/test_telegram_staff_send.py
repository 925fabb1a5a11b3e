"""What leaves through python-telegram-bot, as the stand-in sees it; and what each failure means for the outbox."""

import io
import json
import socket
import subprocess
import sys

import pytest
from PIL import Image

from bot.channels.telegram_staff.register import register_webhook
from bot.channels.telegram_staff.send import StaffTelegram
from bot.messages import Button
from bot.staff.menu import offer_commands
from commerce.domain.customer import Contact
from commerce.errors import RetryLater, SendRefused, SendUnknown
from commerce.settings import Settings
from tests.contracts.channel_cases import Files
from tests.unit.channels.bot_api_description import BotApi

NADIA, GROUP = Contact("telegram-staff", "700700701", "2001"), Contact("telegram-staff", "700700701", "-1002001")


@pytest.fixture
def bot(telegram):
    return telegram.another_bot()


@pytest.fixture
def nadia(bot):
    person = bot.person(2001, "Nadia", "fr")
    person.started = True
    return person


@pytest.fixture
def group(bot, nadia):
    made = bot.group(-1002001, "Bellecour", is_forum=True)
    made.add_bot(nadia, admin=True, topics=True)
    return made


@pytest.fixture
def channel(telegram, bot):
    made = StaffTelegram(token=bot.token, account="700700701", api_url=telegram.url, media=Files(), timeout_s=2)
    yield made
    made.close()


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(buffer, "JPEG")
    return buffer.getvalue()


def test_words_pictures_buttons_and_answers(channel, nadia):
    first = channel.post(NADIA, "Léa", [[Button("Accepter", "c:1"), Button("Page", url="https://shop.example/x")]])
    channel.post(NADIA, "photo", picture=jpeg(), reply_to=first, silent=True)
    channel.post(NADIA, "Le code ?", asks=True)
    channel.post(NADIA, "là", [[Button("ici", url="http://localhost:8000/x")]], reply_to="99999")
    words, picture, question, link = nadia.screen
    assert words.buttons == (("Accepter", "Page"),)
    assert picture.photos and picture.raw["reply_to_message"]["message_id"] == int(first)
    assert question.text == "Le code ?"
    assert link.text == "là\nici: http://localhost:8000/x" and link.buttons == ()


def test_a_message_changes_in_its_place(channel, nadia):
    words = channel.post(NADIA, "un", [[Button("a", "b")]])
    picture = channel.post(NADIA, "un", picture=jpeg())
    assert channel.edit(NADIA, words, "deux") and channel.edit(NADIA, words, "deux"), "the same again does no harm"
    assert channel.edit(NADIA, picture, "deux", caption=True)
    assert channel.edit(NADIA, picture, "trois"), "whatever it is, its words are found"
    assert [shown.text for shown in nadia.screen] == ["deux", "trois"]
    assert nadia.screen[0].buttons == ()
    assert channel.edit(NADIA, "99999", "x") is False


def test_topics(channel, group):
    topic = channel.create_topic(GROUP, "Léa " * 60)
    assert len(group.topics[int(topic)].name) <= 128
    channel.post(GROUP, "bonjour", topic_id=topic)
    assert [shown.text for shown in group.in_topic(int(topic))] == ["bonjour"]
    for _ in "ab":
        channel.close_topic(GROUP, topic)
    assert group.topics[int(topic)].closed
    for _ in "ab":
        channel.reopen_topic(GROUP, topic)
    assert channel.may_manage_topics(GROUP)
    group.may_manage_topics = False
    assert not channel.may_manage_topics(GROUP)
    with pytest.raises(SendRefused, match="enough rights"):
        channel.create_topic(GROUP, "Sam")
    with pytest.raises(SendRefused, match="thread not found"):
        channel.post(GROUP, "x", topic_id="99999")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after_s": 7}, RetryLater),
        ({"status": 429}, RetryLater),
        ({"status": 500}, RetryLater),
        ({"status": 502}, RetryLater),
        ({"status": 401}, RetryLater),
        ({"status": 404}, RetryLater),
        ({"status": 400}, SendRefused),
        ({"status": 403}, SendRefused),
        ({"drop": True}, SendUnknown),
        ({"hang_s": 3.0}, SendUnknown),
    ],
    ids=str,
)
def test_what_a_failure_means(channel, bot, nadia, fault, error):
    bot.fail("sendMessage", **fault)
    with pytest.raises(error) as raised:
        channel.post(NADIA, "a")
    assert bot.token not in str(raised.value)
    if fault.get("retry_after_s"):
        assert raised.value.after_s == pytest.approx(7.1)


def test_nothing_listens_there():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token = "700700701:" + "x" * 35
    made = StaffTelegram(token=token, account="700700701", api_url=f"http://127.0.0.1:{port}", media=Files())
    with pytest.raises(RetryLater) as raised:
        made.post(NADIA, "a")
    made.close()
    assert token not in str(raised.value)


def test_blocked_unknown_and_moved_chats_are_refused(channel, nadia, group):
    group.move(nadia, -1009009)
    nadia.blocked = True
    for chat in (NADIA, GROUP, Contact("telegram-staff", "700700701", "nobody")):
        with pytest.raises(SendRefused):
            channel.post(chat, "a")


def test_every_call_is_one_that_the_description_knows(channel, bot, nadia, group, shared):
    path = shared / "specs" / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip(f"no Bot API description at {path}")
    api = BotApi(path)
    topic = channel.create_topic(GROUP, "Léa")
    sent = channel.post(GROUP, "a", [[Button("b", "c")]], topic_id=topic, silent=True)
    channel.edit(GROUP, sent, "b")
    channel.post(NADIA, "a", asks=True, reply_to=sent)
    group.tap(nadia, "b") if group.buttons else None
    channel.may_manage_topics(GROUP)
    channel.client.set_commands([("board", "ce qui est à retirer")], "fr")
    channel.close_topic(GROUP, topic)
    for call in bot.calls:
        assert call.code == 200, call
        assert api.call_problems(call.method, call.arguments) == [], call
    made = bot.messages[(-1002001, int(sent))]
    assert api.problems(["Message"], made) == []
    for update in bot.updates_from(0, 100, 0, {}):
        assert api.problems(["Update"], update) == []


def test_the_webhook_is_told_with_the_newest_secret(telegram, bot, tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        base_url="https://shop.example",
        staff_telegram_token=bot.token,
        staff_telegram_secret="new-secret-of-the-hook,old-secret-of-the-hook",
        telegram_api_url=telegram.url,
    )
    assert register_webhook(settings)
    assert bot.webhook_info()["url"] == "https://shop.example/hooks/telegram-staff"
    assert bot.calls[-1].arguments["secret_token"] == "new-secret-of-the-hook"
    assert telegram.webhook_info()["url"] == "", "the shopper's bot is another one"
    assert register_webhook(Settings(data_dir=tmp_path, staff_telegram_token=bot.token)) is False


def test_the_shopper_s_token_is_not_taken_for_the_staff(tmp_path):
    from bot.channels import telegram_staff

    token = "700700700:" + "x" * 35
    settings = Settings(data_dir=tmp_path, telegram_token=token, staff_telegram_token=token)
    assert "one of their own" in telegram_staff.off_because(settings)


def test_neither_the_doors_nor_what_answers_import_the_library(tmp_path):
    script = (
        "import sys, json, datetime\n"
        "from bot.channels import build_hooks, describe_channels\n"
        "import bot.worker, bot.polling, bot.staff.dispatch\n"
        "from commerce.settings import Settings\n"
        "s = Settings(staff_telegram_token='700700701:' + 'x' * 35, staff_telegram_secret='tg_secret-TEST_01')\n"
        "(hook,) = build_hooks(s)\n"
        "message = {'message_id': 1, 'date': 1, 'chat': {'id': 1}}\n"
        "hook.split(json.dumps({'update_id': 1, 'message': message}).encode(), datetime.datetime.now(datetime.UTC))\n"
        "describe_channels(s)\n"
        "print(json.dumps(sorted({'aiogram', 'httpx', 'telegram'} & set(sys.modules))))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(run.stdout) == []


def test_the_commands_are_offered_in_every_language_of_the_shop(telegram, bot, tmp_path):
    settings = Settings(data_dir=tmp_path, staff_telegram_token=bot.token, telegram_api_url=telegram.url)
    assert offer_commands(settings)
    told = {call.arguments.get("language_code", ""): call.arguments["commands"] for call in bot.sent("setMyCommands")}
    assert set(told) == {"", "fr", "en"} and told[""] == told["fr"] != told["en"]
    assert {command["command"] for command in told["en"]} >= {"board", "pause", "resume", "here", "help"}
    assert offer_commands(Settings(data_dir=tmp_path)) is False
