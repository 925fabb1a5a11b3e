"""Every exception of the shop, in one tree.

    VitrineError
    ├── SettingsError            start-up refuses: a setting is missing, unsafe or contradictory
    ├── IllegalMove              a state machine was asked for a move that its table does not hold
    ├── StaleVersion             somebody else changed the thing since the caller read it
    ├── StorageError
    │   ├── StorageBusy          try again shortly; nothing was written
    │   └── CommitUnknown        the connection died during COMMIT: read again by key, never retry blindly
    ├── VendorError
    │   ├── RetryLater           the vendor asks to wait (`after_s`); nothing was delivered
    │   ├── SendRefused          the vendor will never accept this message; `reason` says why
    │   ├── SendUnknown          no answer: it may or may not have been delivered
    │   ├── PaymentRefused       the provider will never do this; `reason` says why
    │   └── PaymentUnknown       no answer: it may or may not have happened, ask by key or reference
    ├── DrawingFailed            a sheet of ours cannot be drawn
    │   └── DrawingLost          the process that draws has died, or took too long
    ├── IndexNotBuilt            the picture index cannot be built here and now; the text says why
    └── FetchRefused             a page or picture on the web may not or could not be fetched

Expected outcomes that a shopper hears about (sold out, no such size, picture not readable…) are not exceptions:
services return them as frozen values with a reason.
"""

from __future__ import annotations


class VitrineError(Exception):
    """Root of the tree. Never raised itself."""


class SettingsError(VitrineError):
    """A setting is missing, unsafe or contradictory; the text names it and says what to do."""


class IllegalMove(VitrineError):
    """A noun was asked to go from one state to another that its table of moves does not hold."""

    def __init__(self, noun: str, from_state: str, to_state: str) -> None:
        super().__init__(f"{noun}: no move from {from_state} to {to_state}")
        self.noun, self.from_state, self.to_state = noun, from_state, to_state


class StaleVersion(VitrineError):
    """The caller acted on an old version of a thing that somebody else has changed."""


class StorageError(VitrineError):
    """The database could not do what was asked."""


class StorageBusy(StorageError):
    """Another writer holds the database; nothing was written, the caller may try again."""


class CommitUnknown(StorageError):
    """The connection was lost while committing: the work may or may not be durable."""


class VendorError(VitrineError):
    """An outside service did not do what was asked."""


class RetryLater(VendorError):
    """The vendor asks to slow down. Nothing was delivered.

    Args:
        after_s: seconds to wait before the next try; the whole lane waits.
    """

    def __init__(self, after_s: float, reason: str = "") -> None:
        super().__init__(reason or f"retry after {after_s:g} s")
        self.after_s, self.reason = after_s, reason


class SendRefused(VendorError):
    """The vendor refused this message for good (blocked, unknown chat, too long…)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SendUnknown(VendorError):
    """No answer came: the message may have been delivered."""


class PaymentRefused(VendorError):
    """The provider refused for good (declined, not refundable, wrong currency…). `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PaymentUnknown(VendorError):
    """No answer came: money may or may not have moved. Ask again with the same key, or look it up."""


class IndexNotBuilt(VitrineError):
    """The shop cannot see, or another process is building the picture index. What there is goes on answering."""


class FetchRefused(VitrineError):
    """An address may not be fetched, or gave nothing usable. `reason` is a stable word, safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DrawingFailed(VitrineError):
    """A sheet could not be drawn: a picture of ours is damaged, or the process that draws was lost."""


class DrawingLost(DrawingFailed):
    """The process that draws has died, or took too long: the picture's fault or the machine's."""
