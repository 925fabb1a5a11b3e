"""Telling Telegram where the webhook of the staff's bot is. https://core.telegram.org/bots/api#setwebhook"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.telegram_staff import hook_off_because
from bot.channels.telegram_staff.client import StaffTelegramClient
from bot.channels.telegram_staff.parse import WANTED_KINDS

if TYPE_CHECKING:
    from telegram import Bot

    from commerce.settings import Settings

PATH = "/hooks/telegram-staff"
CONNECTIONS = 10  # at a time: a team is small


def register_webhook(settings: Settings) -> bool:
    """As `bot.channels.telegram.register` does for the shopper's bot, with the same answers."""
    stand_in = not settings.telegram_api_url.startswith("https://")
    if hook_off_because(settings) or not (settings.is_https or stand_in):
        return False

    async def announce(bot: Bot) -> bool:
        return await bot.set_webhook(
            settings.base_url + PATH,
            secret_token=settings.secrets_of("staff_telegram_secret")[0],
            allowed_updates=WANTED_KINDS,
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )

    client = StaffTelegramClient(settings.staff_telegram_token.get_secret_value(), settings.telegram_api_url)
    try:
        return client.call(announce)
    finally:
        client.close()
