"""What everybody of the team does for themselves: their password, their second factor."""

from __future__ import annotations

from datetime import timedelta

from commerce.domain.passwords import LONGEST, is_weak
from commerce.domain.reservation import Refused
from commerce.domain.team import NotInTeam, NotSignedIn, StaffMember
from commerce.ports import Clock, Ids, PasswordHasher, Storage, UnitOfWork
from commerce.services.one_time_links import LinkKind, OneTimeLinks
from commerce.services.second_factor import address_of, new_secret, step_of
from commerce.services.sign_in_guard import SignInGuard
from commerce.services.signing_in import SignedIn, SigningIn, SignInRefused

ENROLLING_FOR = timedelta(minutes=15)


class OwnAccount:
    """Passwords are hashed outside of transactions."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        passwords: PasswordHasher,
        links: OneTimeLinks,
        signing_in: SigningIn,
        shop_name: str,
    ) -> None:
        self._storage, self._clock, self._ids, self._passwords = storage, clock, ids, passwords
        self._links, self._signing_in, self._shop_name = links, signing_in, shop_name
        self._guard = SignInGuard(clock)

    # --- the password

    def invited(self, uow: UnitOfWork, token: str) -> StaffMember | None:
        """For whom this invitation is, while it counts."""
        staff_id = self._links.whose(uow, LinkKind.INVITATION, token)
        member = uow.team.get(staff_id) if staff_id else None
        return member if member and member.is_active else None

    def accept(self, token: str, password: str) -> SignedIn | SignInRefused | Refused[NotInTeam]:
        """The invited person chooses a password and is in. The link counts once; a password that is too weak does not
        use it up."""
        with self._storage.read() as uow:
            member = self.invited(uow, token)
        if member is None:
            return Refused(NotInTeam.BAD_INVITATION)
        if self._is_weak(member, password):
            return Refused(NotInTeam.WEAK_PASSWORD)
        hashed = self._passwords.hash(password)

        def work(uow: UnitOfWork) -> SignedIn | SignInRefused | Refused[NotInTeam]:
            if self._links.use(uow, LinkKind.INVITATION, token) is None:
                return Refused(NotInTeam.BAD_INVITATION)
            present = uow.team.get(member.id)
            if present is None or not present.is_active:
                return Refused(NotInTeam.BAD_INVITATION)
            self._write(uow, present, hashed, actor=f"staff:{member.id}")
            return self._signing_in.proven(uow, present)

        return self._storage.write(work)

    def set_password(self, member: StaffMember, password: str, *, actor: str) -> Refused[NotInTeam] | None:
        """From the command line of this machine. Every browser of theirs is signed out."""
        if self._is_weak(member, password):
            return Refused(NotInTeam.WEAK_PASSWORD)
        hashed = self._passwords.hash(password)
        return self._storage.write(lambda uow: self._write(uow, member, hashed, actor=actor))

    def change_password(
        self, member: StaffMember, old: str, new: str, *, keep: str
    ) -> Refused[NotInTeam] | Refused[NotSignedIn] | None:
        """Whoever knows the old one chooses a new one. Every other browser is signed out: `keep` is the digest of the
        session that goes on."""
        if not self._is_right(member, old):
            return Refused(NotSignedIn.WRONG)
        if self._is_weak(member, new):
            return Refused(NotInTeam.WEAK_PASSWORD)
        hashed = self._passwords.hash(new)
        return self._storage.write(lambda uow: self._write(uow, member, hashed, actor=f"staff:{member.id}", keep=keep))

    def _is_right(self, member: StaffMember, password: str) -> bool:
        """Whoever sits down at somebody's browser may not guess for long, either."""
        who = f"own:{member.id}"

        def ask(uow: UnitOfWork) -> tuple[timedelta | None, str]:
            return self._guard.ask(uow, who), uow.team.password_hash(member.id)

        wait, hashed = self._storage.write(ask)
        if wait is not None or not self._passwords.verify(password[: LONGEST + 1], hashed):
            return False
        self._storage.write(lambda uow: self._guard.right(uow, who))
        return True

    def _is_weak(self, member: StaffMember, password: str) -> bool:
        return is_weak(password, login=member.login, shop_name=self._shop_name)

    def _write(self, uow: UnitOfWork, member: StaffMember, hashed: str, *, actor: str, keep: str = "") -> None:
        uow.team.set_password_hash(member.id, hashed)
        uow.team.end_sessions_of(member.id, but=keep)
        self._links.drop_all(uow, member.id)
        self._guard.right(uow, member.login)
        uow.audit.add(actor, "password_set", f"staff:{member.id}", {}, self._clock.now())

    # --- the second factor

    def enrol(self, member: StaffMember) -> tuple[str, str]:
        """A secret for an authenticator app and the address that its QR code holds. Nothing counts before `confirm`;
        whoever comes back within a quarter of an hour finds the same secret."""
        key = f"second-factor:{member.id}"

        def work(uow: UnitOfWork) -> str:
            now = self._clock.now()
            secret = uow.state.get(key, now) or new_secret(self._ids)
            uow.state.put(key, secret, now + ENROLLING_FOR)
            return secret

        secret = self._storage.write(work)
        return secret, address_of(secret, login=member.login, shop_name=self._shop_name)

    def confirm(self, member: StaffMember, code: str, *, keep: str) -> Refused[NotInTeam] | None:
        """The app shows the right code: from now on it is asked for, and every other browser is signed out."""
        who, key = f"enrol:{member.id}", f"second-factor:{member.id}"

        def work(uow: UnitOfWork) -> Refused[NotInTeam] | None:
            now = self._clock.now()
            if self._guard.ask(uow, who) is not None:
                return Refused(NotInTeam.WRONG_CODE)
            secret = uow.state.get(key, now)
            step = step_of(secret, code, now) if secret else None
            if secret is None or step is None or not uow.team.use_totp_step(member.id, step):
                return Refused(NotInTeam.WRONG_CODE)
            uow.team.set_totp_secret(member.id, secret)
            uow.team.end_sessions_of(member.id, but=keep)
            uow.state.delete(key)
            self._guard.right(uow, who)
            uow.audit.add(f"staff:{member.id}", "second_factor_set", f"staff:{member.id}", {}, now)
            return None

        return self._storage.write(work)

    def remove_second_factor(self, member: StaffMember, password: str) -> Refused[NotSignedIn] | None:
        """With the password again: whoever finds a browser open may not weaken the door."""
        if not self._is_right(member, password):
            return Refused(NotSignedIn.WRONG)
        actor = f"staff:{member.id}"
        return self._storage.write(lambda uow: self._forget_second_factor(uow, member, actor))

    def reset_second_factor(self, uow: UnitOfWork, member: StaffMember, *, actor: str) -> None:
        """The telephone is lost: whoever runs the shop vouches for the person."""
        self._forget_second_factor(uow, member, actor)

    def _forget_second_factor(self, uow: UnitOfWork, member: StaffMember, actor: str) -> None:
        uow.team.set_totp_secret(member.id, "")
        uow.state.delete(f"second-factor:{member.id}")
        uow.audit.add(actor, "second_factor_removed", f"staff:{member.id}", {}, self._clock.now())
