"""One tap that orders: at the total that was shown, once, or with the reason why not and a choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.actions import PlaceOrder
from bot.conversation.checkout import next_step, refused
from bot.conversation.ordering import order, ordered
from bot.conversation.talk import Ability, Talk, Turn
from commerce.domain.order import OrderRefused

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


def place(talk: Talk, action: PlaceOrder) -> Turn:
    """Orders at the total that was shown. A second tap orders nothing more."""
    there = talk.with_session(replace(talk.session, pending=None, contact_asked=False))

    def act(uow: UnitOfWork) -> Turn:
        result = order(talk, uow, action.provider, action.total_minor)
        if result is None:
            return next_step(talk, uow)
        if isinstance(result, OrderRefused):
            return refused(talk, uow, result)
        return ordered(there, uow, result)

    return Turn((), there.session, act)


ABILITY = Ability(actions={PlaceOrder: place})
