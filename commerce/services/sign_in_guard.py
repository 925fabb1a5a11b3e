"""Guessing passwords: the first tries are free, then they become slow, then the door stays shut for a while."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from commerce.ports import Clock, UnitOfWork

QUICK_TRIES = 5
SLOW_FOR = timedelta(seconds=10)  # between two tries, from then on
TRIES = 10  # then the login is locked
LOCKED_FOR = timedelta(minutes=15)
WRONG_PER_ADDRESS = 30  # whatever the logins were


class SignInGuard:
    """Counts for every login, known or not: the answers tell nothing. A try counts before it is compared, by one
    statement: many at once are not more tries.

    A browser that has signed in as somebody before has tries of its own: strangers cannot lock its people out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def ask(self, uow: UnitOfWork, who: str, address: str = "", *, known: bool = False) -> timedelta | None:
        """Counts a try; how long to wait instead, or None. The caller's transaction must commit either way."""
        now, tries = self._clock.now(), _key("tries", who, known)
        if address and int(uow.state.get(_key("wrong", address), now) or 0) >= WRONG_PER_ADDRESS:
            return LOCKED_FOR
        before = int(uow.state.get(tries, now) or 0)
        slow = _key("slow", who, known)
        if QUICK_TRIES <= before < TRIES and uow.state.count(slow, now, now + SLOW_FOR, most=1) > 1:
            return SLOW_FOR
        number = uow.state.count(tries, now, now + LOCKED_FOR, most=TRIES)
        return LOCKED_FOR if number > TRIES else None

    def wrong(self, uow: UnitOfWork, who: str, address: str = "", *, known: bool = False) -> bool:
        """Whether this was the last try before the lock."""
        now = self._clock.now()
        if address:
            uow.state.count(_key("wrong", address), now, now + LOCKED_FOR, most=WRONG_PER_ADDRESS)
        return int(uow.state.get(_key("tries", who, known), now) or 0) == TRIES

    def right(self, uow: UnitOfWork, who: str, *, known: bool = False) -> None:
        uow.state.delete(_key("tries", who, known))


def _key(what: str, who: str, known: bool = False) -> str:
    """Neither logins nor addresses are kept."""
    digest = hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"sign-in:{what}:{'known' if known else 'any'}:{digest}"
