"""From one index to the next: the one that answers, and the one being built to take its place. What is added or removed
meanwhile goes into both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from visual_search.errors import EyesUnavailable
from visual_search.importing import Added, counting_from, import_many
from visual_search.sight import Serving, Sight
from visual_search.values import Picture, Vectors

if TYPE_CHECKING:
    from visual_search.building import Building
    from visual_search.gallery import Gallery

_Result = TypeVar("_Result")
Progress = Callable[[int], None]
"""Called with the number of pictures done so far."""

_CHUNK = 512
"""Pictures given to one encoder before the other gets them, while there are two."""


class Indexes:
    """Thread-safe."""

    def __init__(self) -> None:
        self.serving: Serving | None = None
        self.building: Building | None = None
        self.reason = ""
        """Why none answers."""
        self._state = threading.Lock()

    def now(self) -> Serving:
        """What answers. Raises EyesUnavailable."""
        if (serving := self.serving) is None:
            raise EyesUnavailable(self.reason or "the index is being built")
        return serving

    def replace(self, serving: Serving | None, reason: str) -> None:
        """Another one answers from now on, or none, for that reason."""
        with self._state:
            before, self.serving, self.reason = self.serving, serving, reason
        if before is not None:
            before.gallery.index.close()

    def build(
        self, building: Building, pictures: Iterable[tuple[int, bytes]], on_progress: Progress | None
    ) -> list[Added]:
        """Fills the next index with exactly these pictures; then it answers, and the one before is closed. Whatever
        ends it early, vectors that were made are kept."""
        self.building = building
        try:
            added = import_many(pictures, building.sight, building.known, building.put, on_progress)
            building.gallery.index.settle()
            with self._state:
                before, self.serving = self.serving, Serving(building.sight, building.finished())
                self.building, self.reason = None, ""
        except BaseException:
            self.building = None
            building.keep()
            building.gallery.index.close()
            raise
        if before is not None:
            before.gallery.index.close()
        return added

    def add(
        self,
        pictures: Iterable[tuple[int, bytes]],
        on_progress: Progress | None,
        on_picture: Callable[[int, Picture], None] | None,
    ) -> list[Added]:
        """See `Eyes.add`."""
        self._writers()
        rest = iter(pictures)
        added: list[Added] = []
        while chunk := list(islice(rest, _CHUNK)):
            added += self._add(chunk, counting_from(len(added), on_progress), on_picture)
        return added

    def _add(
        self,
        pictures: list[tuple[int, bytes]],
        on_progress: Progress | None,
        on_picture: Callable[[int, Picture], None] | None,
    ) -> list[Added]:
        """Into every index that there is by the end: a rebuild may begin or end meanwhile."""
        done: list[Sight] = []
        told: list[Added] = []
        while sight := next((one for one in self._writers() if one not in done), None):
            known, put = self._known_to(sight), self._put_by(sight)
            if done:
                import_many(pictures, sight, known, put)
            else:
                told = import_many(pictures, sight, known, put, on_progress, on_picture)
            done.append(sight)
        return told

    def remove(self, ids: list[int]) -> int:
        """Returns how many were in the one that answers."""
        return self._change(lambda gallery: gallery.remove(ids), None) or 0

    def _writers(self) -> list[Sight]:
        """Whose vectors the indexes take: of the one that serves, then of the one being built."""
        with self._state:
            serving, building = self.serving, self.building
            sights = [one.sight for one in (serving, building) if one is not None]
        if not sights:
            raise EyesUnavailable(self.reason)
        return sights

    def _change(self, apply: Callable[[Gallery], _Result], by: Sight | None) -> _Result | None:
        """To the index that serves and to the one being built, in the same order: each takes the vectors of its own
        sight only. `by` None: there are no vectors in it."""
        self._writers()
        with self._state:
            serving, building = self.serving, self.building
            if building is not None and by in (None, building.sight):
                building.missed.append(apply)
            return apply(serving.gallery) if serving is not None and by in (None, serving.sight) else None

    def _put_by(self, sight: Sight) -> Callable[[list[int], Vectors, list[bytes]], None]:
        def put(ids: list[int], vectors: Vectors, marks: list[bytes]) -> None:
            self._change(lambda gallery: gallery.put(ids, vectors, marks), sight)

        return put

    def _known_to(self, sight: Sight) -> Callable[[list[bytes]], list[tuple[Vectors, bytes] | None]]:
        def known(digests: list[bytes]) -> list[tuple[Vectors, bytes] | None]:
            serving = self.serving
            mine = serving is not None and serving.sight is sight
            return serving.gallery.known(digests) if serving and mine else [None] * len(digests)

        return known
