"""News of what comes back, put into words when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from bot.conversation.actions import Person, encode
from bot.conversation.return_steps import Return, code
from bot.conversation.return_words import difference, receipt_reply
from bot.conversation.talk import Voice
from bot.messages import Button, Reply
from commerce.domain.money import Money
from commerce.domain.returns import ReturnKind, ReturnRequest

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork


class ReturnNotice(Voice, Protocol):
    """A notice about a request to take something back: its facts name it."""

    @property
    def uow(self) -> UnitOfWork: ...
    @property
    def facts(self) -> Mapping[str, object]: ...


def withdrawal_receipt(news: ReturnNotice) -> Reply | None:
    request = _return(news)
    return receipt_reply(news, news.uow, request) if request else None


def return_received(news: ReturnNotice) -> Reply | None:
    request = _return(news)
    order = news.uow.orders.get(request.order_id) if request else None
    if request is None or order is None:
        return None
    text = news.t("Your return for order {number} has arrived.", number=order.number)
    if request.kind is ReturnKind.EXCHANGE:
        text += " " + difference(news, request)
    elif request.refund_minor:
        amount = news.money(Money(request.refund_minor, request.currency))
        text += " " + news.t("{amount} goes back the way you paid.", amount=amount)
    return Reply(text, language=news.language)


def return_rejected(news: ReturnNotice) -> Reply | None:
    request = _return(news)
    order = news.uow.orders.get(request.order_id) if request else None
    if order is None:
        return None
    text = news.t("We cannot take back what you asked for from order {number}.", number=order.number)
    why = str(news.facts.get("note") or "")
    return Reply(
        f"{text} {why}".strip(), buttons=(Button(news.t("Talk to a person"), encode(Person())),), language=news.language
    )


def exchange_expired(news: ReturnNotice) -> Reply | None:
    request = _return(news)
    order = news.uow.orders.get(request.order_id) if request else None
    if order is None:
        return None
    text = news.t(
        "Your exchange for order {number} has ended: its time ran out, and nothing was charged.", number=order.number
    )
    again = Button(news.t("Exchange"), code(Return(order.number, kind=ReturnKind.EXCHANGE.value)))
    return Reply(text, buttons=(again,), language=news.language)


def _return(news: ReturnNotice) -> ReturnRequest | None:
    return news.uow.returns.get(str(news.facts.get("return_id", "")))
