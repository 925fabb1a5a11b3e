"""What the Graph API refuses, and with which codes. https://developers.facebook.com/docs/graph-api/guides/error-handling"""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

FIELDS = frozenset({
    "id", "caption", "media_type", "media_url", "thumbnail_url", "permalink", "timestamp", "username", "children",
    "media_product_type", "shortcode", "alt_text", "is_shared_to_feed", "comments_count", "like_count",
})  # fmt: skip
OF_CHILDREN = FIELDS - {"caption", "permalink", "children", "comments_count", "like_count"}
MOST_A_PAGE, USUAL_PAGE = 100, 25
_VERSION = re.compile(r"v\d{1,2}\.0")
_FIELD = re.compile(r"([a-z_]+)(?:\{([a-z_,]*)\})?(?:,|$)")

EXPIRED, PASSWORD, REMOVED = 463, 460, 458
_WORDS = {
    EXPIRED: "Error validating access token: Session has expired.",
    PASSWORD: "Error validating access token: The session is invalid because the user changed their password.",
    REMOVED: "Error validating access token: The user has not authorized the application.",
}


class Refused(Exception):
    """An error answer. `minutes`: until calls are taken again."""

    def __init__(self, code: int, message: str, *, subcode: int = 0, status: int = 400, minutes: int = 0) -> None:
        super().__init__(message)
        self.status, self.minutes = status, minutes
        error: Json = {"message": message, "type": "OAuthException", "code": code}
        self.body: Json = {
            "error": error | ({"error_subcode": subcode} if subcode else {}) | {"fbtrace_id": "AStandIn"}
        }


def token_ended(subcode: int) -> Refused:
    return Refused(190, _WORDS[subcode], subcode=subcode)


def version(named: str) -> None:
    if not _VERSION.fullmatch(named):
        raise Refused(2500, f"Unknown path components: /{named}")


def fields(asked: str) -> dict[str, tuple[str, ...]]:
    """The fields that are asked for, each with those of what it holds."""
    found: dict[str, tuple[str, ...]] = {"id": ()}
    at = 0
    while at < len(asked):
        match = _FIELD.match(asked, at)
        if match is None:
            raise Refused(2500, f"Syntax error at character {at} of the fields.")
        name, inner = match[1], tuple(filter(None, (match[2] or "").split(",")))
        for unknown in [each for each in (name,) if each not in FIELDS] + [
            each for each in inner if each not in OF_CHILDREN
        ]:
            raise Refused(100, f"(#100) Tried accessing nonexisting field ({unknown}) on node type (IGMedia)")
        found[name] = inner
        at = match.end()
    return found


def limit(given: str) -> int:
    if not given:
        return USUAL_PAGE
    if not given.isdecimal() or not 0 < int(given) <= MOST_A_PAGE:
        raise Refused(100, "(#100) Param limit must be between 1 and 100")
    return int(given)
