"""How the team answers: how many answers are canned replies as they are, and how long shoppers wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from commerce.domain.conversation import StaffAnswer
from commerce.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class AnswerShares:
    """Answers of one member, or of everybody. `waited_s` is the median of the waits that are known."""

    staff_id: str
    name: str
    untouched: int
    edited: int
    free: int
    waited_s: int | None

    @property
    def total(self) -> int:
        return self.untouched + self.edited + self.free

    @property
    def untouched_frac(self) -> float:
        return self.untouched / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class AnsweringReport:
    """`by_member` has who answered most first; `team` is all of them together."""

    since: datetime
    until: datetime
    by_member: tuple[AnswerShares, ...]
    team: AnswerShares


def answering_report(uow: UnitOfWork, since: datetime, until: datetime) -> AnsweringReport:
    """From `since` up to `until`."""
    answers = [answer for answer in uow.conversations.answers(since) if answer.at < until]
    names = {member.id: member.name for member in uow.team.all()}
    by_staff: dict[str, list[StaffAnswer]] = {}
    for answer in answers:
        by_staff.setdefault(answer.staff_id, []).append(answer)
    shares = [_shares(staff_id, names.get(staff_id, ""), theirs) for staff_id, theirs in by_staff.items()]
    shares.sort(key=lambda each: (-each.total, each.name, each.staff_id))
    return AnsweringReport(since, until, tuple(shares), _shares("", "", answers))


def _shares(staff_id: str, name: str, answers: Iterable[StaffAnswer]) -> AnswerShares:
    untouched = edited = free = 0
    waits: list[int] = []
    for answer in answers:
        if not answer.canned_id:
            free += 1
        elif answer.edited:
            edited += 1
        else:
            untouched += 1
        if answer.waited_s is not None:
            waits.append(answer.waited_s)
    return AnswerShares(staff_id, name, untouched, edited, free, round(median(waits)) if waits else None)
