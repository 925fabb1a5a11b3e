"""Where somebody can be reached and where a parcel goes, out of one typed message. Pure.

What is read is shown and confirmed before it counts: a reader that guesses wrong costs one more message, no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_EMAIL = re.compile(r"[^@\s<>\"',;:()]{1,64}@[^@\s<>\"',;:()]{1,190}\.[^@\s<>\"',;:().]{2,63}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)?\(?\d[\d ().\-/\u00a0\u202f]{5,22}\d(?!\w)")
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15  # E.164 counts 15 at most

# Calling codes and trunk prefixes of where a national number may have been typed.
_CALLING = {
    "AT": ("43", "0"), "BE": ("32", "0"), "CH": ("41", "0"), "DE": ("49", "0"), "ES": ("34", ""), "FR": ("33", "0"),
    "GB": ("44", "0"), "IE": ("353", "0"), "IT": ("39", ""), "LU": ("352", ""), "MC": ("377", ""), "NL": ("31", "0"),
    "PT": ("351", ""), "CA": ("1", ""), "US": ("1", ""),
}  # fmt: skip

_FIVE, _FOUR = r"\d{5}", r"\d{4}"
_POSTCODES = {
    "FR": _FIVE, "MC": _FIVE, "DE": _FIVE, "ES": _FIVE, "IT": _FIVE, "FI": _FIVE, "BE": _FOUR, "CH": _FOUR,
    "AT": _FOUR, "LU": _FOUR, "DK": _FOUR, "NL": r"\d{4} ?[A-Za-z]{2}", "PT": r"\d{4}-\d{3}", "SE": r"\d{3} ?\d{2}",
    "PL": r"\d{2}-\d{3}", "GB": r"[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}",
    "IE": r"[A-Za-z]\d[\dWw] ?[A-Za-z\d]{4}", "US": r"\d{5}(?:-\d{4})?", "CA": r"[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d",
}  # fmt: skip
_CITY_FIRST = frozenset({"GB", "IE", "US", "CA"})  # the postcode follows the town
_ANY_POSTCODE = r"(?=[A-Za-z\d -]*\d)[A-Za-z\d][A-Za-z\d -]{1,8}[A-Za-z\d]"
_LONGEST_LINE, _LONGEST_CITY = 120, 80


@dataclass(frozen=True, slots=True)
class ReadAddress:
    """What could be told of an address; '' for what could not. `country` is ISO 3166 alpha-2."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""

    @property
    def is_whole(self) -> bool:
        """But for the name, which may be known from elsewhere."""
        return bool(self.line1 and self.postcode and self.city)


def email_in(text: str) -> str:
    """The first e-mail address in a text; ''."""
    found = _EMAIL.search(text)
    return found.group()[:254] if found else ""


def phone_in(text: str, country: str = "") -> str:
    """The first telephone number in a text as +33612345678, a national one as of `country`; '' when there is none."""
    for found in _PHONE.finditer(text):
        typed = found.group()
        digits = re.sub(r"\D", "", typed)
        if typed.startswith("+"):
            pass
        elif digits.startswith("00"):
            digits = digits[2:]
        else:
            code, trunk = _CALLING.get(country, ("", ""))
            if not code or (trunk and not digits.startswith(trunk)):
                continue
            digits = code + digits.removeprefix(trunk)
        if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
            return f"+{digits}"
    return ""


def address_in(text: str, countries: Sequence[str], names: dict[str, str]) -> ReadAddress:
    """An address typed freely, on lines or with commas. `countries`: where parcels go, the likeliest first. `names`:
    what countries are called, in small letters, with their codes."""
    text = re.sub(r"(?m)(^|[,;] *)(\d{1,5}(?: ?(?:bis|ter|[A-Da-d]))?),", r"\1\2", text)  # « 12, rue … » is one part
    parts = [part for part in (_tidy(p) for p in re.split(r"[\n;,]", text)) if part]
    country, parts = _country(parts, names)
    where = next(((n, found) for n, part in enumerate(parts) if (found := _town(part, countries, country))), None)
    if where is None:
        line1, name, line2 = _street(parts)
        return ReadAddress(name, line1, line2, "", "", country)
    place, (before, postcode, city, likely) = where
    above = [*parts[:place], *([before] if before else [])]
    below = parts[place + 1 :]
    if not city and below:  # "Lyon, 69002" has it before, "69002, Lyon" after
        city, below = below[0], below[1:]
    elif not city and len(above) > 1 and not re.search(r"\d", above[-1]):
        city, above = above[-1], above[:-1]
    line1, name, line2 = _street([*above, *below])
    return ReadAddress(name, line1, line2, postcode.upper(), city[:_LONGEST_CITY], country or likely)


def _country(parts: list[str], names: dict[str, str]) -> tuple[str, list[str]]:
    """A country named at the end, and what is left."""
    if parts and (code := names.get(parts[-1].casefold().strip(" ."))):
        return code, parts[:-1]
    return "", parts


def _town(part: str, countries: Sequence[str], country: str) -> tuple[str, str, str, str] | None:
    """What stands before the postcode, the postcode, the town, and the country whose postcodes look so."""
    for code in (country,) if country else countries:
        pattern = _POSTCODES.get(code, _ANY_POSTCODE)
        for found in re.finditer(rf"(?<![\w-])(?:[A-Za-z]{{1,3}}-)?({pattern})(?![\w-])", part):
            before, after = _tidy(part[: found.start()]), _tidy(part[found.end() :])
            if code in _CITY_FIRST and before and not after:
                street, _, town = before.rpartition("  ")
                return street, found.group(1), town or before, code
            if re.fullmatch(r"\d{1,5}", found.group(1)) and after and not before and _is_street(after):
                continue  # « 69002 rue … »: a number of a house
            if after or not before or not _is_street(before):
                return before, found.group(1), after, code
    return None


def _street(parts: list[str]) -> tuple[str, str, str]:
    """Line 1, the name before it, and the rest."""
    street = next(
        (n for n, part in enumerate(parts) if re.search(r"\d", part) and re.search(r"[^\W\d]{2}", part)), None
    )
    if street is None:
        street = next((n for n, part in enumerate(parts) if _is_street(part)), None)
    if street is None:
        return "", parts[0][:_LONGEST_LINE] if parts else "", ""
    line1, name = parts[street], parts[0] if street > 0 else ""
    before = re.fullmatch(r"(\D*[^\W\d])\s+(\d.*)", line1)
    if not name and before and not _is_street(before.group(1)):  # « Léa Martin 12 rue … »
        name, line1 = before.groups()
    rest = [part for n, part in enumerate(parts) if n != street and not (n == 0 and street > 0)]
    return line1[:_LONGEST_LINE], name[:_LONGEST_LINE], " ".join(rest)[:_LONGEST_LINE]


_STREETS = re.compile(
    r"\b(?:rue|avenue|av|boulevard|bd|bld|place|quai|impasse|chemin|allee|route|cours|square|passage|residence|lieu-dit"
    r"|street|st|road|rd|lane|ln|drive|close|court|way|terrace|strasse|platz|weg|gasse|via|viale|piazza|calle|plaza"
    r"|avenida|straat|laan|plein)\b|strasse\b|straat\b"
)


def _is_street(part: str) -> bool:
    plain = "".join(c for c in unicodedata.normalize("NFKD", part.casefold()) if not unicodedata.combining(c))
    return bool(_STREETS.search(plain))


def _tidy(part: str) -> str:
    return " ".join(part.split()).strip(" .")
