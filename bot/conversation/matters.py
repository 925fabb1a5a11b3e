"""What a talk is about, as far as that says who of the team should go on with it."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import actions
from bot.conversation.own_orders import number_said
from bot.conversation.talk import Talk
from commerce.domain.conversation import Matter
from commerce.understanding import Intent

_BY_INTENT = {
    Intent.EXCHANGE_ITEM: Matter.RETURNS,
    Intent.RETURN_ITEM: Matter.RETURNS,
    Intent.PROBLEM: Matter.RETURNS,
    Intent.WITHDRAW: Matter.RETURNS,
    Intent.CHECKOUT: Matter.PAYMENT,
    Intent.USE_CODE: Matter.PAYMENT,
    Intent.ASK_DISCOUNT: Matter.PAYMENT,
    Intent.ORDER_STATUS: Matter.ORDERS,
    Intent.CANCEL_ORDER: Matter.ORDERS,
    Intent.MY_RESERVATIONS: Matter.ORDERS,
    Intent.CANCEL_RESERVATION: Matter.ORDERS,
    Intent.EXTEND_RESERVATION: Matter.ORDERS,
    Intent.CHOOSE_SIZE: Matter.SIZES,
    Intent.SEARCH: Matter.NONE,
    Intent.SIMILAR: Matter.NONE,
    Intent.RECOMMEND: Matter.NONE,
    Intent.START_OVER: Matter.NONE,
}
_BY_ACTION: dict[type[actions.Action], Matter] = {
    actions.GiveBack: Matter.RETURNS,
    actions.Renounce: Matter.RETURNS,
    actions.Pay: Matter.PAYMENT,
    actions.PlaceOrder: Matter.PAYMENT,
    actions.ChangeCheckout: Matter.PAYMENT,
    actions.OrderStatus: Matter.ORDERS,
    actions.CancelOrder: Matter.ORDERS,
    actions.MyReservations: Matter.ORDERS,
    actions.Cancel: Matter.ORDERS,
    actions.Extend: Matter.ORDERS,
    actions.ChooseSize: Matter.SIZES,
}


def followed(talk: Talk, action: actions.Action | None) -> Talk:
    """The talk with what it is about by now; what says nothing about it leaves it as it is."""
    matter = _BY_ACTION.get(type(action)) if action is not None else _BY_INTENT.get(talk.understood.intent)
    if action is None and talk.understood.intent is Intent.PROBLEM:
        matter = {"paid_twice": Matter.PAYMENT, "missing": Matter.ORDERS}.get(talk.understood.trouble, matter)
    if action is None and matter is Matter.NONE and (talk.session.pending is not None or talk.understood.angry):
        matter = None  # an answer to a question of ours looks like a search, and so does an insult
    number = number_said(talk)
    if isinstance(action, actions.GiveBack | actions.Renounce):
        number = action.number
    session = talk.session
    if matter is not None:
        session = replace(session, matter=matter.value)
    return talk.with_session(replace(session, order_number=number) if number else session)


def matter_of(talk: Talk) -> Matter:
    return next((each for each in Matter if each.value == talk.session.matter), Matter.NONE)
