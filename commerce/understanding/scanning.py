"""Finding the phrases of the lexicon and of the phrasebook in a message, typos corrected."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from commerce.lexicon import Lexicon, singular
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Match, Reading
from commerce.understanding.spelling import speller

_NO_CUES: frozenset[str] = frozenset()
_MOST_CORRECTIONS = 20  # words of one message looked up as typos: a shopper makes a few, noise makes hundreds


def scan(
    reading: Reading, lexicon: Lexicon, book: Phrasebook, known: Container[str], *, names_awaited: bool = False
) -> None:
    """Fill ``reading.matches`` from left to right, the longest phrase first; misspelt words are put right first.

    ``names_awaited``: we asked for the name of a place or a person, so that an unknown word is one and no typo.
    """
    reading.matches = _matches(reading, lexicon, book)
    if not names_awaited and _correct(reading, reading.matches, lexicon, book, known):
        reading.matches = _matches(reading, lexicon, book)


def _matches(reading: Reading, lexicon: Lexicon, book: Phrasebook) -> list[Match]:
    texts = [token.text for token in reading.tokens]
    keys = [singular(text) for text in texts]
    grammar = book.grammar
    found: list[Match] = []
    start, count = 0, len(texts)
    while start < count:
        if reading.marks[start]:
            start += 1
            continue
        last = start
        while last < count and last - start < book.longest_cue and not reading.marks[last]:
            last += 1
        for end in range(last, start, -1):
            phrase = " ".join(texts[start:end])
            senses = lexicon.senses_of_key(" ".join(keys[start:end])) if end - start <= 5 else ()
            if senses and end - start == 1 and phrase in grammar and phrase not in lexicon.vocabulary:
                senses = ()  # "êtes" is not the plural of "été"
            cues = _NO_CUES if senses else book.cues.get(phrase, _NO_CUES)
            if senses or cues:
                found.append(Match(start, end, phrase, senses, cues))
                start = end
                break
        else:
            start += 1
    return found


def _correct(reading: Reading, matches: list[Match], lexicon: Lexicon, book: Phrasebook, known: Container[str]) -> bool:
    explained = {place for match in matches for place in range(match.start, match.end)}
    reader = speller(lexicon)
    tried = 0
    for place, token in enumerate(reading.tokens):
        if place in explained or reading.marks[place] or tried >= _MOST_CORRECTIONS:
            continue
        capital = token.raw[:1].isupper() and not reading.shouted
        if capital and place and reading.text(place - 1) in book.sets["strictly_at"]:
            continue  # "à Tulle" is no misspelt fabric
        tried += 1
        meant = reader.correct(token.text, known)
        if meant is not None:
            reading.corrected[token.text] = meant
            reading.tokens[place] = replace(token, text=meant)
    return bool(reading.corrected)
