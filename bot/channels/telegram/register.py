"""Telling Telegram where our webhook is. https://core.telegram.org/bots/api#setwebhook"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.telegram import account, hook_off_because
from bot.channels.telegram.client import TelegramClient, load_aiogram
from bot.channels.telegram.parse import WANTED_KINDS

if TYPE_CHECKING:
    from aiogram import Bot

    from commerce.settings import Settings

PATH = "/hooks/telegram"
CONNECTIONS = 40  # Telegram's own default


def register_webhook(settings: Settings) -> bool:
    """Sets the webhook with the newest secret; nothing that waits is dropped. False, and nothing done, where there is
    no route for it or no address that Telegram could reach (it takes https alone, but for a stand-in on this machine).

    Call it when the pages are up. Raises RetryLater, SendRefused or SendUnknown; the old webhook stays then.
    """
    stand_in = not settings.telegram_api_url.startswith("https://")
    if hook_off_because(settings) or not (settings.is_https or stand_in) or not account(settings):
        return False
    load_aiogram()
    from aiogram.methods import SetWebhook

    method = SetWebhook(
        url=settings.base_url + PATH,
        secret_token=settings.secrets_of("telegram_secret")[0],
        allowed_updates=list(WANTED_KINDS),
        max_connections=CONNECTIONS,
        drop_pending_updates=False,
    )

    async def announce(bot: Bot) -> bool:
        return await bot(method)

    client = TelegramClient(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    try:
        return client.call(announce)
    finally:
        client.close()
