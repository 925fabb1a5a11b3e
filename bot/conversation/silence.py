"""While a person speaks for the shop the bot says nothing: what is said is theirs to answer.

A tap on what was promised (a reservation, an order, a payment, an offer, a call) is no conversation: it acts. So does
what must work at any time: an end to promotions or to suggestions, the legal withdrawal, and the wish to have the bot
again.
"""

from __future__ import annotations

from bot.conversation import actions, coming_actions, offer_actions, photo
from bot.conversation.linking import offered, token_of
from bot.conversation.registry import on_action, on_intent, on_shown, on_typed
from bot.conversation.talk import Talk, Turn
from bot.sessions import Question
from commerce.domain.linking import START
from commerce.understanding import Intent

# One line a verb: those that change or show what somebody was promised.
COMMANDS: frozenset[type[actions.Action]] = frozenset(
    {
        actions.Cancel,
        actions.Extend,
        actions.MyReservations,
        actions.Pay,
        actions.PickUpInStore,
        actions.ShipIt,
        actions.CollectAt,
        actions.ChangeCheckout,
        actions.SkipContact,
        actions.PlaceOrder,
        actions.OrderStatus,
        actions.CancelOrder,
        actions.GiveBack,
        actions.Renounce,
        actions.TellWhenOpen,
        actions.AcceptLink,
        actions.DeclineLink,
        actions.MakeLink,
        actions.Unlink,
        actions.SuggestFrom,
        actions.CallBack,
        coming_actions.ExtendOrder,
        coming_actions.OnMyWay,
        coming_actions.SendSomeone,
        coming_actions.ByCar,
        coming_actions.ImHere,
        coming_actions.ChooseSlot,
        offer_actions.TakeOffer,
        offer_actions.NoOffer,
        offer_actions.TakeWaited,
        offer_actions.StopWaiting,
        actions.BackToBot,
    }
)
_AT_ANY_TIME = (Intent.STOP_MESSAGES, Intent.STOP_RECOMMENDING, Intent.WITHDRAW, Intent.BACK_TO_BOT)
# Questions that such a tap leads to: their answers belong to it.
_ASKED_BY_COMMANDS = frozenset(
    {
        Question.PHONE,
        Question.PROBLEM,
        Question.WITHDRAWAL_NAME,
        Question.ADDRESS,
        Question.CONTACT,
        Question.PROXY,
        Question.VEHICLE,
        Question.SPOT,
    }
)


def kept_silent(talk: Talk) -> Turn:
    """The turn of a message that comes while a person speaks."""
    message = talk.message
    if message.action:
        action = actions.parse(message.action)
        handler = on_action().get(type(action)) if action is not None and type(action) in COMMANDS else None
        return handler(talk, action) if handler else Turn((), talk.session)
    token = (message.start or "").removeprefix(START) if (message.start or "").startswith(START) else ""
    if token := token or token_of(message.text):
        return offered(talk, token)
    is_picture = any(photo.is_picture(ref) for ref in message.media)
    if talk.understood.intent in _AT_ANY_TIME and not is_picture:
        return on_intent()[talk.understood.intent](talk)
    pending = talk.session.pending
    if pending is not None and pending.question in _ASKED_BY_COMMANDS:
        answer = (on_shown() if is_picture else on_typed()).get(pending.question)
        turn = answer(talk) if answer and (is_picture or message.text) else None
        if turn is not None:
            return turn
    key = photo.kept(talk) if is_picture else ""
    closes = talk.understood.intent in (Intent.THANKS, Intent.GOODBYE) and not key and "?" not in message.text
    return Turn((), talk.session, photo_key=key, for_person=True, needs_answer=not closes)
