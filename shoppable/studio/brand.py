"""The brand kit: colours, logo, what is promised, with a picture of how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.brand import LEAST_CONTRAST, Brand, NotBranded, contrast
from commerce.domain.localtext import LocalText
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.drawing import PillowDrawer
from commerce.i18n import format_money, format_number
from commerce.services.branding import LONGEST_LINE, BrandWish
from commerce.services.campaign_sheets import FEED, campaign_sheet
from commerce.services.campaign_words import CampaignWords, ItemWords
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.photos import LARGEST_PHOTO_BYTES, looks_like_a_picture, room_for_a_photo
from shoppable.sharing import logo_of, pictures_of
from shoppable.shelf import main_picture, picture_path
from shoppable.site import site
from shoppable.studio.blueprint import blueprint

NOT_BRANDED = {
    NotBranded.NO_COLOUR: "A colour is written as # and six letters or digits, such as #2f6b4f.",
    NotBranded.FAINT_INK: "Words in this colour cannot be read on this paper: choose a darker or a lighter one.",
    NotBranded.FAINT_ACCENT: "Prices in this accent cannot be read on this paper: choose a darker or a lighter one.",
    NotBranded.UNREADABLE: "This picture cannot be read. Send a JPEG, PNG or WebP of at most 10 MB.",
}
_EXAMPLES = 3


@blueprint.before_request
def room_for_a_logo() -> None:
    if request.endpoint == "studio.keep_brand":
        room_for_a_photo()


@blueprint.get("/brand")
@access.needs(Permission.PUBLISH)
def brand() -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        known = uow.brand.get()
    told = Told(translate("Saved.")) if request.args.get("done") == "saved" else None
    return _page(known, _wish_of(known), told)


@blueprint.post("/brand")
@access.needs(Permission.PUBLISH)
def keep_brand() -> ResponseReturnValue:
    wish = _wish(request.form, _logo())
    if wish.logo and (len(wish.logo) > LARGEST_PHOTO_BYTES or not looks_like_a_picture(wish.logo)):
        kept: Brand | Refused[NotBranded] = Refused(NotBranded.UNREADABLE)
    else:
        kept = site().shop.branding.keep(wish, actor=access.actor())
    if isinstance(kept, Refused):
        with site().shop.storage.read() as uow:
            known = uow.brand.get()
        return _page(known, wish, Told(translate(NOT_BRANDED[kept.reason]), is_bad=True), 422)
    return redirect("/studio/brand?done=saved", 303)


@blueprint.get("/brand/preview.jpg")
@access.needs(Permission.PUBLISH)
def brand_preview() -> ResponseReturnValue:
    """How a campaign would look with what the form says. 422 for what would not be kept."""
    shop = site().shop
    with shop.storage.read() as uow:
        looked = shop.branding.look_at(_wish(request.args, None), uow.brand.get())
        products = [each for each in uow.products.after(0, 50) if each.variants and main_picture(each)][:_EXAMPLES]
    if isinstance(looked, Refused):
        abort(422)
    spoken, items = language(), []
    pictures: dict[str, bytes] = {}
    for product in products:
        shown = main_picture(product)
        key = shown.media_key if shown else ""
        pictures.update(zip([key], pictures_of([key]), strict=False))
        items.append(ItemWords(product.id, product.title(spoken), _money(product.price_from), "", "", key))
    name = shop.settings.shop_name
    claim = looked.claim(spoken)
    said = CampaignWords(
        spoken, name, translate("A headline of yours"), looked.tagline(spoken), tuple(items), claim, ""
    )
    address = shop.settings.base_url.partition("://")[2]
    sheet = campaign_sheet(said, looked, FEED, pictures, address=address, logo=logo_of(looked))
    response = Response(next(iter(PillowDrawer().draw([sheet]))), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    return response


def _money(price: Money) -> str:
    return format_money(price, language())


def _ratio(one: str, other: str) -> str:
    """Cut, not rounded: 4.49 is not 4.5."""
    return format_number(int(contrast(one, other) * 10) / 10, language())


def _logo() -> bytes | None:
    if request.form.get("no-logo") == "1":
        return b""
    part = request.files.get("logo")
    return (part.stream.read(LARGEST_PHOTO_BYTES + 1) or None) if part else None


def _wish(form: Mapping[str, str], logo: bytes | None) -> BrandWish:
    def said(name: str) -> dict[str, str]:
        return {code: inputs.clean(form.get(f"{name}-{code}", ""))[:LONGEST_LINE] for code in site().languages}

    try:
        until = date.fromisoformat(form.get("until", ""))
    except ValueError:
        until = None
    ink, paper, accent = (inputs.clean(form.get(name, ""))[:16] for name in ("ink", "paper", "accent"))
    return BrandWish(ink, paper, accent, said("tagline"), said("claim"), until, logo)


def _asked(shown: Brand) -> list[tuple[str, str]]:
    """What the preview is asked for."""
    colours = [("ink", shown.ink), ("paper", shown.paper), ("accent", shown.accent)]
    lines = (("tagline", shown.tagline), ("claim", shown.claim))
    return colours + [(f"{name}-{code}", text) for name, said in lines for code, text in said.by_language.items()]


def _wish_of(known: Brand) -> BrandWish:
    def said(text: LocalText) -> dict[str, str]:
        return {code: text.by_language.get(code, "") for code in site().languages}

    return BrandWish(known.ink, known.paper, known.accent, said(known.tagline), said(known.claim), known.claim_until)


def _page(known: Brand, wish: BrandWish, told: Told | None, status: int = 200) -> ResponseReturnValue:
    looked = site().shop.branding.look_at(wish, known)
    shown = looked if isinstance(looked, Brand) else known
    return counter_page(
        "studio/brand.html",
        room="studio",
        status=status,
        told=told,
        wish=wish,
        longest=LONGEST_LINE,
        logo=picture_path(known.logo_key),
        colours=[
            ("ink", translate("Ink"), wish.ink),
            ("paper", translate("Paper"), wish.paper),
            ("accent", translate("Accent"), wish.accent),
        ],
        preview=urlencode(_asked(shown)),
        least=LEAST_CONTRAST,
        least_said=format_number(LEAST_CONTRAST, language()),
        contrasts=[
            (translate("Ink on paper"), _ratio(shown.ink, shown.paper)),
            (translate("Accent on paper"), _ratio(shown.accent, shown.paper)),
        ],
    )
