"""What comes back, in words: reasons, refusals, what is held, the receipt of a withdrawal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.conversation.return_steps import KeepIt, code
from bot.conversation.scanned import qr_png
from bot.conversation.talk import Talk, Voice
from bot.messages import Button, Reply, ReplyDocument, ReplyPicture
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderLine
from commerce.domain.returns import NotReturned, ReturnKind, ReturnReason, ReturnRequest, ReturnState, ReturnWay
from commerce.domain.store import Store, StoreKind
from commerce.i18n import format_date, format_deadline, format_moment

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork

REASONS = tuple(ReturnReason)
_R = ReturnReason
OFFERED_REASONS: dict[ReturnKind, tuple[ReturnReason, ...]] = {
    ReturnKind.EXCHANGE: (_R.TOO_SMALL, _R.TOO_LARGE, _R.NOT_AS_SHOWN, _R.CHANGED_MIND),
    ReturnKind.RETURN: (_R.TOO_SMALL, _R.TOO_LARGE, _R.NOT_AS_SHOWN, _R.CHANGED_MIND),
    ReturnKind.PROBLEM: (_R.WRONG_ITEM, _R.DAMAGED, _R.NOT_AS_SHOWN),
}


def reason_words(voice: Voice, reason: ReturnReason) -> str:
    match reason:
        case ReturnReason.TOO_SMALL:
            return voice.t("Too small")
        case ReturnReason.TOO_LARGE:
            return voice.t("Too large")
        case ReturnReason.NOT_AS_SHOWN:
            return voice.t("Not as shown")
        case ReturnReason.WRONG_ITEM:
            return voice.t("Wrong item")
        case ReturnReason.DAMAGED:
            return voice.t("Damaged")
        case ReturnReason.CHANGED_MIND:
            return voice.t("I changed my mind")
        case ReturnReason.NONE:
            return voice.t("No reason")


def order_label(voice: Voice, order: Order) -> str:
    """« N° 1042 — Robe midi en lin, 38 »: what a button says of an order."""
    return voice.t("No. {number} — {items}", number=order.number, items=items_of(voice, order))


def items_of(voice: Voice, order: Order) -> str:
    return " + ".join(item(voice, line, line.quantity) for line in order.lines)


def item(voice: Voice, line: OrderLine, quantity: int) -> str:
    """« 2 × Robe midi en lin, 38 »; a single one without its number."""
    title = line.title(voice.language)
    return f"{quantity} × {title}" if quantity > 1 else title


def refusal(voice: Voice, reason: NotReturned, kind: ReturnKind, order: Order | None = None) -> str:
    match reason:
        case NotReturned.NOT_FOUND | NotReturned.NO_SUCH_LINE:
            return voice.t("I cannot find this order among yours.")
        case NotReturned.NOT_YET:
            return voice.t("You do not have it yet: it can come back once you do.")
        case NotReturned.TOO_LATE if kind is ReturnKind.WITHDRAWAL:
            days = voice.shop.settings.withdrawal_days
            return voice.t(
                "The time to withdraw is over: {days} days after you received your order. It could be that an exchange "
                "or a return is still possible.",
                days=days,
            )
        case NotReturned.TOO_LATE:
            return voice.t("It is too late for that: this order came too long ago.")
        case NotReturned.ALREADY:
            return voice.t("That has come back already, or is on its way.")
        case NotReturned.NOT_PAID_ONLINE:
            return voice.t(
                "Withdrawing is for what was ordered and paid at a distance. What you paid for in a store can be "
                "exchanged or returned there."
            )
        case NotReturned.SOLD_OUT:
            return voice.t("That one has just gone. Nothing was changed.")
        case NotReturned.NOT_THE_SAME:
            return voice.t("An exchange is for the same item in another size or colour.")
        case NotReturned.DEARER:
            return voice.t("This one costs more now: the difference is paid in a store, so it cannot go by post.")
        case NotReturned.NO_STORE:
            return voice.t("This store cannot hold it.")
        case NotReturned.OVER:
            return voice.t("This is over already.")


def returns_address(voice: Voice, uow: UnitOfWork, order: Order) -> str:
    """Where parcels come back to, on one line."""
    set_by_shop = voice.shop.settings.returns_address
    if set_by_shop:
        return set_by_shop
    web = next((store for store in uow.stores.all() if store.kind is StoreKind.WEB), None)
    store = web or uow.stores.get(order.store_id)
    if store is None:
        return voice.shop.settings.shop_name
    town = f"{store.postcode} {store.city}".strip()
    return ", ".join(part for part in (voice.shop.settings.shop_name, store.address, town) if part)


def difference(voice: Voice, request: ReturnRequest) -> str:
    """Of an exchange: even, to be paid, or on its way back."""
    amount = voice.money(Money(abs(request.refund_minor), request.currency))
    if request.refund_minor < 0:
        return voice.t("Difference: {amount}, to be paid in the store.", amount=amount)
    if request.refund_minor > 0:
        return voice.t("Difference: {amount}, which goes back to you.", amount=amount)
    return voice.t("Difference: {amount}.", amount=amount)


def asked_for(talk: Talk, uow: UnitOfWork, order: Order, request: ReturnRequest, label: str) -> Reply:
    """What was asked for and what to do now, with the code. `label`: what is held, or what comes back."""
    store = uow.stores.get(request.store_id)
    by_parcel = request.way is ReturnWay.PARCEL
    address = returns_address(talk, uow, order)
    refund = talk.money(Money(max(0, request.refund_minor), request.currency))
    match request.kind:
        case ReturnKind.EXCHANGE if by_parcel:
            text = talk.t(
                "Held for you until {deadline}: {item}. Send the other one to {address}, with the code {code} in the "
                "parcel. The new one leaves as soon as it is here. {difference}",
                deadline=_deadline(talk, request, store),
                item=label,
                address=address,
                code=request.code,
                difference=difference(talk, request),
            )
        case ReturnKind.EXCHANGE:
            text = talk.t(
                "Held for you: {item}. {store}, until {deadline}. Bring the other one and show the code {code}. "
                "{difference}",
                item=label,
                store=store.name(talk.language) if store else "",
                deadline=_deadline(talk, request, store),
                code=request.code,
                difference=difference(talk, request),
            )
        case ReturnKind.PROBLEM:
            text = talk.t(
                "Thank you, I have passed it on: our team looks at it and answers you here. Order {number}: {item}, "
                "code {code}.",
                number=order.number,
                item=label,
                code=request.code,
            )
        case _ if by_parcel:
            text = talk.t(
                "Your return is noted: {item}. Send it to {address}, with the code {code} in the parcel. {amount} goes "
                "back the way you paid.",
                item=label,
                address=address,
                code=request.code,
                amount=refund,
            )
        case _:
            text = talk.t(
                "Your return is noted: {item}. Bring it to any of our stores and show the code {code}. {amount} goes "
                "back the way you paid.",
                item=label,
                code=request.code,
                amount=refund,
            )
    keep = talk.t("Cancel the exchange") if request.kind is ReturnKind.EXCHANGE else talk.t("Keep it after all")
    return talk.reply(
        text,
        buttons=(Button(keep, code(KeepIt(order.number, request.id))),),
        picture=ReplyPicture(talk.t("QR code of {code}", code=request.code), png=_qr(request)),
    )


def _qr(request: ReturnRequest) -> bytes:
    """What the counter scans: the request's id, which nobody guesses, and its code."""
    return qr_png(f"vitrine:return:{request.id}:{request.code}")


def receipt_reply(voice: Voice, uow: UnitOfWork, request: ReturnRequest) -> Reply | None:
    """The receipt of a withdrawal with its file, the same however often it is shown."""
    order = uow.orders.get(request.order_id)
    if order is None or not request.receipt:
        return None
    store = uow.stores.get(order.store_id)
    zone = store.timezone if store else voice.shop.settings.timezone
    due_at = request.due_at or request.created_at + timedelta(days=14)
    text = voice.t(
        "Receipt: withdrawal from order {number}, received on {moment}. {amount} goes back to you by {day} at the "
        "latest.",
        number=order.number,
        moment=format_moment(request.created_at, voice.language, zone),
        amount=voice.money(Money(request.refund_minor, request.currency)),
        day=format_date(due_at, voice.language, zone),
    )
    if request.state is not ReturnState.SETTLED:
        text += " " + voice.t(
            "Please bring the goods to one of our stores or send them to {address} within 14 days, with the code "
            "{code}.",
            address=returns_address(voice, uow, order),
            code=request.code,
        )
    document = ReplyDocument(
        voice.t("withdrawal-{number}.txt", number=order.number),
        request.receipt,
        f"{voice.shop.order_links.url(order.id, '/withdrawal.txt')}&r={request.id}",
    )
    return Reply(text, language=voice.language, document=document)


def _deadline(talk: Talk, request: ReturnRequest, store: Store | None) -> str:
    zone = store.timezone if store else talk.shop.settings.timezone
    return format_deadline(request.due_at or talk.now, talk.now, talk.language, zone)
