"""Reading what machines send, with a problem that names the parameter when it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from flask import request
from pydantic import TypeAdapter, ValidationError

from commerce.domain.geo import GeoPoint
from commerce.domain.money import exponent
from commerce.domain.search import Filters
from commerce.ports import PartOfPicture
from shoppable.language import language
from shoppable.limits import Rate, is_loopback
from shoppable.problems import Problem
from shoppable.site import site

if TYPE_CHECKING:
    from commerce.lexicon import Lexicon

T = TypeVar("T")

LONGEST_WORDS = 500
LARGEST_AMOUNT_MINOR = 10**12
WRONG_FIELD = "“{name}” is missing, of the wrong kind, or out of bounds."
LAST_OFFSET = 1000  # whoever pages further is better served by another question
_WHOLE = "“{name}” must be a whole number from {least} to {most}."
_POINT = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,10})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,10})?)\s*")
_EDGE = r"\s*([01](?:\.\d{1,10})?)\s*"
_PART = re.compile(",".join([_EDGE] * 4))
SMALLEST_PART = 0.02
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """Without control characters and the spaces around it: what no person types and PostgreSQL refuses to keep."""
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def amount_of(text: str, currency: str) -> int | None:
    """Minor units of an amount as people type it, with a comma or a point; None for what is none."""
    whole, _, rest = text.strip().replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdecimal() and (not rest or (rest.isascii() and rest.isdecimal()))):
        return None
    digits = exponent(currency)
    if len(whole) > 12 or len(rest) > digits:
        return None
    return int(whole + rest.ljust(digits, "0"))


def words_of(name: str, *, longest: int = LONGEST_WORDS) -> str:
    return _bounded(name, request.args.get(name, ""), longest)


def _bounded(name: str, value: str, longest: int) -> str:
    value = clean(value)
    if len(value) > longest:
        raise Problem(400, "bad_parameter", "“{name}” is too long: at most {most} characters.", name=name, most=longest)
    return value


def whole_number(name: str, *, default: int | None, least: int, most: int) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,15}", text) or not least <= int(text) <= most:
        raise Problem(
            400,
            "bad_parameter",
            _WHOLE,
            name=name,
            least=least,
            most=most,
        )
    return int(text)


def yes(name: str) -> bool:
    text = request.args.get(name, "").casefold()
    if text not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise Problem(400, "bad_parameter", "“{name}” must be true or false.", name=name)
    return text in {"1", "true", "yes"}


def offset_of(cursor: str) -> int:
    """Cursors are opaque to callers: whatever we did not make is refused."""
    if not cursor:
        return 0
    if not re.fullmatch(r"o[0-9]{1,4}", cursor) or int(cursor[1:]) > LAST_OFFSET:
        raise Problem(400, "bad_parameter", "“{name}” is not one of ours.", name="cursor")
    return int(cursor[1:])


def point_in(text: str) -> GeoPoint | None:
    """A place given as "latitude,longitude" in degrees, or None."""
    match = _POINT.fullmatch(text)
    if not match:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    return GeoPoint(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def near() -> GeoPoint | None:
    """Parameter `near`: a point, a town or a postcode."""
    text = words_of("near", longest=100)
    if not text:
        return None
    point = point_in(text)
    if point is None:
        place = site().shop.gazetteer.find(text)
        point = place.point if place else None
    if point is None:
        raise Problem(400, "bad_parameter", "We do not know the place “{place}”.", place=text)
    return point


def filters() -> Filters:
    lexicon = site().shop.lexicon
    return Filters(
        categories=categories_of(lexicon, words_of("category", longest=100)),
        colours=colours_of(lexicon, words_of("colour", longest=100)),
        genders=genders_of(lexicon, words_of("gender", longest=40)),
        sizes=sizes_of(words_of("size", longest=40)),
        price_min_minor=whole_number("price_min_minor", default=None, least=0, most=LARGEST_AMOUNT_MINOR),
        price_max_minor=whole_number("price_max_minor", default=None, least=0, most=LARGEST_AMOUNT_MINOR),
        store_ids=frozenset(part for part in (words_of("store", longest=64),) if part),
        in_stock=yes("in_stock"),
    )


def part_in(text: str) -> PartOfPicture | None:
    """A part of a picture given as "left,top,right,bottom" in fractions of its width and height, or None."""
    match = _PART.fullmatch(text)
    return part_of([float(edge) for edge in match.groups()]) if match else None


def part_of(edges: Sequence[float]) -> PartOfPicture | None:
    """The same, as numbers; None for what lies outside, is turned round, or is too small to hold anything."""
    if len(edges) != 4:
        return None
    left, top, right, bottom = (round(edge, 3) for edge in edges)
    inside = left >= 0 and top >= 0 and right <= 1 and bottom <= 1
    return (left, top, right, bottom) if inside and min(right - left, bottom - top) >= SMALLEST_PART else None


def sizes_of(text: str) -> frozenset[str]:
    return frozenset({text.casefold()} if text else ())


def categories_of(lexicon: Lexicon, text: str) -> frozenset[str]:
    """A key of the lexicon or a shopper's word, widened to everything that is one."""
    if not text:
        return frozenset()
    key = text if text in lexicon.keys("category") else lexicon.category_of(text, language=language())
    return lexicon.kin(key or text)


def colours_of(lexicon: Lexicon, text: str) -> frozenset[str]:
    """A key or word. Discovery lets a basic colour stand for its shades (blue finds navy)."""
    if not text:
        return frozenset()
    key = text if text in lexicon.keys("colour") else lexicon.colour_of(text, language=language())
    return frozenset({key or text})


def genders_of(lexicon: Lexicon, text: str) -> frozenset[str]:
    if not text:
        return frozenset()
    return frozenset({text if text in lexicon.keys("gender") else lexicon.gender_of(text) or text})


def body_as(shape: type[T]) -> T:
    """The JSON body as that TypedDict, strictly: a number is no text and nothing unknown is let in."""
    if request.mimetype != "application/json":
        raise Problem(415, "not_json", "Send JSON, with the header Content-Type: application/json.")
    try:
        return TypeAdapter(shape).validate_json(request.get_data(), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Problem(422, "bad_body", WRONG_FIELD, name=where) from error


def take_turn(what: str, rate: Rate, who: str | None = None) -> None:
    """Counts this request against a client (by address, or by `who`)."""
    if who is None:
        if is_loopback(request.remote_addr):
            return
        who = request.remote_addr or "?"
    wait_s = site().buckets.wait_s(what, who, rate)
    if wait_s:
        raise Problem(429, "too_fast", "That was a little fast. Please wait a moment.", retry_after_s=wait_s)
