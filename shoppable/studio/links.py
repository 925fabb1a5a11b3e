"""Short links: made here, with a label and a code for print; how often each was followed."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.lookbook import NotShortened
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.i18n import format_day, format_number
from commerce.services.short_links import CODE
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.pages.frame import telegram_link
from shoppable.site import site
from shoppable.studio.blueprint import blueprint
from shoppable.studio.figures import Worth, sold_by_link
from shoppable.studio.qr import drawn

_MOST = 200
NOT_SHORTENED = {
    NotShortened.NOT_OURS: "A short link leads to a page of this shop: begin with /, or paste its whole address.",
    NotShortened.BAD_CODE: "A code has small letters, digits and dashes, 32 at most.",
    NotShortened.CODE_TAKEN: "Another link has this code.",
    NotShortened.NO_LABEL: "Give it a label: it says where people come from.",
}


@blueprint.get("/links")
@access.needs(Permission.PUBLISH)
def short_links() -> ResponseReturnValue:
    made = request.args.get("made", "")
    told = Told(translate("Made: {address}", address=_address(made))) if CODE.fullmatch(made) else None
    return _page(told, where=request.args.get("path", "")[:500])


@blueprint.post("/links")
@access.needs(Permission.PUBLISH)
def make_short_link() -> ResponseReturnValue:
    shop, actor, form = site().shop, access.actor(), request.form
    where, label, code = (inputs.clean(form.get(name, ""))[:500] for name in ("path", "label", "code"))
    made = shop.storage.write(lambda uow: shop.short_links.make(uow, where, label, code=code.strip(), actor=actor))
    if isinstance(made, Refused):
        told = Told(translate(NOT_SHORTENED[made.reason]), is_bad=True)
        return _page(told, where=where, label=label, code=code, status=422)
    return redirect(f"/studio/links?made={made.code}", 303)


@blueprint.get("/links/<code>/qr.svg")
@access.needs(Permission.PUBLISH)
def short_link_qr(code: str) -> ResponseReturnValue:
    """For print."""
    with site().shop.storage.read() as uow:
        link = uow.short_links.get(code) if CODE.fullmatch(code) else None
    if link is None:
        abort(404)
    response = Response(str(drawn(_address(code))), mimetype="image/svg+xml")
    response.headers["Content-Disposition"] = f'attachment; filename="{code}.svg"'
    return response


def _page(
    told: Told | None, *, where: str = "", label: str = "", code: str = "", status: int = 200
) -> ResponseReturnValue:
    shop, spoken, bot = site().shop, language(), telegram_link()
    with shop.storage.read() as uow:
        links = uow.short_links.all(_MOST)
        sold = sold_by_link(uow, shop.clock.now() + timedelta(seconds=1))
    return counter_page(
        "studio/links.html",
        room="studio",
        status=status,
        told=told,
        where=where,
        label=label,
        code=code,
        links=[
            {
                "code": each.code,
                "label": each.label or each.code,
                "path": each.path,
                "address": _address(each.code),
                "into_chat": f"{bot}?start=s_{each.code}" if bot else "",
                "clicks": format_number(each.clicks, spoken),
                "orders": format_number(sold.get(each.code, Worth()).orders, spoken),
                "money": sold.get(each.code, Worth()).net,
                "since": format_day(each.created_at, spoken, shop.settings.timezone),
            }
            for each in links
        ],
    )


def _address(code: str) -> str:
    return f"{site().shop.settings.base_url}/s/{code}"
