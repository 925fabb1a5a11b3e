"""What brought somebody, as customers, lines of carts, orders and events keep it.

"catalogue:<id>:4" (a page of it) · "link:<code>" · "campaign:qr" (utm_source) · "site:example.org" (a link there) ·
"catalogue:<id>:4:campaign:qr" (a page of a catalogue, and what led into it). '' is: nothing is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 128
SOURCE = re.compile(r"(?:catalogue|link|campaign|site):[a-z0-9][a-z0-9:._-]{0,115}")
_NOT_OURS = re.compile(r"[^a-z0-9._-]+")
QR, EMBED = "qr", "embed"  # campaigns of our own making: codes for print, frames in other sites


@dataclass(frozen=True, slots=True)
class Source:
    """`kind`: catalogue, link, campaign, site; '' for what is not known. `page` 0: none. `via`: what led into a
    catalogue, a source of its own."""

    kind: str
    name: str
    page: int = 0
    via: str = ""

    @property
    def whole(self) -> str:
        """Without the page and what led there: the catalogue, the link, the campaign, the site."""
        return f"{self.kind}:{self.name}" if self.kind else ""


def read(source: str) -> Source:
    """What a door or a program wrote, such as "web", brought nobody."""
    kind, colon, rest = source.partition(":")
    if not colon:
        return Source("", "")
    if kind != "catalogue":
        return Source(kind, rest)
    name, _, rest = rest.partition(":")
    page, _, via = rest.partition(":")
    return Source(kind, name, int(page) if page.isdecimal() else 0, via)


def campaign(name: str) -> str:
    """Of a utm_source; '' for an empty one."""
    return _named("campaign", name)


def site(host: str) -> str:
    return _named("site", host.removeprefix("www."))


def led_into(source: str, via: str) -> str:
    """A catalogue's source with what led into it; any other one as it is."""
    known = read(source)
    if known.kind != "catalogue" or known.via or not via or read(via).kind == "catalogue":
        return source
    return f"{known.whole}:{known.page}:{via}"[:LONGEST]


def _named(kind: str, name: str) -> str:
    plain = _NOT_OURS.sub("-", name.strip().lower()).strip("-._")[:60]
    return f"{kind}:{plain}" if plain else ""
