"""What Instagram says, read into our words. https://developers.facebook.com/docs/instagram-platform/reference/instagram-media"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from commerce.domain.imported import SourcePost

FIELDS = (
    "id,caption,media_type,media_url,thumbnail_url,permalink,timestamp,children{id,media_type,media_url,thumbnail_url}"
)
_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_CURSOR = re.compile(r"[!-~]{1,2000}")
_LONGEST_CAPTION, _LONGEST_URL = 5_000, 2_000  # Instagram's own are 2,200 signs at most


def posts_of(page: Mapping[str, Any]) -> list[SourcePost]:
    """Raises ValueError for what is no page of media: a post that were left out would be taken for one that is gone."""
    try:
        return [_post(media) for media in page["data"]]
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no page of media: {type(error).__name__}") from None


def cursor_of(page: Mapping[str, Any]) -> str:
    """Of the page that follows; '' after the last one. A page may be short, or empty, and not be the last one:
    https://developers.facebook.com/docs/graph-api/results"""
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    after = (paging.get("cursors") or {}).get("after")
    return after if isinstance(after, str) and _CURSOR.fullmatch(after) else ""


def _post(media: Mapping[str, Any]) -> SourcePost:
    name = media["id"]
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError("a media has an id")
    posted_at = datetime.fromisoformat(media["timestamp"])
    if posted_at.tzinfo is None:
        raise ValueError("a moment without a zone")
    caption = media.get("caption") or ""
    return SourcePost(
        name,
        str(caption).replace("\x00", "")[:_LONGEST_CAPTION],
        _address(media.get("permalink")),
        posted_at.astimezone(UTC),
        tuple(dict.fromkeys(filter(None, _pictures(media)))),
    )


def _pictures(media: Mapping[str, Any]) -> Iterator[str]:
    """Of an album: of each of its parts. Media under somebody's copyright come without an address."""
    children = (media.get("children") or {}).get("data") or ()
    for child in children:
        yield from _pictures(child)
    if children:
        return
    yield _address(media.get("thumbnail_url") if media.get("media_type") == "VIDEO" else media.get("media_url"))


def _address(value: object) -> str:
    """Of the web, or ''."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_URL:
        return ""
    return value if urlsplit(value).scheme in {"http", "https"} else ""
