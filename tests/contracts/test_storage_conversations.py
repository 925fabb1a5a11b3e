"""Who speaks, the inbox, the thread over every channel, search and the timeline, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from commerce.domain.conversation import (
    CannedReply,
    Conversation,
    HandoffReason,
    StaffAnswer,
    TouchKind,
    Voice,
)
from commerce.domain.customer import Consent, Contact, Customer, Purpose
from commerce.domain.linking import CustomerMerge
from commerce.domain.localtext import LocalText
from commerce.domain.mail import Direction
from commerce.domain.order import OrderEvent, OrderState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.errors import StaleVersion
from commerce.ports import Storage, UnitOfWork
from commerce.storage.unit_of_work import SqlUnitOfWork
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, an_order, put_order, put_people
from tests.contracts.storage_values import LEA, NOW, SAM, euros, put_stock

LEA_ON_THE_WEB = Contact("webchat", "web", "chat-lea")
MINUTE = timedelta(minutes=1)
TALK = Conversation(
    LEA_PERSON.id, Voice.NOBODY_YET, HandoffReason.ASKED, "", "bellecour", "fr", "returns", "Léa veut échanger.",
    asked_at=NOW, unanswered_since=NOW,
)  # fmt: skip


@pytest.fixture
def people(storage: Storage) -> None:
    put_people(storage)


def said(storage: Storage, contact: Contact, text: str, at: datetime = NOW, direction: Direction = Direction.IN) -> int:
    body = json.dumps({"text": text}, ensure_ascii=False)

    def work(uow: UnitOfWork) -> int:
        if direction is Direction.IN:
            uow.customers.seen(contact, at)
        return uow.threads.add(contact, direction, body, at)

    return storage.write(work)


def also_on_the_web(storage: Storage) -> None:
    """Léa has written from the web chat, and both are one person."""
    web = Customer("e" * 32, "", "fr", NOW)
    storage.write(lambda uow: uow.customers.add(web, LEA_ON_THE_WEB, NOW))

    def link(uow: UnitOfWork) -> None:
        uow.links.add_merge(CustomerMerge("m1", LEA_PERSON.id, web.id, NOW, uow.links.join(LEA_PERSON.id, web.id)))

    storage.write(link)


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


# --- finding ---------------------------------------------------------------------------------------------------------


def find(storage: Storage, typed: str) -> list[str]:
    with storage.read() as uow:
        return uow.conversations.search(typed, 10)


def test_a_customer_is_found_by_whatever_is_known(storage: Storage, people: None) -> None:
    (variant_id,) = put_stock(storage, {"38": 3})
    number = put_order(storage, [variant_id]).number

    def hold(uow: UnitOfWork) -> None:
        (taken,) = uow.stock.take("h1", [(variant_id, 1)], "bellecour", "r1", NOW + HOUR, NOW) or []
        line = ReservationLine(taken.variant_id, 1, euros(7900), taken.id)
        reservation = Reservation(
            "r1", "ABC-123", SAM_PERSON.id, "bellecour", ReservationState.HELD, (line,), NOW, NOW + HOUR, 0, 1, "web"
        )
        uow.reservations.add(reservation, SAM, ReservationEvent(NOW, None, ReservationState.HELD, "shopper"))

    storage.write(hold)
    said(storage, SAM, "I never got a return label, l’étiquette")
    with storage.read() as uow:
        found = uow.products.by_variant(variant_id)
    assert found is not None
    sku = found[1].sku
    lea, sam = LEA_PERSON.id, SAM_PERSON.id
    for typed, expected in {
        "lea": [lea],
        "LÉA m": [lea],
        "sam": [sam],
        str(number): [lea],
        f"n° {number}": [lea],
        "lea@example.org": [lea],
        "06 00 00 00 00": [lea],
        "+33600000000": [lea],
        "klm 234": [lea],
        "abc-123": [sam],
        LEA.address: [lea],
        sku: [lea, sam],
        "etiquette": [sam],
        "retur lab": [sam],
        "label robe": [],
        "": [],
        "   ": [],
        "%": [],
        "\x00": [],
        lea: [lea],
    }.items():
        assert find(storage, typed) == expected, typed


def test_what_the_bot_says_to_everybody_finds_nobody(storage: Storage, people: None) -> None:
    said(storage, LEA, "panier introuvable", direction=Direction.OUT)
    assert find(storage, "panier") == []
    body = json.dumps({"text": "Votre panier est prêt", "speaker": "Nadia"})
    storage.write(lambda uow: uow.threads.add(LEA, Direction.OUT, body, NOW))
    assert find(storage, "panier") == [LEA_PERSON.id]
    said(storage, SAM, "le colis est rentré chez le voisin", direction=Direction.NOTE)
    assert find(storage, "voisin") == [SAM_PERSON.id]


def test_who_was_linked_is_found_by_both_names(storage: Storage, people: None) -> None:
    web = Customer("e" * 32, "Madame Durand", "fr", NOW)
    storage.write(lambda uow: uow.customers.add(web, LEA_ON_THE_WEB, NOW))
    assert find(storage, "durand") == [web.id]
    moved = storage.write(lambda uow: uow.links.join(LEA_PERSON.id, web.id))
    assert find(storage, "durand") == find(storage, "léa") == [LEA_PERSON.id]
    storage.write(lambda uow: uow.links.part(CustomerMerge("m1", LEA_PERSON.id, web.id, NOW, moved)))
    assert find(storage, "durand") == [web.id]


def test_searching_walks_through_indexes(storage: Storage, people: None) -> None:
    put_order(storage, put_stock(storage, {"38": 3}))
    said(storage, LEA, "bonjour")
    with storage.read() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        connection = uow.transaction.connection
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        asked: list[tuple[str, object]] = []

        def note(_c: object, _cursor: object, statement: str, values: object, _context: object, _many: bool) -> None:
            asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        uow.conversations.search("rien 12345678", 10)
        uow.conversations.search("12345678", 10)
        uow.conversations.search("zzz-zzz", 10)
        uow.conversations.thread(LEA_PERSON.id)
        uow.conversations.lines()
        uow.conversations.touches(LEA_PERSON.id)
        event.remove(connection, "before_cursor_execute", note)
        assert len(asked) > 20
        for statement, values in asked:
            plan = [str(row) for row in connection.exec_driver_sql(explain + statement, values)]  # type: ignore[arg-type]
            scans = [step for step in plan if "SCAN" in step.upper() and "INDEX" not in step.upper()]
            scans = [
                step for step in scans if not any(fine in step for fine in ("Bitmap", "Subquery Scan", "SCAN anon_1"))
            ]
            assert scans == [], statement


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


# --- the timeline -----------------------------------------------------------------------------------------------------


def test_six_actions_on_four_channels_are_six_events_in_order(storage: Storage, people: None) -> None:
    """A word on the web, a reservation on Telegram, a call, a visit, an answer of a person, an order."""
    variants = put_stock(storage, {"38": 3})
    storage.write(lambda uow: uow.customers.add(Customer("e" * 32, "", "fr", NOW), LEA_ON_THE_WEB, NOW))
    storage.write(lambda uow: uow.links.join(LEA_PERSON.id, "e" * 32))

    def reserve(uow: UnitOfWork) -> None:
        (taken,) = uow.stock.take("h1", [(variants[0], 1)], "bellecour", "r1", NOW + HOUR, NOW) or []
        line = ReservationLine(taken.variant_id, 1, euros(7900), taken.id)
        held = ReservationState.HELD
        reservation = Reservation(
            "r1", "ABC-123", LEA_PERSON.id, "bellecour", held, (line,), NOW, NOW + HOUR, 0, 1, "x"
        )
        uow.reservations.add(reservation, LEA, ReservationEvent(NOW + MINUTE, None, held, "shopper"))

    def note(kind: str, at: datetime) -> None:
        body = json.dumps({"note": kind, "text": kind, "staff_id": "s1"})
        storage.write(lambda uow: uow.threads.add(LEA, Direction.NOTE, body, at))

    said(storage, LEA_ON_THE_WEB, "bonjour", NOW)
    storage.write(reserve)
    note("call", NOW + 2 * MINUTE)
    note("visit", NOW + 3 * MINUTE)
    answer = json.dumps({"text": "Bonjour", "speaker": "Nadia", "staff_id": "s1"})
    storage.write(lambda uow: uow.threads.add(LEA, Direction.OUT, answer, NOW + 4 * MINUTE))
    placed = OrderEvent(NOW + 5 * MINUTE, None, OrderState.PENDING_PAYMENT, "shopper")
    storage.write(lambda uow: uow.orders.add(an_order(variants), LEA_ON_THE_WEB, placed))
    with storage.read() as uow:
        touches = uow.conversations.touches(LEA_PERSON.id)[::-1]
    assert [(touch.kind, touch.channel) for touch in touches] == [
        (TouchKind.MESSAGE_IN, "webchat"),
        (TouchKind.RESERVATION, "telegram"),
        (TouchKind.NOTE, "phone"),
        (TouchKind.NOTE, "counter"),
        (TouchKind.MESSAGE_OUT, "telegram"),
        (TouchKind.ORDER, "webchat"),
    ]
    assert [touch.at for touch in touches] == [NOW + minutes * MINUTE for minutes in range(6)]


def test_everything_is_one_list_newest_first(storage: Storage, people: None) -> None:
    variants = put_stock(storage, {"38": 3})
    also_on_the_web(storage)
    said(storage, LEA_ON_THE_WEB, "bonjour", NOW + MINUTE)
    put_order(storage, variants, order=replace(an_order(variants), created_at=NOW))

    def more(uow: UnitOfWork) -> None:
        cart = uow.carts.create("cart-1", LEA_PERSON.id, NOW)
        uow.carts.add(cart.id, variants[0], 2, "catalogue:spring:4", NOW + 2 * MINUTE, most=9)
        consent = Consent(LEA_PERSON.id, Purpose.MARKETING, "telegram", False, "Non merci", "fr", "button", NOW + HOUR)
        uow.customers.add_consent(consent)
        note = json.dumps({"note": "call", "text": "A rappelé", "staff_id": "s1"})
        uow.threads.add(LEA, Direction.NOTE, note, NOW + 3 * MINUTE)

    storage.write(more)
    with storage.read() as uow:
        touches = uow.conversations.touches(LEA_PERSON.id)
        assert [touch.kind for touch in touches] == [
            TouchKind.CONSENT, TouchKind.NOTE, TouchKind.CART, TouchKind.MESSAGE_IN, TouchKind.ORDER, TouchKind.LINKED
        ]  # fmt: skip
        assert [touch.at for touch in touches] == sorted((touch.at for touch in touches), reverse=True)
        note = touches[1]
        assert (note.what, note.text, note.actor, note.channel) == ("call", "A rappelé", "staff:s1", "phone")
        assert (touches[2].subject, touches[2].text[:3]) == (str(variants[0]), "2 ×")
        assert uow.conversations.touches(LEA_PERSON.id, before=NOW + 2 * MINUTE) == touches[3:]
        assert uow.conversations.touches(LEA_PERSON.id, limit=2) == touches[:2]
        assert uow.conversations.touches(SAM_PERSON.id) == []
