"""The front door of the eyes.

    eyes = Eyes.open(Path("var/eyes"))
    eyes.add([(picture_id, jpeg_bytes), ...])
    seen = eyes.look(photo_bytes)                    # Seen, or PictureRefused with a reason
    eyes.search(seen, k=10, allowed=ids_in_stock)    # [Hit(picture_id, score, band), ...]
    eyes.save(change_seq)                            # a verified generation on disk

Ids are the caller's int64. Nothing here knows a product, a price or a shopper. Importing this module loads
neither onnxruntime nor faiss nor Pillow; opening does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from visual_search.errors import EncoderUnavailable, EyesUnavailable, SnapshotDamaged
from visual_search.preprocess.limits import Limits
from visual_search.snapshot import Snapshot, SnapshotStore
from visual_search.values import Box, EyesStatus, Garment, Hit, Ids, Picture, PictureRefused, Remembered, Seen, Vectors

if TYPE_CHECKING:
    from visual_search.encoders.base import Encoder
    from visual_search.gallery import Gallery
    from visual_search.preprocess.decoder import PictureDecoder

_Result = TypeVar("_Result")
Progress = Callable[[int], None]
"""Called with the number of pictures done so far."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one picture given to `add` or `rebuild`."""

    picture_id: int
    sha256: str
    refused: PictureRefused | None


class Eyes:
    """Thread-safe. Opening never raises for what an operator can repair: look at `status`.

    While `status.state` is "off" every search raises EyesUnavailable; `rebuild` brings the eyes back, taking
    each vector that is still good on disk and encoding only the rest.
    """

    def __init__(self, store: SnapshotStore, encoder: Encoder | None, decoder: PictureDecoder | None) -> None:
        """Use `Eyes.open`."""
        self._store = store
        self._encoder = encoder
        self._decoder = decoder
        self._gallery: Gallery | None = None
        self._off_reason = ""
        self._change_seq = 0
        self._needs_rebuild = True
        self._on_disk = b""
        self._rebuild_turn = threading.Lock()
        self._state = threading.Lock()
        self._missed: list[Callable[[Gallery], object]] | None = None

    @classmethod
    def open(cls, directory: Path, encoder: str = "vitrine", limits: Limits | None = None, children: int = 2) -> Eyes:
        """Load the encoder and the current generation below `directory` (made at the first save)."""
        from visual_search.encoders.registry import open_encoder
        from visual_search.preprocess.decoder import PictureDecoder

        store = SnapshotStore(directory)
        try:
            opened = open_encoder(encoder)
        except EncoderUnavailable as missing:
            eyes = cls(store, None, None)
            eyes._off_reason = missing.reason
            return eyes
        eyes = cls(store, opened, PictureDecoder(opened.input_px, limits, children))
        eyes._load()
        return eyes

    @property
    def status(self) -> EyesStatus:
        encoder, gallery = self._encoder, self._gallery
        rebuilding = self._missed is not None
        off = gallery is None and not rebuilding
        return EyesStatus(
            state="rebuilding" if rebuilding else "off" if off else "ready",
            reason=self._off_reason,
            encoder=encoder.name if encoder else "",
            revision=encoder.revision if encoder else "",
            dimension=encoder.dimension if encoder else 0,
            count=len(gallery) if gallery else 0,
            change_seq=self._change_seq,
            needs_rebuild=self._needs_rebuild,
        )

    def describe(self) -> str:
        """One honest sentence about the encoder, for the operator."""
        return self._encoder.describe() if self._encoder else f"no encoder: {self._off_reason}"

    def look(self, data: bytes) -> Seen | PictureRefused:
        """Read and encode one photo from a stranger. Raises EyesUnavailable where no encoder is loaded."""
        encoder, decoder = self._working()
        picture = decoder.read(data)
        if isinstance(picture, PictureRefused):
            return picture
        vectors, subjects = encoder.encode_and_judge(picture.pixels[None])
        return Seen(vectors[0], picture, subjects[0])

    def look_at(self, data: bytes, box: Box) -> Seen | PictureRefused:
        """As `look`, at a part that somebody chose by hand: the vector and the one garment are of that cut-out."""
        from visual_search.retouching import cut_out

        encoder, decoder = self._working()
        picture = decoder.read(data)
        if isinstance(picture, PictureRefused):
            return picture
        part = decoder.read(cut_out(picture.clean, box))
        if isinstance(part, PictureRefused):
            return part
        vectors, subjects = encoder.encode_and_judge(part.pixels[None])
        return Seen(vectors[0], picture, subjects[0], (Garment(box, "", 1.0, vectors[0]),))

    @property
    def reads_words(self) -> bool:
        """Whether `imagine` works with the encoder that is loaded."""
        return self._encoder is not None and self._encoder.reads_words

    def imagine(self, vector: Vectors, words: str, instead_of: str) -> Vectors:
        """A picture's vector [d] moved by words: as if it showed `words` where it shows `instead_of`. Length 1."""
        from visual_search.imagining import imagined

        return imagined(self._working()[0], vector, words, instead_of)

    def add(
        self,
        pictures: Iterable[tuple[int, bytes]],
        on_progress: Progress | None = None,
        on_picture: Callable[[int, Picture], None] | None = None,
    ) -> list[Added]:
        """Encode and index pictures of the catalogue, in batches; a known id gets its new picture. A refused
        picture is left out and told of. `on_picture` receives each clean copy, for a caller that keeps it."""
        self._writable()

        def put(ids: list[int], vectors: Vectors, marks: list[bytes]) -> None:
            self._change(lambda gallery: gallery.put(ids, vectors, marks))

        return self._import(pictures, self._known, put, on_progress, on_picture)

    def add_vectors(self, ids: Iterable[int], vectors: Vectors, pictures: Iterable[Picture]) -> None:
        """Index pictures that were looked at before: `vectors` are rows of `Seen.vector`, in the same order."""
        wanted = list(ids)
        marks = [bytes.fromhex(picture.sha256) + picture.thumb for picture in pictures]
        self._change(lambda gallery: gallery.put(wanted, vectors, marks))

    def remove(self, ids: Iterable[int]) -> int:
        """Forget these pictures at once; unknown ids are ignored. Returns how many were there."""
        wanted = list(ids)
        return self._change(lambda gallery: gallery.remove(wanted)) or 0

    def search(self, query: Remembered | Vectors, k: int, allowed: Iterable[int] | Ids | None = None) -> list[Hit]:
        """The `k` most alike among `allowed` (None: all), best first. Exact."""
        gallery = self._serving()
        return self._hits(gallery, query if isinstance(query, np.ndarray) else query.vector, k, allowed)

    def similar_to(self, picture_id: int, k: int, allowed: Iterable[int] | Ids | None = None) -> list[Hit]:
        """As `search`, from an indexed picture, without itself. Empty where the id is not indexed."""
        gallery = self._serving()
        try:
            vector = gallery.index.vectors_of([picture_id])[0]
        except KeyError:
            return []
        hits = self._hits(gallery, vector, k + 1, allowed)
        return [hit for hit in hits if hit.picture_id != picture_id][:k]

    def exact(self, seen: Remembered) -> list[int]:
        """Ids of the very same picture: the same bytes, else the same photo saved again or resized. ValueError
        where `sha256` or `phash` is not what `look` gave."""
        sha256, thumb = bytes.fromhex(seen.sha256), bytes.fromhex(seen.phash)
        return self._serving().same_picture(sha256, thumb, seen.vector)

    def save(self, change_seq: int) -> str:
        """Write a generation that covers the catalogue up to `change_seq`; returns its name. OSError (a full
        disk) leaves the old generation current."""
        gallery, encoder = self._serving(), self._working()[0]
        name = self._store.save(gallery.to_snapshot(encoder.name, encoder.revision, change_seq))
        with self._state:
            self._change_seq = change_seq
            self._needs_rebuild = False
            self._on_disk = self._store.fingerprint()
        return name

    def verify(self) -> int:
        """Read the current generation again and check every hash. Returns its picture count (0: none saved).
        Raises SnapshotDamaged."""
        snapshot = self._store.load()
        return snapshot.manifest.count if snapshot else 0

    def refresh(self) -> bool:
        """Take over the generation that another process saved. For processes that only read: changes made
        here since the last save are lost. True where there was a new one."""
        if self._encoder is None or self._store.fingerprint() == self._on_disk:
            return False
        self._load()
        return True

    def rebuild(
        self, pictures: Iterable[tuple[int, bytes]], change_seq: int, on_progress: Progress | None = None
    ) -> list[Added]:
        """A fresh index of exactly these pictures, saved and swapped in. The old one, if any, serves until
        then; what is added or removed meanwhile is applied to the new one as well."""
        from visual_search.gallery import Gallery

        encoder, _ = self._working()
        with self._rebuild_turn:
            fresh = Gallery(encoder.dimension)
            known = self._salvaged(encoder)
            with self._state:
                self._missed = []
            try:
                added = self._import(
                    pictures, lambda digests: list(map(known.get, digests)), fresh.put, on_progress, None
                )
                with self._state:
                    for change in self._missed or ():
                        change(fresh)
                    self._gallery, self._off_reason, self._missed = fresh, "", None
            finally:
                self._missed = None
            self.save(change_seq)
        return added

    def _load(self) -> None:
        from visual_search.gallery import Gallery

        encoder, _ = self._working()
        on_disk = self._store.fingerprint()
        gallery: Gallery | None = None
        change_seq, reason = 0, ""
        try:
            snapshot = self._store.load()
            if snapshot is None:
                gallery = Gallery(encoder.dimension)
            elif _made_by(encoder, snapshot):
                gallery, change_seq = Gallery.from_snapshot(snapshot), snapshot.manifest.change_seq
            else:
                reason = f"the index was made by another encoder ({snapshot.manifest.encoder})"
        except SnapshotDamaged as damaged:
            snapshot, reason = None, f"the index on disk is damaged: {damaged.reason}"
        with self._state:
            self._gallery, self._off_reason, self._change_seq = gallery, reason, change_seq
            self._needs_rebuild = gallery is None or snapshot is None
            self._on_disk = on_disk

    def _working(self) -> tuple[Encoder, PictureDecoder]:
        if self._encoder is None or self._decoder is None:
            raise EyesUnavailable(self._off_reason)
        return self._encoder, self._decoder

    def _serving(self) -> Gallery:
        gallery = self._gallery
        if gallery is None:
            raise EyesUnavailable(self._off_reason or "the index is being built")
        return gallery

    def _writable(self) -> None:
        if self._gallery is None and self._missed is None:
            raise EyesUnavailable(self._off_reason)

    def _change(self, apply: Callable[[Gallery], _Result]) -> _Result | None:
        """To the index that serves, and to the one being built, in the same order."""
        with self._state:
            self._writable()
            if self._missed is not None:
                self._missed.append(apply)
            return apply(self._gallery) if self._gallery is not None else None

    def _import(
        self,
        pictures: Iterable[tuple[int, bytes]],
        known: Callable[[list[bytes]], list[tuple[Vectors, bytes] | None]],
        put: Callable[[list[int], Vectors, list[bytes]], None],
        on_progress: Progress | None,
        on_picture: Callable[[int, Picture], None] | None,
    ) -> list[Added]:
        from visual_search.importing import encode_many

        encoder, decoder = self._working()
        added: list[Added] = []
        for batch in encode_many(pictures, encoder, decoder, known, copies=on_picture is not None):
            fresh = {one.picture_id: one for one in batch if one.vector is not None}  # an id twice: the last
            if fresh:
                vectors = np.stack([one.vector for one in fresh.values() if one.vector is not None])
                put(list(fresh), vectors, [one.mark for one in fresh.values()])
            for one in batch:
                added.append(Added(one.picture_id, one.sha256.hex(), one.refused))
                if on_picture is not None and one.picture is not None:
                    on_picture(one.picture_id, one.picture)
            if on_progress is not None:
                on_progress(len(added))
        return added

    def _known(self, digests: list[bytes]) -> list[tuple[Vectors, bytes] | None]:
        gallery = self._gallery
        return gallery.known(digests) if gallery is not None else [None] * len(digests)

    def _salvaged(self, encoder: Encoder) -> dict[bytes, tuple[Vectors, bytes]]:
        """Every vector that verifies, in memory or on disk, by its picture's digest."""
        found: dict[bytes, tuple[Vectors, bytes]] = {}
        snapshots = list(self._store.salvage())
        if self._gallery is not None:
            snapshots.insert(0, self._gallery.to_snapshot(encoder.name, encoder.revision, 0))
        for snapshot in snapshots:
            if _made_by(encoder, snapshot):
                for vector, mark in zip(snapshot.vectors, snapshot.marks, strict=True):
                    raw = mark.tobytes()
                    found.setdefault(raw[:32], (vector, raw[32:]))
        return found

    def _hits(self, gallery: Gallery, vector: Vectors, k: int, allowed: Iterable[int] | Ids | None) -> list[Hit]:
        encoder, _ = self._working()
        wanted = None if allowed is None else np.fromiter(allowed, np.int64)
        scores, ids = gallery.index.search(vector, k, wanted)
        return [
            Hit(int(picture_id), float(score), encoder.bands.band(float(score)))
            for score, picture_id in zip(scores[0], ids[0], strict=True)
            if np.isfinite(score)
        ]

    def close(self) -> None:
        """Ends the decoding children."""
        if self._decoder is not None:
            self._decoder.close()

    def __enter__(self) -> Eyes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _made_by(encoder: Encoder, snapshot: Snapshot) -> bool:
    manifest = snapshot.manifest
    return (manifest.encoder, manifest.revision, manifest.dimension) == (
        encoder.name,
        encoder.revision,
        encoder.dimension,
    )
