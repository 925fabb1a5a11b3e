"""Three lines for whoever takes over: what somebody wants, what they have of ours, what went wrong. Facts alone."""

from __future__ import annotations

import json
from pathlib import Path

from commerce.domain.conversation import HandoffReason, Matter, Need
from commerce.domain.mail import Direction
from commerce.domain.money import Money
from commerce.domain.order import Order, OrderState
from commerce.domain.reservation import Reservation, ReservationState
from commerce.i18n import Translator, format_money
from commerce.ports import UnitOfWork

words = Translator(Path(__file__).parents[1])

LONGEST_QUOTE = 160
MOST_SHOWN = 2  # products, reservations
_LOOKED_BACK = 12  # entries of the thread in which the last words may be


class SummingUp:
    """In the shop's first language: `language`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def summary(self, uow: UnitOfWork, customer_id: str, need: Need, order: Order | None) -> str:
        """At most three lines. `order` is the one it is about."""
        lines = (self._wanted(uow, customer_id, need), self._facts(uow, customer_id, need, order), self._why(need))
        return "\n".join(line for line in lines if line)

    def _wanted(self, uow: UnitOfWork, customer_id: str, need: Need) -> str:
        said, photo = _last_said(uow, customer_id)
        quote = " ".join((need.words or said).split())
        if len(quote) > LONGEST_QUOTE:
            quote = quote[: LONGEST_QUOTE - 1].rstrip() + "…"
        parts = (
            self._matter(need.matter),
            self._t("“{words}”", words=quote) if quote else "",
            self._t("with a photo") if photo else "",
        )
        return " — ".join(part for part in parts if part)

    def _facts(self, uow: UnitOfWork, customer_id: str, need: Need, order: Order | None) -> str:
        parts = [self._order(order)] if order is not None else []
        held = uow.reservations.of_customer(customer_id, only_open=True)[:MOST_SHOWN]
        parts += [self._reservation(uow, each) for each in held]
        cart = uow.carts.of_customer(customer_id)
        if cart is not None and cart.wanted:
            parts.append(self._t("{count} in the cart", count=sum(line.quantity for line in cart.wanted)))
        looked_at = [uow.products.get(product_id) for product_id in need.looked_at[:MOST_SHOWN]]
        titles = [product.title(self._language) for product in looked_at if product is not None]
        if titles:
            parts.append(self._t("looked at: {titles}", titles=", ".join(titles)))
        return " · ".join(parts)

    def _order(self, order: Order) -> str:
        items = ", ".join(f"{line.quantity} × {line.title(self._language)}" for line in order.lines)
        total = format_money(Money(order.total_minor, order.currency), self._language)
        return self._t(
            "Order {number}: {items}, {total}, {state}",
            number=order.number,
            items=items,
            total=total,
            state=self._order_state(order.state),
        )

    def _reservation(self, uow: UnitOfWork, reservation: Reservation) -> str:
        store = uow.stores.get(reservation.store_id)
        return self._t(
            "Reservation {code}, {store}: {state}",
            code=reservation.code,
            store=store.name(self._language) if store else reservation.store_id,
            state=self._reservation_state(reservation.state),
        )

    def _t(self, msgid: str, **values: object) -> str:
        return words(self._language, msgid, **values)

    def _matter(self, matter: Matter) -> str:
        match matter:
            case Matter.RETURNS:
                return self._t("Return or problem")
            case Matter.PAYMENT:
                return self._t("Payment")
            case Matter.SIZES:
                return self._t("Sizes")
            case Matter.ORDERS:
                return self._t("Order")
            case Matter.NONE:
                return ""

    def _why(self, need: Need) -> str:
        match need.reason:
            case HandoffReason.ASKED:
                return self._t("Asked for a person.")
            case HandoffReason.NOT_UNDERSTOOD:
                return self._t("The bot did not understand, twice.")
            case HandoffReason.ANGRY:
                return self._t("Is angry.")
            case HandoffReason.ORDER_TROUBLE:
                return self._t("Something is wrong with an order.")
            case HandoffReason.BAD_RATING:
                return self._t("Was not satisfied.")
            case HandoffReason.STAFF:
                return ""

    def _order_state(self, state: OrderState) -> str:
        match state:
            case OrderState.PENDING_PAYMENT:
                return self._t("not paid yet")
            case OrderState.PLACED:
                return self._t("to be paid in the store")
            case OrderState.PAID:
                return self._t("paid")
            case OrderState.PREPARING:
                return self._t("being prepared")
            case OrderState.READY:
                return self._t("ready")
            case OrderState.SHIPPED:
                return self._t("on its way")
            case OrderState.COMPLETED:
                return self._t("handed over")
            case OrderState.CANCELLED:
                return self._t("cancelled")
            case OrderState.EXPIRED:
                return self._t("expired")
            case OrderState.PAID_UNFULFILLABLE | OrderState.REFUND_PENDING:
                return self._t("being refunded")
            case OrderState.REFUNDED:
                return self._t("refunded")

    def _reservation_state(self, state: ReservationState) -> str:
        match state:
            case ReservationState.PREPARING:
                return self._t("being prepared")
            case ReservationState.READY:
                return self._t("ready")
            case _:
                return self._t("held")  # open ones alone are spoken of


def _last_said(uow: UnitOfWork, customer_id: str) -> tuple[str, bool]:
    """Their last words in a chat, and whether a photo came with them or since."""
    photo = False
    for entry in uow.conversations.thread(customer_id, limit=_LOOKED_BACK):
        if entry.direction is not Direction.IN:
            continue
        body = json.loads(entry.body)
        photo = photo or bool(body.get("photo_key"))
        if text := str(body.get("text") or ""):
            return text, photo
    return "", photo
