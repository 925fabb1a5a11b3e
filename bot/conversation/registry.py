"""Everything a conversation can do: one line a file. What answers an intent, a tap or a photo is found here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from bot.conversation import (
    basket,
    browse,
    calling,
    catalogues,
    checkout,
    checkout_answers,
    choosing_slots,
    coming,
    garments,
    linking,
    offered,
    order_status,
    paying,
    person,
    photo,
    product,
    putting_in,
    reserve,
    returns,
    sending,
    sizes,
    smalltalk,
    stores,
    suggesting,
    trouble,
    waits,
    waits_in_words,
    withdrawal,
)
from bot.conversation.actions import Action
from bot.conversation.talk import Ability, Heard, Talk, Turn
from bot.sessions import Question
from commerce.understanding import Intent

ABILITIES: tuple[Ability, ...] = (
    browse.ABILITY,
    suggesting.ABILITY,
    photo.ABILITY,
    garments.ABILITY,
    product.ABILITY,
    sizes.ABILITY,
    stores.ABILITY,
    reserve.ABILITY,
    coming.ABILITY,
    choosing_slots.ABILITY,
    offered.ABILITY,
    sending.ABILITY,
    waits.ABILITY,
    waits_in_words.ABILITY,
    returns.ABILITY,
    withdrawal.ABILITY,
    checkout.ABILITY,
    checkout_answers.ABILITY,
    paying.ABILITY,
    order_status.ABILITY,
    putting_in.ABILITY,
    basket.ABILITY,
    linking.ABILITY,
    catalogues.ABILITY,
    trouble.ABILITY,
    person.ABILITY,
    calling.ABILITY,
    smalltalk.ABILITY,
)

# A finer wish that no file answers is taken for the wider one.
_WIDER = {
    Intent.CANCEL_ORDER: Intent.ORDER_STATUS,
}


@cache
def on_intent() -> dict[Intent, Callable[[Talk], Turn]]:
    found = _joined([ability.intents for ability in ABILITIES])
    return {wider: found[of] for wider, of in _WIDER.items() if of in found} | found


@cache
def on_action() -> dict[type[Action], Callable[[Talk, Any], Turn]]:
    return _joined([ability.actions for ability in ABILITIES])


@cache
def on_heard() -> dict[Heard, Callable[[Talk], Turn]]:
    return _joined([ability.heard for ability in ABILITIES])


@cache
def on_answer() -> dict[Question, Callable[[Talk, bool], Turn]]:
    return _joined([ability.answers for ability in ABILITIES])


@cache
def on_typed() -> dict[Question, Callable[[Talk], Turn | None]]:
    return _joined([ability.typed for ability in ABILITIES])


@cache
def on_shown() -> dict[Question, Callable[[Talk], Turn | None]]:
    return _joined([ability.shown for ability in ABILITIES])


def _joined(tables: list[Any]) -> dict[Any, Any]:
    """One table of all; two files that claim the same thing are a mistake of ours."""
    joined: dict[Any, Any] = {}
    for table in tables:
        for key, handler in table.items():
            if key in joined:
                raise ValueError(f"two answers to {key!r}")
            joined[key] = handler
    return joined
