"""Something bought comes back: which order, which thing, why; another size is held before anything is given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import GiveBack
from bot.conversation.exchange import hold, instead, which_instead
from bot.conversation.own_orders import (
    MOST_ORDERS,
    is_no_answer,
    no_such_button,
    number_said,
    orders_with,
    own_order,
)
from bot.conversation.person import order_matter
from bot.conversation.photo import is_picture, kept
from bot.conversation.return_steps import KeepIt, Return, ReturnBy, Swap, SwapFor, code, step_in, step_of
from bot.conversation.return_words import (
    OFFERED_REASONS,
    asked_for,
    item,
    order_label,
    reason_words,
    refusal,
)
from bot.conversation.store_list import nearest
from bot.conversation.talk import Ability, Talk, Turn
from bot.messages import Button
from bot.sessions import Pending, Question
from commerce.domain.coming_back import LineOptions
from commerce.domain.order import Order
from commerce.domain.reservation import Refused
from commerce.domain.returns import COMING_STATES, NotReturned, ReturnKind, ReturnReason, ReturnWay
from commerce.services.returns import Wanted
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_KINDS = {kind.value: kind for kind in ReturnKind if kind is not ReturnKind.WITHDRAWAL}


# --- in words


def exchange_in_words(talk: Talk) -> Turn:
    return asked(talk, Return(number_said(talk), kind=ReturnKind.EXCHANGE.value))


def return_in_words(talk: Talk) -> Turn:
    return asked(talk, Return(number_said(talk), kind=ReturnKind.RETURN.value))


# --- which order, which thing, why


def tapped(talk: Talk, action: GiveBack) -> Turn:
    match step_of(action):
        case Return() as step:
            return asked(talk, step)
        case ReturnBy() as step:
            return returned(talk, step)
        case SwapFor() as step:
            return instead(talk, step)
        case Swap() as step:
            return hold(talk, step)
        case KeepIt() as step:
            return keep(talk, step)
        case _:
            return no_such_button(talk)


def asked(talk: Talk, action: Return) -> Turn:
    """Asks what is missing, one thing at a time; what there is only one of is not asked."""
    kind = _KINDS.get(action.kind)
    if kind is None:
        return no_such_button(talk)
    with talk.shop.storage.read() as uow:
        if not action.number:
            mine = orders_with(talk, uow, kind)
            if len(mine) != 1:
                return _which_order(talk, uow, kind, mine)
            action = replace(action, number=mine[0].number)
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, kind))
        found = talk.shop.returns.options(uow, order)
        lines = found.lines_for(kind)
        if not lines:
            return talk.say(refusal(talk, found.why_none(kind), kind, order))
        if not action.line and len(lines) > 1:
            return _which_line(talk, action, lines)
        line = next((each for each in lines if each.line.position + 1 == action.line), None)
        if line is None:
            if action.line:
                return talk.say(refusal(talk, NotReturned.ALREADY, kind, order))
            line = lines[0]
        action = replace(action, line=line.line.position + 1)
        reason = next((each for each in OFFERED_REASONS[kind] if each.value == action.reason), None)
        if reason is None:
            return _why(talk, action, kind, line)
        if kind is ReturnKind.EXCHANGE:
            return which_instead(talk, uow, order, found, line, reason)
    if kind is ReturnKind.PROBLEM:
        return _show_me(talk, action)
    return _which_way(talk, action)


def _which_order(talk: Talk, uow: UnitOfWork, kind: ReturnKind, mine: list[Order]) -> Turn:
    if not mine:
        return order_matter(talk)
    return talk.say(
        talk.t("Which order is it about?"),
        buttons=tuple(
            Button(order_label(talk, order), code(Return(order.number, kind=kind.value)))
            for order in mine[:MOST_ORDERS]
        ),
    )


def _which_line(talk: Talk, action: Return, lines: tuple[LineOptions, ...]) -> Turn:
    return talk.say(
        talk.t("Which item?"),
        buttons=tuple(
            Button(item(talk, each.line, 1), code(replace(action, line=each.line.position + 1))) for each in lines
        ),
    )


def _why(talk: Talk, action: Return, kind: ReturnKind, line: LineOptions) -> Turn:
    return talk.say(
        talk.t("{item}: what is the matter?", item=item(talk, line.line, 1)),
        buttons=tuple(
            Button(reason_words(talk, reason), code(replace(action, reason=reason.value)))
            for reason in OFFERED_REASONS[kind]
        ),
    )


# --- a return


def _which_way(talk: Talk, action: Return) -> Turn:
    by = ReturnBy(action.number, action.line, action.reason)
    return talk.say(
        talk.t("How will it come back?"),
        buttons=(
            Button(talk.t("In a store"), code(replace(by, way=ReturnWay.STORE.value))),
            Button(talk.t("By parcel"), code(replace(by, way=ReturnWay.PARCEL.value))),
        ),
    )


def returned(talk: Talk, action: ReturnBy) -> Turn:
    reason = next((each for each in ReturnReason if each.value == action.reason), ReturnReason.NONE)
    way = ReturnWay.PARCEL if action.way == ReturnWay.PARCEL.value else ReturnWay.STORE
    near = nearest(talk, talk.session.location)
    return _asked(talk, action.number, action.line, ReturnKind.RETURN, reason, way, near[0].id if near else "")


def _asked(
    talk: Talk,
    number: int,
    line: int,
    kind: ReturnKind,
    reason: ReturnReason,
    way: ReturnWay,
    store_id: str,
    *,
    note: str = "",
    photo_key: str = "",
) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        order = own_order(talk, uow, number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, kind))
        wanted = Wanted(kind, {line - 1: 1}, reason, way, store_id=store_id, note=note, photo_key=photo_key)
        result = talk.shop.returns.request(uow, order.id, order.customer_id, wanted)
        if isinstance(result, Refused):
            mine = [r for r in uow.returns.of_order(order.id) if r.kind is kind and r.state in COMING_STATES]
            if result.reason is not NotReturned.ALREADY or not mine:
                return talk.say(refusal(talk, result.reason, kind, order))
            result = mine[-1]
        bought = next((each for each in order.lines if each.position == result.lines[0].position), order.lines[0])
        reply = asked_for(talk, uow, order, result, item(talk, bought, result.lines[0].quantity))
        return Turn((reply,), replace(talk.session, pending=None), photo_key=photo_key)

    return Turn((), talk.session, act, photo_key)


def keep(talk: Talk, action: KeepIt) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        customer = uow.customers.by_contact(talk.message.contact)
        result = talk.shop.returns.cancel(uow, action.return_id, customer.id if customer else "")
        if isinstance(result, Refused):
            return talk.say(refusal(talk, result.reason, ReturnKind.RETURN))
        return talk.say(talk.t("All right, you keep it. Nothing comes back."))

    return Turn((), talk.session, act)


# --- a problem


def _show_me(talk: Talk, action: Return) -> Turn:
    said = talk.session
    if said.problem_key:  # they have shown it already
        there = talk.with_session(replace(said, problem_key="", problem_note=""))
        return _problem(there, action, said.problem_note, said.problem_key)
    pending = Pending(Question.PROBLEM, wording=code(action))
    return talk.say(
        talk.t("Send me a photo of it, or tell me in your words what is wrong."),
        session=replace(talk.session, pending=pending),
    )


def shown(talk: Talk) -> Turn | None:
    """The photo or the words that we asked for. A tap on something else is no answer."""
    pending = talk.session.pending
    action = step_in(pending.wording) if pending else None
    picture = next((ref for ref in talk.message.media if is_picture(ref)), None)
    if not isinstance(action, Return) or is_no_answer(talk) or (picture is None and not talk.message.text):
        return None
    key = kept(talk) if picture is not None else ""
    if not key and not talk.message.text:
        text = talk.t("I cannot read this photo. Send another one, or tell me in your words what is wrong.")
        return talk.say(text, session=talk.session)
    return _problem(talk, action, talk.message.text, key)


def _problem(talk: Talk, action: Return, note: str, photo_key: str) -> Turn:
    reason = next((each for each in ReturnReason if each.value == action.reason), ReturnReason.NONE)
    near = nearest(talk, talk.session.location)
    return _asked(
        talk,
        action.number,
        action.line,
        ReturnKind.PROBLEM,
        reason,
        ReturnWay.STORE if near else ReturnWay.PARCEL,
        near[0].id if near else "",
        note=note,
        photo_key=photo_key,
    )


ABILITY = Ability(
    intents={
        Intent.EXCHANGE_ITEM: exchange_in_words,
        Intent.RETURN_ITEM: return_in_words,
    },
    actions={GiveBack: tapped},
    typed={Question.PROBLEM: shown},
    shown={Question.PROBLEM: shown},
)
