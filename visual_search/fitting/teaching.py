"""From a catalogue to a fit, or to the reasons against one.

The catalogue is seen once by the frozen encoder. Nine tenths of its products are taught, and the last tenth tells
whether that made anything better; only then everything is taught, in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from visual_search.encoders.base import Bands
from visual_search.encoders.vitrine import VitrineEncoder
from visual_search.fits import Additions, Fit, words_of
from visual_search.fitting import checking
from visual_search.fitting.checking import Exam, Marks, View
from visual_search.fitting.learning import Course, Pace, Pictures, Texts, learn
from visual_search.fitting.lessons import Caption, Descriptions, Taught, held_out, linked, same_names
from visual_search.fitting.seeing import Album, Read, as_by_phone, see_all
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.values import Vectors

Places = NDArray[np.int64]
Report = Callable[[str, int, int | None], None]
"""What is being done, how much of it is done, of how much."""

FEWEST_PRODUCTS = 200
"""With pictures and a name each: with fewer, the tenth that is held out says nothing."""
_FEWEST_HELD_OUT = 10
_PHONE = 500
_ASKED_OF_ALL = 2_000
"""Products whose names are asked for when the whole catalogue is measured: all of a large one would take minutes."""
_TWIN_LEVELS = 1.5
_NEIGHBOURS = 5
_TEXTS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of it. `fit` is None where it was refused; `refused` then says why."""

    refused: tuple[str, ...]
    products: int
    pictures: int
    held_out: int
    before: Mapping[str, float]
    """On the held-out products, which were not taught."""
    after: Mapping[str, float]
    whole_before: Mapping[str, float]
    """On the catalogue as it is used: all of it taught. Empty where the fit was refused."""
    whole_after: Mapping[str, float]
    took_s: float
    fit: Fit | None = None
    album: Album | None = None
    vectors: Vectors | None = None
    """Of the album's pictures, by the fit."""


def teach(
    products: Sequence[Taught],
    captions: Sequence[Caption],
    read: Read,
    encoder: VitrineEncoder,
    decoder: PictureDecoder,
    report: Report,
    pace: Pace | None = None,
) -> Outcome:
    """A few minutes for 40,000 pictures on one core; the same catalogue gives the same fit. Changes nothing anywhere.
    Raises EyesUnavailable where no picture can be read at all."""
    started_s, pace = monotonic(), pace or Pace()
    wanted = [product for product in products if product.picture_ids and any(product.names.values())]
    if len(wanted) < FEWEST_PRODUCTS:
        return _too_few(wanted, started_s)
    every_id = [picture_id for product in wanted for picture_id in product.picture_ids]

    def told(what: str, of: int) -> Callable[[int], None]:
        return lambda done: report(what, done, of)

    album = see_all(every_id, read, encoder, decoder, told("Looking at pictures", len(every_id)))
    readable = set(album.ids.tolist())
    wanted = [product for product in wanted if not readable.isdisjoint(product.picture_ids)]
    if len(wanted) < FEWEST_PRODUCTS:
        return _too_few(wanted, started_s)
    book = _Book(wanted, captions, album, encoder, report)
    unseen = book.held_out()
    if len(unseen) < _FEWEST_HELD_OUT:
        return _refused("too many products share names or pictures: nothing is left to check with", wanted, started_s)
    every = np.arange(len(wanted))
    phone = book.phone_pictures(unseen, read, encoder, decoder, told)
    exam = book.exam(phone.ids)
    asked = exam.of(unseen)

    def judged(additions: Additions, of: Exam, who: Places) -> tuple[Marks, Marks, View, View]:
        shipped, taught = book.view(None, phone), book.view(additions, phone)
        return checking.examine(of, shipped, who), checking.examine(of, taught, who), shipped, taught

    def learned(which: Places, what: str) -> Additions:
        return learn(book.course, which, pace, lambda done, of: report(what, done, of))

    trial = learned(np.setdiff1d(every, unseen), "Learning, to check")
    before, after, shipped, taught = judged(trial, asked, unseen)
    likeness = checking.likeness_kept(shipped.phone, taught.phone)
    against = tuple(checking.reasons_against(before, after, likeness))
    figures = {"after": after.figures() | {"likeness_kept": round(likeness, 4)}, "before": before.figures()}
    if against:
        return Outcome(
            against, len(wanted), len(album.ids), len(unseen), figures["before"], figures["after"], {}, {},
            monotonic() - started_s,
        )  # fmt: skip
    additions = learned(every, "Learning everything")
    some = np.sort(np.random.default_rng(pace.seed).permutation(every)[:_ASKED_OF_ALL])
    whole_before, whole_after, shipped, taught = judged(additions, exam.of(some), some)
    bands = moved_bands(encoder.bands, shipped.pictures, taught.pictures)
    told_of = {**figures, "products": len(wanted), "pictures": len(album.ids), "held_out": len(unseen)}
    fit = Fit(encoder.name, encoder.revision, bands.very_close, bands.close, additions, told_of)
    return Outcome(
        (), len(wanted), len(album.ids), len(unseen), figures["before"], figures["after"],
        whole_before.figures(), whole_after.figures(), monotonic() - started_s, fit, album, taught.pictures,
    )  # fmt: skip


def moved_bands(bands: Bands, before: Vectors, after: Vectors, sample: int = 1_000) -> Bands:
    """Thresholds that as many pairs of this catalogue's pictures reach after as did before."""
    some = np.random.default_rng(0).permutation(len(before))[:sample]
    pairs = np.triu_indices(len(some), 1)
    was, now = ((rows[some] @ rows[some].T)[pairs] for rows in (before, after))

    def moved(cosine: float) -> float:
        reached_frac = float((was >= cosine).mean())
        # Beyond what the sample reaches nothing is known: the distance to the highest is kept.
        if reached_frac == 0:
            return min(0.999, cosine + float(now.max() - was.max()))
        return float(np.quantile(now, 1 - reached_frac))

    very_close = moved(bands.very_close)
    return Bands(very_close=round(very_close, 4), close=round(min(moved(bands.close), very_close - 0.001), 4))


class _Book:
    """The catalogue as places: which pictures, names and captions belong to which product."""

    def __init__(
        self,
        products: Sequence[Taught],
        captions: Sequence[Caption],
        album: Album,
        encoder: VitrineEncoder,
        report: Report,
    ) -> None:
        self._products = products
        self._album = album
        self._descriptions = Descriptions(products, captions)
        row_of = {picture_id: row for row, picture_id in enumerate(album.ids.tolist())}
        shown = [np.array([row_of[one] for one in p.picture_ids if one in row_of], np.int64) for p in products]
        self._owners = np.empty(len(album.ids), np.int64)
        for at, rows in enumerate(shown):
            self._owners[rows] = at
        texts: list[str] = []
        named: list[Places] = []
        self._names: dict[str, tuple[list[int], list[int]]] = {}
        for at, product in enumerate(products):
            first = len(texts)
            for language, name in product.names.items():
                if name:
                    called = self._names.setdefault(language, ([], []))
                    called[0].append(len(texts))
                    called[1].append(at)
                    texts.append(name)
            named.append(np.arange(first, len(texts)))
        self._texts = texts
        self._captions_from = first_caption = len(texts)
        texts += [caption.text for caption in captions]
        self._groups = same_names(products)
        descriptions = self._descriptions
        self.course = Course(
            Pictures(album.vectors, album.features),
            _read_words(texts, encoder, report),
            shown,
            named,
            self._groups,
            [some + first_caption for some in descriptions.of_each_product()],
            lambda some, of: descriptions.fits(some - first_caption, of),
        )

    def held_out(self) -> Places:
        """Those of one name, and those whose pictures hardly differ, are on one side."""
        links = [(at, int(group)) for at, group in enumerate(self._groups)]
        groups = linked(len(self._products), [*links, *self._twins()])
        return held_out(groups, [product.product_id for product in self._products])

    def _twins(self) -> list[tuple[int, int]]:
        import faiss

        album = self._album
        index = faiss.IndexFlatIP(album.vectors.shape[1])
        index.add(album.vectors)
        _, near = index.search(album.vectors, min(_NEIGHBOURS, len(album.ids)))
        thumbs = album.thumbs.astype(np.int16)
        links = []
        for column in near.T:
            levels = np.abs(thumbs - thumbs[column]).mean(axis=1)
            for row in np.flatnonzero(levels < _TWIN_LEVELS):
                links.append((int(self._owners[row]), int(self._owners[column[row]])))
        return links

    def phone_pictures(
        self,
        unseen: Places,
        read: Read,
        encoder: VitrineEncoder,
        decoder: PictureDecoder,
        told: Callable[[str, int], Callable[[int], None]],
    ) -> Album:
        some = self._album.ids[np.isin(self._owners, unseen)]
        chosen = np.random.default_rng(0).permutation(some)[:_PHONE].tolist()
        what = "Looking as by a phone"
        return see_all(chosen, read, encoder, decoder, told(what, len(chosen)), as_by_phone)

    def exam(self, phone_ids: NDArray[np.int64]) -> Exam:
        row_of = {picture_id: row for row, picture_id in enumerate(self._album.ids.tolist())}
        return Exam(
            self._owners,
            self._groups,
            {language: (np.array(rows), np.array(of)) for language, (rows, of) in self._names.items()},
            [(language, at + self._captions_from, of) for language, at, of in self._descriptions.kinds()],
            self._descriptions.kind_of,
            np.array([row_of[picture_id] for picture_id in phone_ids.tolist()], np.int64),
        )

    def view(self, additions: Additions | None, phone: Album) -> View:
        vectors, album = self.course.texts.vectors, self._album
        if additions is None:
            return View(album.vectors, vectors, phone.vectors)
        return View(
            additions.pictures(album.vectors, album.features),
            additions.words(vectors, self._texts),
            additions.pictures(phone.vectors, phone.features),
        )


def _read_words(texts: Sequence[str], encoder: VitrineEncoder, report: Report) -> Texts:
    """Each different text once; about 1 ms."""
    place = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    every = list(place)
    vectors = np.empty((len(every), encoder.dimension), np.float32)
    for start in range(0, len(every), _TEXTS):
        some = slice(start, start + _TEXTS)
        vectors[some] = encoder.encode_words(every[some])
        report("Reading names", min(start + _TEXTS, len(every)), len(every))
    vocabulary: dict[str, int] = {}
    words = [[vocabulary.setdefault(word, len(vocabulary)) for word in words_of(text)] for text in every]
    places = [place[text] for text in texts]
    return Texts(vectors[places], [words[at] for at in places], vocabulary)


def _too_few(products: Sequence[Taught], started_s: float) -> Outcome:
    reason = (
        f"{len(products)} products have a picture and a name; at least {FEWEST_PRODUCTS} are needed to teach and check"
    )
    return _refused(reason, products, started_s)


def _refused(reason: str, products: Sequence[Taught], started_s: float) -> Outcome:
    return Outcome((reason,), len(products), 0, 0, {}, {}, {}, {}, monotonic() - started_s)
