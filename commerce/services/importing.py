"""Posts that were made elsewhere come to the link page: looked for now and then, each brought in once.

Nothing that somebody has decided here is undone: a caption that was changed by hand stays, a post that was removed does
not come back, and nothing is shown before a person or the shop's settings say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from commerce.domain.imported import Imported, ImportedPost, ImportState, NotRead, SourcePost, SourcePosts, Unread
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Post
from commerce.errors import FetchRefused
from commerce.lexicon import Lexicon
from commerce.ports import Clock, Ids, MediaStore, Storage, UnitOfWork, WebFetcher
from commerce.ports.publishing import PostSource
from commerce.services.captions import products_in, title_of
from commerce.services.posting import MOST_PRODUCTS, Looked, Posting
from commerce.understanding import Context, understand

FIRST_TIME, FIRST_TIME_BACK = 60, timedelta(days=365)
"""How many posts the first look brings, and from how long ago: as many as the link page shows."""
MOST_LISTED = 1_000
MOST_PICTURES, LARGEST_PICTURE_BYTES = 10, 10 * 1024 * 1024  # of an album; Instagram's own are 8 MB
_LAST, _RUNNING, _WANTED = "posts:last", "posts:running", "posts:wanted"
_KEPT, _LEASE, _PATIENCE = timedelta(days=400), timedelta(minutes=5), timedelta(hours=1)

Progress = Callable[[int, int], None]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ImportRules:
    """`base_url` tells our own links in captions from others. `show_sure`: whether new posts whose products are sure
    are shown at once."""

    base_url: str
    language: str
    currency: str
    every: timedelta
    show_sure: bool


class Importing:
    """Without a source nothing is ever looked for."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        media: MediaStore,
        fetcher: WebFetcher,
        lexicon: Lexicon,
        posting: Posting,
        source: PostSource | None,
        rules: ImportRules,
    ) -> None:
        self._storage, self._clock, self._ids, self._media = storage, clock, ids, media
        self._fetcher, self._lexicon, self._posting = fetcher, lexicon, posting
        self._source, self._rules = source, rules

    @property
    def source(self) -> PostSource | None:
        return self._source

    # --- when

    def tick(self) -> bool:
        """Looks when it is time to, or when somebody has asked. Whether it did. Takes as long as the pictures do."""
        if self._source is None:
            return False
        now = self._clock.now()
        with self._storage.read() as uow:
            state, wanted = self._state(uow), uow.state.get(_WANTED, now)
        is_due = state.last_at is None or now - state.last_at >= self._rules.every
        if state.running or not (wanted or is_due) or _waits(state, now):
            return False
        self.run(actor=wanted or "clock")
        return True

    def want(self, uow: UnitOfWork, actor: str) -> None:
        """Whoever keeps time looks as soon as it can."""
        uow.state.put(_WANTED, actor, self._clock.now() + _PATIENCE)

    def state(self, uow: UnitOfWork) -> ImportState:
        return self._state(uow)

    def run(self, *, actor: str, progress: Progress = lambda done, of: None) -> Imported | NotRead:
        """One look, from beginning to end; `progress` hears of each new post. A second one changes nothing."""
        assert self._source is not None, "there is nowhere to look"
        now = self._clock.now()
        with self._storage.read() as uow:
            state = self._state(uow)
        if isinstance(state.last, NotRead) and _waits(state, now):
            return state.last
        if not self._storage.write(lambda uow: uow.state.claim(_RUNNING, "[0, 0]", now + _LEASE, now)):
            return NotRead(Unread.RUNNING)
        outcome = self._look(self._source, actor, progress)  # after a surprise nobody looks again before the lease ends
        self._storage.write(lambda uow: self._note(uow, outcome, actor))
        return outcome

    def _look(self, source: PostSource, actor: str, progress: Progress) -> Imported | NotRead:
        source.renew_access()
        now = self._clock.now()
        with self._storage.read() as uow:
            known = uow.posts.imported()
            ours = {post.id: post for post in uow.posts.all(shown_only=False)}
        here = [ours[each.post_id].created_at for each in known.values() if each.post_id in ours]
        since = min(here, default=now - FIRST_TIME_BACK)
        found = source.newest(since, MOST_LISTED if here else FIRST_TIME)
        if isinstance(found, NotRead):
            return found
        new = [post for post in reversed(found.posts) if post.id not in known]  # oldest first: the next look goes on
        brought = 0
        for done, post in enumerate(new):
            self._say(done, len(new), progress)
            brought += self._bring_in(post, actor)
        if new:
            self._say(len(new), len(new), progress)
        changed, gone = self._storage.write(lambda uow: self._follow(uow, found))
        return Imported(brought, changed, gone, len(new) - brought)

    # --- new ones

    def _bring_in(self, post: SourcePost, actor: str) -> bool:
        """False where none of its pictures can be had: it is tried again at the next look."""
        looked = [each for address in post.pictures[:MOST_PICTURES] if (each := self._picture(address)) is not None]
        if not looked:
            return False
        key, small_key = self._posting.keep(looked[0].jpeg)

        def work(uow: UnitOfWork) -> bool:
            made_id = self._ids.new_id()
            if not uow.posts.add_imported(ImportedPost(post.id, made_id, post.caption)):
                return False
            named = products_in(uow, post.caption, self._rules.base_url)
            tagged = dict.fromkeys([*named, *(number for each in looked for number in each.products(named))])
            known = uow.products.many(tagged)
            products = tuple(number for number in tagged if number in known)[:MOST_PRODUCTS]
            shown = self._rules.show_sure and bool(products)
            made = Post(
                made_id, key, self._caption(post.caption), products, 0, shown, post.posted_at, post.id, post.url,
                small_key,
            )  # fmt: skip
            self._posting.add(uow, made)
            uow.audit.add(
                actor, "post_imported", made_id, {"from": post.id, "proposed": len(products)}, self._clock.now()
            )
            return True

        is_ours = False
        try:
            is_ours = self._storage.write(work)
        finally:
            if not is_ours:
                self._media.delete(key)
                self._media.delete(small_key)
        return True

    def _picture(self, address: str) -> Looked | None:
        try:
            body = self._fetcher.fetch(address, max_bytes=LARGEST_PICTURE_BYTES, accept=("image/",)).body
        except FetchRefused as refusal:
            log.info("post_picture_not_fetched", reason=refusal.reason)
            return None
        return self._posting.look(body)

    def _caption(self, caption: str) -> LocalText:
        """In the language that it seems to be written in."""
        title = title_of(caption)
        if not title:
            return LocalText({})
        context = Context(currency=self._rules.currency)
        spoken = understand(title, language=self._rules.language, lexicon=self._lexicon, context=context)
        return LocalText({spoken.language: title})

    # --- those that are here

    def _follow(self, uow: UnitOfWork, found: SourcePosts) -> tuple[int, int]:
        """Captions that were edited and posts that are gone; how many of each."""
        there, known = {post.id: post for post in found.posts}, uow.posts.imported()
        changed = gone = 0
        for each in known.values():
            post, source = uow.posts.get(each.post_id), there.get(each.external_id)
            if post is None:
                continue
            if source is None:
                if each.gone_at is None and post.created_at >= found.reaches:
                    uow.posts.save_imported(replace(each, gone_at=self._clock.now()))
                    uow.posts.put(replace(post, is_shown=False))
                    gone += 1
                continue
            if source.url != post.external_url:
                post = replace(post, external_url=source.url)
                uow.posts.put(post)
            if source.caption != each.caption or each.gone_at is not None:
                changed += self._take_over(uow, post, each, source)
        return changed, gone

    def _take_over(self, uow: UnitOfWork, post: Post, known: ImportedPost, source: SourcePost) -> bool:
        """An edited caption, unless somebody has written another here; with the products that it newly names."""
        uow.posts.save_imported(replace(known, caption=source.caption, gone_at=None))
        if source.caption == known.caption or set(post.caption.by_language.values()) - {title_of(known.caption)}:
            return False
        named_before = products_in(uow, known.caption, self._rules.base_url)
        named_now = uow.products.many(products_in(uow, source.caption, self._rules.base_url))
        products = dict.fromkeys([*post.product_ids, *(each for each in named_now if each not in named_before)])
        caption = self._caption(source.caption)
        uow.posts.put(replace(post, caption=caption, product_ids=tuple(products)[:MOST_PRODUCTS]))
        return True

    # --- what is written down

    def _say(self, done: int, of: int, progress: Progress) -> None:
        until = self._clock.now() + _LEASE
        self._storage.write(lambda uow: uow.state.put(_RUNNING, json.dumps([done, of]), until))
        progress(done, of)

    def _note(self, uow: UnitOfWork, outcome: Imported | NotRead, actor: str) -> None:
        now = self._clock.now()
        if isinstance(outcome, NotRead):
            said: dict[str, object] = {"why": outcome.why.value}
            said["again_at"] = outcome.again_at.isoformat() if outcome.again_at else ""
        else:
            said = asdict(outcome)
            if outcome.changed or outcome.gone:
                uow.audit.add(actor, "posts_followed", "posts", {"changed": outcome.changed, "gone": outcome.gone}, now)
        uow.state.put(_LAST, json.dumps({"at": now.isoformat(), **said}), now + _KEPT)
        for done_with in (_RUNNING, _WANTED):
            uow.state.delete(done_with)

    def _state(self, uow: UnitOfWork) -> ImportState:
        now = self._clock.now()
        said, running = uow.state.get(_LAST, now), uow.state.get(_RUNNING, now)
        at, last = _outcome(json.loads(said)) if said else (None, None)
        done, of = json.loads(running) if running else (0, 0)
        wanted = uow.state.get(_WANTED, now) is not None
        return ImportState(at, last, (done, of) if running else None, wanted)


def _outcome(said: dict[str, str]) -> tuple[datetime, Imported | NotRead]:
    at = datetime.fromisoformat(said["at"])
    if "why" in said:
        again_at = datetime.fromisoformat(said["again_at"]) if said["again_at"] else None
        return at, NotRead(Unread(said["why"]), again_at)
    return at, Imported(**{name: int(value) for name, value in said.items() if name != "at"})


def _waits(state: ImportState, now: datetime) -> bool:
    """Whether the source has asked not to be asked yet."""
    return isinstance(state.last, NotRead) and state.last.again_at is not None and now < state.last.again_at
