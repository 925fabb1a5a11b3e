"""« où est ma commande ? »: whoever we know needs no number; anybody else types a code sent to the order's chat."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.conversation.actions import CancelOrder, OrderStatus, PayOrder, Person, encode
from bot.conversation.order_words import items_of, order_lines, pickup_qr, state_words, store_of, where
from bot.conversation.store_list import directions_button
from bot.conversation.talk import Ability, Talk, Turn
from bot.conversation.withdrawal import buttons_for, note_for
from bot.messages import Button, Reply, ReplyPicture
from bot.sessions import Pending, Question
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import NotCancelled, Order, OrderState
from commerce.domain.reservation import Refused
from commerce.i18n import format_deadline
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

MOST_SHOWN = 5
NOTICE_CODE = "order_code"
CODE_TRIES, CODE_LASTS = 5, timedelta(minutes=10)
CODES_A_DAY = 5  # that one chat may ask for, and that one order may be asked about
_DAY = timedelta(days=1)
_WAITS_AT_COUNTER = frozenset({OrderState.PLACED, OrderState.READY})


def asked(talk: Talk) -> Turn:
    """With a number that one; without, the open ones, else the last one."""
    number = _number(talk.slots.order_number or "")
    with talk.shop.storage.read() as uow:
        orders = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        if number:
            own = next((order for order in orders if order.number == number), None)
            return _one(talk, uow, own) if own else _somebody_elses(talk, number)
        if not orders:
            return _ask_number(talk)
        open_ones = [order for order in orders if order.is_open][:MOST_SHOWN] or orders[:1]
        return _several(talk, uow, open_ones) if len(open_ones) > 1 else _one(talk, uow, open_ones[0])


def tapped(talk: Talk, action: OrderStatus) -> Turn:
    with talk.shop.storage.read() as uow:
        orders = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        if not action.order_id:
            return _several(talk, uow, orders[:MOST_SHOWN]) if orders else _ask_number(talk)
        own = next((order for order in orders if order.id == action.order_id), None)
        return _one(talk, uow, own) if own else talk.say(talk.t("I cannot find this order."))


def _one(talk: Talk, uow: UnitOfWork, order: Order) -> Turn:
    return Turn((order_reply(talk, uow, order),), replace(talk.session, pending=None))


def order_reply(talk: Talk, uow: UnitOfWork, order: Order) -> Reply:
    """One order with everything about it, to whoever it belongs to."""
    store = store_of(uow, order)
    lines = [_headline(talk, uow, order), *order_lines(talk, order)]
    lines.append(where(talk, order.fulfilment, store, order.address))
    lines.append(note_for(talk, uow, order))
    picture = None
    if order.pickup_code and order.state in _WAITS_AT_COUNTER:
        lines.append(talk.t("Code {code}.", code=order.pickup_code))
        picture = ReplyPicture(talk.t("QR code of {code}", code=order.pickup_code), png=pickup_qr(order))
    return talk.reply("\n".join(line for line in lines if line), buttons=_buttons(talk, uow, order), picture=picture)


def _buttons(talk: Talk, uow: UnitOfWork, order: Order) -> tuple[Button, ...]:
    buttons = []
    if order.state is OrderState.PENDING_PAYMENT:
        buttons.append(Button(talk.t("Pay"), encode(PayOrder(order.id))))
    if talk.shop.orders.may_cancel(uow, order):
        buttons.append(Button(talk.t("Cancel the order"), encode(CancelOrder(order.id))))
    store = store_of(uow, order)
    if store is not None and order.is_open:
        buttons += directions_button(talk, store)
    buttons += buttons_for(talk, uow, order)
    buttons.append(Button(talk.t("Open the order’s page"), url=talk.shop.order_links.url(order.id)))
    return tuple(buttons)


def _several(talk: Talk, uow: UnitOfWork, orders: list[Order]) -> Turn:
    lines = [f"{_headline(talk, uow, order)} {items_of(talk, order)}" for order in orders]
    buttons = tuple(
        Button(talk.t("Order {number}", number=order.number), encode(OrderStatus(order.id))) for order in orders
    )
    return talk.say("\n".join(lines), buttons=buttons)


def _headline(talk: Talk, uow: UnitOfWork, order: Order) -> str:
    """« Commande 1043 du mar. 3 mars 10:00 : livrée. »"""
    store = uow.stores.get(order.store_id)
    when = format_deadline(order.created_at, talk.now, talk.language, store.timezone if store else "UTC")
    state = state_words(talk, order, store_of(uow, order))
    return talk.t("Order {number}, {when}: {state}.", number=order.number, when=when, state=state)


# --- calling it off --------------------------------------------------------------------------------------------------


def cancel(talk: Talk, action: CancelOrder) -> Turn:
    if not action.sure:
        with talk.shop.storage.read() as uow:
            orders = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        own = next((order for order in orders if order.id == action.order_id), None)
        if own is None:
            return talk.say(talk.t("I cannot find this order."))
        text = talk.t("Cancel order {number}: {items}?", number=own.number, items=items_of(talk, own))
        return talk.say(
            text,
            buttons=(
                Button(talk.t("Cancel the order"), encode(CancelOrder(own.id, 1))),
                Button(talk.t("Keep it"), encode(OrderStatus(own.id))),
            ),
        )

    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        if customer is None:
            return talk.say(talk.t("I cannot find this order."))
        result = talk.shop.orders.cancel(uow, action.order_id, customer.id)
        if isinstance(result, Refused):
            return talk.say(_not_cancelled(talk, result.reason), buttons=(_team(talk),))
        match result.state:
            case OrderState.CANCELLED:
                text = talk.t("Order {number} is cancelled. There is nothing to pay.", number=result.number)
            case OrderState.PENDING_PAYMENT:
                text = talk.t("Order {number} is being cancelled. Please do not pay it any more.", number=result.number)
            case _:
                text = talk.t("Order {number} is cancelled: what you paid is on its way back.", number=result.number)
        return talk.say(text)

    return Turn((), replace(talk.session, pending=None), act)


def _not_cancelled(talk: Talk, reason: NotCancelled) -> str:
    match reason:
        case NotCancelled.NOT_FOUND:
            return talk.t("I cannot find this order.")
        case NotCancelled.ALREADY_OVER:
            return talk.t("This order is over already.")
        case NotCancelled.TOO_LATE:
            return talk.t("The shop is preparing it already: it can come back as a return.")


# --- somebody we do not know -----------------------------------------------------------------------------------------


def _ask_number(talk: Talk) -> Turn:
    text = talk.t("I see no order from this chat. What is its number?")
    return talk.say(text, session=replace(talk.session, pending=Pending(Question.ORDER_NUMBER)))


def number_typed(talk: Talk) -> Turn | None:
    number = _number(talk.slots.order_number or talk.message.text)
    if not number:
        return None
    with talk.shop.storage.read() as uow:
        orders = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        own = next((order for order in orders if order.number == number), None)
        return _one(talk, uow, own) if own else _somebody_elses(talk, number)


def _somebody_elses(talk: Talk, number: int) -> Turn:
    """The same words whether that order exists or not: a code goes to the chat it was ordered in, if there is one."""
    text = talk.t(
        "I see no order {number} from this chat. If it is yours, I have sent a code to the chat it was ordered in: "
        "write it here. Without that chat, open the link in your receipt, or ask our team.",
        number=number,
    )
    contact = talk.message.contact

    def act(uow: UnitOfWork) -> Turn:
        now = talk.shop.clock.now()
        if not _counted(talk, uow, f"ordercodes:{contact.lane}"):
            return talk.say(
                talk.t("That were many numbers for one day. Our team can help you."),
                buttons=(_team(talk),),
            )
        order, code = uow.orders.by_number(number), talk.shop.ids.new_code()
        reached = uow.orders.contact_of(order.id) if order else None
        if order is not None and reached is not None and _counted(talk, uow, f"ordercodes:{order.id}"):
            body = json.dumps({"order_id": order.id, "code": code})
            uow.outbox.add(OutboundMessage(reached, NOTICE_CODE, body), now)
        secret = {"order_id": order.id if order else "", "digest": _digest(talk, code), "tries": 0}
        uow.state.put(_key(talk), json.dumps(secret), now + CODE_LASTS)
        return talk.say(
            text,
            buttons=(_team(talk),),
            session=replace(talk.session, pending=Pending(Question.ORDER_CODE)),
        )

    return Turn((), talk.session, act)


def code_typed(talk: Talk) -> Turn | None:
    """The code that was sent elsewhere; a few tries, then it is void."""
    typed = "".join(c for c in talk.message.text.upper() if c.isalnum())
    if len(typed) != 6 or not typed[:3].isalpha() or not typed[3:].isdigit():
        return None
    code = f"{typed[:3]}-{typed[3:]}"

    def act(uow: UnitOfWork) -> Turn:
        now = talk.shop.clock.now()
        kept = uow.state.get(_key(talk), now)
        secret = json.loads(kept) if kept else None
        if secret is None:
            return talk.say(talk.t("This code is no longer valid. Write the number of the order once more."))
        right = hmac.compare_digest(secret["digest"], _digest(talk, code))
        order = uow.orders.get(secret["order_id"]) if right and secret["order_id"] else None
        if order is not None:
            uow.state.delete(_key(talk))
            store = store_of(uow, order)
            told = (_headline(talk, uow, order), *order_lines(talk, order))
            text = "\n".join((*told, where(talk, order.fulfilment, store, None)))
            return talk.say(text.strip())
        secret["tries"] += 1
        if secret["tries"] >= CODE_TRIES:
            uow.state.delete(_key(talk))
            return talk.say(talk.t("This code is no longer valid. Write the number of the order once more."))
        uow.state.put(_key(talk), json.dumps(secret), now + CODE_LASTS)
        return talk.say(talk.t("That is not the code."), session=talk.session)

    return Turn((), talk.session, act)


def _team(talk: Talk) -> Button:
    return Button(talk.t("Talk to a person"), encode(Person()))


def _counted(talk: Talk, uow: UnitOfWork, key: str) -> bool:
    """One more today; False when there were enough."""
    now = talk.shop.clock.now()
    count = int(uow.state.get(key, now) or "0")
    uow.state.put(key, str(count + 1), now + _DAY)
    return count < CODES_A_DAY


def _key(talk: Talk) -> str:
    return f"ordercode:{talk.message.contact.lane}"


def _digest(talk: Talk, code: str) -> str:
    key = talk.shop.settings.signing_key.encode()
    return hmac.new(key, f"order code\n{talk.message.contact.lane}\n{code}".encode(), hashlib.sha256).hexdigest()


def _number(typed: str) -> int:
    """An order's number as people write it; 0 when it is none."""
    digits = typed.strip().lstrip("#nN°o ").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else 0


ABILITY = Ability(
    intents={Intent.ORDER_STATUS: asked},
    actions={OrderStatus: tapped, CancelOrder: cancel},
    typed={Question.ORDER_NUMBER: number_typed, Question.ORDER_CODE: code_typed},
)
