"""News of an order: where to pay, the receipt, how it goes on, what came back. All say the order's number."""

from __future__ import annotations

from dataclasses import replace

from bot import pick_up_notices
from bot.conversation import getting_it
from bot.conversation.actions import ChangeCart, OrderStatus, Pay, PayOrder, encode
from bot.conversation.cards import similar_button
from bot.conversation.choosing_slots import question
from bot.conversation.order_words import items_of, order_lines, store_of, where
from bot.conversation.scanned import qr_png
from bot.conversation.store_list import directions_button, store_name
from bot.conversation.summary import IN_CHAT, PAY_IN_STORE, link_way, summary
from bot.messages import Button, Invoice, InvoiceItem, Reply, ReplyPicture
from bot.news import News
from commerce.domain.cart import Fulfilment
from commerce.domain.collecting import PickUpKind, PickUpRef
from commerce.domain.money import Money
from commerce.domain.order import NotApproved, Order, OrderState
from commerce.domain.payment import OPEN_PAYMENTS, PaymentAttempt, RefundReason
from commerce.i18n import format_time

_QR_OF_A_LINK = 600  # characters that a telephone still reads off a screen
_DESCRIPTION = 255


def payment_ready(news: News) -> Reply | None:
    """An invoice where the chat has them, else the page to pay at; nothing for what can no longer be paid."""
    order = _order(news)
    attempt = news.uow.payments.get(news.fact("attempt_id"))
    if order is None or attempt is None or order.state is not OrderState.PENDING_PAYMENT:
        return None
    if attempt.state not in OPEN_PAYMENTS:
        return None
    total = news.money(attempt.amount)
    if attempt.provider in IN_CHAT:
        return _invoice(news, order, attempt, total)
    if not attempt.url:
        return None
    text = news.t("Order {number}: pay {total} here.", number=order.number, total=total)
    if order.expires_at is not None:
        text += " " + news.t("Everything is held for you until {time}.", time=_time(news, order))
    picture = None
    if len(attempt.url) <= _QR_OF_A_LINK:
        picture = ReplyPicture(news.t("QR code of the page to pay at"), png=qr_png(attempt.url))
    return news.reply(text, Button(news.t("Pay {total}", total=total), url=attempt.url), picture=picture)


def _invoice(news: News, order: Order, attempt: PaymentAttempt, total: str) -> Reply:
    """Its lines are those of the order and sum up to what is collected."""
    items = [InvoiceItem(f"{line.quantity} × {line.title(news.language)}", line.total_minor) for line in order.lines]
    rest = attempt.amount.minor - sum(item.amount_minor for item in items)
    if rest:
        items.append(InvoiceItem(news.t("Delivery"), rest))
    number = news.t("Order {number}", number=order.number)
    text = news.t("Order {number}: pay {total} here.", number=order.number, total=total)
    return Reply(
        text,
        buttons=_link_button(news, order),
        language=news.language,
        invoice=Invoice(
            reference=attempt.id,
            title=number,
            description=items_of(news, order)[:_DESCRIPTION] or number,
            currency=attempt.amount.currency,
            items=tuple(items),
            pay_label=news.t("Pay"),
        ),
    )


def _link_button(news: News, order: Order) -> tuple[Button, ...]:
    """The same order paid on a page instead."""
    way = link_way(news.shop.quoting.providers_for(order.fulfilment, order.currency))
    if not way:
        return ()
    return (Button(news.t("Payment link"), encode(PayOrder(order.id, way))),)


def payment_refused(news: News) -> Reply | None:
    """Somebody wanted to pay and could not, nothing was charged: why, and what can be done."""
    order = _order(news)
    if order is None:
        return None
    reason = news.fact("reason")
    cart = news.uow.carts.of_customer(order.customer_id)
    again = Button(news.t("Start again"), encode(Pay()))
    store = news.uow.stores.get(order.store_id)
    if reason == NotApproved.ALREADY_PAID or cart is None or not cart.wanted:
        return None
    if reason == NotApproved.PRICE_CHANGED:
        quote = news.shop.quoting.quote(news.uow, cart, customer_id=order.customer_id, contact=news.contact)
        text = news.t("The price has changed since. You have not been charged. Here is the new total:")
        return summary(news, news.uow, quote, text) if quote.can_be_ordered else news.reply(text, again)
    if reason == NotApproved.SOLD_OUT:
        text = news.t("{items}: the last one was just sold. You have not been charged.", items=items_of(news, order))
    elif reason == NotApproved.STORE_PAUSED and store is not None:
        text = news.t("{store} takes no orders at this moment.", store=store_name(news, store))
    else:
        return news.reply(news.t("Order {number} is over. You have not been charged.", number=order.number), again)
    near = store.point if store else None
    found = getting_it.ways(news, news.uow, cart, near, without=order.store_id)
    change = Button(news.t("Change the cart"), encode(ChangeCart()))
    bought = news.uow.products.by_variant(order.lines[0].variant_id)
    likes = (similar_button(news, bought[0].id),) if bought else ()
    if found.is_none:
        nowhere = news.t("No other place has all of it at the moment.")
        return news.reply(f"{text}\n{nowhere}", *likes, change)
    elsewhere = news.t("You can still have it here:")
    listed = getting_it.lines(news, found, near)
    return news.reply("\n".join((text, "", elsewhere, *listed)), *getting_it.buttons(news, found), *likes, change)


def order_paid(news: News) -> Reply | None:
    """The receipt."""
    order = _order(news)
    if order is None:
        return None
    paid = news.t("Thank you! Order {number} is paid: {total}.", number=order.number, total=_total(news, order))
    return _confirmation(news, order, paid)


def order_placed(news: News) -> Reply | None:
    order = _order(news)
    if order is None:
        return None
    text = news.t(
        "Order {number} is placed: {total}, to be paid in the store.", number=order.number, total=_total(news, order)
    )
    return _confirmation(news, order, text)


def _confirmation(news: News, order: Order, text: str) -> Reply:
    store = store_of(news.uow, order)
    lines = [text, *order_lines(news, order), where(news, order.fulfilment, store, order.address)]
    if store is not None:
        if order.pickup_code:
            lines.append(news.t("Code {code}.", code=order.pickup_code))
        lines.append(news.t("It is not ready before my “ready” message."))
    when = question(news, news.uow, PickUpRef(PickUpKind.ORDER, order.id))
    if when is not None:
        lines.append(when.text)
    return news.reply(
        "\n".join(line for line in lines if line),
        *(when.buttons if when else ()),
        _track(news, order),
        *(directions_button(news, store) if store else ()),
    )


def payment_failed(news: News) -> Reply | None:
    order = _order(news)
    if order is None or order.state is not OrderState.PENDING_PAYMENT:
        return None
    text = news.t("The payment of order {number} did not go through. Nothing was charged.", number=order.number)
    if order.expires_at is not None:
        text += " " + news.t("Everything is held for you until {time}.", time=_time(news, order))
    return news.reply(text, Button(news.t("Try again"), encode(PayOrder(order.id))))


def order_expired(news: News) -> Reply | None:
    order = _order(news)
    if order is None:
        return None
    if order.pickup_code:  # it was to be paid at the counter: nobody came
        text = news.t("Order {number} is cancelled. There is nothing to pay.", number=order.number)
        what = news.t("It was {items}, code {code}.", items=items_of(news, order), code=order.pickup_code)
        return news.reply(f"{text} {what}")
    text = news.t(
        "Order {number} is over: it was not paid in time. Nothing was charged. What you chose is still in your cart.",
        number=order.number,
    )
    return news.reply(text, Button(news.t("Start again"), encode(Pay())))


def order_late_money(news: News) -> Reply | None:
    """Money came when the order was over and nothing was left, or it was bought again since: it goes back by itself."""
    order = _order(news)
    if order is None:
        return None
    number, total = order.number, _total(news, order)
    if any(refund.reason is RefundReason.PAID_TWICE for refund in news.uow.payments.refunds_of(order.id)):
        text = news.t(
            "Your payment for order {number} came after its time was over, and you had ordered the same again "
            "meanwhile. We are sending all of it back: {total}.",
            number=number,
            total=total,
        )
    else:
        text = news.t(
            "Your payment for order {number} came after its time was over, and the last one has been sold. We are "
            "sending all of it back: {total}.",
            number=number,
            total=total,
        )
    return news.reply(text, _track(news, order))


def order_moved(news: News) -> Reply | None:
    """How it goes on; nothing about a state that is past already."""
    order = _order(news)
    if order is None or news.fact("state") not in ("", order.state.value):
        return None
    store = store_of(news.uow, order)
    number = order.number
    match order.state:
        case OrderState.PREPARING:
            if _was_accepted(news, order):
                return None  # its shopper has heard so then
            return news.reply(news.t("Order {number} is being prepared.", number=number), _track(news, order))
        case OrderState.READY if store is not None:
            return pick_up_notices.ready(_of_pick_up(news, order))
        case OrderState.SHIPPED:
            text = news.t("Order {number} is on its way.", number=number)
            sent_to = where(news, order.fulfilment, None, order.address)
            return news.reply(f"{text}\n{sent_to}".strip(), _track(news, order))
        case OrderState.COMPLETED if order.fulfilment is Fulfilment.PICKUP:
            text = news.t("Order {number} was handed over. Thanks! All good?", number=number)
            return news.reply(text, *pick_up_notices.after_buttons(news, PickUpRef(PickUpKind.ORDER, order.id)))
        case OrderState.COMPLETED:
            return news.reply(news.t("Order {number} was delivered. Thank you!", number=number))
        case OrderState.CANCELLED:
            return news.reply(news.t("Order {number} is cancelled. There is nothing to pay.", number=number))
        case OrderState.REFUND_PENDING:
            return news.reply(news.t("Order {number}: the refund is on its way.", number=number))
        case _:
            return None


def refund_done(news: News) -> Reply | None:
    order = _order(news)
    refund = news.uow.payments.refund(news.fact("refund_id"))
    if order is None or refund is None:
        return None
    text = news.t("Order {number}: {amount} refunded.", number=order.number, amount=news.money(refund.amount))
    attempt = news.uow.payments.get(refund.attempt_id)
    if attempt is None or attempt.provider != PAY_IN_STORE:
        text += " " + news.t("Your bank shows it within a few days.")
    return news.reply(text)


def store_resumed(news: News) -> Reply | None:
    """Somebody wanted to know; nothing when the store has paused again."""
    store = news.uow.stores.get(news.fact("store_id"))
    if store is None or news.shop.pausing.each_in_force(news.uow, store.id):
        return None
    text = news.t("{store} takes orders again.", store=store_name(news, store))
    return news.reply(text, Button(news.t("Pay"), encode(Pay())))


def order_code(news: News) -> Reply | None:
    """Somebody asks about an order from another chat: if it is them, they read this."""
    order = _order(news)
    if order is None:
        return None
    text = news.t(
        "Somebody asks about your order {number} from another chat. If that is you, write this code there: {code}. If "
        "not, there is nothing to do.",
        number=order.number,
        code=news.fact("code"),
    )
    return news.reply(text)


def _was_accepted(news: News, order: Order) -> bool:
    known = news.uow.pick_ups.details(PickUpRef(PickUpKind.ORDER, order.id))
    return known is not None and known.accepted_at is not None


def _of_pick_up(news: News, order: Order) -> News:
    return replace(news, facts={"kind": PickUpKind.ORDER.value, "id": order.id})


def _order(news: News) -> Order | None:
    return news.uow.orders.get(news.fact("order_id"))


def _total(news: News, order: Order) -> str:
    return news.money(Money(order.total_minor, order.currency))


def _time(news: News, order: Order) -> str:
    store = news.uow.stores.get(order.store_id)
    assert order.expires_at is not None
    return format_time(order.expires_at, news.language, store.timezone if store else "UTC")


def _track(news: News, order: Order) -> Button:
    return Button(news.t("Track my order"), encode(OrderStatus(order.id)))
