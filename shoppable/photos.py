"""Receiving a photo: its size and first bytes are looked at here, its inside only ever in the decoding child."""

from __future__ import annotations

from flask import request

from shoppable.problems import Problem

LARGEST_PHOTO_BYTES = 10 * 1024 * 1024
_ROOM_BYTES = 15 * 1024 * 1024  # a photo in base64 is a third longer, and the form around it needs some
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


def room_for_a_photo() -> None:
    """Lets this one request be larger than the others."""
    request.max_content_length = _ROOM_BYTES
    request.max_form_memory_size = 500_000


def photo_of_form() -> bytes:
    """The part `photo` of a form. Raises Problem when it is missing, too large or plainly no picture."""
    part = request.files.get("photo")
    if part is None:
        raise Problem(422, "no_photo", "There is no photo in this form (a part named “photo”).")
    data = part.stream.read(LARGEST_PHOTO_BYTES + 1)
    if len(data) > LARGEST_PHOTO_BYTES:
        raise Problem(413, "too_large", "This photo is too large: at most 10 MB.")
    if not looks_like_a_picture(data):
        raise Problem(415, "photo_unknown_format", "This is not a photo that we can read. Send a JPEG, PNG or WebP.")
    return data


def looks_like_a_picture(data: bytes) -> bool:
    """By its first bytes: JPEG, PNG, GIF, WebP, or the ISO container of HEIC and AVIF."""
    return data.startswith(_STARTS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:8] == b"ftyp"
