"""Finding products by words, by conditions and by pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from commerce.domain.product import Product
from commerce.domain.search import Filters, Hit
from commerce.domain.stock import StockLevel
from commerce.ports.products import StoredPicture
from commerce.ports.teaching import Teachable


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A product as the text index sees it: the words of every language, best first. `title` weighs most.

    `concepts` are entries of the lexicon that it is an instance of, as "kind:key" ("category:dress"): any word for one
    of them finds the product.
    """

    product_id: int
    title: str
    words: str
    concepts: tuple[str, ...] = ()


class TextMatches(NamedTuple):
    """`read_as`: the query as it was understood, in the shopper's own order. `unknown`: words found nowhere.
    `is_partial`: no product holds all the other words; the hits hold most of them."""

    hits: tuple[Hit, ...]
    read_as: str
    total: int
    unknown: tuple[str, ...] = ()
    is_partial: bool = False


class TextIndex(Protocol):
    """Fuzzy words to products, in memory, derived from the database. Safe for many threads."""

    def search(self, words: str, *, limit: int, allowed: NDArray[np.int64] | None = None) -> TextMatches:
        """Best products first. `allowed`: sorted product ids, the only ones that may be answered; None: all."""
        ...

    def upsert(self, documents: Iterable[TextDocument]) -> None: ...

    def remove(self, product_ids: Iterable[int]) -> None: ...

    def __len__(self) -> int: ...

    def __contains__(self, word: object) -> bool:
        """Whether a folded word is one of the catalogue's: such a word is never somebody's slip of the finger."""
        ...


class Facets(Protocol):
    """Which products satisfy certain conditions, in memory. A little behind the database at most: answers are checked
    against it before they are shown."""

    def allowed(self, filters: Filters) -> NDArray[np.int64] | None:
        """Sorted ids of the products with at least one variant that satisfies all of it; None: no condition."""
        ...

    def upsert(self, products: Iterable[tuple[Product, Sequence[StockLevel]]]) -> None: ...

    def remove(self, product_ids: Iterable[int]) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An index as plain columns of numbers and of texts, each under a name of its own, to be kept on disk."""

    numbers: Mapping[str, NDArray[Any]]
    texts: Mapping[str, Sequence[str]]


class Keepable(Protocol):
    """An index that can be kept between two processes and then answers exactly as it did."""

    def keep(self) -> Kept:
        """All of it at one moment. Readers go on meanwhile."""
        ...

    def prepare(self, kept: Kept) -> Callable[[], None]:
        """Checks what was kept; calling the answer puts it in place, at once for readers. Raises ValueError for what
        does not fit together, and where the index is not empty: then nothing has changed."""
        ...


class KeptWords(Protocol):
    """The words and conditions of all products as they were after a change of the catalogue, kept between two
    processes so that the next need not read the whole catalogue."""

    def load(self, mark_of: Callable[[int], str]) -> int | None:
        """Fills the indexes, which must be empty, and returns the number of the last change they hold. `mark_of` gives
        the present database's mark of a change (`ProductRepository.change_mark`), "" to refuse.

        None where nothing was kept or it cannot be used, whatever the reason: the indexes are as empty as before.
        """
        ...

    def save(self, change_seq: int, mark: str) -> None:
        """Keeps the indexes as holding everything up to that change. Raises OSError: what was kept before stays."""
        ...


class NotSeen(StrEnum):
    """Why a photo could not be answered. Each has words for shoppers in both languages."""

    OFF = "off"  # this shop cannot see: no encoder or no index
    TOO_LARGE = "too_large"
    UNKNOWN_FORMAT = "unknown_format"
    DAMAGED = "damaged"
    TOO_SLOW = "too_slow"
    TOO_SMALL = "too_small"
    AGAIN = "again"  # what is remembered of it is of no use any more: it has to be sent again
    NO_PRODUCT = "no_product"  # nothing of what the shop sells is in the picture


PartOfPicture: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions 0..1 of the upright picture; left < right, top < bottom."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenGarment:
    """One thing to wear in a photo: where, what (a category of the lexicon, "" when unknown), what to search with."""

    box: PartOfPicture
    category: str
    vector: NDArray[np.float32]
    thumb: bytes = b""
    """8 x 8 RGB: what colours it has; b"" where nobody looked."""


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """A photo that was read: what is needed to search with it again ("same but in green") without the file.

    `vector` is float32 [dimension], unit length. `clean_jpeg` is our own upright re-encoding without any metadata.
    """

    vector: NDArray[np.float32]
    clean_jpeg: bytes
    sha256: str
    phash: str
    encoder: str
    garments: tuple[SeenGarment, ...] = ()
    """What can be picked in it, surest first. With more than one, the shopper is asked which."""
    barcodes: tuple[str, ...] = ()
    """Digits of the barcodes in it and texts of the shop's own QR codes ("vitrine:…"), surest first."""
    shows: Literal["fashion", "unsure", "other"] = "unsure"
    """Whether there is something to wear in it. Of an "other" one only the barcodes can be looked up."""
    kind: str = ""
    """The category of what the shopper picked in it, as it was called when they picked; "" where nothing was."""

    def only(self, garment: SeenGarment) -> SeenPhoto:
        """The photo as if there were nothing in it but that garment."""
        return replace(
            self, vector=garment.vector, garments=(garment,), barcodes=(), shows="fashion", kind=garment.category
        )


class ImageMatcher(Teachable, Protocol):
    """Photos to products."""

    @property
    def reads_words(self) -> bool:
        """Whether words can be laid beside a photo in `match`."""
        ...

    def look(self, data: bytes, part: PartOfPicture | None = None) -> SeenPhoto | NotSeen:
        """Reads an untrusted file in a child process; never raises for a bad one. `part`: what to look at, chosen by
        hand; then it is the one garment of the answer."""
        ...

    def clean(self, data: bytes) -> bytes:
        """Our own upright re-encoding of an untrusted picture, whatever it shows, for people to look at; b'' for what
        cannot be read. Reads in a child process, as `look` does."""
        ...

    def match(
        self,
        photo: SeenPhoto,
        *,
        limit: int,
        allowed: NDArray[np.int64] | None = None,
        words: str = "",
        instead_of: str = "",
    ) -> tuple[Hit, ...] | NotSeen:
        """One hit a product, best first: the exact catalogue photo first, then very close and close ones, where one
        colour counts as some likeness; of a photo that surely shows something to wear, the nearest where none is close.

        `words`: what it should rather look like ("floral dress"), and `instead_of` the same of the photo as it is
        ("dress"); without effect where the shop's eyes read no words.
        """
        ...

    def numbered(self, photo: SeenPhoto, parts: Sequence[PartOfPicture]) -> bytes:
        """Our copy of the photo as a JPEG with a numbered frame around each part, counted from 1. b"" where it cannot
        be drawn."""
        ...

    def similar_to(self, product_id: int, *, limit: int, allowed: NDArray[np.int64] | None = None) -> tuple[Hit, ...]:
        """Products that look like this one, itself left out; () when it cannot say."""
        ...

    def learn(self, owners: Iterable[tuple[int, int]]) -> None:
        """Whose these pictures are: (picture id, product id). Does not look at them."""
        ...

    def pictures_of(self, product_id: int) -> frozenset[int]:
        """Pictures known to be this product's."""
        ...

    def add(self, pictures: Iterable[tuple[StoredPicture, bytes]]) -> None: ...

    def remove(self, picture_ids: Iterable[int]) -> None: ...

    def covers(self) -> int | None:
        """The change number up to which the index on disk holds everything; None: it cannot be used until rebuilt."""
        ...

    def rebuild(
        self,
        pictures: Iterable[tuple[StoredPicture, bytes]],
        change_seq: int,
        on_progress: Callable[[int], None] | None = None,
    ) -> int:
        """A new index of exactly these pictures; the old one answers until it is there, whichever encoder made it.
        Returns how many it holds. Raises IndexNotBuilt where it cannot be done here and now."""
        ...

    def take_over(self) -> bool:
        """Uses the index that another process has built meanwhile, where this one could not go on with its own. True
        when it did; then `covers` tells from where on changes are to be replayed."""
        ...

    def forget_unknown(self) -> None:
        """Takes out of the index whatever picture `learn` was not told of."""
        ...

    def needs_rebuild(self) -> bool:
        """Whether the index cannot be used or is another encoder's, and there is what to build a new one with."""
        ...

    def showing_nothing_to_wear(self, pictures: Iterable[bytes]) -> Iterator[bool]:
        """Of each of the shop's own pictures that can be read, lazily and in order, whichever encoder looks. Nothing at
        all where the shop cannot see."""
        ...

    def want(self, encoder: str, why: str) -> None:
        """Which encoder is to look from now on, and why, in words for `describe`. `rebuild` changes to it; until then
        the one that made the index goes on."""
        ...

    def save(self, change_seq: int) -> None:
        """Keeps the index on disk, as covering the catalogue up to that change. Raises OSError."""
        ...

    def describe(self) -> Mapping[str, object]:
        """What it is, for people and /readyz: on or off with the reason, encoder, number of pictures;
        `next_encoder`, `next_pictures`: what follows once it is built, how far that is; `why` it is the one wanted."""
        ...

    def verify(self) -> Mapping[str, object]:
        """As `describe`, after checking every file of the index; `damage` says what is wrong, '' when nothing is."""
        ...

    def close(self) -> None: ...
