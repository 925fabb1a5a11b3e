"""Who works in the shop, what each may do, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    STAFF = "staff"  # of one or more stores
    MARKETER = "marketer"
    OWNER = "owner"


class Permission(StrEnum):
    """What a page or a button needs. Those of STORE_BOUND count for one's own stores alone."""

    PICK_UPS = "pick_ups"  # the board: accept, prepare, ready, hand over, reject
    INBOX = "inbox"  # read conversations, answer, take over, give back
    CUSTOMERS = "customers"  # search, timeline, notes
    ORDERS = "orders"  # the list, entering, moving on, returns
    STOCK = "stock"  # sale, count, damage
    PAUSE = "pause"
    REFUND = "refund"  # up to the limit of the shop (setting REFUND_LIMIT_MINOR)
    REFUND_ANY = "refund_any"
    REPORTS = "reports"
    PUBLISH = "publish"  # the studio
    PROMOTIONS = "promotions"
    TEAM = "team"
    RULES = "rules"  # slots, preparation time, canned replies
    AUDIT = "audit"


_P = Permission
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.STAFF: frozenset({_P.PICK_UPS, _P.INBOX, _P.CUSTOMERS, _P.ORDERS, _P.STOCK, _P.PAUSE, _P.REFUND}),
    Role.MARKETER: frozenset({_P.PUBLISH, _P.PROMOTIONS, _P.REPORTS}),
    Role.OWNER: frozenset(Permission),
}
STORE_BOUND = frozenset({_P.PICK_UPS, _P.ORDERS, _P.STOCK, _P.PAUSE, _P.REFUND})
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


def login_of(text: str) -> str:
    """A login as it is kept: in small letters; '' for what is none."""
    login = text.strip().casefold()
    return login if _LOGIN.fullmatch(login) else ""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """`store_ids`: where they work; the owner works everywhere. `languages` and `skills` (words of the shop's own, such
    as "returns") say which conversations suit them. `version` grows by one at every change."""

    id: str
    login: str  # in small letters
    name: str
    role: Role
    store_ids: frozenset[str]
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    is_active: bool
    has_totp: bool
    created_at: datetime
    version: int = 1

    def may(self, permission: Permission, store_id: str | None = None) -> bool:
        """Whether they may do it, at that store. Without a store: whether they may do it anywhere.

        A thing that belongs to no store ('') is everybody's who has the permission.
        """
        if not self.is_active or permission not in PERMISSIONS[self.role]:
            return False
        if not store_id or self.role is Role.OWNER or permission not in STORE_BOUND:
            return True
        return store_id in self.store_ids

    def works_at(self, store_id: str) -> bool:
        return self.role is Role.OWNER or store_id in self.store_ids


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A browser that somebody signed in with. `digest` is of its secret: the secret itself is in the cookie alone."""

    digest: str
    staff_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class NotSignedIn(StrEnum):
    """Why a sign-in was refused. Who is not told which of the three was wrong cannot search for logins."""

    WRONG = "wrong"  # login, password or code
    TOTP_NEEDED = "totp_needed"  # the password was right
    TOO_MANY = "too_many"  # tries: wait


class NotInTeam(StrEnum):
    """Why the team could not be changed."""

    NO_SUCH_MEMBER = "no_such_member"
    NO_NAME = "no_name"
    LOGIN_TAKEN = "login_taken"
    BAD_LOGIN = "bad_login"
    NO_SUCH_STORE = "no_such_store"
    NO_STORE = "no_store"  # staff work in at least one
    LAST_OWNER = "last_owner"
    WEAK_PASSWORD = "weak_password"  # noqa: S105  a reason
    BAD_INVITATION = "bad_invitation"  # used, over, or never made
    WRONG_CODE = "wrong_code"  # of the second factor
