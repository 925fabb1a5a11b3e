"""Keys of machines that may write or look inside (setting API_KEYS), sent as a bearer token."""

from __future__ import annotations

import hashlib
import hmac

from flask import request

from shoppable.inputs import clean
from shoppable.site import site


def given_key_is_valid() -> bool:
    """Compares digests of equal length in constant time with every key, whichever is right; False without keys."""
    given = _digest(_given())
    right = [hmac.compare_digest(given, _digest(key.encode())) for key in site().shop.settings.secrets_of("api_keys")]
    return any(right)


def name_of_given_key() -> str:
    """Tells keys apart in the record without giving them away."""
    return f"api:{_digest(_given()).hex()[:8]}"


def person(name: str) -> str:
    """Who of the staff, as the key's owner says; the key is in the record too."""
    return f"{clean(name)[:40]}/{name_of_given_key()}"[:58]


def _given() -> bytes:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
