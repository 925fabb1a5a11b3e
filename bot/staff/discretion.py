"""What a group of people may read about a customer: enough to recognise an address or a number, never all of it."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"([\w.+-])[\w.+-]*@([\w-])[\w-]*(\.[\w.-]*\w)")
_NUMBER = re.compile(r"(?<![\w.,€$£-])(?:\+|00)?\d(?:[\s.\-/()\u00a0\u202f]{0,2}\d){7,14}(?![\w€$£])")
_SHOWN_DIGITS = 2
# A day, perhaps with the hour that follows it.
_DAY = re.compile(r"(?:(?:19|20)\d{2}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./](?:19|20)\d{2})(?:\s\d{1,2})?")


def discreet(text: str) -> str:
    """« lea@exemple.fr » becomes « l…@e….fr », « 06 12 34 56 78 » becomes « •• •• •• •• 78 »."""
    return _NUMBER.sub(_masked, _EMAIL.sub(r"\1…@\2…\3", text))


def _masked(found: re.Match[str]) -> str:
    number = found.group()
    if _DAY.fullmatch(number):
        return number
    left = sum(character.isdecimal() for character in number) - _SHOWN_DIGITS
    shown = []
    for character in number:
        if character.isdecimal() and left > 0:
            shown.append("•")
            left -= 1
        else:
            shown.append(character)
    return "".join(shown)
