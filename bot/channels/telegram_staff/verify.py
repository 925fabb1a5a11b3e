"""Is this webhook call from Telegram? By the secret that we gave it."""

from bot.channels.updates import verify

__all__ = ["verify"]
