"""Telegram without a public address: long polling, with the same promises as the webhook.

An update is confirmed to Telegram (by asking for the next ones) only after it is committed here, so one that was lost
on the way comes again and takes effect once. https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.channels import telegram, telegram_staff
from bot.channels.port import Received
from bot.channels.updates import Conflict
from bot.webhooks import WebhookShop, accept
from commerce.errors import RetryLater, SendRefused, SendUnknown, SettingsError, StorageError
from commerce.ports import UnitOfWork

LONG_POLL_S = 25  # Telegram answers at most so late when there is nothing
BATCH = 100  # the most that getUpdates gives
_OFFSET_KEPT = timedelta(days=7)  # after a week without updates Telegram numbers them anew, from anywhere
_BACKOFF_S, _LONGEST_BACKOFF_S = 1.0, 60.0

log = structlog.get_logger(__name__)


class Source(Protocol):
    """A bot that can be asked for what was written to it. Raises like `Channel.send`, and Conflict."""

    def updates(
        self, offset: int | None, limit: int, long_poll_s: int, kinds: tuple[str, ...], stop: threading.Event
    ) -> list[Any]: ...

    def remove_webhook(self) -> None: ...

    def acknowledge(self, query_id: str) -> None: ...

    def close(self) -> None: ...


def poll(
    shop: WebhookShop,
    stop: threading.Event,
    *,
    wake: Callable[[], None] | None = None,
    long_poll_s: int = LONG_POLL_S,
) -> None:
    """Brings the updates of the shopper's bot into the inbox until `stop` is set. A set webhook is removed first;
    nothing is dropped.

    Raises SettingsError when there is no token. Everything else is survived: it waits and goes on.
    """
    from bot.channels.telegram.client import TelegramClient
    from bot.channels.telegram.parse import CHANNEL, WANTED_KINDS, split

    settings = shop.settings
    if missing := telegram.off_because(settings):
        raise SettingsError(missing)
    client = TelegramClient(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    bot = telegram.account(settings)
    _Poller(shop, client, CHANNEL, bot, split, WANTED_KINDS, wake, long_poll_s, stop).run()


def poll_staff(
    shop: WebhookShop,
    stop: threading.Event,
    *,
    wake: Callable[[], None] | None = None,
    long_poll_s: int = LONG_POLL_S,
) -> None:
    """The same for the bot of the people in the store."""
    from bot.channels.telegram_staff.client import StaffTelegramClient
    from bot.channels.telegram_staff.parse import CHANNEL, WANTED_KINDS, split

    settings = shop.settings
    if missing := telegram_staff.off_because(settings):
        raise SettingsError(missing)
    client = StaffTelegramClient(settings.staff_telegram_token.get_secret_value(), settings.telegram_api_url)
    bot = telegram_staff.account(settings)
    _Poller(shop, client, CHANNEL, bot, split, WANTED_KINDS, wake, long_poll_s, stop).run()


class _Poller:
    def __init__(
        self,
        shop: WebhookShop,
        source: Source,
        channel: str,
        account: str,
        split: Callable[[bytes, str, datetime], list[Received]],
        kinds: tuple[str, ...],
        wake: Callable[[], None] | None,
        long_poll_s: int,
        stop: threading.Event,
    ) -> None:
        self._shop, self._source, self._account, self._wake = shop, source, account, wake
        self._split, self._kinds = split, kinds
        self._long_poll_s, self._stop = long_poll_s, stop
        self._key = f"poll:{channel}:{account}"

    def run(self) -> None:
        try:
            self._until_stopped()
        finally:
            self._source.close()

    def _until_stopped(self) -> None:
        backoff_s = _BACKOFF_S
        webhook_removed = False
        while not self._stop.is_set():
            try:
                if not webhook_removed:
                    self._source.remove_webhook()
                    webhook_removed = True
                self._once()
                backoff_s = _BACKOFF_S
                continue
            except Conflict as error:
                log.error("another process polls for this bot, or set a webhook: only one may", reason=str(error))
                webhook_removed = False
                wait_s = backoff_s
            except RetryLater as error:
                log.warning("Telegram asks to wait", after_s=error.after_s, reason=error.reason)
                wait_s = max(error.after_s, backoff_s)
            except (SendUnknown, SendRefused, StorageError) as error:
                if self._stop.is_set():
                    return
                log.warning("polling failed", reason=str(error))
                wait_s = backoff_s
            self._stop.wait(wait_s)
            backoff_s = min(backoff_s * 2, _LONGEST_BACKOFF_S)

    def _once(self) -> None:
        """One long poll: fetch, commit with the new offset, acknowledge taps."""
        offset = self._offset()
        updates = self._source.updates(offset, BATCH, self._long_poll_s, self._kinds, self._stop)
        if not updates:
            return
        now = self._shop.clock.now()
        received: list[Received] = []
        for update in updates:
            received += self._split(json.dumps(update).encode("ascii"), self._account, now)
        if self._commit(received, updates) and self._wake:
            self._wake()
        for event in received:
            if event.answer:
                self._acknowledge(str(event.answer["callback_query_id"]))

    def _commit(self, received: list[Received], updates: list[Any]) -> int:
        """Events and offset in one transaction."""
        known = [update["update_id"] for update in updates if _has_id(update)]

        def work(uow: UnitOfWork) -> None:
            if known:
                now = self._shop.clock.now()
                uow.state.put(self._key, str(max(known) + 1), now + _OFFSET_KEPT)

        new = accept(self._shop, received, work)
        if not known:  # nothing to confirm it by: do not ask for the same again without a pause
            self._stop.wait(_BACKOFF_S)
        return new

    def _offset(self) -> int | None:
        with self._shop.storage.read() as uow:
            value = uow.state.get(self._key, self._shop.clock.now())
        return int(value) if value else None

    def _acknowledge(self, query_id: str) -> None:
        """Stops the button from spinning. Too late or a second time: Telegram refuses, and nothing is lost."""
        try:
            self._source.acknowledge(query_id)
        except (RetryLater, SendRefused, SendUnknown) as error:
            log.info("tap not acknowledged", reason=str(error))


def _has_id(update: object) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)
