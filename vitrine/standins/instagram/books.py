"""What Instagram knows: media with their pictures, and a token; how they change."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vitrine.standins.instagram import checks
from vitrine.standins.instagram.checks import Json, Refused
from vitrine.standins.provider import ProviderStandIn

ACCOUNT, USERNAME = "17841400000000001", "vitrine.lyon"
TOKEN = "IGAA-rehearsal-of-the-stand-in"  # noqa: S105 opens nothing but a stand-in
_FIRST_ID = 17_895_690_000_000_000
_LASTS, _YOUNG = timedelta(days=60), timedelta(days=1)


@dataclass(slots=True)
class Media:
    """`pictures`: of an album several. `is_claimed`: under somebody else's copyright, so that it has no address."""

    id: str
    caption: str
    pictures: tuple[bytes, ...]
    posted_at: datetime
    is_video: bool = False
    is_claimed: bool = False


@dataclass(slots=True)
class Token:
    text: str
    issued_at: datetime
    ends_at: datetime
    ended: int = field(default=0)  # the subcode of the error that says why


class InstagramBooks(ProviderStandIn):
    """The state, and what people do with the account. Every change is made under the lock."""

    def __init__(self, *args: Any, token: str = TOKEN, account: str = ACCOUNT, **more: Any) -> None:
        super().__init__(*args, **more)
        self.account = account
        self.media: list[Media] = []  # oldest first
        self._made = 0
        # As somebody who has made it a week ago: it may be renewed.
        made = self.clock.now() - timedelta(days=7)
        self._tokens = {token: Token(token, made, made + _LASTS)}
        self._first_token = token
        self._busy_until: datetime | None = None

    @property
    def token(self) -> str:
        return self._first_token

    # --- what people do

    def publish(self, caption: str, *pictures: bytes, is_video: bool = False, at: datetime | None = None) -> str:
        """A picture, several as an album, or the thumbnail of a video. The media's id."""
        with self.lock:
            self._made += 1
            made = Media(str(_FIRST_ID + self._made), caption, pictures, at or self.clock.now(), is_video)
            self.media.append(made)
            self.media.sort(key=lambda each: each.posted_at)
            return made.id

    def edit(self, name: str, caption: str) -> None:
        with self.lock:
            self._of(name).caption = caption

    def delete(self, name: str) -> None:
        with self.lock:
            self.media.remove(self._of(name))

    def claim(self, name: str) -> None:
        """Somebody's copyright is found in it."""
        with self.lock:
            self._of(name).is_claimed = True

    def end_token(self, why: str = "expired") -> None:
        """Of all tokens: "expired", "password" changed, or the app "removed"."""
        subcode = {"expired": checks.EXPIRED, "password": checks.PASSWORD, "removed": checks.REMOVED}[why]
        with self.lock:
            for token in self._tokens.values():
                token.ended = subcode

    def limit(self, minutes: int) -> None:
        with self.lock:
            self._busy_until = self.clock.now() + timedelta(minutes=minutes)

    # --- what the shop asks

    def allow(self, token: str) -> Token:
        now = self.clock.now()
        known = self._tokens.get(token)
        if known is None and token.startswith(
            f"{self._first_token}-"
        ):  # renewed by a stand-in that ran before this one
            known = self._tokens[token] = Token(token, now, now + _LASTS)
        if known is None:
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token")
        if known.ended or now >= known.ends_at:
            raise checks.token_ended(known.ended or checks.EXPIRED)
        if self._busy_until is not None and now < self._busy_until:
            minutes = -(-int((self._busy_until - now).total_seconds()) // 60)
            raise Refused(4, "(#4) Application request limit reached", status=403, minutes=minutes)
        return known

    def renew(self, grant: str, token: str) -> Json:
        if grant != "ig_refresh_token":
            raise Refused(100, "(#100) grant_type must be ig_refresh_token")
        known, now = self.allow(token), self.clock.now()
        if now - known.issued_at < _YOUNG:
            raise Refused(10, "The access token must be at least 24 hours old to be refreshed.")
        renewed = f"{self._first_token}-{len(self._tokens) + 1}"
        self._tokens[renewed] = Token(renewed, now, now + _LASTS)
        return {"access_token": renewed, "token_type": "bearer", "expires_in": int(_LASTS.total_seconds())}

    def list_media(self, fields: str, limit: str, after: str) -> Json:
        """A page of them, newest first; `next` repeats everything that was asked, as the real one does."""
        asked, most = checks.fields(fields), checks.limit(limit)
        newest = list(reversed(self.media))
        first = 0
        if after:
            names = [each.id for each in newest]
            try:
                first = names.index(base64.b64decode(after, validate=True).decode()) + 1
            except ValueError:
                raise Refused(100, "(#100) The after cursor is invalid.") from None
        page = newest[first : first + most]
        found: Json = {"data": [self._shown(each, asked) for each in page]}
        if page:
            found["paging"] = {"cursors": {"before": _cursor(page[0]), "after": _cursor(page[-1])}}
            found["has_next"] = first + most < len(newest)
        return found

    # --- inside

    def _of(self, name: str) -> Media:
        return next(each for each in self.media if each.id == name)

    def _shown(self, media: Media, asked: dict[str, tuple[str, ...]]) -> Json:
        album = len(media.pictures) > 1
        kind = "CAROUSEL_ALBUM" if album else "VIDEO" if media.is_video else "IMAGE"
        every: Json = {
            "id": media.id,
            "caption": media.caption,
            "media_type": kind,
            "media_product_type": "REELS" if media.is_video else "FEED",
            "permalink": f"{self.url}/p/{code_of(media.id)}/",
            "shortcode": code_of(media.id),
            "timestamp": _moment(media.posted_at),
            "username": USERNAME,
            "is_shared_to_feed": True,
            "comments_count": 0,
            "like_count": 0,
        }
        if not media.caption:
            del every["caption"]
        every |= self._pictures(media, 0)
        if album:
            children = [
                {
                    "id": f"{media.id}{at}",
                    "media_type": "IMAGE",
                    "timestamp": every["timestamp"],
                    **self._pictures(media, at),
                }
                for at in range(len(media.pictures))
            ]
            inner = {"id", *asked.get("children", ())}
            every["children"] = {"data": [{k: v for k, v in child.items() if k in inner} for child in children]}
        return {name: value for name, value in every.items() if name in asked}

    def _pictures(self, media: Media, at: int) -> Json:
        address = f"{self.url}/media/{media.id}/{at}"
        if media.is_claimed:
            return {}
        if media.is_video:
            return {"media_url": f"{address}.mp4", "thumbnail_url": f"{address}.jpg"}
        return {"media_url": f"{address}.jpg"}


def code_of(media_id: str) -> str:
    """In the address of its page."""
    number = int(media_id) - _FIRST_ID
    return base64.urlsafe_b64encode(f"vitrine{number:05}".encode()).decode().rstrip("=")


def _cursor(media: Media) -> str:
    return base64.b64encode(media.id.encode()).decode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
