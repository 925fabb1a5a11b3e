"""What a conversation is made of: the talk so far, the turn that answers, and the abilities that can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bot.conversation.actions import Action
from bot.messages import Ask, Button, Card, MediaRef, Message, Reply, ReplyPicture
from bot.sessions import Question, Session
from bot.wording import words
from commerce.domain.product import Product
from commerce.i18n import format_money
from commerce.services.customers import size_system
from commerce.understanding import Intent, Slots, Understood

if TYPE_CHECKING:
    from commerce.domain.customer import Contact, Customer
    from commerce.domain.money import Money
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

LARGEST_PHOTO_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """Our answer. `act` is the part that changes the shop: it runs inside the one write transaction, maybe more than
    once, talks to nothing but its unit of work, and its turn stands in place of this one."""

    replies: tuple[Reply, ...]
    session: Session
    act: Callable[[UnitOfWork], Turn] | None = None
    photo_key: str = ""  # our copy of the photo that was sent, for whoever reads the thread
    for_person: bool = False  # a person of the shop has to see this
    needs_answer: bool = True  # False: « merci, au revoir » to that person is the end of it


Fetch: TypeAlias = Callable[[MediaRef], bytes]  # raises FetchRefused


class Voice(Protocol):
    """What is needed to put the shop's facts into words: a conversation has it, and so has a notice."""

    @property
    def shop(self) -> Shop: ...
    @property
    def contact(self) -> Contact: ...
    @property
    def now(self) -> datetime: ...
    @property
    def language(self) -> str: ...
    def t(self, msgid: str, **values: object) -> str: ...
    def money(self, amount: Money) -> str: ...


@dataclass(frozen=True, slots=True)
class Talk:
    """One message with all that is known when it is answered. `sizes`: remembered ones, by size system; `before`: the
    session as the message before left it."""

    message: Message
    session: Session
    shop: Shop
    understood: Understood
    now: datetime
    fetch: Fetch
    customer: Customer | None = None
    sizes: Mapping[str, str] = field(default_factory=dict)
    may_remember: bool | None = None
    gtin: str = ""  # the product number that is the whole message, unmasked
    before: Session = field(default_factory=Session)

    @property
    def language(self) -> str:
        return self.session.language

    @property
    def contact(self) -> Contact:
        return self.message.contact

    @property
    def slots(self) -> Slots:
        return self.understood.slots

    def t(self, msgid: str, **values: object) -> str:
        """A sentence of ours in the shopper's language."""
        return words(self.language, msgid, **values)

    def money(self, amount: Money) -> str:
        return format_money(amount, self.language)

    def with_session(self, session: Session) -> Talk:
        return replace(self, session=session)

    def own_size(self, product: Product) -> str:
        """The remembered size in which this product is sold, as the product writes it; '' when there is none."""
        remembered = self.sizes.get(size_system(self.shop.lexicon, product), "")
        return next((size for size in product.sizes if size.casefold() == remembered.casefold()), "")

    def reply(
        self,
        text: str,
        *,
        cards: tuple[Card, ...] = (),
        buttons: tuple[Button, ...] = (),
        picture: ReplyPicture | None = None,
        ask: Ask | None = None,
    ) -> Reply:
        return Reply(text, cards, buttons, picture, ask, self.language)

    def say(
        self,
        text: str,
        *,
        cards: tuple[Card, ...] = (),
        buttons: tuple[Button, ...] = (),
        picture: ReplyPicture | None = None,
        ask: Ask | None = None,
        session: Session | None = None,
        act: Callable[[UnitOfWork], Turn] | None = None,
    ) -> Turn:
        """A turn of one reply; whatever we asked before is answered or forgotten, unless `session` says otherwise."""
        kept = replace(self.session, pending=None) if session is None else session
        return Turn((self.reply(text, cards=cards, buttons=buttons, picture=picture, ask=ask),), kept, act)


class Heard(StrEnum):
    """What a message can be beside words and taps."""

    PHOTO = "photo"
    OTHER_MEDIA = "other_media"
    LOCATION = "location"
    LINK = "link"
    BARCODE = "barcode"
    CARD_NUMBER = "card_number"
    START = "start"


@dataclass(frozen=True, slots=True)
class Ability:
    """What one file of the conversation can do: the intents, taps and other things it answers.

    `answers`: what a yes or no means while a question of ours is open; `typed`: what any words mean then, `shown` what
    a photo does, None when they are no answer to it. Handlers of actions get the action too.
    """

    intents: Mapping[Intent, Callable[[Talk], Turn]] = field(default_factory=dict)
    actions: Mapping[type[Action], Callable[[Talk, Any], Turn]] = field(default_factory=dict)
    heard: Mapping[Heard, Callable[[Talk], Turn]] = field(default_factory=dict)
    answers: Mapping[Question, Callable[[Talk, bool], Turn]] = field(default_factory=dict)
    typed: Mapping[Question, Callable[[Talk], Turn | None]] = field(default_factory=dict)
    shown: Mapping[Question, Callable[[Talk], Turn | None]] = field(default_factory=dict)
