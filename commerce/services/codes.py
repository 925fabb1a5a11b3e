"""Codes that people show at a counter: six signs are only safe because few of them may be tried."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.moments import from_us, to_us
from commerce.ports import Clock, UnitOfWork

WRONG_PER_THING = 5  # then it is locked
LOCKED_FOR = timedelta(minutes=10)
WRONG_PER_STORE = 20  # in one window, then the store may try one code every SLOW_FOR
WINDOW = timedelta(minutes=10)
SLOW_FOR = timedelta(seconds=10)


class CodeGuard:
    """A code is compared with the one of the thing that was named, never looked up. A guess counts before it is
    compared, by one statement: many guesses at once are not more guesses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def check(self, uow: UnitOfWork, thing: str, store_id: str, given: str, right: str) -> HandOverRefused | None:
        """None for the right code. `thing` names what the code belongs to ("order:<id>").

        The refusal is a value: the caller's transaction must commit, or the guess was for nothing.
        """
        now = self._clock.now()
        window = to_us(now) // (WINDOW // timedelta(microseconds=1))
        wrong_here = f"codes:store:{store_id}:{window}"
        is_slow = int(uow.state.get(wrong_here, now) or 0) >= WRONG_PER_STORE
        if is_slow and uow.state.count(f"codes:slow:{store_id}", now, now + SLOW_FOR, most=1) > 1:
            return HandOverRefused(NotHandedOver.SLOW, at=now + SLOW_FOR)
        tries, lock = f"codes:tries:{thing}", f"codes:locked:{thing}"
        number = uow.state.count(tries, now, now + LOCKED_FOR, most=WRONG_PER_THING)
        if number > WRONG_PER_THING:
            return HandOverRefused(NotHandedOver.LOCKED, at=_moment(uow.state.get(lock, now)) or now + LOCKED_FOR)
        if right and hmac.compare_digest(_bare(given), _bare(right)):
            uow.state.delete(tries)
            return None
        uow.state.count(wrong_here, now, now + WINDOW, most=WRONG_PER_STORE)
        if number == WRONG_PER_THING:
            uow.state.put(lock, str(to_us(now + LOCKED_FOR)), now + LOCKED_FOR)
            uow.audit.add("codes", "code_locked", thing, {"store": store_id}, now)
        return HandOverRefused(NotHandedOver.WRONG_CODE)


def _bare(code: str) -> bytes:
    """« abc 123 » is ABC-123: people read codes aloud."""
    return "".join(sign for sign in code[:64].upper() if sign.isalnum()).encode()


def _moment(kept: str | None) -> datetime | None:
    return from_us(int(kept)) if kept else None
