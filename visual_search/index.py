"""Vector search in this process over the caller's own int64 ids, chosen by size.

Up to `EXACT_NUMBERS` every search compares all of them: exact, and fast enough. Above, inverted lists name
the rows worth comparing (`approximate`); they are fitted in the background while the exact search goes on answering.
Adding and removing never rebuild anything and are seen by the next search.

A filter acts inside the search, never after it: when few rows are kept they alone are compared, exactly, at any size;
otherwise the others are skipped by a bitmap.
"""

from __future__ import annotations

import logging
import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visual_search import exact
from visual_search.approximate import CANDIDATES, ApproximateLists, Progress, Stopped
from visual_search.locks import ReadWriteLock
from visual_search.ports import check_query, check_vectors
from visual_search.rows import Rows, VectorRows
from visual_search.values import Ids, Vectors

EXACT_NUMBERS = 51_200_000
"""In all vectors together: 100,000 of 512. Comparing more takes longer than looking at the photo did, 8 ms."""
_FEW_FRAC = 0.01
"""Below this share of rows kept, the approximate search compares exactly those."""
_MOST_DEAD = 256
"""Removed rows that an exact search steps over before the living ones are moved together."""
_REFIT_AT = 2.0
"""Lists are fitted anew when there are so many times more rows than they were fitted for."""

_log = logging.getLogger(__name__)


class VectorIndex:
    """`visual_search.ports.VectorStore`: searches run side by side, a change waits for them."""

    def __init__(
        self,
        dimension: int,
        rows: tuple[Ids, Vectors] | None = None,
        lists: NDArray[np.uint8] | None = None,
        *,
        approximate_from: int | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        """`rows` and `lists` are what `snapshot` and `lists` gave, verified by the caller; the vectors are used where
        they lie. Lists that cannot be read are fitted again. `approximate_from`: vectors; None: what was measured.
        `on_progress` hears of the fitting."""
        import faiss

        faiss.omp_set_num_threads(1)
        self.dimension = dimension
        self._rows = VectorRows(dimension, *(rows or ()))
        self._lists: ApproximateLists | None = None
        self._fitted_for = 0
        self._approximate_from = EXACT_NUMBERS // dimension if approximate_from is None else approximate_from
        self._on_progress = on_progress
        self._lock = ReadWriteLock()
        self._fitting: threading.Thread | None = None
        self._stop = threading.Event()
        if lists is not None:
            self._lists = ApproximateLists.from_bytes(lists, len(self._rows))
            self._fitted_for = 0 if self._lists is None else len(self._rows)
        self._fit_if_due()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, picture_id: int) -> bool:
        with self._lock.reading():
            return bool(self._rows.rows_of([picture_id]).size)

    @property
    def is_exact(self) -> bool:
        """Whether searches compare everything."""
        return self._lists is None

    def add(self, ids: ArrayLike, vectors: Vectors) -> None:
        """See `VectorStore`."""
        wanted = np.ascontiguousarray(ids, np.int64).reshape(-1)
        given = np.ascontiguousarray(vectors, np.float32)
        check_vectors(wanted, given, self.dimension)
        if not len(wanted):
            return
        with self._lock.writing():
            self._remove(self._rows.rows_of(wanted))
            added = self._rows.add(wanted, given)
            if self._lists is not None:
                self._lists.add(added, given)
        self._fit_if_due()

    def remove(self, ids: ArrayLike) -> int:
        """See `VectorStore`. Batch them: each call costs the same for one and for many."""
        with self._lock.writing():
            rows = self._rows.rows_of(ids)
            self._remove(rows)
            return len(rows)

    def search(self, vectors: Vectors, k: int, allowed_ids: Ids | None = None) -> tuple[Vectors, Ids]:
        """See `VectorStore`. Exact while `is_exact`, and wherever a filter keeps few."""
        queries = np.ascontiguousarray(np.atleast_2d(vectors), np.float32)
        check_query(queries, k, self.dimension)
        with self._lock.reading():
            kept = None if allowed_ids is None else self._rows.rows_of(allowed_ids)
            exactly = len(self._rows) * (exact.FEW_FRAC if self._lists is None else _FEW_FRAC)
            if self._lists is not None:
                exactly = max(exactly, 2 * CANDIDATES)  # the lists would name half of them
            if kept is not None and len(kept) <= exactly:
                scores, found = exact.compare(self._rows, queries, k, kept)
            elif self._lists is None:
                scores, found = exact.scan(self._rows, queries, k, kept)
            else:
                scores, found = self._lists.search(self._rows, queries, k, kept)
            return scores, self._rows.ids_at(found)

    def vectors_of(self, ids: ArrayLike) -> Vectors:
        """See `VectorStore`."""
        with self._lock.reading():
            return self._rows.vectors_of(ids)

    def ids(self) -> Ids:
        """See `VectorStore`."""
        with self._lock.reading():
            return self._rows.ids()

    def snapshot(self) -> tuple[Ids, Vectors]:
        """See `VectorStore`. The same content gives the same bytes."""
        with self._lock.reading():
            return self._rows.snapshot()

    def lists(self) -> NDArray[np.uint8] | None:
        """The inverted lists for the rows of `snapshot`, to be kept beside them; None while there are none."""
        with self._lock.reading():
            return self._written_lists()

    def settle(self) -> None:
        """Returns when no lists are being fitted any more."""
        fitting = self._fitting
        if fitting is not None:
            fitting.join()

    def close(self) -> None:
        """Ends the fitting; searches still work."""
        self._stop.set()
        self.settle()

    def _remove(self, rows: Rows) -> None:
        self._rows.remove(rows)
        if self._lists is not None:
            self._lists.remove(rows)
        most = _MOST_DEAD if self._lists is None else max(_MOST_DEAD, len(self._rows))
        if self._rows.dead > most and self._fitting is None:  # who fits lists counts on the rows' numbers
            written = self._written_lists()
            self._rows = self._rows.squeezed()
            self._lists = None if written is None else ApproximateLists.from_bytes(written, len(self._rows))

    def _written_lists(self) -> NDArray[np.uint8] | None:
        if self._lists is None:
            return None
        numbers = np.full(self._rows.end, -1, np.int64)
        numbers[self._rows.living()] = np.arange(len(self._rows))
        return self._lists.to_bytes(numbers)

    def _fit_if_due(self) -> None:
        with self._lock.writing():
            due = len(self._rows) >= max(self._approximate_from, _REFIT_AT * self._fitted_for)
            if not due or self._fitting is not None or self._stop.is_set():
                return
            self._fitting = threading.Thread(target=self._fit, name="index-fitting", daemon=True)
        self._fitting.start()

    def _fit(self) -> None:
        """Rows keep their numbers and their vectors meanwhile; what came and went is made good at the end."""
        with self._lock.reading():
            rows, end, living = self._rows, self._rows.end, self._rows.living()
        try:
            _log.info("fitting the picture index for %d pictures", len(living))
            lists = ApproximateLists.build(rows, living, self._on_progress, self._stop)
            with self._lock.writing():
                late = np.arange(end, rows.end)
                late = late[rows.is_alive(late)]
                lists.add(late, rows.gather(late))
                lists.remove(living[~rows.is_alive(living)])
                self._lists, self._fitted_for = lists, len(rows)
            _log.info("the picture index is fitted")
        except Stopped:
            pass
        except Exception:  # out of memory: exact search goes on, and the next try is at twice the size
            _log.exception("the picture index could not be fitted")
            self._fitted_for = len(living)
        finally:
            self._fitting = None
