"""Coming to collect, in the chat: ready, on the way, by car, somebody else, at the wrong store, afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from bot.channels.neutral import event_of
from bot.channels.recorder.send import Recorder
from bot.conversation.actions import Extend, PlaceOrder, encode
from bot.conversation.coming_actions import AllGood, ByCar, ExtendOrder, ImHere, OnMyWay, SendSomeone, Trouble
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.collecting import CollectingRules, PickUp, PickUpKind, PickUpRef, Stage
from commerce.domain.geo import GeoPoint
from commerce.domain.reservation import Reservation
from commerce.ports import UnitOfWork
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk

NADIA = "staff:nadia"
_numbers = count(1)


class Corner:
    """A desk at which something waits for Léa."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.shop = desk, desk.shop

    def reserved(self, sku: str = "P1-navy-38", store_id: str = "S1") -> PickUpRef:
        def work(uow: UnitOfWork) -> PickUpRef:
            found = uow.products.by_sku(sku)
            assert found is not None
            contact = self.desk.contact()
            lea = self.shop.customers.recognise(uow, contact, name="Léa", language="en")
            held = self.shop.reserving.place(
                uow, customer_id=lea.id, contact=contact, store_id=store_id, lines=[(found[1].id, 1)]
            )
            assert isinstance(held, Reservation), held
            return PickUpRef(PickUpKind.RESERVATION, held.id)

        return self.shop.storage.write(work)

    def ordered(self, way: str = "pay_in_store") -> PickUpRef:
        def fill(uow: UnitOfWork) -> None:
            found = uow.products.by_sku("P2-blue-m")
            assert found is not None
            lea = self.shop.customers.recognise(uow, self.desk.contact(), name="Léa", language="en")
            self.shop.carts.add(uow, lea.id, found[1].id)
            self.shop.carts.set_draft(uow, lea.id, CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1"))

        self.shop.storage.write(fill)
        self.desk.say(action=encode(PlaceOrder(way, 6500)))
        with self.shop.storage.read() as uow:
            return PickUpRef(PickUpKind.ORDER, uow.orders.find(limit=1)[0].id)

    def card(self, ref: PickUpRef) -> PickUp:
        with self.shop.storage.read() as uow:
            card = uow.pick_ups.get(ref)
        assert card is not None
        return card

    def staff(self, verb: str, ref: PickUpRef) -> list[str]:
        """What Léa hears of it."""
        before = len(self.desk.texts())
        version = self.card(ref).version
        done = self.shop.storage.write(lambda uow: getattr(self.shop.collecting, verb)(uow, ref, version, by=NADIA))
        assert isinstance(done, PickUp), done
        self.desk.worker.run_until_quiet()
        return self.desk.texts()[before:]

    def hand_over(self, ref: PickUpRef, **more: object) -> list[str]:
        before, code = len(self.desk.texts()), self.card(ref).code
        done = self.shop.storage.write(
            lambda uow: self.shop.collecting.hand_over(uow, ref, code=code, by=NADIA, **more)  # type: ignore[arg-type]
        )
        assert isinstance(done, PickUp), done
        self.desk.worker.run_until_quiet()
        return self.desk.texts()[before:]

    def share(self, latitude: float, longitude: float) -> list[str]:
        before = len(self.desk.texts())
        assert isinstance(self.shop.clock, ManualClock)
        now = self.shop.clock.advance(timedelta(seconds=1))
        event = event_of(
            self.desk.contact(), f"place{next(_numbers)}", now, location=GeoPoint(latitude, longitude), language="en"
        )
        self.desk.accept(event)
        self.desk.worker.run_until_quiet()
        return self.desk.texts()[before:]

    def buttons(self) -> list[str]:
        """Labels under the last message."""
        sent = self.desk.recorder.sent_to(self.desk.contact())[-1].outgoing[-1]
        return [button.label for row in sent.rows for button in row]

    def tap(self, action: type, ref: PickUpRef) -> list[str]:
        return self.desk.say(action=encode(action(ref.kind.value, ref.id)))


@pytest.fixture
def corner(make_shop: Callable[..., Shop]) -> Corner:
    shop = make_shop(fake_payments=True)
    return Corner(Desk(shop, Recorder(shop.media)))


# --- the counter speaks -----------------------------------------------------------------------------------------------


def test_a_reservation_is_accepted_and_ready(corner: Corner) -> None:
    ref = corner.reserved()
    assert corner.staff("accept", ref) == ["Lyon Bellecour is preparing your reservation."]
    assert corner.staff("start_preparing", ref) == []
    (text,) = corner.staff("ready", ref)
    card = corner.card(ref)
    assert text.startswith("Ready for pickup. Lyon Bellecour, ")
    assert "today until 7:00\u202fPM." in text and f"Code {card.code}." in text
    assert "Kept for you until Wed 11 March 7:00\u202fPM." in text
    assert corner.buttons() == ["On my way", "Someone else will come", "Extend", "Cancel", "Directions"]
    corner.desk.say(action=encode(Extend(ref.id)))
    assert "Thu 12 March" in corner.desk.texts()[-1]


def test_while_the_store_is_closed_it_is_from_its_next_opening(corner: Corner, clock: ManualClock) -> None:
    ref = corner.reserved()
    clock.advance(timedelta(hours=10))  # eight in the evening
    (text,) = corner.staff("ready", ref)
    assert "from Wed 11 March 10:00\u202fAM." in text and "today until" not in text


def test_an_order_says_when_and_gets_the_same(corner: Corner) -> None:
    ref = corner.ordered()
    assert any("not ready before my “ready” message" in text for text in corner.desk.texts())
    number = corner.card(ref).number
    assert corner.staff("accept", ref) == [f"Lyon Bellecour is preparing your order {number}."]
    assert corner.staff("start_preparing", ref) == [], "it was said when it was accepted"
    (text,) = corner.staff("ready", ref)
    assert text.startswith(f"Order {number} is ready for pickup. Lyon Bellecour, ")
    assert "today until 7:00\u202fPM." in text and "To pay there: €65.00." in text
    assert corner.buttons() == ["On my way", "Someone else will come", "Extend", "Cancel the order", "Directions"]
    assert "Thanks! All good?" in corner.hand_over(ref, paid=True)[-1]


def test_what_is_past_is_not_said_any_more(corner: Corner) -> None:
    ref = corner.reserved()
    for verb in ("accept", "ready"):  # before anything is sent
        version = corner.card(ref).version
        corner.shop.storage.write(
            lambda uow, v=version, verb=verb: getattr(corner.shop.collecting, verb)(uow, ref, v, by=NADIA)
        )
    corner.desk.worker.run_until_quiet()
    assert [text.partition(".")[0] for text in corner.desk.texts()] == ["Ready for pickup"]


def test_after_it_was_handed_over(corner: Corner) -> None:
    ref = corner.reserved()
    corner.staff("ready", ref)
    assert corner.hand_over(ref) == ["Thanks! All good?"]
    assert corner.buttons() == ["😊", "I have a problem"]
    assert corner.desk.say(action=encode(AllGood())) == ["Glad to hear it. See you soon!"]
    (text,) = corner.tap(Trouble, ref)
    assert "team" in text or "taking over" in text


def test_a_problem_with_an_order_can_be_solved_here(corner: Corner) -> None:
    ref = corner.ordered()
    corner.staff("ready", ref)
    corner.hand_over(ref, paid=True)
    (text,) = corner.tap(Trouble, ref)
    assert f"order no. {corner.card(ref).number}" in text
    assert corner.buttons() == ["Exchange", "Refund", "Talk to a person"]


# --- the shopper speaks -----------------------------------------------------------------------------------------------


def test_on_my_way(corner: Corner) -> None:
    ref = corner.reserved()
    (text,) = corner.desk.say("I'm on my way")
    assert "See you soon at Lyon Bellecour" in text and "It is not ready yet" in text
    corner.staff("ready", ref)
    corner.tap(OnMyWay, ref)
    assert corner.buttons() == ["I’m here", "I’ll come by car", "Directions"]
    assert corner.card(ref).details.coming_at is not None


def test_nothing_to_collect(corner: Corner) -> None:
    for said in ("I'm on my way", "I'm here", "I'll come by car", "someone else will come"):
        assert corner.desk.say(said) == ["You have nothing to collect at the moment."]
    for action in (OnMyWay, ImHere, ByCar):
        assert corner.desk.say(action=encode(action("reservation", "nothing"))) == [
            "I cannot find what you want to collect."
        ]
    assert corner.desk.say(action=encode(OnMyWay("elephant", "x"))) == ["I cannot find what you want to collect."]


def test_of_several_it_is_asked_which(corner: Corner) -> None:
    first, second = corner.reserved(), corner.reserved("P3-white-42")
    assert corner.desk.say("I'm on my way") == ["Which one is it about?"]
    labels = corner.buttons()
    assert len(labels) == 2 and any(label == "Bellecour: White sneakers, 42" for label in labels)
    corner.staff("ready", second)  # the only one that can be meant
    corner.desk.say("I'm here")
    assert corner.card(second).details.arrived_at is not None
    assert corner.card(first).details.arrived_at is None


def test_by_car(corner: Corner) -> None:
    ref = corner.reserved()
    assert corner.desk.say("I'll come by car") == ["Which vehicle?"]
    (text,) = corner.desk.say("grey Clio")
    assert text.startswith("Noted: grey Clio. It is not ready yet")
    corner.staff("ready", ref)
    assert corner.buttons()[0] == "I’m here"
    assert corner.tap(ImHere, ref) == ["Lyon Bellecour knows that you are here. Which spot?"]
    there = corner.card(ref).details.arrived_at
    (text,) = corner.desk.say("4")
    assert text == "Noted: 4. Lyon Bellecour is coming out to you."
    details = corner.card(ref).details
    assert (details.vehicle, details.spot, details.arrived_at) == ("grey Clio", "4", there)
    (text,) = corner.tap(ImHere, ref)
    assert "coming out to you" in text
    assert corner.card(ref).details.arrived_at == there


def test_a_store_without_a_kerb(corner: Corner) -> None:
    ref = corner.reserved()
    corner.shop.storage.write(lambda uow: uow.pick_ups.put_rules(CollectingRules("S1", curbside=False)))
    (text,) = corner.desk.say("I'll come by car")
    assert "does not bring things out" in text
    corner.staff("ready", ref)
    corner.tap(OnMyWay, ref)
    assert "I’ll come by car" not in corner.buttons()
    (text,) = corner.tap(ImHere, ref)
    assert "Show your code at the counter" in text and corner.card(ref).code in text


def test_not_there_before_it_is_ready(corner: Corner) -> None:
    ref = corner.reserved()
    (text,) = corner.tap(ImHere, ref)
    assert "not ready yet" in text
    assert corner.card(ref).details.arrived_at is None


@pytest.mark.parametrize(("said", "name"), [("Marc", "Marc"), ("C’est Marc.", "Marc"), ("her name is Ana", "Ana")])
def test_somebody_else_comes(corner: Corner, said: str, name: str) -> None:
    ref = corner.reserved()
    corner.staff("ready", ref)
    assert corner.tap(SendSomeone, ref) == ["Who will come? Their first name is enough."]
    (text,) = corner.desk.say(said)
    assert text.startswith(f"Noted: {name} comes for you.") and corner.card(ref).code in text
    assert corner.card(ref).details.proxy == name


def test_another_wish_is_no_name(corner: Corner) -> None:
    ref = corner.reserved()
    corner.tap(SendSomeone, ref)
    assert corner.desk.say("cancel my reservation")[0].startswith("Cancelled, nothing to pay")
    assert corner.card(ref).details.proxy == ""


# --- where they stand -------------------------------------------------------------------------------------------------


def test_at_the_wrong_store(corner: Corner) -> None:
    ref = corner.reserved(store_id="S2")
    assert corner.share(45.7579, 4.8320) == ["Your order is at Lyon Part-Dieu (2.0\u00a0km)."]
    assert corner.buttons() == ["Directions"]
    corner.staff("ready", ref)
    corner.tap(OnMyWay, ref)
    assert "Part-Dieu" in corner.share(45.7570, 4.8250)[0], "on the way, nearer to another one"


def test_at_the_right_store(corner: Corner) -> None:
    ref = corner.reserved()
    corner.staff("ready", ref)
    assert corner.share(45.7580, 4.8321) == ["You are at Lyon Bellecour. Shall I tell them?"]
    assert corner.buttons() == ["I’m here"]


def test_a_place_that_was_asked_for_is_about_something_else(corner: Corner) -> None:
    corner.reserved(store_id="S2")
    corner.desk.say("white sneakers in 42")
    corner.desk.say("find in store")
    assert "Your order is at" not in corner.share(45.7579, 4.8320)[0]


# --- longer -----------------------------------------------------------------------------------------------------------


def test_an_order_to_be_paid_there_is_kept_longer_once(corner: Corner) -> None:
    ref = corner.ordered()
    (text,) = corner.desk.say(action=encode(ExtendOrder(ref.id)))
    assert text == "Extended: Kept for you until Thu 12 March 7:00\u202fPM."
    (text,) = corner.desk.say(action=encode(ExtendOrder(ref.id)))
    assert "once" in text
    expires_at = corner.card(ref).expires_at
    assert expires_at is not None and expires_at.isoformat() == "2026-03-12T18:00:00+00:00"
    assert corner.desk.say(action=encode(ExtendOrder("nothing"))) == ["I cannot find this order."]
    assert corner.card(ref).stage is Stage.NEW


# --- an hour to come --------------------------------------------------------------------------------------------------


def with_slots(corner: Corner, capacity: int = 1) -> None:
    rules = CollectingRules("S1", slot_capacity=capacity)
    corner.shop.storage.write(lambda uow: corner.shop.slots.set_rules(uow, rules, actor="staff:owner"))


def test_an_hour_is_asked_where_room_is_scarce(corner: Corner) -> None:
    with_slots(corner)
    corner.desk.say("white sneakers in 42")
    corner.desk.say("reserve at Bellecour")
    held, asked = corner.desk.texts()[-2:]
    assert held.startswith("Held, nothing to pay")
    assert asked == "When would you like to collect it at Lyon Bellecour?"
    labels = corner.buttons()
    assert labels[0] == "today 11:00\u202fAM–12:00\u202fPM" and len(labels) == 5
    (text,) = corner.desk.say(labels[0])
    assert text == "Noted: today 11:00\u202fAM, Lyon Bellecour."

    other = corner.reserved()
    customer = corner.card(other).customer_id
    slots = corner.shop.slots
    with corner.shop.storage.read() as uow:
        assert slots.coming(uow, "S1")[0].starts_at.isoformat() == "2026-03-10T11:00:00+00:00", "the next one"
    assert corner.desk.say("Another time") == ["When would you like to collect it at Lyon Bellecour?"]
    wanted = corner.buttons()[0]
    with corner.shop.storage.read() as uow:
        at = slots.coming(uow, "S1")[0].starts_at
    corner.shop.storage.write(lambda uow: slots.take(uow, other, customer, at))  # somebody is faster
    (text,) = corner.desk.say(wanted)
    assert text.startswith("That time has just been taken. When would you like")


def test_an_order_asks_with_its_confirmation(corner: Corner) -> None:
    with_slots(corner)
    ref = corner.ordered()
    sent = [m for sent in corner.desk.recorder.sent_to(corner.desk.contact()) for m in sent.outgoing]
    (asked,) = [m for m in sent if "When would you like to collect it at Lyon Bellecour?" in m.text]
    corner.desk.say(action=asked.rows[0][0].action)
    at = corner.card(ref).details.slot_at
    assert at is not None and at.isoformat() == "2026-03-10T10:00:00+00:00"
    (text,) = corner.staff("ready", ref)
    assert "You come today 11:00\u202fAM." in text


def test_without_a_capacity_nobody_is_asked(corner: Corner) -> None:
    corner.ordered()
    assert not any("When would you like" in text for text in corner.desk.texts())
