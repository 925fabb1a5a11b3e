"""While a person speaks for the shop, the bot is silent: five messages, no answer; what was promised still works."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.recorder.send import Recorder
from commerce.clock import ManualClock
from commerce.domain.conversation import Conversation, HandoffReason, Voice
from commerce.domain.linking import TokenPurpose
from commerce.domain.mail import Direction, ThreadEntry
from commerce.domain.staff import TaskKind
from commerce.domain.team import StaffMember, StaffSession
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.contracts.staff_values import a_member
from tests.unit.bot.conftest import Desk
from tests.unit.bot.test_dispatch import variant_of

NADIA = a_member("nadia", id="a" * 32, name="Nadia Benali", languages=("fr", "en"), skills=("returns",))


def hire(shop: Shop, member: StaffMember = NADIA) -> StaffMember:
    """With somebody who is at the counter now."""
    now = shop.clock.now()

    def work(uow: UnitOfWork) -> None:
        uow.team.add(member)
        uow.team.add_session(StaffSession(member.id * 2, member.id, now, now, now + timedelta(days=9)))

    shop.storage.write(work)
    return member


@pytest.fixture
def desk(shop: Shop) -> Desk:
    hire(shop)
    return Desk(shop, Recorder(shop.media))


def conversation(desk: Desk, address: str = "lea") -> Conversation:
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(address))
        assert customer is not None
        found = uow.conversations.get(customer.id)
    assert found is not None
    return found


def thread(desk: Desk, address: str = "lea") -> list[ThreadEntry]:
    with desk.shop.storage.read() as uow:
        return uow.threads.after(desk.contact(address), 0, 1000)


def answers(desk: Desk, **how: str) -> None:
    there = conversation(desk)
    desk.shop.storage.write(
        lambda uow: desk.shop.handoff.staff_said(uow, NADIA, there.customer_id, **({"via": "web"} | how))
    )


def test_a_person_takes_over_and_says_who(desk: Desk) -> None:
    assert desk.say("talk to a person") == ["Nadia is taking over."]
    there = conversation(desk)
    assert (there.voice, there.reason, there.assigned_to) == (Voice.NOBODY_YET, HandoffReason.ASKED, NADIA.id)


def test_five_messages_and_not_a_word(desk: Desk) -> None:
    desk.say("talk to a person")
    before = len(desk.texts())
    for said in ("hello?", "bot", "/start", "the second one", "linen dress navy"):
        assert desk.say(said) == []
    assert desk.say(action="more") == []
    assert len(desk.texts()) == before
    heard = [json.loads(e.body).get("text", "") for e in thread(desk) if e.direction is Direction.IN]
    assert heard[-6:-1] == ["hello?", "bot", "/start", "the second one", "linen dress navy"]
    assert conversation(desk).unanswered_since is not None


def test_who_floods_a_person_hears_nothing_either(desk: Desk) -> None:
    desk.say("talk to a person")
    assert [desk.say("hello?", after_s=0.1) for _ in range(40)] == [[]] * 40


def test_the_label_of_an_old_button_is_a_word_like_any_other(desk: Desk) -> None:
    desk.say("hello")
    desk.say("talk to a person")
    answers(desk)
    assert desk.say("My reservations") == []
    assert desk.say(action="mine") != [], "the button itself acts"


def test_promises_still_work(desk: Desk) -> None:
    navy = variant_of(desk.shop, "P1", "navy", "38")
    desk.say(action=f"reserve:{navy}:S1")
    desk.say("talk to a person")
    with desk.shop.storage.read() as uow:
        [held] = uow.reservations.of_customer(conversation(desk).customer_id, only_open=True)
    assert desk.say(action=f"cancel:{held.id}") != []
    assert desk.say(action=f"reserve:{navy}:S1") == [], "a new wish is for the person to answer"
    with desk.shop.storage.read() as uow:
        assert not uow.reservations.get(held.id).is_open  # type: ignore[union-attr]


def test_news_of_what_was_promised_still_comes(desk: Desk, clock: ManualClock) -> None:
    navy = variant_of(desk.shop, "P1", "navy", "38")
    desk.say(action=f"reserve:{navy}:S1")
    desk.say("talk to a person")
    answers(desk)
    before = len(desk.texts())
    clock.advance(timedelta(days=3))
    desk.shop.reserving.expire_due()
    desk.worker.run_until_quiet()
    assert len(desk.texts()) == before + 1


@pytest.mark.parametrize("said", ["STOP", "stop", "arrêt"])
def test_an_end_to_promotions_is_heard_at_any_time(desk: Desk, said: str) -> None:
    desk.say("talk to a person")
    assert len(desk.say(said)) == 1
    assert conversation(desk).bot_is_silent


@pytest.mark.parametrize("how", [{"text": "stop recommending from what I do"}, {"action": "ideasfrom"}])
def test_an_end_to_suggestions_is_heard_at_any_time(desk: Desk, how: dict[str, str]) -> None:
    desk.say("talk to a person")
    assert "no more suggestions from what you do" in desk.say(**how)[-1]
    assert desk.say("what do you recommend?") == []


def test_an_end_to_suggestions_is_heard_in_any_tone(desk: Desk) -> None:
    assert (
        "no more suggestions from what you do" in desk.say("STOP TRACKING ME YOU IDIOTS!!! this is fucking awful")[-1]
    )


def test_the_legal_withdrawal_works_at_any_time(desk: Desk) -> None:
    desk.say("talk to a person")
    assert desk.say("I want to withdraw from the contract") != []
    assert conversation(desk).bot_is_silent


@pytest.mark.parametrize("how", [{"text": "back to the bot please"}, {"action": "bot"}])
def test_the_shopper_has_the_bot_again(desk: Desk, how: dict[str, str]) -> None:
    desk.say("talk to a person")
    assert desk.say(**how) == ["I’m back. Anything else?"]
    assert not conversation(desk).bot_is_silent
    assert "Hello" in desk.say("hello")[0]


def test_given_back_by_the_person(desk: Desk) -> None:
    desk.say("talk to a person")
    answers(desk)
    there = conversation(desk)
    before = len(desk.texts())
    desk.shop.storage.write(lambda uow: desk.shop.handoff.give_back(uow, NADIA, there.customer_id, there.version))
    desk.worker.run_until_quiet()
    assert desk.texts()[before:] == ["I’m back. Anything else?"]
    assert desk.say("hello") != []


def test_silence_is_the_customers_on_every_door(desk: Desk) -> None:
    desk.say("hello", address="phone")
    desk.say("talk to a person")
    shop = desk.shop

    def link(uow: UnitOfWork) -> str:
        customer = uow.customers.by_contact(desk.contact())
        assert customer is not None
        return shop.linking.offer(uow, customer.id, desk.contact(), TokenPurpose.LINK)

    token = shop.storage.write(link)
    assert desk.say(f"/start c_{token}", address="phone") != [], "whoever is not linked yet speaks with the bot"
    assert desk.say(action=f"link:{token}", address="phone") != []
    before = len(desk.texts("phone"))
    assert desk.say("we got cut off", address="phone") == []
    assert desk.say("hello?") == []
    assert len(desk.texts("phone")) == before
    there = conversation(desk, "phone")
    assert there == conversation(desk)
    with shop.storage.read() as uow:
        said = [json.loads(e.body).get("text") for e in uow.conversations.thread(there.customer_id)]
    assert {"talk to a person", "we got cut off", "hello?"} <= set(said)
    assert desk.say(action="unlink", address="phone") != []


def test_a_person_who_begins_to_speak_in_between_is_not_interrupted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of a message and the writing of its answer, Nadia takes the conversation."""
    desk.say("hello")
    shop = desk.shop
    real = type(shop.storage).write
    taken = []

    def write(storage: object, work: Callable[[UnitOfWork], object]) -> object:
        if not taken and getattr(getattr(work, "func", None), "__name__", "") == "_finish":
            taken.append(True)
            with shop.storage.read() as uow:
                customer = uow.customers.by_contact(desk.contact())
            assert customer is not None
            real(shop.storage, lambda uow: shop.handoff.take(uow, NADIA, customer.id, 0))  # type: ignore[arg-type]
        return real(storage, work)  # type: ignore[arg-type]

    monkeypatch.setattr(type(shop.storage), "write", write)
    assert desk.say("linen dress navy") == []
    assert taken and conversation(desk).unanswered_since is not None


# --- what brings a person


def test_twice_not_understood(desk: Desk) -> None:
    [first] = desk.say("qzxv wfgh")
    assert "taking over" not in first
    [second] = desk.say("plmk qzxv")
    assert second == "I do not understand, and I am sorry. Nadia is taking over."
    assert conversation(desk).reason is HandoffReason.NOT_UNDERSTOOD


def test_understood_in_between_counts_anew(desk: Desk) -> None:
    desk.say("qzxv wfgh")
    desk.say("linen dress navy")
    [answer] = desk.say("plmk qzxv")
    assert "taking over" not in answer


def test_without_a_team_the_bot_goes_on(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    alone = Desk(shop, Recorder(shop.media))
    assert [len(alone.say(said)) for said in ("qzxv wfgh", "plmk qzxv", "qqzz xxvv")] == [1, 1, 1]
    [answer] = alone.say("this is a scam, you are thieves!!!")
    assert "our team will answer you here" in answer
    assert alone.say("hello") != []


def test_anger(desk: Desk) -> None:
    desk.say("my reservations")
    [answer] = desk.say("this is ridiculous, you are thieves")
    assert answer == "I am sorry. Nadia is taking over."
    there = conversation(desk)
    assert (there.reason, there.skill) == (HandoffReason.ANGRY, "orders"), "what it was about before"
    assert "you are thieves" in there.summary


def test_trouble_without_an_order_of_this_chat(desk: Desk) -> None:
    [answer] = desk.say("I was charged twice")
    assert answer.startswith("Orders, returns and payments are for our team.")
    there = conversation(desk)
    assert (there.reason, there.skill) == (HandoffReason.ORDER_TROUBLE, "payment")


# --- nobody answers


def test_a_call_is_offered_booked_and_told(desk: Desk, clock: ManualClock) -> None:
    desk.say("talk to a person")
    before = len(desk.texts())
    clock.advance(timedelta(minutes=10))
    desk.worker.tick()
    desk.worker.run_until_quiet()
    assert desk.texts()[before:] == ["Shall we call you back?"]
    rows = desk.recorder.sent_to(desk.contact())[-1].outgoing[-1].rows
    offered = [button for row in rows for button in row]
    assert [button.label.replace("\u202f", " ") for button in offered] == ["11:00 AM", "1:00 PM", "Back to the bot"]
    assert desk.say(action=offered[0].action) == ["On which number can we reach you?"]
    assert desk.say("are you there?") == [], "no number: that is for the person"
    [noted] = desk.say("06 12 34 56 78")
    assert noted.replace("\u202f", " ") == "Noted: we call you today 11:00 AM, on the number that ends in 78."
    with desk.shop.storage.read() as uow:
        [task] = uow.tasks.open(kind=TaskKind.CALL_BACK)
    assert json.loads(task.details)["phone"] == "+33612345678"
    assert "1:00" in desk.say(action=offered[1].action)[0], "the number is known by now"
    assert conversation(desk).bot_is_silent
    desk.worker.tick()
    desk.worker.run_until_quiet()
    assert desk.texts()[-1].startswith("Noted"), "asked once"


def test_no_call_is_offered_to_whoever_was_answered(desk: Desk, clock: ManualClock) -> None:
    desk.say("talk to a person")
    clock.advance(timedelta(minutes=10))
    desk.shop.calling_back.tick()
    answers(desk)
    before = len(desk.texts())
    desk.worker.run_until_quiet()
    assert len(desk.texts()) == before


def test_thanks_to_the_person_wait_for_nobody(desk: Desk, clock: ManualClock) -> None:
    desk.say("talk to a person")
    answers(desk, words="Done!")
    assert desk.say("thank you, bye") == []
    assert conversation(desk).unanswered_since is None
    clock.advance(timedelta(minutes=11))
    assert desk.shop.calling_back.tick() == 0, "nobody is asked whether to ring"
    clock.advance(timedelta(hours=12))
    assert desk.shop.handoff.tick() == 1
    desk.say("talk to a person")
    answers(desk)
    desk.say("thanks, and when does it come?")
    assert conversation(desk).unanswered_since is not None


@pytest.mark.parametrize("action", ["ring", "ring:1", f"ring:{2**62}"])
def test_forged_times(desk: Desk, action: str) -> None:
    [answer] = desk.say(action=action)
    assert answer == "Nobody is there at that time. When else?"


# --- goodbyes


def test_the_same_goodbye_is_not_said_twice(desk: Desk) -> None:
    assert desk.say("thanks") == ["With pleasure. Anything else?"]
    assert desk.say("thank you") == []
    assert desk.say("bye") == ["Goodbye, and see you soon."]
    assert desk.say("bye") == [] and desk.say("thanks") == []
    assert desk.say("hello") != []
    assert desk.say("bye") == ["Goodbye, and see you soon."]


def test_nor_after_the_persons_own(desk: Desk) -> None:
    desk.say("talk to a person")
    answers(desk, words="All done, have a nice day!")
    there = conversation(desk)
    before = len(desk.texts())
    desk.shop.storage.write(lambda uow: desk.shop.handoff.give_back(uow, NADIA, there.customer_id, there.version))
    desk.worker.run_until_quiet()
    assert len(desk.texts()) == before
    assert desk.say("thanks, bye") == []
    assert desk.say("linen dress navy") != []
    assert desk.say("thanks") != []
