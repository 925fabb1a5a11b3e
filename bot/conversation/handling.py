"""From a message to a turn: clean it, find out what it wants, let the file that can do it answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation import actions, garments, person, photo, trouble
from bot.conversation.checkout_answers import located
from bot.conversation.coming import located as come_to_collect
from bot.conversation.linking import offered, token_of
from bot.conversation.matters import followed
from bot.conversation.registry import on_action, on_answer, on_heard, on_intent, on_shown, on_typed
from bot.conversation.silence import kept_silent
from bot.conversation.stores import place_by_text
from bot.conversation.talk import Fetch, Heard, Talk, Turn
from bot.intake import clean, gtin_of, link_of, mask_cards
from bot.messages import MediaRef, Message
from bot.sessions import Goal, Question, Session
from commerce.errors import FetchRefused
from commerce.understanding import Context, Focus, Intent, Pending, Shown, StoreName, Understood, understand

if TYPE_CHECKING:
    from commerce.wiring import Shop

_PENDING: dict[Question, Pending] = {
    Question.SIZE: "size",
    Question.COLOUR: "colour",
    Question.PLACE: "place",
    Question.CITY: "city",
    Question.PRODUCT: "product",
    Question.REMEMBER_SIZE: "yes_no",
}
_SURE = 0.5  # confidence from which a message's language becomes the conversation's
# Answers that are names: a street in French says nothing about the language of whoever lives there.
_NAMES = frozenset(
    {
        Question.ADDRESS, Question.SEND_TO, Question.CONTACT, Question.ORDER_CODE, Question.ORDER_NUMBER,
        Question.PROXY, Question.VEHICLE, Question.SPOT,
    }
)  # fmt: skip
_ALWAYS = (Intent.STOP_MESSAGES, Intent.STOP_RECOMMENDING, Intent.WITHDRAW)  # done whatever the tone is
_MASKED_DIGITS = 9  # of the shortest card number; here or by the channel
_COMMANDS = {
    "/start": "start",
    "/help": "help",
    "/aide": "aide",
    "/stop": "stop",
    "/link": "link my account",
    "/lier": "lier mon compte",
}


def no_files(ref: MediaRef) -> bytes:
    """For channels that carry no files."""
    raise FetchRefused("no_files")


def handle(message: Message, session: Session, shop: Shop, fetch: Fetch = no_files, *, silent: bool = False) -> Turn:
    """The answer to one message. Never raises for anything a shopper can send. `silent`: a person speaks for the shop.

    Reads the shop and may take a second over a photo; writes nothing but our copy of that photo: what changes the shop
    is in `Turn.act`.
    """
    number = gtin_of(clean(message.text))  # before a number that could be a card's is masked
    message = arrived(message)
    talk = replace(_talk(message, session, shop, fetch), gtin=number)
    if silent:
        return kept_silent(talk)
    tapped = message.action or _typed_choice(message.text, session)
    action = actions.parse(tapped) if tapped else None
    talk = followed(talk, action)
    if tapped:
        return _tap(talk, action)
    pictured = any(photo.is_picture(ref) for ref in message.media)
    if talk.understood.angry and talk.understood.intent not in _ALWAYS:
        return person.angry(talk, photo.kept(talk) if pictured else "")
    if message.location is not None:
        if session.pending is not None and session.pending.goal is Goal.CHECKOUT:
            return located(talk)
        if (turn := come_to_collect(talk)) is not None:
            return turn
        return on_heard()[Heard.LOCATION](talk)
    if pictured:
        if talk.understood.intent is Intent.PROBLEM and not _asked_to_show(session):
            return trouble.in_words(talk, photo.kept(talk))
        shown = on_shown().get(session.pending.question) if session.pending is not None else None
        return (shown(talk) if shown else None) or on_heard()[Heard.PHOTO](talk)
    if message.media:
        return on_heard()[Heard.OTHER_MEDIA](talk)
    if message.start is not None:
        return on_heard()[Heard.START](talk)
    if token := token_of(message.text):
        return offered(talk, token)
    if talk.gtin and talk.understood.intent is not Intent.GIVE_PLACE:
        return on_heard()[Heard.BARCODE](talk)
    if message.text.count("•") >= _MASKED_DIGITS:
        return on_heard()[Heard.CARD_NUMBER](talk)
    if link_of(message.text):
        return on_heard()[Heard.LINK](talk)
    if session.pending is not None and session.pending.question is Question.GARMENT:
        turn = garments.picked_by_words(talk)
        if turn is not None:
            return turn
        talk = followed(_talk(message, replace(session, pending=None), shop, fetch), None)  # what else is it?
    return _words(talk)


def arrived(message: Message) -> Message:
    """The message as it may be kept: harmless characters, bounded, payment card digits masked."""
    text = clean(message.text)
    return replace(
        message,
        text=mask_cards(text),
        sender_name=mask_cards(clean(message.sender_name, 120)),
        action=message.action if len(message.action) <= actions.MAX_BYTES else "?",
    )


def _talk(message: Message, session: Session, shop: Shop, fetch: Fetch) -> Talk:
    now = shop.clock.now()
    with shop.storage.read() as uow:
        customer = uow.customers.by_contact(message.contact)
        sizes = shop.customers.sizes(uow, customer.id) if customer else {}
        may_remember = shop.customers.may_remember(uow, customer.id) if customer else None
        stores = [s for s in uow.stores.all() if s.takes_visitors]
    offered = shop.settings.languages
    default = next(
        (
            code
            for code in (session.language, customer.language if customer else "", message.language_hint[:2])
            if code in offered
        ),
        offered[0],
    )
    before = session
    session = replace(session, language=default, lost=0, closing="", heard_s=int(message.sent_at.timestamp()))
    if message.came_from and not session.source_of(now):
        session = session.brought(message.came_from, now)
    context = _context(session, shop, [StoreName(s.name(default), s.city) for s in stores])
    understood = _understood(message, session, shop, context)
    names = session.pending is not None and session.pending.question in _NAMES
    if understood.language in offered and understood.confidence >= _SURE and not names:
        session = replace(session, language=understood.language)
    return Talk(message, session, shop, understood, now, fetch, customer, sizes, may_remember, before=before)


def _understood(message: Message, session: Session, shop: Shop, context: Context) -> Understood:
    text = message.text
    is_command = text.startswith("/") and len(text.split()) == 1
    if text.startswith("/"):
        command = text.split()[0].split("@")[0].casefold()
        text = _COMMANDS.get(command, text.lstrip("/"))
    if link := link_of(text):
        text = text.replace(link, " ").strip()  # the words of an address are not the shopper's
    if not text:
        spoken = "fr" if session.language.startswith("fr") else "en"
        return Understood(Intent.UNKNOWN, "fr" if spoken == "fr" else "en", 0.0)
    understood = understand(
        text, language=session.language, lexicon=shop.lexicon, context=context, known_words=shop.text_index
    )
    return replace(understood, confidence=0.0) if is_command else understood  # /cart is said in every language


def _context(session: Session, shop: Shop, stores: list[StoreName]) -> Context:
    shown = tuple(
        tuple(Shown(i.title, i.category or None, i.colour or None, i.price_minor) for i in items)
        for items in session.lists
    )
    if session.pending is not None and session.pending.question is Question.GARMENT:
        shown = (garments.as_shown(session, shop), *shown)
    focus = None
    if session.focus is not None:
        product = shop.catalog.product(session.focus.product_id)
        if product is not None:
            focus = Focus(product.category or None, session.focus.colour or None, product.sizes)
    pending = _PENDING.get(session.pending.question) if session.pending else None
    return Context(shown, focus, pending, shop.settings.currency, tuple(stores))


def _typed_choice(text: str, session: Session) -> str:
    """The action of a button whose label was typed, or whose number was where the channel numbers them; else ''."""
    typed = text.strip().rstrip(".)").casefold()
    if not typed or not session.choices:
        return ""
    for choice in session.choices:
        if choice.label.casefold() == typed:
            return choice.action
    if not session.choices_numbered or not (typed.isascii() and typed.isdecimal()):
        return ""
    number = int(typed[:4])
    return session.choices[number - 1].action if 1 <= number <= len(session.choices) else ""


def _asked_to_show(session: Session) -> bool:
    return session.pending is not None and session.pending.question is Question.PROBLEM


def _tap(talk: Talk, action: actions.Action | None) -> Turn:
    handler = on_action().get(type(action)) if action else None
    if action is None or handler is None:
        return talk.say(talk.t("This button no longer works. Tell me what you are looking for."), session=talk.session)
    return handler(talk, action)


def _words(talk: Talk) -> Turn:
    intent, pending = talk.understood.intent, talk.session.pending
    if pending is not None:
        typed = on_typed().get(pending.question)
        if typed is not None and (turn := typed(talk)) is not None:
            return turn
        if intent in (Intent.YES, Intent.NO) and pending.question in on_answer():
            return on_answer()[pending.question](talk, intent is Intent.YES)
        asked_where = pending.question in (Question.PLACE, Question.CITY)
        if asked_where and intent in (Intent.SEARCH, Intent.UNKNOWN) and not talk.slots.category:
            return place_by_text(talk)
    handler = on_intent().get(intent) or on_intent()[Intent.UNKNOWN]
    return handler(talk)
