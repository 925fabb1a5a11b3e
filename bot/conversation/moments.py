"""Moments as one says them in a chat."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.talk import Voice
from commerce.i18n import format_deadline, format_time


def when(voice: Voice, moment: datetime, timezone: str) -> str:
    """« aujourd’hui 19:00 », « demain 10:00 », « mer. 11 mars 10:00 »."""
    zone = ZoneInfo(timezone)
    if moment.astimezone(zone).date() == voice.now.astimezone(zone).date() + timedelta(days=1):
        return voice.t("tomorrow {time}", time=format_time(moment, voice.language, timezone))
    return format_deadline(moment, voice.now, voice.language, timezone)


def on_a_button(voice: Voice, moment: datetime, timezone: str) -> str:
    """« 14:00 » for today, with its day for any other one."""
    zone = ZoneInfo(timezone)
    if moment.astimezone(zone).date() == voice.now.astimezone(zone).date():
        return format_time(moment, voice.language, timezone)
    return when(voice, moment, timezone)
