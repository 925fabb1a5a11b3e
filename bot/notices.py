"""News that the shop has for a shopper, put into words when it is sent. One line a notice in the registry.

A notice waits in the outbox as its facts; what it says is read from the shop at the last moment, in the language the
shopper used last.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import handoff_notices, offer_notices, order_notices, pick_up_notices, return_notices, stock_notices
from bot.conversation.actions import FindInStore, Unlink, encode
from bot.conversation.linking import door
from bot.messages import Button, Reply
from bot.news import News
from commerce.domain.customer import Contact

if TYPE_CHECKING:
    from commerce.wiring import Shop


def reservation_expired(news: News) -> Reply | None:
    reservation = news.uow.reservations.get(str(news.facts.get("reservation_id", "")))
    if reservation is None:
        return None
    found = [news.uow.products.by_variant(line.variant_id) for line in reservation.lines]
    items = " + ".join(
        ", ".join(part for part in (product.title(news.language), variant.size) if part)
        for product, variant in filter(None, found)
    )
    first = next(filter(None, found), None)
    text = news.t("Reservation released, nothing to pay.")
    if items:
        text += " " + news.t("It was {items}, code {code}.", items=items, code=reservation.code)
    buttons = (Button(news.t("Find in store"), encode(FindInStore(first[0].id))),) if first else ()
    return Reply(text, buttons=buttons, language=news.language)


def linked(news: News) -> Reply | None:
    """Who made a link in a conversation hears there that it was accepted; None when it was undone since."""
    merge = news.uow.links.merge(news.fact("merge_id"))
    if merge is None or merge.undone_at is not None:
        return None
    if news.fact("language") in news.shop.settings.languages:  # that of this conversation, not of who accepted
        news = replace(news, language=news.fact("language"))
    where = door(news.fact("channel")) or news.t("our site")
    text = news.t(
        "Your link was opened: this conversation is now joined with {where}. If that was not you, unlink it.",
        where=where,
    )
    return news.reply(text, Button(news.t("Unlink"), encode(Unlink())))


NOTICES: dict[str, Callable[[News], Reply | None]] = {
    "reservation_expired": reservation_expired,
    "linked": linked,
    "payment_ready": order_notices.payment_ready,
    "payment_refused": order_notices.payment_refused,
    "payment_failed": order_notices.payment_failed,
    "order_placed": order_notices.order_placed,
    "order_paid": order_notices.order_paid,
    "order_expired": order_notices.order_expired,
    "order_late_money": order_notices.order_late_money,
    "order_moved": order_notices.order_moved,
    "refund_done": order_notices.refund_done,
    "order_code": order_notices.order_code,
    "store_resumed": order_notices.store_resumed,
    "withdrawal_receipt": return_notices.withdrawal_receipt,
    "return_received": return_notices.return_received,
    "return_rejected": return_notices.return_rejected,
    "exchange_expired": return_notices.exchange_expired,
    "pick_up_accepted": pick_up_notices.accepted,
    "pick_up_ready": pick_up_notices.ready,
    "pick_up_handed": pick_up_notices.handed,
    "pick_up_reminder": pick_up_notices.reminder,
    "reservation_lost": stock_notices.reservation_lost,
    "order_lost": stock_notices.order_lost,
    "offer_made": offer_notices.offer_made,
    "offer_over": offer_notices.offer_over,
    "back_in_stock": offer_notices.back_in_stock,
    "wait_lost": offer_notices.wait_lost,
    "bot_is_back": handoff_notices.bot_is_back,
    "call_back_offered": handoff_notices.call_back_offered,
}


def in_words(shop: Shop, contact: Contact, kind: str, body: str) -> Reply | None:
    """The notice as a reply; None when there is nothing to say any more. Raises ValueError for an unknown kind or a
    body that is not a JSON object."""
    put = NOTICES.get(kind)
    if put is None:
        raise ValueError(f"unknown notice {kind!r}")
    facts = json.loads(body)
    if not isinstance(facts, dict):
        raise ValueError(f"notice {kind!r} without facts")
    with shop.storage.read() as uow:
        customer = uow.customers.by_contact(contact)
        offered = shop.settings.languages
        language = customer.language if customer and customer.language in offered else offered[0]
        return put(News(shop, uow, contact, shop.clock.now(), language, facts))
