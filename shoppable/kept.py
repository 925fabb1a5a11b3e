"""What takes long to say and is asked often: kept until what it was made from changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The newest value for each of at most `most` keys; the one asked for longest ago goes first.

    Of many who miss at once one makes the value and the others wait for it; who finds theirs waits for nobody.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, tuple[Hashable, Value]] = OrderedDict()
        self._lock, self._making = threading.Lock(), threading.Lock()

    def get(self, key: Hashable, state: Hashable, make: Callable[[], Value]) -> Value:
        """The value that was made in this state, made now if need be. What `make` raises is raised, and not kept."""
        found = self._find(key, state)
        if found is None:
            with self._making:
                found = self._find(key, state)
                if found is None:
                    found = (make(),)
                    self._keep(key, state, found[0])
        return found[0]

    def _find(self, key: Hashable, state: Hashable) -> tuple[Value] | None:
        with self._lock:
            known = self._values.get(key)
            if known is None or known[0] != state:
                return None
            self._values.move_to_end(key)
            return (known[1],)

    def _keep(self, key: Hashable, state: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = (state, value)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)
