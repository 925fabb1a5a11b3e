"""Where somebody came from, in words: « Printemps », page 4; the label of a link; a campaign; another site."""

from __future__ import annotations

from commerce.domain import sources
from commerce.domain.lookbook import Edition, Page
from commerce.domain.sources import Source
from commerce.ports import UnitOfWork
from shoppable.language import language, translate
from shoppable.site import site


def in_words(uow: UnitOfWork, came_from: str) -> str:
    """'' for nothing; what is no longer known is said as it was kept."""
    known = sources.read(came_from)
    if known.kind == "catalogue":
        said = _catalogue(uow, known)
        if said and known.via:
            return translate("{source}, via {via}", source=said, via=in_words(uow, known.via))
        return said or came_from
    if known.kind == "link":
        link = uow.short_links.get(known.name)
        return translate("Link: {label}", label=link.label or link.code) if link else came_from
    if known.kind == "campaign":
        ours = {sources.QR: translate("QR code"), sources.EMBED: translate("a frame in another site")}
        return ours.get(known.name) or translate("Campaign: {name}", name=known.name)
    if known.kind == "site":
        return translate("Link on {host}", host=known.name)
    return came_from


def _catalogue(uow: UnitOfWork, known: Source) -> str:
    book = uow.lookbooks.get(known.name)
    if book is None:
        return ""
    title = book.title(language())
    if known.page:
        return translate("Page {number} of {title}", number=known.page, title=title)
    return translate("Catalogue: {title}", title=title)


def page_of(uow: UnitOfWork, came_from: str) -> tuple[Edition, Page] | None:
    """The catalogue that it names as shoppers see it, and its page (the cover where it names none)."""
    known = sources.read(came_from)
    book = uow.lookbooks.get(known.name) if known.kind == "catalogue" else None
    edition = site().shop.publishing.seen_by_shoppers(uow, book.slug) if book is not None else None
    if edition is None or not edition.pages:
        return None
    return edition, next((page for page in edition.pages if page.number == known.page), edition.pages[0])


def path_of(edition: Edition, page: Page) -> str:
    return f"/l/{edition.lookbook.slug}" + (f"#page-{page.number}" if page.number > 1 else "")
