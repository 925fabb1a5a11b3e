"""Telegram: the shopper's bot (README.md beside this file). Nothing here imports aiogram; `send` does when it must."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.port import Channel, Hook, Received
from bot.channels.updates import SECRET, bot_id_of

if TYPE_CHECKING:
    from bot.messages import Capabilities
    from commerce.ports import MediaStore
    from commerce.settings import Settings


def account(settings: Settings) -> str:
    """The bot's id: the digits before the colon of its token. '' when there is no well-formed token."""
    return bot_id_of(settings.telegram_token.get_secret_value())


def off_because(settings: Settings) -> str:
    if not settings.telegram_token.get_secret_value():
        return "VITRINE_TELEGRAM_TOKEN is not set"
    return "" if account(settings) else "VITRINE_TELEGRAM_TOKEN is not a token (digits:letters, from @BotFather)"


def hook_off_because(settings: Settings) -> str:
    secrets = settings.secrets_of("telegram_secret")
    if not secrets:
        return "VITRINE_TELEGRAM_SECRET is not set"
    if not all(SECRET.fullmatch(secret) for secret in secrets):
        return "VITRINE_TELEGRAM_SECRET: Telegram takes 1 to 256 of A-Z a-z 0-9 _ -"
    return off_because(settings)


def build(settings: Settings, media: MediaStore) -> Channel:
    from bot.channels.telegram.send import TelegramChannel

    channel = TelegramChannel(
        token=settings.telegram_token.get_secret_value(),
        account=account(settings),
        api_url=settings.telegram_api_url,
        username=settings.telegram_username,
        provider_token=settings.telegram_payment_token.get_secret_value(),
        media=media,
    )
    channel.client.warm()
    return channel


def hook(settings: Settings) -> Hook:
    from bot.channels.telegram.parse import CHANNEL, split
    from bot.channels.telegram.verify import verify

    secrets, bot = settings.secrets_of("telegram_secret"), account(settings)

    def authentic(headers: Mapping[str, str], body: bytes) -> bool:
        return verify(headers, secrets)

    def events(body: bytes, now: datetime) -> list[Received]:
        return split(body, bot, now)

    return Hook(CHANNEL, authentic, events)


def capabilities() -> Capabilities:
    from bot.channels.telegram.send import CAPABILITIES

    return CAPABILITIES
