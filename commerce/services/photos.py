"""Shoppers' photos: kept for a limited time, searched with again without the file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from commerce.domain.customer import Contact
from commerce.ports import Clock, MediaStore, PartOfPicture, SeenGarment, SeenPhoto, Storage, UnitOfWork

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SUFFIX = ".photo"
"""Of the keys of our copies of shoppers' photos: no public address ever serves such a file."""
MOST_GARMENTS = 8


class Photos:
    """Keeps photos of shoppers until their end, which is written down before anybody can ask for them."""

    def __init__(self, storage: Storage, media: MediaStore, clock: Clock, keep: timedelta) -> None:
        self._storage, self._media, self._clock = storage, media, clock
        self._keep = keep

    def until(self) -> datetime:
        """When a photo that is kept now will be deleted."""
        return self._clock.now() + self._keep

    def put(
        self, contact: Contact, pictures: Sequence[bytes], suffix: str = SUFFIX, *, keep: timedelta | None = None
    ) -> list[str]:
        """Keys of the media store, one a picture, deleted together; after `keep`, where that is not the usual time.
        Raises OSError or StorageError: nothing is kept."""
        received = self._clock.now()
        until = self.until() if keep is None else received + keep
        keys: list[str] = []

        def note(uow: UnitOfWork) -> None:
            for key in keys:
                uow.photos.add(key, contact, received, until)

        try:
            for picture in pictures:
                keys.append(self._media.put(picture, suffix))
            self._storage.write(note)
        except BaseException:
            for key in keys:
                self._media.delete(key)
            raise
        return keys

    def get(self, contact: Contact, key: str) -> bytes | None:
        """A photo that this person sent; None for everybody else's, and when its time is over."""
        if not key.endswith(SUFFIX):
            return None
        with self._storage.read() as uow:
            sender = uow.photos.sender_of(key)
        return self._media.get(key) if sender == contact else None

    def remember(self, key: str, photo: SeenPhoto, part: PartOfPicture | None = None) -> None:
        """Keeps what was seen in the photo of that key, or in a part of it, as long as the photo."""
        until = self.until()
        body = _adapter().dump_json(RememberedPhoto.of(photo, until)).decode()
        self._storage.write(lambda uow: uow.state.put(_state_key(key, part), body, until))

    def recall(self, contact: Contact, key: str, part: PartOfPicture | None = None) -> RememberedPhoto | None:
        """What was seen in a photo that this person sent; None for everybody else's, and when its time is over."""
        with self._storage.read() as uow:
            if uow.photos.sender_of(key) != contact:
                return None
            body = uow.state.get(_state_key(key, part), self._clock.now())
        return None if body is None else _adapter().validate_json(body)


@dataclass(frozen=True, slots=True)
class RememberedGarment:
    """A garment of a remembered photo."""

    box: PartOfPicture
    category: str
    vector: str
    thumb: str = ""


@dataclass(frozen=True, slots=True)
class RememberedPhoto:
    """A photo to search with again, without the photo: vectors as base64 of float16, thumbs as hexadecimal, and its end
    in epoch seconds. `garments` are the surest, in the order in which people would count them."""

    vector: str
    sha256: str
    phash: str
    encoder: str
    expires_s: int
    garments: tuple[RememberedGarment, ...] = ()
    barcodes: tuple[str, ...] = ()
    shows: Literal["fashion", "unsure", "other"] = "unsure"
    picked: int = 0  # which garment is meant, counted from 1

    @classmethod
    def of(cls, photo: SeenPhoto, expires_at: datetime) -> RememberedPhoto:
        return cls(
            vector=_packed(photo.vector),
            sha256=photo.sha256,
            phash=photo.phash,
            encoder=photo.encoder,
            expires_s=int(expires_at.timestamp()),
            garments=tuple(
                RememberedGarment(each.box, each.category, _packed(each.vector), each.thumb.hex())
                for each in _as_people_count(photo.garments[:MOST_GARMENTS])
            ),
            barcodes=photo.barcodes,
            shows=photo.shows,
        )

    def seen(self, now: datetime, clean_jpeg: bytes = b"") -> SeenPhoto | None:
        """The photo without its file, unless that is given; of a picked garment, that alone. None when its time is
        over."""
        if now.timestamp() >= self.expires_s:
            return None
        photo = SeenPhoto(
            vector=_unpacked(self.vector),
            clean_jpeg=clean_jpeg,
            sha256=self.sha256,
            phash=self.phash,
            encoder=self.encoder,
            garments=tuple(
                SeenGarment(each.box, each.category, _unpacked(each.vector), bytes.fromhex(each.thumb))
                for each in self.garments
            ),
            barcodes=self.barcodes,
            shows=self.shows,
        )
        return photo.only(photo.garments[self.picked - 1]) if 0 < self.picked <= len(photo.garments) else photo


@cache
def _adapter() -> TypeAdapter[RememberedPhoto]:
    from pydantic import TypeAdapter

    return TypeAdapter(RememberedPhoto)


def _state_key(key: str, part: PartOfPicture | None) -> str:
    return f"photo:{key}" + ("" if part is None else ":" + ",".join(f"{edge:.3f}" for edge in part))


def _as_people_count(garments: Sequence[SeenGarment]) -> list[SeenGarment]:
    """From left to right where they lie beside each other, from top to bottom where they lie below each other."""
    across = [each.box[0] + each.box[2] for each in garments]
    down = [each.box[1] + each.box[3] for each in garments]
    along = across if np.ptp(across or [0]) >= np.ptp(down or [0]) else down
    return [garments[at] for at in np.argsort(along, kind="stable")]


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def _unpacked(text: str) -> NDArray[np.float32]:
    """Of unit length again, which half the digits do not keep."""
    vector: NDArray[np.float32] = np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32)
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-6))
