"""The answers to the checkout's questions as people type them: a store, an address, a way to reach them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import ChangeCheckout, Pay, SkipContact, encode
from bot.conversation.checkout import asking, change, collected_at, drafting, pay, pick_up, quoted, write
from bot.conversation.order_words import address_line, country_names
from bot.conversation.stores import at_place, store_named
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Goal, Pending, Question
from commerce.domain.cart import PostalAddress
from commerce.i18n import format_list
from commerce.understanding.contact_details import address_in, email_in, phone_in

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_READ_TOO = ("FR", "BE", "CH", "GB")  # countries that are understood, if only to say that we do not deliver there


def how_in_words(talk: Talk) -> Turn | None:
    """The answer to "sent or collected?": a store, a town, « livraison »; None for anything else."""
    if talk.slots.category:
        return None
    store = store_named(talk)
    if store is not None:
        return drafting(talk, lambda draft: collected_at(draft, store))
    if talk.slots.place or talk.slots.postcode:
        talk, problem = at_place(talk)
        return problem or pick_up(talk)
    return None


def located(talk: Talk) -> Turn:
    """A position was shared while we asked how to get it."""
    assert talk.message.location is not None
    return pick_up(talk.with_session(talk.session.at(talk.message.location)))


def address_typed(talk: Talk) -> Turn | None:
    """The answer to "where shall we send it?". What is missing is asked for; a wish for something else is let go."""
    address = read_address(talk)
    if address is None or isinstance(address, str):
        return asking(talk, Question.ADDRESS, address) if address else None
    text = talk.t("I read: {address}. Is that right?", address=address_line(talk, address))

    def act(uow: UnitOfWork) -> Turn:
        write(talk, uow, lambda draft: replace(draft, address=address, name=draft.name or address.name))
        return talk.say(
            text,
            buttons=(Button(talk.t("Yes"), encode(Pay())), Button(talk.t("No"), encode(ChangeCheckout("address")))),
            session=replace(talk.session, pending=Pending(Question.CONFIRM_ADDRESS, Goal.CHECKOUT)),
        )

    return Turn((), talk.session, act)


def read_address(talk: Talk) -> PostalAddress | str | None:
    """A whole address with a name; what is missing, in words; None for what is no address at all."""
    codes = talk.shop.settings.delivery_countries
    every = tuple(dict.fromkeys((*codes, *_READ_TOO)))
    read = address_in(talk.message.text, codes, country_names(every, talk.shop.settings.languages))
    if not read.is_whole:
        if not (read.line1 or read.postcode):
            return None
        missing = [
            words
            for there, words in (
                (read.line1, talk.t("the street")),
                (read.postcode, talk.t("the postcode")),
                (read.city, talk.t("the town")),
            )
            if not there
        ]
        return talk.t(
            "I am missing {parts}. Please write the whole address again.", parts=format_list(missing, talk.language)
        )
    name = read.name or _name(talk)
    if not name:
        return talk.t("Who is it for? Please write the address again, with the name first.")
    return PostalAddress(name, read.line1, read.postcode, read.city, read.country or codes[0], read.line2)


def address_confirmed(talk: Talk, yes: bool) -> Turn:
    return pay(talk) if yes else change(talk, ChangeCheckout("address"))


def _name(talk: Talk) -> str:
    with talk.shop.storage.read() as uow:
        quote = quoted(talk, uow)
    draft = quote.cart.draft.name if quote else ""
    return draft or (talk.customer.name if talk.customer else "") or talk.message.sender_name


def contact_typed(talk: Talk) -> Turn | None:
    """An e-mail address or a phone number; None for anything that looks like neither."""
    text = talk.message.text
    countries = talk.shop.settings.delivery_countries
    email, phone = email_in(text), phone_in(text, countries[0] if countries else "")
    if not email and not phone:
        if "@" not in text and sum(c.isdigit() for c in text) < 5:
            return None
        return asking(
            talk,
            Question.CONTACT,
            talk.t("I cannot read that. An address looks like name@example.org, a number like +33 6 12 34 56 78."),
            Button(talk.t("Skip"), encode(SkipContact())),
        )
    return drafting(
        talk,
        lambda draft: replace(draft, email=email or draft.email, phone=phone or draft.phone),
        talk.t("Noted: {contact}.", contact=" · ".join(each for each in (email, phone) if each)),
    )


ABILITY = Ability(
    answers={Question.CONFIRM_ADDRESS: address_confirmed},
    typed={
        Question.HOW_TO_GET_IT: how_in_words,
        Question.ADDRESS: address_typed,
        Question.CONTACT: contact_typed,
    },
)
