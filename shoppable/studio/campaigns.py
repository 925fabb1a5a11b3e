"""Campaigns: products and a headline become what every channel needs, side by side, to be taken one by one or all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.campaign import (
    LONGEST_HEADLINE,
    MOST_ITEMS,
    Campaign,
    NotCampaigned,
    Outlet,
    Stale,
    Turned,
)
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import DRAFT, came_from
from commerce.domain.product import Product
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.i18n import format_moment, format_money, format_number
from commerce.ports import UnitOfWork
from commerce.services.naming import named as product_named
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.sized import sized_path
from shoppable.studio.blueprint import blueprint
from shoppable.studio.campaign_kit import PICTURES, Kit, Picture, jpeg_of, kit_of, mark_of, pdf_of
from shoppable.studio.campaign_mail import mail_of
from shoppable.studio.campaign_zip import zip_of
from shoppable.studio.figures import Worth, sold_by_link
from shoppable.studio.posts import number_of

NOT_CAMPAIGNED = {
    NotCampaigned.NOT_FOUND: "There is no such campaign.",
    NotCampaigned.NO_HEADLINE: "Give it a headline.",
    NotCampaigned.NO_PRODUCT: "Name at least one product that the shop sells.",
    NotCampaigned.TOO_MANY: "A campaign shows twelve products at most.",
    NotCampaigned.NO_SUCH_PRODUCT: "Nothing that the shop sells has this article number.",
}
OUTLETS = {
    Outlet.TELEGRAM: "Telegram",
    Outlet.INSTAGRAM: "Instagram",
    Outlet.TIKTOK: "TikTok",
    Outlet.EMAIL: "E-mail",
    Outlet.PRINT: "On paper",
}
FORMATS = {
    "telegram": "Picture for Telegram",
    "instagram": "Post",
    "story": "Story",
    "tiktok": "TikTok picture",
    "a5": "Leaflet, A5",
    "a4": "Poster, A4",
}
DONE = {
    "made": "Made. Look at it in every language before you take it.",
    "read": "Read again: everything below says what is so now.",
    "removed": "Removed. Its links lead to the first page from now on.",
}
_MOST_LISTED = 100
# Nothing of the mail runs, and nothing of it is fetched but pictures of ours.
_MAIL_POLICY = "default-src 'none'; img-src 'self' {base}; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@blueprint.get("/campaigns")
@access.needs(Permission.PUBLISH)
def campaigns() -> ResponseReturnValue:
    done = request.args.get("done", "")
    with site().shop.storage.read() as uow:
        source, products = _source(uow)
    wanted = " ".join(number_of(product) for product in products[:MOST_ITEMS])
    return _list(Told(translate(DONE[done])) if done in DONE else None, products=wanted, source=source)


def _source(uow: UnitOfWork) -> tuple[str, Sequence[Product]]:
    """What the address names to make a campaign of: a catalogue, one of its pages, or a post; with its products."""
    book_id, post_id = request.args.get("catalogue", ""), request.args.get("post", "")
    given = request.args.get("page", "")
    page = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
    ids: list[int] = []
    source = ""
    if _is_id(book_id) and (edition := site().shop.publishing.edition(uow, book_id, DRAFT)) is not None:
        source = came_from(book_id, page)
        numbers = [page] if page else [each.number for each in edition.pages]
        ids = [spot.product_id for number in numbers for spot in edition.on(number)]
    elif _is_id(post_id) and (post := uow.posts.get(post_id)) is not None:
        source, ids = f"post:{post_id}", list(post.product_ids)
    known = uow.products.many(ids)
    return source, [known[each] for each in dict.fromkeys(ids) if each in known and known[each].variants]


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 32 and text.isascii() and text.isalnum()


@blueprint.post("/campaigns")
@access.needs(Permission.PUBLISH)
def make_campaign() -> ResponseReturnValue:
    shop, form, actor = site().shop, request.form, access.actor()
    typed = form.get("products", "")[:2000]
    named = typed.replace(",", " ").split()[: MOST_ITEMS + 1]
    source = form.get("source", "")[:128]
    names = {outlet: translate(label) for outlet, label in OUTLETS.items()}

    def work(uow: UnitOfWork) -> Campaign | Refused[NotCampaigned]:
        found = [product_named(uow, each) for each in named]
        if None in found:
            return Refused(NotCampaigned.NO_SUCH_PRODUCT)
        ids = [each[0].id for each in found if each is not None]
        return shop.campaigning.make(uow, _headline(), ids, names, came_from=inputs.clean(source), actor=actor)

    made = shop.storage.write(work)
    if isinstance(made, Refused):
        return _list(
            Told(translate(NOT_CAMPAIGNED[made.reason]), is_bad=True), products=typed, source=source, status=422
        )
    return redirect(f"/studio/campaigns/{made.id}?done=made", 303)


def _headline() -> LocalText:
    form = request.form
    return LocalText({code: inputs.clean(form.get(f"headline-{code}", "")) for code in site().languages})


def _list(told: Told | None, *, products: str = "", source: str = "", status: int = 200) -> ResponseReturnValue:
    shop = site().shop
    with shop.storage.read() as uow:
        known = uow.campaigns.all(_MOST_LISTED)
        stale = {each.id for each in known if shop.campaigning.stale(uow, each)}
    return counter_page(
        "studio/campaigns.html",
        room="studio",
        status=status,
        told=told,
        products=products,
        source=source,
        longest=LONGEST_HEADLINE,
        headlines=_headline().by_language.items(),
        campaigns=[
            {
                "id": each.id,
                "headline": each.headline(language()),
                "pictures": [sized_path(item.picture_key, 240) for item in each.items if item.picture_key][:3],
                "count": len(each.items),
                "at": format_moment(each.created_at, language(), shop.settings.timezone),
                "is_stale": each.id in stale,
            }
            for each in known
        ],
    )


# --- one of them


@blueprint.get("/campaigns/<campaign>")
@access.needs(Permission.PUBLISH)
def campaign(campaign: str) -> ResponseReturnValue:
    """Everything in one language, by `in`; the page itself is in the marketer's own."""
    shop, done = site().shop, request.args.get("done", "")
    with shop.storage.read() as uow:
        found = _found(uow, campaign)
        kit = kit_of(uow, found, _shown_language())
        stale = shop.campaigning.stale(uow, found)
        links = uow.short_links
        clicks = {outlet: link.clicks for outlet, code in found.links.items() if (link := links.get(code))}
        sold = sold_by_link(uow, shop.clock.now() + timedelta(seconds=1))
    mail, spoken = mail_of(kit), language()
    return counter_page(
        "studio/campaign.html",
        room="studio",
        told=Told(translate(DONE[done])) if done in DONE else None,
        campaign=found,
        title=found.headline(spoken),
        said=kit.said,
        since=format_moment(found.read_at, spoken, shop.settings.timezone),
        stale=[_in_words(each) for each in stale],
        sold_out=[
            item.title(spoken)
            for item in found.items
            if item.choices and not any(choice.sku in kit.available for choice in item.choices)
        ],
        formats=[_shown(kit, picture) for picture in PICTURES],
        telegram=kit.telegram,
        captions={outlet.value: kit.caption(outlet) for outlet in (Outlet.INSTAGRAM, Outlet.TIKTOK)},
        mail=mail,
        outlets=[
            {
                "name": translate(OUTLETS[outlet]),
                "address": kit.address(outlet),
                "clicks": format_number(clicks.get(outlet, 0), spoken),
                "orders": format_number(sold.get(code, Worth()).orders, spoken),
            }
            for outlet, code in found.links.items()
        ],
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on the page. `alt`: what is written on it, for whoever does not see it. `left_out`: products for which
    there was no room."""

    name: str
    outlet: str
    label: str
    path: str
    width_px: int
    height_px: int
    alt: str
    left_out: int
    is_paper: bool


def _shown(kit: Kit, picture: Picture) -> Shown:
    said = kit.said
    items = said.items[: picture.form.most_items]
    lines = [said.warning, said.headline, *(f"{item.title}, {', '.join(item.facts)}" for item in items)]
    return Shown(
        picture.name,
        picture.outlet.value,
        translate(FORMATS[picture.name]),
        f"/studio/campaigns/{kit.campaign.id}/{picture.name}.jpg?in={said.language}&v={mark_of(kit, picture)}",
        picture.form.width_px,
        picture.form.height_px,
        ". ".join(filter(None, (*lines, said.claim, said.dated))),
        len(said.items) - len(items),
        picture.paper_mm is not None,
    )


def _in_words(stale: Stale) -> str:
    spoken = language()
    if stale.turned is Turned.CLAIM or stale.item is None:
        return translate("The shop promises something else now, or nothing.")
    title = stale.item.title(spoken)
    if stale.now is None:
        return translate("{title} is no longer sold.", title=title)
    if stale.now.price == stale.item.price:
        return translate("{title}: what is said beside its price is another thing now.", title=title)
    return translate(
        "{title}: {now} now, {then} in this campaign.",
        title=title,
        now=format_money(stale.now.price, spoken),
        then=format_money(stale.item.price, spoken),
    )


def _found(uow: UnitOfWork, campaign_id: str) -> Campaign:
    found = uow.campaigns.get(campaign_id) if _is_id(campaign_id) else None
    if found is None:
        abort(404)
    return found


def _shown_language() -> str:
    asked = request.args.get("in", "")
    return asked if asked in site().languages else language()


@blueprint.post("/campaigns/<campaign>")
@access.needs(Permission.PUBLISH)
def change_campaign(campaign: str) -> ResponseReturnValue:
    shop, actor = site().shop, access.actor()
    if not _is_id(campaign):
        abort(404)
    if request.form.get("do") == "remove":
        if not shop.storage.write(lambda uow: shop.campaigning.remove(uow, campaign, actor=actor)):
            abort(404)
        return redirect("/studio/campaigns?done=removed", 303)
    read = shop.storage.write(lambda uow: shop.campaigning.read_again(uow, campaign, actor=actor))
    if isinstance(read, Refused):
        if read.reason is NotCampaigned.NOT_FOUND:
            abort(404)
        return _list(Told(translate(NOT_CAMPAIGNED[read.reason]), is_bad=True), status=422)
    return redirect(f"/studio/campaigns/{campaign}?done=read", 303)


@blueprint.get("/campaigns/<campaign>/<part>")
@access.needs(Permission.PUBLISH)
def campaign_part(campaign: str, part: str) -> ResponseReturnValue:
    """One thing that was made of it: a picture, a paper, the mail; `all.zip` in every language. `save=1`: as a file."""
    with site().shop.storage.read() as uow:
        found = _found(uow, campaign)
        spoken = site().languages if part == "all.zip" else (_shown_language(),)
        kits = [kit_of(uow, found, code) for code in spoken]
    kit, pictures = kits[0], {each.name: each for each in PICTURES}
    name, _, kind = part.rpartition(".")
    if part == "all.zip":
        return _file(zip_of(kits), "application/zip", part)
    if name in pictures and kind == "jpg":
        return _file(jpeg_of(kit, pictures[name]), "image/jpeg", part)
    if name in pictures and kind == "pdf" and pictures[name].paper_mm:
        return _file(pdf_of(kit, pictures[name]), "application/pdf", part)
    if part == "telegram.json":
        return _file(json.dumps(kit.telegram.as_request(), ensure_ascii=False).encode(), "application/json", part)
    if part == "mail.eml":
        return _file(mail_of(kit).as_message().as_bytes(), "message/rfc822", part)
    if part != "mail.html":
        abort(404)
    response = _file(mail_of(kit).html.encode(), "text/html; charset=utf-8", part)
    response.headers["Content-Security-Policy"] = _MAIL_POLICY.format(base=site().origin)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _file(data: bytes, kind: str, name: str) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Cache-Control"] = "private, no-store"
    if request.args.get("save") == "1" or name.endswith((".zip", ".eml", ".json")):
        stem, _, suffix = name.rpartition(".")
        told = f"{stem}.{suffix}" if suffix == "zip" else f"{stem}-{_shown_language()}.{suffix}"
        response.headers["Content-Disposition"] = f'attachment; filename="{told}"'
    return response
