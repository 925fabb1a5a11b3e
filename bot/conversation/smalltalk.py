"""Hello, thank you, help, another language, and what nobody understands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import Help, MyReservations, Person, Speak, encode
from bot.conversation.greeting import known_buttons, known_lines
from bot.conversation.person import not_understood
from bot.conversation.talk import Ability, Heard, Talk, Turn
from bot.messages import Button
from commerce.domain.customer import Consent, Purpose
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

OWN_NAMES = {"fr": "Français", "en": "English"}


def greet(talk: Talk) -> Turn:
    name = (talk.customer.name if talk.customer else "") or talk.message.sender_name
    first = name.split()[0][:40] if name.split() else ""
    hello = talk.t("Hello {name}!", name=first) if first else talk.t("Hello!")
    with talk.shop.storage.read() as uow:
        known = talk.shop.recognising.of(uow, talk.contact)
        theirs = known_lines(talk, uow, known) if known else []
        buttons = known_buttons(talk, uow, known)
    text = "\n".join((hello, *theirs, _what_i_do(talk))) if theirs else f"{hello} {_what_i_do(talk)}"
    return talk.say(text, buttons=_buttons(talk, buttons))


def help_(talk: Talk) -> Turn:
    lines = (
        _what_i_do(talk),
        talk.t("Then: “the second one”, “in red”, “under 60”, “in my size, near me”, “hold it for me”."),
        talk.t("And: “my reservations”, “forget my size”, “talk to a person”, “start over”."),
    )
    return talk.say("\n".join(lines), buttons=_buttons(talk))


def tapped_help(talk: Talk, _action: Help) -> Turn:
    return help_(talk)


def thanks(talk: Talk) -> Turn:
    return _closing(talk, talk.t("With pleasure. Anything else?"), "thanks")


def goodbye(talk: Talk) -> Turn:
    return _closing(talk, talk.t("Goodbye, and see you soon."), "goodbye")


def _closing(talk: Talk, text: str, closing: str) -> Turn:
    """Goodbyes are said once: ours, or that of the person who has just answered here."""
    said = talk.before.closing
    if said in (closing, "goodbye") or _team_said_goodbye(talk):
        return Turn((), replace(talk.session, closing=said or "goodbye"))
    return talk.say(text, session=replace(talk.session, closing=closing))


def _team_said_goodbye(talk: Talk) -> bool:
    """Whether that was the last thing that was said before this message."""
    if talk.customer is None:
        return False
    with talk.shop.storage.read() as uow:
        conversation = uow.conversations.get(talk.customer.id)
    said_at = conversation.said_goodbye_at if conversation else None
    return said_at is not None and said_at.timestamp() >= talk.before.heard_s


def yes_or_no(talk: Talk) -> Turn:
    """A yes or no to nothing that we asked."""
    return talk.say(talk.t("All right. What are you looking for?"), session=talk.session)


def name_given(talk: Talk) -> Turn:
    return greet(talk)


def switch(talk: Talk) -> Turn:
    other = next((code for code in _languages(talk) if code != talk.language), talk.language)
    return _switched(talk, talk.slots.switch_to or other)


def tapped_language(talk: Talk, action: Speak) -> Turn:
    return _switched(talk, action.language)


def _switched(talk: Talk, language: str) -> Turn:
    if language not in _languages(talk):
        names = ", ".join(OWN_NAMES.get(code, code) for code in _languages(talk))
        return talk.say(talk.t("This shop speaks: {languages}.", languages=names))
    there = talk.with_session(replace(talk.session, language=language))
    return there.say(there.t("English it is. What are you looking for?"))


def other_media(talk: Talk) -> Turn:
    """A voice message, a video, a sticker…"""
    return talk.say(talk.t("I read words, photos and locations, but not this. Could you write it or send a photo?"))


def unknown(talk: Talk) -> Turn:
    answer = talk.say(
        talk.t("I am not sure what you mean. Describe a garment, or send me a photo of one."),
        buttons=_buttons(talk),
        session=talk.session,
    )
    return not_understood(talk, answer)


def card_number(talk: Talk) -> Turn:
    """Nobody should type one here; what we keep of it is its last four digits."""
    return talk.say(talk.t("Please never send a card number here: I do not need it, and I have not kept it."))


def stop(talk: Talk) -> Turn:
    """No more promotions, written into the ledger; news of one's own reservations is not promotion."""
    done = talk.say(talk.t("Done, no more promotions. Pickup messages continue."))
    contact = talk.message.contact

    def act(uow: UnitOfWork) -> Turn:
        customer = talk.shop.customers.recognise(uow, contact, language=talk.language)
        wording = talk.message.text[:500] or "stop"
        uow.customers.add_consent(
            Consent(
                customer_id=customer.id,
                purpose=Purpose.MARKETING,
                channel=contact.channel,
                granted=False,
                wording=wording,
                language=talk.language,
                source="conversation",
                at=talk.now,
            )
        )
        return done

    return Turn((), talk.session, act)


def _what_i_do(talk: Talk) -> str:
    return talk.t(
        "Tell me what you are looking for (“navy linen dress under 80”), or send me a photo: I find it, show you where "
        "your size is, and hold it for you."
    )


def _buttons(talk: Talk, theirs: tuple[Button, ...] = ()) -> tuple[Button, ...]:
    other = next((code for code in _languages(talk) if code != talk.language and code in OWN_NAMES), "")
    return (
        *(theirs or (Button(talk.t("My reservations"), encode(MyReservations())),)),
        Button(talk.t("Talk to a person"), encode(Person())),
        *((Button(OWN_NAMES[other], encode(Speak(other))),) if other else ()),
    )


def _languages(talk: Talk) -> tuple[str, ...]:
    return talk.shop.settings.languages


ABILITY = Ability(
    intents={
        Intent.GREET: greet,
        Intent.HELP: help_,
        Intent.THANKS: thanks,
        Intent.GOODBYE: goodbye,
        Intent.YES: yes_or_no,
        Intent.NO: yes_or_no,
        Intent.GIVE_NAME: name_given,
        Intent.SWITCH_LANGUAGE: switch,
        Intent.STOP_MESSAGES: stop,
        Intent.UNKNOWN: unknown,
    },
    actions={Help: tapped_help, Speak: tapped_language},
    heard={Heard.OTHER_MEDIA: other_media, Heard.CARD_NUMBER: card_number},
)
