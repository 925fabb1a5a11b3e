"""Links in the conversation: looked at, accepted by a tap, declined, made, undone; in the words of the shop."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.channels.neutral import event_of
from bot.conversation.actions import AcceptLink, DeclineLink, MakeLink, Unlink, encode
from commerce.domain.customer import Contact
from commerce.domain.linking import TokenPurpose
from tests.unit.bot.conftest import Desk
from tests.unit.bot.test_basket import cart, labels, put, variant

WEB = Contact("webchat", "web", "c0ffee")


def made_on_the_web(desk: Desk, *skus: str, source: str = "catalogue:printemps:4") -> str:
    """A browser's cart, and a link from it."""
    shop = desk.shop
    customer = shop.storage.write(lambda uow: shop.customers.recognise(uow, WEB, language="en"))
    for sku in skus:
        thing = variant(shop, sku)
        shop.storage.write(lambda uow, thing=thing: shop.carts.add(uow, customer.id, thing, source=source))
    return shop.storage.write(lambda uow: shop.linking.offer(uow, customer.id, WEB, TokenPurpose.CART))


def start(desk: Desk, parameter: str, address: str = "lea") -> str:
    before = len(desk.texts(address))
    now = desk.shop.clock.advance(timedelta(seconds=1))
    desk.accept(event_of(desk.contact(address), f"s{now}", now, start=parameter, language="en", name="Léa"))
    desk.worker.run_until_quiet()
    return "\n".join(desk.texts(address)[before:])


def people(desk: Desk) -> int:
    with desk.shop.storage.read() as uow:
        return len(uow.customers.after("", 100))


def test_two_carts_are_shown_and_nothing_happens_before_a_tap(desk: Desk) -> None:
    put(desk, "P2-blue-m")
    token = made_on_the_web(desk, "P4-brown")
    told = start(desk, f"c_{token}")
    assert "I found your catalogue cart (p. 4)." in told
    assert "our site, link made at" in told
    assert labels(desk) == ["Keep both", "Only this one", "Save for later", "No, that was not me"]
    assert people(desk) == 2
    assert cart(desk) == {("P2-blue-m", False): 1}
    told = desk.say("Keep both")[-1]
    assert "Cart: Denim jacket M €65.00 · Leather tote €120.00 — Total €185.00" in told
    assert "Unlink" in labels(desk)
    assert people(desk) == 1
    desk.say("Unlink")
    assert people(desk) == 2
    assert cart(desk) == {("P2-blue-m", False): 1}


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("Only this one", {("P2-blue-m", True): 1, ("P4-brown", False): 1}),
        ("Save for later", {("P2-blue-m", False): 1, ("P4-brown", True): 1}),
    ],
)
def test_each_choice_does_what_it_says(desk: Desk, label: str, left: dict) -> None:
    put(desk, "P2-blue-m")
    start(desk, f"c_{made_on_the_web(desk, 'P4-brown')}")
    desk.say(label)
    assert cart(desk) == left


def test_one_cart_needs_no_choice_but_a_tap(desk: Desk) -> None:
    token = made_on_the_web(desk, "P4-brown", source="web")
    assert "I found your cart." in start(desk, f"c_{token}")
    assert labels(desk) == ["Take this cart", "No, that was not me"]
    assert cart(desk) == {}
    desk.say("Take this cart")
    assert cart(desk) == {("P4-brown", False): 1}


def test_without_a_cart_it_is_the_conversations_that_are_linked(desk: Desk) -> None:
    assert "Shall I link this conversation" in start(desk, f"c_{made_on_the_web(desk)}")
    assert labels(desk)[0] == "Link"


def test_a_second_person_is_told_that_it_was_used(desk: Desk) -> None:
    token = made_on_the_web(desk, "P4-brown")
    start(desk, f"c_{token}")
    start(desk, f"c_{token}", "sam")
    desk.say("Take this cart")
    assert "This link was already used." in start(desk, f"c_{token}", "sam")
    tapped = desk.say(action=encode(AcceptLink(token)), address="sam")[-1]
    assert "This link was already used." in tapped, "by a button of before, too"
    assert cart(desk, "sam") == {}
    assert people(desk) == 2


def test_that_was_not_me_ends_it_for_everybody(desk: Desk) -> None:
    token = made_on_the_web(desk, "P4-brown")
    start(desk, f"c_{token}", "sam")
    assert "no longer works" in desk.say("No, that was not me", address="sam")[-1]
    assert "already used" in start(desk, f"c_{token}")
    assert people(desk) == 3


def test_time_runs_out_and_odd_links_are_told_apart(desk: Desk) -> None:
    token = made_on_the_web(desk, "P4-brown")
    start(desk, f"c_{token}")
    desk.shop.clock.advance(timedelta(minutes=31))
    assert "This link is over" in desk.say("Take this cart")[-1]
    assert "This link is over" in start(desk, f"c_{token}")
    for odd in ("c_", "c_0", "c_" + "0" * 32, "c_" + "f" * 60):
        assert "I do not know this link" in start(desk, odd)
    assert "Hello Léa" in start(desk, "")
    assert "Hello Léa" in start(desk, "spring")
    for forged in (AcceptLink(), AcceptLink("nonsense", 99), DeclineLink("nonsense")):
        desk.say(action=encode(forged))
    assert people(desk) == 2


def test_a_link_from_oneself_is_nothing_to_join(desk: Desk) -> None:
    url = _link(desk, desk.say(action=encode(MakeLink())))
    assert "linked already" in desk.say(url)[-1]
    assert people(desk) == 1


@pytest.mark.parametrize("words", ["/link", "link my phone", "link my computer"])
def test_the_other_way_a_link_for_the_web(desk: Desk, words: str) -> None:
    put(desk, "P2-blue-m")
    url = _link(desk, desk.say(words))
    token = url.rsplit("/", 1)[1]
    assert url == f"{desk.shop.settings.base_url}/link/{token}"
    linked = desk.shop.storage.write(lambda uow: desk.shop.linking.accept(uow, token, WEB))
    with desk.shop.storage.read() as uow:
        assert uow.customers.by_contact(WEB) == uow.customers.by_contact(desk.contact())
    assert linked.customer.id
    desk.worker.run_until_quiet()
    assert "now joined with our site" in desk.texts()[-1], "whoever made it is told, and can undo it"
    assert labels(desk) == ["Unlink"]
    assert cart(desk) == {("P2-blue-m", False): 1}
    desk.say(action=encode(Unlink()))
    assert people(desk) == 2
    assert cart(desk) == {("P2-blue-m", False): 1}


def test_a_link_can_be_pasted_too(desk: Desk) -> None:
    token = made_on_the_web(desk, "P4-brown")
    for pasted in (f"https://t.me/shop_bot?start=c_{token}", f"{desk.shop.settings.base_url}/link/{token}"):
        assert "I found your catalogue cart (p. 4)." in desk.say(pasted)[-1]


def test_nothing_to_undo_is_said(desk: Desk) -> None:
    assert "Nothing is linked" in desk.say("unlink")[-1]
    assert "Nothing is linked" in desk.say(action=encode(Unlink()))[-1]


def _link(desk: Desk, _told: list[str]) -> str:
    sent = desk.recorder.sent_to(desk.contact())[-1]
    (button,) = [button for message in sent.outgoing for row in message.rows for button in row]
    assert re.fullmatch(r".+/link/[0-9a-f]{32}", button.url)
    return button.url
