"""A photo, with or without words; a link to one; a product number typed in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.conversation.actions import AnotherPhoto, Person, encode
from bot.conversation.browse import present
from bot.conversation.options import focus_on
from bot.conversation.results import not_seen, show
from bot.conversation.talk import LARGEST_PHOTO_BYTES, Ability, Heard, Talk, Turn
from bot.intake import link_of
from bot.messages import Button, MediaRef, Reply
from bot.sessions import RememberedPhoto
from commerce.domain.wish import Wish
from commerce.errors import FetchRefused
from commerce.ports import NotSeen, SeenPhoto, UnitOfWork
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
    """A link: to a page of our own shop, or to a picture or a post somewhere else."""
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
    return _look(talk, fetched.body, Wish(by_photo=True))


def barcode(talk: Talk) -> Turn:
    """The number under a barcode: exactly that variant."""
    with talk.shop.storage.read() as uow:
        found = uow.products.by_gtin(talk.gtin)
    if found is None:
        return talk.say(
            talk.t("This shop has no product with that number. A photo of it may help me find something close."),
            buttons=_photo_buttons(talk),
        )
    product, variant = found
    return present(talk, product, focus_on(product, (variant,)))


def another(talk: Talk, _action: AnotherPhoto) -> Turn:
    text = talk.t("Send me another photo: the garment alone, in good light, works best.")
    return talk.say(text)


def _look(talk: Talk, data: bytes, wish: Wish) -> Turn:
    """Sees, keeps our own clean copy for a limited time, and searches."""
    seen = talk.shop.image_matcher.look(data)
    if isinstance(seen, NotSeen):
        return not_seen(talk, seen)
    keep = timedelta(hours=talk.shop.settings.photo_keep_h)
    key = _store(talk, seen, keep)
    first = not talk.session.photo_notice_given
    session = replace(
        talk.session,
        photo=RememberedPhoto.of(seen, talk.now + keep),
        photo_notice_given=True,
        focus=None,
    )
    turn = show(talk.with_session(session), wish)
    if first:
        turn = replace(turn, replies=(_with_notice(talk, turn.replies[0]), *turn.replies[1:]))
    return replace(turn, photo_key=key)


def _store(talk: Talk, seen: SeenPhoto, keep: timedelta) -> str:
    """Our upright copy without metadata, with its end written down before anything else happens."""
    contact, received = talk.message.contact, talk.now
    key = talk.shop.media.put(seen.clean_jpeg, ".jpg")

    def note(uow: UnitOfWork) -> None:
        uow.photos.add(key, contact, received, received + keep)

    try:
        talk.shop.storage.write(note)
    except BaseException:
        talk.shop.media.delete(key)
        raise
    return key


def _with_notice(talk: Talk, reply: Reply) -> Reply:
    hours = talk.shop.settings.photo_keep_h
    notice = talk.t("(I delete your photos after {hours} hours.)", hours=hours)
    return replace(reply, text=f"{reply.text}\n{notice}")


def _caption_wish(talk: Talk) -> Wish:
    """What the words beside the photo add to it. The words themselves are not searched for: the photo says it."""
    asked = wish_of(talk.slots)
    return replace(asked, by_photo=True, query="", words=())


def _own_page(talk: Talk, url: str) -> int:
    base = re.escape(talk.shop.settings.base_url.rstrip("/"))
    found = re.fullmatch(rf"{base}/p/(\d{{1,18}})(?:[-/?#].*)?", url)
    return int(found.group(1)) if found else 0


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
