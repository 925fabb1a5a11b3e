"""Two contacts become one person and two again: by a token alone, once, seen before; on both databases."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.domain.cart import MAX_QUANTITY, MergeChoice
from commerce.domain.customer import Contact
from commerce.domain.linking import Linked, LinkPreview, NotLinked, TokenPurpose
from commerce.domain.reservation import Refused
from tests.unit.services.conftest import LEA, SAM, Small
from tests.unit.services.test_carts import add, amounts, cart_of, write

WEB = Contact("webchat", "web", "c0ffee")
NOTE = "catalogue:printemps:4"


def offer(small: Small, contact: Contact = WEB, note: str = NOTE) -> str:
    customer_id = small.customer(contact)
    return write(small, lambda uow: small.linking.offer(uow, customer_id, contact, TokenPurpose.CART, note))


def accept(small: Small, token: str, contact: Contact = LEA, choice: MergeChoice | None = None):
    return write(small, lambda uow: small.linking.accept(uow, token, contact, choice))


def preview(small: Small, token: str, contact: Contact = LEA):
    with small.storage.read() as uow:
        return small.linking.preview(uow, token, contact)


def unlink(small: Small, customer_id: str):
    return write(small, lambda uow: small.linking.unlink(uow, customer_id))


def who(small: Small, contact: Contact) -> str:
    with small.storage.read() as uow:
        found = uow.customers.by_contact(contact)
        return found.id if found else ""


def test_a_token_joins_two_contacts_and_brings_the_cart(small: Small):
    lea = small.customer(LEA)
    web = small.customer(WEB)
    add(small, "36", contact=WEB, source=NOTE)
    token = offer(small)
    assert len(token) <= 40
    assert token.isalnum()
    seen = preview(small, token)
    assert isinstance(seen, LinkPreview)
    assert (seen.kept_id, seen.joined_id, seen.note) == (lea, web, NOTE)
    assert (seen.kept_channels, seen.joined_channels) == (("telegram",), ("webchat",))
    assert seen.brings_cart
    assert not seen.both_carts_filled
    assert who(small, WEB) == web, "looking changes nothing"

    linked = accept(small, token)
    assert isinstance(linked, Linked)
    assert who(small, WEB) == who(small, LEA) == lea
    assert amounts(cart_of(small)) == {(small.variants["36"], False): 1}
    assert linked.cart.cart == cart_of(small, WEB), "the same row at both doors"
    assert cart_of(small).lines[0].source == NOTE


def came_from(small: Small, customer_id: str) -> str:
    with small.storage.read() as uow:
        found = uow.customers.get(customer_id)
    assert found is not None
    return found.came_from


def test_the_earlier_known_source_stays_and_comes_back(small: Small):
    web = small.customer(WEB)
    add(small, "36", contact=WEB, source="link:window")
    small.clock.advance(timedelta(days=1))
    lea = small.customer(LEA)
    write(small, lambda uow: uow.customers.came_from(lea, NOTE))
    assert isinstance(accept(small, offer(small)), Linked)
    assert came_from(small, lea) == "link:window", "who was here first knows what brought them"
    unlink(small, lea)
    assert (came_from(small, lea), came_from(small, web)) == (NOTE, "link:window")


def test_a_known_source_is_better_than_none(small: Small):
    small.customer(WEB)
    small.clock.advance(timedelta(days=1))
    lea = small.customer(LEA)
    write(small, lambda uow: uow.customers.came_from(lea, NOTE))
    assert isinstance(accept(small, offer(small)), Linked)
    assert came_from(small, lea) == NOTE


def test_it_works_once(small: Small):
    small.customer(SAM)
    token = offer(small)
    assert isinstance(accept(small, token), Linked)
    for contact in (SAM, LEA, Contact("telegram", "shop", "9999")):
        assert preview(small, token, contact) == Refused(NotLinked.ALREADY_USED)
        assert accept(small, token, contact) == Refused(NotLinked.ALREADY_USED)
    assert who(small, SAM) not in ("", who(small, WEB))


def test_of_many_who_accept_at_once_one_is_joined(small: Small):
    token = offer(small)
    people = [Contact("telegram", "shop", str(number)) for number in range(6)]
    for person in people:
        small.customer(person)
    gate, answers = threading.Barrier(len(people)), []

    def at_once(person: Contact) -> None:
        gate.wait()
        answers.append(accept(small, token, person))

    threads = [threading.Thread(target=at_once, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(isinstance(answer, Linked) for answer in answers) == 1
    assert len(answers) == len(people)
    assert len({who(small, person) for person in people}) == len(people)


def test_two_links_that_cross_make_one_person(small: Small):
    for number in range(5):
        one, other = Contact("telegram", "shop", f"a{number}"), Contact("webchat", "web", f"b{number}")
        tokens = [(offer(small, one), other), (offer(small, other), one)]
        gate = threading.Barrier(2)
        threads = [
            threading.Thread(target=lambda t=token, c=contact, g=gate: (g.wait(), accept(small, t, c)))
            for token, contact in tokens
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert who(small, one) == who(small, other)


def test_half_an_hour(small: Small):
    late, later = offer(small), offer(small)
    small.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    assert isinstance(preview(small, late), LinkPreview)
    small.clock.advance(timedelta(seconds=1))
    assert preview(small, later) == Refused(NotLinked.EXPIRED)
    assert accept(small, later) == Refused(NotLinked.EXPIRED)
    assert who(small, LEA) in ("", small.customer(LEA))


def test_guesses_and_oddities_are_unknown(small: Small):
    offer(small)
    for token in ("", "0" * 32, "ü", "\udce9", "x" * 10_000):
        assert preview(small, token) == Refused(NotLinked.UNKNOWN)
        assert accept(small, token) == Refused(NotLinked.UNKNOWN)


def test_oneself_is_not_joined_to_oneself(small: Small):
    token = offer(small)
    assert preview(small, token, WEB) == Refused(NotLinked.SAME_CUSTOMER)
    assert accept(small, token, WEB) == Refused(NotLinked.SAME_CUSTOMER)
    assert isinstance(accept(small, token), Linked), "it was not used up by that"
    assert preview(small, offer(small), LEA) == Refused(NotLinked.SAME_CUSTOMER)


def test_what_is_stored_opens_nothing(small: Small):
    token = offer(small)
    with small.storage.read() as uow:
        assert uow.links.token(token) is None
        assert uow.links.token(small.linking._digest(token)).note == NOTE
    other = type(small.linking)(small.clock, small.linking._ids, small.customers, small.carts, b"another key")
    with small.storage.read() as uow:
        assert other.preview(uow, token, LEA) == Refused(NotLinked.UNKNOWN)


def test_unlink_gives_each_what_was_theirs(small: Small):
    add(small, "36", 2)
    add(small, "38", contact=WEB)
    reservation = small.place("36", contact=WEB)
    lea, web = who(small, LEA), who(small, WEB)
    before = cart_of(small, LEA), cart_of(small, WEB)
    accept(small, offer(small), choice=MergeChoice.SAVE_FOR_LATER)
    with small.storage.read() as uow:
        assert [r.id for r in small.reserving.open_of(uow, lea)] == [reservation.id]
    undone = unlink(small, lea)
    assert undone.joined_id == web
    assert (who(small, LEA), who(small, WEB)) == (lea, web)
    assert [amounts(cart) for cart in before] == [amounts(cart_of(small, LEA)), amounts(cart_of(small, WEB))]
    with small.storage.read() as uow:
        assert [r.id for r in small.reserving.open_of(uow, web)] == [reservation.id]
        assert small.reserving.open_of(uow, lea) == []
    assert unlink(small, lea) is None
    assert unlink(small, web) is None


def test_what_came_into_the_cart_since_stays_and_what_left_stays_away(small: Small):
    add(small, "36", 2)
    add(small, "36", 3, contact=WEB)
    add(small, "38", contact=WEB)
    lea = who(small, LEA)
    accept(small, offer(small), choice=MergeChoice.KEEP_BOTH)
    first, second = small.variants["36"], small.variants["38"]
    write(small, lambda uow: small.carts.set_quantity(uow, lea, first, 4))  # one of five is gone
    write(small, lambda uow: small.carts.set_quantity(uow, lea, second, 0))
    unlink(small, lea)
    assert amounts(cart_of(small, WEB)) == {(first, False): 3}
    assert amounts(cart_of(small, LEA)) == {(first, False): 1}


def test_a_name_is_taken_over_and_given_back(small: Small):
    small.storage.write(lambda uow: small.customers.recognise(uow, WEB, name="Léa", language="fr"))
    small.storage.write(lambda uow: small.customers.recognise(uow, LEA))
    linked = accept(small, offer(small))
    assert (linked.customer.name, linked.customer.language) == ("Léa", "fr")
    unlink(small, linked.customer.id)
    with small.storage.read() as uow:
        assert (uow.customers.by_contact(LEA).name, uow.customers.by_contact(LEA).language) == ("", "")
        assert uow.customers.by_contact(WEB).name == "Léa"


def test_three_are_joined_and_parted_in_turn(small: Small):
    phone = Contact("telegram", "other", "5")
    lea, web, third = small.customer(LEA), small.customer(WEB), small.customer(phone)
    accept(small, offer(small, WEB), LEA)
    accept(small, offer(small, LEA), phone)
    assert {who(small, contact) for contact in (LEA, WEB, phone)} == {third}
    unlink(small, third)
    assert (who(small, LEA), who(small, WEB), who(small, phone)) == (lea, lea, third)
    unlink(small, lea)
    assert (who(small, LEA), who(small, WEB), who(small, phone)) == (lea, web, third)


def test_it_is_on_the_record(small: Small):
    linked = accept(small, offer(small))
    moved = json.loads(linked.merge.moved)
    assert set(moved) == {
        "shop",
        "kept",
        "joined",
        "merged",
        "draft_taken",
        "name_taken",
        "language_taken",
        "came_from",
    }


_carts = st.dictionaries(
    st.tuples(st.sampled_from(["36", "38", "40"]), st.booleans()), st.integers(1, MAX_QUANTITY), max_size=6
)
_people = count()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=_carts, brought=_carts, choice=st.sampled_from([None, *MergeChoice]))
def test_whatever_is_in_two_carts_nothing_is_lost_and_both_come_back(
    small: Small,
    own: dict[tuple[str, bool], int],
    brought: dict[tuple[str, bool], int],
    choice: MergeChoice | None,
):
    number = next(_people)
    phone, browser = Contact("telegram", "shop", f"p{number}"), Contact("webchat", "web", f"w{number}")
    _fill(small, phone, own)
    _fill(small, browser, brought)
    before = amounts(cart_of(small, phone)), amounts(cart_of(small, browser))

    linked = accept(small, offer(small, browser), phone, choice)
    expected: dict[tuple[int, bool], int] = {}
    for lines, aside in (
        (before[0], choice is MergeChoice.ONLY_THIS),
        (before[1], choice is MergeChoice.SAVE_FOR_LATER),
    ):
        put: dict[tuple[int, bool], int] = {}
        for (variant, saved), quantity in lines.items():
            key = (variant, saved or aside)
            put[key] = min(put.get(key, 0) + quantity, MAX_QUANTITY)
        for key, quantity in put.items():
            expected[key] = min(expected.get(key, 0) + quantity, MAX_QUANTITY)
    assert amounts(cart_of(small, phone)) == expected
    assert amounts(cart_of(small, browser)) == expected

    unlink(small, linked.customer.id)
    assert (amounts(cart_of(small, phone)), amounts(cart_of(small, browser))) == before


def _fill(small: Small, contact: Contact, lines: dict[tuple[str, bool], int]) -> None:
    customer_id, now = small.customer(contact), small.clock.now()

    def fill(uow) -> None:
        cart = uow.carts.create(small.linking._ids.new_id(), customer_id, now)
        for (size, saved), quantity in sorted(lines.items(), key=lambda each: not each[0][1]):
            uow.carts.add(cart.id, small.variants[size], quantity, "", now, most=MAX_QUANTITY)
            if saved:
                uow.carts.set_saved(cart.id, small.variants[size], True, now, most=MAX_QUANTITY)

    write(small, fill)


def test_a_door_that_found_its_customer_before_the_link_changes_the_cart_they_have_together(small: Small):
    add(small, "36", contact=WEB)
    stale = who(small, WEB)
    accept(small, offer(small))
    write(small, lambda uow: small.carts.add(uow, stale, small.variants["38"]))
    write(small, lambda uow: small.carts.set_quantity(uow, stale, small.variants["36"], 3))
    assert amounts(cart_of(small, LEA)) == {(small.variants["36"], False): 3, (small.variants["38"], False): 1}


def test_changes_at_the_joined_door_while_the_link_is_made_are_not_lost(small: Small):
    for number in range(6):
        phone, browser = Contact("telegram", "shop", f"x{number}"), Contact("webchat", "web", f"y{number}")
        small.customer(phone)
        stale, token = small.customer(browser), offer(small, browser)
        gate = threading.Barrier(2)

        def put(stale: str = stale, gate: threading.Barrier = gate) -> None:
            gate.wait()
            for _ in range(4):
                small.storage.write(lambda uow: small.carts.add(uow, stale, small.variants["36"]))

        thread = threading.Thread(target=put)
        thread.start()
        gate.wait()
        accept(small, token, phone)
        thread.join(60)
        assert amounts(cart_of(small, phone)) == {(small.variants["36"], False): 4}
