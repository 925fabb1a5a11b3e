"""Is this webhook call from Telegram? https://core.telegram.org/bots/api#setwebhook (secret_token)"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence

HEADER = "X-Telegram-Bot-Api-Secret-Token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def verify(headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """True when the header carries one of our secrets. The body is not signed: the secret is all there is.

    Compared as bytes in constant time, against every secret whatever the outcome. A secret that setWebhook would not
    take never matches; with no secret nothing does.
    """
    given = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    offered = given.encode("utf-8", "surrogatepass")
    matched = False
    for secret in secrets:
        if _SECRET.fullmatch(secret):
            matched |= hmac.compare_digest(offered, secret.encode("ascii"))
    return matched
