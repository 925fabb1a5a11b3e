"""One's own orders, as a conversation about what comes back looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.talk import Talk, Turn
from commerce.domain.order import Order
from commerce.domain.returns import ReturnKind
from commerce.understanding import Intent

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

MOST_ORDERS = 8
_NO_ANSWER = frozenset({Intent.TALK_TO_PERSON, Intent.START_OVER, Intent.STOP_MESSAGES, Intent.HELP, Intent.NO})


def own_order(talk: Talk, uow: UnitOfWork, number: int) -> Order | None:
    """One of this person's orders; None for everybody else's."""
    customer = uow.customers.by_contact(talk.message.contact)
    order = uow.orders.by_number(number) if 0 < number < 2**31 else None
    return order if order and customer and order.customer_id == customer.id else None


def number_said(talk: Talk) -> int:
    said = talk.slots.order_number or ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def orders_with(talk: Talk, uow: UnitOfWork, kind: ReturnKind) -> list[Order]:
    """This person's orders of which something may come back in this way, newest first."""
    if talk.customer is None:
        return []
    mine = uow.orders.of_customer(talk.customer.id)
    return [order for order in mine if talk.shop.returns.options(uow, order).lines_for(kind)]


def no_such_button(talk: Talk) -> Turn:
    return talk.say(talk.t("This button no longer works. Tell me what you are looking for."), session=talk.session)


def is_no_answer(talk: Talk) -> bool:
    """Whether somebody wants something else than to answer a question that is answered in free words."""
    return talk.message.start is not None or talk.message.text.startswith("/") or talk.understood.intent in _NO_ANSWER
