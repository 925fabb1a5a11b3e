"""J1 and J2 played against any shop, for people to read: what was said, what was answered, what was pressed.

The catalogue decides what is found, so a step names a button, or just the first one of a kind. Nothing is asserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commerce.domain.geo import GeoPoint
from tests.journeys.dsl import Driver, Seen, same_label


@dataclass(frozen=True, slots=True)
class Say:
    """ "French ‖ English"."""

    both: str


@dataclass(frozen=True, slots=True)
class Tap:
    """The first of these labels that is on a button; one that ends in … stands for all that begin so, "*" for the first
    button of the last answer. Left out without a word where a button `unless` is there."""

    labels: tuple[str, ...]
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    point: GeoPoint


@dataclass(frozen=True, slots=True)
class Photo:
    """The photo given to `transcript`; `caption` beside it."""

    caption: str = ""


Step = Say | Tap | Share | Photo

RESERVE = "Réserver à… ‖ Reserve at…"
SIZE = Tap(("38", "M", "40", "L", "*"), unless=RESERVE)
CHOOSE, FIND = "Choisir ma taille ‖ Choose size", "Voir en magasin ‖ Find in store"
LYON = GeoPoint(45.7600, 4.8400)

JOURNEYS: dict[str, tuple[Step, ...]] = {
    "J1": (
        Say("robe lain bleu marine ‖ linnen dress navy"),
        Tap((CHOOSE, "Choisir la couleur ‖ Choose colour")),
        SIZE,
        Tap(("Oui ‖ Yes",)),
        Tap((FIND,)),
        Share(LYON),
        Tap(("*",), unless=RESERVE),  # in no store: a size that they have, or something like it
        Tap((FIND,), unless=RESERVE),
        Tap((RESERVE,)),
        Tap(("Prolonger ‖ Extend",)),
        Tap(("Annuler ‖ Cancel",)),
        Say("et en 42 ? ‖ and in 42?"),
        Say("mes réservations ‖ my reservations"),
    ),
    "J2": (
        Photo(),
        Say("pareil mais moins de 60 euros ‖ same but under 60"),
        Say("plutôt en noir ‖ rather in black"),
        Say("dans ma taille, près de moi ‖ in my size, near me"),
        SIZE,
        Share(LYON),
        Tap(("*",), unless=RESERVE),
        Tap((FIND,), unless=RESERVE),
        Tap((RESERVE,)),
        Say("http://127.0.0.1/nothing"),
    ),
}


def transcript(journey: str, language: str, driver: Driver, photo: bytes | Path | None = None) -> Iterator[str]:
    """The lines of a journey ("J1", "J2") as they happen. `photo` is what J2 sends; without it that step is left out.

    Raises KeyError for a journey that is not here.
    """
    data = photo.read_bytes() if isinstance(photo, Path) else photo
    shown: list[Seen] = []
    for step in JOURNEYS[journey]:
        match step:
            case Say(both):
                yield f"> {_half(both, language)}"
                driver.say(_half(both, language))
            case Share(point):
                yield f"> 📍 {point.latitude}, {point.longitude}"
                driver.share_location(point)
            case Photo(caption):
                if data is None:
                    continue
                yield f"> 🖼 {_half(caption, language)}".rstrip()
                driver.send_photo(data, _half(caption, language))
            case Tap(labels, unless):
                if unless and _found(shown, [_half(unless, language)]):
                    continue
                label = _found(shown, [_half(both, language) for both in labels])
                if label is None:
                    yield f"  (no such button: {', '.join(_half(both, language) for both in labels)})"
                    continue
                yield f"> [{label}]"
                driver.tap(label)
        fresh = driver.new_messages()
        shown = [*fresh, *shown]
        for seen in fresh:
            yield from _as_lines(seen)
        yield ""


def _as_lines(seen: Seen) -> Iterator[str]:
    for number, line in enumerate(seen.text.splitlines() or [""]):
        yield f"{'< ' if number == 0 else '  '}{'🖼 ' * seen.pictures if number == 0 else ''}{line}".rstrip()
    if seen.buttons:
        yield "  " + " ".join(f"[{label}]" for label in seen.buttons)


def _found(shown: list[Seen], wanted: list[str]) -> str | None:
    labels = [label for seen in shown for label in seen.buttons]
    newest = next((seen.buttons for seen in shown if seen.buttons), ())
    for want in wanted:
        if want == "*" and newest:
            return newest[0]
        for label in labels:
            if same_label(label, want) or (want.endswith("…") and label.startswith(want[:-1])):
                return label
    return None


def _half(both: str, language: str) -> str:
    french, _, english = both.partition("‖")
    return (french if language == "fr" or not english else english).strip()
