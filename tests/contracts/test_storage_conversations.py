"""Who speaks, the inbox and the thread over every channel, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest

from commerce.domain.conversation import CannedReply, Conversation, HandoffReason, StaffAnswer, Voice
from commerce.domain.linking import CustomerMerge
from commerce.domain.localtext import LocalText
from commerce.domain.mail import Direction
from commerce.errors import StaleVersion
from commerce.ports import Storage
from tests.contracts.conversation_values import LEA_ON_THE_WEB, MINUTE, also_on_the_web, said
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON
from tests.contracts.storage_values import LEA, NOW, SAM

TALK = Conversation(
    LEA_PERSON.id, Voice.NOBODY_YET, HandoffReason.ASKED, "", "bellecour", "fr", "returns", "Léa veut échanger.",
    asked_at=NOW, unanswered_since=NOW,
)  # fmt: skip


# --- who speaks -----------------------------------------------------------------------------------------------------


def test_a_conversation_comes_back_as_it_was_written(storage: Storage, people: None) -> None:
    full = replace(
        TALK, assigned_to="s1", staff_spoke_at=NOW, callback_offered_at=NOW + MINUTE, said_goodbye_at=NOW + HOUR
    )
    with storage.read() as uow:
        assert uow.conversations.get(LEA_PERSON.id) is None
    assert storage.write(lambda uow: uow.conversations.add(full))
    assert not storage.write(lambda uow: uow.conversations.add(TALK))
    with storage.read() as uow:
        assert uow.conversations.get(LEA_PERSON.id) == full


def test_of_many_who_take_over_at_once_one_does(storage: Storage, people: None) -> None:
    storage.write(lambda uow: uow.conversations.add(TALK))

    def take(number: int) -> bool:
        try:
            mine = replace(TALK, voice=Voice.PERSON, assigned_to=f"s{number}")
            storage.write(lambda uow: uow.conversations.update(mine))
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1
    with storage.read() as uow:
        now = uow.conversations.get(LEA_PERSON.id)
        assert now is not None
        assert (now.voice, now.version) == (Voice.PERSON, 2)


def test_the_clock_starts_at_the_first_word_that_nobody_answered(storage: Storage, people: None) -> None:
    quiet = replace(TALK, unanswered_since=None)
    storage.write(lambda uow: uow.conversations.add(quiet))
    for at in (NOW + MINUTE, NOW + HOUR):
        storage.write(lambda uow, at=at: uow.conversations.heard(LEA_PERSON.id, at))
    with storage.read() as uow:
        assert uow.conversations.get(LEA_PERSON.id) == replace(quiet, unanswered_since=NOW + MINUTE)
    with_bot = replace(quiet, customer_id=SAM_PERSON.id, voice=Voice.BOT)
    storage.write(lambda uow: uow.conversations.add(with_bot))
    storage.write(lambda uow: uow.conversations.heard(SAM_PERSON.id, NOW))
    with storage.read() as uow:
        assert uow.conversations.get(SAM_PERSON.id) == with_bot


def test_who_was_left_without_an_answer(storage: Storage, people: None) -> None:
    storage.write(lambda uow: uow.conversations.add(TALK))
    storage.write(lambda uow: uow.conversations.add(replace(TALK, customer_id=SAM_PERSON.id, callback_offered_at=NOW)))
    with storage.read() as uow:
        assert uow.conversations.unanswered_since(NOW - MINUTE, 10) == []
        assert uow.conversations.unanswered_since(NOW, 10) == [TALK]


def test_who_was_forgotten_by_the_person_who_holds_it(storage: Storage, people: None) -> None:
    held = replace(TALK, voice=Voice.PERSON, assigned_to="s1", staff_spoke_at=NOW + HOUR)
    never_spoke = replace(held, customer_id=SAM_PERSON.id, staff_spoke_at=None)
    for each in (held, never_spoke):
        storage.write(lambda uow, each=each: uow.conversations.add(each))
    with storage.read() as uow:
        assert uow.conversations.forgotten_since(NOW, 10) == [never_spoke]
        assert uow.conversations.forgotten_since(NOW + HOUR, 10) == [never_spoke, held]
        assert uow.conversations.open_count_of("s1") == 2
        assert uow.conversations.open_count_of("s2") == 0


def test_who_waits_for_a_member(storage: Storage, people: None) -> None:
    """Whatever can be known of a conversation, and what the inbox shows of it."""
    also_on_the_web(storage)
    storage.write(lambda uow: uow.conversations.add(TALK))
    nobodys = replace(TALK, customer_id="e" * 32)  # no contact leads there any more: not in the inbox
    storage.write(lambda uow: uow.conversations.add(nobodys))
    of_sam = replace(TALK, customer_id=SAM_PERSON.id)
    storage.write(lambda uow: uow.conversations.add(of_sam))
    for voice, since, held_by in product(Voice, (None, NOW), ("", "s1", "s2")):
        now = replace(of_sam, voice=voice, unanswered_since=since, assigned_to=held_by)
        of_sam = storage.write(lambda uow, now=now: uow.conversations.update(now))
        with storage.read() as uow:
            waits = [
                line
                for line in uow.conversations.lines(silent_bot=True)
                if line.conversation.voice is Voice.NOBODY_YET
                or (line.conversation.unanswered_since and line.conversation.assigned_to == "s1")
            ]
            assert uow.conversations.waiting_for("s1", 10) == len(waits), now
            assert uow.conversations.waiting_for("s1", 1) == 1


# --- the thread and the inbox ---------------------------------------------------------------------------------------


def test_one_thread_over_every_channel(storage: Storage, people: None) -> None:
    also_on_the_web(storage)
    ids = [
        said(storage, LEA_ON_THE_WEB, "bonjour"),
        said(storage, LEA, "on a été coupés", NOW + MINUTE),
        said(storage, LEA_ON_THE_WEB, "me revoilà", NOW + 2 * MINUTE),
        said(storage, LEA, "appel", NOW + 3 * MINUTE, Direction.NOTE),
    ]
    said(storage, SAM, "hello")
    with storage.read() as uow:
        thread = uow.conversations.thread(LEA_PERSON.id)
        assert [entry.id for entry in thread] == ids[::-1]
        assert [entry.contact for entry in thread] == [LEA, LEA_ON_THE_WEB, LEA, LEA_ON_THE_WEB]
        assert [entry.id for entry in uow.conversations.thread(LEA_PERSON.id, limit=2)] == ids[:1:-1]
        assert [entry.id for entry in uow.conversations.thread(LEA_PERSON.id, before_id=ids[2])] == ids[1::-1]
        assert uow.conversations.thread("nobody") == []
        mark = uow.conversations.last_mark()
    said(storage, SAM, "hello again")
    with storage.read() as uow:
        after = uow.conversations.last_mark()
    storage.write(lambda uow: uow.audit.add("staff:s1", "conversation_taken", LEA_PERSON.id, {}, NOW))
    with storage.read() as uow:
        assert mark < after < uow.conversations.last_mark()


def test_the_inbox_shows_who_waits_longest_first(storage: Storage, people: None) -> None:
    said(storage, LEA, "où est ma commande ?")
    newest = said(storage, SAM, "hello", NOW + HOUR)
    storage.write(lambda uow: uow.conversations.add(replace(TALK, unanswered_since=NOW + MINUTE)))
    waits = replace(TALK, customer_id=SAM_PERSON.id, unanswered_since=NOW, store_id="presquile", assigned_to="s1")
    storage.write(lambda uow: uow.conversations.add(waits))
    with storage.read() as uow:
        lines = uow.conversations.lines(silent_bot=True)
        assert [line.customer_name for line in lines] == ["Sam", "Léa"]
        assert lines[0].conversation == waits
        assert lines[0].last is not None
        assert (lines[0].last.id, lines[0].channels, lines[0].heard_at) == (newest, ("webchat",), NOW + HOUR)
        of_the_store = uow.conversations.lines(silent_bot=True, store_ids=["bellecour"])
        assert [line.customer_name for line in of_the_store] == ["Léa"]
        assert [line.customer_name for line in uow.conversations.lines(assigned_to="s1")] == ["Sam"]
        assert uow.conversations.lines(customer_ids=[]) == []
        only = uow.conversations.lines(customer_ids=[LEA_PERSON.id])
        assert [line.customer_name for line in only] == ["Léa"]
        assert uow.conversations.lines(silent_bot=False) == []


def test_the_inbox_holds_everybody_who_said_something(storage: Storage, people: None) -> None:
    also_on_the_web(storage)
    said(storage, LEA_ON_THE_WEB, "bonjour", NOW + MINUTE)
    said(storage, LEA, "encore moi", NOW + MINUTE)
    with storage.read() as uow:  # Sam has never said a word
        (line,) = uow.conversations.lines()
        assert (line.customer_name, line.channels) == ("Léa", ("telegram", "webchat"))
        assert (line.conversation.voice, line.conversation.language, line.conversation.version) == (Voice.BOT, "fr", 0)
        assert uow.conversations.lines(silent_bot=True) == []
        assert uow.conversations.lines(before=NOW + MINUTE) == []
        (sam,) = uow.conversations.lines(customer_ids=[SAM_PERSON.id])  # but can be found
        assert (sam.last, sam.channels) == (None, ("webchat",))
    said(storage, SAM, "hello", NOW)
    with storage.read() as uow:
        assert [line.customer_name for line in uow.conversations.lines()] == ["Léa", "Sam"]
        assert [line.customer_name for line in uow.conversations.lines(before=NOW + MINUTE)] == ["Sam"]
        assert [line.customer_name for line in uow.conversations.lines(limit=1)] == ["Léa"]


# --- two customers made one ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_person", ["kept", "joined"])
def test_after_linking_the_one_with_a_person_goes_on(storage: Storage, people: None, with_person: str) -> None:
    person, bot = replace(TALK, voice=Voice.PERSON, assigned_to="s1"), replace(TALK, voice=Voice.BOT, summary="")
    kept, joined = (person, bot) if with_person == "kept" else (bot, person)
    joined = replace(joined, customer_id=SAM_PERSON.id)
    for each in (kept, joined):
        storage.write(lambda uow, each=each: uow.conversations.add(each))
    moved = storage.write(lambda uow: uow.links.join(LEA_PERSON.id, SAM_PERSON.id))
    with storage.read() as uow:
        now = uow.conversations.get(LEA_PERSON.id)
        assert now is not None
        assert (now.voice, now.assigned_to) == (Voice.PERSON, "s1")
        assert uow.conversations.get(SAM_PERSON.id) is None
    storage.write(lambda uow: uow.links.part(CustomerMerge("m1", LEA_PERSON.id, SAM_PERSON.id, NOW, moved)))
    with storage.read() as uow:
        for customer_id in (LEA_PERSON.id, SAM_PERSON.id):
            now = uow.conversations.get(customer_id)
            assert now is not None
            assert (now.voice, now.summary) == (Voice.PERSON, "")


def test_a_conversation_goes_along_and_comes_back(storage: Storage, people: None) -> None:
    storage.write(lambda uow: uow.conversations.add(replace(TALK, customer_id=SAM_PERSON.id)))
    moved = storage.write(lambda uow: uow.links.join(LEA_PERSON.id, SAM_PERSON.id))
    with storage.read() as uow:
        now = uow.conversations.get(LEA_PERSON.id)
        assert now is not None
        assert (now.voice, now.summary) == (TALK.voice, TALK.summary)
    storage.write(lambda uow: uow.links.part(CustomerMerge("m1", LEA_PERSON.id, SAM_PERSON.id, NOW, moved)))
    with storage.read() as uow:
        assert uow.conversations.get(LEA_PERSON.id) is None
        assert uow.conversations.get(SAM_PERSON.id) is not None


# --- canned replies ---------------------------------------------------------------------------------------------------


def test_canned_replies_are_kept_in_their_order(storage: Storage) -> None:
    second = CannedReply("c2", "Horaires", LocalText({"fr": "Nous ouvrons {hours}.", "en": "We open {hours}."}), 2)
    first = CannedReply("c1", "Commande", LocalText({"fr": "Votre commande {order}"}), 1)
    for each in (second, first):
        storage.write(lambda uow, each=each: uow.conversations.put_canned(each))
    with storage.read() as uow:
        assert uow.conversations.canned() == [first, second]
    storage.write(lambda uow: uow.conversations.put_canned(replace(first, position=3)))
    with storage.read() as uow:
        assert uow.conversations.canned() == [second, replace(first, position=3)]
    assert storage.write(lambda uow: uow.conversations.delete_canned("c1"))
    assert not storage.write(lambda uow: uow.conversations.delete_canned("c1"))


def test_how_staff_answer_is_remembered(storage: Storage, people: None) -> None:
    untouched = StaffAnswer("s1", LEA_PERSON.id, NOW, "c1", False, 90)
    edited = StaffAnswer("s1", SAM_PERSON.id, NOW + MINUTE, "c1", True, None)
    for each in (edited, untouched):
        storage.write(lambda uow, each=each: uow.conversations.answered(each))
    with storage.read() as uow:
        assert uow.conversations.answers(NOW) == [untouched, edited]
        assert uow.conversations.answers(NOW + MINUTE) == [edited]
        assert uow.conversations.sent_untouched(LEA_PERSON.id, "c1")
        assert not uow.conversations.sent_untouched(LEA_PERSON.id, "c2")
        assert not uow.conversations.sent_untouched(SAM_PERSON.id, "c1")
