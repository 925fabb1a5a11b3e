"""Everything that touched a customer is one list, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.conversation import TouchKind
from commerce.domain.customer import Consent, Customer, Purpose
from commerce.domain.lookbook import Did, ReadingEvent
from commerce.domain.mail import Direction
from commerce.domain.offering import ChoiceKind, Offer, OfferChoice, OfferLine, OfferState
from commerce.domain.order import OrderEvent, OrderState
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationLine, ReservationState
from commerce.ports import Storage, UnitOfWork
from tests.contracts.conversation_values import LEA_ON_THE_WEB, MINUTE, also_on_the_web, said
from tests.contracts.selling_values import HOUR, LEA_PERSON, SAM_PERSON, an_order, put_order
from tests.contracts.storage_values import LEA, NOW, euros, put_stock


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


def test_what_was_read_with_consent_and_what_was_offered_are_touches(storage: Storage, people: None) -> None:
    variants = put_stock(storage, {"38": 3, "40": 3})

    def fill(uow: UnitOfWork) -> None:
        read = ReadingEvent("e1", Did.PAGE, NOW + MINUTE, "b" * 32, page=4, customer_id=LEA_PERSON.id)
        uow.reading.add(
            [
                read,
                replace(read, event_id="e2", at=NOW + 2 * MINUTE, dwell_ms=9000),  # how long: no touch of its own
                replace(read, event_id="e3", did=Did.HOTSPOT, at=NOW + 3 * MINUTE, product_id=42),
                replace(read, event_id="e4", at=NOW + 4 * MINUTE, customer_id="", visitor="v" * 32),  # nobody's
                replace(read, event_id="e5", at=NOW + 5 * MINUTE, customer_id=SAM_PERSON.id),
            ]
        )
        for number, state in enumerate((OfferState.TAKEN, OfferState.DECLINED, OfferState.OPEN)):
            choices = []
            for position, variant_id in enumerate(variants, start=1):
                (hold,) = (
                    uow.stock.take(f"h{number}{position}", [(variant_id, 1)], "bellecour", "o", NOW + HOUR, NOW) or []
                )
                line = OfferLine(variant_id, 1, euros(7900), hold.id)
                choices.append(OfferChoice(position, ChoiceKind.OTHER_STORE, "bellecour", (line,)))
            made_at = NOW + (10 + number) * MINUTE
            ref = PickUpRef(PickUpKind.RESERVATION, f"r{number}")
            made = Offer(
                f"o{number}", LEA_PERSON.id, LEA, ref, tuple(choices), OfferState.OPEN, made_at, made_at + HOUR
            )
            uow.offers.add(made)
            if state is not OfferState.OPEN:
                uow.offers.end(made.id, state, *((2,) if state is OfferState.TAKEN else ()))

    storage.write(fill)
    with storage.read() as uow:
        touches = uow.conversations.touches(LEA_PERSON.id)[::-1]
        assert uow.conversations.touches(LEA_PERSON.id, limit=2) == touches[:-3:-1]
    assert [(touch.kind, touch.what, touch.subject, touch.text) for touch in touches] == [
        (TouchKind.READING, "page", f"{'b' * 32}:", "p. 4"),
        (TouchKind.READING, "hotspot", f"{'b' * 32}:42", "p. 4"),
        (TouchKind.OFFER, "offer_taken", str(variants[1]), "other_store"),
        (TouchKind.OFFER, "offer_declined", str(variants[0]), ""),
        (TouchKind.OFFER, "offer_open", str(variants[0]), ""),
    ]
