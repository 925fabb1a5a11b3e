"""« Dites-moi quand il revient en 38 »: waiting by words, in both languages, heard of and given up by words."""

from __future__ import annotations

import pytest

from commerce.domain.stock import MovementReason
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import UnitOfWork
from tests.unit.bot.conftest import Desk
from tests.unit.bot.test_offered import buttons, enter, heard, labels

DRESS = "P1-navy-38"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The linen dress is sold out in every size and place; so are the white sneakers."""

    def sell_out(uow: UnitOfWork) -> None:
        for sku in ("P1-navy-36", "P1-navy-38", "P1-navy-40", "P3-white-42"):
            found = uow.products.by_sku(sku)
            if found is None:
                continue
            for level in uow.stock.levels([found[1].id]):
                uow.stock.set_on_hand(found[1].id, level.store_id, 0, MovementReason.COUNT, desk.shop.clock.now())

    desk.shop.storage.write(sell_out)
    return desk


def waits(desk: Desk, address: str = "lea") -> list[StockWaiter]:
    with desk.shop.storage.read() as uow:
        customer = uow.customers.by_contact(desk.contact(address))
        return uow.waiters.of_customer(customer.id) if customer else []


def skus(desk: Desk) -> list[str]:
    with desk.shop.storage.read() as uow:
        found = [uow.products.by_variant(each.variant_id) for each in waits(desk)]
    return [each[1].sku for each in found if each]


@pytest.mark.parametrize(
    ("search", "asked", "answer"),
    [
        ("robe midi en lin", "dites-moi quand elle revient en 38", "Je vous préviens ici dès"),
        ("linen midi dress", "tell me when it's back in 38", "I will tell you here as soon as it is back"),
        ("robe midi en lin", "previen moi qd elle revien en 38 stp", "Je vous préviens ici dès"),
        ("linen midi dress", "lemme know when its bak in 38 plz", "I will tell you here as soon as it is back"),
        ("", "prévenez-moi quand la robe midi en lin revient en 38", "Je vous préviens ici dès"),
        ("", "notify me when the linen midi dress is back in 38", "I will tell you here as soon as it is back"),
    ],
)
def test_asked_in_words_with_the_size_it_waits_at_once(desk: Desk, search: str, asked: str, answer: str) -> None:
    if search:
        desk.say(search)
        desk.say("la première" if "robe" in search else "the first one")
    said = desk.say(asked)
    if not waits(desk) and "?" in said[-1]:  # several were found: which one?
        first = next(button for button in buttons(desk) if "lin" in button.label.lower())
        said = desk.say(action=first.action)
    assert skus(desk) == [DRESS], said
    assert answer in said[-1] and "38" in said[-1]


def test_without_a_size_it_is_asked_and_the_answer_leads_there(desk: Desk) -> None:
    desk.say("linen midi dress")
    desk.say("the first one")
    (asked,) = desk.say("tell me when it's back")
    assert "Which size?" in asked and waits(desk) == []
    (told,) = desk.say("38")
    assert "I will tell you here as soon as it is back" in told
    assert skus(desk) == [DRESS]


def test_a_size_that_is_not_made_is_said_and_another_may_be_chosen(desk: Desk) -> None:
    desk.say("robe midi en lin")
    desk.say("la première")
    (said,) = desk.say("préviens-moi quand elle revient en 50")
    assert "50" in said and waits(desk) == []
    desk.say("38")
    assert skus(desk) == [DRESS]


def test_at_one_store_alone(desk: Desk) -> None:
    desk.say("linen midi dress")
    desk.say("the first one")
    (told,) = desk.say("let me know when it's back in 38 at Lyon Bellecour")
    assert "as soon as Lyon Bellecour has it again" in told
    assert [each.store_id for each in waits(desk)] == ["S1"]


def test_what_is_there_needs_no_waiting(desk: Desk) -> None:
    desk.say("denim jacket")
    desk.say("the first one")
    said = desk.say("tell me when it's back in M")
    assert said == ["It is back already."] and waits(desk) == []


def test_nothing_in_talk_is_asked_about(desk: Desk) -> None:
    (said,) = desk.say("notify me when it is back")
    assert "what you are looking for" in said and waits(desk) == []


def test_it_is_told_when_it_comes_back(desk: Desk) -> None:
    desk.say("linen midi dress")
    desk.say("the first one")
    desk.say("tell me when it's back in 38")
    enter(desk, MovementReason.RETURN, DRESS, 1, "r-1")
    told, _ = heard(desk)
    assert len(told) == 1 and "Linen midi dress" in told[0]
    assert [each.state for each in waits(desk)] == [WaitState.TOLD]
    (listed,) = desk.say("what am i waiting for?")
    assert "Linen midi dress" in listed and "one is kept for you" in listed


@pytest.mark.parametrize(
    ("listing", "stopping", "empty"),
    [
        ("mes alertes", "je n'attends plus", "Je ne vois rien que vous attendiez."),
        ("show my alerts", "stop waiting", "I know of nothing that you wait for."),
        ("qu'est-ce que j'attends ?", "annulez mon alerte svp", "Je ne vois rien que vous attendiez."),
    ],
)
def test_listed_and_given_up(desk: Desk, listing: str, stopping: str, empty: str) -> None:
    assert desk.say(listing)[0].startswith(empty[:20])
    french = empty.startswith("Je")
    desk.say("robe midi en lin" if french else "linen midi dress")
    desk.say("la première" if french else "the first one")
    desk.say("préviens-moi quand elle revient en 38" if french else "tell me when it is back in 38")
    (listed,) = desk.say(listing)
    assert "38" in listed and "–" in listed
    (button,) = buttons(desk)
    assert "38" in button.label
    desk.say(stopping)
    assert waits(desk) == []
    assert desk.say(stopping)[0].startswith(empty[:20])


def test_of_several_the_one_that_is_named_is_given_up_else_it_is_asked(desk: Desk) -> None:
    for thing, size in (("linen midi dress", "38"), ("white sneakers", "42")):
        desk.say(thing)
        desk.say("the first one")
        desk.say(f"tell me when it's back in {size}")
    assert sorted(skus(desk)) == [DRESS, "P3-white-42"]
    (which,) = desk.say("stop waiting")
    assert "Which one" in which and len(labels(buttons(desk))) == 2 and len(waits(desk)) == 2
    desk.say("stop waiting for the dress")
    assert skus(desk) == ["P3-white-42"]
