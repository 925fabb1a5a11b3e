"""The picture that a page names for sharing."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin


class _Sharing(HTMLParser):
    """Finds what a page wants shown when it is shared. Stops caring after the head."""

    _NAMES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image", "twitter:image:src")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = (values.get("property") or values.get("name") or "").casefold()
            if name in self._NAMES and values.get("content"):
                self.found.setdefault(name, values["content"].strip())
        elif tag == "link" and "image_src" in values.get("rel", "").casefold() and values.get("href"):
            self.found.setdefault("image_src", values["href"].strip())
        elif tag == "base" and values.get("href") and not self.base:
            self.base = values["href"].strip()

    def picture(self) -> str:
        return next((self.found[name] for name in (*self._NAMES, "image_src") if name in self.found), "")


def sharing_picture(page: bytes, url: str) -> str:
    """Absolute address of the picture that a page names for sharing, '' when it names none."""
    parser = _Sharing()
    parser.feed(page.decode("utf-8", "replace"))
    picture = parser.picture()
    if not picture:
        return ""
    try:
        return urljoin(urljoin(url, parser.base), picture)
    except ValueError:
        return ""
