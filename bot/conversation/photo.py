"""A photo, with or without words; a link to one; a product number typed in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.conversation.actions import AnotherPhoto, Person, encode
from bot.conversation.browse import present
from bot.conversation.garments import ask_which, meant_by
from bot.conversation.options import focus_on
from bot.conversation.results import not_seen, show
from bot.conversation.talk import LARGEST_PHOTO_BYTES, Ability, Heard, Talk, Turn
from bot.intake import link_of
from bot.messages import Button, MediaRef, Reply
from commerce.domain.wish import Wish
from commerce.errors import FetchRefused
from commerce.ports import NotSeen, SeenPhoto
from commerce.services.photos import RememberedPhoto
from commerce.services.wishes import wish_of


def sent(talk: Talk) -> Turn:
    """A photo or picture file; its caption refines ("comme ça mais en vert, taille 38")."""
    picture = next((ref for ref in talk.message.media if is_picture(ref)), None)
    assert picture is not None
    if picture.size_bytes > LARGEST_PHOTO_BYTES:
        return not_seen(talk, NotSeen.TOO_LARGE)
    try:
        data = talk.fetch(picture)
    except FetchRefused:
        return talk.say(talk.t("I could not get this photo. Could you send it again?"), buttons=_photo_buttons(talk))
    return _look(talk, data, _caption_wish(talk))


def linked(talk: Talk) -> Turn:
    """A link: to a page of our own shop, or to a picture or a post somewhere else. Words beside it refine."""
    url = link_of(talk.message.text)
    product_id = _own_page(talk, url)
    if product_id:
        product = talk.shop.catalog.product(product_id)
        if product is not None:
            return present(talk, product, focus_on(product, product.variants))
    try:
        fetched = talk.shop.fetcher.picture_of(url, max_bytes=LARGEST_PHOTO_BYTES)
    except FetchRefused:
        return talk.say(talk.t("I can’t open that link. Send a screenshot."), buttons=_photo_buttons(talk))
    return _look(talk, fetched.body, _caption_wish(talk))


def barcode(talk: Talk) -> Turn:
    """The number under a barcode: exactly that variant."""
    with talk.shop.storage.read() as uow:
        found = uow.products.by_gtin(talk.gtin)
    if found is None:
        return _no_such_number(talk)
    product, variant = found
    return present(talk, product, focus_on(product, (variant,)))


def _no_such_number(talk: Talk) -> Turn:
    text = talk.t("This shop has no product with that number. A photo of it may help me find something close.")
    return talk.say(text, buttons=_photo_buttons(talk))


def another(talk: Talk, _action: AnotherPhoto) -> Turn:
    text = talk.t("Send me another photo: the garment alone, in good light, works best.")
    return talk.say(text)


def _look(talk: Talk, data: bytes, wish: Wish) -> Turn:
    """Sees, keeps our own clean copy for a limited time, and searches; where several things could be meant, asks."""
    shop = talk.shop
    seen = shop.image_matcher.look(data)
    if isinstance(seen, NotSeen):
        return not_seen(talk, seen)
    remembered = RememberedPhoto.of(seen, shop.photos.until())
    choice = remembered.garments if shop.discovery.to_choose_from(seen) else ()
    picked = meant_by(talk, choice)
    numbered = shop.image_matcher.numbered(seen, [each.box for each in choice]) if choice else b""
    keys = shop.photos.put(talk.message.contact, [seen.clean_jpeg, *filter(None, [numbered])])
    first = not talk.session.photo_notice_given
    session = replace(
        talk.session,
        photo=replace(remembered, picked=picked),
        numbered_key=keys[1] if numbered else "",
        photo_notice_given=True,
        focus=None,
    )
    talk = talk.with_session(session)
    if picked:
        turn = show(talk, replace(wish, categories=()))
    elif choice:
        turn = ask_which(talk, wish)
    else:
        turn = _known_number(talk, seen) or show(talk, wish)
    if first:
        turn = replace(turn, replies=(_with_notice(talk, turn.replies[0]), *turn.replies[1:]))
    return replace(turn, photo_key=keys[0])


def _known_number(talk: Talk, seen: SeenPhoto) -> Turn | None:
    """A photo of a barcode and nothing else, of something that is not sold here."""
    if seen.shows != "other" or not seen.barcodes:
        return None
    with talk.shop.storage.read() as uow:
        known = any(uow.products.by_gtin(digits) for digits in seen.barcodes)
    return None if known else _no_such_number(talk)


def _with_notice(talk: Talk, reply: Reply) -> Reply:
    hours = talk.shop.settings.photo_keep_h
    notice = talk.t("(I delete your photos after {hours} hours.)", hours=hours)
    return replace(reply, text=f"{reply.text}\n{notice}")


def _caption_wish(talk: Talk) -> Wish:
    """What the words beside the photo add to it. Words that no key explains say what the photo shows, unless the eyes
    can read them."""
    asked = wish_of(talk.slots)
    words = asked.words if talk.shop.image_matcher.reads_words else ()
    return replace(asked, by_photo=True, query="", words=words)


def _own_page(talk: Talk, url: str) -> int:
    base = re.escape(talk.shop.settings.base_url.rstrip("/"))
    found = re.fullmatch(rf"{base}/p/(\d{{1,18}})(?:[-/?#].*)?", url)
    return int(found.group(1)) if found else 0


def kept(talk: Talk) -> str:
    """The key of our clean copy of the photo that was sent, for the team to see, whatever it shows; '' where it cannot
    be read."""
    picture = next((ref for ref in talk.message.media if is_picture(ref)), None)
    if picture is None or picture.size_bytes > LARGEST_PHOTO_BYTES:
        return ""
    try:
        clean = talk.shop.image_matcher.clean(talk.fetch(picture))
    except FetchRefused:
        return ""
    if not clean:
        return ""
    days = timedelta(days=talk.shop.settings.problem_photo_days)
    (key,) = talk.shop.photos.put(talk.message.contact, [clean], keep=days)
    return key


def is_picture(ref: MediaRef) -> bool:
    """Photos, and files that are or may be pictures; the bytes decide in the end."""
    return ref.kind == "photo" or (ref.kind == "file" and (not ref.mime or ref.mime.startswith("image/")))


def _photo_buttons(talk: Talk) -> tuple[Button, ...]:
    return (
        Button(talk.t("Another photo"), encode(AnotherPhoto())),
        Button(talk.t("Talk to a person"), encode(Person())),
    )


ABILITY = Ability(
    actions={AnotherPhoto: another},
    heard={Heard.PHOTO: sent, Heard.LINK: linked, Heard.BARCODE: barcode},
)
