"""What is said about who speaks: the bot is back, or nobody has answered and a call is offered."""

from __future__ import annotations

from bot.conversation.calling import time_buttons
from bot.conversation.person import back_button
from bot.messages import Reply
from bot.news import News


def bot_is_back(news: News) -> Reply | None:
    if news.shop.handoff.is_silent(news.uow, news.contact):
        return None  # somebody of the team has taken it again meanwhile
    return news.reply(news.t("I’m back. Anything else?"))


def call_back_offered(news: News) -> Reply | None:
    customer = news.uow.customers.by_contact(news.contact)
    conversation = news.uow.conversations.get(customer.id) if customer else None
    if customer is None or not news.shop.calling_back.is_awaited(conversation):
        return None  # somebody has answered meanwhile
    times = time_buttons(news, news.shop.calling_back.times(news.uow, customer.id))
    return news.reply(news.t("Shall we call you back?"), *times, back_button(news))
