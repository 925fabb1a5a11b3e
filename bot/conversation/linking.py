"""One person on several doors: a link from one of them is looked at here, accepted by a tap, and can be undone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation import catalogues
from bot.conversation.actions import AcceptLink, DeclineLink, MakeLink, Unlink, encode
from bot.conversation.cart_words import cart_reply, cart_turn, show_button
from bot.conversation.smalltalk import greet
from bot.conversation.talk import Ability, Heard, Talk, Turn
from bot.messages import Button
from commerce.domain.cart import MergeChoice
from commerce.domain.linking import START, LinkPreview, NotLinked, TokenPurpose, chat_url, page_url
from commerce.domain.reservation import Refused
from commerce.i18n import format_time
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

# An address of ours with a token in it, pasted or typed.
_IN_TEXT = re.compile(r"(?:/link/|start=c_|^/start c_)([0-9a-f]{32})\b")
_CHOICES = tuple(MergeChoice)  # counted from 1 in buttons
_OWN_NAMES = {"telegram": "Telegram", "whatsapp": "WhatsApp", "messenger": "Messenger", "instagram": "Instagram"}


def started(talk: Talk) -> Turn:
    """A deep link into the conversation: with a token, from a page of a catalogue, by a short link, or a plain
    hello."""
    start = talk.message.start or ""
    if start.startswith((catalogues.START, catalogues.LINK)):
        return catalogues.started(talk, start)
    return offered(talk, start.removeprefix(START)) if start.startswith(START) else greet(talk)


def token_of(text: str) -> str:
    """The token in a link of ours that somebody pasted; '' when there is none."""
    found = _IN_TEXT.search(text)
    return found[1] if found else ""


def offered(talk: Talk, token: str) -> Turn:
    """Shows whom it would join, and what is in the other cart. Nothing happens before a tap."""
    with talk.shop.storage.read() as uow:
        preview = talk.shop.linking.preview(uow, token, talk.message.contact)
    if isinstance(preview, Refused):
        return _not_linked(talk, preview.reason)
    text = f"{_found(talk, preview)}\n{_whom(talk, preview)}"
    decline = Button(talk.t("No, that was not me"), encode(DeclineLink(token)))
    if preview.both_carts_filled:
        labels = {
            MergeChoice.KEEP_BOTH: talk.t("Keep both"),
            MergeChoice.ONLY_THIS: talk.t("Only this one"),
            MergeChoice.SAVE_FOR_LATER: talk.t("Save for later"),
        }
        buttons = [
            Button(labels[choice], encode(AcceptLink(token, number))) for number, choice in enumerate(_CHOICES, 1)
        ]
    else:
        label = talk.t("Take this cart") if preview.brings_cart else talk.t("Link")
        buttons = [Button(label, encode(AcceptLink(token)))]
    return talk.say(text, buttons=(*buttons, decline))


def accept(talk: Talk, action: AcceptLink) -> Turn:
    choice = _CHOICES[action.choice - 1] if 1 <= action.choice <= len(_CHOICES) else None

    def act(uow: UnitOfWork) -> Turn:
        linked = talk.shop.linking.accept(uow, action.token, talk.message.contact, choice)
        if isinstance(linked, Refused):
            return _not_linked(talk, linked.reason)
        intro = talk.t("Linked: you have the same cart here and there.")
        reply = cart_reply(talk, uow, linked.cart.cart, linked.customer.id, intro)
        undo = Button(talk.t("Unlink"), encode(Unlink()))
        return Turn((replace(reply, buttons=(*reply.buttons, undo)),), replace(talk.session, pending=None))

    return Turn((), talk.session, act)


def decline(talk: Talk, action: DeclineLink) -> Turn:
    done = talk.say(talk.t("Nothing was linked, and this link no longer works."))

    def act(uow: UnitOfWork) -> Turn:
        talk.shop.linking.decline(uow, action.token, talk.message.contact)
        return done

    return Turn((), talk.session, act)


def make(talk: Talk, _action: MakeLink | None = None) -> Turn:
    """« relie mon téléphone »: a link to be opened elsewhere, by the same person."""

    def act(uow: UnitOfWork) -> Turn:
        contact, settings = talk.message.contact, talk.shop.settings
        customer = talk.shop.customers.recognise(uow, contact, language=talk.language)
        token = talk.shop.linking.offer(uow, customer.id, contact, TokenPurpose.LINK)
        buttons = [Button(talk.t("Open on our site"), url=page_url(settings.base_url, token))]
        if contact.channel != "telegram" and settings.telegram_username:
            buttons.insert(0, Button(talk.t("Continue in Telegram"), url=chat_url(settings.telegram_username, token)))
        text = talk.t(
            "Open this where you want to go on: it works once, for half an hour. Give it to nobody: whoever opens it "
            "can join your cart and your orders."
        )
        return talk.say(text, buttons=tuple(buttons))

    return Turn((), talk.session, act)


def unlink(talk: Talk, _action: Unlink | None = None) -> Turn:
    """Two again, each with what was theirs."""

    def act(uow: UnitOfWork) -> Turn:
        contact = talk.message.contact
        customer = talk.shop.customers.recognise(uow, contact, language=talk.language)
        if talk.shop.linking.unlink(uow, customer.id) is None:
            return talk.say(talk.t("Nothing is linked to this conversation."))
        now = uow.customers.by_contact(contact)
        assert now is not None  # recognised above
        intro = talk.t("Unlinked: each side has its own cart again.")
        return cart_turn(talk, uow, talk.shop.carts.of(uow, now.id), now.id, intro)

    return Turn((), talk.session, act)


def _found(talk: Talk, preview: LinkPreview) -> str:
    if not preview.brings_cart:
        return talk.t("Shall I link this conversation with the other one?")
    kind, *place = preview.note.split(":")
    if kind == "catalogue":
        page = place[-1] if len(place) > 1 and place[-1].isdecimal() else ""
        if page:
            return talk.t("I found your catalogue cart (p. {page}).", page=page[:4])
        return talk.t("I found your catalogue cart.")
    return talk.t("I found your cart.")


def _whom(talk: Talk, preview: LinkPreview) -> str:
    names = [door(channel) or talk.t("our site") for channel in preview.joined_channels]
    whom = ", ".join(dict.fromkeys((preview.joined_name[:40], *names) if preview.joined_name else names))
    time = format_time(preview.made_at, talk.language, talk.shop.settings.timezone)
    return talk.t(
        "It would be joined with this conversation: {whom}, link made at {time}. Was that you?", whom=whom, time=time
    )


def door(channel: str) -> str:
    """The name of a messenger; '' for our own pages."""
    return _OWN_NAMES.get(channel, "")


def _not_linked(talk: Talk, reason: NotLinked) -> Turn:
    match reason:
        case NotLinked.ALREADY_USED:
            return talk.say(talk.t("This link was already used."), buttons=(show_button(talk),))
        case NotLinked.EXPIRED:
            text = talk.t("This link is over: it works for half an hour. Ask for a new one where you got it.")
            return talk.say(text, buttons=(show_button(talk),))
        case NotLinked.SAME_CUSTOMER:
            text = talk.t("This is linked already: you have the same cart here and there.")
            return talk.say(text, buttons=(show_button(talk),))
        case NotLinked.UNKNOWN:
            return talk.say(talk.t("I do not know this link. Ask for a new one where you got it."))


ABILITY = Ability(
    intents={Intent.LINK_ACCOUNT: make, Intent.UNLINK: unlink},
    actions={AcceptLink: accept, DeclineLink: decline, MakeLink: make, Unlink: unlink},
    heard={Heard.START: started},
)
