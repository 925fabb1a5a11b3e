"""A photo that staff send to a shopper: looked at by its first bytes here, read in the decoding child."""

from __future__ import annotations

from flask import request

from commerce.services.photos import SUFFIX
from shoppable.counter.blueprint import blueprint
from shoppable.language import translate
from shoppable.photos import LARGEST_PHOTO_BYTES, looks_like_a_picture, room_for_a_photo
from shoppable.site import site


@blueprint.before_request
def room_for_an_answer() -> None:
    if request.endpoint == f"{blueprint.name}.answer":
        room_for_a_photo()


def kept_photo() -> tuple[str, str]:
    """The key of our own clean copy, which is the caller's to delete when it is not sent ('' where there was none), and
    what was wrong with it, in words."""
    part = request.files.get("photo")
    data = part.stream.read(LARGEST_PHOTO_BYTES + 1) if part is not None and part.filename else b""
    if not data:
        return "", ""
    if len(data) > LARGEST_PHOTO_BYTES:
        return "", translate("This photo is too large: at most 10 MB. Nothing was sent.")
    shop = site().shop
    clean = shop.image_matcher.clean(data) if looks_like_a_picture(data) else b""
    if not clean:
        return "", translate("This is not a photo that we can read (a JPEG, PNG or WebP). Nothing was sent.")
    return shop.media.put(clean, SUFFIX), ""
