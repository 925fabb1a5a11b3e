"""Conversations with shoppers in the team's chats: what is shown there, and what leaves from there."""

import json
import time
from datetime import timedelta

import pytest

from commerce.domain.conversation import Voice
from commerce.domain.mail import Direction
from commerce.domain.team import Role
from commerce.services.photos import SUFFIX
from tests.unit.bot.staff.conftest import text_of


@pytest.fixture
def owner(office):
    return office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)


@pytest.fixture
def nadia(office):
    return office.bind(office.hire("nadia"), 2001)


@pytest.fixture
def forum(office, owner, nadia):
    return office.group(owner, forum=True)


def wants_a_person(office):
    office.say("robe lin")
    office.say("je veux parler à quelqu’un, mon mail est lea@exemple.fr et mon numéro le 06 12 34 56 78")


def conversation(office, address="lea"):
    with office.shop.storage.read() as uow:
        return uow.conversations.get(uow.customers.by_contact(office.contact(address)).id)


def topic_of(forum) -> int:
    (topic,) = forum.topics
    return topic


def test_a_topic_is_opened_with_what_is_known_and_nothing_in_full(office, forum):
    wants_a_person(office)
    topic = topic_of(forum)
    assert forum.topics[topic].name == "Léa"
    (head,) = forum.in_topic(topic)
    assert "Attend une réponse depuis" in head.text
    assert "Léa (recorder)" in head.text and "robe lin" in head.text
    assert "lea@exemple.fr" not in head.text and "06 12 34 56 78" not in head.text and "l…@e….fr" in head.text
    assert head.buttons == (("Je prends", "Rendre au bot"), ("Appel noté…",))
    summary = conversation(office).summary
    assert 0 < len(summary.splitlines()) <= 3
    assert office.dead() == []


def test_lines_follow_in_the_topic_and_answers_leave_where_the_shopper_is(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    assert office.say("allô ?") == [], "the bot is silent"
    assert forum.in_topic(topic)[-1].text.replace("\u00a0", " ") == "Léa (recorder) : allô ?"
    before = len(forum.in_topic(topic))
    forum.say(nadia, "Bonjour, c’est Nadia. Je regarde.", topic=topic)
    office.settle(copies=3)
    said = [text for text in office.texts() if "Je regarde" in text]
    assert len(said) == 1 and "Nadia" in said[0]
    assert len(forum.in_topic(topic)) == before, "what stands in the topic is not said there again"
    assert conversation(office).voice is Voice.PERSON
    assert "Nadia répond." in forum.in_topic(topic)[0].text, "the head says who answers"
    for text in ("merci", "et pour la taille ?", "vous êtes là ?", "bon", "j’attends"):
        assert office.say(text) == []
    assert len(forum.in_topic(topic)) == before + 5
    assert office.dead() == []


def test_given_back_the_bot_speaks_and_the_topic_is_closed_until_the_next_time(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    forum.tap(nadia, "Je prends", topic=topic)
    office.settle()
    forum.tap(nadia, "Rendre au bot", topic=topic)
    office.settle()
    assert forum.topics[topic].closed
    assert conversation(office).voice is Voice.BOT
    assert any("Je reprends" in text for text in office.texts())
    assert office.say("robe lin") != []
    office.say("je veux parler à une vraie personne")
    assert list(forum.topics) == [topic] and not forum.topics[topic].closed, "the same topic again"
    assert len([shown for shown in forum.in_topic(topic) if "💬" in shown.text]) == 2
    assert office.dead() == []


def test_closing_the_topic_gives_back_and_opening_it_takes_over(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    forum.close_topic(nadia, topic)
    office.settle()
    assert conversation(office).voice is Voice.BOT
    forum.reopen_topic(nadia, topic)
    office.settle()
    there = conversation(office)
    with office.shop.storage.read() as uow:
        assert (there.voice, uow.team.get(there.assigned_to).name) == (Voice.PERSON, "Nadia")


def test_of_two_who_take_it_one_is_first_and_the_other_is_told(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    other = office.bind(office.hire("karim"), 2002)
    forum.tap(nadia, "Je prends", topic=topic)
    forum.tap(other, "Je prends", topic=topic)
    office.settle()
    toasts = [call.arguments["text"] for call in office.bot.sent("answerCallbackQuery")]
    assert toasts == ["Nadia répond.", "Quelqu’un a été plus rapide. Nadia répond."]


def test_a_deleted_topic_is_made_again_and_a_lost_right_is_said_once(office, forum, owner):
    wants_a_person(office)
    topic = topic_of(forum)
    forum.delete_topic(topic)
    office.say("vous m’entendez ?")
    new = topic_of(forum)
    assert new != topic and "vous m’entendez" in text_of(forum.in_topic(new))
    forum.may_manage_topics = False
    forum.delete_topic(new)
    office.say("et maintenant ?")
    office.say("toujours là ?")
    shown = text_of(forum.screen)
    assert "et maintenant ?" in shown and "toujours là ?" in shown
    assert shown.count("il me faut le droit de gérer les sujets") == 1
    assert office.dead() == []


@pytest.mark.parametrize("fault", [{"status": 429, "retry_after_s": 1}, {"status": 502}], ids=str)
def test_a_topic_that_was_made_is_not_made_again_when_the_next_call_fails(office, forum, fault):
    office.bot.fail("sendMessage", **fault)
    wants_a_person(office)
    topic = topic_of(forum)
    assert forum.in_topic(topic) == []
    time.sleep(1.1 if fault["status"] == 429 else 0)  # the stand-in keeps real time
    office.advance(5)
    office.settle()
    assert list(forum.topics) == [topic] and len(forum.in_topic(topic)) == 1
    assert office.bot.early_sends == 0


def test_photos_of_the_thread_follow_into_the_topic(office, forum):
    office.say("robe lin")
    contact, now = office.contact(), office.shop.clock.now()

    def with_photo(uow):
        key = office.shop.media.put(_picture(), SUFFIX)
        uow.photos.add(key, contact, now, now + timedelta(hours=1))
        uow.threads.add(contact, Direction.IN, json.dumps({"text": "la voici", "photo_key": key}), now)

    office.shop.storage.write(with_photo)
    office.say("je veux parler à quelqu’un")
    head, photo = forum.in_topic(topic_of(forum))
    assert "la voici" in head.text and photo.photos
    assert office.dead() == []


def test_without_topics_an_answer_to_the_message_goes_to_the_customer(office, owner, nadia):
    group = office.group(owner)
    wants_a_person(office)
    head = group.screen[-1]
    group.say(nadia, "on se parle entre nous")
    group.say(nadia, "Bonjour Léa !", reply_to=head.message_id)
    office.settle()
    assert [text for text in office.texts() if "entre nous" in text] == []
    assert len([text for text in office.texts() if "Bonjour Léa" in text]) == 1
    office.say("bonjour Nadia")
    line = group.screen[-1]
    assert "bonjour Nadia" in line.text and line.raw["reply_to_message"]["message_id"] == head.message_id
    group.say(nadia, "Que puis-je faire ?", reply_to=line.message_id)
    office.settle()
    assert any("Que puis-je faire" in text for text in office.texts())


def test_without_a_group_each_member_hears_of_it_and_one_answers(office, owner, nadia):
    wants_a_person(office)
    head, other = nadia.screen[-1], owner.screen[-1]
    nadia.say("J’arrive.", reply_to=head.message_id)
    office.settle()
    assert any("J’arrive" in text for text in office.texts())
    assert "J’arrive" in owner.screen[-1].text, "the others hear what was answered"
    owner.say("moi aussi", reply_to=other.message_id)
    office.settle()
    assert owner.screen[-1].text.replace("\u00a0", " ") == "Pas envoyé : Nadia répond. Prenez d’abord la conversation."
    assert not any("moi aussi" in text for text in office.texts())


def test_a_call_is_noted_for_the_team_alone(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    heard = len(office.texts())
    forum.tap(nadia, "Appel noté…", topic=topic)
    office.settle()
    forum.say(nadia, "Rappelée, elle passe demain.", topic=topic)
    office.settle()
    assert forum.in_topic(topic)[-1].text == "Noté comme appel. Le client ne le voit pas."
    assert len(office.texts()) == heard
    with office.shop.storage.read() as uow:
        thread = uow.conversations.thread(conversation(office).customer_id)
    noted = [entry for entry in thread if entry.direction is Direction.NOTE and '"call"' in entry.body]
    assert len(noted) == 1 and "elle passe demain" in noted[0].body


def test_files_and_strangers_do_not_reach_the_customer(office, forum, nadia):
    wants_a_person(office)
    topic = topic_of(forum)
    heard = office.texts()
    forum.say(office.bot.person(666, "Max", "en"), "buy my things", topic=topic)
    forum.photo(nadia, _picture(), topic=topic)
    office.settle()
    assert office.texts() == heard
    assert "seuls les mots parviennent au client" in forum.in_topic(topic)[-1].text


def test_nobody_answers_and_the_team_is_reminded_once(office, forum):
    wants_a_person(office)
    topic = topic_of(forum)
    office.advance(timedelta(minutes=11).total_seconds())
    for _ in range(3):
        office.worker.tick()
        office.settle()
    heads = [shown for shown in forum.in_topic(topic) if "💬" in shown.text]
    assert len(heads) == 2


def _picture() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(buffer, "JPEG")
    return buffer.getvalue()
