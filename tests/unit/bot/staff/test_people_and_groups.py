"""Who the staff's bot listens to, and which groups hear of what."""

from datetime import timedelta

import pytest

from commerce.domain.team import Role
from tests.unit.bot.staff.conftest import text_of


def chat(office, number):
    with office.shop.storage.read() as uow:
        return uow.staff_chats.get(office.channel_contact(number))


def test_a_link_binds_an_account_once(office):
    nadia = office.hire("nadia")
    token = office.shop.storage.write(lambda uow: office.shop.staff_binding.token(uow, nadia))
    phone, other = office.bot.person(2001, "Nadia", "fr"), office.bot.person(2002, "Inconnu", "en")
    phone.start(token)
    office.settle(copies=3)
    assert "Bonjour Nadia" in text_of(phone.replies())
    assert chat(office, 2001).staff_id == nadia.id
    other.start(token)
    office.settle()
    assert text_of(other.replies()) == "This link has expired or was already used."
    assert chat(office, 2002) is None


def test_a_link_is_worth_ten_minutes_and_the_last_one_counts(office):
    nadia = office.hire("nadia")
    first, last = (office.shop.storage.write(lambda uow: office.shop.staff_binding.token(uow, nadia)) for _ in "ab")
    phone = office.bot.person(2001, "Nadia", "fr")
    phone.start(first)
    office.settle()
    office.advance(timedelta(minutes=10, seconds=1).total_seconds())
    phone.start(last)
    office.settle()
    assert [shown.text for shown in phone.replies()] == ["Ce lien a expiré ou a déjà servi."] * 2
    assert chat(office, 2001) is None


def test_strangers_hear_one_polite_no_and_then_nothing(office):
    stranger = office.bot.person(666, "Max", "de")
    for text in ("/start", "/board", "hello", "ABC-123"):
        stranger.say(text)
        office.settle()
    (shown,) = stranger.replies()
    assert shown.text.startswith("Ce bot est réservé à l’équipe."), "the shop's first language where theirs is unknown"
    office.advance(timedelta(days=31).total_seconds())
    stranger.say("hello")
    office.settle()
    assert len(stranger.replies()) == 1


def test_who_has_left_the_team_is_a_stranger(office):
    nadia = office.hire("nadia")
    phone = office.bind(nadia, 2001)
    office.shop.storage.write(lambda uow: office.shop.team.deactivate(uow, nadia.id, actor="staff:owner"))
    phone.say("/board")
    office.settle()
    assert "réservé à l’équipe" in text_of(phone.replies())


@pytest.mark.parametrize(
    ("said", "store", "answer"),
    [("/here S1", "S1", "Lyon Bellecour est désormais annoncé"), ("/here all", "", "Tous les magasins")],
)
def test_the_owner_says_what_a_group_hears_of(office, said, store, answer):
    owner = office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)
    group = office.bot.group(-1002001, "Bellecour")
    group.add_bot(owner)
    group.say(owner, said)
    office.settle()
    assert answer in text_of(group.replies())
    bound = chat(office, -1002001)
    assert (bound.store_id, bound.staff_id, bound.has_topics) == (store, "", False)
    group.say(owner, "/here off")
    office.settle()
    assert chat(office, -1002001) is None


def test_nobody_else_may_and_strangers_in_a_group_are_not_heard(office):
    owner = office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)
    nadia = office.bind(office.hire("nadia"), 2001)
    stranger = office.bot.person(666, "Max", "en")
    group = office.bot.group(-1002001, "Bellecour")
    group.add_bot(owner, admin=True)
    group.say(nadia, "/here S1")
    group.say(stranger, "/here S1")
    group.say(stranger, "hello?")
    office.settle()
    assert text_of(group.replies()) == "Seul un propriétaire peut dire ce qui est annoncé dans un groupe."
    assert chat(office, -1002001) is None


def test_topics_need_the_right_to_manage_them_and_it_is_said(office):
    owner = office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)
    group = office.bot.group(-1002001, "Bellecour", is_forum=True)
    group.add_bot(owner, admin=True)
    group.say(owner, "/here S1")
    office.settle()
    assert "il me faut le droit de gérer les sujets" in text_of(group.replies())
    assert not chat(office, -1002001).has_topics
    group.add_bot(owner, admin=True, topics=True)
    office.settle()
    assert chat(office, -1002001).has_topics, "given later, it counts at once"


def test_a_group_that_throws_the_bot_out_hears_of_nothing_and_one_that_moves_takes_it_along(office):
    owner = office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)
    group = office.group(owner, number=-4001)
    moved = group.move(owner, -1004001)
    office.settle()
    assert chat(office, -4001) is None and chat(office, -1004001).store_id == "S1"
    moved.remove_bot(owner)
    office.settle()
    assert chat(office, -1004001) is None


def test_a_member_who_blocks_the_bot_is_forgotten(office):
    phone = office.bind(office.hire("nadia"), 2001)
    phone.block()
    office.settle()
    assert chat(office, 2001) is None


def test_a_store_is_paused_and_opened_again_by_those_who_work_there(office):
    phone = office.bind(office.hire("nadia"), 2001)
    for said, answer in (
        ("/pause S1 30 trop de monde", "Lyon Bellecour ne prend plus de commandes en ligne jusqu’à 10:30."),
        ("/pause S2 30", "Écrivez : /pause MAGASIN MINUTES. Vos magasins : S1 (Lyon Bellecour)"),
        ("/pause", "Écrivez : /pause MAGASIN MINUTES. Vos magasins : S1 (Lyon Bellecour)"),
        ("/pause 99999", "Une minute au moins, 31 jours au plus."),
        ("/resume", "Lyon Bellecour reprend les commandes en ligne."),
        ("/resume S1", "Lyon Bellecour n’était pas en pause."),
        ("/pause S1 reserve 30 inventaire", "Lyon Bellecour ne prend plus de réservations jusqu’à 10:30."),
        ("/pause pickup 45", "Lyon Bellecour ne prend plus de commandes à retirer jusqu’à 10:45."),
        ("/pause S2 pickup 45", "Écrivez : /pause MAGASIN MINUTES. Vos magasins : S1 (Lyon Bellecour)"),
        ("/resume", "Lyon Bellecour n’était pas en pause."),
        ("/resume reserve", "Lyon Bellecour reprend les réservations."),
        ("/resume S1 Pickup", "Lyon Bellecour reprend les commandes à retirer."),
        ("/resume s1 pickup", "Lyon Bellecour n’était pas en pause."),
    ):
        phone.say(said)
        office.settle(copies=2)
        assert text_of(phone.replies()).replace("\u202f", " ").replace("\u00a0", " ") == answer
    assert office.dead() == []


def test_the_language_is_the_member_s(office):
    phone = office.bind(office.hire("sam", language="en"), 2003)
    phone.say("/help")
    office.settle()
    assert "/pause STORE MINUTES" in text_of(phone.replies())
