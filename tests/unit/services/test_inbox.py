"""Staff answer where the customer wrote last, and nowhere else; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from commerce.domain.conversation import (
    Answered,
    AnswerRefused,
    CannedReply,
    Conversation,
    HandoffReason,
    NotAnswered,
    NoteKind,
    NotSpeaking,
    Shelf,
    Voice,
)
from commerce.domain.customer import Contact
from commerce.domain.linking import CustomerMerge
from commerce.domain.localtext import LocalText
from commerce.domain.mail import Direction, ThreadEntry
from commerce.domain.reservation import Refused
from commerce.domain.team import Role, StaffMember
from commerce.errors import StaleVersion
from commerce.ids import SeededIds
from commerce.media import FileMediaStore
from commerce.ports import ChannelRules, UnitOfWork
from commerce.services.alerting import Alerting
from commerce.services.answering_report import answering_report
from commerce.services.canned import Canned
from commerce.services.handoff import Handoff
from commerce.services.inbox import Inbox
from commerce.services.routing import Routing
from commerce.services.summing_up import SummingUp
from tests.contracts.staff_values import a_member
from tests.unit.services.conftest import LEA, SAM, Small

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ON_WHATSAPP = Contact("whatsapp", "33400000000", "33612345678")
CHANNELS = {
    "telegram": ChannelRules(4096, counts_utf16=True),
    "webchat": ChannelRules(20_000),
    "whatsapp": ChannelRules(1000, reply_window=timedelta(hours=24)),
}
HOURS_REPLY = CannedReply(
    "c1", "Horaires", LocalText({"fr": "Bonjour {name}, {store} est ouvert {hours}.", "en": "Hello {name}"})
)
NADIA, OTHER, HUGO = a_member("nadia"), a_member("other", stores=("S2",)), a_member("hugo", Role.MARKETER, ())


class Desk:
    def __init__(self, small: Small, folder) -> None:
        self.small, self.storage, self.clock = small, small.storage, small.clock
        self.media = FileMediaStore(folder)
        self.canned = Canned(small.clock, SeededIds(), ("fr", "en"))
        alerting, routing = Alerting(small.clock), Routing(small.clock)
        handoff = Handoff(small.storage, small.clock, routing, alerting, SummingUp("fr"), timedelta(hours=12))
        self.inbox = Inbox(small.clock, self.canned, handoff, alerting, self.media, CHANNELS, timedelta(days=30))
        self.lea = small.customer(LEA)

    def says(self, contact: Contact, text: str, **body: object) -> int:
        def work(uow: UnitOfWork) -> int:
            customer = self.small.customers.recognise(uow, contact)
            uow.conversations.heard(customer.id, self.clock.now())
            return uow.threads.add(
                contact, Direction.IN, json.dumps({"text": text, **body}, ensure_ascii=False), self.clock.now()
            )

        return self.storage.write(work)

    def link(self, contact: Contact) -> None:
        other = self.small.customer(contact)

        def work(uow: UnitOfWork) -> None:
            moved = uow.links.join(self.lea, other)
            uow.links.add_merge(CustomerMerge("m1", self.lea, other, self.clock.now(), moved))

        self.storage.write(work)

    def asks_for_a_person(self, **changes: object) -> Conversation:
        values: dict[str, object] = {
            "customer_id": self.lea, "voice": Voice.NOBODY_YET, "reason": HandoffReason.ASKED, "assigned_to": "",
            "store_id": "", "language": "fr", "skill": "", "summary": "", "asked_at": self.clock.now(),
            "unanswered_since": self.clock.now(),
        }  # fmt: skip
        conversation = Conversation(**(values | changes))  # type: ignore[arg-type]
        self.storage.write(lambda uow: uow.conversations.add(conversation))
        return conversation

    def answer(self, text: str, member: StaffMember = NADIA, **more: object) -> Answered | AnswerRefused:
        return self.storage.write(lambda uow: self.inbox.answer(uow, member, self.lea, text, **more))  # type: ignore[arg-type]

    def sent(self) -> list[tuple[str, str]]:
        """(channel, text) of what is in the outbox, in order."""
        found = []
        with self.storage.read() as uow:
            for lane in uow.outbox.waiting_lanes(self.clock.now(), 100):
                row = uow.outbox.next_in(lane, self.clock.now())
                assert row is not None and row.message.kind == "reply"
                found.append((row.message.contact.channel, json.loads(row.message.body)["text"]))
        return found

    def conversation(self) -> Conversation:
        with self.storage.read() as uow:
            found = uow.conversations.get(self.lea)
        assert found is not None
        return found


@pytest.fixture
def desk(small: Small, tmp_path) -> Desk:
    return Desk(small, tmp_path / "media")


def test_an_answer_leaves_on_the_channel_used_last_and_only_there(desk: Desk) -> None:
    desk.link(SAM)
    desk.says(SAM, "bonjour")
    desk.clock.advance(MINUTE)
    desk.says(LEA, "on a été coupés")
    desk.asks_for_a_person()
    desk.clock.advance(3 * MINUTE)
    done = desk.answer("Bonjour Léa, je m’en occupe.")
    assert isinstance(done, Answered)
    assert done.contact == LEA
    assert desk.sent() == [("telegram", "Bonjour Léa, je m’en occupe.")]
    now = desk.conversation()
    assert (now.voice, now.assigned_to, now.unanswered_since, now.version) == (Voice.PERSON, "nadia", None, 2)
    with desk.storage.read() as uow:
        newest = uow.conversations.thread(desk.lea)[0]
        (answer,) = uow.conversations.answers(desk.clock.now() - HOUR)
    body = json.loads(newest.body)
    assert (newest.id, newest.direction, body["speaker"], body["staff_id"]) == (
        done.entry_id, Direction.OUT, "Nadia", "nadia"
    )  # fmt: skip
    assert (answer.waited_s, answer.canned_id, answer.edited) == (180, "", False)


def test_who_was_never_asked_for_steps_in(desk: Desk) -> None:
    desk.says(LEA, "bonjour")
    assert isinstance(desk.answer("Bonjour !"), Answered)
    now = desk.conversation()
    assert (now.voice, now.reason, now.assigned_to) == (Voice.PERSON, HandoffReason.STAFF, "nadia")
    with desk.storage.read() as uow:
        assert uow.conversations.answers(desk.clock.now())[0].waited_s is None


def test_a_closed_window_is_shown_and_nothing_is_sent(desk: Desk) -> None:
    desk.link(ON_WHATSAPP)
    desk.clock.advance(HOUR)
    desk.says(ON_WHATSAPP, "bonjour")
    desk.clock.advance(timedelta(hours=24) - MINUTE)
    with desk.storage.read() as uow:
        (first, second) = desk.inbox.reaches(uow, desk.lea)
    assert (first.contact, first.is_open, second.contact, second.closes_at) == (ON_WHATSAPP, True, LEA, None)
    desk.clock.advance(MINUTE)
    refused = desk.answer("Bonjour")
    assert isinstance(refused, AnswerRefused)
    assert (refused.reason, [each.contact for each in refused.others]) == (NotAnswered.WINDOW_CLOSED, [LEA])
    assert desk.sent() == []
    with desk.storage.read() as uow:
        assert [entry.direction for entry in uow.conversations.thread(desk.lea)] == [Direction.IN]
    assert isinstance(desk.answer("Bonjour", via=LEA), Answered)  # on purpose, on another of theirs
    assert desk.sent() == [("telegram", "Bonjour")]
    assert desk.answer("Bonjour", via=Contact("telegram", "shop", "9")) == AnswerRefused(NotAnswered.NO_CHANNEL)


def test_what_cannot_be_sent_is_said(desk: Desk) -> None:
    desk.says(LEA, "bonjour")

    def reason(answer: Answered | AnswerRefused) -> NotAnswered:
        assert isinstance(answer, AnswerRefused)
        return answer.reason

    assert reason(desk.answer(" \n\x00 ")) is NotAnswered.EMPTY
    assert reason(desk.answer("é" * 4097)) is NotAnswered.TOO_LONG
    assert reason(desk.answer("😀" * 2049)) is NotAnswered.TOO_LONG  # two units each, as Telegram counts
    assert reason(desk.answer("Il en reste {stock}.")) is NotAnswered.UNFILLED
    assert reason(desk.answer("bonjour", HUGO)) is NotAnswered.NOT_FOUND
    assert desk.sent() == []
    phone = desk.small.customer(Contact("phone", "S1", "+33612345678"))
    by_phone = desk.storage.write(lambda uow: desk.inbox.answer(uow, NADIA, phone, "bonjour"))
    assert by_phone == AnswerRefused(NotAnswered.NO_CHANNEL)
    nobody = desk.storage.write(lambda uow: desk.inbox.answer(uow, NADIA, "nobody", "bonjour"))
    assert nobody == AnswerRefused(NotAnswered.NOT_FOUND)


def test_staff_text_is_made_harmless(desk: Desk) -> None:
    desk.says(LEA, "bonjour")
    desk.answer("Carte 4111 1111 1111 1111\x00\u202e\r\nmerci <b>Léa</b> {bonjour}")
    assert desk.sent() == [("telegram", "Carte •••• •••• •••• 1111\nmerci <b>Léa</b> {bonjour}")]


def test_two_members_do_not_answer_over_each_other(desk: Desk) -> None:
    desk.says(LEA, "bonjour")
    desk.answer("Bonjour")
    refused = desk.answer("Bonjour aussi", OTHER)
    assert refused == AnswerRefused(NotAnswered.TAKEN, held_by="nadia")
    assert isinstance(desk.answer("Je reprends", OTHER, take_over=True), Answered)
    assert desk.conversation().assigned_to == "other"


def test_of_two_at_once_one_is_told(desk: Desk) -> None:
    seen = desk.asks_for_a_person()
    desk.answer("Bonjour")

    def late(uow: UnitOfWork) -> None:
        uow.conversations.update(seen)

    with pytest.raises(StaleVersion):
        desk.storage.write(late)


def test_the_shelves_of_the_inbox(desk: Desk) -> None:
    desk.says(LEA, "bonjour")
    desk.says(SAM, "hello")

    def names(shelf: Shelf, member: StaffMember = NADIA) -> list[str]:
        with desk.storage.read() as uow:
            return [line.conversation.customer_id for line in desk.inbox.lines(uow, member, shelf)]

    sam = desk.small.customer(SAM)
    assert names(Shelf.WAITING) == []
    assert sorted(names(Shelf.ALL)) == sorted([desk.lea, sam])
    desk.asks_for_a_person(store_id="S1")
    assert names(Shelf.WAITING) == names(Shelf.STORES) == [desk.lea]
    assert names(Shelf.STORES, OTHER) == []
    desk.answer("Bonjour")
    assert names(Shelf.MINE) == [desk.lea]
    assert names(Shelf.WAITING) == []
    desk.says(LEA, "et demain ?")
    assert names(Shelf.WAITING) == [desk.lea]
    assert names(Shelf.MINE, OTHER) == names(Shelf.CLOSED) == []
    with desk.storage.read() as uow:
        assert [line.conversation.customer_id for line in desk.inbox.found(uow, "hello")] == [sam]


def test_a_call_is_noted_in_the_thread_and_stops_the_clock(desk: Desk) -> None:
    desk.says(LEA, "rappelez-moi")
    desk.asks_for_a_person()
    note = desk.storage.write(
        lambda uow: desk.inbox.note(uow, NADIA, desk.lea, NoteKind.CALL, "Échange accordé, carte 4111111111111111")
    )
    assert isinstance(note, ThreadEntry)
    body = json.loads(note.body)
    assert (body["note"], body["text"], body["speaker"]) == (
        "call", "Échange accordé, carte ••••••••••••1111", "Nadia"
    )  # fmt: skip
    assert desk.conversation().unanswered_since is None
    assert desk.sent() == []
    with desk.storage.read() as uow:
        assert uow.conversations.thread(desk.lea)[0] == note
        assert uow.conversations.search("echange", 5) == [desk.lea]
    for member, text, reason in (
        (NADIA, "  ", NotAnswered.EMPTY),
        (NADIA, "a" * 4001, NotAnswered.TOO_LONG),
        (HUGO, "a", NotAnswered.NOT_FOUND),
    ):
        refused = desk.storage.write(
            lambda uow, member=member, text=text: desk.inbox.note(uow, member, desk.lea, NoteKind.NOTE, text)
        )
        assert refused == Refused(reason)


def test_a_conversation_is_given_to_somebody_else(desk: Desk) -> None:
    for member in (NADIA, OTHER, HUGO):
        desk.storage.write(lambda uow, member=member: uow.team.add(member))
    desk.says(LEA, "bonjour")

    def assign(to: StaffMember, version: int, by: StaffMember = NADIA):
        return desk.storage.write(lambda uow: desk.inbox.assign(uow, by, desk.lea, to.id, version))

    given = assign(OTHER, 0)
    assert isinstance(given, Conversation)
    assert (given.voice, given.reason, given.assigned_to) == (Voice.NOBODY_YET, HandoffReason.STAFF, "other")
    assert assign(NADIA, 0) == Refused(NotSpeaking.CHANGED)
    assert assign(HUGO, given.version) == Refused(NotSpeaking.NOT_ALLOWED)
    assert assign(NADIA, given.version, HUGO) == Refused(NotSpeaking.NOT_ALLOWED)
    mine = assign(NADIA, given.version)
    assert isinstance(mine, Conversation)
    assert (mine.voice, mine.assigned_to, mine.asked_at) == (Voice.PERSON, "nadia", given.asked_at)
    assert desk.conversation() == mine


def test_photos_are_shown_in_the_thread_of_whoever_sent_them(desk: Desk) -> None:
    key = desk.media.put(b"jpeg", ".photo")
    until = desk.clock.now() + HOUR
    desk.storage.write(lambda uow: uow.photos.add(key, LEA, desk.clock.now(), until))
    entry_id = desk.says(LEA, "", photo_key=key)
    stolen = desk.says(SAM, "", photo_key=key)
    plain = desk.says(LEA, "bonjour")
    with desk.storage.read() as uow:
        assert desk.inbox.photo(uow, desk.lea, entry_id) == b"jpeg"
        assert desk.inbox.photo(uow, desk.small.customer(SAM), stolen) is None
        assert desk.inbox.photo(uow, desk.lea, stolen) is None
        assert desk.inbox.photo(uow, desk.lea, plain) is None
        assert desk.inbox.photo(uow, "nobody", entry_id) is None
    desk.storage.write(lambda uow: uow.photos.forget(key))
    with desk.storage.read() as uow:
        assert desk.inbox.photo(uow, desk.lea, entry_id) is None


# --- canned replies


def test_a_draft_holds_what_is_true_of_this_customer(desk: Desk) -> None:
    text = "{name}|{member}|{item}|{stock}|{code}|{until}|{store}|{hours}|{order}"
    places = CannedReply("c2", "Tout", LocalText({"fr": text}))
    desk.small.place("38")

    def name(uow: UnitOfWork) -> None:
        desk.small.customers.recognise(uow, LEA, name="Léa", language="fr")

    desk.storage.write(name)
    with desk.storage.read() as uow:
        draft = desk.canned.draft(uow, places, NADIA, desk.lea, None)
        (held,) = uow.reservations.of_customer(desk.lea, only_open=True)
    parts = draft.text.split("|")
    assert parts[0:2] == ["Léa", "Nadia"]
    assert parts[2].endswith("38")
    assert parts[4] == held.code
    assert "19:00" in parts[5]
    assert parts[6] == "Lyon Bellecour"
    assert parts[7] == "aujourd’hui jusqu’à 19:00"
    assert (parts[8], draft.missing) == ("{order}", ("order",))


def test_the_same_words_twice_are_warned_of(desk: Desk) -> None:
    desk.says(LEA, "quels horaires ?")
    desk.storage.write(lambda uow: uow.conversations.put_canned(HOURS_REPLY))
    desk.storage.write(lambda uow: desk.small.customers.recognise(uow, LEA, name="Léa", language="fr"))
    with desk.storage.read() as uow:
        draft = desk.canned.draft(uow, HOURS_REPLY, NADIA, desk.lea, None)
    assert draft.missing == ()
    assert isinstance(desk.answer(draft.text, canned_id="c1"), Answered)
    refused = desk.answer(f"{draft.text}  ", canned_id="c1")
    assert isinstance(refused, AnswerRefused)
    assert refused.reason is NotAnswered.SAME_TWICE
    assert isinstance(desk.answer(draft.text + " À bientôt !", canned_id="c1"), Answered)  # it was changed
    assert isinstance(desk.answer(draft.text, canned_id="c1", same_again=True), Answered)
    assert isinstance(desk.answer("Autre chose", canned_id="gone"), Answered)


def test_the_report_counts_canned_answers_and_waits(desk: Desk) -> None:
    desk.storage.write(lambda uow: uow.conversations.put_canned(HOURS_REPLY))
    desk.storage.write(lambda uow: desk.small.customers.recognise(uow, LEA, name="Léa", language="fr"))
    desk.says(LEA, "bonjour")
    desk.asks_for_a_person()
    since = desk.clock.now()
    desk.clock.advance(2 * MINUTE)
    with desk.storage.read() as uow:
        draft = desk.canned.draft(uow, HOURS_REPLY, NADIA, desk.lea, None).text
    desk.answer(draft, canned_id="c1")
    desk.says(LEA, "et demain ?")
    desk.clock.advance(4 * MINUTE)
    desk.answer(f"{draft} Et demain aussi.", canned_id="c1")
    desk.answer("À demain !")
    desk.answer("Je reprends.", OTHER, take_over=True)
    desk.storage.write(lambda uow: uow.team.add(NADIA))
    with desk.storage.read() as uow:
        report = answering_report(uow, since, desk.clock.now() + MINUTE)
        assert answering_report(uow, since, since).team.total == 0
    nadia, other = report.by_member
    assert (nadia.name, nadia.untouched, nadia.edited, nadia.free, nadia.waited_s) == ("Nadia", 1, 1, 1, 180)
    assert (other.staff_id, other.free, other.waited_s) == ("other", 1, None)
    assert (report.team.total, report.team.untouched_frac) == (4, 0.25)


def test_the_owner_keeps_canned_replies(desk: Desk) -> None:
    def keep(title: str, canned_id: str = "", **texts: str):
        return desk.storage.write(lambda uow: desk.canned.keep(uow, NADIA, title, texts, canned_id))

    kept = keep("Bonjour", fr="Bonjour {name}", en="Hello {name}", de="Hallo")
    assert isinstance(kept, CannedReply)
    assert dict(kept.text.by_language) == {"fr": "Bonjour {name}", "en": "Hello {name}"}
    changed = keep("Bonjour !", kept.id, fr="Bonjour {name} !")
    assert isinstance(changed, CannedReply)
    assert (changed.id, changed.position) == (kept.id, kept.position)
    assert keep("", fr="Bonjour").reason.value == "empty"
    assert keep("Vide").reason.value == "empty"
    assert keep("Faux", fr="Bonjour {surname}").reason.value == "unknown_place"
    assert keep("Long", fr="a" * 2001).reason.value == "too_long"
    assert desk.storage.write(lambda uow: desk.canned.remove(uow, NADIA, kept.id))
    assert not desk.storage.write(lambda uow: desk.canned.remove(uow, NADIA, kept.id))
