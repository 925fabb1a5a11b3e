"""How the make-believe provider misbehaves: by words in the shopper's e-mail address, or by call.

`sam+twice+late@example.com` has all its calls sent twice and ten minutes late. Words that are not in the table mean
nothing.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """How one call fails. After `*_DONE` the thing has happened all the same. `ERROR_500*` is kept under the key and
    given again on every repetition, as Stripe does (https://docs.stripe.com/api/idempotent_requests)."""

    UNREACHABLE = "unreachable"  # no connection: RetryLater
    BUSY = "busy"  # 429: RetryLater
    DECLINED = "declined"  # PaymentRefused
    TIMEOUT = "timeout"  # PaymentUnknown; nothing has happened
    TIMEOUT_DONE = "timeout_done"
    ERROR_500 = "error_500"  # PaymentUnknown; nothing has happened
    ERROR_500_DONE = "error_500_done"


class Tag(StrEnum):
    """A word after a + in the part of an e-mail address before the @."""

    DECLINED = "declined"
    SHORT = "short"
    EAGER = "eager"
    START_TIMEOUT = "start-timeout"
    START_500 = "start-500"
    START_DECLINED = "start-declined"
    SILENT = "silent"
    LATE = "late"
    TWICE = "twice"
    SHUFFLED = "shuffled"
    SLOW_REFUND = "slow-refund"
    NO_REFUND = "no-refund"


TAGS: dict[Tag, str] = {
    Tag.DECLINED: "Every payment is declined on the provider's page.",
    Tag.SHORT: "One minor unit too little is collected.",
    Tag.EAGER: "The shopper has paid before the start is answered.",
    Tag.START_TIMEOUT: "The session is made, and the answer to the first start is lost.",
    Tag.START_500: "The session is made, and every start answers 500.",
    Tag.START_DECLINED: "The start is refused for good.",
    Tag.SILENT: "No call ever comes: only asking tells.",
    Tag.LATE: "Calls come ten minutes late.",
    Tag.TWICE: "Every call comes twice.",
    Tag.SHUFFLED: "After the call that it is paid comes an older one that it is not.",
    Tag.SLOW_REFUND: "Refunds are pending for ten minutes.",
    Tag.NO_REFUND: "Refunds are refused for good.",
}

LATE_S = 600


def tags_of(email: str) -> frozenset[Tag]:
    """The words of an address that mean something here."""
    words = email.partition("@")[0].casefold().split("+")[1:]
    known = {tag.value: tag for tag in Tag}
    return frozenset(known[word] for word in words if word in known)
