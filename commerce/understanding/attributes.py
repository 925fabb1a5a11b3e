"""What is sought: categories, colours, materials and the rest, wanted or refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from commerce.lexicon import Kind, Lexicon
from commerce.understanding.phrasebook import Phrasebook
from commerce.understanding.reading import Match, Reading

# Of two kinds a word may name, the first listed is meant, unless the thing itself is already named.
_ORDER: tuple[Kind, ...] = (
    "category", "colour", "gender", "sleeve", "length", "fit", "pattern", "material", "occasion", "season",
)  # fmt: skip


@dataclass(slots=True)
class Attributes:
    """Keys of the lexicon by kind, in the order named; ``refused`` are those the shopper does not want."""

    wanted: dict[Kind, list[str]] = field(default_factory=dict)
    refused: dict[Kind, list[str]] = field(default_factory=dict)
    places: list[tuple[int, int, Kind, str]] = field(default_factory=list)

    def first(self, kind: Kind) -> str | None:
        """The first wanted key of a kind."""
        return next(iter(self.wanted.get(kind, ())), None)

    def all(self, kind: Kind) -> tuple[str, ...]:
        """Every wanted key of a kind."""
        return tuple(self.wanted.get(kind, ()))

    def no(self, kind: Kind) -> tuple[str, ...]:
        """Every refused key of a kind."""
        return tuple(self.refused.get(kind, ()))


def read_attributes(reading: Reading, lexicon: Lexicon, book: Phrasebook, language: str) -> Attributes:
    """Take the lexicon's phrases for what they name and mark their tokens with their kind."""
    found = Attributes()
    named = [match for match in reading.matches if match.senses]
    refused = _refused(reading, book)
    things = [match for match in named if _is_thing(match) and match.start not in refused]
    heads = _heads(reading, lexicon, book, language, things)
    for match in named:
        kind, key = _meaning(match, lexicon, language, thing_named=bool(heads) and match.start not in heads)
        if kind == "category" and match.start not in refused and match.start not in heads:
            continue  # "une ceinture pour ma robe": the robe is for the text search
        into = found.refused if match.start in refused else found.wanted
        keys = into.setdefault(kind, [])
        if key not in keys:
            keys.append(key)
        if into is found.wanted:
            found.places.append((match.start, match.end, kind, key))
            reading.mark(range(match.start, match.end), kind)
        else:
            reading.mark(range(match.start, match.end), "refused")
    return found


def _meaning(match: Match, lexicon: Lexicon, language: str, *, thing_named: bool) -> tuple[Kind, str]:
    kinds = [kind for kind in _ORDER if any(sense.kind == kind for sense in match.senses)]
    kind = kinds[1] if thing_named and len(kinds) > 1 and kinds[0] == "category" else kinds[0]
    key = lexicon.choose(kind, match.phrase, match.senses, language)
    assert key is not None
    return kind, key


def _is_thing(match: Match) -> bool:
    return any(sense.kind == "category" for sense in match.senses)


def _refused(reading: Reading, book: Phrasebook) -> set[int]:
    """Where the phrases begin that a "pas de", "sans", "anything but" before them refuses."""
    refused: set[int] = set()
    by_start = {match.start: match for match in reading.matches if match.senses}
    for match in reading.matches:
        if "exclude" not in match.cues or (match.start and reading.text(match.start - 1) in book.sets["asking"]):
            continue
        reading.mark(range(match.start, match.end), "cue")
        place, kinds = match.end, None
        while place < len(reading.tokens) and not (kinds is None and reading.tokens[place].paused):
            text = reading.text(place)
            target = by_start.get(place)
            if target is not None:
                target_kinds = {sense.kind for sense in target.senses}
                if kinds is not None and kinds.isdisjoint(target_kinds):
                    break
                refused.add(place)
                kinds, place = target_kinds, target.end
                if reading.text(place) not in book.sets["joining"]:
                    break
            elif text in book.sets["after_no"] or (kinds is not None and text in book.sets["joining"]):
                place += 1
            else:
                break
    return refused


def _heads(reading: Reading, lexicon: Lexicon, book: Phrasebook, language: str, things: list[Match]) -> frozenset[int]:
    """Which of the things named are what is sought: the first, and those joined to it by "ou" or "and".

    Of two nouns side by side French names the thing first and English last ("robe pull", "shirt dress"); a wider
    word beside a narrower one only introduces it. A word that may be something else yields to a plain thing.
    """
    plain = [thing for thing in things if all(sense.kind == "category" for sense in thing.senses)]
    pool = plain or things
    if not pool:
        return frozenset()
    chosen = [pool[0]]
    for thing in pool[1:]:
        last = chosen[-1]
        between = {reading.text(place) for place in range(last.end, thing.start)}
        if between & book.sets["joining"] and len(between - book.sets["joining"]) <= 2:
            chosen.append(thing)
        elif not between:
            if _narrows(lexicon, thing, last) or (language == "en" and not _narrows(lexicon, last, thing)):
                chosen[-1] = thing
        else:
            break
    return frozenset(thing.start for thing in chosen)


def _narrows(lexicon: Lexicon, narrow: Match, wide: Match) -> bool:
    one = lexicon.choose("category", narrow.phrase, narrow.senses, None)
    two = lexicon.choose("category", wide.phrase, wide.senses, None)
    if one is None or two is None or one == two:
        return False
    return one in lexicon.kin(two) and lexicon.category(two).parent in (None, "clothing", "accessories")
