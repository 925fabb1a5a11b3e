"""Channels: the messengers and pages through which people talk with the shop. One folder each, one registry line each.

A channel's folder holds the same names: `verify` (is this call authentic?), `parse` (vendor's JSON to Message), `send`
(its Channel) and README.md. A channel whose secret is not set does not exist: no route, nothing to send through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.channels.port import Channel, Hook, Outgoing, Received

if TYPE_CHECKING:
    from commerce.ports import MediaStore
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
]


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What start-up says about a channel. `off_because` is '' for one that works; `hook_off_because` for its route.
    `for_shoppers`: whether it is through it that shoppers talk with the shop, or the people who work there."""

    name: str
    off_because: str
    hook_off_because: str
    for_shoppers: bool = True


@dataclass(frozen=True, slots=True)
class _Adapter:
    """A line of the registry."""

    name: str
    off_because: Callable[[Settings], str]
    build: Callable[[Settings, MediaStore], Channel]
    hook_off_because: Callable[[Settings], str] = lambda settings: "it has no webhook"
    hook: Callable[[Settings], Hook] | None = None
    for_shoppers: bool = True


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
        ChannelState(a.name, a.off_because(settings), a.hook_off_because(settings), a.for_shoppers) for a in _registry()
    ]


def _registry() -> tuple[_Adapter, ...]:
    from bot.channels import recorder, telegram, telegram_staff, terminal, webchat

    return (
        _Adapter("telegram", telegram.off_because, telegram.build, telegram.hook_off_because, telegram.hook),
        _Adapter(
            "telegram-staff",
            telegram_staff.off_because,
            telegram_staff.build,
            telegram_staff.hook_off_because,
            telegram_staff.hook,
            for_shoppers=False,
        ),
        _Adapter("webchat", webchat.off_because, webchat.build),
        _Adapter("terminal", terminal.off_because, terminal.build),
        _Adapter("recorder", recorder.off_because, recorder.build),
    )
