"""What goes into understanding and what comes out: frozen values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["fr", "en"]
Pending: TypeAlias = Literal["size", "colour", "place", "city", "store", "yes_no", "product", "name"]
SizeWish: TypeAlias = Literal["larger", "smaller"]
Side: TypeAlias = Literal["left", "right", "top", "bottom", "middle"]
PriceWish: TypeAlias = Literal["cheap", "cheaper", "dearer"]
Trouble: TypeAlias = Literal["wrong", "missing", "paid_twice"]


class Intent(StrEnum):
    """What the shopper wants of us with this message."""

    SEARCH = "search"  # a new search: the slots say for what
    REFINE = "refine"  # the last search again with the slots changed ("même chose en rouge", "moins de 60")
    PICK = "pick"  # one of the products shown: slots.references
    CHOOSE_SIZE = "choose_size"  # a size for the product on the table
    CHOOSE_COLOUR = "choose_colour"  # a colour for it, when colour is what we asked
    MORE = "more"  # the next results
    SIMILAR = "similar"  # things that look like the product on the table or slots.references
    DETAILS = "details"  # a question about the product on the table: price, fabric, which sizes
    COMPARE = "compare"
    FIND_IN_STORE = "find_in_store"
    GIVE_PLACE = "give_place"  # the city, postcode or store we asked for
    RESERVE = "reserve"
    CANCEL_RESERVATION = "cancel_reservation"
    EXTEND_RESERVATION = "extend_reservation"
    MY_RESERVATIONS = "my_reservations"
    ADD_TO_CART = "add_to_cart"
    SHOW_CART = "show_cart"
    REMOVE_FROM_CART = "remove_from_cart"  # the thing pointed at or described ("enlève le sac")
    EMPTY_CART = "empty_cart"
    SAVE_FOR_LATER = "save_for_later"  # out of the total, kept with the cart
    USE_CODE = "use_code"  # a promotion's code: slots.promo_code, None when they only say that they have one
    DROP_CODE = "drop_code"  # the cart's code is not to count any more
    ASK_DISCOUNT = "ask_discount"  # less than the price, without a code ("donne-moi 50 %"): words never lower one
    CHECKOUT = "checkout"
    ORDER_STATUS = "order_status"
    CANCEL_ORDER = "cancel_order"
    RETURN_ITEM = "return_item"  # send back, money back
    EXCHANGE_ITEM = "exchange_item"  # another size or thing for it; "it's too small" of something bought
    PROBLEM = "problem"  # something wrong with what arrived or did not, or with its payment, and no wish said yet
    WITHDRAW = "withdraw"  # the legal withdrawal from a contract made at a distance
    LINK_ACCOUNT = "link_account"  # one person on several channels
    UNLINK = "unlink"
    READING = "reading"  # on a page of a catalogue, or back to where they stopped in it
    TELL_WHEN_BACK = "tell_when_back"  # news, when something sold out is there again
    STOP_WAITING = "stop_waiting"
    MY_WAITS = "my_waits"  # what they wait for
    RECOMMEND = "recommend"  # they do not say what they look for: whatever we think they may like
    STOP_RECOMMENDING = "stop_recommending"  # not from what they look at and buy
    RESUME_RECOMMENDING = "resume_recommending"
    DIRECTIONS = "directions"
    OPENING_HOURS = "opening_hours"
    ON_MY_WAY = "on_my_way"
    BY_CAR = "by_car"  # it is to be brought out to them
    ARRIVED = "arrived"  # they are at the store
    SEND_SOMEONE = "send_someone"  # another person collects it
    TALK_TO_PERSON = "talk_to_person"
    BACK_TO_BOT = "back_to_bot"  # no longer the person who answers: us again
    STOP_MESSAGES = "stop_messages"
    START_OVER = "start_over"
    GREET = "greet"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    SWITCH_LANGUAGE = "switch_language"
    REMEMBER_SIZE = "remember_size"
    FORGET_SIZE = "forget_size"
    YES = "yes"
    NO = "no"
    GIVE_NAME = "give_name"  # the first name we asked for: slots.words
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shown:
    """A product as the shopper saw it in a list. ``price_minor`` in the shop's currency."""

    title: str
    category: str | None = None
    colour: str | None = None
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Focus:
    """The one product being talked about. ``sizes`` are its size labels as shown."""

    category: str | None = None
    colour: str | None = None
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreName:
    """A store a shopper may name. ``name`` as shown ("Lyon Bellecour"); ``city`` where it stands."""

    name: str
    city: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is on the table. ``shown`` holds the last lists of products, the newest list first."""

    shown: tuple[tuple[Shown, ...], ...] = ()
    focus: Focus | None = None
    pending: Pending | None = None
    currency: str = "EUR"
    stores: tuple[StoreName, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A product of a list shown: ``context.shown[list_back][position]``, both counted from 0."""

    list_back: int
    position: int


@dataclass(frozen=True, slots=True)
class Slots:
    """What the message names. Keys are the lexicon's; amounts are minor units of the shop's currency.

    ``sizes`` are upper-case labels as sold ("38", "M", "36/38", "W32 L34"). ``words`` are the folded words nothing
    else explains, for the text search; ``query`` the shopper's wish alone, in order and as typed: product words
    kept, price, size, place and politeness removed.
    """

    category: str | None = None
    also_categories: tuple[str, ...] = ()
    categories_excluded: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    colours_excluded: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    size_wish: SizeWish | None = None  # "la taille au-dessus": one size from the one on the table
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    price_wish: PriceWish | None = None
    price_currency: str | None = None  # the currency the shopper wrote, where one was written
    gender: str | None = None
    materials: tuple[str, ...] = ()
    materials_excluded: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    patterns_excluded: tuple[str, ...] = ()
    sleeve: str | None = None
    length: str | None = None
    fit: str | None = None
    occasion: str | None = None
    season: str | None = None
    references: tuple[Reference, ...] = ()
    refers_to_focus: bool = False  # "ça", "celle-ci", "it", "la même": the product being talked about
    side: Side | None = None  # "celle de gauche", "the one on top": a place in a picture
    quantity: int | None = None
    store: str | None = None  # the name of one of context.stores
    place: str | None = None  # a city as typed
    postcode: str | None = None
    near_me: bool = False
    in_my_size: bool = False
    order_number: str | None = None
    promo_code: str | None = None  # as typed
    switch_to: Language | None = None
    words: tuple[str, ...] = ()
    query: str = ""

    @property
    def size(self) -> str | None:
        """The first size named."""
        return self.sizes[0] if self.sizes else None


@dataclass(frozen=True, slots=True)
class Understood:
    """A message understood. ``confidence`` is that of ``language``, 0 to 1; 0 means the default was kept.

    ``greeted`` and ``thanked`` tell of a politeness beside the intent; ``corrected`` maps each word we read as
    another one (a typo) to what we read. ``trouble``: what kind of problem it is; ``angry``: they have had enough.
    """

    intent: Intent
    language: Language
    confidence: float
    is_mixed: bool = False
    slots: Slots = field(default_factory=Slots)
    greeted: bool = False
    thanked: bool = False
    corrected: tuple[tuple[str, str], ...] = ()
    trouble: Trouble = "wrong"  # of a PROBLEM
    angry: bool = False
