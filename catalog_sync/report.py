"""What an import did, as a value: for the terminal, for JSON, and in words in both languages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from catalog_sync.rows import FeedRefused, Reason, RowError, Stop
from commerce.i18n import Translator

MAX_LINES = 1000
"""Lines that are listed one by one; all of them are counted."""

_words = Translator(Path(__file__).parent)

_REASONS: dict[Reason, str] = {
    Reason.NOT_WELL_FORMED: "not well formed",
    Reason.TOO_FEW_COLUMNS: "too few columns ({value})",
    Reason.TOO_MANY_COLUMNS: "too many columns ({value})",
    Reason.MISSING: "missing",
    Reason.TOO_LONG: "too long: “{value}”",
    Reason.CONTROL_CHARACTERS: "contains control characters: “{value}”",
    Reason.NOT_A_PRICE: "not a price: “{value}”",
    Reason.AMBIGUOUS_PRICE: "can be read in two ways: “{value}”. Declare the decimal sign of this feed.",
    Reason.NEGATIVE_PRICE: "below zero: “{value}”",
    Reason.PRICE_TOO_LARGE: "larger than any price: “{value}”",
    Reason.NO_CURRENCY: "no currency: “{value}”",
    Reason.UNKNOWN_CURRENCY: "no such currency: “{value}”",
    Reason.OTHER_CURRENCY: "not a currency of this shop: “{value}”",
    Reason.NOT_A_GTIN: "not a valid barcode number: “{value}”. The item was taken without it.",
    Reason.DUPLICATE: "“{value}” is already on line {other_line}",
    Reason.TAKEN: "“{value}” belongs to another feed",
    Reason.NOT_AN_ADDRESS: "not an address: “{value}”. The item was taken without it.",
    Reason.NOT_A_COUNT: "not a number of units: “{value}”",
    Reason.UNKNOWN_STORE: "no such store: “{value}”",
    Reason.UNKNOWN_ITEM: "no such item: “{value}”",
    Reason.NOT_A_KIND: "not a kind of movement: “{value}”",
    Reason.NOT_THAT_MANY: "there are not that many on the shelf: {value}",
    Reason.HELD_ONLINE: "held online: {value}. With --override their owners lose them.",
    Reason.PAID_FOR: "promised to somebody: {value}",
}
_STOPS: dict[Stop, str] = {
    Stop.NOT_FOUND: "There is nothing at {source}.",
    Stop.UNKNOWN_FORMAT: "This is no feed that can be read: {source}.",
    Stop.SEVERAL_FEEDS: "There are {count} product files; name the one to read.",
    Stop.BAD_OPTIONS: "{file}: {problem}.",
    Stop.FETCH: "The feed could not be fetched ({problem}).",
    Stop.TOO_LARGE: "Too large: more than {limit_mb} MB.",
    Stop.BOMB: "The archive grows more than {ratio} times; that is no feed.",
    Stop.NESTED_ARCHIVE: "An archive inside an archive is not read.",
    Stop.DAMAGED_ARCHIVE: "The archive is damaged.",
    Stop.DOCTYPE: "Line {line}: a DOCTYPE. A feed needs none, and it could reach for other files: refused.",
    Stop.ENCODING: "Line {line} is not {encoding}. Save the file as UTF-8, or declare its encoding.",
    Stop.NUL: "Line {line} contains a NUL byte; this is no text.",
    Stop.CUT: "The file ends in the middle (line {line}). Fetch it again.",
    Stop.NOT_WELL_FORMED: "Line {line}: the file is not well formed.",
    Stop.NO_ITEM: "There is no item in it. An empty feed never empties the shop.",
    Stop.NO_COLUMN: "No column for “{column}”. Columns: {columns}.",
    Stop.SHRANK: "{dropped} of {active} {what} are missing from this feed (more than {limit} %). Nothing was changed."
    " If that is right, run it again with --confirm-drop.",
    Stop.OVERTAKEN: "Another import of this feed began meanwhile; this one was left.",
}


@dataclass(slots=True)
class FeedReport:
    """The outcome of one import. `state`: applied, unchanged, refused, or checked (a dry run).

    `rejected` and `warnings` list at most MAX_LINES; `rejected_count` and `warning_count` count all.
    """

    source: str
    name: str = ""
    format: str = ""
    state: str = "refused"
    stop: Stop | None = None
    stop_details: dict[str, str | int] = field(default_factory=dict)
    items: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    rejected: list[RowError] = field(default_factory=list)
    rejected_count: int = 0
    warnings: list[RowError] = field(default_factory=list)
    warning_count: int = 0
    pictures: dict[str, int] = field(default_factory=dict)
    picture_failures: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return self.state == "refused"

    def reject(self, error: RowError) -> None:
        self.rejected_count += 1
        if len(self.rejected) < MAX_LINES:
            self.rejected.append(error)

    def warn(self, error: RowError) -> None:
        self.warning_count += 1
        if len(self.warnings) < MAX_LINES:
            self.warnings.append(error)

    def reason(self, language: str) -> str:
        """Why the feed was refused, as a sentence; '' when it was not."""
        if self.stop is None:
            return ""
        details = {
            key: _words(language, str(value)) if key == "what" else value for key, value in self.stop_details.items()
        }
        return _words(language, _STOPS[self.stop], **{"line": "?", "source": self.source, **details})

    def as_json(self, language: str = "en") -> dict[str, object]:
        """Everything, ready for `json.dumps`; sentences in the given language."""
        return {
            "source": self.source,
            "name": self.name,
            "format": self.format,
            "state": self.state,
            "reason": self.stop.value if self.stop else None,
            "message": self.reason(language) or None,
            "items": self.items,
            "counts": self.counts,
            "rejected": self.rejected_count,
            "rejected_lines": [error_json(error, language) for error in self.rejected],
            "warnings": self.warning_count,
            "warning_lines": [error_json(error, language) for error in self.warnings],
            "pictures": self.pictures,
            "picture_failures": self.picture_failures,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }

    def by_reason(self) -> list[tuple[str, str, int]]:
        """(field, reason, how many) of the listed lines, most frequent first."""
        counted = Counter((error.field, error.reason.value) for error in self.rejected)
        return [(name, reason, count) for (name, reason), count in counted.most_common()]


def refusal(stop: FeedRefused, language: str) -> str:
    """Why a whole file was refused, as a sentence."""
    return _words(language, _STOPS[stop.stop], **{"line": "?", **stop.details})


def describe(error: RowError, language: str) -> str:
    """`price: can be read in two ways: “1.299”…` in that language."""
    values = {"value": error.value, "other_line": error.other_line}
    needed = {name: value for name, value in values.items() if "{" + name + "}" in _REASONS[error.reason]}
    return f"{error.field}: {_words(language, _REASONS[error.reason], **needed)}"


def error_json(error: RowError, language: str) -> dict[str, object]:
    return {
        "line": error.line,
        "field": error.field,
        "reason": error.reason.value,
        "value": error.value,
        "message": describe(error, language),
        **({"first_line": error.other_line} if error.other_line else {}),
    }
