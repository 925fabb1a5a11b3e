"""What the word files say, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "category", "colour", "gender", "material", "pattern", "occasion", "season", "sleeve", "length", "fit"
]
Agreement: TypeAlias = Literal["m", "f", "mp", "fp"]
SizeSystem: TypeAlias = Literal["letters", "eu_clothing", "eu_shoes", "waist", "one_size"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a shopper can name. ``fr`` and ``en`` are the forms we write; ``also_*`` the ones we understand.

    ``fr`` holds one invariable form, two (singular, plural) or four agreed ones (m, f, mp, fp); ``en`` one or two.
    ``feeds`` are the names of it in product feeds, Google's category paths included.
    """

    kind: Kind
    key: str
    fr: tuple[str, ...]
    en: tuple[str, ...]
    also_fr: tuple[str, ...]
    also_en: tuple[str, ...]
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category(Entry):
    """A kind of product. ``parent`` is a category key or None; ``meant_with`` other kinds a shopper may mean too."""

    parent: str | None
    gender: Agreement
    sizes: SizeSystem
    meant_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Colour(Entry):
    """A colour. ``family`` is the key of the basic colour it belongs to; ``hex`` an sRGB ``#rrggbb`` for swatches."""

    family: str
    hex: str


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a phrase: in which language it names which entry."""

    kind: Kind
    key: str
    language: str
