"""Passwords kept as Argon2id (RFC 9106), with the parameters that argon2-cffi recommends for now."""

from __future__ import annotations

import threading
import unicodedata
from functools import cached_property
from typing import ClassVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import get_default_parameters

AT_ONCE = 2  # hashes in the making: each takes 64 MiB


class Argon2Passwords:
    """`commerce.ports.PasswordHasher`. `hasher` may be given other parameters; old hashes are still verified."""

    parameters: ClassVar[Parameters] = get_default_parameters()

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(self.parameters)
        self._places = threading.Semaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        with self._places:
            return self._hasher.hash(_bytes(password))

    def verify(self, password: str, hashed: str) -> bool:
        stand_in = self._nobodys  # made before the first of all questions, whoever it is about
        try:
            with self._places:
                return self._hasher.verify(hashed or stand_in, _bytes(password)) and bool(hashed)
        except (VerificationError, InvalidHashError):
            return False

    def needs_rehash(self, hashed: str) -> bool:
        return self._hasher.check_needs_rehash(hashed)

    @cached_property
    def _nobodys(self) -> str:
        return self.hash("nobody's")


def _bytes(password: str) -> bytes:
    """One keyboard writes é as one sign, another as two (NIST SP 800-63B: normalise before hashing)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
