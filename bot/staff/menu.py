"""What the apps offer when a member types a slash. https://core.telegram.org/bots/api#setmycommands"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.telegram_staff import off_because
from bot.channels.telegram_staff.client import StaffTelegramClient
from bot.wording import words

if TYPE_CHECKING:
    from commerce.settings import Settings


def offer_commands(settings: Settings) -> bool:
    """In each of the shop's languages, and in its first one for everybody else. False where there is no bot. Raises
    RetryLater, SendRefused or SendUnknown."""
    if off_because(settings):
        return False
    client = StaffTelegramClient(settings.staff_telegram_token.get_secret_value(), settings.telegram_api_url)
    try:
        client.set_commands(commands(settings.default_language))
        for language in settings.languages:
            client.set_commands(commands(language), language)
    finally:
        client.close()
    return True


def commands(language: str) -> list[tuple[str, str]]:
    return [
        ("board", words(language, "What is to be collected")),
        ("pause", words(language, "No online orders for a while")),
        ("resume", words(language, "Online orders again")),
        ("here", words(language, "What this group hears of")),
        ("help", words(language, "What this bot can do")),
    ]
