"""What leaves through aiogram, as the stand-in sees it; and what each failure means for the outbox."""

import io
import json
import subprocess
import sys
import time
import zlib

import pytest
from PIL import Image

from bot.channels.port import PaymentAnswer
from bot.channels.telegram.client import TelegramClient, translate
from bot.channels.telegram.send import TelegramChannel
from bot.messages import Ask, Button, Card, Invoice, InvoiceItem, MediaRef, Reply, ReplyDocument, ReplyPicture
from bot.render import Outgoing, OutgoingKind, render
from commerce.domain.customer import Contact
from commerce.errors import FetchRefused, RetryLater, SendRefused, SendUnknown
from tests.unit.channels.bot_api_description import BotApi
from vitrine.standins.telegram import PROVIDER_TOKEN

LEA = Contact("telegram", "700700700", "1001")


def png(colour="navy", size=(640, 480)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


class Files(dict):
    """A media store in memory."""

    def put(self, data: bytes, suffix: str) -> str:
        key = f"{zlib.crc32(data):032x}{suffix}"
        self[key] = data
        return key

    def delete(self, key: str) -> None:
        self.pop(key, None)


@pytest.fixture
def files():
    return Files(dress=png(), jacket=png("grey"))


@pytest.fixture
def channel(telegram, files):
    made = TelegramChannel(
        token=telegram.token,
        account="700700700",
        api_url=telegram.url,
        media=files,
        username="shop",
        provider_token=PROVIDER_TOKEN,
        timeout_s=2,
    )
    yield made
    made.close()


def text(words, *rows):
    return Outgoing(OutgoingKind.TEXT, words, rows=rows)


def product(number: int) -> Card:
    buttons = (Button("Choisir ma taille", f"size:{number}"), Button("Voir en magasin", f"stores:{number}"))
    return Card(
        f"Robe {number}", ("79,00 €", "bleu marine"), ReplyPicture("Une robe", "dress"), buttons, product_id=number
    )


def test_replies_of_every_shape_pass_the_strict_api(channel, lea, telegram):
    for reply in (
        Reply("Bonjour !"),
        Reply("Choisissez", buttons=tuple(Button(str(size), f"size:{size}") for size in range(36, 60))),
        Reply("Où êtes-vous ?", buttons=(Button("📍 Partager", "loc"), Button("Ville", "city")), ask=Ask.LOCATION),
        Reply("Voici", cards=(product(1),), buttons=(Button("Plus", "more"),)),
        Reply("Voici", cards=(product(1), product(2), product(3)), buttons=(Button("Plus", "more"),)),
        Reply("Réservé", picture=ReplyPicture("QR", png=png("black", (200, 200))), buttons=(Button("Annuler", "x"),)),
        Reply("Itinéraire", buttons=(Button("Carte", url="https://maps.example/?q=45,4"),)),
    ):
        channel.send(LEA, render(reply, channel.capabilities))
    assert [call.code for call in telegram.calls] == [200] * len(telegram.calls)
    shown = lea.replies()
    assert shown[0].text == "Bonjour !"
    assert shown[2].asks_location == "📍 Partager"
    keys = telegram.calls[2].arguments["reply_markup"]["keyboard"]
    assert [key["text"] for row in keys for key in row] == ["📍 Partager", "Ville"]
    assert shown[3].photos and shown[3].buttons[0] == ("Choisir ma taille",)
    assert sum(len(message.photos) for message in shown[4:8]) == 3


def test_every_call_is_one_that_the_description_of_the_api_knows(channel, lea, telegram, shared):
    path = shared / "specs" / "telegram" / "api.json"
    if not path.is_file():
        pytest.skip(f"no Bot API description at {path}")
    test_replies_of_every_shape_pass_the_strict_api(channel, lea, telegram)
    lea.photo(png())
    photo = next(iter(telegram.files))
    channel.fetch_media(MediaRef(photo), 10**7)
    api = BotApi(path)
    methods = set()
    for call in telegram.calls:
        methods.add(call.method)
        assert api.call_problems(call.method, call.arguments) == [], call
    assert methods == {"sendMessage", "sendPhoto", "sendMediaGroup", "getFile"}


def test_texts_are_plain_whatever_they_hold(channel, lea, telegram):
    channel.send(LEA, [text("<b>5 < 6 & {{7*7}} *_` %s")])
    assert lea.replies()[0].text == "<b>5 < 6 & {{7*7}} *_` %s"
    sent = telegram.sent("sendMessage")[0].arguments
    assert "parse_mode" not in sent and sent["link_preview_options"] == {"is_disabled": True}


def test_links_that_telegram_refuses_on_buttons_become_text(channel, lea):
    link = Button("Voir", url="http://localhost:8000/p/1")
    channel.send(LEA, [text("Ici", (link, Button("Plus", "more")))])
    shown = lea.replies()[0]
    assert (shown.text, shown.buttons) == ("Ici\nVoir: http://localhost:8000/p/1", (("Plus",),))


def test_rows_and_buttons_are_cut_to_what_telegram_takes(channel, lea):
    channel.send(LEA, [text("a", tuple(Button(str(n), f"n:{n}") for n in range(130)))])
    rows = lea.replies()[0].buttons
    assert max(map(len, rows)) == 8 and sum(map(len, rows)) == 100


def test_the_keyboard_that_asked_for_the_position_goes_away_again(channel, lea, telegram):
    asks = Reply("Où ?", buttons=(Button("📍 ici", "loc"),), ask=Ask.LOCATION)
    channel.send(LEA, render(asks, channel.capabilities))
    assert lea.buttons == ["📍 ici"]
    channel.send(LEA, [text("Merci")])
    assert lea.buttons == []
    channel.send(LEA, [text("encore")])
    assert "reply_markup" not in telegram.sent("sendMessage")[-1].arguments


def test_groups_are_not_asked_for_a_position(channel, telegram):
    group = Contact("telegram", "700700700", "-1005")
    with pytest.raises(SendRefused, match="chat not found"):  # what matters is the call
        channel.send(
            group, [Outgoing(OutgoingKind.LOCATION_REQUEST, "Où ?", rows=((Button("📍", "l"),), (Button("V", "c"),)))]
        )
    markup = telegram.calls[-1].arguments["reply_markup"]
    assert markup == {"inline_keyboard": [[{"text": "V", "callback_data": "c"}]]}


def test_a_picture_is_uploaded_once(channel, lea, telegram):
    picture = Outgoing(OutgoingKind.PICTURE, "a", (ReplyPicture("Robe", "dress"),))
    channel.send(LEA, [picture])
    channel.send(LEA, [picture])
    first, second = (call.arguments["photo"] for call in telegram.sent("sendPhoto"))
    assert first.startswith("attach://") and second.startswith("standin-photos")
    telegram.files.clear()  # Telegram has forgotten it
    channel.send(LEA, [picture])
    assert len(lea.replies()) == 3


def test_a_picture_that_is_gone_leaves_its_words(channel, lea):
    channel.send(LEA, [Outgoing(OutgoingKind.PICTURE, "Robe — 79,00 €", (ReplyPicture("Robe", "gone"),))])
    shown = lea.replies()[0]
    assert (shown.text, shown.photos) == ("Robe — 79,00 €", ())


def test_too_fast_is_told_with_the_time_to_wait_and_nothing_is_sent_twice(channel, lea, telegram):
    messages = [text("un"), text("deux"), text("trois")]
    telegram.policy = lambda method, arguments: _too_fast() if len(telegram.sent("sendMessage")) == 1 else None
    with pytest.raises(RetryLater) as later:
        channel.send(LEA, messages)
    assert later.value.after_s == pytest.approx(1.1)
    telegram.policy = None
    time.sleep(later.value.after_s)
    assert len(channel.send(LEA, messages).split(",")) == 3
    assert [shown.text for shown in lea.replies()] == ["un", "deux", "trois"]
    assert telegram.early_sends == 0
    channel.send(LEA, messages)
    assert len(lea.replies()) == 3, "the same words later are new words"


def _too_fast():
    from vitrine.standins.telegram import Fault

    return Fault(status=429, retry_after_s=1)


@pytest.mark.parametrize(
    ("fault", "error", "arrived"),
    [
        ({"status": 500}, RetryLater, 0),
        ({"status": 502}, RetryLater, 0),
        ({"status": 429, "retry_after_s": 0}, RetryLater, 0),
        ({"status": 403}, SendRefused, 0),
        ({"status": 400}, SendRefused, 0),
        ({"status": 401}, RetryLater, 0),
        ({"status": 404}, RetryLater, 0),
        ({"drop": True}, SendUnknown, 1),
        ({"hang_s": 4}, SendUnknown, 1),
    ],
)
def test_what_a_failure_means(channel, lea, telegram, fault, error, arrived):
    telegram.fail("sendMessage", **fault)
    with pytest.raises(error) as raised:
        channel.send(LEA, [text("a")])
    assert telegram.token not in str(raised.value) and raised.value.__cause__ is None
    assert len(lea.screen) == arrived


def test_nobody_listening_means_that_nothing_was_delivered(telegram):
    channel = TelegramChannel(token=telegram.token, account="700700700", api_url="http://127.0.0.1:9", media=Files())
    with pytest.raises(RetryLater):
        channel.send(LEA, [text("a")])
    with pytest.raises(FetchRefused) as refused:
        channel.fetch_media(MediaRef("x"), 10)
    assert refused.value.reason == "unreachable"
    channel.close()


def test_people_who_left_are_refused_for_good(channel, lea):
    lea.block()
    with pytest.raises(SendRefused, match="blocked"):
        channel.send(LEA, [text("a")])
    with pytest.raises(SendRefused, match="chat not found"):
        channel.send(Contact("telegram", "700700700", "not-a-number"), [text("a")])


def test_errors_never_hold_the_token():
    token = "123456789:TESTTOKEN_abcdefghijklmnopqrstuvw"
    from aiogram.exceptions import TelegramNetworkError
    from aiogram.methods import GetMe

    error = TelegramNetworkError(GetMe(), f"Cannot open http://api/bot{token}/getMe")
    assert token not in str(translate(error, token))
    assert token not in str(translate(ValueError(token), token))


def test_photos_are_fetched_within_their_limit_even_when_their_size_is_not_told(channel, lea, telegram):
    lea.photo(png(size=(1000, 800)))
    file_id = next(iter(telegram.files))
    data = telegram.files[file_id].data
    assert channel.fetch_media(MediaRef(file_id), len(data)) == data
    for ref in (MediaRef(file_id), MediaRef(file_id, size_bytes=10**9)):
        with pytest.raises(FetchRefused, match="too_large"):
            channel.fetch_media(ref, 100)
    telegram.fail("file", hang_s=5)
    with pytest.raises(FetchRefused, match="unreachable"):
        channel.fetch_media(MediaRef(file_id), 10**6)


def test_the_pace_keeps_below_the_limit_of_a_bot(channel, lea):
    started = time.monotonic()
    for number in range(45):
        channel.send(LEA, [text(str(number))])
    assert time.monotonic() - started > 15 / 30 * 0.9, "30 at once, the others at 30 a second"


def test_closing_stops_the_thread_and_a_new_call_starts_another(telegram, lea):
    client = TelegramClient(telegram.token, telegram.url)

    async def who(bot):
        return (await bot.get_me()).username

    assert client.call(who) == telegram.username
    client.close()
    assert client.call(who) == telegram.username
    client.close()


def test_neither_the_doors_nor_the_description_of_channels_import_aiogram(tmp_path):
    script = (
        "import sys\n"
        "from bot.channels import build_channels, build_hooks, describe_channels\n"
        "from bot.webhooks import webhooks\n"
        "from commerce.settings import Settings\n"
        "token = '123456789:TESTTOKEN_abcdefghijklmnopqrstuvw'\n"
        "s = Settings(telegram_token=token, telegram_secret='tg_secret-TEST_01')\n"
        "(hook,) = build_hooks(s)\n"
        "import datetime, json\n"
        "body = json.dumps({'update_id': 1, 'message': {'message_id': 1, 'date': 1, 'chat': {'id': 1}}}).encode()\n"
        "hook.split(body, datetime.datetime.now(datetime.UTC))\n"
        "import bot.polling\n"
        "describe_channels(s)\n"
        "print(json.dumps(sorted({'aiogram', 'aiohttp', 'telegram'} & set(sys.modules))))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(run.stdout) == []


def test_threads_that_come_first_at_once_all_find_the_library_whole(tmp_path):
    script = (
        "import threading, time\n"
        "from bot.channels.telegram.client import TelegramClient\n"
        "from bot.channels.telegram.send import TelegramChannel\n"
        "from bot.messages import Button\n"
        "from bot.render import Outgoing, OutgoingKind\n"
        "from commerce.domain.customer import Contact\n"
        "from commerce.errors import RetryLater\n"
        "out = [Outgoing(OutgoingKind.TEXT, 'a', rows=((Button('b', 'c'),),))]\n"
        "ended = []\n"
        "def send(n):\n"
        "    time.sleep(n / 20)\n"
        "    channel = TelegramChannel(token='1:' + 'x' * 30, account='1', api_url='http://127.0.0.1:9', media=None)\n"
        "    if n % 2:\n"
        "        channel.client.warm()\n"
        "    try:\n"
        "        channel.send(Contact('telegram', '1', '5'), out)\n"
        "    except RetryLater:\n"
        "        ended.append(n)\n"
        "    channel.close()\n"
        "threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]\n"
        "[t.start() for t in threads]\n"
        "[t.join() for t in threads]\n"
        "print(len(ended))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (run.stdout.strip(), run.stderr) == ("8", "")


# --- paying ----------------------------------------------------------------------------------------------------------


def invoice(**changed) -> Invoice:
    items = (InvoiceItem("Baskets blanches, 42", 9490), InvoiceItem("Remise", -500))
    made = {"reference": "a" * 32, "title": "Commande 1044", "description": "Baskets blanches, 42", "currency": "EUR"}
    return Invoice(**(made | {"items": items, "pay_label": "Payer 89,90 €"} | changed))


def test_an_invoice_goes_out_with_its_buttons_and_cannot_be_paid_from_a_forwarded_copy(channel, lea, telegram, shared):
    reply = Reply("Votre facture :", buttons=(Button("Lien de paiement", "x"),), invoice=invoice())
    ids = channel.send(LEA, render(reply, channel.capabilities))
    assert len(ids.split(",")) == 2
    (call,) = telegram.sent("sendInvoice")
    assert sum(part["amount"] for part in call.arguments["prices"]) == 8990
    assert (call.arguments["currency"], call.arguments["payload"]) == ("EUR", "a" * 32)
    assert call.arguments["provider_token"] == PROVIDER_TOKEN
    assert call.arguments["start_parameter"]
    assert lea.screen[-1].buttons == (("Payer 89,90 €",), ("Lien de paiement",))
    path = shared / "specs" / "telegram" / "api.json"
    if path.is_file():
        assert BotApi(path).call_problems("sendInvoice", call.arguments) == []


def test_what_is_too_long_for_an_invoice_is_cut(channel, lea, telegram):
    long = invoice(title="Très " * 20, description="x\u202e" * 300, pay_label="P" * 90)
    channel.send(LEA, render(Reply("", invoice=long), channel.capabilities))
    (call,) = telegram.sent("sendInvoice")
    assert len(call.arguments["title"]) <= 32
    assert len(call.arguments["description"]) <= 255
    assert "\u202e" not in call.arguments["description"]


def test_a_payment_is_answered_once_and_the_words_of_a_no_arrive(channel, lea):
    channel.send(LEA, render(Reply("", invoice=invoice()), channel.capabilities))
    yes, no = lea.pay(), lea.pay()
    channel.answer_payment(PaymentAnswer(yes.query_id, ok=True))
    channel.answer_payment(PaymentAnswer(no.query_id, ok=False, why_not="La dernière paire vient d’être vendue."))
    assert (yes.ok, no.ok, no.why_not) == (True, False, "La dernière paire vient d’être vendue.")
    with pytest.raises(SendRefused):
        channel.answer_payment(PaymentAnswer(yes.query_id, ok=True))


def test_without_a_provider_there_are_no_invoices(telegram, files, lea):
    made = TelegramChannel(token=telegram.token, account="700700700", api_url=telegram.url, media=files)
    try:
        assert not made.capabilities.invoices
        made.send(LEA, render(Reply("Payez ici.", invoice=invoice()), made.capabilities))
        assert lea.screen[-1].text == "Payez ici."
        assert telegram.sent("sendInvoice") == []
    finally:
        made.close()


def test_a_file_arrives_byte_for_byte_with_its_words(channel, lea):
    receipt = ReplyDocument("recu-1043.txt", "Accusé de réception\n10/03/2026 10:04\n", "https://shop.example/r")
    reply = Reply("Voici votre reçu.", buttons=(Button("Merci", "help"),), document=receipt)
    channel.send(LEA, render(reply, channel.capabilities))
    (shown,) = lea.replies()
    assert shown.documents == (receipt.text.encode(),)
    assert (shown.text, shown.buttons) == ("Voici votre reçu.", (("Merci",),))
