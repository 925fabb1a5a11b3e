"""Channels: the messengers and pages through which people talk with the shop. One folder each, one registry line each.

A channel's folder holds the same names: `verify` (is this call authentic?), `parse` (vendor's JSON to Message), `send`
(its Channel) and README.md. A channel whose secret is not set does not exist: no route, nothing to send through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.channels.port import Channel, Hook, Outgoing, Received

if TYPE_CHECKING:
    from bot.messages import Capabilities
    from commerce.ports import ChannelRules, MediaStore
    from commerce.settings import Settings

__all__ = [
    "Channel",
    "ChannelState",
    "Hook",
    "Outgoing",
    "Received",
    "build_channels",
    "build_hooks",
    "describe_channels",
    "rules_of_channels",
]


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What start-up says about a channel. `off_because` is '' for one that works; `hook_off_because` for its route.
    `for_shoppers`: whether it is through it that shoppers talk with the shop, or the people who work there."""

    name: str
    off_because: str
    hook_off_because: str
    for_shoppers: bool


@dataclass(frozen=True, slots=True)
class _Adapter:
    """A line of the registry."""

    name: str
    off_because: Callable[[Settings], str]
    build: Callable[[Settings, MediaStore], Channel]
    hook_off_because: Callable[[Settings], str] = lambda settings: "it has no webhook"
    hook: Callable[[Settings], Hook] | None = None
    capabilities: Callable[[], Capabilities] | None = None  # of one on which shoppers are


def build_channels(settings: Settings, media: MediaStore) -> dict[str, Channel]:
    """Every channel that is configured, by name, for the process that sends. Returns at once: vendors' libraries are
    imported in the background."""
    return {a.name: a.build(settings, media) for a in _registry() if not a.off_because(settings)}


def build_hooks(settings: Settings) -> list[Hook]:
    """The doors of the channels that have their secret; the others have no route."""
    return [a.hook(settings) for a in _registry() if a.hook and not a.hook_off_because(settings)]


def describe_channels(settings: Settings) -> list[ChannelState]:
    """What exists and what does not, with the setting that is missing."""
    return [
        ChannelState(a.name, a.off_because(settings), a.hook_off_because(settings), a.capabilities is not None)
        for a in _registry()
    ]


def rules_of_channels() -> dict[str, ChannelRules]:
    """What each channel carries, by its name: for `commerce`, whose staff write through them too."""
    from commerce.ports import ChannelRules

    def rules(can: Capabilities) -> ChannelRules:
        window = None if can.reply_window_s is None else timedelta(seconds=can.reply_window_s)
        return ChannelRules(can.text_limit, can.counts_utf16, window, can.pictures)

    return {a.name: rules(a.capabilities()) for a in _registry() if a.capabilities is not None}


def _registry() -> tuple[_Adapter, ...]:
    from bot.channels import recorder, telegram, telegram_staff, terminal, webchat

    return (
        _Adapter(
            "telegram",
            telegram.off_because,
            telegram.build,
            telegram.hook_off_because,
            telegram.hook,
            telegram.capabilities,
        ),
        _Adapter(
            "telegram-staff",
            telegram_staff.off_because,
            telegram_staff.build,
            telegram_staff.hook_off_because,
            telegram_staff.hook,
        ),
        _Adapter("webchat", webchat.off_because, webchat.build, capabilities=webchat.capabilities),
        _Adapter("terminal", terminal.off_because, terminal.build, capabilities=terminal.capabilities),
        _Adapter("recorder", recorder.off_because, recorder.build, capabilities=recorder.capabilities),
    )
