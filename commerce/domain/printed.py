"""What is printed on a page that somebody made elsewhere: its picture, its words and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commerce.domain.lookbook import Region

_GAP = 1.0  # between two words of one line, in heights of their letters
_IN_LINE = 0.5  # how much of the lower one's height they share
_LEADING = 0.6  # between two lines of one block, in heights of their letters
_LOOKED_BACK = 12  # lines of a block
_SMALLER = 0.8  # cents beside their price


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is printed, and where."""

    text: str
    region: Region


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """`jpeg` is the whole page, `width_px` by `height_px`. `words` in the order in which the document draws them;
    `pictures`: where pictures lie on it, largest first."""

    number: int
    jpeg: bytes
    width_px: int
    height_px: int
    words: tuple[Word, ...] = ()
    pictures: tuple[Region, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    def lines(self) -> list[tuple[Word, ...]]:
        """Words that follow each other on one line, without a wider gap: a cell of a table is a line of its own."""
        lines: list[list[Word]] = []
        for word in self.words:
            if lines and self._follows(lines[-1][-1], word):
                lines[-1].append(word)
            else:
                lines.append([word])
        return [tuple(line) for line in lines]

    def blocks(self) -> list[tuple[Word, ...]]:
        """Lines right under each other: a caption, a paragraph, a column of a table."""
        lines = [(self._box_of(line), line) for line in self.lines()]
        lines.sort(key=lambda each: each[0][1])
        blocks: list[list[Word]] = []
        edges: list[list[tuple[float, float, float, float]]] = []  # the lines of each
        for box, line in lines:
            near = [at for at, of in enumerate(edges) if any(_is_under(above, box) for above in of[-_LOOKED_BACK:])]
            if not near:
                blocks.append(list(line))
                edges.append([box])
                continue
            first, *others = near
            blocks[first] += line
            edges[first].append(box)
            for at in reversed(others):  # a line that two columns share
                blocks[first] += blocks.pop(at)
                edges[first] += edges.pop(at)
        return [tuple(block) for block in blocks]

    def goes_on_below(self, line: Sequence[Word], next_line: Sequence[Word]) -> bool:
        """Whether a word may be broken between the two: the second begins right under the first."""
        before, after = self._box(line[-1]), self._box(next_line[0])
        height = max(before[3] - before[1], after[3] - after[1])
        return after[0] <= before[0] and -height / 2 <= after[1] - before[3] <= height and after[1] > before[1]

    def is_smaller(self, word: Word, than: Word) -> bool:
        """As cents are beside their price: in smaller letters."""
        return word.region.height_frac <= than.region.height_frac * _SMALLER

    def _follows(self, before: Word, word: Word) -> bool:
        one, other = self._box(before), self._box(word)
        if _is_upright(one, before.text) and _is_upright(other, word.text):
            one, other = _turned(one), _turned(other)
            if other[0] < one[0]:  # read from below
                one, other = other, one
        heights = one[3] - one[1], other[3] - other[1]
        shared = min(one[3], other[3]) - max(one[1], other[1])
        gap = other[0] - one[2]
        return shared >= _IN_LINE * min(heights) and -0.3 * max(heights) <= gap <= _GAP * max(heights)

    def _box_of(self, line: Sequence[Word]) -> tuple[float, float, float, float]:
        boxes = [self._box(word) for word in line]
        return (
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        )

    def _box(self, word: Word) -> tuple[float, float, float, float]:
        at = word.region
        left, top = at.x_frac * self.width_px, at.y_frac * self.height_px
        return left, top, left + at.width_frac * self.width_px, top + at.height_frac * self.height_px


def around(regions: Sequence[Region]) -> Region:
    """The smallest region around all of them."""
    left = min(region.x_frac for region in regions)
    top = min(region.y_frac for region in regions)
    right = max(region.x_frac + region.width_frac for region in regions)
    bottom = max(region.y_frac + region.height_frac for region in regions)
    return Region(left, top, min(right, 1.0) - left, min(bottom, 1.0) - top)


def distance(one: Region, other: Region) -> float:
    """Between their nearest edges, in fractions of the page; 0 where they touch or lie in each other."""
    across = max(0.0, other.x_frac - one.x_frac - one.width_frac, one.x_frac - other.x_frac - other.width_frac)
    down = max(0.0, other.y_frac - one.y_frac - one.height_frac, one.y_frac - other.y_frac - other.height_frac)
    return float((across**2 + down**2) ** 0.5)


def _is_under(above: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> bool:
    height = max(above[3] - above[1], box[3] - box[1])
    return above[0] < box[2] and box[0] < above[2] and box[1] - above[3] <= _LEADING * height


def _is_upright(box: tuple[float, float, float, float], text: str) -> bool:
    """A word that runs up or down the page."""
    return len(text) > 1 and box[3] - box[1] > 1.2 * (box[2] - box[0])


def _turned(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return box[1], box[0], box[3], box[2]
