"""Instagram behind the shop's port."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from commerce.domain.imported import NotRead, SourcePost, SourcePosts, Unread
from commerce.instagram.access import Access
from commerce.instagram.client import API_VERSION, GraphClient
from commerce.instagram.reading import FIELDS, cursor_of, posts_of
from commerce.ports import Clock

A_PAGE = 50
_MOST_PAGES = 100  # of which many may be nearly empty

log = structlog.get_logger(__name__)


class InstagramSource:
    """`commerce.ports.publishing.PostSource`. `account`: '' with a token of Instagram Login, which is for one account;
    with one of Facebook Login, the account's number there. Such a token is not renewed here."""

    name = "Instagram"

    def __init__(self, client: GraphClient, access: Access, account: str, clock: Clock) -> None:
        self._client, self._access, self._account, self._clock = client, access, account, clock

    def newest(self, since: datetime, most: int) -> SourcePosts | NotRead:
        found: dict[str, SourcePost] = {}
        cursor, is_whole = "", False
        for _ in range(_MOST_PAGES):
            query: dict[str, str | int] = {"fields": FIELDS, "limit": A_PAGE}
            if cursor:
                query["after"] = cursor
            page = self._client.get(f"/{API_VERSION}/{self._account or 'me'}/media", query, self._access.token)
            if isinstance(page, NotRead):
                return page
            try:
                posts = posts_of(page)
            except ValueError:
                return NotRead(Unread.UNREADABLE)
            found |= {post.id: post for post in posts}
            cursor = cursor_of(page)
            is_whole = not cursor or bool(posts and posts[-1].posted_at < since)
            if is_whole or len(found) > most:
                break
        if not found:  # perhaps a slip of theirs: an empty account says nothing of what is missing
            return SourcePosts((), self._clock.now())
        listed = sorted(found.values(), key=lambda post: post.posted_at, reverse=True)
        if not is_whole or len(listed) > most:
            listed = listed[:most]
            since = max(since, listed[-1].posted_at)
        return SourcePosts(tuple(post for post in listed if post.posted_at >= since), since)

    def access_ends(self) -> datetime | None:
        return None if self._account else self._access.ends_at

    def renew_access(self) -> None:
        if self._account or not self._access.is_to_be_renewed():
            return
        answer = self._client.get("/refresh_access_token", {"grant_type": "ig_refresh_token"}, self._access.token)
        try:
            if isinstance(answer, NotRead):
                # One that is younger than a day is refused like this, too: it is asked again tomorrow.
                log.info("instagram_token_not_renewed", reason=answer.why.value)
                self._access.tried()
            else:
                seconds = int(answer["expires_in"])
                self._access.tried(str(answer["access_token"]), self._clock.now() + timedelta(seconds=seconds))
                log.info("instagram_token_renewed", days=seconds // 86_400)
        except (KeyError, TypeError, ValueError, OverflowError):
            log.warning("instagram_token_not_renewed", reason=Unread.UNREADABLE.value)
        except OSError as error:
            log.error("instagram_token_not_kept", reason=type(error).__name__)
