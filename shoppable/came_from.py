"""Where somebody came from, in words: « Printemps », page 4; the label of a link."""

from __future__ import annotations

from commerce.domain.lookbook import Edition, Page
from commerce.ports import UnitOfWork
from shoppable.language import language, translate
from shoppable.site import site


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


def page_of(uow: UnitOfWork, came_from: str) -> tuple[Edition, Page] | None:
    """The catalogue that it names as shoppers see it, and its page (the cover where it names none)."""
    kind, _, rest = came_from.partition(":")
    lookbook_id, _, number = rest.partition(":")
    book = uow.lookbooks.get(lookbook_id) if kind == "catalogue" else None
    edition = site().shop.publishing.seen_by_shoppers(uow, book.slug) if book is not None else None
    if edition is None or not edition.pages:
        return None
    return edition, next((page for page in edition.pages if str(page.number) == number), edition.pages[0])


def path_of(edition: Edition, page: Page) -> str:
    return f"/l/{edition.lookbook.slug}" + (f"#page-{page.number}" if page.number > 1 else "")
