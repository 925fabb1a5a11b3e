"""A row in Google's vocabulary to a checked draft, or to the reason why not. Pure: no file, no database, no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from catalog_sync.options import FeedOptions
from catalog_sync.plain_text import line_of_text, paragraphs, shown
from catalog_sync.prices import PriceRefused, parse_price
from catalog_sync.rows import FeedRow, FieldRefused, Reason, RowError, StockDraft, VariantDraft
from commerce.domain.moments import to_us
from commerce.lexicon import Lexicon
from commerce.lexicon.entries import Kind

# Part of every digest: raise it when the same bytes would give another draft.
VERSION = "1"
LANGUAGES = ("fr", "en")
# Google allows 50, 150 and 5000; real feeds run a little over, and nothing here depends on the exact figure.
MAX_ID, MAX_TITLE, MAX_DESCRIPTION, MAX_WORDS, MAX_SIZE, MAX_URL, MAX_PICTURES = 128, 300, 10_000, 150, 32, 2_000, 20
MAX_COUNT = 1_000_000
_REMEMBERED = 20_000

_ADDRESS = re.compile(r"https?://[^\s<>\"]+\Z", re.IGNORECASE)
# A picture beside the feed: a relative path, or a member of a tar beside it.
_BESIDE = re.compile(
    r"(?![/\\.~]|[A-Za-z]:)(?!.*\.\.)[\w][\w ./-]*\.(?:jpe?g|png|webp|gif|tar:[\w./ -]+)\Z", re.IGNORECASE
)
_KINDS: Mapping[str, Kind] = {
    "material": "material", "pattern": "pattern", "season": "season", "occasion": "occasion", "length": "length",
    "fit": "fit", "sleeve": "sleeve",
}  # fmt: skip
_YOUNG = frozenset({"kids", "toddler", "infant", "newborn"})


class Words(Protocol):
    """The part of the lexicon that is used here."""

    def category_of(self, text: str, *, language: str | None = None) -> str | None: ...
    def colour_of(self, text: str, *, language: str | None = None) -> str | None: ...
    def gender_of(self, text: str, *, language: str | None = None) -> str | None: ...
    def key_of(self, kind: Kind, text: str, *, language: str | None = None) -> str | None: ...


Get = Callable[[str, str], str]
"""A row's field by its name, or what to take instead."""


class Normaliser:
    """One per import: it remembers what words meant. `warnings` holds what was left out of rows that were taken."""

    def __init__(self, lexicon: Words, options: FeedOptions, currency: str, language: str, now: datetime) -> None:
        self._lexicon, self._now = lexicon, now
        self._language = options.language or language
        self._decimal, self._currency = options.decimal, options.currency
        self._allowed = frozenset({currency, *options.currencies})
        self._fixed = options.fixed
        self._meanings: dict[tuple[str, str], str] = {}
        self._lines: dict[tuple[str, str], str] = {}
        self.warnings: list[RowError] = []

    def draft(self, row: FeedRow) -> VariantDraft | RowError:
        try:
            return self._draft(row)
        except FieldRefused as refused:
            return RowError(row.line, refused.field, refused.reason, shown(refused.value))

    def _draft(self, row: FeedRow) -> VariantDraft:
        get: Get = ({**self._fixed, **row.fields} if self._fixed else row.fields).get
        item_id = line_of_text("id", get("id", ""), MAX_ID, required=True)
        group = line_of_text("item_group_id", get("item_group_id", ""), MAX_ID) or item_id
        size = self._short("size", get("size", ""), MAX_SIZE)
        colour_words = self._short("color", get("color", ""), MAX_WORDS)
        title = {
            language: _without_options(line_of_text("title", text, MAX_TITLE), size, colour_words)
            for language, text in self._texts(get("title", ""), get("title_fr", ""), get("title_en", ""))
        }
        if not any(title.values()):
            raise FieldRefused("title", Reason.MISSING)
        category_words = self._short("product_type", get("product_type", ""), MAX_WORDS * 4)
        google_category = get("google_product_category", "")
        minor, list_minor, currency, changes_at_us = self._prices(get)
        return VariantDraft(
            line=row.line,
            item_id=item_id,
            group=group,
            title=title,
            description={
                language: paragraphs("description", text, MAX_DESCRIPTION)
                for language, text in self._texts(
                    get("description", ""), get("description_fr", ""), get("description_en", "")
                )
            },
            brand=self._short("brand", get("brand", ""), MAX_WORDS),
            category=self._category(category_words, google_category, title),
            category_words=category_words or self._short("google_product_category", google_category, MAX_WORDS * 4),
            gender=self._gender(get("gender", ""), get("age_group", "")),
            attributes=self._attributes(get),
            url=self._address(row.line, "link", get("link", "")),
            colour=self._meaning("colour", colour_words) if colour_words else "",
            colour_words=colour_words,
            size=size,
            gtin=self._gtin(row.line, get("gtin", "")),
            price_minor=minor,
            list_price_minor=list_minor,
            currency=currency,
            pictures=self._pictures(row, get("image_link", "")),
            quantity=self._quantity(get("quantity", "")),
            changes_at_us=changes_at_us,
        )

    def _short(self, field: str, text: str, limit: int) -> str:
        """`line_of_text` for fields that say the same thing again and again."""
        if not text:
            return ""
        found = self._lines.get((field, text))
        if found is None:
            found = line_of_text(field, text, limit)
            if len(self._lines) < _REMEMBERED:
                self._lines[field, text] = found
        return found

    def _texts(self, plain: str, french: str, english: str) -> list[tuple[str, str]]:
        """Language and text; the text without a language goes to the feed's own, unless that has one already."""
        if not french and not english:
            return [(self._language, plain)] if plain else []
        texts = [(language, text) for language, text in zip(LANGUAGES, (french, english), strict=True) if text]
        if plain and not any(language == self._language for language, _ in texts):
            texts.append((self._language, plain))
        return sorted(texts)

    def _prices(self, get: Get) -> tuple[int, int | None, str, int]:
        """Price now, price before the cut, currency, and when that changes by itself."""
        price, currency = self._price("price", get("price", ""))
        sale_text = get("sale_price", "")
        if not sale_text.strip():
            return price, None, currency, 0
        sale, sale_currency = self._price("sale_price", sale_text)
        if sale_currency != currency:
            raise FieldRefused("sale_price", Reason.OTHER_CURRENCY, sale_text)
        if sale >= price:
            return price, None, currency, 0
        starts, ends = _period(get("sale_price_effective_date", ""))
        if ends and self._now >= ends:
            return price, None, currency, 0
        if starts and self._now < starts:
            return price, None, currency, to_us(starts)
        return sale, price, currency, to_us(ends) if ends else 0

    def _price(self, field: str, text: str) -> tuple[int, str]:
        text = text.strip()
        if not text:
            raise FieldRefused(field, Reason.MISSING)
        try:
            if len(text) > 64:
                raise PriceRefused(Reason.NOT_A_PRICE)
            minor, currency = parse_price(text, decimal=self._decimal, currency=self._currency, allowed=self._allowed)
        except PriceRefused as refused:
            raise FieldRefused(field, refused.reason, text) from refused
        if minor == 0:
            raise FieldRefused(field, Reason.NOT_A_PRICE, text)
        return minor, currency

    def _meaning(self, kind: Kind, text: str) -> str:
        """Lexicon key of a source's words, or ''."""
        found = self._meanings.get((kind, text))
        if found is None:
            first = text.partition("/")[0] if kind == "colour" else text  # Google: "Red/White", the main colour first
            found = self._lexicon.key_of(kind, first, language=self._language)
            found = found or self._lexicon.key_of(kind, text, language=self._language) or ""
            self._meanings[kind, text] = found
        return found

    def _category(self, product_type: str, google_category: str, title: Mapping[str, str]) -> str:
        for text in (product_type, google_category):
            if text and (found := self._meaning("category", text)):
                return found
        if product_type or google_category:
            return ""
        text = title.get(self._language) or next(iter(title.values()))
        return self._lexicon.category_of(text, language=self._language) or ""

    def _gender(self, gender: str, age_group: str) -> str:
        if not gender and not age_group:
            return ""
        key = self._meaning("gender", gender) if gender else ""
        if age_group.strip().casefold() in _YOUNG:
            return {"women": "girls", "men": "boys"}.get(key, key if key in ("girls", "boys") else "kids")
        return key

    def _attributes(self, get: Get) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, kind in _KINDS.items():
            words = get(name, "")
            if words:
                words = self._short(name, words, MAX_WORDS)
                found[name] = self._meaning(kind, words) or words
        return found

    def _gtin(self, line: int, text: str) -> str:
        text = text.strip()
        if not text:
            return ""
        if not is_gtin(text):
            self.warnings.append(RowError(line, "gtin", Reason.NOT_A_GTIN, shown(text)))
            return ""
        return text

    def _address(self, line: int, field: str, text: str) -> str:
        text = text.strip()
        if text and (len(text) > MAX_URL or not _ADDRESS.match(text)):
            self.warnings.append(RowError(line, field, Reason.NOT_AN_ADDRESS, shown(text)))
            return ""
        return text

    def _pictures(self, row: FeedRow, first: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for text in (first, *row.more_pictures):
            text = text.strip()
            if not text:
                continue
            if len(text) <= MAX_URL and (_ADDRESS.match(text) or _BESIDE.match(text)):
                found[text] = None
            else:
                self.warnings.append(RowError(row.line, "image_link", Reason.NOT_AN_ADDRESS, shown(text)))
        return tuple(found)[:MAX_PICTURES]

    def _quantity(self, text: str) -> int | None:
        text = text.strip()
        return parse_count("quantity", text) if text else None


def stock_draft(row: FeedRow) -> StockDraft | RowError:
    """A line of Google's local inventory. Only availability, no quantity: in stock counts as one, a promise we can
    keep.
    """
    get: Get = row.fields.get
    try:
        item_id = line_of_text("id", get("id", ""), MAX_ID, required=True)
        store = line_of_text("store_code", get("store_code", ""), 64, required=True)
        text = get("quantity", "").strip()
        available = get("availability", "").strip().casefold().replace(" ", "_")
        if text:
            count = parse_count("quantity", text)
        elif available:
            count = int(available in ("in_stock", "limited_availability", "on_display_to_order"))
        else:
            raise FieldRefused("quantity", Reason.MISSING)
        return StockDraft(row.line, item_id, store, 0 if available == "out_of_stock" else count)
    except FieldRefused as refused:
        return RowError(row.line, refused.field, refused.reason, shown(refused.value))


def parse_count(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= MAX_COUNT):
        raise FieldRefused(field, Reason.NOT_A_COUNT, text)
    return int(text)


def is_gtin(text: str) -> bool:
    """GTIN-8, -12, -13 or -14 whose last digit is right (GS1 General Specifications 7.9)."""
    if not (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)) or not text.strip("0"):
        return False
    codes = text.encode()  # 48 is "0"
    single, triple = codes[::-2], codes[-2::-2]
    return (sum(single) - 48 * len(single) + 3 * (sum(triple) - 48 * len(triple))) % 10 == 0


def _without_options(title: str, size: str, colour: str) -> str:
    """`Linen dress - navy - 38` → `Linen dress`: the product's title, without the option that the item adds to it."""
    last = title[-1:].casefold()
    if not ((size and last == size[-1].casefold()) or (colour and last == colour[-1].casefold()) or last == ")"):
        return title
    changed = True
    while changed:
        changed = False
        for option in (size, colour):
            if option and len(title) > len(option) + 2 and title[-len(option) :].casefold() == option.casefold():
                rest = title[: -len(option)].rstrip()
                if rest.endswith(("-", "–", "—", ",", "/", "|", "·", ":")):
                    title, changed = rest.rstrip(" -–—,/|·:"), True
            wrapped = f"({option})"
            if option and title.casefold().endswith(wrapped.casefold()) and len(title) > len(wrapped) + 2:
                title, changed = title[: -len(wrapped)].rstrip(), True
    return title


def _period(text: str) -> tuple[datetime | None, datetime | None]:
    """Google's `start/end`. Raises where it is not two dates with a zone: a sale without an end would never end."""
    if not text.strip():
        return None, None
    start, _, end = text.strip().partition("/")
    try:
        starts, ends = datetime.fromisoformat(start.strip()), datetime.fromisoformat(end.strip())
    except ValueError as error:
        raise FieldRefused("sale_price_effective_date", Reason.NOT_WELL_FORMED, text) from error
    if starts.tzinfo is None or ends.tzinfo is None or ends <= starts:
        raise FieldRefused("sale_price_effective_date", Reason.NOT_WELL_FORMED, text)
    return starts, ends


def salt_of_words(lexicon: Lexicon) -> str:
    """Differs when the lexicon would read the same words in another way."""
    from hashlib import blake2b

    digest = blake2b(digest_size=8)
    for kind in ("category", "colour", "gender", *_KINDS.values()):
        for key in lexicon.keys(kind):
            digest.update(repr(lexicon.entry(kind, key)).encode())
    return digest.hexdigest()
