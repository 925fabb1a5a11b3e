"""When what was taught is better: by more than chance alone would make it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visual_search.fitting.checking import Marks, reasons_against


def marks(ranks: NDArray[np.float64], languages: str) -> Marks:
    """The same ranks in each of some languages, and nothing else asked."""
    return Marks(dict.fromkeys(languages, ranks), {one: np.arange(len(ranks)) for one in languages}, {}, None, None)


def refused(gains: NDArray[np.float64], languages: str) -> bool:
    before = np.full(len(gains), 0.5)
    return bool(reasons_against(marks(before, languages), marks(before + gains, languages), 1.0))


def test_names_in_two_languages_are_no_more_products() -> None:
    """Ten products, of which the names gain on average what chance gives or takes, once or as two languages."""
    spread = np.array([1.0, -1.0] * 5) * 0.1
    error = spread.std() / 10**0.5
    for languages in ("f", "fe", "fed"):
        assert refused(spread + 0.9 * error, languages)
        assert not refused(spread + 1.1 * error, languages)


def test_nothing_asked_is_no_gain() -> None:
    assert refused(np.zeros(0), "fe")
    assert refused(np.full(3, 0.2), "")
