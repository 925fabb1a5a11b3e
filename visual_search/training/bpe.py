"""Learn the merges of the tokenizer from the words that the encoder is taught with."""

from __future__ import annotations

import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from visual_search.encoders.tokenizer import _END, _PIECE, byte_letters, cleaned


def learn_merges(texts: Iterable[str], vocabulary: int) -> list[tuple[str, str]]:
    """The most frequent pairs, joined one after the other until there are `vocabulary` ids (two of them are start and
    end). Ties go to the pair that sorts first, so that the same texts give the same file.
    """
    letters = byte_letters()
    counts = Counter(piece for text in texts for piece in _PIECE.findall(cleaned(text)))
    words: list[list[str]] = []
    weights: list[int] = []
    for piece, count in counts.items():
        parts = [letters[byte] for byte in piece.encode("utf-8")]
        parts[-1] += _END
        words.append(parts)
        weights.append(count)
    pairs: Counter[tuple[str, str]] = Counter()
    where: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for number, parts in enumerate(words):
        for pair in pairwise(parts):
            pairs[pair] += weights[number]
            where[pair].add(number)
    merges: list[tuple[str, str]] = []
    while len(merges) < vocabulary - 2 - 2 * len(letters) and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for number in sorted(where.pop(best)):
            parts, weight = words[number], weights[number]
            for pair in pairwise(parts):
                pairs[pair] -= weight
            joined: list[str] = []
            for part in parts:
                if joined and (joined[-1], part) == best:
                    joined[-1] += part
                else:
                    joined.append(part)
            words[number] = joined
            for pair in pairwise(joined):
                pairs[pair] += weight
                where[pair].add(number)
        pairs.pop(best, None)
    return merges


def as_file(merges: Iterable[tuple[str, str]]) -> bytes:
    """In SimpleTokenizer's format: a line of no meaning, a merge a line, no newline at the end."""
    text = "\n".join(["#version: 0.2", *(" ".join(merge) for merge in merges)])
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=9) as file:
        file.write(text.encode("utf-8"))
    return packed.getvalue()
