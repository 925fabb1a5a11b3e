"""Who is at the door, and for how long they stay in.

Slow sums are done outside of transactions. What a browser holds is a secret of 128 bits, new at every sign-in; the
shop keeps its digest alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from commerce.domain.team import NotSignedIn, StaffMember, StaffSession, login_of
from commerce.ports import Clock, Ids, PasswordHasher, Storage, UnitOfWork
from commerce.services.one_time_links import LinkKind, OneTimeLinks
from commerce.services.second_factor import step_of
from commerce.services.sign_in_guard import SignInGuard

SEEN_EVERY = timedelta(minutes=1)  # a page more often than that writes nothing
_LONGEST_SECRET = 64


@dataclass(frozen=True, slots=True)
class SessionRules:
    """A session ends when nothing was done for `idle`, and at the latest after `length`."""

    idle: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`secret` is for the browser's cookie, and for nothing else."""

    member: StaffMember
    session: StaffSession
    secret: str


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """`wait`: how long no try counts. `ticket`: with it and the code of the second factor, `with_code` goes on."""

    reason: NotSignedIn
    wait: timedelta | None = None
    ticket: str = ""


class SigningIn:
    """The only way in."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        passwords: PasswordHasher,
        links: OneTimeLinks,
        rules: SessionRules,
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._passwords, self._links, self._rules = passwords, links, rules
        self._guard = SignInGuard(clock)

    # --- coming in

    def with_password(
        self, login: str, password: str, *, address: str = "", known: bool = False
    ) -> SignedIn | SignInRefused:
        """`address` is where the try comes from ('' when nothing is known of it), `known` whether this browser has
        been signed in with that login before."""
        login = login_of(login)

        def ask(uow: UnitOfWork) -> tuple[timedelta | None, str]:
            wait = self._guard.ask(uow, login, address, known=known)
            member = uow.team.by_login(login)
            return wait, uow.team.password_hash(member.id) if member and member.is_active else ""

        wait, hashed = self._storage.write(ask)
        if wait is not None:
            return SignInRefused(NotSignedIn.TOO_MANY, wait)
        is_right = self._passwords.verify(password, hashed)
        newer = self._passwords.hash(password) if is_right and self._passwords.needs_rehash(hashed) else ""

        def answer(uow: UnitOfWork) -> SignedIn | SignInRefused:
            member = uow.team.by_login(login)
            # Both may have changed while the sum was done.
            if not is_right or member is None or not member.is_active or uow.team.password_hash(member.id) != hashed:
                return self._wrong(uow, login, member, address, known=known)
            if newer:
                uow.team.set_password_hash(member.id, newer)
            return self.proven(uow, member, known=known)

        return self._storage.write(answer)

    def with_code(self, ticket: str, code: str, *, address: str = "", known: bool = False) -> SignedIn | SignInRefused:
        """The second step of those who have a second factor. A code counts once."""

        def work(uow: UnitOfWork) -> SignedIn | SignInRefused:
            staff_id = self._links.whose(uow, LinkKind.HALFWAY, ticket)
            member = uow.team.get(staff_id) if staff_id else None
            if member is None or not member.is_active:
                return SignInRefused(NotSignedIn.WRONG)
            wait = self._guard.ask(uow, member.login, address, known=known)
            if wait is not None:
                return SignInRefused(NotSignedIn.TOO_MANY, wait)
            secret = uow.team.totp_secret(member.id)
            step = step_of(secret, code, self._clock.now()) if secret else None
            if step is None or not uow.team.use_totp_step(member.id, step):
                self._wrong(uow, member.login, member, address, known=known)
                return SignInRefused(NotSignedIn.WRONG, ticket=ticket)
            if self._links.use(uow, LinkKind.HALFWAY, ticket) is None:
                return SignInRefused(NotSignedIn.WRONG)
            return self._begin(uow, member, known=known)

        return self._storage.write(work)

    def with_link(self, token: str) -> SignedIn | SignInRefused:
        """A link that this machine has printed stands for the password, once."""

        def work(uow: UnitOfWork) -> SignedIn | SignInRefused:
            staff_id = self._links.use(uow, LinkKind.SIGN_IN, token)
            member = uow.team.get(staff_id) if staff_id else None
            if member is None or not member.is_active:
                return SignInRefused(NotSignedIn.WRONG)
            return self.proven(uow, member)

        return self._storage.write(work)

    def link_for(self, uow: UnitOfWork, member: StaffMember, *, actor: str) -> str:
        """The secret of such a link. Whoever reads the terminal of this machine is let in by it."""
        uow.audit.add(actor, "sign_in_link_made", f"staff:{member.id}", {}, self._clock.now())
        return self._links.make(uow, LinkKind.SIGN_IN, member.id)

    def proven(self, uow: UnitOfWork, member: StaffMember, *, known: bool = False) -> SignedIn | SignInRefused:
        """The first proof was right. With a second factor, its code is still to come."""
        if member.has_totp:
            ticket = self._links.make(uow, LinkKind.HALFWAY, member.id)
            return SignInRefused(NotSignedIn.TOTP_NEEDED, ticket=ticket)
        return self._begin(uow, member, known=known)

    def _begin(self, uow: UnitOfWork, member: StaffMember, *, known: bool) -> SignedIn:
        now, secret = self._clock.now(), self._ids.new_id()
        self._guard.right(uow, member.login, known=known)
        uow.team.sweep(now)
        session = StaffSession(digest_of(secret), member.id, now, now, now + self._rules.length)
        uow.team.add_session(session)
        uow.audit.add(f"staff:{member.id}", "signed_in", f"staff:{member.id}", {}, now)
        return SignedIn(member, session, secret)

    def _wrong(
        self, uow: UnitOfWork, login: str, member: StaffMember | None, address: str, *, known: bool
    ) -> SignInRefused:
        if self._guard.wrong(uow, login, address, known=known) and member is not None:
            uow.audit.add("sign_in", "sign_in_locked", f"staff:{member.id}", {}, self._clock.now())
        return SignInRefused(NotSignedIn.WRONG)

    # --- being in

    def who(self, secret: str, *, is_activity: bool = True) -> tuple[StaffMember, StaffSession] | None:
        """Whoever holds this secret, while their session lasts. `is_activity`: a person did something, so that the
        idle time begins again."""
        now, digest = self._clock.now(), digest_of(secret)
        with self._storage.read() as uow:
            session = uow.team.session(digest)
            member = uow.team.get(session.staff_id) if session else None
        if session is None or member is None or not member.is_active:
            return None
        if now >= session.expires_at or now >= session.seen_at + self._rules.idle:
            return None
        if is_activity and now >= session.seen_at + SEEN_EVERY:
            self._storage.write(lambda uow: uow.team.touch_session(digest, now))
        return member, session

    # --- going out

    def sign_out(self, session: StaffSession) -> None:
        def work(uow: UnitOfWork) -> None:
            if uow.team.end_session(session.digest):
                actor = f"staff:{session.staff_id}"
                uow.audit.add(actor, "signed_out", actor, {}, self._clock.now())

        self._storage.write(work)

    def sign_out_everywhere(self, uow: UnitOfWork, staff_id: str, *, actor: str, but: str = "") -> int:
        """How many browsers that ended. `but`: the digest of a session that goes on."""
        ended = uow.team.end_sessions_of(staff_id, but=but)
        self._links.drop(uow, LinkKind.SIGN_IN, staff_id)
        self._links.drop(uow, LinkKind.HALFWAY, staff_id)
        uow.audit.add(actor, "signed_out_everywhere", f"staff:{staff_id}", {"sessions": ended}, self._clock.now())
        return ended


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret[:_LONGEST_SECRET].encode("utf-8", "surrogatepass")).hexdigest()
