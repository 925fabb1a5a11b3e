"""The legal withdrawal in a chat: what, under which name, receipt to where; then one button, and the receipt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.conversation.actions import Renounce
from bot.conversation.own_orders import MOST_ORDERS, is_no_answer, no_such_button, number_said, own_order
from bot.conversation.return_steps import (
    ConfirmWithdrawal,
    Receipt,
    Return,
    Withdraw,
    WithdrawalName,
    code,
    is_tiny,
    step_in,
    step_of,
    tiny,
)
from bot.conversation.return_words import item, order_label, receipt_reply, refusal
from bot.conversation.talk import Ability, Talk, Turn, Voice
from bot.intake import clean
from bot.messages import Button
from bot.sessions import Pending, Question, Session
from commerce.domain.coming_back import WayBack
from commerce.domain.customer import Contact
from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.domain.reservation import Refused
from commerce.domain.returns import NotReturned, ReturnKind
from commerce.i18n import format_date
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

_WITHDRAWAL = ReturnKind.WITHDRAWAL
_LONGEST_NAME = 120


def buttons_for(voice: Voice, uow: UnitOfWork, order: Order) -> tuple[Button, ...]:
    """What may be done with an order that was bought: withdraw from it, see its receipt, exchange, return."""
    found = voice.shop.returns.options(uow, order)
    buttons = []
    if isinstance(found.withdrawal, WayBack) and found.lines_for(_WITHDRAWAL):
        buttons.append(Button(voice.t("Withdraw from contract here"), code(Withdraw(order.number))))
    if found.withdrawn:
        again = code(Receipt(order.number, found.withdrawn[-1].id))
        buttons.append(Button(voice.t("Withdrawal receipt"), again))
    for kind, label in ((ReturnKind.EXCHANGE, voice.t("Exchange")), (ReturnKind.RETURN, voice.t("Return"))):
        if found.lines_for(kind):
            buttons.append(Button(label, code(Return(order.number, kind=kind.value))))
    return tuple(buttons)


def note_for(voice: Voice, uow: UnitOfWork, order: Order) -> str:
    """One line on the right to withdraw: until when there is one, or that its time is over; '' where it never was."""
    found = voice.shop.returns.options(uow, order)
    if isinstance(found.withdrawal, WayBack):
        if found.withdrawal.until is None or not found.lines_for(_WITHDRAWAL):
            return ""
        last = found.withdrawal.until - timedelta(seconds=1)
        day = format_date(last, voice.language, found.timezone)
        return voice.t("You may withdraw from the contract until {day} inclusive.", day=day)
    if found.withdrawal is NotReturned.TOO_LATE and voice.shop.settings.withdrawal_days:
        return refusal(voice, NotReturned.TOO_LATE, _WITHDRAWAL, order)
    return ""


# --- first step


def tapped(talk: Talk, action: Renounce) -> Turn:
    match step_of(action):
        case Withdraw() as step:
            return first_step(talk, step)
        case WithdrawalName() as step:
            return ask_name(talk, step)
        case ConfirmWithdrawal() as step:
            return confirmed(talk, step)
        case Receipt() as step:
            return receipt(talk, step)
        case _:
            return no_such_button(talk)


def in_words(talk: Talk) -> Turn:
    """« rétractation »: the order, where there is one that it can be about; else why there is none."""
    number = number_said(talk)
    if number:
        return first_step(talk, Withdraw(number))
    with talk.shop.storage.read() as uow:
        mine = uow.orders.of_customer(talk.customer.id) if talk.customer else []
        open_ones = [order for order in mine if talk.shop.returns.options(uow, order).lines_for(_WITHDRAWAL)]
        if not open_ones and mine:
            why = talk.shop.returns.options(uow, mine[0]).why_none(_WITHDRAWAL)
            return talk.say(refusal(talk, why, _WITHDRAWAL, mine[0]))
    if not open_ones:
        return talk.say(refusal(talk, NotReturned.NOT_PAID_ONLINE, _WITHDRAWAL))
    if len(open_ones) == 1:
        return first_step(talk, Withdraw(open_ones[0].number))
    return talk.say(
        talk.t("Which order is it about?"),
        buttons=tuple(
            Button(order_label(talk, order), code(Withdraw(order.number))) for order in open_ones[:MOST_ORDERS]
        ),
    )


def first_step(talk: Talk, action: Withdraw) -> Turn:
    """Everything that will be declared, and the button that declares it."""
    with talk.shop.storage.read() as uow:
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, _WITHDRAWAL))
        found = talk.shop.returns.options(uow, order)
        lines = found.lines_for(_WITHDRAWAL)
        if not lines:
            if found.withdrawn:
                return _receipt(talk, uow, found.withdrawn[-1].id)
            return talk.say(refusal(talk, found.why_none(_WITHDRAWAL), _WITHDRAWAL, order))
        left = {each.line.position: way.quantity for each in lines if (way := each.way(_WITHDRAWAL))}
        chosen = _chosen(action.lines, left)
        contacts = _contacts(talk, uow)
        to = next((each for each in contacts if is_tiny(action.to, each.lane)), contacts[0])
        name = _name(talk, order, action.number)
        if not name:
            return ask_name(talk, WithdrawalName(action.number, action.lines, action.to))
        amount = talk.shop.withdrawing.amount(uow, order, chosen)
    listed = [item(talk, each.line, chosen[each.line.position]) for each in lines if each.line.position in chosen]
    mask = sum(1 << position for position in chosen)
    text = "\n".join(
        [
            talk.t("Withdrawal from the contract of order {number}", number=order.number),
            talk.t("Name: {name}", name=name),
            talk.t("Items: {items}", items=" + ".join(listed)),
            talk.t("To be refunded: {amount}", amount=talk.money(Money(amount, order.currency))),
            talk.t("Receipt to: {channel}", channel=channel_name(talk, to)),
            talk.t("No reason is needed."),
        ]
    )
    confirm = ConfirmWithdrawal(order.number, mask, len(found.withdrawn), tiny(to.lane))
    buttons = [Button(talk.t("Confirm withdrawal"), code(confirm))]
    if len(left) > 1:
        for each in lines:
            position = each.line.position
            other = mask ^ (1 << position)
            if other:
                mark = "☑" if position in chosen else "☐"
                label = f"{mark} {item(talk, each.line, left[position])}"
                buttons.append(Button(label, code(Withdraw(order.number, other, tiny(to.lane)))))
    for contact in contacts:
        if contact != to:
            label = talk.t("Receipt to: {channel}", channel=channel_name(talk, contact))
            buttons.append(Button(label, code(Withdraw(order.number, mask, tiny(contact.lane)))))
    buttons.append(Button(talk.t("Another name"), code(WithdrawalName(order.number, mask, tiny(to.lane)))))
    return talk.say(text, buttons=tuple(buttons), session=_keeping_name(talk, name, order))


def _chosen(mask: int, left: dict[int, int]) -> dict[int, int]:
    """The units that the bits stand for; all that is left where they stand for nothing."""
    return {position: n for position, n in left.items() if mask >> position & 1} or dict(left)


def _contacts(talk: Talk, uow: UnitOfWork) -> list[Contact]:
    """Where a receipt can go: here first, then where else the shopper talks to us."""
    here = talk.message.contact
    customer = uow.customers.by_contact(here)
    others = uow.customers.contacts(customer.id) if customer else []
    return [here, *(contact for contact in others if contact != here)]


def channel_name(voice: Voice, contact: Contact) -> str:
    match contact.channel:
        case "telegram":
            return "Telegram"
        case "webchat":
            return voice.t("the chat on our site")
        case _:
            return voice.t("this conversation")


# --- the name


def ask_name(talk: Talk, action: WithdrawalName) -> Turn:
    back = Withdraw(action.number, action.lines, action.to)
    pending = Pending(Question.WITHDRAWAL_NAME, wording=code(back))
    return talk.say(
        talk.t("Under which name? First name and surname, please."), session=replace(talk.session, pending=pending)
    )


def name_told(talk: Talk) -> Turn | None:
    """The name that we asked for; once it is there, words are no answer any more."""
    pending = talk.session.pending
    action = step_in(pending.wording) if pending and not pending.typed else None
    name = " ".join(clean(talk.message.text, _LONGEST_NAME).split())
    if pending is None or not isinstance(action, Withdraw) or not name or is_no_answer(talk):
        return None
    session = replace(talk.session, pending=replace(pending, typed=name))
    return first_step(talk.with_session(session), action)


def _name(talk: Talk, order: Order, number: int) -> str:
    pending = talk.session.pending
    action = step_in(pending.wording) if pending else None
    if pending and pending.typed and isinstance(action, Withdraw) and action.number == number:
        return pending.typed
    return order.name or (talk.customer.name if talk.customer else "")


def _keeping_name(talk: Talk, name: str, order: Order) -> Session:
    pending = Pending(Question.WITHDRAWAL_NAME, wording=code(Withdraw(order.number)), typed=name)
    return replace(talk.session, pending=pending)


# --- second step, and the receipt


def confirmed(talk: Talk, action: ConfirmWithdrawal) -> Turn:
    def act(uow: UnitOfWork) -> Turn:
        order = own_order(talk, uow, action.number)
        if order is None:
            return talk.say(refusal(talk, NotReturned.NOT_FOUND, _WITHDRAWAL))
        found = talk.shop.returns.options(uow, order)
        before = {request.id for request in found.withdrawn}
        left = {
            each.line.position: way.quantity
            for each in found.lines_for(_WITHDRAWAL)
            if (way := each.way(_WITHDRAWAL)) is not None
        }
        contacts = _contacts(talk, uow)
        to = next((each for each in contacts if is_tiny(action.to, each.lane)), contacts[0])
        result = talk.shop.withdrawing.withdraw(
            uow,
            order.id,
            order.customer_id,
            name=_name(talk, order, order.number),
            contact=to,
            channel=channel_name(talk, to),
            language=talk.language,
            seen=action.seen,
            lines=_chosen(action.lines, left) if left else None,
        )
        if isinstance(result, Refused):
            return talk.say(refusal(talk, result.reason, _WITHDRAWAL, order))
        if result.id in before:
            return _receipt(talk, uow, result.id)
        session = replace(talk.session, pending=None)
        if to == talk.message.contact:
            return Turn((), session)  # the receipt itself is the answer
        sent = talk.t("Done. The receipt is on its way to: {channel}.", channel=channel_name(talk, to))
        return talk.say(sent, session=session)

    return Turn((), talk.session, act)


def receipt(talk: Talk, action: Receipt) -> Turn:
    with talk.shop.storage.read() as uow:
        return _receipt(talk, uow, action.return_id)


def _receipt(talk: Talk, uow: UnitOfWork, return_id: str) -> Turn:
    customer = uow.customers.by_contact(talk.message.contact)
    request = uow.returns.get(return_id)
    if request is None or customer is None or request.customer_id != customer.id:
        return talk.say(refusal(talk, NotReturned.NOT_FOUND, _WITHDRAWAL))
    reply = receipt_reply(talk, uow, request)
    if reply is None:
        return talk.say(refusal(talk, NotReturned.NOT_FOUND, _WITHDRAWAL))
    return Turn((reply,), replace(talk.session, pending=None))


ABILITY = Ability(
    intents={Intent.WITHDRAW: in_words},
    actions={Renounce: tapped},
    typed={Question.WITHDRAWAL_NAME: name_told},
)
