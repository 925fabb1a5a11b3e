"""J7: the Wi-Fi is cut. From the web chat to Telegram to the telephone, with Nadia, and nothing is said twice."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from bot.channels import rules_of_channels
from bot.channels.recorder.send import Recorder
from bot.channels.telegram_staff.send import StaffTelegram
from bot.worker import Worker
from commerce.clock import ManualClock
from commerce.domain.conversation import Conversation, HandoffReason, NoteKind, StaffAnswer, Voice
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, ThreadEntry
from commerce.domain.staff import TaskKind
from commerce.domain.team import Role, StaffMember, StaffSession
from commerce.ids import SeededIds
from commerce.ports import UnitOfWork
from commerce.services.inbox import Answered
from commerce.settings import load_settings
from commerce.wiring import Shop, build_shop
from tests.contracts.staff_values import a_member
from tests.journeys.conftest import ON_POSTGRESQL, People
from tests.journeys.drivers.memory import MemoryDriver
from tests.journeys.drivers.telegram import TelegramRig
from tests.journeys.drivers.webchat import WebChatDriver
from tests.journeys.dsl import Talk
from tests.unit.bot.staff.conftest import Office
from vitrine.fixture import build_fixture
from vitrine.fixture_orders import add_orders
from vitrine.standins.telegram import TelegramStandIn

PARIS = ZoneInfo("Europe/Paris")
WRONG = (
    "j’ai reçu la mauvaise couleur, pas d’étiquette de retour, commande 1042"
    " ‖ I got the wrong colour and have no return label, order 1042"
)
I_SEE = "Je vois votre commande n° 1042 ‖ I can see your order no. 1042"
PERSON = "Parler à un conseiller ‖ Talk to a person"
TAKES_OVER = "Nadia prend le relais (environ 3 min). Je vous laisse entre vous. ‖ Nadia is taking over (about 3 min)."
BACK = "Je reprends. Autre chose ? ‖ I’m back. Anything else?"
CALL = "Voulez-vous être rappelée ? ‖ Shall we call you back?"
NOISE = (
    "vous êtes là ? ‖ are you there?",
    "allô ‖ hello",
    "la deuxième ‖ the second one",
    "robe en lin ‖ linen dress",
    "/start",
)

# Where taps come from buttons: a terminal has none under news.
on_stages_with_buttons = pytest.mark.parametrize(
    "stage", ["memory", ON_POSTGRESQL, "webchat", "telegram-webhook"], indirect=True
)


@dataclass
class Counter:
    """Nadia at the counter."""

    shop: Shop
    nadia: StaffMember

    def conversation(self, contact: Contact) -> Conversation:
        with self.shop.storage.read() as uow:
            customer = uow.customers.by_contact(contact)
            assert customer is not None
            found = uow.conversations.get(customer.id)
        assert found is not None
        return found

    def thread(self, contact: Contact) -> list[ThreadEntry]:
        """Oldest first, of all doors."""
        there = self.conversation(contact)
        with self.shop.storage.read() as uow:
            return uow.conversations.thread(there.customer_id, limit=200)[::-1]

    def answers(self, contact: Contact, text: str, *, written_in: str = "web") -> Answered:
        there = self.conversation(contact)
        done = self.shop.storage.write(
            lambda uow: self.shop.inbox.answer(uow, self.nadia, there.customer_id, text, written_in=written_in)
        )
        assert isinstance(done, Answered), done
        return done

    def gives_back(self, contact: Contact) -> None:
        there = self.conversation(contact)
        given = self.shop.storage.write(
            lambda uow: self.shop.handoff.give_back(uow, self.nadia, there.customer_id, there.version)
        )
        assert isinstance(given, Conversation)


def hire(shop: Shop) -> Counter:
    """Nadia, who knows returns, signed in now; her last answers took about three minutes."""
    now = shop.clock.now()
    nadia = a_member("nadia", id="a" * 32, languages=("fr", "en"), skills=("returns",))

    def work(uow: UnitOfWork) -> None:
        uow.team.add(nadia)
        uow.team.add_session(StaffSession("5" * 64, nadia.id, now, now, now + timedelta(days=9)))
        for waited_s in (120, 170, 300):
            uow.conversations.answered(StaffAnswer(nadia.id, "somebody", now, "", False, waited_s))

    shop.storage.write(work)
    return Counter(shop, nadia)


def open_shop(data_dir: Path, clock: ManualClock, ids: SeededIds, **more: object) -> Shop:
    settings = load_settings(**({"data_dir": data_dir, "secret_key": "s" * 32, "fake_payments": True} | more))
    return build_shop(settings, clock=clock, ids=ids, channels=rules_of_channels())


@pytest.fixture
def shop(data_dir: Path, database_url: str, clock: ManualClock, ids: SeededIds) -> Iterator[Shop]:
    with open_shop(data_dir, clock, ids, database_url=database_url, encoder="none") as shop:
        if database_url:
            build_fixture(shop, pictures=False)
        shop.index_keeper.refresh()
        yield shop


@pytest.fixture
def counter(shop: Shop) -> Counter:
    return hire(shop)


@pytest.fixture
def lea(shop: Shop, person: People, language: str) -> Talk:
    talk = person("Léa")
    talk.say("bonjour ‖ hello")
    add_orders(shop, talk.driver.contact, language=language)
    return talk


def silent(talk: Talk, *lines: str) -> None:
    """None of it is answered."""
    for line in lines:
        talk.say(line)
        assert talk.last == [], (line, talk.text)


@on_stages_with_buttons
def test_with_nadia_and_without_a_word_of_the_bot(
    counter: Counter, clock: ManualClock, timekeeper: Worker, lea: Talk
) -> None:
    contact = lea.driver.contact
    lea.say(WRONG).expect(I_SEE)
    lea.expect_buttons("Échanger ‖ Exchange", "Rembourser ‖ Refund", PERSON)
    lea.tap(PERSON).expect(TAKES_OVER)
    there = counter.conversation(contact)
    assert (there.voice, there.reason, there.assigned_to) == (
        Voice.NOBODY_YET,
        HandoffReason.ORDER_TROUBLE,
        counter.nadia.id,
    )
    assert len(there.summary.splitlines()) <= 3
    assert "1042" in there.summary and lea.of(WRONG) in there.summary

    silent(lea, *NOISE)
    assert lea.share_location(45.76, 4.83).last == []
    counter.answers(contact, "Bonjour Léa, je regarde votre commande 1042.")
    lea.wait().expect("je regarde votre commande 1042")
    silent(lea, *NOISE)
    counter.answers(contact, "Voici votre étiquette.", written_in="group")
    lea.wait().expect("Voici votre étiquette.")
    silent(lea, *NOISE)
    assert counter.conversation(contact).voice is Voice.PERSON

    said = [json.loads(entry.body).get("text") for entry in counter.thread(contact)]
    assert lea.of(WRONG) in said and lea.of(NOISE[0]) in said, "everything is in the thread"

    counter.answers(contact, "C’est réglé.")
    counter.gives_back(contact)
    lea.wait().expect("C’est réglé.", BACK)
    lea.say("ma commande 1043 ‖ my order 1043").expect("1043")


@on_stages_with_buttons
def test_nobody_answers_for_ten_minutes(counter: Counter, clock: ManualClock, timekeeper: Worker, lea: Talk) -> None:
    clock.set(datetime(2026, 3, 10, 12, 55, tzinfo=PARIS))
    lea.say(PERSON).expect("Nadia")
    clock.set(datetime(2026, 3, 10, 13, 4, tzinfo=PARIS))
    timekeeper.tick()
    assert lea.wait().last == []
    clock.set(datetime(2026, 3, 10, 13, 6, tzinfo=PARIS))
    timekeeper.tick()
    lea.wait().expect(CALL).expect_buttons("14:00 ‖ 2:00 PM", "16:00 ‖ 4:00 PM")
    timekeeper.tick()
    assert lea.wait().last == [], "asked once"
    lea.tap("14:00 ‖ 2:00 PM").expect("À quel numéro ‖ On which number")
    lea.say("06 12 34 56 78").expect("14:00 ‖ 2:00 PM", "78")
    with counter.shop.storage.read() as uow:
        [task] = uow.tasks.open(kind=TaskKind.CALL_BACK)
    assert task.due_at == datetime(2026, 3, 10, 14, 0, tzinfo=PARIS)
    silent(lea, "merci ‖ thanks")


def test_the_law_and_promises_hold_while_nadia_speaks(counter: Counter, lea: Talk) -> None:
    lea.say(PERSON)
    counter.answers(lea.driver.contact, "Bonjour !")
    lea.wait()
    lea.say("je veux me rétracter ‖ i want to withdraw")
    lea.tap("Confirmer la rétractation ‖ Confirm withdrawal").expect("Accusé de réception ‖ Receipt")
    lea.say("STOP").expect("plus de messages promotionnels ‖ no more promotions")
    silent(lea, "merci ‖ thanks")
    assert counter.conversation(lea.driver.contact).voice is Voice.PERSON


@on_stages_with_buttons
def test_twelve_hours_after_the_last_word_the_bot_answers_again(
    counter: Counter, clock: ManualClock, timekeeper: Worker, lea: Talk
) -> None:
    lea.say(PERSON)
    counter.answers(lea.driver.contact, "C’est fait.")
    lea.wait()
    clock.advance(timedelta(hours=12))
    timekeeper.tick()
    assert lea.wait().last == [], "it says nothing about it"
    lea.say("ma commande 1043 ‖ my order 1043").expect("1043")


def test_a_parcel_that_never_came(counter: Counter, lea: Talk) -> None:
    lea.say("mon colis n’est jamais arrivé, commande 1043 ‖ my parcel never arrived, order 1043")
    lea.expect("Je vois votre commande n° 1043 ‖ I can see your order no. 1043").expect_buttons(PERSON)
    lea.tap("Où est-elle ? ‖ Where is it?").expect("1043")
    lea.say(PERSON).expect("Nadia")
    there = counter.conversation(lea.driver.contact)
    assert (there.skill, "1043" in there.summary) == ("orders", True)


def test_paid_twice_is_for_a_person_at_once(counter: Counter, lea: Talk) -> None:
    lea.say("j’ai été débitée deux fois, commande 1043 ‖ I was charged twice, order 1043")
    lea.expect("n° 1043 ‖ no. 1043", "Nadia")
    there = counter.conversation(lea.driver.contact)
    assert (there.skill, there.reason) == ("payment", HandoffReason.ORDER_TROUBLE)


def test_closed_it_says_when(counter: Counter, clock: ManualClock, lea: Talk) -> None:
    clock.set(datetime(2026, 3, 11, 22, 30, tzinfo=PARIS))
    lea.say(PERSON).expect("dès l’ouverture, demain 10:00 ‖ as soon as we open, tomorrow 10:00 AM")
    lea.tap("Retour au bot ‖ Back to the bot").expect(BACK)


def test_cut_off_and_going_on_elsewhere(
    data_dir: Path, clock: ManualClock, ids: SeededIds, own_bag: bytes, language: str
) -> None:
    """One thread over the web chat, Telegram and the telephone; Nadia’s answer leaves where Léa is by then."""
    from bot.channels import build_channels
    from shoppable import create_app

    with ExitStack() as stack:
        shop = stack.enter_context(open_shop(data_dir, clock, ids))
        shop.index_keeper.catch_up()
        counter = hire(shop)
        rig = stack.enter_context(TelegramRig(shop, "webhook"))
        phone = Talk(rig.driver(1001, "Léa", language), language)
        page = Worker(shop, [build_channels(shop.settings, shop.media)["webchat"]])
        web = Talk(WebChatDriver(shop, create_app(shop), page, language=language), language)
        web.say("bonjour ‖ hello")
        add_orders(shop, web.driver.contact, language=language)
        phone.say("bonjour ‖ hello").say("relie mon compte ‖ link my account")
        link = phone.address("Ouvrir sur notre site ‖ Open on our site")
        web.say(link).tap("Relier ‖ Link").expect("relié ‖ Linked")

        phone.wait()  # hears of it
        web.send_photo(own_bag, WRONG).expect(I_SEE)
        web.tap(PERSON).expect("Nadia prend le relais (environ 3 min). ‖ Nadia is taking over (about 3 min).")
        there = counter.conversation(web.driver.contact)
        assert "1042" in there.summary and lea_said(counter, web) >= {web.of(WRONG)}
        with_photo = [entry for entry in counter.thread(web.driver.contact) if json.loads(entry.body).get("photo_key")]
        assert len(with_photo) == 1
        with shop.storage.read() as uow:
            assert shop.inbox.photo(uow, there.customer_id, with_photo[0].id), "Nadia sees it"

        phone.say("on a été coupés ‖ we got cut off")
        assert phone.last == []
        web.send_photo(own_bag)
        shown = [entry for entry in counter.thread(web.driver.contact) if json.loads(entry.body).get("photo_key")]
        assert web.last == [] and len(shown) == 2, "seen by Nadia alone"
        web.say("allô ‖ hello")
        phone.say("me revoilà ‖ here I am again")
        assert web.wait().last == phone.wait().last == []
        thread = counter.thread(phone.driver.contact)
        assert thread == counter.thread(web.driver.contact), "one thread"
        doors = {json.loads(entry.body).get("text"): entry.contact.channel for entry in thread}
        assert doors[phone.of("on a été coupés ‖ we got cut off")] == "telegram"
        assert doors[web.of(WRONG)] == "webchat"

        counter.answers(phone.driver.contact, "Me voici : je vous envoie une étiquette.")
        phone.wait().expect("je vous envoie une étiquette")
        page.run_until_quiet()
        assert web.wait().last == [], "on Telegram only"

        called = shop.storage.write(
            lambda uow: shop.inbox.note(uow, counter.nadia, there.customer_id, NoteKind.CALL, "Envoyer à la maison.")
        )
        assert isinstance(called, ThreadEntry)
        assert counter.thread(web.driver.contact)[-1].direction is Direction.NOTE
        assert phone.wait().last == web.wait().last == [], "notes stay inside"

        counter.gives_back(phone.driver.contact)
        phone.wait().expect(BACK)
        page.run_until_quiet()
        assert web.wait().last == []


def test_nadia_answers_from_the_group(data_dir: Path, clock: ManualClock, ids: SeededIds, language: str) -> None:
    """From her telephone, in the topic about Léa: the bot stays silent until [Give back to the bot]."""
    with ExitStack() as stack:
        standin = stack.enter_context(TelegramStandIn())
        bot = standin.another_bot(clock=clock)
        more = {"staff_telegram_token": bot.token, "staff_telegram_username": bot.username}
        shop = stack.enter_context(
            open_shop(data_dir, clock, ids, encoder="none", telegram_api_url=standin.url, **more)
        )
        shop.index_keeper.refresh()
        channel = StaffTelegram(
            token=bot.token, account=bot.token.partition(":")[0], api_url=standin.url, media=shop.media
        )
        stack.callback(channel.close)
        office = Office(shop, bot, channel, Recorder(shop.media))
        owner = office.bind(office.hire("olga", role=Role.OWNER, stores=(), language=language), 2000)
        nadia = office.bind(office.hire("nadia", language=language), 2001)
        forum = office.group(owner, forum=True)
        lea = Talk(MemoryDriver(shop, office.recorder, office.worker, "léa", language=language, name="Léa"), language)

        lea.say("bonjour ‖ hello").say("parler à un conseiller ‖ talk to a person").expect("Nadia")
        (topic,) = forum.topics
        silent(lea, "allô ? ‖ anybody there?")
        assert lea.of("allô ? ‖ anybody there?") in forum.in_topic(topic)[-1].text
        forum.say(nadia, "Bonjour Léa, me voici.", topic=topic)
        office.settle()
        lea.wait().expect("Bonjour Léa, me voici.")
        silent(lea, *NOISE)
        forum.tap(nadia, "Rendre au bot", topic=topic)  # a group speaks the language of the shop
        office.settle()
        lea.wait().expect(BACK)
        lea.say("mes réservations ‖ my reservations").expect("aucune réservation ‖ no reservation")
        assert office.dead() == []


def lea_said(counter: Counter, talk: Talk) -> set[str]:
    thread = counter.thread(talk.driver.contact)
    return {json.loads(entry.body).get("text", "") for entry in thread if entry.direction is Direction.IN}


def a_torn_seam() -> bytes:
    """A picture of nothing that is sold, as a telephone takes it."""
    out = io.BytesIO()
    noise = random.Random(7).randbytes(320 * 240 * 3)
    Image.frombytes("RGB", (320, 240), noise).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("encoder", ["none", "vitrine"])
def test_a_photo_that_was_shown_is_not_asked_for_again(
    data_dir: Path, clock: ManualClock, ids: SeededIds, language: str, encoder: str
) -> None:
    """Whatever it shows, and where the shop itself cannot see at all."""
    with open_shop(data_dir, clock, ids, encoder=encoder) as shop:
        shop.index_keeper.catch_up()
        recorder = Recorder(shop.media)
        lea = Talk(MemoryDriver(shop, recorder, Worker(shop, [recorder]), "léa", language=language), language)
        lea.say("bonjour ‖ hello")
        add_orders(shop, lea.driver.contact, language=language)
        lea.say(WRONG).expect(I_SEE)
        lea.send_photo(a_torn_seam()).expect("la photo est jointe ‖ the photo is with it", I_SEE)
        lea.tap("Rembourser ‖ Refund").tap("Mauvais article ‖ Wrong item")
        with shop.storage.read() as uow:
            order = uow.orders.by_number(1042)
            assert order is not None
            [asked] = uow.returns.of_order(order.id)
        lea.expect(asked.code)
        assert asked.note == lea.of(WRONG)
        assert shop.photos.get(lea.driver.contact, asked.photo_key)
