"""Posts of the link page: pictures that lead to products, each by a short link of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import NotPosted, Post, ShortLink
from commerce.domain.reservation import Refused
from commerce.domain.search import Why
from commerce.domain.sheet import Box, Fit, Photo, Sheet
from commerce.errors import DrawingFailed
from commerce.ports import Clock, Ids, ImageMatcher, MediaStore, NotSeen, SeenPhoto, Storage, UnitOfWork
from commerce.ports.publishing import SheetDrawer

MOST_PRODUCTS, LONGEST_CAPTION = 12, 500
PAGE = "/links"
SMALL_PX = 480  # a side of a tile's picture: twice the width at which pages show it
_SURE = (Why.EXACT_PICTURE, Why.VERY_CLOSE)
_LOOKED_AT = 10  # of what a picture resembles
_CODE_LETTERS = 12  # of the post's id in the code of its link


@dataclass(frozen=True, slots=True)
class Looked:
    """Our own copy of a picture, and for each thing in it that surely is one of ours what it could be, the likeliest
    first."""

    jpeg: bytes
    things: tuple[tuple[int, ...], ...] = ()

    def products(self, named: Collection[int] = ()) -> tuple[int, ...]:
        """The products that are surely in it. A thing that could be one that is `named` anyway is that one: of two
        jumpers that look alike, the caption knows which."""
        return tuple(dict.fromkeys(alike[0] for alike in self.things if not set(alike) & set(named)))


class Posting:
    """For marketers. Nothing is shown before they say so: what the eyes propose is looked at first."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        media: MediaStore,
        image_matcher: ImageMatcher,
        drawer: SheetDrawer,
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._media, self._image_matcher, self._drawer = media, image_matcher, drawer

    def look(self, picture: bytes) -> Looked | None:
        """None for what is no picture. Takes up to some seconds."""
        seen = self._image_matcher.look(picture)
        if isinstance(seen, NotSeen):
            jpeg = self._image_matcher.clean(picture)
            return Looked(jpeg) if jpeg else None
        return Looked(seen.clean_jpeg, self._in(seen))

    def upload(self, picture: bytes, caption: LocalText, *, actor: str) -> Post | Refused[NotPosted]:
        """Keeps our own copy of the picture and proposes the products in it. Takes up to some seconds."""
        looked = self.look(picture)
        if looked is None:
            return Refused(NotPosted.UNREADABLE)
        now = self._clock.now()
        key, small_key = self.keep(looked.jpeg)

        def work(uow: UnitOfWork) -> Post:
            found = looked.products()[:MOST_PRODUCTS]
            known = uow.products.many(found)
            proposed = tuple(each for each in found if each in known)
            made = self.add(
                uow, Post(self._ids.new_id(), key, tidy(caption), proposed, 0, False, now, small_key=small_key)
            )
            uow.audit.add(actor, "post_made", made.id, {"proposed": len(made.product_ids)}, now)
            return made

        return self._storage.write(work)

    def keep(self, jpeg: bytes) -> tuple[str, str]:
        """The keys of our copy of a picture, and of a small one for tiles: the same where that would save nothing."""
        key = self._media.put(jpeg, ".jpg")
        return key, self._keep_small(jpeg) or key

    def make_small_ones(self) -> int:
        """The tick: small pictures of posts that have none yet; how many were seen to. Takes a tenth of a second
        each."""
        with self._storage.read() as uow:
            waiting = [post for post in uow.posts.all(shown_only=False) if not post.small_key]
        for post in waiting:
            small_key = self._keep_small(self._media.get(post.picture_key) or b"")

            def take(uow: UnitOfWork, post: Post = post, small_key: str = small_key) -> bool:
                present = uow.posts.get(post.id)
                if present is None or present.small_key:
                    return False
                uow.posts.put(replace(present, small_key=small_key or post.picture_key))
                return True

            if not self._storage.write(take):
                self._media.delete(small_key)
        return len(waiting)

    def _keep_small(self, jpeg: bytes) -> str:
        """The key of a small one; "" where it would save nothing."""
        small = self._small(jpeg)
        return self._media.put(small, ".jpg") if 0 < len(small) < len(jpeg) else ""

    def _small(self, jpeg: bytes) -> bytes:
        """A square out of its middle, never larger than it is itself; b"" where it cannot be drawn."""
        size = self._drawer.size_of(jpeg)
        if size is None:
            return b""
        side_px = min(SMALL_PX, *size)
        photo = Photo(jpeg, Box(0, 0, side_px, side_px), Fit.COVER)
        try:
            return next(iter(self._drawer.draw([Sheet(side_px, side_px, "#ffffff", (photo,))])))
        except DrawingFailed:
            return b""

    def add(self, uow: UnitOfWork, post: Post) -> Post:
        """With its short link, before the first one that is older than it."""
        others = uow.posts.all(shown_only=False)
        at = next((at for at, each in enumerate(others) if each.created_at <= post.created_at), len(others))
        uow.posts.put(post)
        self._number(uow, [*others[:at], post, *others[at:]])
        label = next(iter(post.caption.by_language.values()), "")[:100]
        uow.short_links.add(ShortLink(code_of(post), PAGE, label, self._clock.now(), post_id=post.id))
        return replace(post, position=at + 1)

    def _in(self, seen: SeenPhoto) -> tuple[tuple[int, ...], ...]:
        """Of each thing to wear that is surely one of ours, the products that it surely could be."""
        found = []
        for part in [seen.only(garment) for garment in seen.garments] or [seen]:
            hits = self._image_matcher.match(part, limit=_LOOKED_AT)
            sure = () if isinstance(hits, NotSeen) else tuple(hit.product_id for hit in hits if hit.why in _SURE)
            if sure:
                found.append(sure)
        return tuple(found)

    def change(
        self,
        uow: UnitOfWork,
        post_id: str,
        *,
        caption: LocalText,
        product_ids: Sequence[int],
        is_shown: bool,
        actor: str,
        position: int | None = None,
    ) -> Post | Refused[NotPosted]:
        """`position`: the place among all of them, from 1; None: where it stands."""
        post = uow.posts.get(post_id)
        if post is None:
            return Refused(NotPosted.NOT_FOUND)
        tagged = tuple(dict.fromkeys(product_ids))[:MOST_PRODUCTS]
        if is_shown and not tagged:
            return Refused(NotPosted.NO_PRODUCT)
        uow.posts.put(replace(post, caption=tidy(caption), product_ids=tagged, is_shown=is_shown))
        if position is not None:
            self.move(uow, post_id, position)
        uow.audit.add(actor, "post_changed", post_id, {"shown": is_shown}, self._clock.now())
        return uow.posts.get(post_id) or post

    def move(self, uow: UnitOfWork, post_id: str, position: int) -> bool:
        """To that place, counted from 1; the others make room. False when there is no such post."""
        posts = uow.posts.all(shown_only=False)
        moved = next((each for each in posts if each.id == post_id), None)
        if moved is None:
            return False
        others = [each for each in posts if each.id != post_id]
        others.insert(max(position, 1) - 1, moved)
        self._number(uow, others)
        return True

    def _number(self, uow: UnitOfWork, posts: Sequence[Post]) -> None:
        for position, post in enumerate(posts, start=1):
            if post.position != position:
                uow.posts.put(replace(post, position=position))

    def remove(self, uow: UnitOfWork, post_id: str, *, actor: str) -> Post | Refused[NotPosted]:
        """Its link leads to the page of posts from then on. Its `files` are the caller's to delete, once this is
        stored."""
        post = uow.posts.get(post_id)
        if post is None or not uow.posts.delete(post_id):
            return Refused(NotPosted.NOT_FOUND)
        uow.audit.add(actor, "post_removed", post_id, {}, self._clock.now())
        return post


def code_of(post: Post) -> str:
    """Of its short link."""
    return post.id[:_CODE_LETTERS]


def tidy(caption: LocalText) -> LocalText:
    said = {code: " ".join(text.split())[:LONGEST_CAPTION] for code, text in caption.by_language.items()}
    return LocalText({code: text for code, text in said.items() if text})
