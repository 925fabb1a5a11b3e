"""A draft as shoppers will see it: the reader's own page, with today's prices, and nothing of it is counted."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from commerce.domain.team import Permission
from shoppable.counter import access
from shoppable.pages import leaves
from shoppable.pages.lookbook import previewed, sheet_of
from shoppable.site import site
from shoppable.studio.blueprint import blueprint
from shoppable.studio.catalogues import edition_of


@blueprint.get("/<book>/preview")
@access.needs(Permission.PUBLISH)
def preview(book: str) -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        opened = leaves.put_together(uow, edition_of(uow, book), is_preview=True)
    return previewed(opened)


@blueprint.get("/<book>/preview/<int:number>/<int:product_id>")
@access.needs(Permission.PUBLISH)
def preview_sheet(book: str, number: int, product_id: int) -> ResponseReturnValue:
    """What a place opens."""
    with site().shop.storage.read() as uow:
        return sheet_of(uow, edition_of(uow, book), number, product_id)
