"""What the caption of a post says: words for people, and products that it names or links to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from commerce.domain.lookbook import ShortLink
from commerce.ports import UnitOfWork
from commerce.services.naming import named, said

_LONGEST = 500
_TAG = re.compile(r"(?<![\w&])[#＃]\w+")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w/])[\w-]+(?:\.[\w-]+)+(?::\d+)?/\S*|(?<![\w./])/(?:p|s|buy|l)/\S+", re.IGNORECASE
)
_PRODUCT = re.compile(r"/p/(\d{1,18})(?:-|$)")
_LINK = re.compile(r"/s/([a-z0-9-]{1,32})")
_FILLED = re.compile(r"/buy/([^?#]+)")
# What ends a caption once its hashtags and addresses are gone: dots on lines of their own, and what pointed to a link.
_LEFT_OVER = frozenset({".", "•", "-", "–", "—", "|", ":", "→", "👉", "👇", "\u2800"})
_SHORTEST_DIGITS = 6  # a shorter number alone is a year, a price or a size, whatever else it is


def title_of(caption: str) -> str:
    """Without hashtags and addresses, on one line, cut between words where it is too long."""
    words = _TAG.sub(" ", _ADDRESS.sub(" ", caption)).split()
    while words and words[-1] in _LEFT_OVER:
        words.pop()
    text = " ".join(words).rstrip(":")
    if len(text) <= _LONGEST:
        return text
    return text[: _LONGEST - 1].rpartition(" ")[0] + "…"


def products_in(uow: UnitOfWork, caption: str, base_url: str) -> tuple[int, ...]:
    """The products that it surely means, in the order in which they stand there: by a link of ours to a page, a filled
    cart or a short link, and by article numbers."""
    found: dict[int, None] = {}
    for word in caption.split():
        address = _ADDRESS.search(word)
        numbers = _linked(uow, address[0], base_url) if address else _numbered(uow, word)
        found |= dict.fromkeys(numbers)
    return tuple(found)


def _linked(uow: UnitOfWork, address: str, base_url: str) -> tuple[int, ...]:
    path = own_path(address, base_url)
    if match := _PRODUCT.match(path):
        return tuple(uow.products.many([int(match[1])]))
    if match := _FILLED.match(path):
        skus = [line.partition(":")[0] for line in match[1].split(",")]
        return tuple(known[0].id for sku in skus if (known := uow.products.by_sku(sku)))
    if match := _LINK.match(path):
        return _behind(uow, uow.short_links.get(match[1]))
    return ()


def _behind(uow: UnitOfWork, link: ShortLink | None) -> tuple[int, ...]:
    """What a short link leads to, when that is products."""
    if link is None:
        return ()
    post = uow.posts.get(link.post_id) if link.post_id else None
    if post is not None:
        return post.product_ids
    match = _PRODUCT.match(link.path)
    return tuple(uow.products.many([int(match[1])])) if match else ()


def own_path(address: str, base_url: str) -> str:
    """The path of an address of ours, however it is written; '' for anybody else's."""
    bare = address.rstrip(".,;:!?)]}»\"'")
    if bare.startswith("/"):
        return bare
    parts = urlsplit(bare if "://" in bare else f"//{bare}")
    ours = urlsplit(base_url).netloc.casefold().removeprefix("www.")
    return parts.path if parts.netloc.casefold().removeprefix("www.") == ours else ""


def _numbered(uow: UnitOfWork, word: str) -> tuple[int, ...]:
    number = said(word)
    if not number or word.startswith(("#", "＃", "@")) or (number.isdigit() and len(number) < _SHORTEST_DIGITS):
        return ()
    for written in dict.fromkeys((number, number.upper(), number.lower())):
        if known := named(uow, written):
            return (known[0].id,)
    return ()
