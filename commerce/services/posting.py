"""Posts of the link page: pictures that lead to products, each by a short link of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import NotPosted, Post, ShortLink
from commerce.domain.reservation import Refused
from commerce.domain.search import Why
from commerce.ports import Clock, Ids, ImageMatcher, MediaStore, NotSeen, SeenPhoto, Storage, UnitOfWork

MOST_PRODUCTS, LONGEST_CAPTION = 12, 500
PAGE = "/links"
_SURE = (Why.EXACT_PICTURE, Why.VERY_CLOSE)
_CODE_LETTERS = 12  # of the post's id in the code of its link


class Posting:
    """For marketers. Nothing is shown before they say so: what the eyes propose is looked at first."""

    def __init__(
        self, storage: Storage, clock: Clock, ids: Ids, media: MediaStore, image_matcher: ImageMatcher
    ) -> None:
        self._storage, self._clock, self._ids = storage, clock, ids
        self._media, self._image_matcher = media, image_matcher

    def upload(self, picture: bytes, caption: LocalText, *, actor: str) -> Post | Refused[NotPosted]:
        """Keeps our own copy of the picture and proposes the products in it. Takes up to some seconds."""
        seen = self._image_matcher.look(picture)
        jpeg = self._image_matcher.clean(picture) if isinstance(seen, NotSeen) else seen.clean_jpeg
        if not jpeg:
            return Refused(NotPosted.UNREADABLE)
        proposed = () if isinstance(seen, NotSeen) else self._in(seen)
        now = self._clock.now()
        key = self._media.put(jpeg, ".jpg")

        def work(uow: UnitOfWork) -> Post:
            first = min((each.position for each in uow.posts.all(shown_only=False)), default=1)
            known = uow.products.many(proposed)
            made = Post(
                self._ids.new_id(), key, _tidy(caption), tuple(each for each in proposed if each in known), first - 1,
                False, now,
            )  # fmt: skip
            uow.posts.put(made)
            label = next(iter(made.caption.by_language.values()), "")[:100]
            uow.short_links.add(ShortLink(code_of(made), PAGE, label, now, post_id=made.id))
            uow.audit.add(actor, "post_made", made.id, {"proposed": len(made.product_ids)}, now)
            return made

        return self._storage.write(work)

    def _in(self, seen: SeenPhoto) -> tuple[int, ...]:
        """The products that are surely in it, one for each thing to wear."""
        found: dict[int, None] = {}
        for part in [seen.only(garment) for garment in seen.garments] or [seen]:
            hits = self._image_matcher.match(part, limit=1)
            if not isinstance(hits, NotSeen) and hits and hits[0].why in _SURE:
                found.setdefault(hits[0].product_id)
        return tuple(found)[:MOST_PRODUCTS]

    def change(
        self,
        uow: UnitOfWork,
        post_id: str,
        *,
        caption: LocalText,
        product_ids: Sequence[int],
        position: int,
        is_shown: bool,
        actor: str,
    ) -> Post | Refused[NotPosted]:
        post = uow.posts.get(post_id)
        if post is None:
            return Refused(NotPosted.NOT_FOUND)
        tagged = tuple(dict.fromkeys(product_ids))[:MOST_PRODUCTS]
        if is_shown and not tagged:
            return Refused(NotPosted.NO_PRODUCT)
        changed = replace(post, caption=_tidy(caption), product_ids=tagged, position=position, is_shown=is_shown)
        uow.posts.put(changed)
        uow.audit.add(actor, "post_changed", post_id, {"shown": is_shown}, self._clock.now())
        return changed

    def remove(self, uow: UnitOfWork, post_id: str, *, actor: str) -> Post | Refused[NotPosted]:
        """Its link leads to the page of posts from then on. The picture's file is the caller's to delete, once this is
        stored."""
        post = uow.posts.get(post_id)
        if post is None or not uow.posts.delete(post_id):
            return Refused(NotPosted.NOT_FOUND)
        uow.audit.add(actor, "post_removed", post_id, {}, self._clock.now())
        return post


def code_of(post: Post) -> str:
    """Of its short link."""
    return post.id[:_CODE_LETTERS]


def _tidy(caption: LocalText) -> LocalText:
    said = {code: " ".join(text.split())[:LONGEST_CAPTION] for code, text in caption.by_language.items()}
    return LocalText({code: text for code, text in said.items() if text})
