"""What the shop's answers about carts, orders and payments are called, for people. Msgids; see `locales/`."""

from __future__ import annotations

from commerce.domain.cart import NotInCart
from commerce.domain.collecting import NotCollecting, NotMoved
from commerce.domain.dispute import DisputeState
from commerce.domain.order import NotAdvanced, NotCancelled, NotEntered, NotOrdered, OrderSource, OrderState
from commerce.domain.payment import NotRefunded
from commerce.domain.promotion import NotApplied
from commerce.domain.returns import NotReturned, ReturnReason
from commerce.domain.team import NotInTeam, NotSignedIn, Role
from commerce.domain.waiting import NotWaiting
from shoppable.language import translate

NOT_IN_CART = {
    NotInCart.NO_SUCH_VARIANT: "This item is no longer in the shop.",
    NotInCart.SOLD_OUT: "This item is sold out for the moment.",
    NotInCart.QUANTITY: "We cannot put that many into the cart.",
    NotInCart.FULL: "Your cart is full. Save something for later, or order what is in it first.",
    NotInCart.OTHER_CURRENCY: "This is sold in another currency than the rest of your cart.",
}

NOT_WAITING = {
    NotWaiting.NO_SUCH_VARIANT: "There is nothing like that to wait for.",
    NotWaiting.IN_STOCK: "This is in stock already.",
    NotWaiting.TOO_MANY: "You wait for as many things as one person may. Give one up first.",
    NotWaiting.ALREADY: "You are on the list already: we will tell you.",
}

NOT_MOVED = {
    NotMoved.NOT_FOUND: "There is nothing of that kind here.",
    NotMoved.STALE: "Somebody else was faster: this is how it is now.",
    NotMoved.OVER: "This is over already.",
    NotMoved.NOT_POSSIBLE: "This cannot be done from where it is.",
}

NOT_COLLECTING = {
    NotCollecting.NOT_FOUND: "There is nothing of that kind here.",
    NotCollecting.OVER: "The hour cannot be changed any more.",
    NotCollecting.NOT_READY: "It is not ready yet: please wait for our message.",
    NotCollecting.NO_CURBSIDE: "This store does not bring things out.",
    NotCollecting.SLOT_FULL: "That hour cannot be had any more: choose another one.",
    NotCollecting.NO_SLOTS: "This store gives no hours: come whenever it is open.",
}

NOT_APPLIED = {
    NotApplied.UNKNOWN: "We do not know this code.",
    NotApplied.NOT_YET: "This code does not count yet.",
    NotApplied.OVER: "This code is over.",
    NotApplied.USED_UP: "This code has been used up.",
    NotApplied.USED_BY_YOU: "You have used this code already.",
    NotApplied.BELOW_MINIMUM: "This code needs a larger cart.",
    NotApplied.OTHER_CURRENCY: "This code is for another currency.",
}

NOT_ORDERED = {
    NotOrdered.EMPTY: "Your cart is empty.",
    NotOrdered.SOLD_OUT: "Somebody was faster: not enough is left of something in your cart. Nothing was charged.",
    NotOrdered.NO_SUCH_VARIANT: "Something in your cart is no longer in the shop. Take it out to go on.",
    NotOrdered.PRICE_CHANGED: "A price has changed since you looked. Please check the new total. Nothing was charged.",
    NotOrdered.STORE_NOT_OPEN: "This store does not open in the coming days. Please choose another one.",
    NotOrdered.STORE_PAUSED: "This store takes no online orders at the moment. Please choose another one.",
    NotOrdered.NO_FULFILMENT: "Say whether we send it or you pick it up.",
    NotOrdered.NO_ADDRESS: "We need the address to which to send it.",
    NotOrdered.NO_DELIVERY_THERE: "We do not deliver to this country.",
    NotOrdered.NO_CONTACT: "We need your name, and an e-mail address or a phone number.",
    NotOrdered.NO_PROVIDER: "Choose how to pay.",
    NotOrdered.COUPON: "The code in your cart does not count. Take it out to go on.",
    NotOrdered.QUANTITY: "That many cannot be ordered at once.",
    NotOrdered.SLOT_FULL: "That hour cannot be had any more. Please choose another one. Nothing was ordered.",
    NotOrdered.TOO_MANY_OPEN: "You have several orders waiting for their payment. Pay or cancel one of them first.",
}

NOT_CANCELLED = {
    NotCancelled.NOT_FOUND: "There is no such order.",
    NotCancelled.ALREADY_OVER: "This order is over already.",
    NotCancelled.TOO_LATE: "We are already preparing this order. You can give back what you do not want.",
}

NOT_ADVANCED = {
    NotAdvanced.NOT_FOUND: "There is no such order.",
    NotAdvanced.CHANGED: "Somebody else has changed this order. Look at it again.",
    NotAdvanced.NOT_ALLOWED: "This order cannot go there from where it is.",
    NotAdvanced.NOT_PAID: "This order is not paid.",
}

NOT_ENTERED = {
    NotEntered.EMPTY: "There is nothing in this order.",
    NotEntered.QUANTITY: "That many cannot be ordered at once.",
    NotEntered.NO_SUCH_VARIANT: "There is no such variant.",
    NotEntered.NO_SUCH_STORE: "There is no such store.",
    NotEntered.OTHER_CURRENCY: "One order has one currency.",
    NotEntered.SOLD_OUT: "There is not enough of it.",
    NotEntered.NO_ADDRESS: "We need the address to which to send it.",
}

NOT_REFUNDED = {
    NotRefunded.NOT_FOUND: "There is no such order.",
    NotRefunded.NOT_PAID: "This order is not paid.",
    NotRefunded.DISPUTED: (
        "The customer’s bank is asking for this money: nothing can be given back until it has decided."
    ),
    NotRefunded.TOO_MUCH: "That is more than is left of what was paid.",
}

DISPUTE_STATES = {
    DisputeState.INQUIRY: "the bank asks a question: giving the money back ends it",
    DisputeState.NEEDS_RESPONSE: "the bank asks for the money back",
    DisputeState.UNDER_REVIEW: "the bank decides",
    DisputeState.WON: "over: the shop keeps the money",
    DisputeState.LOST: "over: the bank has given the money back",
}

ORDER_STATES = {
    OrderState.PENDING_PAYMENT: "Waiting for your payment",
    OrderState.PLACED: "Ordered, to be paid at the counter",
    OrderState.PAID: "Paid",
    OrderState.PREPARING: "Being prepared",
    OrderState.READY: "Ready to be picked up",
    OrderState.SHIPPED: "On its way",
    OrderState.COMPLETED: "Completed",
    OrderState.CANCELLED: "Cancelled",
    OrderState.EXPIRED: "Expired, nothing was charged",
    OrderState.PAID_UNFULFILLABLE: "Sold out in the meantime, your money is coming back",
    OrderState.REFUND_PENDING: "Your money is coming back",
    OrderState.REFUNDED: "Refunded",
}

ORDER_SOURCES = {
    OrderSource.BOT: "Chat",
    OrderSource.WEB: "Shop",
    OrderSource.LINK: "Link",
    OrderSource.CATALOGUE: "Catalogue",
    OrderSource.AGENT: "Shopping assistant",
    OrderSource.PHONE: "Phone",
    OrderSource.COUNTER: "Counter",
    OrderSource.MARKETPLACE: "Marketplace",
}

# By the provider's name. `_HOW_TO_PAY_MORE` says what happens next.
HOW_TO_PAY = {
    "stripe": "Card, by Stripe",
    "square": "Card, by Square",
    "pay_in_store": "At the counter, when you pick it up",
    "telegram": "In Telegram",
    "free": "Nothing to pay",
    "fake": "Test payment: no money moves",
}
HOW_TO_PAY_MORE = {
    "stripe": "You pay on Stripe’s own secure page and come back here.",
    "square": "You pay on Square’s own secure page and come back here.",
    "pay_in_store": "Nothing to pay now.",
    "fake": "A page of this shop lets you play every outcome.",
}


def how_to_pay(provider: str) -> str:
    """Its name in words; a provider that was added without words goes by its own name."""
    words = HOW_TO_PAY.get(provider)
    return translate(words) if words else provider.replace("_", " ").capitalize()


NOT_RETURNED = {
    NotReturned.NOT_FOUND: "There is nothing of that kind here.",
    NotReturned.NOT_YET: "You do not have it yet: it can come back once you do.",
    NotReturned.TOO_LATE: "It is too late for that.",
    NotReturned.ALREADY: "That has come back already, or is on its way.",
    NotReturned.NOT_PAID_ONLINE: "Withdrawing is for what was ordered and paid at a distance.",
    NotReturned.NO_SUCH_LINE: "Choose at least one item.",
    NotReturned.SOLD_OUT: "That one is not to be had there any more. Nothing was changed.",
    NotReturned.NOT_THE_SAME: "An exchange is for the same item in another size or colour.",
    NotReturned.DEARER: "This one costs more now: the difference is paid in a store, so it cannot go by parcel.",
    NotReturned.NO_STORE: "This store cannot hold it.",
    NotReturned.OVER: "This is over already.",
}

RETURN_REASONS = {
    ReturnReason.TOO_SMALL: "Too small",
    ReturnReason.TOO_LARGE: "Too large",
    ReturnReason.NOT_AS_SHOWN: "Not as shown",
    ReturnReason.WRONG_ITEM: "Wrong item",
    ReturnReason.DAMAGED: "Damaged",
    ReturnReason.CHANGED_MIND: "I changed my mind",
}

NOT_SIGNED_IN = {
    NotSignedIn.WRONG: "That did not match. Please try again.",
    NotSignedIn.TOTP_NEEDED: "Now the code of your second factor.",
    NotSignedIn.TOO_MANY: "Too many tries. Please wait a while before the next one.",
}

NOT_IN_TEAM = {
    NotInTeam.NO_SUCH_MEMBER: "There is nobody of that kind in the team.",
    NotInTeam.NO_NAME: "They need a name.",
    NotInTeam.LOGIN_TAKEN: "Somebody has this login already.",
    NotInTeam.BAD_LOGIN: "A login has two to sixty-four letters, figures or . _ @ + -, without accents.",
    NotInTeam.NO_SUCH_STORE: "There is no such store.",
    NotInTeam.NO_STORE: "Staff work in at least one store.",
    NotInTeam.LAST_OWNER: "The shop needs one owner: this is the last one.",
    NotInTeam.WEAK_PASSWORD: "This password is too easy to guess. It needs {shortest} characters or more, and should "
    "be neither your login, nor the shop’s name, nor one of those that everybody tries.",
    NotInTeam.BAD_INVITATION: "This invitation does not count any more.",
    NotInTeam.WRONG_CODE: "That code did not match. Look at the app again.",
}

ROLES = {
    Role.STAFF: "Staff",
    Role.MARKETER: "Marketer",
    Role.OWNER: "Owner",
}
