"""Cards of what is to be collected: how they look, what their buttons do, and who is too late."""

from dataclasses import replace

import pytest

from commerce.domain.collecting import PickUpKind, PickUpRef, Stage
from commerce.domain.reservation import Reservation
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.team import Role
from commerce.services.alerting import Alerting, StaffAlert, raise_task
from tests.unit.bot.staff.conftest import text_of


@pytest.fixture
def owner(office):
    return office.bind(office.hire("olga", role=Role.OWNER, stores=()), 2000)


@pytest.fixture
def nadia(office):
    return office.bind(office.hire("nadia"), 2001)


@pytest.fixture
def group(office, owner, nadia):
    return office.group(owner)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def reserve(office, address="lea", store="S1") -> Reservation:
    """Somebody holds the linen dress at that store."""
    shop = office.shop

    def place(uow):
        customer = shop.customers.recognise(uow, office.contact(address), name="Léa", language="fr")
        found = next(p for p in uow.products.after(0, 100) if p.source_id == "P1")
        variant = next(v for v in found.variants if (v.colour, v.size) == ("navy", "38"))
        return shop.reserving.place(
            uow, customer_id=customer.id, contact=office.contact(address), store_id=store, lines=[(variant.id, 1)]
        )

    placed = shop.storage.write(place)
    assert isinstance(placed, Reservation), placed
    office.settle()
    return placed


def card_of(office, reservation):
    with office.shop.storage.read() as uow:
        return uow.pick_ups.get(PickUpRef(PickUpKind.RESERVATION, reservation.id))


def toasts(office) -> list[str]:
    return [
        plain(call.arguments["text"]) for call in office.bot.sent("answerCallbackQuery") if "text" in call.arguments
    ]


def test_a_card_is_sent_and_changes_in_its_place(office, group, nadia):
    reservation = reserve(office)
    (card,) = group.replies()
    first = card.text.splitlines()[0]
    assert first == f"Léa · Robe midi en lin · bleu marine · 38 · {reservation.code}"
    assert "🆕 Nouvelle" in card.text and "Lyon Bellecour" in card.text and "jusqu’au" in card.text
    assert card.buttons == (("Accepter", "Prête"), ("Refuser ▸",))
    group.tap(nadia, "Accepter")
    office.settle(copies=3)
    assert any("prépare votre réservation" in text for text in office.texts())
    group.tap(nadia, "Prête")
    office.settle(copies=3)
    assert len(group.screen) == 2, "the answer to /here and the card: nothing new beside them"
    assert "🟢 Prête" in group.screen[-1].text
    assert group.screen[-1].buttons == (("Remettre ▸", "Refuser ▸"),)
    assert [text for text in office.texts() if "est prête" in text] != []
    assert card_of(office, reservation).stage is Stage.READY
    assert toasts(office) == ["Acceptée", "Prête"]
    assert office.dead() == []


def test_handing_over_asks_for_the_code_and_then_who_came(office, group, nadia):
    reservation = reserve(office)
    group.tap(nadia, "Prête")
    office.settle()
    group.tap(nadia, "Remettre ▸")
    office.settle()
    question = group.screen[-1]
    assert "quel code montre Léa" in question.text
    group.say(nadia, "AAA-000", reply_to=question.message_id)
    office.settle()
    assert group.screen[-1].text == "Code inconnu"
    group.say(nadia, reservation.code.lower().replace("-", " "), reply_to=question.message_id)
    office.settle()
    assert plain(group.screen[-1].text) == "Code juste. Encaissez 79,00 €, puis dites qui est venu."
    assert group.screen[-1].buttons == (("Client", "Un proche"),)
    group.tap(nadia, "Client")
    office.settle(copies=2)
    assert card_of(office, reservation).stage is Stage.HANDED
    assert group.screen[-1].text == "Remise à Léa."
    assert "✅ Remise" in group.screen[1].text and group.screen[1].buttons == ()
    assert any("Merci" in text for text in office.texts())
    assert office.dead() == []


def test_five_wrong_codes_lock_it(office, group, nadia):
    reservation = reserve(office)
    group.tap(nadia, "Prête")
    office.settle()
    group.tap(nadia, "Remettre ▸")
    office.settle()
    for _ in range(5):
        group.say(nadia, "AAA-000")
        office.settle()
        assert group.screen[-1].text == "Code inconnu"
    group.say(nadia, reservation.code)
    office.settle()
    assert "Trop de codes faux. Réessayez à 10:1" in plain(group.screen[-1].text)
    assert card_of(office, reservation).stage is Stage.READY


def test_a_code_is_only_asked_of_who_pressed_the_button(office, group, nadia, owner):
    reservation = reserve(office)
    group.tap(nadia, "Prête")
    office.settle()
    group.tap(nadia, "Remettre ▸")
    office.settle()
    shown = len(group.screen)
    group.say(owner, reservation.code)
    office.settle()
    assert len(group.screen) == shown and card_of(office, reservation).stage is Stage.READY


def test_of_two_who_press_the_same_button_one_is_first(office, group, nadia, owner):
    reservation = reserve(office)
    group.tap(nadia, "Accepter")
    group.tap(owner, "Accepter")
    office.settle(copies=2)
    assert toasts(office) == ["Acceptée", "Quelqu’un a été plus rapide. C’est maintenant : Acceptée"]
    with office.shop.storage.read() as uow:
        accepted = [event for event in uow.reservations.events(reservation.id) if event.note == "accepted"]
    assert len(accepted) == 1


def test_a_rejection_asks_why_and_offers_something_else(office, group, nadia):
    reservation = reserve(office)
    group.tap(nadia, "Refuser ▸")
    office.settle()
    reasons = [label for row in group.screen[-1].buttons for label in row]
    assert reasons == ["Introuvable", "Abîmé", "Déjà vendu", "Le magasin ferme", "Autre raison", "◂ Retour"]
    group.tap(nadia, "◂ Retour")
    office.settle()
    assert group.screen[-1].buttons[0] == ("Accepter", "Prête")
    group.tap(nadia, "Refuser ▸")
    office.settle()
    group.tap(nadia, "Introuvable")
    office.settle()
    assert card_of(office, reservation).stage is Stage.REJECTED
    assert "❌ Refusée" in group.screen[-1].text and group.screen[-1].buttons == ()
    assert toasts(office)[-1].startswith("Refusée. Le client a reçu")
    with office.shop.storage.read() as uow:
        (offer,) = office.shop.offering.open_of(uow, reservation.customer_id)
    assert offer.instead_of.id == reservation.id
    assert any("Je vous garde" in text for text in office.texts())
    assert office.dead() == []


def test_cards_of_other_stores_are_not_theirs(office, owner, nadia):
    group = office.group(owner, where="all")
    reservation = reserve(office, store="S2")
    group.tap(nadia, "Accepter")
    office.settle()
    assert toasts(office) == ["Ce n’est pas dans un de vos magasins."]
    stranger = office.bot.person(666, "Max", "en")
    group.tap(stranger, "Accepter")
    office.settle()
    assert "for the people who work here" in toasts(office)[-1]
    assert card_of(office, reservation).stage is Stage.NEW
    nadia.say("/board")
    office.settle()
    assert nadia.screen[-1].text == "Rien n’attend d’être retiré."


def test_the_board_lists_what_is_open_and_shows_a_card(office, nadia):
    first = reserve(office)
    nadia.replies()
    nadia.say("/board")
    office.settle()
    board = nadia.screen[-1]
    assert plain(board.text) == "À retirer : 1"
    ((label,),) = board.buttons
    assert label == f"Léa · Robe midi en lin · bleu marine · 38 · {first.code}"
    nadia.tap(label)
    office.settle()
    assert nadia.screen[-1].buttons[0] == ("Accepter", "Prête")
    nadia.tap("Accepter")
    office.settle()
    assert "👋 Acceptée" in nadia.screen[-1].text


def test_an_old_copy_of_a_card_learns_what_it_is_now(office, nadia):
    reserve(office)
    old = nadia.screen[-1]
    nadia.say("/board")
    office.settle()
    nadia.tap(next(label for label in nadia.buttons if "ABC" in label or "·" in label))
    office.settle()
    nadia.tap("Accepter")
    office.settle()
    stale = nadia._tapped(old, old.raw["reply_markup"]["inline_keyboard"][0][1]["callback_data"])
    office.bot.receive(stale)
    office.settle()
    assert toasts(office)[-1] == "Quelqu’un a été plus rapide. C’est maintenant : Acceptée"
    assert "👋 Acceptée" in next(s for s in nadia.screen if s.message_id == old.message_id).text


def test_who_waits_outside_rings(office, group, nadia):
    reservation = reserve(office)
    ref = PickUpRef(PickUpKind.RESERVATION, reservation.id)

    def arrives(uow):
        details, now = uow.pick_ups.hold_details(ref), office.shop.clock.now()
        uow.pick_ups.put_details(replace(details, vehicle="Clio grise", spot="4", arrived_at=now))
        facts = {"kind": "reservation", "id": reservation.id}
        assert Alerting(office.shop.clock).tell(uow, StaffAlert.ARRIVED, "S1", facts) == 1

    group.replies()
    office.shop.storage.write(arrives)
    office.settle()
    (rings,) = group.replies()
    assert rings.text.splitlines()[0] == "🔔 Léa · Clio grise · place 4"
    assert not office.bot.sent("sendMessage")[-1].arguments.get("disable_notification")


def test_a_task_is_shown_and_done_once(office, group, nadia, owner):
    now = office.shop.clock.now()
    task = StaffTask(office.shop.ids.new_id(), TaskKind.STOCK_DIFFERENCE, "sku-1", "{}", "S1", now)
    assert office.shop.storage.write(lambda uow: raise_task(uow, task))
    assert not office.shop.storage.write(lambda uow: raise_task(uow, task)), "it is there already"
    office.settle()
    (shown,) = group.replies()
    assert "Un stock qui ne tombe pas juste" in shown.text and shown.buttons == (("Fait",),)
    group.tap(nadia, "Fait")
    group.tap(owner, "Fait")
    office.settle()
    assert toasts(office) == ["Fait", "C’était déjà fait."]
    with office.shop.storage.read() as uow:
        assert uow.tasks.open() == []
    assert "✅ Nadia" in text_of(group.screen) or "Fait" in text_of(group.screen)


def test_a_refund_for_a_second_person_is_not_done_by_a_tap(office, group):
    now = office.shop.clock.now()
    task = StaffTask(office.shop.ids.new_id(), TaskKind.REFUND_APPROVAL, "o1", "{}", "S1", now)
    office.shop.storage.write(lambda uow: raise_task(uow, task))
    office.settle()
    (shown,) = group.replies()
    assert "Un remboursement" in shown.text and shown.buttons == ()


def test_a_group_that_must_wait_holds_up_no_tap(office, group, nadia):
    reserve(office)
    office.bot.fail("editMessageText", times=2, status=429, retry_after_s=30)
    office.bot.fail("editMessageCaption", times=2, status=429, retry_after_s=30)
    group.tap(nadia, "Accepter")
    office.settle()
    assert toasts(office) == ["Acceptée"], "though the card cannot change yet"
    assert "🆕 Nouvelle" in group.screen[-1].text
    office.advance(31)
    group.tap(nadia, "Accepter")
    office.advance(31)
    office.settle()
    office.advance(31)
    office.settle()
    assert "👋 Acceptée" in group.screen[-1].text
    assert office.dead() == []
