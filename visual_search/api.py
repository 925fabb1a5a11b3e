"""The front door of the eyes.

    eyes = Eyes.open(Path("var/eyes"))
    eyes.add([(picture_id, jpeg_bytes), ...])
    seen = eyes.look(photo_bytes)                    # Seen, or PictureRefused with a reason
    eyes.search(seen, k=10, allowed=ids_in_stock)    # [Hit(picture_id, score, band), ...]
    eyes.save(change_seq)                            # a verified generation on disk

Ids are the caller's int64. Nothing here knows a product, a price or a shopper. Importing this module loads
neither onnxruntime nor faiss nor Pillow; opening does.

An index belongs to one encoder and revision. Opened with another one, the index that is there goes on answering,
through the encoder that made it, until `rebuild` has made the new one; then both change at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visual_search.changeover import Indexes, Progress
from visual_search.choice import Choice
from visual_search.errors import EncoderUnavailable, EyesUnavailable, SnapshotDamaged
from visual_search.importing import Added
from visual_search.preprocess.limits import Limits
from visual_search.sight import Serving, Sight
from visual_search.snapshot import Snapshot
from visual_search.values import Box, EyesStatus, Hit, Ids, Picture, PictureRefused, Remembered, Seen, Vectors

if TYPE_CHECKING:
    from visual_search.fitting.lessons import Caption, Taught
    from visual_search.fitting.seeing import Read
    from visual_search.fitting.teaching import Outcome, Report
    from visual_search.stores import IndexStore, Stored, Workshop


class Eyes:
    """Thread-safe. Opening never raises for what an operator can repair: look at `status`.

    While `status.state` is "off" every search raises EyesUnavailable; `rebuild` brings the eyes back, taking
    each vector that is still good on disk and encoding only the rest.
    """

    def __init__(self, store: IndexStore, choice: Choice) -> None:
        """Use `Eyes.open`."""
        self._store = store
        self._choice = choice
        self._made: Snapshot | None = None  # vectors of the wanted encoder, made while it was taught
        self._indexes = Indexes()
        self._change_seq = 0
        self._needs_rebuild = True
        self._loaded = b""  # the store's fingerprint of the index that serves
        self._rebuild_turn = threading.Lock()
        self._state = threading.Lock()

    @classmethod
    def open(
        cls,
        index: Path | IndexStore,
        encoder: str = "vitrine",
        limits: Limits | None = None,
        children: int = 2,
        fits: Path | None = None,
    ) -> Eyes:
        """Load the encoder and the current index: of a store, which is closed with the eyes, or the generation below a
        directory (made at the first save). `fits`: the folder of what the encoder is taught of this catalogue; None: it
        cannot be taught."""
        from visual_search.stores import FileIndexStore

        store = FileIndexStore(index) if isinstance(index, Path) else index
        eyes = cls(store, Choice(encoder, lambda name: Sight.open(name, limits, children, fits), fits))
        eyes._load()
        return eyes

    @property
    def status(self) -> EyesStatus:
        serving, wanted, building = self._indexes.serving, self._choice.sight, self._indexes.building
        sight = serving.sight if serving else wanted
        changing = serving is not None and serving.sight is not wanted
        reason = self._indexes.reason or (self._choice.reason if changing else "") or self._choice.notice
        try:
            count, next_count = len(serving.gallery) if serving else 0, len(building.gallery) if building else 0
        except EyesUnavailable as away:  # the store's: it may be back at the next search
            count, next_count, reason = 0, 0, away.reason
        return EyesStatus(
            state="rebuilding" if building else "ready" if serving else "off",
            reason=reason,
            encoder=sight.encoder.name if sight else "",
            revision=sight.encoder.revision if sight else "",
            dimension=sight.encoder.dimension if sight else 0,
            count=count,
            change_seq=self._change_seq,
            needs_rebuild=self._needs_rebuild or changing,
            next_encoder=self._choice.name if changing else "",
            next_count=next_count,
        )

    @property
    def rebuild_is_due(self) -> bool:
        """The index cannot be used or is another encoder's, and `rebuild` has what it needs and is not at work."""
        serving, wanted, building = self._indexes.serving, self._choice.sight, self._indexes.building
        return wanted is not None and building is None and (serving is None or serving.sight is not wanted)

    def describe(self) -> str:
        """One honest sentence about the encoder, for the operator."""
        sight = self._looking()
        return sight.encoder.describe() if sight else f"no encoder: {self._indexes.reason}"

    def look(self, data: bytes) -> Seen | PictureRefused:
        """Read and encode one photo from a stranger, and find the things to wear in it. Raises EyesUnavailable where
        no encoder is loaded."""
        return self._seeing().look(data)

    def look_at(self, data: bytes, box: Box) -> Seen | PictureRefused:
        """As `look`, at one part that the shopper chose: `vector`, `subject` and the one garment are those of the
        part, whatever it shows; `picture` is still the whole. ValueError where `box` is no part of a picture."""
        return self._seeing().look_at(data, box)

    @property
    def reads_words(self) -> bool:
        """Whether `imagine` works with the encoder that looks."""
        sight = self._looking()
        return sight is not None and sight.encoder.reads_words

    def imagine(self, seen: Remembered, words: str, instead_of: str) -> Vectors:
        """The vector [d] of a picture moved by words: as if it showed `words` where it shows `instead_of`. Length 1.
        Raises SeenByAnother as `search` does."""
        from visual_search.imagining import imagined

        serving = self._indexes.now()
        return imagined(serving.sight.encoder, serving.own(seen).vector, words, instead_of)

    def add(
        self,
        pictures: Iterable[tuple[int, bytes]],
        on_progress: Progress | None = None,
        on_picture: Callable[[int, Picture], None] | None = None,
    ) -> list[Added]:
        """Encode and index pictures of the catalogue, in batches; a known id gets its new picture. A refused
        picture is left out and told of. `on_picture` receives each clean copy, for a caller that keeps it."""
        return self._indexes.add(pictures, on_progress, on_picture)

    def remove(self, ids: Iterable[int]) -> int:
        """Forget these pictures at once; unknown ids are ignored. Returns how many were there."""
        return self._indexes.remove(list(ids))

    def keep_only(self, ids: Iterable[int]) -> int:
        """Forget every picture but these. Returns how many were forgotten."""
        present = self._indexes.now().gallery.index.ids()
        return self.remove(np.setdiff1d(present, np.fromiter(ids, np.int64)).tolist())

    def search(
        self,
        query: Remembered | Vectors,
        k: int,
        allowed: Iterable[int] | Ids | None = None,
        thumb: bytes = b"",
    ) -> list[Hit]:
        """The `k` most alike among `allowed` (None: all), best first. `thumb`: that of the garment that is meant, where
        it is not the photo's. Raises SeenByAnother for a look that was remembered from before the encoder was changed;
        of a bare vector nobody can tell."""
        serving = self._indexes.now()
        if isinstance(query, np.ndarray):
            return serving.hits(query, k, allowed, thumb)
        return serving.hits(serving.own(query).vector, k, allowed, thumb or bytes.fromhex(query.phash))

    def similar_to(self, picture_id: int, k: int, allowed: Iterable[int] | Ids | None = None) -> list[Hit]:
        """As `search`, from an indexed picture, without itself. Empty where the id is not indexed."""
        serving = self._indexes.now()
        try:
            vector = serving.gallery.index.vectors_of([picture_id])[0]
            thumb = serving.gallery.marks.thumb(picture_id)
        except KeyError:
            return []
        return [hit for hit in serving.hits(vector, k + 1, allowed, thumb) if hit.picture_id != picture_id][:k]

    def exact(self, seen: Remembered, whole: Vectors | None = None) -> list[int]:
        """Ids of the very same picture: the same bytes, else the same photo saved again or resized, looked for among
        what is nearest to `whole` (else to its vector). ValueError where `sha256` or `phash` is not what `look` gave;
        SeenByAnother as in `search`."""
        serving = self._indexes.now()
        sha256, thumb = bytes.fromhex(seen.sha256), bytes.fromhex(seen.phash)
        vector = serving.own(seen).vector if whole is None else whole
        return serving.gallery.same_picture(sha256, thumb, vector)

    def save(self, change_seq: int) -> str:
        """Make the index the current one of the store, as covering the catalogue up to `change_seq`; returns its name.
        OSError (a full disk) leaves the old one current. "" where another process has saved another encoder's index
        meanwhile, or has put another in the place of a shared one: that one stays, and is to be taken over."""
        serving = self._indexes.now()
        if self._store.fingerprint() != self._loaded:
            found = self._store.made_by()
            if found is not None and (self._store.is_shared or found != serving.sight.made_by):
                return ""
        return self._save(serving, change_seq)

    def _save(self, serving: Serving, change_seq: int) -> str:
        made_by = serving.sight.made_by
        name = self._store.save(serving.gallery, made_by.encoder, made_by.revision, change_seq)
        with self._state:
            self._change_seq = change_seq
            self._needs_rebuild = serving.sight is not self._choice.sight
            self._loaded = self._store.fingerprint()
        return name

    def verify(self) -> int:
        """Read the current index and the fit in use again and check them: files, every hash. Returns the picture count
        of the index (0: none saved). Raises SnapshotDamaged."""
        count = self._store.verify()
        if damage := self._choice.verify():
            raise SnapshotDamaged(damage)
        return count

    def refresh(self) -> bool:
        """Take over the index that another process saved. For processes that only read: changes made
        here since the last save are lost. True where there was a new one."""
        if self._indexes.building is not None or self._store.fingerprint() == self._loaded:
            return False
        self._load()
        return True

    def take_over(self) -> bool:
        """`refresh`, where another process has finished an index of the wanted encoder, and the one here is another
        encoder's, cannot be used, or was shared. The caller replays what changed since `status.change_seq`. What is
        wanted is looked up again: another process may have taught the encoder."""
        if self._indexes.building is None and self._choice.is_outdated:
            self._choice.choose()
        serving, wanted = self._indexes.serving, self._choice.sight
        if wanted is None or (serving is not None and serving.sight is wanted and not self._store.is_shared):
            return False
        return self._store.made_by() == wanted.made_by and self.refresh()

    def rebuild(
        self, pictures: Iterable[tuple[int, bytes]], change_seq: int, on_progress: Progress | None = None
    ) -> list[Added]:
        """A fresh index of exactly these pictures by the wanted encoder, saved and swapped in. The old one, if any,
        serves until then; what is added or removed meanwhile is applied to the new one as well. Whatever ends it
        early, vectors that were made are kept for the next time. Raises EyesUnavailable, RebuildRunning."""
        from visual_search.building import Building

        wanted = self._choice.sight
        if wanted is None:
            raise EyesUnavailable(self._choice.reason)
        with self._rebuild_turn, self._store.workshop() as workshop:
            building = Building(wanted, self._store.fresh(*wanted.made_by), workshop, self._older(wanted, workshop))
            added = self._indexes.build(building, pictures, on_progress)
            # Whatever others saved meanwhile was of the old index: the only builder replaces it.
            self._save(self._indexes.now(), change_seq)
            workshop.clear()
        self._made = None
        self._choice.rest_others()
        return added

    def want(self, encoder: str) -> None:
        """Another encoder than it was opened with is wanted from now on: `rebuild` changes to it."""
        self._choice.want(encoder)

    def teach(
        self, products: Sequence[Taught], captions: Sequence[Caption], read: Read, report: Report, *, apply: bool = True
    ) -> Outcome:
        """Teaches the encoder this catalogue and checks it. If it is better, and with `apply`, it is wanted from then
        on: `rebuild` changes to it. Raises EncoderUnavailable where nothing can be taught; OSError: nothing changed."""
        outcome = self._choice.teach(products, captions, read, report)
        if apply and outcome.fit is not None:
            self.use(outcome)
        return outcome

    def use(self, outcome: Outcome) -> None:
        """The second half of `teach`, for what came of it with `apply` false."""
        self._made = self._choice.use(outcome)

    def forget(self) -> bool:
        """The way back: the encoder as shipped is wanted again; `rebuild` changes to it. False where it was."""
        return self._choice.forget()

    def _older(self, wanted: Sight, workshop: Workshop) -> Iterator[Snapshot]:
        """Where vectors that were made before may be found: in memory and in the store, whatever verifies."""
        serving = self._indexes.serving
        if serving is not None and serving.sight is wanted:
            yield serving.snapshot(0)
        if self._made is not None:
            yield self._made
        yield from self._store.salvage()
        yield from workshop.kept()

    def _load(self) -> None:
        loaded = self._store.fingerprint()
        serving: Serving | None = None
        change_seq, reason, stored = 0, "", None
        try:
            stored = self._store.load()
            if stored is not None:
                serving, change_seq = self._served(stored), stored.manifest.change_seq
            elif (wanted := self._choice.sight) is not None:
                serving = Serving(wanted, self._store.first(*wanted.made_by))
                loaded = self._store.fingerprint()
            else:
                reason = self._choice.reason
        except SnapshotDamaged as damaged:
            reason = f"the index on disk is damaged: {damaged.reason}"
        except (EncoderUnavailable, EyesUnavailable) as missing:
            reason = missing.reason
        with self._state:
            self._change_seq, self._loaded = change_seq, loaded
            self._needs_rebuild = serving is None or stored is None or serving.sight is not self._choice.sight
        self._indexes.replace(serving, reason)

    def _served(self, stored: Stored) -> Serving:
        """Through what made it. Raises EncoderUnavailable."""
        try:
            return Serving(self._choice.maker(stored.manifest.made_by), stored.gallery)
        except EncoderUnavailable:
            stored.gallery.index.close()
            raise

    def _looking(self) -> Sight | None:
        serving = self._indexes.serving
        return serving.sight if serving else self._choice.sight

    def _seeing(self) -> Sight:
        if (sight := self._looking()) is None:
            raise EyesUnavailable(self._indexes.reason)
        return sight

    def close(self) -> None:
        """Ends the decoding children, and what the index does in the background."""
        serving = self._indexes.serving
        if serving is not None:
            serving.gallery.index.close()
        self._store.close()
        self._choice.close()

    def __enter__(self) -> Eyes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
