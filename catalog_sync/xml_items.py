"""A product feed in XML, cut at its item boundaries without being parsed, and items parsed in batches.

The file without its items is itself a small XML document. It must be well formed, so a file cut anywhere is
noticed, and it must hold no DOCTYPE, so no entity or external file is ever looked at. Each batch of items is then
parsed inside a copy of the root element with lxml, entities off, network off. Both together are the whole document,
in constant memory.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from catalog_sync.rows import FeedRefused, FeedRow, RawItem, Reason, RowError, Stop

if TYPE_CHECKING:
    from lxml.etree import XMLParser, _Element

MAX_ITEM_BYTES = 8 << 20
MAX_SCAFFOLD_BYTES = 1 << 20
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_ROOT = re.compile(rb"<(?![?!])([^\s/>]+)((?:\s+[^\s=>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*/?>")
_DECLARED = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_NAMESPACES = re.compile(rb"\sxmlns(?::[^\s=]+)?\s*=\s*(?:\"[^\"]*\"|'[^']*')")
# Attributes that many feeds have and nothing here reads: their texts are not even looked at.
_UNUSED = frozenset({
    "availability", "condition", "shipping", "tax", "mpn", "identifier_exists", "adult", "is_bundle", "multipack",
    "shipping_weight", "mobile_link", "product_detail", "product_highlight", "installment", "loyalty_program",
})  # fmt: skip


def declared_encoding(head: bytes) -> str:
    """The encoding in the XML declaration, lower case; '' when there is none."""
    found = _DECLARED.search(head[:1024])
    return found[1].decode().lower() if found else ""


def refuse_doctype(data: bytes, line: int = 1) -> None:
    """Raises FeedRefused(DOCTYPE) at the first sight of one. CDATA and comments hide nothing before the first item."""
    if found := _DOCTYPE.search(data):
        raise FeedRefused(Stop.DOCTYPE, line=line + data.count(b"\n", 0, found.start()))


class XmlItems:
    """Items of one file. Iterate once to the end; then `check_scaffold` tells whether the file was whole."""

    def __init__(self, chunks: Iterable[bytes], tag: bytes) -> None:
        self._chunks = chunks
        self._open, self._close = b"<" + tag, b"</" + tag + b">"
        self._scaffold = bytearray()
        self.root_start = b""
        self.lines = 1

    def __iter__(self) -> Iterator[RawItem]:
        buffer = b""
        for chunk in self._chunks:
            buffer = yield from self._cut(buffer + chunk if buffer else chunk)
            if len(buffer) > MAX_ITEM_BYTES:
                raise FeedRefused(Stop.TOO_LARGE, line=self.lines, limit_mb=MAX_ITEM_BYTES >> 20)
        self._outside(buffer)
        self.lines += buffer.count(b"\n")

    def _cut(self, data: bytes) -> Generator[RawItem, None, bytes]:
        """Yields the whole items in `data`; returns what is left."""
        position, close, width = 0, self._close, len(self._close)
        search = 0
        while (end := data.find(close, search)) >= 0:
            end += width
            piece = data[position:end]
            if b"<!" in piece and not _closed(piece):
                search = end  # that end tag stands inside CDATA or a comment
                continue
            start = self._start_in(piece)
            if start > 0:
                self._outside(piece[:start])
                self.lines += piece.count(b"\n", 0, start)
                piece = piece[start:]
            if not self.root_start:
                self._find_root()
            yield RawItem(self.lines, piece)
            self.lines += piece.count(b"\n")
            position = search = end
        if not position and not self.root_start:
            refuse_doctype(data)
        return data[position:]

    def _start_in(self, piece: bytes) -> int:
        """Where the item's start tag is; an end tag without one makes the file not well formed."""
        at = piece.find(self._open)
        while at >= 0 and (
            piece[at + len(self._open) : at + len(self._open) + 1] not in b" \t\r\n>/" or _hidden(piece, at)
        ):
            at = piece.find(self._open, at + 1)
        if at < 0:
            raise FeedRefused(Stop.NOT_WELL_FORMED, line=self.lines)
        return at

    def _outside(self, data: bytes) -> None:
        self._scaffold += data
        if len(self._scaffold) > MAX_SCAFFOLD_BYTES:
            raise FeedRefused(Stop.NOT_WELL_FORMED, line=self.lines)
        if data.strip():
            refuse_doctype(data, self.lines)

    def _find_root(self) -> None:
        head = re.sub(rb"<!--.*?-->", b"", bytes(self._scaffold), flags=re.DOTALL)
        found = _ROOT.search(head)
        if not found:
            raise FeedRefused(Stop.NOT_WELL_FORMED, line=1)
        # Prefixes may be declared on any element around the items: gather them all on the copy of the root.
        declared = dict.fromkeys(name.strip() for name in _NAMESPACES.findall(head))
        seen: dict[bytes, bytes] = {}
        for name in declared:
            seen[name.split(b"=")[0].strip()] = name
        self.root_start = b"<feed " + b" ".join(seen.values()) + b">"

    def check_scaffold(self) -> None:
        """Raises FeedRefused(CUT) when the file ends before its root element does, NOT_WELL_FORMED for other faults."""
        from lxml import etree

        document = bytes(self._scaffold).strip()
        if not document:
            raise FeedRefused(Stop.NO_ITEM)
        document = re.sub(rb"\A<\?xml[^>]*\?>", b"", document)
        try:
            etree.fromstring(document, _parser())
        except etree.XMLSyntaxError as error:
            cut = not document.endswith(b">") or "Premature end" in str(error) or "EndTag" in str(error)
            raise FeedRefused(Stop.CUT if cut else Stop.NOT_WELL_FORMED, line=self.lines) from error


def _closed(piece: bytes) -> bool:
    """Every CDATA section and comment that begins in the piece ends in it."""
    at = 0
    while (at := piece.find(b"<!", at)) >= 0:
        if piece.startswith(b"<![CDATA[", at):
            end = piece.find(b"]]>", at + 9)
        elif piece.startswith(b"<!--", at):
            end = piece.find(b"-->", at + 4)
        else:
            return True  # a declaration: the doctype check has words for it
        if end < 0:
            return False
        at = end + 3
    return True


def _hidden(piece: bytes, position: int) -> bool:
    """The position lies inside a comment or CDATA."""
    before = piece[:position]
    return b"<!" in before and not _closed(before)


def _parser() -> XMLParser:
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip


def read_batch(items: Sequence[RawItem], root_start: bytes, names: dict[str, str]) -> Iterator[FeedRow | RowError]:
    """Rows of some items, in order. `names` caches tag → our name ('' for what is not ours)."""
    from lxml import etree

    document = b"".join([root_start, *(item.data for item in items), b"</feed>"])
    try:
        root = etree.fromstring(document, _parser())
        elements = list(root)
    except etree.XMLSyntaxError:
        elements = []
    if len(elements) == len(items):
        for item, element in zip(items, elements, strict=True):
            yield _row(item.line, element, names)
    elif len(items) == 1:
        yield RowError(items[0].line, "item", Reason.NOT_WELL_FORMED)
    else:
        half = len(items) // 2
        yield from read_batch(items[:half], root_start, names)
        yield from read_batch(items[half:], root_start, names)


def _row(line: int, element: _Element, names: dict[str, str]) -> FeedRow:
    fields: dict[str, str] = {}
    more: list[str] = []
    for child in element:
        tag = child.tag
        name = names.get(tag)
        if name is None:
            name = names[str(tag)] = _name(str(tag))
        if not name:
            continue
        text = child.text
        if len(child):
            text = "".join(str(piece) for piece in child.itertext())
        if name == "link" and not text:
            text = child.get("href") or ""  # Atom
        if not text:
            continue
        if name == "additional_image_link":
            more.append(text)
        elif name not in fields:
            fields[name] = text
    return FeedRow(line, fields, tuple(more))


def _name(tag: str) -> str:
    """`{http://base.google.com/ns/1.0}price` → `price`; '' for what a shop makes no use of."""
    name = tag.rpartition("}")[2].lower()
    return "" if name in _UNUSED else name
