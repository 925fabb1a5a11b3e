"""The team, its second factors and its sessions, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.domain.team import Role, StaffSession
from commerce.errors import StaleVersion
from commerce.ports import Storage
from tests.contracts.staff_values import a_member
from tests.contracts.storage_values import NOW

MINUTE = timedelta(minutes=1)
NADIA = a_member("nadia", stores=("bellecour",), id="a" * 32, languages=("fr", "en"), skills=("retours",))
HUGO = replace(NADIA, id="b" * 32, login="hugo", name="hugo", role=Role.MARKETER, store_ids=frozenset(), skills=())


def a_session(digest: str = "d" * 64, staff_id: str = NADIA.id) -> StaffSession:
    return StaffSession(digest, staff_id, NOW, NOW, NOW + 60 * MINUTE)


def test_a_member_is_found_by_id_and_login(storage: Storage) -> None:
    assert storage.write(lambda uow: uow.team.add(NADIA))
    assert storage.write(lambda uow: uow.team.add(HUGO))
    with storage.read() as uow:
        assert uow.team.get(NADIA.id) == uow.team.by_login("nadia") == NADIA
        assert uow.team.get("nobody") is uow.team.by_login("nobody") is None
        assert uow.team.all() == [HUGO, NADIA]


def test_a_login_is_taken_once(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    assert not storage.write(lambda uow: uow.team.add(replace(HUGO, login="nadia")))
    with storage.read() as uow:
        assert uow.team.all() == [NADIA]


def test_a_change_counts_once(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    changed = replace(NADIA, name="Nadia B.", role=Role.OWNER, store_ids=frozenset({"a", "b"}), is_active=False)
    stored = storage.write(lambda uow: uow.team.update(changed))
    assert stored == replace(changed, version=2)
    with pytest.raises(StaleVersion):
        storage.write(lambda uow: uow.team.update(changed))
    with storage.read() as uow:
        assert uow.team.get(NADIA.id) == stored


def test_login_and_second_factor_are_not_changed_in_passing(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    stored = storage.write(lambda uow: uow.team.update(replace(NADIA, login="else", has_totp=True)))
    assert (stored.login, stored.has_totp) == ("nadia", False)


def test_passwords_and_secrets_are_kept_beside_the_member(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    with storage.read() as uow:
        assert uow.team.password_hash(NADIA.id) == uow.team.totp_secret(NADIA.id) == ""
        assert uow.team.password_hash("nobody") == uow.team.totp_secret("nobody") == ""
    storage.write(lambda uow: uow.team.set_password_hash(NADIA.id, "$argon2id$…"))
    storage.write(lambda uow: uow.team.set_totp_secret(NADIA.id, "SECRET"))
    with storage.read() as uow:
        assert uow.team.password_hash(NADIA.id) == "$argon2id$…"
        assert uow.team.totp_secret(NADIA.id) == "SECRET"
        assert uow.team.get(NADIA.id) == replace(NADIA, has_totp=True)
    storage.write(lambda uow: uow.team.set_totp_secret(NADIA.id, ""))
    with storage.read() as uow:
        assert uow.team.get(NADIA.id) == NADIA


def test_a_step_of_the_second_factor_counts_once(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: storage.write(lambda uow: uow.team.use_totp_step(NADIA.id, 7)), range(8)))
    assert sorted(used) == [False] * 7 + [True]
    assert not storage.write(lambda uow: uow.team.use_totp_step(NADIA.id, 6))
    assert storage.write(lambda uow: uow.team.use_totp_step(NADIA.id, 8))
    assert not storage.write(lambda uow: uow.team.use_totp_step("nobody", 9))


def test_sessions_are_seen_and_end(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    storage.write(lambda uow: uow.team.add_session(a_session()))
    storage.write(lambda uow: uow.team.touch_session("d" * 64, NOW + MINUTE))
    storage.write(lambda uow: uow.team.touch_session("d" * 64, NOW))  # the slower of two requests
    with storage.read() as uow:
        assert uow.team.session("d" * 64) == replace(a_session(), seen_at=NOW + MINUTE)
        assert uow.team.session("e" * 64) is None
    assert storage.write(lambda uow: uow.team.end_session("d" * 64))
    assert not storage.write(lambda uow: uow.team.end_session("d" * 64))
    with storage.read() as uow:
        assert uow.team.session("d" * 64) is None


def test_all_sessions_but_one_end(storage: Storage) -> None:
    for member in (NADIA, HUGO):
        storage.write(lambda uow, member=member: uow.team.add(member))
    for digest in ("d", "e", "f"):
        storage.write(lambda uow, digest=digest: uow.team.add_session(a_session(digest)))
    storage.write(lambda uow: uow.team.add_session(a_session("h", HUGO.id)))
    storage.write(lambda uow: uow.team.touch_session("e", NOW + MINUTE))
    with storage.read() as uow:
        assert [session.digest for session in uow.team.sessions_of(NADIA.id)] == ["e", "d", "f"]
    assert storage.write(lambda uow: uow.team.end_sessions_of(NADIA.id, but="e")) == 2
    with storage.read() as uow:
        assert [session.digest for session in uow.team.sessions_of(NADIA.id)] == ["e"]
        assert uow.team.session("h") is not None
    assert storage.write(lambda uow: uow.team.end_sessions_of(NADIA.id)) == 1


def test_sessions_that_are_over_are_swept(storage: Storage) -> None:
    storage.write(lambda uow: uow.team.add(NADIA))
    storage.write(lambda uow: uow.team.add_session(a_session()))
    assert storage.write(lambda uow: uow.team.sweep(NOW + 59 * MINUTE)) == 0
    assert storage.write(lambda uow: uow.team.sweep(NOW + 60 * MINUTE)) == 1
