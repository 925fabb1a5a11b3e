"""Which one thing a message asks for, once its words are read. A table of rules, the first that holds wins."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from itertools import pairwise

from commerce.understanding.model import Context, Intent, Slots
from commerce.understanding.phrasebook import phrasebook
from commerce.understanding.reading import Reading

# Cues that settle the matter whatever else is said, in this order.
_DECISIVE = (
    Intent.STOP_RECOMMENDING, Intent.RESUME_RECOMMENDING, Intent.STOP_MESSAGES,
    Intent.STOP_WAITING, Intent.TELL_WHEN_BACK, Intent.MY_WAITS,
    Intent.FORGET_SIZE, Intent.REMEMBER_SIZE, Intent.BACK_TO_BOT, Intent.TALK_TO_PERSON,
    Intent.UNLINK, Intent.LINK_ACCOUNT, Intent.READING, Intent.WITHDRAW, Intent.CANCEL_ORDER, Intent.DROP_CODE,
    Intent.ASK_DISCOUNT, Intent.USE_CODE,
    Intent.EXTEND_RESERVATION, Intent.EXCHANGE_ITEM, Intent.RETURN_ITEM, Intent.PROBLEM, Intent.MY_RESERVATIONS,
    Intent.CANCEL_RESERVATION, Intent.ORDER_STATUS, Intent.EMPTY_CART, Intent.SAVE_FOR_LATER,
    Intent.REMOVE_FROM_CART, Intent.START_OVER, Intent.COMPARE,
)  # fmt: skip
_ABOUT_STORES = (
    Intent.DIRECTIONS, Intent.OPENING_HOURS, Intent.SEND_SOMEONE, Intent.BY_CAR, Intent.ARRIVED, Intent.ON_MY_WAY,
)  # fmt: skip
_WORDS_BETWEEN = 3  # "stop [all these personal] suggestions"
_WORDS_BESIDE = 4  # more than that is about something
_POLITE = (Intent.HELP, Intent.YES, Intent.NO, Intent.THANKS, Intent.GOODBYE, Intent.GREET)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules look at."""

    reading: Reading
    slots: Slots
    context: Context
    place_answered: bool
    percent: bool = False  # part of a price was named: "50 %"
    known_words: Container[str] = ()  # of the catalogue

    @property
    def table(self) -> bool:
        """Whether there is something shown to speak of."""
        return bool(self.context.shown) or self.context.focus is not None

    @property
    def pointed(self) -> bool:
        """Whether the message points at a product."""
        return bool(self.slots.references) or self.slots.refers_to_focus

    @property
    def described(self) -> bool:
        """Whether it names any trait of a product, its category left aside."""
        s = self.slots
        return bool(
            s.colours or s.colours_excluded or s.gender or s.materials or s.materials_excluded or s.patterns
            or s.patterns_excluded or s.sleeve or s.length or s.fit or s.occasion or s.season or s.price_wish
            or s.price_min_minor is not None or s.price_max_minor is not None or s.categories_excluded
        )  # fmt: skip

    @property
    def located(self) -> bool:
        """Whether it says where."""
        s = self.slots
        return bool(s.store or s.place or s.postcode or s.near_me)

    def said(self, *intents: Intent) -> bool:
        """Whether a cue of one of these intents was found."""
        return self.reading.has(*intents)


def decide(now: Situation) -> Intent:
    """The intent of a message."""
    slots = now.slots
    alone = not (slots.category or now.described or slots.words or slots.sizes or now.pointed)
    if slots.switch_to is not None and (alone or not slots.category):
        return Intent.SWITCH_LANGUAGE
    answer = _answer(now, alone)
    if answer is not None:
        return answer
    for intent in _DECISIVE:
        if _is_said(now, intent) and _is_meant(now, intent):
            return intent
    if now.said(Intent.SHOW_CART) and not now.said(Intent.ADD_TO_CART, Intent.CHECKOUT):
        return Intent.SHOW_CART
    if now.said(Intent.CHECKOUT):
        return Intent.CHECKOUT
    if now.said(Intent.RESERVE) and (now.table or now.pointed or not slots.category):
        return Intent.RESERVE
    if now.said(Intent.ADD_TO_CART) and (now.table or not slots.category):
        return Intent.ADD_TO_CART
    if now.reading.has("quantity_lead") and slots.quantity and now.table and not slots.category:
        return Intent.ADD_TO_CART
    if now.reading.has("take") and not slots.references and not slots.category:
        if now.table:
            return Intent.ADD_TO_CART
        if alone:
            return Intent.CHECKOUT  # "je la prends" with nothing shown: what is in the cart
    if _asks_for_advice(now):
        return Intent.RECOMMEND
    for intent in _ABOUT_STORES:
        if now.said(intent) and not slots.category and not now.described:
            return intent
    if now.said(Intent.SIMILAR) and not (slots.category and not now.pointed):
        return Intent.SIMILAR if not now.described or slots.references else Intent.REFINE
    return _about_products(now, alone)


def _answer(now: Situation, alone: bool) -> Intent | None:
    """The answer to what we asked, if this is one."""
    slots, context = now.slots, now.context
    if context.pending == "yes_no" and not (slots.category or now.described or slots.sizes):
        if now.said(Intent.NO) or now.reading.has("exclude"):
            return Intent.NO
        if now.said(Intent.YES):
            return Intent.YES
    only_size = slots.sizes and not slots.category and not slots.references
    if context.pending == "size" and only_size and not now.said(Intent.RESERVE, Intent.ADD_TO_CART):
        return Intent.CHOOSE_SIZE
    if context.pending == "colour" and slots.colours and not slots.category:
        return Intent.CHOOSE_COLOUR
    somewhere = slots.store or slots.place or slots.postcode or now.place_answered
    if context.pending in ("city", "store") and somewhere and not slots.category and not now.described:
        return Intent.GIVE_PLACE
    if context.pending == "name" and slots.words and not slots.category and len(slots.words) <= 4:
        return Intent.GIVE_NAME
    return None


def _is_said(now: Situation, intent: Intent) -> bool:
    """Whether a message says this, by one cue or by several together."""
    match intent:
        case Intent.CANCEL_ORDER:
            both = now.said(Intent.CANCEL_RESERVATION) and now.said(Intent.ORDER_STATUS)
            return now.said(intent) or (both and not now.said(Intent.MY_RESERVATIONS))
        case Intent.USE_CODE:
            return now.said(intent) or now.slots.promo_code is not None
        case Intent.ASK_DISCOUNT:
            return now.said(intent) or now.percent
        case Intent.STOP_RECOMMENDING:
            return now.said(intent) or _is_enough_advice(now.reading)
        case Intent.PROBLEM:
            return now.said(intent) or now.reading.has("not_arrived", "paid_twice")
        case Intent.TELL_WHEN_BACK:
            return now.said(intent) or _wants_news(now)
        case Intent.EXCHANGE_ITEM:
            return now.said(intent) or (now.reading.has("fits_badly") and not now.reading.has("exclude"))
        case _:
            return now.said(intent)


def _wants_news(now: Situation) -> bool:
    """« préviens-moi quand elle revient », or « préviens-moi » of what is talked about."""
    if not now.reading.has("tell_when"):
        return False
    bare = now.table and not (now.slots.category or now.described or now.slots.words)
    return now.reading.has("back_again") or bare


def _is_meant(now: Situation, intent: Intent) -> bool:
    slots = now.slots
    if intent is Intent.ASK_DISCOUNT:
        focus = now.context.focus  # "50 % sur la robe": the one that is talked about
        elsewhere = slots.category and not (now.percent and focus and focus.category == slots.category)
        return not (elsewhere or slots.materials) and slots.promo_code is None
    if intent is Intent.STOP_RECOMMENDING:  # "stop suggesting dresses" is about dresses
        return not slots.category and not now.described
    if intent is Intent.REMOVE_FROM_CART:
        return not now.located or bool(slots.references or slots.category)
    if intent is Intent.ORDER_STATUS:
        return bool(slots.order_number) or not (slots.category or now.described)
    if intent is Intent.TELL_WHEN_BACK:  # of an order, a refund or the hours news is not of this kind
        return not now.said(
            Intent.ORDER_STATUS, Intent.MY_RESERVATIONS, Intent.OPENING_HOURS, Intent.RETURN_ITEM, Intent.TALK_TO_PERSON
        )
    if intent is Intent.START_OVER or intent is Intent.CANCEL_RESERVATION:
        return not slots.category
    return True


def _is_enough_advice(reading: Reading) -> bool:
    """« arrête tes recommandations », "stop suggesting": the one right before the other, without a pause."""
    return any(
        "halt" in before.cues
        and not after.cues.isdisjoint({"advice", Intent.RECOMMEND})
        and after.start - before.end <= _WORDS_BETWEEN
        and not any(token.paused for token in reading.tokens[before.end : after.start + 1])
        for before, after in pairwise(reading.matches)
    )


def _asks_for_advice(now: Situation) -> bool:
    """Whether they leave it to us what they are shown. What they name they look for; "which size do you recommend?" is
    about a size, and "recommend nike" about Nike where the shop has heard of it."""
    slots = now.slots
    if slots.category or now.described or slots.sizes or now.pointed:
        return False
    if now.said(Intent.DETAILS, Intent.COMPARE, Intent.FIND_IN_STORE) or now.reading.has("size_lead"):
        return False
    beside = [word for word in slots.words if word not in phrasebook().sets["beside_advice"]]
    if any(word in now.known_words for word in beside):
        return False
    if now.said(Intent.RECOMMEND):
        return len(beside) <= _WORDS_BESIDE
    return now.reading.has("advice") and len(beside) <= 1 and not now.located and not now.said(Intent.THANKS)


def _about_products(now: Situation, alone: bool) -> Intent:
    slots, context = now.slots, now.context
    named = bool(slots.category) and not slots.references
    if now.said(Intent.DETAILS) and now.table and not (named or now.described or slots.sizes):
        return Intent.DETAILS
    if now.reading.has("is_it") and context.focus is not None and slots.materials and not (named or slots.colours):
        return Intent.DETAILS
    if slots.size_wish is not None and context.focus is not None and not named and not slots.references:
        return Intent.CHOOSE_SIZE
    wants_store = now.said(Intent.FIND_IN_STORE) or now.located
    bare = not slots.category or (now.pointed and bool(slots.references))
    if wants_store and bare and not now.described and (now.table or not slots.words):
        return Intent.FIND_IN_STORE
    if slots.references:
        return Intent.PICK
    if slots.sizes and context.focus is not None and not slots.category and not now.described and not slots.words:
        return Intent.CHOOSE_SIZE
    pointing = slots.refers_to_focus and (now.reading.has("focus") or not now.said(Intent.MORE))
    if pointing and not now.described and not slots.category and not slots.words:
        return Intent.PICK
    if now.said(Intent.MORE) and alone and not slots.in_my_size:
        return Intent.MORE
    if slots.category is None and now.table:
        if now.described or slots.sizes or slots.in_my_size:
            return Intent.REFINE
    elif slots.category is not None and now.table and now.reading.has("same"):
        return Intent.REFINE
    if slots.category or now.described or slots.words or slots.sizes or slots.in_my_size:
        if not (slots.category or now.described or slots.sizes):
            for intent in (*_ABOUT_STORES, Intent.DETAILS, Intent.HELP):
                if now.said(intent):
                    return intent
        return Intent.SEARCH
    if now.said(Intent.DETAILS):
        return Intent.DETAILS
    for intent in _POLITE:
        if now.said(intent):
            return intent
    return Intent.SEARCH if now.reading.has("seek") else Intent.UNKNOWN
