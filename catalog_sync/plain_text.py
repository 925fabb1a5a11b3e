"""Texts of a feed made plain: no markup, no control characters, no longer than allowed. Pure."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from catalog_sync.rows import FieldRefused, Reason

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INVISIBLE = re.compile("[\u200b\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
# Tags without attributes, as descriptions have them; all others are for the parser.
_BREAK_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|h[1-4])\s*/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(r"</?(?:b|i|u|em|strong|span|small|sup|sub|font)\s*>", re.IGNORECASE)


def line_of_text(field: str, text: str, limit: int, *, required: bool = False) -> str:
    """One line of plain text: no markup, no control characters, single spaces, at most `limit` characters."""
    if len(text) > limit * 4 + 1000:
        raise FieldRefused(field, Reason.TOO_LONG, text)
    text = " ".join(_readable(field, text).split())
    if len(text) > limit:
        raise FieldRefused(field, Reason.TOO_LONG, text)
    if required and not text:
        raise FieldRefused(field, Reason.MISSING)
    return text


def paragraphs(field: str, text: str, limit: int) -> str:
    """Plain text that keeps its line breaks, at most `limit` characters."""
    if len(text) > limit * 8:
        raise FieldRefused(field, Reason.TOO_LONG, text)
    lines = (" ".join(line.split()) for line in _readable(field, text).splitlines())
    text = "\n".join(line for line in lines if line)
    if len(text) > limit:
        raise FieldRefused(field, Reason.TOO_LONG, text)
    return text


def _readable(field: str, text: str) -> str:
    """Without markup and without what nobody sees."""
    if "<" in text or "&" in text:
        text = strip_markup(text)
    if text.isprintable():
        return text
    if _CONTROL.search(text):
        raise FieldRefused(field, Reason.CONTROL_CHARACTERS, text)
    return _INVISIBLE.sub("", text)


class _Text(HTMLParser):
    """Keeps the words of a page and drops everything that would be run or styled."""

    _BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4"})
    _DROPPED = frozenset({"script", "style", "template", "noscript", "iframe", "object"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in self._DROPPED
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._DROPPED and self._inside:
            self._inside -= 1
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.pieces.append(data)


def strip_markup(text: str) -> str:
    """The words of an HTML fragment; entities become characters. What was escaped twice stays text, never markup."""
    if "<" in text:
        plain = _INLINE_TAG.sub("", _BREAK_TAG.sub("\n", text))
        if "<" in plain:  # something that regular expressions should not judge
            parser = _Text()
            parser.feed(text)
            parser.close()
            return "".join(parser.pieces)
        text = plain
    return html.unescape(text) if "&" in text else text


def shown(value: str, limit: int = 60) -> str:
    """The beginning of a value, safe on a terminal."""
    text = _CONTROL.sub("·", _INVISIBLE.sub("", _SPACE.sub(" ", value[: limit * 4]))).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
