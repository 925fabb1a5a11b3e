"""What a shopper keeps of a withdrawal: a text with its content, date and time, written once and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commerce.domain.money import Money
from commerce.domain.order import Order
from commerce.i18n import Translator, format_date, format_moment, format_money

words = Translator(Path(__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The declaration as it was made. `wanted`: units by line position; `refund_minor` goes back until `due_at`."""

    return_id: str
    order: Order
    name: str
    wanted: Mapping[int, int]
    at: datetime
    timezone: str
    channel: str
    refund_minor: int
    due_at: datetime
    goods_are_out: bool  # handed over or on their way: they have to come back


def receipt_text(said: Withdrawal, shop_name: str, language: str) -> str:
    """Plain text, a fact a line, in the language of the conversation; times in the store's zone."""

    def t(msgid: str, **values: object) -> str:
        return words(language, msgid, **values)

    def money(minor: int) -> str:
        return format_money(Money(minor, said.order.currency), language)

    items = [
        f"{said.wanted[line.position]} × {line.title(language)} ({line.sku})"
        for line in said.order.lines
        if said.wanted.get(line.position)
    ]
    lines = [
        t("RECEIPT OF A WITHDRAWAL FROM A CONTRACT"),
        "",
        t("Shop: {shop}", shop=shop_name),
        t(
            "Received on: {moment} ({zone})",
            moment=format_moment(said.at, language, said.timezone),
            zone=said.timezone,
        ),
        t(
            "Order: no. {number} of {day}",
            number=said.order.number,
            day=format_date(said.order.created_at, language, said.timezone),
        ),
        t("Name: {name}", name=said.name),
        t("This receipt goes to: {channel}", channel=said.channel),
        "",
        t("Declaration: “I withdraw from my contract of sale of the goods below.”"),
        "",
        *items,
        "",
        t(
            "To be refunded: {amount}, by {day} at the latest, the way it was paid.",
            amount=money(said.refund_minor),
            day=format_date(said.due_at, language, said.timezone),
        ),
        *([t("Please send or bring the goods back within 14 days.")] if said.goods_are_out else []),
        t("Reference: {reference}", reference=said.return_id),
    ]
    return "\n".join(lines) + "\n"
