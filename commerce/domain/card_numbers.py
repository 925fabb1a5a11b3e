"""Payment card numbers in what people write: found and masked before anything is stored or logged."""

from __future__ import annotations

import re
import unicodedata

_RUN = re.compile(r"\d(?:[ \u00a0\u202f.\-_/]{0,2}\d){12,}")
_KEPT = 4  # digits at the end that may be shown (PCI DSS 3.4.1 allows the first six and the last four)

# How numbers of each scheme begin, and how long they are (ISO/IEC 7812; ranges as the schemes publish them).
_SCHEMES: tuple[tuple[range, range], ...] = (
    (range(4_000, 5_000), range(13, 20, 3)),  # Visa: 13, 16 or 19
    (range(5_100, 5_600), range(16, 17)),  # Mastercard
    (range(2_221, 2_721), range(16, 17)),  # Mastercard
    (range(3_400, 3_500), range(15, 16)),  # American Express
    (range(3_700, 3_800), range(15, 16)),
    (range(3_000, 3_060), range(14, 20)),  # Diners Club
    (range(3_600, 3_700), range(14, 20)),
    (range(3_800, 4_000), range(14, 20)),
    (range(3_528, 3_590), range(16, 20)),  # JCB
    (range(5_000, 5_100), range(16, 20)),  # Maestro
    (range(5_600, 5_900), range(16, 20)),
    (range(6_000, 7_000), range(16, 20)),  # Discover, UnionPay, Maestro
    (range(2_200, 2_205), range(16, 20)),  # Mir
)


def mask_cards(text: str) -> str:
    """The text with the digits of card numbers masked but for the last four, and nothing else changed.

    Digits may be spaced, dotted or dashed, stand beside other digits, and be those of any script. Everything that could
    be a card is masked: of several numbers that overlap, each.
    """
    return _RUN.sub(lambda run: _masked(run.group()), text)


def luhn(digits: list[int]) -> bool:
    """Luhn's check (ISO/IEC 7812-1) over all digits, the last one being the check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return any(digits) and total % 10 == 0


def _masked(run: str) -> str:
    places = [place for place, char in enumerate(run) if char.isdecimal()]
    digits = [unicodedata.decimal(run[place]) for place in places]
    hidden: set[int] = set()
    for start in range(len(digits) - 12):
        first = int("".join(map(str, digits[start : start + 4])))
        for begins, lengths in _SCHEMES:
            if first not in begins:
                continue
            for size in lengths:
                if start + size <= len(digits) and luhn(digits[start : start + size]):
                    hidden.update(places[start : start + size - _KEPT])
    return "".join("•" if place in hidden else char for place, char in enumerate(run))
