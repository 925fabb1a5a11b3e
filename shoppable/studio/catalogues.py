"""Catalogues: made from a PDF or from pictures, looked through, put right, published, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, Edition, Lookbook, LookbookState, NotPublished, Review
from commerce.domain.reservation import Refused
from commerce.domain.sources import QR
from commerce.domain.team import Permission
from commerce.i18n import format_moment
from commerce.ports import UnitOfWork
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.studio import pictures, places
from shoppable.studio.blueprint import blueprint
from shoppable.studio.qr import drawn

_LARGEST_PDF_BYTES = 100 * 1024 * 1024
NOT_PUBLISHED = {
    NotPublished.NOT_FOUND: "There is no such catalogue.",
    NotPublished.STALE: "Somebody else has saved this catalogue meanwhile: this is how it is now.",
    NotPublished.NO_PAGES: "There is no page in it.",
    NotPublished.TOO_MANY_PAGES: "This document has too many pages.",
    NotPublished.UNREADABLE: "This document cannot be read. Send a PDF that other programs open.",
    NotPublished.TOO_LARGE: "This document is too large.",
    NotPublished.DOUBTFUL: "Some places are doubtful: look at them first, or confirm them.",
    NotPublished.SLUG_TAKEN: "Another catalogue has this address.",
    NotPublished.BAD_SLUG: "An address has small letters, digits and dashes.",
    NotPublished.NO_TITLE: "Give it a title.",
    NotPublished.NO_SUCH_PRODUCT: "A place leads to nothing that the shop sells.",
    NotPublished.NO_PHOTO: "None of these products has a photo.",
}
DONE = {
    "saved": "Saved.",
    "published": "Published: shoppers see it now.",
    "withdrawn": "Withdrawn: its address says that it is over.",
    "shown": "Shoppers see this version again.",
    "added": "Added behind the last page.",
    "laid_out": "Laid out again.",
}
STATES = {
    LookbookState.DRAFT: "Draft",
    LookbookState.PUBLISHED: "Published",
    LookbookState.WITHDRAWN: "Withdrawn",
}


@blueprint.before_request
def room_for_a_document() -> None:
    """Lets these requests be larger than the others."""
    if request.endpoint == "studio.make_catalogue":
        request.max_content_length = _LARGEST_PDF_BYTES + 1_000_000
    elif request.endpoint in {"studio.make_of_pictures", "studio.add_pages"}:
        request.max_content_length = pictures.LARGEST_BYTES


@blueprint.get("")
@access.needs(Permission.PUBLISH)
def studio() -> ResponseReturnValue:
    return _catalogues(None)


def _catalogues(told: Told | None, status: int = 200) -> Response:
    shop = site().shop
    with shop.storage.read() as uow:
        books = uow.lookbooks.all()
        drafts = {book.id: uow.lookbooks.edition(book, DRAFT) for book in books}
    return counter_page(
        "studio/catalogues.html",
        room="studio",
        status=status,
        told=told,
        titles=titles_typed().by_language.items(),
        began="pictures" if request.endpoint == "studio.make_of_pictures" else "",
        most_pictures=pictures.MOST_PICTURES,
        books=[_listed(book, draft) for book in books if (draft := drafts[book.id])],
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A catalogue among the others. `public` is '' for one that shoppers do not see."""

    path: str
    title: str
    state: str
    pages: int
    cover: str
    doubtful: int
    public: str
    at: str


def _listed(book: Lookbook, draft: Edition) -> Listed:
    return Listed(
        path=f"/studio/{book.id}",
        title=book.title(language()),
        state=translate(STATES[book.state]),
        pages=len(draft.pages),
        cover=draft.pages[0].picture_key if draft.pages else "",
        doubtful=sum(spot.review is Review.DOUBTFUL for spot in draft.hotspots),
        public=f"/l/{book.slug}" if book.state is LookbookState.PUBLISHED else "",
        at=format_moment(book.published_at or book.created_at, language(), site().shop.settings.timezone),
    )


@blueprint.post("/new")
@access.needs(Permission.PUBLISH)
def make_catalogue() -> ResponseReturnValue:
    """Reading takes about half a second a page."""
    part = request.files.get("document")
    document = part.stream.read(_LARGEST_PDF_BYTES + 1) if part else b""
    made = site().shop.publishing.from_pdf(document, titles_typed(), actor=access.actor())
    if isinstance(made, Refused):
        return _catalogues(Told(translate(NOT_PUBLISHED[made.reason]), is_bad=True), 422)
    return redirect(f"/studio/{made.lookbook.id}", 303)


@blueprint.post("/pictures")
@access.needs(Permission.PUBLISH)
def make_of_pictures() -> ResponseReturnValue:
    """A page each. Reading takes up to half a second a picture, and so does looking at it."""
    sent = pictures.received()
    if isinstance(sent, str):
        return _catalogues(Told(sent, is_bad=True), 422)
    made = site().shop.publishing.from_pictures(sent, titles_typed(), actor=access.actor())
    if isinstance(made, Refused):
        return _catalogues(Told(translate(NOT_PUBLISHED[made.reason]), is_bad=True), 422)
    return redirect(f"/studio/{made.lookbook.id}", 303)


def titles_typed() -> LocalText:
    return LocalText({code: inputs.clean(request.form.get(f"title-{code}", "")) for code in site().languages})


@blueprint.get("/<book>")
@access.needs(Permission.PUBLISH)
def catalogue(book: str) -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _editor(book, Told(translate(DONE[done])) if done in DONE else None)


def _editor(book_id: str, told: Told | None, status: int = 200, *, as_typed: bool = False) -> ResponseReturnValue:
    """`as_typed`: with what the form says rather than what is stored."""
    shop = site().shop
    with shop.storage.read() as uow:
        edition = edition_of(uow, book_id)
        shown = places.as_typed(uow, edition) if as_typed else places.kept(uow, edition)
        versions = uow.lookbooks.versions(book_id)
    book, zone = edition.lookbook, shop.settings.timezone
    title, slug = (titles_typed(), inputs.clean(request.form.get("slug", ""))) if as_typed else (book.title, book.slug)
    public = f"{shop.settings.base_url}/l/{book.slug}"
    return counter_page(
        "studio/catalogue.html",
        room="studio",
        status=status,
        told=told,
        book=book,
        slug=slug,
        title=book.title(language()),
        titles=[(code, title.by_language.get(code, "")) for code in site().languages],
        state=translate(STATES[book.state]),
        is_laid_out=any(page.is_ours for page in edition.pages),
        most_pictures=pictures.MOST_PICTURES,
        is_published=book.state is LookbookState.PUBLISHED,
        pages=[(page, [place for place in shown if place.page == page.number]) for page in edition.pages],
        placed=sum(not place.is_to_be_looked_at for place in shown),
        total=len(shown),
        to_be_looked_at=[place.number for place in shown if place.is_to_be_looked_at],
        versions=[(number, format_moment(at, language(), zone)) for number, at in versions],
        public=public,
        embeds=_embeds(book),
        qr=drawn(f"{public}?utm_source={QR}"),
    )


def _embeds(book: Lookbook) -> tuple[str, str]:
    """What somebody puts into a page of theirs: a script that takes care of the size, or a frame without a script."""
    base, title = site().shop.settings.base_url, book.title(language())
    script = Markup('<script src="{}/embed.js" data-catalogue="{}" data-title="{}" async></script>')
    frame = Markup(
        '<iframe src="{}/embed/l/{}" title="{}" width="100%" height="720" loading="lazy" allow="fullscreen"></iframe>'
    )
    return str(script.format(base, book.slug, title)), str(frame.format(base, book.slug, title))


def edition_of(uow: UnitOfWork, book_id: str) -> Edition:
    edition = site().shop.publishing.edition(uow, book_id) if is_id(book_id) else None
    if edition is None:
        abort(404)
    return edition


def is_id(text: str) -> bool:
    return text.isalnum() and text.isascii() and len(text) <= 32


# --- putting it right


@blueprint.post("/<book>")
@access.needs(Permission.PUBLISH)
def save_catalogue(book: str) -> ResponseReturnValue:
    """All that the form says, at once: the title, the address, and every place."""
    shop, form, actor = site().shop, request.form, access.actor()

    def work(uow: UnitOfWork) -> Edition | Refused[NotPublished]:
        spots = places.hotspots(uow, edition_of(uow, book))
        if spots is None:
            return Refused(NotPublished.NO_SUCH_PRODUCT)
        slug = inputs.clean(form.get("slug", ""))
        return shop.publishing.save(
            uow, book, revision_typed(), title=titles_typed(), slug=slug, hotspots=spots, order=order, actor=actor
        )

    with shop.storage.read() as uow:
        before = edition_of(uow, book)
    order, moved_to = pictures.order_typed(before)
    saved = shop.storage.write(work)
    if isinstance(saved, Refused):
        told = Told(translate(NOT_PUBLISHED[saved.reason]), is_bad=True)
        return _editor(book, told, 409, as_typed=saved.reason is not NotPublished.STALE)
    if len(order) < len(before.pages):
        shop.publishing.forget_pictures(book, before.pages)
    if form.get("do") == "publish":
        return _published(book, saved.lookbook.revision)
    return redirect(f"/studio/{book}?done=saved" + (f"#p-{moved_to}" if moved_to else ""), 303)


@blueprint.post("/<book>/pages")
@access.needs(Permission.PUBLISH)
def add_pages(book: str) -> ResponseReturnValue:
    """Pictures as pages behind the last one."""
    shop = site().shop
    with shop.storage.read() as uow:
        edition_of(uow, book)
    sent = pictures.received()
    if isinstance(sent, str):
        return _editor(book, Told(sent, is_bad=True), 422)
    saved = shop.publishing.add_pictures(book, revision_typed(), sent, actor=access.actor())
    if isinstance(saved, Refused):
        return _editor(book, Told(translate(NOT_PUBLISHED[saved.reason]), is_bad=True), 409)
    return redirect(f"/studio/{book}?done=added#p-{len(saved.pages) - len(sent) + 1}", 303)


def revision_typed() -> int:
    given = request.form.get("revision", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0


# --- showing it


def _published(book: str, revision: int) -> ResponseReturnValue:
    shop, actor = site().shop, access.actor()
    published = shop.storage.write(lambda uow: shop.publishing.publish(uow, book, revision, actor=actor))
    if isinstance(published, Refused):
        return _editor(book, Told(translate(NOT_PUBLISHED[published.reason]), is_bad=True), 409)
    return redirect(f"/studio/{book}?done=published", 303)


@blueprint.post("/<book>/withdraw")
@access.needs(Permission.PUBLISH)
def withdraw_catalogue(book: str) -> ResponseReturnValue:
    shop, actor = site().shop, access.actor()
    done = shop.storage.write(lambda uow: shop.publishing.withdraw(uow, book, actor=actor) if is_id(book) else None)
    if done is None or isinstance(done, Refused):
        abort(404)
    return redirect(f"/studio/{book}?done=withdrawn", 303)


@blueprint.post("/<book>/version")
@access.needs(Permission.PUBLISH)
def show_version(book: str) -> ResponseReturnValue:
    shop, actor, given = site().shop, access.actor(), request.form.get("version", "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
    done = shop.storage.write(
        lambda uow: shop.publishing.show_version(uow, book, number, actor=actor) if is_id(book) else None
    )
    if done is None or isinstance(done, Refused):
        abort(404)
    return redirect(f"/studio/{book}?done=shown", 303)


@blueprint.get("/<book>/qr.svg")
@access.needs(Permission.PUBLISH)
def qr_code(book: str) -> ResponseReturnValue:
    """For print: of the catalogue, or of one of its pages. Whoever comes by it is told from other readers."""
    shop = site().shop
    number = inputs.whole_number("page", default=0, least=0, most=100_000) or 0
    with shop.storage.read() as uow:
        edition = edition_of(uow, book)
    slug = edition.lookbook.slug
    if number and number not in {page.number for page in edition.pages}:
        abort(404)
    address = f"{shop.settings.base_url}/l/{slug}?utm_source={QR}" + (f"#page-{number}" if number else "")
    response = Response(str(drawn(address)), mimetype="image/svg+xml")
    name = f"{slug}-{number}" if number else slug
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return response
