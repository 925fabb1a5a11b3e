"""One inbox row to its end: answered, or tried again a little later, or given up with a word to whoever wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.surprises import described
from commerce.domain.mail import InboxRow
from commerce.errors import StorageError

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

MAX_TRIES = 3
RETRY_AFTER = (timedelta(seconds=1), timedelta(seconds=5))

log = structlog.get_logger(__name__)


def try_to_answer(
    shop: Shop, row: InboxRow, answer: Callable[[InboxRow], None], apologise: Callable[[UnitOfWork, InboxRow], None]
) -> None:
    """Whatever happens the row is not lost: after its last try it is a dead letter, with the apology in the same write.
    A StorageError leaves the row as it is: the caller comes back to it."""
    try:
        answer(row)
    except StorageError:
        raise
    except Exception as error:  # a surprise of any kind must not stop the lane
        reason = described(error)
        log.error("message_failed", inbox=row.id, tries=row.tries + 1, error=reason)
        shop.storage.write(lambda uow: _failed(shop, uow, row, reason, apologise))


def _failed(
    shop: Shop, uow: UnitOfWork, row: InboxRow, reason: str, apologise: Callable[[UnitOfWork, InboxRow], None]
) -> None:
    if row.tries + 1 < MAX_TRIES:
        retry_at = shop.clock.now() + RETRY_AFTER[min(row.tries, len(RETRY_AFTER) - 1)]
        uow.inbox.failed(row.id, reason, retry_at)
        return
    uow.inbox.failed(row.id, reason, None)
    apologise(uow, row)
