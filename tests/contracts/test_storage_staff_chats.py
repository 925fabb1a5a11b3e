"""Chats of the staff's bot and their topics, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commerce.domain.customer import Contact, Customer
from commerce.domain.team import Role
from commerce.ports import StaffChat, Storage
from tests.contracts.staff_values import a_member
from tests.contracts.storage_values import NOW


def contact(address: str) -> Contact:
    return Contact("telegram-staff", "700700701", address)


def member(number: int, role: Role = Role.STAFF, stores: tuple[str, ...] = ("S1",), *, active: bool = True):
    return a_member(f"m{number}", role, stores, id=f"{number:032x}", is_active=active)


NADIA, KARIM, OLGA = member(1), member(2, stores=("S2",)), member(3, Role.OWNER, ())
HUGO, GONE = member(4, Role.MARKETER, ()), member(5, active=False)
GROUP = StaffChat(contact("-1001"), "", "S1", has_topics=True)


@pytest.fixture
def team(storage: Storage) -> Storage:
    def work(uow) -> None:
        for number, each in enumerate((NADIA, KARIM, OLGA, HUGO, GONE), 2001):
            uow.team.add(each)
            uow.staff_chats.put(StaffChat(contact(str(number)), each.id, "", has_topics=False))

    storage.write(work)
    return storage


def told(storage: Storage, store_id: str) -> set[str]:
    with storage.read() as uow:
        return {chat.contact.address for chat in uow.staff_chats.for_store(store_id)}


def test_a_chat_is_kept_changed_and_forgotten(storage: Storage) -> None:
    storage.write(lambda uow: uow.staff_chats.put(GROUP))
    with storage.read() as uow:
        assert uow.staff_chats.get(GROUP.contact) == GROUP
        assert uow.staff_chats.get(contact("-1002")) is None
    changed = replace(GROUP, store_id="", has_topics=False)
    storage.write(lambda uow: uow.staff_chats.put(changed))
    with storage.read() as uow:
        assert uow.staff_chats.get(GROUP.contact) == changed
    assert storage.write(lambda uow: uow.staff_chats.remove(GROUP.contact))
    assert not storage.write(lambda uow: uow.staff_chats.remove(GROUP.contact))


def test_a_member_has_one_chat_the_newest(team: Storage) -> None:
    team.write(lambda uow: uow.staff_chats.put(StaffChat(contact("2999"), NADIA.id, "", has_topics=False)))
    with team.read() as uow:
        own = uow.staff_chats.of_staff(NADIA.id)
        assert own is not None and own.contact.address == "2999"
        assert uow.staff_chats.get(contact("2001")) is None
        assert uow.staff_chats.of_staff("f" * 32) is None


def test_without_a_group_those_hear_who_work_there(team: Storage) -> None:
    assert told(team, "S1") == {"2001", "2003"}, "Nadia and the owner; neither the marketer nor who has left"
    assert told(team, "S2") == {"2002", "2003"}
    assert told(team, "") == {"2001", "2002", "2003"}


def test_a_group_hears_in_their_place_for_its_own_store(team: Storage) -> None:
    team.write(lambda uow: uow.staff_chats.put(GROUP))
    assert told(team, "S1") == {"-1001"}
    assert told(team, "S2") == {"2002", "2003"}, "there is no group of that store"
    team.write(lambda uow: uow.staff_chats.put(StaffChat(contact("-1009"), "", "", has_topics=False)))
    assert told(team, "S2") == {"-1009"} and told(team, "S1") == told(team, "") == {"-1001", "-1009"}


def test_a_customer_has_one_topic_in_a_chat(storage: Storage) -> None:
    lea, sam = (Customer(letter * 32, "", "fr", NOW) for letter in "ab")

    def work(uow) -> None:
        for customer, address in ((lea, "1001"), (sam, "1002")):
            uow.customers.add(customer, Contact("telegram", "1", address), NOW)
        uow.staff_chats.put(GROUP)
        uow.staff_chats.set_topic(GROUP.contact, lea.id, "30")
        uow.staff_chats.set_topic(GROUP.contact, sam.id, "31")
        uow.staff_chats.set_topic(GROUP.contact, lea.id, "32")

    storage.write(work)
    with storage.read() as uow:
        chats = uow.staff_chats
        assert (chats.topic(GROUP.contact, lea.id), chats.topic(GROUP.contact, sam.id)) == ("32", "31")
        assert [chats.customer_of(GROUP.contact, topic) for topic in ("30", "31", "32")] == ["", sam.id, lea.id]
        assert chats.topic(contact("-1002"), lea.id) == chats.customer_of(contact("-1002"), "32") == ""
    storage.write(lambda uow: uow.staff_chats.set_topic(GROUP.contact, lea.id, ""))
    with storage.read() as uow:
        assert uow.staff_chats.topic(GROUP.contact, lea.id) == ""
