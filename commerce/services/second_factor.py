"""Codes of an authenticator app (TOTP, RFC 6238): six digits, a new one every 30 seconds."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import pyotp

from commerce.ports import Ids

DRIFT_STEPS = 1  # clocks of telephones are up to half a minute wrong, and people type slowly
_STEP_S = 30


def new_secret(ids: Ids) -> str:
    """160 random bits, as authenticator apps read them."""
    return base64.b32encode(bytes.fromhex(ids.new_id() + ids.new_id())[:20]).decode("ascii")


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step to which this code belongs, around now; None for a wrong code."""
    given = "".join(code[:16].split()).encode("utf-8", "surrogatepass")
    totp, now = pyotp.TOTP(secret, interval=_STEP_S), int(at.timestamp()) // _STEP_S
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode("ascii"), given):
            found = step
    return found


def address_of(secret: str, *, login: str, shop_name: str) -> str:
    """What the QR code for an authenticator app holds."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=login, issuer_name=shop_name)
