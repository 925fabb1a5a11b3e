"""What is shown where a page of ours is shared: its words, and a card of 1200 by 630 drawn for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, request

from commerce.domain.brand import Brand
from commerce.drawing import PillowDrawer
from commerce.errors import DrawingFailed
from commerce.services.campaign_sheets import Logo
from commerce.services.share_cards import HEIGHT_PX, MOST_PICTURES, WIDTH_PX, share_card
from shoppable import inputs
from shoppable.kept import Kept
from shoppable.language import language
from shoppable.limits import LOOK
from shoppable.site import site

_MOST_KEPT = 64  # cards in memory, about 60 kB each
_FRESH_S = 3600


@dataclass(frozen=True, slots=True)
class Shared:
    """`path`: of the page; the card is served below it. `note`: one line under the title on the card. `version` changes
    the card's address with the page, so that networks fetch it again."""

    path: str
    title: str
    description: str
    note: str
    picture_keys: tuple[str, ...]
    version: str = ""
    post: str = ""  # the one that brought whoever shares it
    kind: str = "website"

    @property
    def card(self) -> str:
        """Its address, in the language of this answer."""
        asked = {"lang": language(), "v": self.version, "post": self.post}
        asked = {name: value for name, value in asked.items() if value}
        return f"{site().shop.settings.base_url}{self.path.rstrip('/')}/card.jpg?{urlencode(asked)}"

    @property
    def locale(self) -> str:
        return _locale(language())

    @property
    def other_locales(self) -> tuple[str, ...]:
        return tuple(_locale(code) for code in site().languages if code != language())

    @property
    def width_px(self) -> int:
        return WIDTH_PX

    @property
    def height_px(self) -> int:
        return HEIGHT_PX


def card_response(shared: Shared, brand: Brand) -> Response:
    """The picture, or 304 for whoever has it already."""
    inputs.take_turn("look", LOOK)
    mark = hashlib.sha256(repr((shared, brand, site().shop.settings.shop_name, language())).encode()).hexdigest()[:20]
    if request.if_none_match.contains(mark):
        response = Response(status=304)
    else:
        cards = site().kept.setdefault("cards", Kept[bytes](_MOST_KEPT))
        assert isinstance(cards, Kept)
        jpeg: bytes = cards.get((shared.path, shared.post, language()), mark, lambda: _drawn(shared, brand))
        response = Response(jpeg, mimetype="image/jpeg")
    response.set_etag(mark)
    response.headers["Cache-Control"] = f"public, max-age={_FRESH_S}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _drawn(shared: Shared, brand: Brand) -> bytes:
    def draw(pictures: Sequence[bytes]) -> bytes:
        name = site().shop.settings.shop_name
        sheet = share_card(
            brand, shop_name=name, title=shared.title, note=shared.note, pictures=pictures, logo=logo_of(brand)
        )
        return next(iter(PillowDrawer().draw([sheet])))

    try:
        return draw(pictures_of(shared.picture_keys[:MOST_PICTURES]))
    except DrawingFailed:  # a damaged picture of ours: the words are worth sharing too
        return draw(())


def pictures_of(keys: Sequence[str]) -> list[bytes]:
    """Those that are there."""
    return [picture for key in keys if (picture := site().shop.media.get(key))]


def logo_of(brand: Brand) -> Logo | None:
    jpeg = site().shop.media.get(brand.logo_key) if brand.logo_key else None
    size = PillowDrawer().size_of(jpeg) if jpeg else None
    return Logo(jpeg, *size) if jpeg and size else None


def _locale(code: str) -> str:
    """fr_FR for "fr": the protocol wants a country, https://ogp.me/#optional."""
    from babel.core import get_global

    language, _, country = str(get_global("likely_subtags").get(code, code)).replace("-", "_").partition("_")
    return f"{language}_{country.rpartition('_')[2]}" if country else language
