"""Pages that somebody sends as pictures, and the order of pages as the editor's form says it."""

from __future__ import annotations

import re
from pathlib import PurePath

from flask import request

from commerce.domain.lookbook import Edition
from commerce.services.publishing import PageImage
from shoppable import inputs
from shoppable.language import translate
from shoppable.photos import LARGEST_PHOTO_BYTES, looks_like_a_picture
from shoppable.site import site

MOST_PICTURES = 60  # at once: each takes up to half a second
LARGEST_BYTES = 200 * 1024 * 1024
_MOVE = re.compile(r"(up|down)-(\d{1,4})")
_NAMES_TOLD, _LONGEST_NAME = 5, 60


def received() -> list[PageImage] | str:
    """The pictures of the form in the order of their names, each read in the decoding child; or what is wrong."""
    shop = site().shop
    sent = sorted(request.files.getlist("pictures"), key=lambda part: _natural(part.filename or ""))
    if not 0 < len(sent) <= MOST_PICTURES or not sent[0].filename:
        return translate("Choose from 1 to {count} pictures.", count=MOST_PICTURES)
    pages: list[PageImage] = []
    unread: list[str] = []
    for part in sent:
        data = part.stream.read(LARGEST_PHOTO_BYTES + 1)
        is_one = len(data) <= LARGEST_PHOTO_BYTES and looks_like_a_picture(data)
        jpeg = shop.image_matcher.clean(data) if is_one else b""
        size = shop.drawer.size_of(jpeg)
        if size is None:
            unread.append(inputs.clean(PurePath(part.filename or "").name)[:_LONGEST_NAME] or "?")
        else:
            pages.append((jpeg, *size))
    if not unread:
        return pages
    names = ", ".join(unread[:_NAMES_TOLD]) + (" …" if len(unread) > _NAMES_TOLD else "")
    return translate(
        "These pictures cannot be read: {names}. Send JPEG, PNG or WebP of at most 10 MB each.", names=names
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """2.jpg stands before 10.jpg."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isascii() and part.isdecimal() else (-1, part) for part in parts if part]


def order_typed(edition: Edition) -> tuple[list[int], int]:
    """The numbers of the pages that stay, in their new order, and at which place the one that was moved stands then
    (0: none was)."""
    gone = set(request.form.getlist("gone"))
    order = [page.number for page in edition.pages if str(page.number) not in gone]
    asked = _MOVE.fullmatch(request.form.get("do", ""))
    if asked is None or int(asked[2]) not in order:
        return order, 0
    at = order.index(int(asked[2]))
    to = at + (-1 if asked[1] == "up" else 1)
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
        at = to
    return order, at + 1
