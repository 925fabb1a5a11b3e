"""Others that find names by words, each as its users set it up: our folding, titles re-ranked by rapidfuzz."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist, extract

from commerce.lexicon import words

Search = Callable[[str], list[int]]
_RANKED = 100  # candidates that are re-ranked


def slips(word: str) -> int:
    return 0 if len(word) < 4 or any(letter.isdigit() for letter in word) else 1 if len(word) < 6 else 2


class Tantivy:
    """tantivy as its documentation shows it: default tokenizer, title stored, fuzzy terms for unknown words, any word
    will do, a hundred documents fetched and re-ranked."""

    def __init__(self, folded: Sequence[str]) -> None:
        import tantivy

        self._tantivy = tantivy
        self._schema = self._make_schema()
        self._folder = TemporaryDirectory(prefix="bench-tantivy-")
        index = tantivy.Index(self._schema, path=self._folder.name)
        writer = index.writer(200_000_000, 1)
        for number, text in enumerate(folded):
            writer.add_document(tantivy.Document(title=text, number=number))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._index = index
        self._searcher = index.searcher()

    @property
    def bytes_on_disk(self) -> int:
        return sum(path.stat().st_size for path in Path(self._folder.name).iterdir())

    def _make_schema(self) -> Any:
        builder = self._tantivy.SchemaBuilder()
        builder.add_text_field("title", stored=True)
        builder.add_integer_field("number", stored=True)
        return builder.build()

    def _terms(self, typed: Sequence[str]) -> list[Any]:
        query, schema = self._tantivy.Query, self._schema
        return [
            query.term_query(schema, "title", word)
            if self._searcher.doc_freq("title", word) or not slips(word)
            else query.fuzzy_term_query(schema, "title", word, slips(word))
            for word in typed
        ]

    def search(self, text: str) -> list[int]:
        typed = words(text)
        should = self._tantivy.Occur.Should
        query = self._tantivy.Query.boolean_query([(should, term) for term in self._terms(typed)])
        found = [self._searcher.doc(address) for _, address in self._searcher.search(query, _RANKED).hits]
        titles = [document["title"][0] for document in found]
        return [found[place]["number"][0] for place in best_titles(" ".join(typed), titles)]


class TunedTantivy(Tantivy):
    """The same with all we know to make it fast: split at spaces, no positions, no counting, numbers from a fast field,
    titles from memory; all words first, any word only when that finds nothing."""

    def __init__(self, folded: Sequence[str]) -> None:
        super().__init__(folded)
        self._folded = folded

    def _make_schema(self) -> Any:
        builder = self._tantivy.SchemaBuilder()
        builder.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field("number", fast=True)
        return builder.build()

    def _terms(self, typed: Sequence[str]) -> list[Any]:
        query, schema = self._tantivy.Query, self._schema
        return [
            query.term_query(schema, "title", word, "freq")
            if self._searcher.doc_freq("title", word) or not slips(word)
            else query.fuzzy_term_query(schema, "title", word, slips(word))
            for word in typed
        ]

    def search(self, text: str) -> list[int]:
        typed = words(text)
        terms = self._terms(typed)
        for occur in (self._tantivy.Occur.Must, self._tantivy.Occur.Should):
            query = self._tantivy.Query.boolean_query([(occur, term) for term in terms])
            found = self._searcher.search(query, _RANKED, False).hits
            if found:
                numbers: list[int] = self._searcher.fast_field_values("number", [address for _, address in found])
                return reranked(" ".join(typed), numbers, self._folded)
        return []


def best_titles(asked: str, titles: Sequence[str]) -> list[int]:
    """Places of the ten titles most like the query, by rapidfuzz."""
    if not titles:
        return []
    scores = cdist([asked], titles, scorer=fuzz.token_ratio, dtype=np.float32)[0]
    return np.argsort(-scores, kind="stable")[:10].tolist()  # type: ignore[no-any-return]


def reranked(asked: str, numbers: Sequence[int], folded: Sequence[str]) -> list[int]:
    return [numbers[place] for place in best_titles(asked, [folded[number] for number in numbers])]


def brute(folded: Sequence[str]) -> Search:
    """rapidfuzz over every name."""

    def search(text: str) -> list[int]:
        asked = " ".join(words(text))
        return [number for _, _, number in extract(asked, folded, scorer=fuzz.token_ratio, limit=10, score_cutoff=60)]

    return search


class Fts5:
    """SQLite FTS5: unknown words corrected against its vocabulary, then all words, then any, then re-ranked."""

    def __init__(self, folded: Sequence[str]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE names USING fts5(title, content='', columnsize=0)")
        rows: Iterator[tuple[int, str]] = enumerate(folded)
        while batch := list(islice(rows, 50_000)):
            self._db.executemany("INSERT INTO names (rowid, title) VALUES (?, ?)", batch)
        self._db.commit()
        self._db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(names, row)")
        self._terms = dict(self._db.execute("SELECT term, doc FROM terms"))
        self._plain = [term for term in self._terms if not any(letter.isdigit() for letter in term)]
        self._folded = folded

    def search(self, text: str) -> list[int]:
        typed = [self._corrected(word) for word in words(text)]
        for joint in (" AND ", " OR "):
            question = joint.join(f'"{word}"' for word in typed)
            rows = self._db.execute(
                "SELECT rowid FROM names WHERE names MATCH ? ORDER BY bm25(names) LIMIT ?", (question, _RANKED)
            ).fetchall()
            if rows:
                return reranked(" ".join(typed), [row[0] for row in rows], self._folded)
        return []

    def _corrected(self, word: str) -> str:
        if word in self._terms or not slips(word):
            return word
        found = extract(word, self._plain, scorer=OSA.distance, score_cutoff=slips(word), limit=8)
        return min(found, key=lambda hit: (hit[1], -self._terms[hit[0]]))[0] if found else word
