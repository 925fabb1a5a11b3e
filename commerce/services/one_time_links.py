"""Links that prove who somebody is, once: kept as a digest, replaced by the next one of their kind."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from enum import StrEnum

from commerce.ports import Clock, Ids, UnitOfWork


class LinkKind(StrEnum):
    INVITATION = "invitation"  # to choose a password
    SIGN_IN = "sign_in"  # printed by this machine for whoever sits at it
    HALFWAY = "halfway"  # the password was right: the code of the second factor is still missing
    STAFF_BOT = "staff_bot"  # shown to the staff's bot from the account with which it is to know its member


VALID_FOR = {
    LinkKind.INVITATION: timedelta(hours=72),
    LinkKind.SIGN_IN: timedelta(hours=12),
    LinkKind.HALFWAY: timedelta(minutes=5),
    LinkKind.STAFF_BOT: timedelta(minutes=10),
}
_LONGEST_TOKEN = 64


class OneTimeLinks:
    """A member has one link of a kind."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids

    def make(self, uow: UnitOfWork, kind: LinkKind, staff_id: str) -> str:
        """The secret of a new link; the one before does not count any more."""
        self.drop(uow, kind, staff_id)
        token, until = self._ids.new_id(), self._clock.now() + VALID_FOR[kind]
        uow.state.put(_of_token(kind, token), staff_id, until)
        uow.state.put(_of_staff(kind, staff_id), _digest(token), until)
        return token

    def whose(self, uow: UnitOfWork, kind: LinkKind, token: str) -> str | None:
        """The member it was made for, while it counts. Looking uses nothing up: programs look at links, too."""
        return uow.state.get(_of_token(kind, token), self._clock.now())

    def use(self, uow: UnitOfWork, kind: LinkKind, token: str) -> str | None:
        """The member, once: of many at the same time one gets them."""
        now, staff_id = self._clock.now(), self.whose(uow, kind, token)
        used = f"link:used:{_digest(token)}"
        if staff_id is None or not uow.state.claim(used, "", now + VALID_FOR[kind], now):
            return None
        self.drop(uow, kind, staff_id)
        return staff_id

    def drop(self, uow: UnitOfWork, kind: LinkKind, staff_id: str) -> None:
        digest = uow.state.get(_of_staff(kind, staff_id), self._clock.now())
        if digest is not None:
            uow.state.delete(f"link:{kind.value}:{digest}")
            uow.state.delete(_of_staff(kind, staff_id))

    def drop_all(self, uow: UnitOfWork, staff_id: str) -> None:
        for kind in LinkKind:
            self.drop(uow, kind, staff_id)


def _of_token(kind: LinkKind, token: str) -> str:
    return f"link:{kind.value}:{_digest(token)}"


def _of_staff(kind: LinkKind, staff_id: str) -> str:
    return f"link:{kind.value}:of:{staff_id}"


def _digest(token: str) -> str:
    return hashlib.sha256(token[:_LONGEST_TOKEN].encode("utf-8", "surrogatepass")).hexdigest()
