"""Telegram: the bot of the people in the store (README.md beside this file). python-telegram-bot is imported by the
first call that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.port import Channel, Hook, Received
from bot.channels.updates import SECRET, bot_id_of

if TYPE_CHECKING:
    from commerce.ports import MediaStore
    from commerce.settings import Settings


def account(settings: Settings) -> str:
    """The bot's id: the digits before the colon of its token. '' when there is no well-formed token."""
    return bot_id_of(settings.staff_telegram_token.get_secret_value())


def off_because(settings: Settings) -> str:
    if not settings.staff_telegram_token.get_secret_value():
        return "VITRINE_STAFF_TELEGRAM_TOKEN is not set"
    if not account(settings):
        return "VITRINE_STAFF_TELEGRAM_TOKEN is not a token (digits:letters, from @BotFather)"
    if account(settings) == bot_id_of(settings.telegram_token.get_secret_value()):
        return "VITRINE_STAFF_TELEGRAM_TOKEN is that of the shopper's bot: the staff need one of their own"
    return ""


def hook_off_because(settings: Settings) -> str:
    secrets = settings.secrets_of("staff_telegram_secret")
    if not secrets:
        return "VITRINE_STAFF_TELEGRAM_SECRET is not set"
    if not all(SECRET.fullmatch(secret) for secret in secrets):
        return "VITRINE_STAFF_TELEGRAM_SECRET: Telegram takes 1 to 256 of A-Z a-z 0-9 _ -"
    return off_because(settings)


def build(settings: Settings, media: MediaStore) -> Channel:
    from bot.channels.telegram_staff.send import StaffTelegram

    channel = StaffTelegram(
        token=settings.staff_telegram_token.get_secret_value(),
        account=account(settings),
        api_url=settings.telegram_api_url,
        media=media,
    )
    channel.client.warm()
    return channel


def hook(settings: Settings) -> Hook:
    from bot.channels.telegram_staff.parse import CHANNEL, split
    from bot.channels.telegram_staff.verify import verify

    secrets, bot = settings.secrets_of("staff_telegram_secret"), account(settings)

    def authentic(headers: Mapping[str, str], body: bytes) -> bool:
        return verify(headers, secrets)

    def events(body: bytes, now: datetime) -> list[Received]:
        return split(body, bot, now)

    return Hook(CHANNEL, authentic, events)
