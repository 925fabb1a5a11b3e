"""Disputes: a shopper's bank asks for the money of a payment back, and decides weeks later who keeps it.

What a provider tells of one is always the whole of it as it stood at that moment, so the newest word counts, in
whatever order they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.domain.money import Money


class DisputeState(StrEnum):
    INQUIRY = "inquiry"  # the bank asks a question; no money has moved
    NEEDS_RESPONSE = "needs_response"  # the shop is to answer until a day
    UNDER_REVIEW = "under_review"  # the bank decides
    WON = "won"  # the shop keeps the money
    LOST = "lost"  # the bank has given it back to the shopper


_D = DisputeState
# The table of legal moves. A bank may take a case up again, and what was never told is skipped; only a question never
# comes after a case.
DISPUTE_MOVES: dict[DisputeState, frozenset[DisputeState]] = {
    _D.INQUIRY: frozenset({_D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.WON, _D.LOST}),
    _D.NEEDS_RESPONSE: frozenset({_D.UNDER_REVIEW, _D.WON, _D.LOST}),
    _D.UNDER_REVIEW: frozenset({_D.NEEDS_RESPONSE, _D.WON, _D.LOST}),
    _D.WON: frozenset({_D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.LOST}),
    _D.LOST: frozenset({_D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.WON}),
}
OPEN_DISPUTES = frozenset({_D.INQUIRY, _D.NEEDS_RESPONSE, _D.UNDER_REVIEW})
# Giving money back meanwhile would pay it twice. A question is often answered by just that.
NOTHING_GOES_BACK = frozenset({_D.NEEDS_RESPONSE, _D.UNDER_REVIEW})
_RANK = {state: rank for rank, state in enumerate(DisputeState)}


@dataclass(frozen=True, slots=True)
class DisputeReport:
    """What a provider says of one, in a verified call. `is_withheld`: the provider has taken the money meanwhile."""

    provider: str
    reference: str
    payment_ref: str
    state: DisputeState
    amount: Money
    is_withheld: bool
    reason: str  # in the provider's words
    occurred_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """One about one payment. `lost_minor`: what of it the shop has lost, as it is in the books."""

    id: str
    attempt_id: str
    order_id: str
    provider: str
    reference: str
    state: DisputeState
    amount: Money
    is_withheld: bool
    reason: str
    said_at: datetime  # when the provider said this last
    created_at: datetime
    due_at: datetime | None = None
    lost_minor: int = 0
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_DISPUTES


def is_news(seen: Dispute, report: DisputeReport) -> bool:
    """Whether the report says more than what is known. Of two from the same second, the one further on counts."""
    known = _order(seen.said_at, seen.state, seen.is_withheld)
    told = _order(report.occurred_at, report.state, report.is_withheld)
    return told > known and (report.state is seen.state or report.state in DISPUTE_MOVES[seen.state])


def _order(at: datetime, state: DisputeState, is_withheld: bool) -> tuple[datetime, int, bool]:
    """Money is taken when it begins, and comes back when it is over."""
    return at, _RANK[state], is_withheld is (state in OPEN_DISPUTES)
