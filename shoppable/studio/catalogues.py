"""Catalogues: made from a PDF, looked through, put right, published, withdrawn."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import (
    DRAFT,
    Doubt,
    Edition,
    FoundBy,
    Hotspot,
    LookbookState,
    NotPublished,
    Region,
    Review,
)
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.i18n import format_moment
from commerce.ports import UnitOfWork
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.studio.blueprint import blueprint

_LARGEST_PDF_BYTES = 100 * 1024 * 1024
_MOST_SPOTS = 400  # of one page of the editor
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
}
DONE = {
    "saved": "Saved.",
    "published": "Published: shoppers see it now.",
    "withdrawn": "Withdrawn: its address says that it is over.",
    "shown": "Shoppers see this version again.",
}
STATES = {
    LookbookState.DRAFT: "Draft",
    LookbookState.PUBLISHED: "Published",
    LookbookState.WITHDRAWN: "Withdrawn",
}
DOUBTS = {
    Doubt.OTHER_PRICE: "The page says another price than today’s.",
    Doubt.OTHER_PICTURE: "The picture looks like another product.",
    Doubt.PICTURE_ALONE: "Found by its picture alone.",
}
FOUND_BY = {
    FoundBy.SKU: "article number",
    FoundBy.PRICE: "price",
    FoundBy.PICTURE: "picture",
    FoundBy.LAYOUT: "layout",
    FoundBy.HAND: "by hand",
}


@dataclass(frozen=True, slots=True)
class SpotShown:
    """A hotspot in the editor: `named` is what it leads to, as it may be typed. Percent of the page."""

    id: str
    number: int
    named: str
    title: str
    found_by: str
    why_doubtful: str
    is_doubtful: bool
    x: float
    y: float
    width: float
    height: float


@blueprint.before_request
def room_for_a_document() -> None:
    """Lets this one request be larger than the others."""
    if request.endpoint == "studio.make_catalogue":
        request.max_content_length = _LARGEST_PDF_BYTES + 1_000_000


@blueprint.get("")
@access.needs(Permission.PUBLISH)
def studio() -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        books = uow.lookbooks.all()
        drafts = {book.id: uow.lookbooks.edition(book, DRAFT) for book in books}
    zone = shop.settings.timezone
    return counter_page(
        "studio/catalogues.html",
        room="studio",
        books=[
            {
                "path": f"/studio/{book.id}",
                "title": book.title(language()),
                "state": translate(STATES[book.state]),
                "pages": len(draft.pages) if (draft := drafts[book.id]) else 0,
                "cover": draft.pages[0].picture_key if draft and draft.pages else "",
                "doubtful": sum(spot.review is Review.DOUBTFUL for spot in draft.hotspots) if draft else 0,
                "public": f"/l/{book.slug}" if book.state is LookbookState.PUBLISHED else "",
                "at": format_moment(book.published_at or book.created_at, language(), zone),
            }
            for book in books
        ],
        languages_of_title=site().languages,
        told=None,
    )


@blueprint.post("/new")
@access.needs(Permission.PUBLISH)
def make_catalogue() -> ResponseReturnValue:
    """Reading takes about half a second a page."""
    part = request.files.get("document")
    title = LocalText({code: inputs.clean(request.form.get(f"title-{code}", "")) for code in site().languages})
    document = part.stream.read(_LARGEST_PDF_BYTES + 1) if part else b""
    made = site().shop.publishing.from_pdf(document, title, actor=access.actor())
    if isinstance(made, Refused):
        return _refused(made.reason)
    return redirect(f"/studio/{made.lookbook.id}", 303)


def _refused(reason: NotPublished) -> ResponseReturnValue:
    return counter_page(
        "studio/catalogues.html",
        room="studio",
        status=422,
        books=[],
        languages_of_title=site().languages,
        told=Told(translate(NOT_PUBLISHED[reason]), is_bad=True),
    )


@blueprint.get("/<book>")
@access.needs(Permission.PUBLISH)
def catalogue(book: str) -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _editor(book, Told(translate(DONE[done])) if done in DONE else None)


def _editor(book_id: str, told: Told | None, status: int = 200) -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        edition = _edition(uow, book_id)
        products = uow.products.many({spot.product_id for spot in edition.hotspots})
        versions = uow.lookbooks.versions(book_id)
    book, zone = edition.lookbook, shop.settings.timezone
    public = f"{shop.settings.base_url}/l/{book.slug}"
    numbered = {spot.id: number for number, spot in enumerate(_in_order(edition), start=1)}
    doubtful = [spot for spot in edition.hotspots if spot.review is Review.DOUBTFUL]
    return counter_page(
        "studio/catalogue.html",
        room="studio",
        status=status,
        told=told,
        book=book,
        title=book.title(language()),
        state=translate(STATES[book.state]),
        is_published=book.state is LookbookState.PUBLISHED,
        pages=[
            (page, [_shown(spot, numbered[spot.id], products) for spot in edition.on(page.number)])
            for page in edition.pages
        ],
        placed=len(edition.hotspots) - len(doubtful),
        total=len(edition.hotspots),
        doubtful=[(numbered[spot.id], spot.page) for spot in _in_order(edition) if spot.review is Review.DOUBTFUL],
        versions=[(number, format_moment(at, language(), zone)) for number, at in versions],
        languages_of_title=[(code, book.title.by_language.get(code, "")) for code in site().languages],
        public=public,
        embed=Markup('<iframe src="{}" title="{}" width="100%" height="720" loading="lazy"></iframe>').format(
            f"{shop.settings.base_url}/embed/l/{book.slug}", book.title(language())
        ),
        qr=_qr(public),
    )


def _in_order(edition: Edition) -> list[Hotspot]:
    return [spot for page in edition.pages for spot in edition.on(page.number)]


def _shown(spot: Hotspot, number: int, products: dict[int, Product]) -> SpotShown:
    product = products.get(spot.product_id)
    variant = next((each for each in product.variants if each.id == spot.variant_id), None) if product else None
    named = variant.sku if variant else product.variants[0].sku if product and product.variants else ""
    region = spot.region
    return SpotShown(
        id=spot.id,
        number=number,
        named=named,
        title=product.title(language()) if product else translate("No longer sold"),
        found_by=translate(FOUND_BY[spot.found_by]),
        why_doubtful=" ".join(translate(DOUBTS[each]) for each in spot.doubts),
        is_doubtful=spot.review is Review.DOUBTFUL,
        x=round(region.x_frac * 100, 2),
        y=round(region.y_frac * 100, 2),
        width=round(region.width_frac * 100, 2),
        height=round(region.height_frac * 100, 2),
    )


def _qr(text: str) -> Markup:
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, scale=4, border=2)
    return Markup(out.getvalue().decode())  # noqa: S704  drawn by us


def _edition(uow: UnitOfWork, book_id: str) -> Edition:
    edition = site().shop.publishing.edition(uow, book_id) if _is_id(book_id) else None
    if edition is None:
        abort(404)
    return edition


def _is_id(text: str) -> bool:
    return text.isalnum() and text.isascii() and len(text) <= 32


# --- putting it right


@blueprint.post("/<book>")
@access.needs(Permission.PUBLISH)
def save_catalogue(book: str) -> ResponseReturnValue:
    """All that the form says, at once: the title, the address, and every place."""
    shop, form, actor = site().shop, request.form, access.actor()
    title = LocalText({code: inputs.clean(form.get(f"title-{code}", "")) for code in site().languages})

    def work(uow: UnitOfWork) -> Edition | Refused[NotPublished]:
        before = {spot.id: spot for spot in _edition(uow, book).hotspots}
        spots = _spots(uow, before)
        if spots is None:
            return Refused(NotPublished.NO_SUCH_PRODUCT)
        return shop.publishing.save(
            uow, book, _revision(), title=title, slug=inputs.clean(form.get("slug", "")), hotspots=spots, actor=actor
        )

    saved = shop.storage.write(work)
    if isinstance(saved, Refused):
        return _editor(book, Told(translate(NOT_PUBLISHED[saved.reason]), is_bad=True), 409)
    if form.get("do") == "publish":
        return _published(book, saved.lookbook.revision)
    return redirect(f"/studio/{book}?done=saved", 303)


def _spots(uow: UnitOfWork, before: dict[str, Hotspot]) -> list[Hotspot] | None:
    """The places of the form; None where one leads to nothing."""
    form = request.form
    columns = [form.getlist(name)[:_MOST_SPOTS] for name in ("spot", "page", "named", "x", "y", "width", "height")]
    confirmed, removed = set(form.getlist("confirmed")), set(form.getlist("removed"))
    spots = []
    for spot_id, page, named, x, y, width, height in zip(*columns, strict=False):
        if spot_id in removed:
            continue
        found = _product(uow, inputs.clean(named))
        region = _region(x, y, width, height)
        if found is None or region is None or not page.isdecimal():
            return None
        product, variant = found
        known = before.get(spot_id)
        if known is None:
            spots.append(
                Hotspot(
                    site().shop.ids.new_id(), int(page), region, product.id, variant.id if variant else 0,
                    FoundBy.HAND, Review.CONFIRMED,
                )
            )  # fmt: skip
            continue
        is_same = product.id == known.product_id
        moved = replace(
            known,
            page=int(page),
            region=region if region != _rounded(known.region) else known.region,
            product_id=product.id,
            variant_id=known.variant_id if is_same else (variant.id if variant else 0),
        )
        if spot_id in confirmed or not is_same:
            moved = replace(moved, review=Review.CONFIRMED, doubts=())
        spots.append(moved)
    return spots


def _product(uow: UnitOfWork, named: str) -> tuple[Product, Variant | None] | None:
    found = uow.products.by_sku(named) or uow.products.by_gtin(named)
    if found is not None:
        return found
    product = uow.products.by_source_id(named)
    return (product, None) if product else None


def _region(*percents: str) -> Region | None:
    try:
        x, y, width, height = (float(percent.replace(",", ".")) / 100 for percent in percents)
        return Region(round(x, 5), round(y, 5), round(width, 5), round(height, 5))
    except ValueError:
        return None


def _rounded(region: Region) -> Region:
    """As the form says it."""
    parts = (region.x_frac, region.y_frac, region.width_frac, region.height_frac)
    return Region(*(round(round(part * 100, 2) / 100, 5) for part in parts))


def _revision() -> int:
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
    done = shop.storage.write(lambda uow: shop.publishing.withdraw(uow, book, actor=actor) if _is_id(book) else None)
    if done is None or isinstance(done, Refused):
        abort(404)
    return redirect(f"/studio/{book}?done=withdrawn", 303)


@blueprint.post("/<book>/version")
@access.needs(Permission.PUBLISH)
def show_version(book: str) -> ResponseReturnValue:
    shop, actor, given = site().shop, access.actor(), request.form.get("version", "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
    done = shop.storage.write(
        lambda uow: shop.publishing.show_version(uow, book, number, actor=actor) if _is_id(book) else None
    )
    if done is None or isinstance(done, Refused):
        abort(404)
    return redirect(f"/studio/{book}?done=shown", 303)


@blueprint.get("/<book>/qr.svg")
@access.needs(Permission.PUBLISH)
def qr_code(book: str) -> ResponseReturnValue:
    """For print."""
    shop = site().shop
    with shop.storage.read() as uow:
        slug = _edition(uow, book).lookbook.slug
    response = Response(str(_qr(f"{shop.settings.base_url}/l/{slug}")), mimetype="image/svg+xml")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.svg"'
    return response
