"""Who speaks for the shop, on both databases: asked for, taken, answered from anywhere, given back, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce.clock import ManualClock
from commerce.domain.conversation import (
    Conversation,
    HandoffReason,
    Matter,
    Need,
    NotSpeaking,
    StaffAnswer,
    Voice,
)
from commerce.domain.customer import Contact
from commerce.domain.reservation import Refused
from commerce.ports import StaffChat, UnitOfWork
from commerce.services.routing import ON_DUTY
from tests.unit.services.conftest import LEA, SAM
from tests.unit.services.counter import GROUP, HUGO, MINUTE, NADIA, OWNER, SAMI, Counter

# --- the right person


def picked(counter: Counter, **of: str) -> str:
    with counter.small.storage.read() as uow:
        return next(member.name for member in counter.routing.candidates(uow, **of))


def test_the_right_person_first_time(counter: Counter) -> None:
    counter.hire(NADIA, SAMI, HUGO, OWNER)
    assert picked(counter, language="fr", skill="returns") == "Nadia"
    assert picked(counter, language="en", skill="returns") == "Sam", "the language comes before the skill"
    assert picked(counter, language="fr", store_id="S2") == "Sam"
    assert picked(counter, language="fr", store_id="S1") == "Nadia"
    assert picked(counter, language="de") == "Ann", "who names no language speaks them all"
    with counter.small.storage.read() as uow:
        assert [m.name for m in counter.routing.candidates(uow, language="fr", but=NADIA.id)] == ["Sam", "Ann"]


def test_who_is_there_comes_before_who_knows_more(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    clock.advance(ON_DUTY + MINUTE)
    counter.hire(SAMI)
    assert picked(counter, language="fr", skill="returns") == "Sam"
    own = Contact("telegram-staff", "staff_bot", "7")
    counter.small.storage.write(lambda uow: uow.staff_chats.put(StaffChat(own, NADIA.id, "", has_topics=False)))
    assert picked(counter, language="fr", skill="returns") == "Nadia", "reached on her telephone"


def test_of_two_alike_the_one_with_less_to_do(counter: Counter) -> None:
    second = replace(NADIA, id="e" * 32, login="ines", name="Zoé")
    counter.hire(NADIA, second)
    assert picked(counter, language="fr") == "Nadia"
    counter.wanted()
    assert counter.conversation().assigned_to == NADIA.id
    assert picked(counter, language="fr") == "Zoé"


# --- asked for


def test_a_person_is_on_the_way_and_the_bot_is_silent(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    counter.small.place("36")
    promise = counter.wanted(Need(HandoffReason.ORDER_TROUBLE, Matter.RETURNS, "pas d’étiquette de retour"))
    assert promise is not None
    assert (promise.who, promise.minutes, promise.opens_at) == (NADIA, None, None), "no answers yet: nobody knows"
    there = counter.conversation()
    assert (there.voice, there.assigned_to, there.store_id, there.skill) == (
        Voice.NOBODY_YET,
        NADIA.id,
        "S1",
        "returns",
    )
    assert there.unanswered_since == there.asked_at == clock.now()
    lines = there.summary.splitlines()
    assert len(lines) == 3
    assert "pas d’étiquette de retour" in lines[0] and "Bellecour" in lines[1]
    assert counter.sent("staff_conversation", GROUP) == [{"customer_id": there.customer_id}]
    with counter.small.storage.read() as uow:
        assert counter.handoff.is_silent(uow, LEA)
        assert not counter.handoff.is_silent(uow, SAM)
    assert counter.wanted() is not None
    assert counter.conversation() == there, "asked twice is asked once"


def test_where_nobody_may_answer_the_bot_goes_on(counter: Counter) -> None:
    counter.hire(HUGO)
    assert counter.wanted() is None
    customer = counter.lea()
    with counter.small.storage.read() as uow:
        assert uow.conversations.get(customer.id) is None


def test_the_minutes_are_those_of_recent_answers(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    customer = counter.lea()

    def answers(uow: UnitOfWork) -> None:
        for waited_s in (9_000, 100, 150, 170, None):
            uow.conversations.answered(StaffAnswer(NADIA.id, customer.id, clock.now(), "", False, waited_s))

    counter.small.storage.write(answers)
    promise = counter.wanted()
    assert promise is not None and promise.minutes == 3, "the median of 100, 150, 170 and 9000 seconds"


def test_closed_and_nobody_about_says_when(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA, on_duty=False)
    clock.set(datetime(2026, 3, 10, 21, 30, tzinfo=UTC))
    promise = counter.wanted()
    assert promise is not None
    assert promise.opens_at == datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    assert promise.minutes is None


def test_somebody_about_at_night_is_promised_as_ever(counter: Counter, clock: ManualClock) -> None:
    clock.set(datetime(2026, 3, 10, 21, 30, tzinfo=UTC))
    counter.hire(NADIA)
    promise = counter.wanted()
    assert promise is not None and promise.opens_at is None


# --- the team


def test_two_take_it_and_one_has_it(counter: Counter) -> None:
    counter.hire(NADIA, SAMI)
    counter.wanted()
    seen = counter.conversation()
    write, handoff = counter.small.storage.write, counter.handoff
    first = write(lambda uow: handoff.take(uow, NADIA, seen.customer_id, seen.version))
    second = write(lambda uow: handoff.take(uow, SAMI, seen.customer_id, seen.version))
    assert isinstance(first, Conversation) and (first.voice, first.assigned_to) == (Voice.PERSON, NADIA.id)
    assert first.reason is HandoffReason.ASKED
    assert second == Refused(NotSpeaking.CHANGED)
    assert write(lambda uow: handoff.take(uow, HUGO, seen.customer_id, first.version)) == Refused(
        NotSpeaking.NOT_ALLOWED
    )
    assert write(lambda uow: handoff.take(uow, NADIA, "f" * 32, 0)) == Refused(NotSpeaking.NOT_FOUND)


def test_stepping_in_where_nobody_was_asked_for(counter: Counter) -> None:
    counter.hire(NADIA)
    customer = counter.lea()
    taken = counter.small.storage.write(lambda uow: counter.handoff.take(uow, NADIA, customer.id, 0))
    assert isinstance(taken, Conversation)
    assert (taken.reason, taken.version) == (HandoffReason.STAFF, 1)


def test_left_it_goes_to_the_next_one(counter: Counter) -> None:
    counter.hire(NADIA, SAMI)
    counter.wanted(Need(HandoffReason.ASKED, Matter.RETURNS))
    seen = counter.conversation()
    write, handoff = counter.small.storage.write, counter.handoff
    assert write(lambda uow: handoff.release(uow, SAMI, seen.customer_id, seen.version)) == Refused(
        NotSpeaking.NOT_YOURS
    )
    left = write(lambda uow: handoff.release(uow, NADIA, seen.customer_id, seen.version))
    assert isinstance(left, Conversation)
    assert (left.voice, left.assigned_to) == (Voice.NOBODY_YET, SAMI.id)


@pytest.mark.parametrize("via", ["web", "group", "private"])
def test_an_answer_from_anywhere_silences_the_bot(counter: Counter, clock: ManualClock, via: str) -> None:
    counter.hire(NADIA)
    counter.lea()
    assert counter.said(via=via).waited_s is None
    assert counter.conversation().voice is Voice.PERSON
    counter.hears()
    clock.advance(3 * MINUTE)
    counter.hears("allô ?")
    done = counter.said(via=via)
    assert done.waited_s == 180, "since the first of them"
    assert done.conversation.unanswered_since is None
    assert counter.sent("staff_said", GROUP), "the team hears what is said"


def test_given_back_it_says_so_once(counter: Counter) -> None:
    counter.hire(NADIA)
    counter.wanted()
    counter.said()
    there = counter.conversation()
    write, handoff = counter.small.storage.write, counter.handoff
    given = write(lambda uow: handoff.give_back(uow, NADIA, there.customer_id, there.version))
    assert isinstance(given, Conversation) and not given.bot_is_silent and given.assigned_to == ""
    again = write(lambda uow: handoff.give_back(uow, NADIA, there.customer_id, given.version))
    assert again == given
    assert counter.sent("bot_is_back") == [{"customer_id": there.customer_id}]


def test_no_second_goodbye(counter: Counter) -> None:
    counter.hire(NADIA)
    counter.said(words="C’est réglé, je vous souhaite une bonne journée !")
    there = counter.conversation()
    counter.small.storage.write(lambda uow: counter.handoff.give_back(uow, NADIA, there.customer_id, there.version))
    assert counter.sent("bot_is_back") == []


def test_the_shopper_wants_the_bot_again(counter: Counter) -> None:
    counter.hire(NADIA)
    counter.wanted()
    customer = counter.lea()
    write = counter.small.storage.write
    assert write(lambda uow: counter.handoff.back_to_bot(uow, customer.id))
    assert not write(lambda uow: counter.handoff.back_to_bot(uow, customer.id))
    assert counter.conversation().voice is Voice.BOT
    assert counter.sent("bot_is_back") == [], "whoever asks for it is answered in the conversation"


def test_long_after_the_last_word_the_bot_answers_again(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    counter.wanted()
    counter.said()
    clock.advance(timedelta(hours=11, minutes=59))
    assert counter.handoff.tick() == 0
    clock.advance(MINUTE)
    assert counter.handoff.tick() == 1
    assert counter.conversation().voice is Voice.BOT
    assert counter.sent("bot_is_back") == [], "silently"


def test_what_waits_for_an_answer_is_never_forgotten(counter: Counter, clock: ManualClock) -> None:
    counter.hire(NADIA)
    counter.said()
    counter.hears()
    clock.advance(timedelta(days=3))
    assert counter.handoff.tick() == 0
    assert counter.conversation().voice is Voice.PERSON
