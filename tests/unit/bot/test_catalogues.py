"""From a page of a catalogue into the conversation: what is named, what is shown, what the cart remembers of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation.actions import AddToCart, Leaf, encode
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    Did,
    FoundBy,
    Hotspot,
    Lookbook,
    LookbookState,
    Origin,
    Page,
    ReadingEvent,
    Region,
    Review,
    came_from,
)
from commerce.domain.reservation import Refused
from commerce.wiring import Shop
from tests.unit.bot.conftest import Desk
from tests.unit.bot.test_basket import variant
from tests.unit.bot.test_linking_talk import start

SLUG = "printemps"
ON_PAGE_4 = ("P1", "P2", "P3", "P4")


def publish(shop: Shop, slug: str = SLUG) -> Lookbook:
    """Five pages; four products on the fourth."""
    with shop.storage.read() as uow:
        products = [uow.products.by_source_id(each) for each in ON_PAGE_4]
    spots = [
        Hotspot(f"{number:032x}", 4, Region(0.1, 0.2 * number, 0.3, 0.1), product.id, 0, FoundBy.HAND, Review.CONFIRMED)
        for number, product in enumerate(products)
        if product is not None
    ]
    assert len(spots) == len(ON_PAGE_4)
    pages = [Page(number, f"{number}.jpg", 600, 800) for number in range(1, 6)]
    title = LocalText({"fr": "Printemps", "en": "Spring"})
    book = Lookbook(
        shop.ids.new_id(), slug, title, Origin.PICTURES, LookbookState.DRAFT, 0, 1, shop.clock.now()
    )  # fmt: skip
    assert shop.storage.write(lambda uow: uow.lookbooks.add(book, pages, spots))
    return shop.storage.write(lambda uow: uow.lookbooks.publish(book, shop.clock.now()))


def product_id(shop: Shop, source_id: str) -> int:
    with shop.storage.read() as uow:
        found = uow.products.by_source_id(source_id)
    assert found is not None
    return found.id


def cards(desk: Desk) -> list[str]:
    """What the last answer shows."""
    sent = desk.recorder.sent_to(desk.contact())[-1]
    return [message.text.split("\n")[0] for message in sent.outgoing]


def test_a_hotspot_opens_the_talk_on_its_product(desk: Desk) -> None:
    publish(desk.shop)
    told = start(desk, f"l_{product_id(desk.shop, 'P1')}_4_{SLUG}")
    assert "You were on page 4 of “Spring”." in told
    assert "Linen midi dress" in told and "Denim jacket" not in told
    assert "Added: Linen midi dress" in "\n".join(desk.say("add it in navy 38")), "it is what is talked about"


def test_in_french(desk: Desk) -> None:
    publish(desk.shop)
    desk.say("bonjour")
    assert "Vous en étiez page 4 de « Printemps »." in start(desk, f"l_0_4_{SLUG}").replace("\xa0", " ")


def test_a_page_brings_its_first_products_and_the_rest_on_demand(desk: Desk) -> None:
    publish(desk.shop)
    told = start(desk, f"l_0_4_{SLUG}")
    assert "You were on page 4 of “Spring”." in told
    assert all(name in told for name in ("Linen midi dress", "Denim jacket", "White sneakers"))
    assert "Leather tote" not in told
    assert "Leather tote" in "\n".join(desk.say("more"))


def test_what_is_bought_then_says_where_it_comes_from(desk: Desk) -> None:
    book = publish(desk.shop)
    start(desk, f"l_{product_id(desk.shop, 'P4')}_4_{SLUG}")
    desk.say(action=encode(AddToCart(0, variant(desk.shop, "P4-brown"))))
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact())
        assert customer is not None
        assert customer.came_from == came_from(book.id, 4)
        cart = desk.shop.carts.of(uow, customer.id)
    assert cart is not None and [line.source for line in cart.lines] == [came_from(book.id, 4)]


def test_two_days_later_the_page_has_sold_nothing(desk: Desk) -> None:
    publish(desk.shop)
    start(desk, f"l_0_4_{SLUG}")
    desk.shop.clock.advance(timedelta(days=2))
    desk.say(action=encode(AddToCart(0, variant(desk.shop, "P4-brown"))))
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact())
        cart = desk.shop.carts.of(uow, customer.id) if customer else None
    assert cart is not None and [line.source for line in cart.lines] == [desk.contact().channel]


def test_what_brought_somebody_first_stays(desk: Desk) -> None:
    book, other = publish(desk.shop), publish(desk.shop, "ete")
    start(desk, "l_0_4_printemps")
    start(desk, "l_0_1_ete")
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact())
    assert customer is not None and customer.came_from == came_from(book.id, 4) != came_from(other.id, 1)


def test_a_short_link_into_the_chat(desk: Desk) -> None:
    made = desk.shop.storage.write(
        lambda uow: desk.shop.short_links.make(uow, "/", "Window", code="window", actor="test")
    )
    assert not isinstance(made, Refused)
    told = start(desk, "s_window")
    assert "Hello" in told
    desk.say(action=encode(AddToCart(0, variant(desk.shop, "P4-brown"))))
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact())
        assert customer is not None and customer.came_from == "link:window"
        cart, link = desk.shop.carts.of(uow, customer.id), uow.short_links.get("window")
    assert cart is not None and [line.source for line in cart.lines] == ["link:window"]
    assert link is not None and link.clicks == 1
    assert start(desk, "s_nothing") == start(desk, "s_../x") == start(desk, ""), "what leads nowhere is a plain hello"


def test_an_address_that_lost_its_end_is_found(desk: Desk) -> None:
    slug = "la-nouvelle-collection-de-printemps-de-lyon-et-de-tous-ses-toits"
    assert len(slug) == 64
    publish(desk.shop, slug)
    assert "You were on page 4" in start(desk, f"l_0_4_{slug}"[:64])
    assert "Hello" in start(desk, "l_0_4_la-nouvelle"), "one that is merely shorter is another catalogue"


def test_odd_links(desk: Desk) -> None:
    book = publish(desk.shop)
    for odd in ("l_", "l_x_1_printemps", "l_1_1_nothing-here", "l_0_99999_"):
        assert "Hello" in start(desk, odd)
    assert "You were in “Spring”." in start(desk, f"l_0_77_{SLUG}"), "a page it does not have"
    assert "You were on page 2 of “Spring”. Tell me what you liked there." in start(desk, f"l_999_2_{SLUG}")
    desk.shop.storage.write(lambda uow: uow.lookbooks.set_state(book, LookbookState.WITHDRAWN))
    assert "This catalogue is over." in start(desk, f"l_0_4_{SLUG}")


def test_the_chat_of_the_page_says_the_same(desk: Desk) -> None:
    book = publish(desk.shop)
    assert "You were on page 4 of “Spring”." in "\n".join(desk.say(action=encode(Leaf(book.id, 4, 0))))
    assert "Hello" in "\n".join(desk.say(action=encode(Leaf("f" * 32, 4, 0))))


@pytest.mark.parametrize("words", ["où j'en étais", "where I was"])
def test_where_they_stopped_is_known_where_they_let_it_be(desk: Desk, words: str) -> None:
    book = publish(desk.shop)
    desk.say("hello")
    assert "where" in "\n".join(desk.say("where I was")), "nothing is known yet"
    customer = desk.shop.storage.write(
        lambda uow: desk.shop.customers.recognise(uow, desk.contact(), language="en")
    )  # fmt: skip
    event = ReadingEvent("e" * 32, Did.PAGE, desk.shop.clock.now(), book.id, page=4, customer_id=customer.id)
    desk.shop.storage.write(lambda uow: uow.reading.add([event, replace(event, event_id="f" * 32, page=3)]))
    told = "\n".join(desk.say(words)).replace("\xa0", " ")
    assert "page 3" in told and ("Spring" in told or "Printemps" in told)


@pytest.mark.parametrize("words", ["I'm on page 4", "je suis page 4", "je suis à la page 4"])
def test_a_page_that_is_named_is_of_the_only_catalogue(desk: Desk, words: str) -> None:
    publish(desk.shop)
    told = "\n".join(desk.say(words)).replace("\xa0", " ")
    assert "You were on page 4 of “Spring”." in told or "Vous en étiez page 4 de « Printemps »." in told


def test_of_several_nobody_can_tell(desk: Desk) -> None:
    publish(desk.shop)
    publish(desk.shop, "ete")
    assert "I do not know where you were" in "\n".join(desk.say("I'm on page 4"))
    start(desk, "l_0_1_ete")
    assert "You were on page 4" in "\n".join(desk.say("I'm on page 4")), "the one they came from"
