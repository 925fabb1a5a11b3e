"""What every request handler needs, kept with the Flask application: no module-level state anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import Flask, current_app

from commerce.i18n import Translator
from shoppable.limits import Buckets, Places

if TYPE_CHECKING:
    from commerce.wiring import Shop

EXTENSION = "vitrine"


@dataclass(frozen=True, slots=True)
class Site:
    """One mounted shop.

    `wake` tells the worker that something was put into the inbox. `streams` counts the answers of the chat that stay
    open, `listeners` those of catalogues: readers never take a place from a conversation.
    """

    shop: Shop
    wake: Callable[[], None]
    words: Translator
    buckets: Buckets
    streams: Places
    listeners: Places
    kept: dict[str, object] = field(default_factory=dict)  # what rooms keep between requests

    @property
    def languages(self) -> tuple[str, ...]:
        return self.shop.settings.languages

    @property
    def origin(self) -> str:
        """Scheme and host under which shoppers know the shop, without a path."""
        parts = urlsplit(self.shop.settings.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def site_of(app: Flask) -> Site:
    """The site that an application was made for."""
    return cast(Site, app.extensions[EXTENSION])


def site() -> Site:
    """The site of the running request."""
    return cast(Site, current_app.extensions[EXTENSION])
