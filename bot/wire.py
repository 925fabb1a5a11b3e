"""Messages and replies as JSON, for the outbox, for threads, and for pages that show them.

Bytes (a QR code) are URL-safe base64. Reading is strict about shape and raises ValueError for anything else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.messages import Message, Reply

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def _replies() -> TypeAdapter[tuple[Reply]]:
    from pydantic import ConfigDict, TypeAdapter

    # Pydantic takes no configuration for a dataclass of somebody else's, only for what contains it.
    return TypeAdapter(tuple[Reply], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))


@cache
def _messages() -> TypeAdapter[Message]:
    from pydantic import TypeAdapter

    return TypeAdapter(Message)


def reply_to_json(reply: Reply) -> str:
    return _replies().dump_json((reply,), exclude_defaults=False).decode()[1:-1]


def reply_from_json(body: str) -> Reply:
    return _replies().validate_json(f"[{body}]")[0]


def message_to_json(message: Message) -> str:
    """Without the contact, which stands beside it wherever a message is kept."""
    return _messages().dump_json(message, exclude={"contact"}, exclude_defaults=True).decode()
