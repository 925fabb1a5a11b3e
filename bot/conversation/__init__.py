"""The conversation: `handle` turns a message into a turn. One file a thing people want; the registry lists them."""

from bot.conversation.handling import arrived, handle
from bot.conversation.talk import Fetch, Turn

__all__ = ["Fetch", "Turn", "arrived", "handle"]
