"""What the inbox calls things, for people. Msgids; see `locales/`."""

from __future__ import annotations

from commerce.domain.conversation import (
    HandoffReason,
    NotAnswered,
    NotCanned,
    NoteKind,
    NotSpeaking,
    Shelf,
    TouchKind,
    Voice,
)
from shoppable.language import translate

SHELVES = {
    Shelf.WAITING: "Waiting",
    Shelf.MINE: "Mine",
    Shelf.STORES: "My stores",
    Shelf.ALL: "Everything",
    Shelf.CLOSED: "Given back",
}
EMPTY_SHELVES = {
    Shelf.WAITING: "Nobody waits for a person.",
    Shelf.MINE: "You answer nobody at the moment.",
    Shelf.STORES: "Nobody waits for your stores.",
    Shelf.ALL: "Nobody has written yet.",
    Shelf.CLOSED: "Nothing was given back to the bot yet.",
}
VOICES = {
    Voice.BOT: "The bot answers",
    Voice.NOBODY_YET: "Waits for a person",
    Voice.PERSON: "A person answers",
}
HANDOFF_REASONS = {
    HandoffReason.ASKED: "Asked for a person",
    HandoffReason.NOT_UNDERSTOOD: "Was not understood twice",
    HandoffReason.ANGRY: "Is angry",
    HandoffReason.ORDER_TROUBLE: "Trouble with an order",
    HandoffReason.BAD_RATING: "Was not satisfied",
    HandoffReason.STAFF: "Taken by the team",
}
NOTE_KINDS = {
    NoteKind.CALL: "Phone call",
    NoteKind.VISIT: "Visit in the store",
    NoteKind.NOTE: "Note for the team",
}
SKILLS = {
    "returns": "Returns",
    "payment": "Payment",
    "sizes": "Sizes",
    "orders": "Orders",
}
NOT_ANSWERED = {
    NotAnswered.NOT_FOUND: "There is no such customer.",
    NotAnswered.NO_CHANNEL: "We know no way to write to this person. Ring them up, and note the call.",
    NotAnswered.WINDOW_CLOSED: "This channel lets us write only so long after their last message: nothing was sent.",
    NotAnswered.TAKEN: "Somebody else answers this conversation: nothing was sent.",
    NotAnswered.EMPTY: "There was nothing to send.",
    NotAnswered.TOO_LONG: "This is too long for the channel: nothing was sent.",
    NotAnswered.SAME_TWICE: "This person has had these very words before: nothing was sent.",
    NotAnswered.NO_PICTURES: "This channel carries no pictures: nothing was sent.",
    NotAnswered.UNFILLED: "Something in braces is still to be filled in: nothing was sent.",
}
NOT_SPEAKING = {
    NotSpeaking.NOT_FOUND: "There is no such customer, or nobody of that name in the team.",
    NotSpeaking.CHANGED: "Somebody was faster: this is how it is now.",
    NotSpeaking.NOT_ALLOWED: "This member of the team does not answer customers.",
    NotSpeaking.NOT_YOURS: "Somebody else answers this conversation.",
}
NOT_CANNED = {
    NotCanned.EMPTY: "A reply needs a title, and words in at least one language.",
    NotCanned.TOO_LONG: "This is too long: 80 signs for the title, 2,000 for the words.",
    NotCanned.UNKNOWN_PLACE: "There is no such place for a fact. The places are listed below.",
    NotCanned.TOO_MANY: "There are too many replies. Remove some first.",
}
CHANNELS = {
    "telegram": "Telegram",
    "webchat": "Web chat",
    "whatsapp": "WhatsApp",
    "messenger": "Messenger",
    "instagram": "Instagram",
    "sms": "SMS",
    "email": "E-mail",
    "phone": "Phone",
    "counter": "Counter",
    "terminal": "Terminal",
    "recorder": "Recorder",
}
TOUCH_KINDS = {
    TouchKind.MESSAGE_IN: "They wrote",
    TouchKind.MESSAGE_OUT: "We wrote",
    TouchKind.NOTE: "Note",
    TouchKind.CART: "Cart",
    TouchKind.RESERVATION: "Reservation",
    TouchKind.ORDER: "Orders",
    TouchKind.PAYMENT: "Payment",
    TouchKind.RETURN: "Return",
    TouchKind.LINKED: "Linked",
    TouchKind.CONSENT: "Consent",
    TouchKind.WAITING: "Waits for stock",
    TouchKind.READING: "Catalogues and pages",
    TouchKind.OFFER: "Offers",
}
# What happened, where it is no state of an order or of a reservation.
TOUCH_WORDS = {
    "added": "put into the cart",
    "saved": "saved for later",
    "accepted": "accepted",
    "linked": "two became one customer",
    "unlinked": "made two customers again",
    "yes": "said yes",
    "no": "said no",
    "capture": "paid",
    "refund": "refunded",
    "waiting": "waits",
    "told": "was told that it is back",
    "served": "took it",
    "passed": "let it pass",
    "gone": "waits no more",
    "call": "phone call",
    "visit": "visit in the store",
    "note": "note for the team",
    "person_wanted": "asked for a person",
    "photo": "photo",
    "tap": "tapped a button",
    "return": "return",
    "exchange": "exchange",
    "problem": "wrong or damaged",
    "withdrawal": "withdrawal",
    "dispute": "disputed at the bank",
    "opened": "opened a catalogue",
    "page": "turned to a page",
    "hotspot": "looked at a thing in a catalogue",
    "view": "looked at a product",
    "offer_open": "was offered something else",
    "offer_taken": "took what was offered",
    "offer_declined": "wanted none of what was offered",
    "offer_expired": "let an offer pass",
}
OFFER_KINDS = {
    "other_store": "in another store",
    "look_alike": "something that looks like it",
    "shipped": "by parcel",
}
RESERVATION_STATES = {
    "held": "held",
    "preparing": "being prepared",
    "ready": "ready",
    "collected": "collected",
    "cancelled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
    "no_show": "nobody came",
}


def channel_name(channel: str) -> str:
    """One that was added without words goes by its own name."""
    return translate(CHANNELS[channel]) if channel in CHANNELS else channel.capitalize()


def said(table: dict[str, str], key: str) -> str:
    return translate(table[key]) if key in table else key
