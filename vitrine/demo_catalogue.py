"""The demo shop's catalogues: one that was printed, eight pages of its own articles, sent in as any other document; and
one of chosen products, laid out by us."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.demo_shop.printed import A_PAGE, Article, write_pdf

if TYPE_CHECKING:
    from commerce.domain.product import Product
    from commerce.wiring import Shop

PAGES = 8
HEADING = "La saison · The season"
TITLES = {"fr": "Le catalogue de saison", "en": "The season’s catalogue"}
SLUG = "saison"
ACTOR = "command"
CHOSEN = 24
LOOKBOOK_TITLES = {"fr": "Le lookbook de saison", "en": "The season’s lookbook"}
LOOKBOOK_SLUG = "lookbook"

Progress = Callable[[str, int, int | None], None]


def publish_demo_catalogue(shop: Shop, folder: Path, progress: Progress) -> str:
    """The path under which shoppers read it; '' when the document did not become one. A second time there is nothing
    to do."""
    from commerce.domain.localtext import LocalText
    from commerce.domain.reservation import Refused

    with shop.storage.read() as uow:
        known = uow.lookbooks.by_slug(SLUG)
    if known is not None:
        return f"/l/{known.slug}"
    document = write_pdf(folder / "catalogue.pdf", HEADING, articles_of(shop, PAGES * A_PAGE)).read_bytes()
    made = shop.publishing.from_pdf(
        document, LocalText(TITLES), actor=ACTOR, slug=SLUG, progress=lambda done, of: progress("catalogue", done, of)
    )
    if isinstance(made, Refused):
        return ""
    book = made.lookbook
    shown = shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor=ACTOR))
    return "" if isinstance(shown, Refused) else f"/l/{book.slug}"


def publish_demo_lookbook(shop: Shop, progress: Progress) -> str:
    """The path under which shoppers leaf through it; '' when there was nothing to lay out. A second time there is
    nothing to do."""
    from commerce.domain.localtext import LocalText
    from commerce.domain.reservation import Refused
    from commerce.services.laying_out import Chosen

    with shop.storage.read() as uow:
        known = uow.lookbooks.by_slug(LOOKBOOK_SLUG)
        products = uow.products.after(0, 10_000)
    if known is not None:
        return f"/l/{known.slug}"
    done = shop.laying_out.make(
        [Chosen(product.id) for product in _of_many_kinds(products)[:CHOSEN]],
        LocalText(LOOKBOOK_TITLES),
        actor=ACTOR,
        slug=LOOKBOOK_SLUG,
        progress=lambda done, of: progress("lookbook", done, of),
    )
    if isinstance(done, Refused):
        return ""
    book = done.edition.lookbook
    shown = shop.storage.write(lambda uow: shop.publishing.publish(uow, book.id, book.revision, actor=ACTOR))
    return "" if isinstance(shown, Refused) else f"/l/{book.slug}"


def articles_of(shop: Shop, count: int) -> list[Article]:
    """So many of the shop's products, of as many kinds as there are, as they stand in print: in both languages."""
    from commerce.i18n import format_money

    with shop.storage.read() as uow:
        products = uow.products.after(0, 10_000)
    return [
        Article(
            product.title("fr"),
            format_money(product.variants[0].price, "fr"),
            product.variants[0].sku,
            shop.media.get(product.pictures[0].media_key) or b"",
            product.title("en"),
        )
        for product in _of_many_kinds(products)[:count]
    ]


def _of_many_kinds(products: list[Product]) -> list[Product]:
    """One of each kind, then the second of each: a catalogue shows the breadth of a shop."""
    seen: dict[str, int] = {}
    turns: list[tuple[int, int, Product]] = []
    for place, product in enumerate(products):
        if product.variants and product.pictures and product.pictures[0].media_key.endswith(".jpg"):
            turns.append((seen.get(product.category, 0), place, product))
            seen[product.category] = seen.get(product.category, 0) + 1
    return [product for _, _, product in sorted(turns, key=lambda turn: turn[:2])]
