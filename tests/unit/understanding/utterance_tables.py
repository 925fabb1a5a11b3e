"""The tables of utterances, and the situations they are said in."""

from __future__ import annotations

import csv
from pathlib import Path

from commerce.lexicon import lexicon
from commerce.understanding import Context, Focus, Reference, Shown, StoreName, Understood, understand

STORES = (
    StoreName("Lyon Bellecour", "Lyon"),
    StoreName("Lyon Part-Dieu", "Lyon"),
    StoreName("Paris Marais", "Paris"),
)
_LINEN = Shown("Robe midi en lin", "dress", "navy", 7900)
_VISCOSE = Shown("Robe midi en viscose", "dress", "navy", 5900)
_WRAP = Shown("Robe portefeuille", "dress", "red", 4500)
_JACKET = Shown("Veste en jean", "jacket", "blue", 6500)
_SNEAKERS = Shown("Baskets blanches", "sneakers", "white", 8990)
_TOTE = Shown("Sac cabas en cuir", "tote_bag", "black", 12000)
_DRESSES = (_LINEN, _VISCOSE, _WRAP)
_FOCUS = Focus("dress", "navy", ("36", "38", "40"))

# none: nothing said yet. list, mixed, two: lists shown (two: a bag now, dresses before). focus: a dress on the table.
# size, city, yesno: we just asked for that.
SITUATIONS = {
    "none": Context(stores=STORES),
    "list": Context(shown=(_DRESSES,), stores=STORES),
    "mixed": Context(shown=((_LINEN, _JACKET, _SNEAKERS),), stores=STORES),
    "two": Context(shown=((_TOTE,), _DRESSES), stores=STORES),
    "focus": Context(shown=(_DRESSES,), focus=_FOCUS, stores=STORES),
    "size": Context(shown=(_DRESSES,), focus=_FOCUS, pending="size", stores=STORES),
    "city": Context(shown=(_DRESSES,), focus=_FOCUS, pending="city", stores=STORES),
    "yesno": Context(shown=(_DRESSES,), focus=_FOCUS, pending="yes_no", stores=STORES),
}
# Slots that must be as the table says, and empty where it says nothing.
_EXACT = {
    "category": "category", "also": "also_categories", "colours": "colours", "not_colours": "colours_excluded",
    "sizes": "sizes", "size_wish": "size_wish", "price_min": "price_min_minor", "price_max": "price_max_minor",
    "price_wish": "price_wish", "ref": "references", "store": "store", "place": "place", "postcode": "postcode",
    "quantity": "quantity", "not_patterns": "patterns_excluded", "sleeve": "sleeve", "order": "order_number",
    "code": "promo_code", "switch_to": "switch_to", "side": "side",
}  # fmt: skip
# Slots looked at only where the table names them.
_NAMED = {
    "length": "length", "fit": "fit", "materials": "materials", "patterns": "patterns", "season": "season",
    "gender": "gender", "near_me": "near_me", "in_my_size": "in_my_size", "focus": "refers_to_focus", "words": "words",
}  # fmt: skip
_BESIDE = {"greeted": "greeted", "thanked": "thanked", "mixed": "is_mixed"}


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a table of utterances."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def understood(row: dict[str, str]) -> Understood:
    """What we make of a line of a table."""
    return understand(row["text"], language=row["default"], lexicon=lexicon(), context=SITUATIONS[row["context"]])


def mistakes(row: dict[str, str]) -> list[str]:
    """What differs from the line's expectations; empty when all is right."""
    found = understood(row)
    expected = dict(pair.split("=", 1) for pair in row["slots"].split())
    wrong = [] if found.intent == row["intent"] else [f"intent {found.intent}, not {row['intent']}"]
    if found.language != row["language"]:
        wrong.append(f"language {found.language}, not {row['language']}")
    assert set(expected) <= set(_EXACT) | set(_NAMED) | set(_BESIDE), f"unknown slot in {row}"
    for name, attribute in (_EXACT | _NAMED).items():
        shown = _shown(getattr(found.slots, attribute))
        if (name in _EXACT or name in expected) and shown != expected.get(name, ""):
            wrong.append(f"{name} {shown!r}, not {expected.get(name, '')!r}")
    wrong.extend(name for name, attribute in _BESIDE.items() if name in expected and not getattr(found, attribute))
    return wrong


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(
            f"{v.list_back}:{v.position}" if isinstance(v, Reference) else v.replace(" ", "_") for v in value
        )
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value).replace(" ", "_")
