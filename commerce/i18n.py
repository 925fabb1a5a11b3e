"""Words and numbers in the shopper's language.

Each package keeps its sentences in `locales/<language>.po` (gettext, msgid = the English sentence), so that a language
is added by adding a file. Numbers, dates and money come from the Unicode locale data in Babel.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from commerce.domain.money import Money

if TYPE_CHECKING:
    from babel import Locale
    from babel.messages.catalog import Catalog

DEFAULT_LANGUAGE = "en"


class Translator:
    """The sentences of one package.

    >>> words = Translator(Path(__file__).parent)
    >>> words("fr", "Hello {name}", name="Léa")

    A sentence without translation comes out in English; a language without file too.
    """

    def __init__(self, package_dir: Path) -> None:
        self._directory = package_dir / "locales"

    def __call__(self, language: str, msgid: str, /, **values: object) -> str:
        text = _catalogue_text(self._directory, language, msgid)
        return text.format(**values) if values else text

    def plural(self, language: str, one: str, many: str, count: int, /, **values: object) -> str:
        """The form for `count` in that language; `{count}` is filled in."""
        text = _catalogue_plural(self._directory, language, one, many, count)
        return text.format(count=format_number(count, language), **values)

    def languages(self) -> tuple[str, ...]:
        """English and every language that has a file."""
        found = sorted(path.stem for path in self._directory.glob("*.po"))
        return tuple(dict.fromkeys([DEFAULT_LANGUAGE, *found]))


_words = Translator(Path(__file__).parent)


@cache
def _catalogue(directory: Path, language: str) -> Catalog | None:
    from babel.messages.pofile import read_po

    path = directory / f"{language}.po"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return read_po(file, locale=language)


@cache
def _catalogue_text(directory: Path, language: str, msgid: str) -> str:
    catalogue = _catalogue(directory, language)
    message = catalogue.get(msgid) if catalogue else None
    if message is None or message.fuzzy or not isinstance(message.string, str):
        return msgid
    return message.string or msgid


@cache
def _catalogue_plural(directory: Path, language: str, one: str, many: str, count: int) -> str:
    catalogue = _catalogue(directory, language)
    message = catalogue.get(one) if catalogue else None
    forms = message.string if message is not None and not message.fuzzy else ""
    if catalogue is None or not isinstance(forms, (tuple, list)) or not all(forms):
        return one if count == 1 else many
    return str(forms[c2py(catalogue.plural_expr)(count)])


@cache
def locale_of(language: str) -> Locale:
    """Babel's locale: French of France and British-ordered English dates, whatever the region, unless one is given."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(DEFAULT_LANGUAGE)


def format_number(number: float, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(number, locale=locale_of(language))


@cache
def format_money(money: Money, language: str) -> str:
    """79,00 € in French, €79.00 in English; always with the minor units of the currency."""
    from babel.numbers import format_currency

    # At home a dollar is "$": only abroad does it need its country's letters.
    territory = {"CAD": "_CA", "CHF": "_CH"}.get(money.currency, "")
    return format_currency(money.amount, money.currency, locale=locale_of(language + territory))


def format_distance(metres: float, language: str) -> str:
    """350 m, 0,7 km, 12 km: one decimal below ten kilometres, none above."""
    from babel.numbers import format_decimal

    if metres < 100:
        return f"{round(metres, -1):.0f}\u00a0m"
    pattern = "0.0" if metres < 9_950 else "#,##0"
    return f"{format_decimal(metres / 1000, pattern, locale=locale_of(language))}\u00a0km"


def format_time(moment: datetime, language: str, timezone: str) -> str:
    """19:00 in French, 7:00 PM in English, in that zone."""
    from babel.dates import format_time as babel_time

    return babel_time(moment.astimezone(ZoneInfo(timezone)), "short", locale=locale_of(language))


def format_date(moment: datetime, language: str, timezone: str) -> str:
    """10/03/2026 in French, 10 March 2026 in English: the day of a moment in that zone, for papers."""
    from babel.dates import format_date as babel_date

    day = moment.astimezone(ZoneInfo(timezone)).date()
    return babel_date(day, _words(language, "d MMMM y"), locale=locale_of(language))


def format_moment(moment: datetime, language: str, timezone: str) -> str:
    """10/03/2026 10:04 in French, 10 March 2026 10:04 AM in English, in that zone."""
    return f"{format_date(moment, language, timezone)} {format_time(moment, language, timezone)}"


def format_day(moment: datetime, language: str, timezone: str) -> str:
    """« 10 mars 2026 »: a day that still says the same when it is read in a year."""
    from babel.dates import format_date

    return format_date(moment.astimezone(ZoneInfo(timezone)).date(), "long", locale=locale_of(language))


def format_deadline(moment: datetime, now: datetime, language: str, timezone: str) -> str:
    """A moment as one says it: « aujourd’hui 19:00 », « mer. 11 mars 19:00 »; the year only when it is another one."""
    from babel.dates import format_date

    zone = ZoneInfo(timezone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    clock = format_time(moment, language, timezone)
    if local.date() == today:
        return f"{_words(language, 'today')} {clock}"
    pattern = "EEE d MMMM" if local.year == today.year else "EEE d MMMM y"
    return f"{format_date(local.date(), pattern, locale=locale_of(language))} {clock}"


def format_weekday(moment: datetime, now: datetime, language: str, timezone: str) -> str:
    """« aujourd’hui », « mercredi 11 mars »: a day of the coming ones."""
    from babel.dates import format_date

    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    if day == now.astimezone(zone).date():
        return _words(language, "today")
    return format_date(day, "EEEE d MMMM", locale=locale_of(language))


def format_list(items: Sequence[str], language: str, *, style: str = "standard") -> str:
    """« rouge, vert et bleu »; style "or" for « rouge, vert ou bleu »."""
    from babel.lists import format_list as babel_list

    return babel_list(list(items), style=style, locale=locale_of(language))  # type: ignore[arg-type]
