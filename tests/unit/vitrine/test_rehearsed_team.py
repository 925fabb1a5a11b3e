"""Léa at her telephone and Nadia at hers, over two bots, real doors and a running worker: J3 and J7 from the store's
side."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commerce.domain.collecting import PickUpKind, PickUpRef, Stage
from commerce.domain.conversation import Voice
from commerce.domain.customer import Contact
from vitrine.rehearsal import Rehearsal, rehearsing
from vitrine.rehearsal_team import GROUP, NADIA
from vitrine.standins.telegram import Shown

PATIENCE_S = 40  # a busy machine imports two libraries


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Rehearsal]:
    with rehearsing(tmp_path) as running:
        yield running


def until(found: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.05)


def plain(shown: list[Shown]) -> str:
    return "\n".join(each.text for each in shown).replace("\u202f", " ").replace("\u00a0", " ")


def reserve(on: Rehearsal) -> str:
    """Léa reserves the linen dress at Bellecour as J1 says; its code."""
    lea = on.telegram.person(1001, "Léa", "fr")
    lea.say("robe lin bleu marine")
    for label in ("Choisir ma taille", "38", "Non", "Voir en magasin"):
        until(lambda label=label: label in lea.buttons)
        lea.tap(label)
    until(lambda: any(shown.asks_location for shown in lea.screen))
    lea.share_location(45.7600, 4.8400)
    until(lambda: "Réserver à Bellecour" in lea.buttons)
    lea.tap("Réserver à Bellecour")
    until(lambda: "Code" in plain(lea.screen))
    return re.findall(r"[A-Z]{3}-\d{3}", plain(lea.screen))[0]


def lea_s_id(on: Rehearsal) -> str:
    with on.shop.storage.read() as uow:
        customer = uow.customers.by_contact(Contact("telegram", on.telegram.token.partition(":")[0], "1001"))
    assert customer is not None
    return customer.id


def stage(on: Rehearsal, code: str) -> Stage:
    with on.shop.storage.read() as uow:
        found = next(each for each in uow.reservations.of_customer(lea_s_id(on), only_open=False) if each.code == code)
        card = uow.pick_ups.get(PickUpRef(PickUpKind.RESERVATION, found.id))
    assert card is not None
    return card.stage


def test_nadia_accepts_makes_ready_and_hands_over_in_her_group(on: Rehearsal) -> None:
    code = reserve(on)
    lea, nadia, group = on.telegram.people[1001], on.staff_bot.people[NADIA], on.staff_bot.groups[GROUP]
    until(lambda: "Accepter" in group.buttons)
    assert group.screen[0].text.splitlines()[0] == f"Léa · Robe midi en lin · bleu marine · 38 · {code}"
    group.tap(nadia, "Accepter")
    group.tap(nadia, "Accepter")
    until(lambda: "Lyon Bellecour prépare votre réservation." in plain(lea.screen))
    until(lambda: group.buttons == ["Prête", "Refuser ▸"])
    group.tap(nadia, "Prête")
    until(lambda: "Votre réservation est prête." in plain(lea.screen))
    until(lambda: "Remettre ▸" in group.buttons)
    group.tap(nadia, "Remettre ▸")
    until(lambda: "quel code montre Léa" in plain(group.screen))
    group.say(nadia, code)
    until(lambda: "Client" in group.buttons)
    group.tap(nadia, "Client")
    until(lambda: stage(on, code) is Stage.HANDED)
    until(lambda: "Merci !" in plain(lea.screen))
    until(lambda: "✅ Remise" in group.screen[0].text)
    assert plain(lea.screen).count("prépare votre réservation") == 1, "two taps, one message"
    told = [call.arguments.get("text") for call in on.staff_bot.sent("answerCallbackQuery")]
    assert told[:2] == ["Acceptée", "Quelqu’un a été plus rapide. C’est maintenant\u00a0: Acceptée"]
    with on.shop.storage.read() as uow:
        assert [*uow.inbox.dead(10), *uow.outbox.dead_letters(10)] == []


def test_what_nadia_writes_in_the_topic_reaches_lea_and_the_bot_is_silent(on: Rehearsal) -> None:
    lea, nadia, group = on.telegram.person(1001, "Léa", "fr"), on.staff_bot.people[NADIA], on.staff_bot.groups[GROUP]
    lea.say("je veux parler à quelqu’un")
    until(lambda: group.topics)
    (topic,) = group.topics
    until(lambda: group.in_topic(topic))
    group.say(nadia, "Bonjour Léa, je vous écoute.", topic=topic)
    until(lambda: "je vous écoute" in plain(lea.screen))
    heard = len(lea.screen)
    for number in range(5):
        lea.say(f"message {number}")
    until(lambda: "message 4" in plain(group.in_topic(topic)))
    assert len(lea.screen) == heard, "five messages, no word of the bot"
    group.tap(nadia, "Rendre au bot", topic=topic)
    until(lambda: "Je reprends" in plain(lea.screen))
    until(lambda: group.topics[topic].closed)
    with on.shop.storage.read() as uow:
        there = uow.conversations.get(lea_s_id(on))
    assert there is not None and there.voice is Voice.BOT
