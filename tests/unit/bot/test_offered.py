"""Offers and waiting in the chat: what is said, and what the buttons do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation.action_codes import encode
from bot.conversation.actions import Reserve
from bot.conversation.offer_actions import NoOffer, StopWaiting, TakeOffer, TakeWaited, TellWhenBack
from bot.messages import Button
from commerce.clock import ManualClock
from commerce.domain.cart import CheckoutDraft, Fulfilment, PostalAddress
from commerce.domain.collecting import PickUpKind, PickUpRef, RejectReason
from commerce.domain.geo import GeoPoint
from commerce.domain.offering import ChoiceKind, Offer
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Refused
from commerce.domain.stock import MovementReason
from commerce.domain.stocktaking import StockEntry
from tests.unit.bot.conftest import Desk
from tests.unit.services.offering_store import Store

DRESS, VISCOSE, PAIR = "P1-navy-38", "P6-navy-38", "P3-white-42"


def variant_id(desk: Desk, sku: str) -> int:
    with desk.shop.storage.read() as uow:
        found = uow.products.by_sku(sku)
    assert found is not None
    return found[1].id


def enter(desk: Desk, reason: MovementReason, sku: str, units: int, reference: str, store_id: str = "S1") -> None:
    entry = StockEntry(reason, sku, store_id, units, reference, override=True)
    desk.shop.storage.write(lambda uow: desk.shop.stocktaking.enter(uow, entry, actor="staff:nadia"))


def reserve(desk: Desk, sku: str = DRESS, store_id: str = "S1", **more: str) -> str:
    """The reservation's id."""
    desk.say(action=encode(Reserve(variant_id(desk, sku), store_id)), **more)
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(more.get("address", "lea")))
        assert customer is not None
        return uow.reservations.of_customer(customer.id, only_open=True)[0].id


def reject(desk: Desk, reservation_id: str, reason: RejectReason = RejectReason.NOT_FOUND) -> Offer | None:
    ref = PickUpRef(PickUpKind.RESERVATION, reservation_id)
    alike = desk.shop.offering.look_alikes(ref)
    rejected = desk.shop.storage.write(
        lambda uow: desk.shop.offering.reject(uow, ref, reason, alike=alike, actor="staff:nadia")
    )
    assert not isinstance(rejected, Refused)
    return rejected.offer


def heard(desk: Desk, address: str = "lea") -> tuple[list[str], tuple[Button, ...]]:
    """What is said when the clock has struck, and the buttons of the last message."""
    before = len(desk.texts(address))
    desk.worker.tick()
    desk.worker.run_until_quiet()
    return desk.texts(address)[before:], buttons(desk, address)


def buttons(desk: Desk, address: str = "lea") -> tuple[Button, ...]:
    last = desk.recorder.sent_to(desk.contact(address))[-1]
    return tuple(button for message in last.outgoing for row in message.rows for button in row)


def labels(found: tuple[Button, ...]) -> list[str]:
    return [button.label.replace("\u00a0", " ").replace("\u202f", " ") for button in found]


def offered(desk: Desk) -> Offer:
    offer = reject(desk, reserve(desk))
    assert offer is not None
    return offer


# --- offers


@pytest.mark.parametrize(
    ("language", "sorry", "choices"),
    [
        (
            "fr",
            "Désolé, Bellecour n’a pas retrouvé votre article. Je vous garde 15 min\u00a0:",
            ["Part-Dieu, 2,0 km, 79,00 €", "Robe midi en viscose à Bellecour, 59,00 €", "Livraison, 79,00 €", "Aucun"],
        ),
        (
            "en",
            "Sorry, Bellecour couldn’t find it. I’m holding these for 15 min:",
            ["Part-Dieu, 2.0 km, €79.00", "Viscose midi dress at Bellecour, €59.00", "Ship it, €79.00", "None"],
        ),
    ],
)
def test_whoever_is_rejected_gets_one_message_with_choices(
    desk: Desk, language: str, sorry: str, choices: list[str]
) -> None:
    desk.say("bonjour, en français svp" if language == "fr" else "hello")
    reject(desk, reserve(desk))
    told, shown = heard(desk)
    assert told == [sorry]
    assert labels(shown) == choices


def test_distances_are_from_where_the_shopper_was_last(desk: Desk) -> None:
    from bot.sessions import load, save

    reservation_id = reserve(desk)
    contact, now = desk.contact(), desk.shop.clock.now()

    def move(uow) -> None:
        save(uow, contact, load(uow, contact, now).at(GeoPoint(45.7600, 4.8400)), now)

    desk.shop.storage.write(move)
    reject(desk, reservation_id)
    _, shown = heard(desk)
    assert labels(shown)[0] == "Part-Dieu, 1.3 km, €79.00"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (RejectReason.DAMAGED, "Sorry, what Bellecour has of it is damaged."),
        (RejectReason.SOLD, "Sorry, Bellecour has just sold the last one."),
        (RejectReason.STORE_CLOSES, "Sorry, Bellecour closes before you could come."),
        (RejectReason.OTHER, "Sorry, Bellecour cannot serve you this time."),
    ],
)
def test_the_reason_is_said(desk: Desk, reason: RejectReason, said: str) -> None:
    reject(desk, reserve(desk), reason)
    told, _ = heard(desk)
    assert told[0].startswith(said)


def test_nothing_left_is_said_with_something_to_look_at(desk: Desk) -> None:
    reject(desk, reserve(desk, PAIR))
    told, shown = heard(desk)
    assert told == [
        "Sorry, Bellecour couldn’t find it. Nothing else of it is free at the moment. There is nothing to pay."
    ]
    assert "Similar items" in labels(shown)


def test_a_tap_reserves_in_the_other_store(desk: Desk) -> None:
    offer = offered(desk)
    heard(desk)
    (told,) = desk.say(action=encode(TakeOffer(offer.id, 1)))
    assert told.startswith("Held, nothing to pay: Linen midi dress, navy, 38. Lyon Part-Dieu, until")
    assert desk.say(action=encode(TakeOffer(offer.id, 1))) == [told]  # the very same, by the same code
    assert desk.say(action=encode(TakeOffer(offer.id, 2))) == ["This offer is over."]
    assert desk.say(action=encode(NoOffer(offer.id))) == ["This offer is over."]
    assert desk.say(action=encode(TakeOffer(offer.id, 9))) == ["I cannot find this offer."]
    assert desk.say(action=encode(TakeOffer(offer.id, 1)), address="sam") == ["I cannot find this offer."]


def test_a_tap_on_the_parcel_begins_the_checkout(desk: Desk) -> None:
    offer = offered(desk)
    (told,) = desk.say(action=encode(TakeOffer(offer.id, 3)))
    assert told.startswith("It is in your cart, to be sent.")
    assert "Where shall we send it?" in told


def test_none_lets_everything_go(desk: Desk) -> None:
    offer = offered(desk)
    assert desk.say(action=encode(NoOffer(offer.id))) == ["All right, nothing is held for you any more."]
    assert desk.say(action=encode(NoOffer(offer.id))) == ["This offer is over."]


def test_what_was_sold_meanwhile_is_gone_and_what_is_left_is_offered(desk: Desk) -> None:
    offer = offered(desk)
    enter(desk, MovementReason.SALE, VISCOSE, 1, "t-1")
    heard(desk)
    (told,) = desk.say(action=encode(TakeOffer(offer.id, 2)))
    assert told == ("Sorry, somebody has just bought that one in the store. I’m holding these for 15 min:")
    assert labels(buttons(desk)) == ["Part-Dieu, 2.0 km, €79.00", "Ship it, €79.00", "None"]


def test_the_end_of_an_offer_is_said_once(desk: Desk, clock: ManualClock) -> None:
    offered(desk)
    heard(desk)
    clock.advance(timedelta(minutes=15))
    told, _ = heard(desk)
    assert told == ["The time is over: nothing is held for you any more."]
    clock.advance(timedelta(minutes=15))
    assert heard(desk)[0] == []


def test_an_order_that_was_paid_goes_to_the_other_store_or_its_money_comes_back(desk: Desk) -> None:
    assert isinstance(desk.shop.clock, ManualClock)
    desk.say("bonjour, en français svp")
    store = Store(desk.shop, desk.shop.clock, desk.contact())
    order = store.order(DRESS, paid=True)
    offer = store.offered(order)
    _, shown = heard(desk)
    assert labels(shown) == ["Part-Dieu, 2,0 km, 79,00 €", "Livraison, rien à payer", "Me rembourser"]
    assert offer.choices[0].kind is ChoiceKind.OTHER_STORE
    (told_now,) = desk.say(action=encode(NoOffer(offer.id)))
    assert told_now.startswith("Entendu, plus rien n’est gardé pour vous. 79,00")


def paid_and_rejected(desk: Desk, address: PostalAddress | None = None) -> tuple[Order, str]:
    """The order, and the button that sends it. `address`: known from another time."""
    assert isinstance(desk.shop.clock, ManualClock)
    desk.say("hello, in English please")
    store = Store(desk.shop, desk.shop.clock, desk.contact())
    order = store.order(DRESS, paid=True)
    if address is not None:
        draft = CheckoutDraft("Léa", address=address)
        desk.shop.storage.write(lambda uow: desk.shop.carts.set_draft(uow, order.customer_id, draft))
    offer = store.offered(order)
    _, shown = heard(desk)
    assert offer.choices[1].kind is ChoiceKind.SHIPPED
    return order, shown[1].action


def now(desk: Desk, order: Order) -> Order:
    with desk.shop.storage.read() as uow:
        found = uow.orders.get(order.id)
    assert found is not None
    return found


def test_a_paid_order_is_sent_to_an_address_that_is_typed_and_confirmed(desk: Desk) -> None:
    order, button = paid_and_rejected(desk)
    (asked,) = desk.say(action=button)
    assert "Where shall we send it?" in asked
    (missing,) = desk.say("69002 Lyon")
    assert "I am missing the street" in missing
    (shown,) = desk.say("Léa Martin, 12 rue de la République, 69002 Lyon")
    assert f"Shall I have order {order.number} sent to Léa Martin, 12 rue de la République, 69002 Lyon" in shown
    assert labels(buttons(desk)) == ["Yes, send it", "Another address", "Give me my money back"]
    assert now(desk, order).state is OrderState.REFUND_PENDING
    (sent,) = desk.say("yes")
    assert f"Order {order.number}, paid, is now sent to Léa Martin" in sent and "nothing more to pay" in sent
    moved = now(desk, order)
    assert (moved.state, moved.fulfilment) == (OrderState.PAID, Fulfilment.DELIVERY)
    assert moved.address is not None and moved.address.line1 == "12 rue de la République"
    (again,) = desk.say(action=button)
    assert again == "This offer is over."


def test_a_known_address_is_asked_about_and_can_be_another(desk: Desk) -> None:
    order, button = paid_and_rejected(desk, PostalAddress("Léa", "1 quai Sarrail", "69006", "Lyon", "FR"))
    (shown,) = desk.say(action=button)
    assert "sent to Léa, 1 quai Sarrail, 69006 Lyon" in shown
    desk.say(action=buttons(desk)[1].action)
    desk.say("Léa Martin, 12 rue de la République, 69002 Lyon")
    yes = buttons(desk)[0].action
    desk.say(action=yes)
    moved = now(desk, order)
    assert moved.address is not None and moved.address.line1 == "12 rue de la République"
    assert "is now sent to" in desk.say(action=yes)[0], "a second tap says the same"


def test_an_address_where_no_parcel_goes_is_said_and_nothing_moves(desk: Desk) -> None:
    order, button = paid_and_rejected(desk)
    desk.say(action=button)
    (told,) = desk.say("Sam Reed, 10 Downing Street, London SW1A 2AA, United Kingdom")
    assert "We do not deliver to United Kingdom, only to" in told
    assert now(desk, order).state is OrderState.REFUND_PENDING


def test_nobody_sends_somebody_elses_order(desk: Desk) -> None:
    order, button = paid_and_rejected(desk)
    assert desk.say(action=button, address="sam") == ["I cannot find this offer."]
    forged = button.replace("take:", "sendorder:")
    assert desk.say(action=forged, address="sam") == ["I cannot find this offer."]
    assert now(desk, order).state is OrderState.REFUND_PENDING


# --- waiting


def wait(desk: Desk, sku: str = PAIR, store_id: str = "", address: str = "lea") -> list[str]:
    return desk.say(action=encode(TellWhenBack(variant_id(desk, sku), store_id)), address=address)


def waiter_of(desk: Desk, address: str = "lea") -> str:
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(address))
        assert customer is not None
        return uow.waiters.of_customer(customer.id)[0].id


@pytest.fixture
def sold_out(desk: Desk) -> Desk:
    """White sneakers, 42: none at Bellecour, and nowhere else."""
    enter(desk, MovementReason.SALE, PAIR, 1, "s-1")
    return desk


def test_sold_out_replies_offer_to_tell(sold_out: Desk) -> None:
    sold_out.say(action=encode(Reserve(variant_id(sold_out, PAIR), "S1")))
    assert "Notify me" in labels(buttons(sold_out))
    told = wait(sold_out, store_id="S1")
    assert told == [
        "I will tell you here as soon as Lyon Bellecour has it again, and keep one for you for 2\u00a0h: "
        "White sneakers, 42."
    ]
    assert wait(sold_out, store_id="S1") == ["You are on the list already: I will tell you here as soon as it is back."]
    assert wait(sold_out, DRESS) == ["It is back already."]


def test_what_comes_back_is_told_and_reserved_by_a_tap(sold_out: Desk) -> None:
    wait(sold_out)
    enter(sold_out, MovementReason.RETURN, PAIR, 1, "r-1")
    told, shown = heard(sold_out)
    assert told == [
        "Back in stock in your size at Lyon Bellecour: White sneakers, 42, €89.90. "
        "One is kept for you until 12:00\u202fPM."
    ]
    assert labels(shown) == ["Reserve 2 h", "No longer"]
    waiter_id = waiter_of(sold_out)
    (said,) = sold_out.say(action=encode(TakeWaited(waiter_id)))
    assert said.startswith("Held, nothing to pay: White sneakers, 42. Lyon Bellecour, until")
    assert sold_out.say(action=encode(TakeWaited(waiter_id))) == [said]


def test_who_does_not_answer_gives_way_to_the_next(sold_out: Desk, clock: ManualClock) -> None:
    wait(sold_out)
    sold_out.say("bonjour, en français svp", address="sam")
    wait(sold_out, address="sam")
    enter(sold_out, MovementReason.RETURN, PAIR, 1, "r-1")
    waiter_id = waiter_of(sold_out)
    assert len(heard(sold_out)[0]) == 1
    assert heard(sold_out, "sam")[0] == []
    clock.advance(timedelta(hours=2))
    (told,), shown = heard(sold_out, "sam")
    assert told.startswith("De retour dans votre taille à Lyon Bellecour\u00a0: Baskets blanches, 42")
    assert labels(shown) == ["Réserver 2 h", "Ne plus attendre"]
    assert sold_out.say(action=encode(TakeWaited(waiter_id))) == ["Its time is over, and it is the next one’s turn."]


def test_wanting_it_no_more_is_enough(sold_out: Desk) -> None:
    wait(sold_out)
    waiter_id = waiter_of(sold_out)
    assert sold_out.say(action=encode(StopWaiting(waiter_id)), address="sam") == [
        "I know of nothing that you wait for."
    ]
    assert sold_out.say(action=encode(StopWaiting(waiter_id))) == ["All right, no more news about it."]
    enter(sold_out, MovementReason.RETURN, PAIR, 1, "r-1")
    assert heard(sold_out)[0] == []


def test_what_the_store_sells_before_the_tap_is_said_and_the_place_is_kept(sold_out: Desk) -> None:
    wait(sold_out)
    enter(sold_out, MovementReason.RETURN, PAIR, 1, "r-1")
    heard(sold_out)
    waiter_id = waiter_of(sold_out)
    enter(sold_out, MovementReason.SALE, PAIR, 1, "s-2")
    told, _ = heard(sold_out)
    assert told == [
        "Sorry: the last one at Lyon Bellecour has just been sold: White sneakers, 42. "
        "You keep your place: I will tell you again."
    ]
    (said,) = sold_out.say(action=encode(TakeWaited(waiter_id)))
    assert said.startswith("Sorry, somebody has just bought it in the store.")
    enter(sold_out, MovementReason.RETURN, PAIR, 1, "r-2")
    assert heard(sold_out)[0][0].startswith("Back in stock in your size at Lyon Bellecour")


def test_what_can_only_be_sent_goes_into_the_cart(desk: Desk) -> None:
    enter(desk, MovementReason.SALE, "P4-brown", 4, "s-1", "WEB")
    wait(desk, "P4-brown")
    enter(desk, MovementReason.RETURN, "P4-brown", 1, "r-1", "WEB")
    told, shown = heard(desk)
    assert told[0].startswith("Back in stock, to be sent: Leather tote")
    assert labels(shown) == ["Order it", "No longer"]
    (said,) = desk.say(action=encode(TakeWaited(waiter_of(desk))))
    assert said.startswith("It is in your cart, to be sent.")
