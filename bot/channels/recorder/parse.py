"""Events are `bot.channels.neutral` JSON."""

from __future__ import annotations

from bot.channels import neutral
from bot.messages import Message
from commerce.domain.mail import InboundEvent


def parse(event: InboundEvent) -> Message | None:
    return neutral.parse(event)
