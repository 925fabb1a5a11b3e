"""The team changed and the door tried by several at the same moment, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

import pyotp
import pytest
from argon2 import PasswordHasher as Argon2

from commerce.clock import ManualClock
from commerce.domain.reservation import Refused
from commerce.domain.team import NotInTeam, NotSignedIn, Role, StaffMember
from commerce.ids import RandomIds
from commerce.passwords import Argon2Passwords
from commerce.ports import Storage
from commerce.services.one_time_links import LinkKind, OneTimeLinks
from commerce.services.own_account import OwnAccount
from commerce.services.sign_in_guard import TRIES
from commerce.services.signing_in import SessionRules, SignedIn, SigningIn, SignInRefused
from commerce.services.team import Place, Team

T = TypeVar("T")
PASSWORD = "quatre mots sans lien 7"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class Office:
    def __init__(self, storage: Storage, clock: ManualClock) -> None:
        ids = RandomIds()
        self.storage, self.clock = storage, clock
        self.links = OneTimeLinks(clock, ids)
        passwords = Argon2Passwords(Argon2(time_cost=1, memory_cost=64, parallelism=1))
        rules = SessionRules(timedelta(minutes=30), timedelta(hours=12))
        self.team = Team(clock, ids, self.links, ("fr", "en"))
        self.signing_in = SigningIn(storage, clock, ids, passwords, self.links, rules)
        self.account = OwnAccount(storage, clock, ids, passwords, self.links, self.signing_in, "Maison")

    def owner(self, login: str) -> StaffMember:
        added = self.storage.write(lambda uow: self.team.add(uow, login, Place(login, Role.OWNER), actor="test"))
        assert isinstance(added, StaffMember)
        return added


@pytest.fixture
def office(storage: Storage, clock: ManualClock) -> Office:
    return Office(storage, clock)


def at_once(works: list[Callable[[], T]]) -> list[T]:
    barrier = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.parametrize("turn", range(5))
def test_two_owners_cannot_let_each_other_go(office: Office, turn: int) -> None:
    works = [
        lambda who=who: office.storage.write(lambda uow: office.team.deactivate(uow, who.id, actor="test"))
        for who in (office.owner("first"), office.owner("second"))
    ]
    refused = [each for each in at_once(works) if isinstance(each, Refused)]
    assert [each.reason for each in refused] == [NotInTeam.LAST_OWNER]
    with office.storage.read() as uow:
        assert len([each for each in uow.team.all() if each.is_active]) == 1


def test_a_link_lets_one_in(office: Office) -> None:
    olga = office.owner("olga")
    token = office.storage.write(lambda uow: office.signing_in.link_for(uow, olga, actor="test"))
    entered = at_once([lambda: office.signing_in.with_link(token) for _ in range(8)])
    assert sum(isinstance(each, SignedIn) for each in entered) == 1


def test_an_invitation_sets_one_password(office: Office) -> None:
    olga = office.owner("olga")
    token = office.storage.write(lambda uow: office.team.invite(uow, olga.id, actor="test"))
    assert isinstance(token, str)
    chosen = [f"{PASSWORD} {number}" for number in range(4)]
    answers = at_once([lambda each=each: office.account.accept(token, each) for each in chosen])
    (winner,) = [number for number, answer in enumerate(answers) if isinstance(answer, SignedIn)]
    for number, password in enumerate(chosen):
        answer = office.signing_in.with_password("olga", password)
        assert isinstance(answer, SignedIn) == (number == winner)


def test_a_code_lets_one_in(office: Office) -> None:
    olga = office.owner("olga")
    office.storage.write(lambda uow: uow.team.set_totp_secret(olga.id, SECRET))
    ticket = office.storage.write(lambda uow: office.links.make(uow, LinkKind.HALFWAY, olga.id))
    code = pyotp.TOTP(SECRET).at(office.clock.now())
    entered = at_once([lambda: office.signing_in.with_code(ticket, code) for _ in range(5)])
    assert sum(isinstance(each, SignedIn) for each in entered) == 1


def test_many_guesses_at_once_are_not_more_guesses(office: Office) -> None:
    olga = office.owner("olga")
    assert office.account.set_password(olga, PASSWORD, actor="test") is None
    guesses = at_once([lambda n=n: office.signing_in.with_password("olga", f"guess {n}") for n in range(24)])
    reasons = [each.reason for each in guesses if isinstance(each, SignInRefused)]
    assert len(reasons) == 24 and reasons.count(NotSignedIn.WRONG) <= TRIES
    shut = office.signing_in.with_password("olga", PASSWORD)
    assert isinstance(shut, SignInRefused) and shut.reason is NotSignedIn.TOO_MANY


def test_a_password_that_was_changed_meanwhile_lets_nobody_in(office: Office) -> None:
    """The sum is done outside of transactions: what it was done for is looked at again."""
    olga = office.owner("olga")
    assert office.account.set_password(olga, PASSWORD, actor="test") is None

    class ChangesMeanwhile(Argon2Passwords):
        def verify(self, password: str, hashed: str) -> bool:
            is_right = super().verify(password, hashed)
            office.account.set_password(olga, "something else entirely", actor="test")
            return is_right

    slow = ChangesMeanwhile(Argon2(time_cost=1, memory_cost=64, parallelism=1))
    rules = SessionRules(timedelta(minutes=30), timedelta(hours=12))
    door = SigningIn(office.storage, office.clock, RandomIds(), slow, office.links, rules)
    answer = door.with_password("olga", PASSWORD)
    assert isinstance(answer, SignInRefused) and answer.reason is NotSignedIn.WRONG
