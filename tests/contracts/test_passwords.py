"""Passwords as they are kept: what every hasher promises."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from argon2 import PasswordHasher as Argon2
from argon2.profiles import RFC_9106_LOW_MEMORY

from commerce.passwords import Argon2Passwords
from commerce.ports import PasswordHasher

SHIPPED, QUICK = Argon2.from_parameters(RFC_9106_LOW_MEMORY), Argon2(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(params=["as shipped", "quick"])
def passwords(request: pytest.FixtureRequest) -> PasswordHasher:
    return Argon2Passwords(SHIPPED if request.param == "as shipped" else QUICK)


def test_the_right_one_is_known_and_no_other(passwords: PasswordHasher) -> None:
    kept = passwords.hash("quatre mots sans lien")
    assert kept.startswith("$argon2id$") and "quatre" not in kept
    assert kept != passwords.hash("quatre mots sans lien")
    assert passwords.verify("quatre mots sans lien", kept)
    assert not passwords.verify("quatre mots sans liens", kept)
    assert not passwords.verify("", kept)


@pytest.mark.parametrize("kept", ["", "$argon2id$", "something else", "$2b$12$abcdefghijklmnopqrstuv"])
def test_what_is_no_hash_knows_nothing(passwords: PasswordHasher, kept: str) -> None:
    assert not passwords.verify("nobody's", kept)
    assert not passwords.verify("", kept)


def test_a_letter_is_the_same_however_it_is_typed(passwords: PasswordHasher) -> None:
    composed, in_two = (unicodedata.normalize(form, "déjà vu à Orléans") for form in ("NFC", "NFD"))
    assert composed != in_two and passwords.verify(in_two, passwords.hash(composed))
    assert passwords.verify("\ud800 half a sign", passwords.hash("\ud800 half a sign"))


def test_old_parameters_are_still_verified_and_asked_to_be_renewed() -> None:
    kept, shipped = Argon2Passwords(QUICK).hash("quatre mots sans lien"), Argon2Passwords(SHIPPED)
    assert shipped.verify("quatre mots sans lien", kept) and shipped.needs_rehash(kept)
    assert not shipped.needs_rehash(shipped.hash("quatre mots sans lien"))


def test_what_ships_is_what_the_rfc_recommends() -> None:
    """RFC 9106, second recommended option: 64 MiB, 3 passes, 4 lanes. In a process of its own: tests hash quicker."""
    code = "from commerce.passwords import Argon2Passwords; print(Argon2Passwords().hash('quatre mots sans lien'))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "$m=65536,t=3,p=4$" in printed
    assert Argon2Passwords(SHIPPED).verify("quatre mots sans lien", printed.strip())
    assert not Argon2Passwords(SHIPPED).needs_rehash(printed.strip())
