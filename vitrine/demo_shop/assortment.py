"""The shop's products, composed from `styles` with a seed: the same seed, the same shop."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from vitrine.demo_shop.styles import CLOTHS, COLOURS, KINDS, NAMES, PATTERNS, SIZES, Kind

TWO_COLOURS = 0.2
"""Share of products that come in two colours."""


_UNPRINTED = frozenset({"leather", "suede", "denim", "nylon", "straw", "fleece"})
_DENIM = frozenset({"indigo", "light_blue", "blue", "black", "grey", "white", "off_white"})


@dataclass(frozen=True, slots=True)
class Item:
    """A product of the demo shop. `prices` are cents: now, and before the cut or None."""

    id: str
    kind: Kind
    title_fr: str
    title_en: str
    description_fr: str
    description_en: str
    who: str
    cloth: str
    pattern: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    price_cents: int
    list_price_cents: int | None


def assortment(seed: int = 7) -> list[Item]:
    """About 300 products, kind after kind."""
    chance = Random(seed)
    names = list(NAMES)
    chance.shuffle(names)
    taken: set[str] = set()
    found: list[Item] = []
    for kind in KINDS:
        found += _of_kind(kind, chance, names, taken)
    return found


def _of_kind(kind: Kind, chance: Random, names: list[str], taken: set[str]) -> Iterator[Item]:
    made = [
        pair
        for pair in product(kind.cloths, dict.fromkeys(kind.patterns))
        if pair[0] not in _UNPRINTED or pair[1] == "plain"
    ]
    chance.shuffle(made)
    at_colour = chance.randrange(len(kind.colours.split()))
    for number in range(kind.count):
        cloth, pattern = made[number % len(made)]
        who = kind.who if kind.who != "both" else ("women", "men")[number % 2]
        named = number >= len(made)
        fr, en = _titles(kind, cloth, pattern, names[len(taken) % len(names)] if named else "")
        item_id = _slug(en)
        while item_id in taken:
            fr, en = _titles(kind, cloth, pattern, chance.choice(names))
            item_id = _slug(en)
        taken.add(item_id)
        colours = [key for key in kind.colours.split() if cloth != "denim" or key in _DENIM]
        several = 2 if len(colours) > 3 and chance.random() < TWO_COLOURS else 1
        shades = tuple(colours[(at_colour + step) % len(colours)] for step in range(several))
        at_colour += several
        low, high = kind.price
        dear = {"cashmere": 0.8, "silk": 0.75, "leather": 0.6, "felt": 0.6}.get(cloth, 0.3)
        euros = round(low + (high - low) * min(1.0, max(0.0, chance.gauss(dear, 0.2))))
        price = euros * 100 + chance.choice((0, 0, -10, 90, 50))
        cut = chance.random() < 0.15
        now = price * chance.choice((70, 80)) // 100 // 10 * 10 if cut else price
        yield Item(
            item_id, kind, fr, en, f"{kind.cut_fr} {CLOTHS[cloth][3]}", f"{kind.cut_en} {CLOTHS[cloth][4]}", who, cloth, pattern,
            shades, SIZES[kind.sizes][who], now, price if cut else None,
        )  # fmt: skip


def _titles(kind: Kind, cloth: str, pattern: str, name: str) -> tuple[str, str]:
    """« Robe midi en lin à fleurs Colette », "Floral linen midi dress Colette"."""
    material_fr, material_en = CLOTHS[cloth][1], CLOTHS[cloth][2]
    if cloth == "denim" and ("jean" in kind.fr.lower()):
        material_fr = material_en = ""
    pattern_fr, pattern_en, _ = PATTERNS[pattern]
    fr = " ".join(part for part in (kind.fr, material_fr, pattern_fr, name) if part)
    noun = kind.en if kind.en.startswith("T-") else kind.en[0].lower() + kind.en[1:]
    en = " ".join(part for part in (pattern_en, material_en, noun, name) if part)
    return fr, en[0].upper() + en[1:]


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def colour_hex(key: str) -> str:
    return COLOURS[key]
