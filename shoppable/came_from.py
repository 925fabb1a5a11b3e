"""Where somebody came from, in words: « Printemps », page 4; the label of a link."""

from __future__ import annotations

from commerce.ports import UnitOfWork
from shoppable.language import language, translate


def in_words(uow: UnitOfWork, came_from: str) -> str:
    """'' for nothing; what is no longer known is said as it was kept."""
    kind, _, rest = came_from.partition(":")
    if kind == "catalogue":
        lookbook_id, _, page = rest.partition(":")
        book = uow.lookbooks.get(lookbook_id)
        if book is not None:
            title = book.title(language())
            if page.isdecimal():
                return translate("Page {number} of {title}", number=page, title=title)
            return translate("Catalogue: {title}", title=title)
    if kind == "link":
        link = uow.short_links.get(rest)
        if link is not None:
            return translate("Link: {label}", label=link.label or link.code)
    return came_from
