"""What is recommended to whom, and why: over a small shop that sells, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from commerce.domain.customer import Consent, Contact, FitMemory, Purpose
from commerce.domain.geo import GeoPoint
from commerce.domain.lookbook import Did, LookbookState
from commerce.domain.recommending import LONGEST, Because, Choice
from commerce.domain.store import Store
from commerce.ports import UnitOfWork
from tests.unit.services.things import a_store
from tests.unit.services.till import LEA, SAM
from tests.unit.services.window import THINGS, Window

DAY = timedelta(days=1)


# --- from what somebody looks at


def test_three_turns_to_page_four_are_the_reason(window: Window) -> None:
    window.publishes(("scarf",), ("tote",), ("jeans",), ("linen", "sneakers"))
    window.looks(Did.PAGE, page=1)
    window.looks(Did.PAGE, page=4, times=3)
    first = window.shown()[0]
    assert first.product.source_id == "linen"
    assert (first.reason.because, first.reason.page, first.reason.times) == (Because.PAGE, 4, 3)
    assert first.lookbook is not None
    assert first.lookbook.title("fr") == "Printemps"


def test_where_they_stayed_comes_before_what_they_turned_past(window: Window) -> None:
    window.publishes(("scarf",), ("tote",))
    window.looks(Did.PAGE, page=1)
    window.looks(Did.PAGE, page=1, dwell_ms=400)
    window.looks(Did.PAGE, page=2)
    window.looks(Did.PAGE, page=2, dwell_ms=20_000)
    assert window.names()[:2] == ["tote", "scarf"]


def test_the_newest_interest_comes_first(window: Window) -> None:
    window.publishes(("scarf",), ("tote",))
    window.looks(Did.PAGE, page=1)
    window.clock.advance(20 * DAY)
    window.looks(Did.PAGE, page=2)
    assert window.names()[:2] == ["tote", "scarf"]
    window.clock.advance(91 * DAY)
    assert not any(each.reason.because.is_personal for each in window.shown())


def test_what_was_opened_on_a_page_comes_before_what_stands_beside_it(window: Window) -> None:
    window.publishes(("scarf", "tote"))
    window.looks(Did.PAGE, page=1)
    window.looks(Did.HOTSPOT, "tote", page=1)
    first = window.shown()[0]
    assert (first.product.source_id, first.reason.because, first.reason.page) == ("tote", Because.PAGE, 1)


def test_a_withdrawn_catalogue_is_no_reason(window: Window) -> None:
    book = window.publishes(("linen",))
    window.looks(Did.PAGE, page=1, times=3)
    assert window.why("linen") is Because.PAGE
    window.shop.storage.write(lambda uow: uow.lookbooks.set_state(book, LookbookState.WITHDRAWN))
    assert window.why("linen") is Because.NEW


def test_what_resembles_a_product_that_was_looked_at(window: Window) -> None:
    window.looks(Did.VIEW, "linen")
    alike = [each for each in window.shown() if each.reason.because is Because.LIKE_SEEN]
    assert {each.product.source_id for each in alike} == {"viscose", "wrap"}
    assert {each.about.source_id for each in alike if each.about} == {"linen"}
    assert window.why("linen") is Because.NEW, "one look is no interest in the very thing"
    window.looks(Did.VIEW, "linen", times=2)
    assert window.why("linen") is Because.SEEN


# --- from what they put aside, bought and wait for


def test_what_goes_with_a_purchase_is_what_others_bought_with_it(window: Window) -> None:
    window.buys("linen")
    for contact in (SAM, Contact("webchat", "web", "nadia")):
        window.buys("linen", "sneakers", "viscose", contact=contact)
    shown = {each.product.source_id: each for each in window.shown()}
    assert shown["sneakers"].reason.because is Because.GOES_WITH_BOUGHT
    assert shown["sneakers"].about is not None
    assert shown["sneakers"].about.source_id == "linen"
    assert "linen" not in shown, "they have it"
    assert shown["viscose"].reason.because is not Because.GOES_WITH_BOUGHT, "one instead of the other"


def test_one_person_alone_says_nothing_about_what_goes_together(window: Window) -> None:
    window.buys("linen")
    window.buys("linen", "sneakers", contact=SAM)
    assert window.why("sneakers") is not Because.GOES_WITH_BOUGHT


def test_what_the_shop_puts_on_one_page_goes_together(window: Window) -> None:
    window.publishes(("linen", "tote"))
    window.buys("linen")
    assert window.why("tote") is Because.GOES_WITH_BOUGHT


def test_what_goes_with_the_cart_and_never_the_cart_itself(window: Window) -> None:
    window.publishes(("linen", "tote"))
    customer_id = window.who()
    variant = window.products["linen"].variants[0].id
    window.shop.storage.write(lambda uow: window.shop.carts.add(uow, customer_id, variant, 1, "web"))
    assert window.why("tote") is Because.GOES_WITH_CART
    assert "linen" not in window.names()


def test_what_was_put_aside(window: Window) -> None:
    customer_id, variant = window.who(), window.products["trench"].variants[0].id
    window.shop.storage.write(lambda uow: window.shop.carts.add(uow, customer_id, variant, 1, "web"))
    window.shop.storage.write(lambda uow: window.shop.carts.set_saved(uow, customer_id, variant, True))
    assert window.why("trench") is Because.SAVED
    assert window.names()[0] == "trench"


def test_what_is_used_up_is_worth_buying_again_after_a_while(window: Window) -> None:
    window.buys("lipstick", "jeans", ago=3 * DAY)
    assert not {"lipstick", "jeans"} & set(window.names())
    window.clock.advance(20 * DAY)
    assert window.why("lipstick") is Because.AGAIN
    assert window.why("jeans") is None, "they have it"
    window.buys("jeans", ago=15 * DAY)
    assert window.why("jeans") is Because.AGAIN, "bought twice already"


def test_what_resembles_the_thing_they_wait_for(window: Window) -> None:
    window.stock("linen", 0)
    customer_id, variant = window.who(), window.products["linen"].variants[0].id
    window.shop.storage.write(
        lambda uow: window.shop.waiting.wait(
            uow, customer_id=customer_id, contact=LEA, variant_id=variant, store_id=""
        )
    )  # fmt: skip
    assert {window.why("viscose"), window.why("wrap")} == {Because.LIKE_AWAITED}
    assert "linen" not in window.names()


# --- what can be bought


def test_nothing_that_is_sold_out(window: Window) -> None:
    window.publishes(("linen", "tote"))
    window.looks(Did.PAGE, page=1, times=3)
    assert window.names()[0] == "linen"
    window.stock("linen", 0)
    assert "linen" not in window.names()
    assert window.why("tote") is Because.PAGE
    for name in THINGS:
        window.stock(name, 0)
    assert window.shown() == ()


def test_in_the_size_that_is_remembered(window: Window) -> None:
    window.publishes(("linen", "trench"))
    window.looks(Did.PAGE, page=1, times=3)
    customer_id = window.who()
    consent = Consent(customer_id, Purpose.REMEMBER_SIZES, "telegram", True, "?", "fr", "test", window.clock.now())

    def remember(uow: UnitOfWork) -> None:
        uow.customers.add_consent(consent)
        uow.customers.remember_fit(FitMemory(customer_id, "eu_clothing", "38", window.clock.now()))

    window.shop.storage.write(remember)
    window.stock("linen", 0, size="38")
    shown = {each.product.source_id: each for each in window.shown()}
    assert "linen" not in shown, "not in their size"
    assert [variant.size for variant in shown["trench"].variants] == ["38"]
    assert "tote" in shown, "what has no size fits everybody"
    assert len(shown["sneakers"].variants) == 2, "another system of sizes"


def test_what_the_nearest_store_has_comes_sooner(window: Window) -> None:
    window.shop.storage.write(lambda uow: uow.stores.put(_moved("S2", GeoPoint(48.857, 2.362))))
    window.publishes(("linen", "trench"))
    window.looks(Did.PAGE, page=1)
    assert window.names()[0] == "linen"
    window.stock("trench", 2, "S2")
    assert window.names(near=GeoPoint(48.86, 2.36))[0] == "trench"
    assert window.names(near=GeoPoint(45.76, 4.83))[0] == "linen"


def _moved(store_id: str, point: GeoPoint) -> Store:
    return replace(a_store(store_id), point=point)


def test_a_product_that_is_on_the_page_already_is_left_out(window: Window) -> None:
    window.publishes(("linen", "trench"))
    window.looks(Did.PAGE, page=1, times=3)
    assert "linen" not in window.names(but=[window.products["linen"].id])


# --- what everybody is shown


def test_best_sellers_then_the_newest_over_the_kinds(window: Window) -> None:
    for contact in (SAM, Contact("webchat", "web", "nadia")):
        window.buys("trench", "linen", contact=contact)
    shown = window.shown(None)
    assert [(each.product.source_id, each.reason.because) for each in shown[:2]] == [
        ("trench", Because.POPULAR),  # as many people: the newer product
        ("linen", Because.POPULAR),
    ]
    assert {each.reason.because for each in shown[2:]} == {Because.NEW}
    assert [each.product.source_id for each in shown[2:6]] == ["jeans", "lipstick", "scarf", "tote"]
    kinds = [each.product.category for each in shown]
    assert kinds.index("dress") < len(kinds) - 2 and kinds[2:8].count("dress") <= 1, "no kind fills the list"
    assert len({each.product.id for each in shown}) == len(shown) <= LONGEST


def test_whoever_nothing_is_known_of_sees_what_everybody_sees(window: Window) -> None:
    assert window.names(SAM) == window.names(None) != []
    assert window.names(limit=3) == window.names()[:3]


# --- their choice


def test_whoever_refuses_sees_what_everybody_sees_at_once(window: Window) -> None:
    window.publishes(("linen", "tote"))
    window.looks(Did.PAGE, page=1, times=3)
    window.buys("scarf")
    assert window.why("linen") is Because.PAGE
    window.chooses(allowed=False)
    assert window.names() == window.names(None)
    assert not any(each.reason.because.is_personal for each in window.shown())
    with window.shop.storage.read() as uow:
        assert window.shop.recommending.choice(uow, window.who()) is Choice.REFUSED
        assert uow.tastes.looked_at(window.who(), window.clock.now() - 90 * DAY, 9) == []
        figures = uow.reading.by_page("b" * 32, window.clock.now() - DAY, window.clock.now() + DAY)
    assert [(each.page, each.views) for each in figures] == [(1, 3)], "it goes on counting"


def test_allowing_it_again_does_not_bring_back_what_was_forgotten(window: Window) -> None:
    window.publishes(("linen", "tote"))
    window.looks(Did.PAGE, page=1, times=3)
    window.buys("tote")
    window.chooses(allowed=False)
    window.chooses(allowed=True)
    assert window.why("linen") is Because.GOES_WITH_BOUGHT, "what they bought is known, what they read is not"


def test_of_two_that_are_joined_the_stricter_answer_counts(window: Window) -> None:
    window.publishes(("linen",))
    window.looks(Did.PAGE, page=1, times=3)
    window.chooses(allowed=True)
    window.chooses(allowed=False, contact=SAM)
    lea, sam = window.who(), window.who(SAM)
    window.shop.storage.write(lambda uow: uow.links.join(lea, sam))
    assert not any(each.reason.because.is_personal for each in window.shown())
    assert window.names(SAM) == window.names() == window.names(None)
