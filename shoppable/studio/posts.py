"""Posts of the link page: uploaded or from elsewhere, tagged with products, put in order, shown or hidden."""

from __future__ import annotations

from datetime import datetime

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import NotPosted, Post
from commerce.domain.product import Product
from commerce.domain.reservation import Refused
from commerce.domain.team import Permission
from commerce.i18n import format_day
from commerce.ports import UnitOfWork
from commerce.services.naming import named as product_named
from commerce.services.posting import LONGEST_CAPTION, MOST_PRODUCTS, PAGE, code_of
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.board import Told
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.photos import LARGEST_PHOTO_BYTES, looks_like_a_picture, room_for_a_photo
from shoppable.site import site
from shoppable.sized import sized_path
from shoppable.studio import imports
from shoppable.studio.blueprint import blueprint

NOT_POSTED = {
    NotPosted.NOT_FOUND: "There is no such post.",
    NotPosted.UNREADABLE: "This picture cannot be read. Send a JPEG, PNG or WebP of at most 10 MB.",
    NotPosted.NO_PRODUCT: "A post that is shown leads to a product: name one first.",
    NotPosted.NO_SUCH_PRODUCT: "Nothing that the shop sells has this article number.",
}
DONE = {
    "made": "Uploaded. Look at the products that were found in it, then show it.",
    "saved": "Saved.",
    "removed": "Removed.",
}


A_PAGE = 40


@blueprint.before_request
def room_for_a_picture() -> None:
    if request.endpoint == "studio.make_post":
        room_for_a_photo()


@blueprint.get("/posts")
@access.needs(Permission.PUBLISH)
def posts() -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _page(Told(translate(DONE[done])) if done in DONE else None)


@blueprint.post("/posts")
@access.needs(Permission.PUBLISH)
def make_post() -> ResponseReturnValue:
    part = request.files.get("photo")
    picture = part.stream.read(LARGEST_PHOTO_BYTES + 1) if part else b""
    if len(picture) > LARGEST_PHOTO_BYTES or not looks_like_a_picture(picture):
        return _refused(NotPosted.UNREADABLE)
    made = site().shop.posting.upload(picture, _caption(), actor=access.actor())
    if isinstance(made, Refused):
        return _refused(made.reason)
    return redirect(f"/studio/posts?done=made#post-{made.id}", 303)


@blueprint.post("/posts/<post>")
@access.needs(Permission.PUBLISH)
def save_post(post: str) -> ResponseReturnValue:
    shop, actor, form = site().shop, access.actor(), request.form
    if form.get("do") == "remove":
        gone = shop.storage.write(lambda uow: shop.posting.remove(uow, post, actor=actor) if _is_id(post) else None)
        if gone is None or isinstance(gone, Refused):
            abort(404)
        for key in gone.files:
            shop.media.delete(key)
        return redirect("/studio/posts?done=removed", 303)
    named = form.get("products", "")[:2000].replace(",", " ").split()[:MOST_PRODUCTS]

    def work(uow: UnitOfWork) -> Post | Refused[NotPosted]:
        found = [product_named(uow, each) for each in named]
        if not _is_id(post):
            return Refused(NotPosted.NOT_FOUND)
        if None in found:
            return Refused(NotPosted.NO_SUCH_PRODUCT)
        return shop.posting.change(
            uow,
            post,
            caption=_caption(),
            product_ids=[each[0].id for each in found if each is not None],
            is_shown=form.get("shown") == "1",
            actor=actor,
        )

    saved = shop.storage.write(work)
    if isinstance(saved, Refused):
        if saved.reason is NotPosted.NOT_FOUND:
            abort(404)
        return _refused(saved.reason)
    return redirect(_where(saved.position, post, "done=saved"), 303)


@blueprint.post("/posts/<post>/move")
@access.needs(Permission.PUBLISH)
def move_post(post: str) -> ResponseReturnValue:
    """To a place counted from 1; the page's script has moved it on the screen already."""
    shop, to = site().shop, request.form.get("to", "")
    place = int(to) if to.isdecimal() and to.isascii() and len(to) < 7 else 0

    def work(uow: UnitOfWork) -> Post | None:
        if place:
            shop.posting.move(uow, post, place)
        return uow.posts.get(post)

    moved = shop.storage.write(work) if _is_id(post) else None
    if moved is None:
        abort(404)
    return ("", 204) if access.is_script() else redirect(_where(moved.position, post), 303)


def _where(position: int, post: str, said: str = "") -> str:
    """The page on which a post stands."""
    page = (max(position, 1) - 1) // A_PAGE + 1
    asked = "&".join(filter(None, (f"page={page}" if page > 1 else "", said)))
    return f"/studio/posts?{asked}#post-{post}" if asked else f"/studio/posts#post-{post}"


def _caption() -> LocalText:
    form = request.form
    return LocalText({code: inputs.clean(form.get(f"caption-{code}", "")) for code in site().languages})


def _is_id(text: str) -> bool:
    return len(text) <= 32 and text.isascii() and text.isalnum()


def _refused(reason: NotPosted) -> ResponseReturnValue:
    return _page(Told(translate(NOT_POSTED[reason]), is_bad=True), 422)


def _page(told: Told | None, status: int = 200) -> ResponseReturnValue:
    asked = request.args.get("page", "")
    page = max(1, int(asked)) if asked.isdecimal() and asked.isascii() and len(asked) < 5 else 1
    first = (page - 1) * A_PAGE
    with site().shop.storage.read() as uow:
        every = uow.posts.all(shown_only=False)
        found = every[first : first + A_PAGE]
        imported = uow.posts.imported()
        products = uow.products.many({number for post in found for number in post.product_ids})
        clicks = {post.id: link.clicks for post in found if (link := uow.short_links.get(code_of(post)))}
        elsewhere = imports.shown(uow)
    return counter_page(
        "studio/posts.html",
        room="studio",
        status=status,
        told=told,
        public=PAGE,
        longest=LONGEST_CAPTION,
        captions=site().languages,
        elsewhere=elsewhere,
        first=first,
        count=len(every),
        before=f"/studio/posts?page={page - 1}" if page > 1 else "",
        after=f"/studio/posts?page={page + 1}" if first + A_PAGE < len(every) else "",
        posts=[
            {
                "post": post,
                "place": place,
                "picture": sized_path(post.tile_key, 240),
                "name": post.caption(language())[:60] or _day(post.created_at),
                "captions": [(code, post.caption.by_language.get(code, "")) for code in site().languages],
                "products": " ".join(number_of(products[each]) for each in post.product_ids if each in products),
                "names": [products[each].title(language()) for each in post.product_ids if each in products],
                "clicks": clicks.get(post.id, 0),
                "address": f"{site().shop.settings.base_url}/s/{code_of(post)}",
                "day": _day(post.created_at),
                "gone": _day(known.gone_at) if (known := imported.get(post.external_id)) and known.gone_at else "",
            }
            for place, post in enumerate(found, start=first + 1)
        ],
    )


def _day(at: datetime) -> str:
    return format_day(at, language(), site().shop.settings.timezone)


def number_of(product: Product) -> str:
    """How it may be typed."""
    return product.variants[0].sku if set(" ,") & set(product.source_id) and product.variants else product.source_id
