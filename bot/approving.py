"""Paying inside a chat: the vendor's question before the charge gets its answer, and money that was taken its order.

Each arrives in a lane of its own beside the chat's (`Contact.urgent`, `Contact.aside`): nothing said there holds them
up, nor they it. The answer leaves through the outbox, at least once; one that comes too late for the vendor is dropped.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.channels.port import PaymentAnswer
from bot.messages import Approval, Message, Paid
from bot.wording import words
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import NotApproved
from commerce.domain.payment import PaymentReport, PaymentState
from commerce.domain.reservation import Refused
from commerce.domain.staff import StaffTask, TaskKind
from commerce.services.alerting import raise_task

if TYPE_CHECKING:
    from commerce.domain.order import Order
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

ANSWER = "payment_answer"  # kind of the outbox's rows
NOTICE_REFUSED = "payment_refused"
WAITS = timedelta(seconds=10)  # Telegram's patience, the least there is
_SHOES = "eu_shoes"
# A vendor tells of a payment and does not ask again: it is tried for more than an hour before a person must look.
PAID_RETRIES = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600))


def approve(shop: Shop, uow: UnitOfWork, message: Message, approval: Approval) -> None:
    """Yes or no, in the caller's one write; with a no, what the shopper can do instead follows in the chat."""
    result = shop.checkout.precheck(uow, approval.reference, approval.amount)
    if not isinstance(result, Refused):
        _reply(uow, message, PaymentAnswer(approval.query_id, ok=True), shop.clock.now())
        return
    attempt = uow.payments.get(approval.reference)
    order = uow.orders.get(attempt.order_id) if attempt else None
    why_not = _why_not(
        _language(shop, uow, message), result.reason, pair=order is not None and _is_a_pair(shop, uow, order)
    )
    _reply(uow, message, PaymentAnswer(approval.query_id, ok=False, why_not=why_not), shop.clock.now())
    contact = uow.orders.contact_of(order.id) if order else None
    if order is not None and contact is not None:
        body = json.dumps({"order_id": order.id, "reason": result.reason.value})
        uow.outbox.add(OutboundMessage(contact, NOTICE_REFUSED, body), shop.clock.now())


def refuse(shop: Shop, uow: UnitOfWork, message: Message, approval: Approval) -> None:
    """When we cannot tell whether it may go on: nobody is charged."""
    sorry = words(
        _language(shop, uow, message), "Something went wrong on our side. You have not been charged. Please try again."
    )
    _reply(uow, message, PaymentAnswer(approval.query_id, ok=False, why_not=sorry), shop.clock.now())


def settle(shop: Shop, uow: UnitOfWork, message: Message, paid: Paid) -> None:
    """Money that the channel's vendor took, in the caller's one write. What belongs to no order of ours is for a
    person to look at."""
    report = PaymentReport(
        provider=message.contact.channel,
        state=PaymentState.CAPTURED,
        attempt_id=paid.reference,
        payment_ref=paid.charge_id,
        amount=paid.amount,
        occurred_at=message.sent_at,
    )
    if shop.paying.settle(uow, report) is None:
        unsettled(shop, uow, message, paid, "no such payment was asked for")


def unsettled(shop: Shop, uow: UnitOfWork, message: Message, paid: Paid, why: str) -> None:
    """Raises a task for the team about money that nobody could put into the books."""
    details = {"charge_id": paid.charge_id, "amount": paid.amount.minor, "currency": paid.amount.currency}
    details |= {"provider": message.contact.channel, "attempt_id": paid.reference[:64], "why": why[:200]}
    raise_task(
        uow,
        StaffTask(
            id=shop.ids.new_id(),
            kind=TaskKind.PAYMENT_UNKNOWN,
            subject=f"{message.contact.channel}:{paid.charge_id}"[:128],
            details=json.dumps(details),
            store_id="",
            created_at=shop.clock.now(),
        ),
    )


def read_answer(body: str) -> tuple[PaymentAnswer, datetime]:
    """The answer in an outbox row, and until when it is worth sending. Raises ValueError."""
    facts = json.loads(body)
    try:
        answer = PaymentAnswer(str(facts["query_id"]), bool(facts["ok"]), str(facts["why_not"]))
        return answer, datetime.fromisoformat(facts["until"])
    except (TypeError, KeyError) as error:
        raise ValueError(f"not an answer: {error!r}") from None


def is_too_late(message: Message, now: datetime) -> bool:
    return now - message.sent_at > WAITS


def _reply(uow: UnitOfWork, message: Message, answer: PaymentAnswer, now: datetime) -> None:
    body = json.dumps({**asdict(answer), "until": (message.sent_at + WAITS).isoformat()}, ensure_ascii=False)
    uow.outbox.add(OutboundMessage(message.contact.urgent, ANSWER, body), now)


def _language(shop: Shop, uow: UnitOfWork, message: Message) -> str:
    customer = uow.customers.by_contact(message.contact)
    offered = shop.settings.languages
    spoken = (customer.language if customer else "", message.language_hint[:2])
    return next((code for code in spoken if code in offered), offered[0])


def _is_a_pair(shop: Shop, uow: UnitOfWork, order: Order) -> bool:
    """Shoes alone: what comes in pairs."""
    found = [uow.products.by_variant(line.variant_id) for line in order.lines]
    try:
        return all(item and shop.lexicon.category(item[0].category).sizes == _SHOES for item in found)
    except KeyError:  # a category of the shop's own
        return False


def _why_not(language: str, reason: NotApproved, *, pair: bool) -> str:
    """What the vendor's app shows in place of the payment."""
    match reason:
        case NotApproved.SOLD_OUT if pair:
            return words(language, "The last pair was just sold. You have not been charged.")
        case NotApproved.SOLD_OUT:
            return words(language, "The last one was just sold. You have not been charged.")
        case NotApproved.PRICE_CHANGED:
            return words(
                language, "The price has changed since. You have not been charged: the new total is in the chat."
            )
        case NotApproved.STORE_PAUSED:
            return words(language, "The store takes no orders at this moment. You have not been charged.")
        case NotApproved.ALREADY_PAID:
            return words(language, "This order is paid already. You have not been charged again.")
        case NotApproved.ORDER_OVER | NotApproved.NOT_FOUND:
            return words(language, "This order is over. You have not been charged.")
