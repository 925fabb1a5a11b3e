"""What the page stores in the inbox is `bot.channels.neutral` JSON; only files that were uploaded may be named."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.channels import neutral
from bot.messages import Message
from commerce.domain.mail import InboundEvent

UPLOAD = re.compile(r"[A-Za-z0-9_-]{16,128}\.upload")  # a key of the media store that holds a shopper's file


def parse(event: InboundEvent) -> Message | None:
    message = neutral.parse(event)
    if message is None:
        return None
    message = replace(message, media=tuple(ref for ref in message.media if UPLOAD.fullmatch(ref.locator)))
    said = message.text or message.action or message.media or message.location or message.start is not None
    return message if said else None
