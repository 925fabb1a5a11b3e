"""Posts that were made elsewhere, such as at Instagram, and what is remembered of them here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SourcePost:
    """A post as it stands where it was made. `pictures`: addresses, the one to show first; () where there is none that
    may be shown elsewhere."""

    id: str
    caption: str
    url: str
    posted_at: datetime
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourcePosts:
    """Newest first. Whatever was posted since `reaches` and is not among them does not stand there any more."""

    posts: tuple[SourcePost, ...]
    reaches: datetime


class Unread(StrEnum):
    """Why nothing was read. Each has words for the team in both languages."""

    TOKEN_ENDED = "token_ended"  # noqa: S105  or was taken back: a person makes another
    NOT_ALLOWED = "not_allowed"  # the token may not read posts
    BUSY = "busy"  # too many calls: nobody asks again before `again_at`
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"  # an answer unlike its description
    RUNNING = "running"  # somebody is at it already


@dataclass(frozen=True, slots=True)
class NotRead:
    """`again_at`: when the source can be asked again, where it says so."""

    why: Unread
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedPost:
    """What is remembered of one. It stays when our post is removed: what somebody has removed is not brought in again.

    `caption`: as it was last read, whatever became of ours. `gone_at`: since when it is missed where it was made.
    """

    external_id: str
    post_id: str
    caption: str
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a look has brought. `skipped`: posts without a picture that could be read; they are tried again."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class ImportState:
    """How the import stands. `running`: posts done and how many there are; `is_wanted`: somebody has asked for a look
    that has not begun."""

    last_at: datetime | None = None
    last: Imported | NotRead | None = None
    running: tuple[int, int] | None = None
    is_wanted: bool = False
