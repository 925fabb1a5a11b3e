"""Pages of a PDF, read by a child process that may be killed: a document from outside is never opened in this one."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import dataclass, field

from commerce.domain.lookbook import NotPublished, Region
from commerce.domain.printed import PrintedPage, Word
from commerce.pdf.limits import HEAD, Limits

_REASONS = {reason.value: reason for reason in NotPublished}


@dataclass(frozen=True, slots=True)
class PdfReader:
    """`commerce.ports.PageReader`. Safe for many threads: each document has a child of its own."""

    limits: Limits = field(default_factory=Limits)

    def read(self, document: bytes) -> list[PrintedPage] | NotPublished:
        if len(document) > self.limits.most_bytes:
            return NotPublished.TOO_LARGE
        if not document.lstrip()[:5].startswith(b"%PDF-"):
            return NotPublished.UNREADABLE
        allowed_s = self.limits.start_s + self.limits.page_s * self.limits.most_pages
        try:
            done = subprocess.run(
                [sys.executable, "-m", "commerce.pdf.worker", self.limits.as_json()],
                input=document,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=allowed_s,
                check=False,
                start_new_session=True,  # a Ctrl-C in the terminal is the parent's to handle
            )
        except subprocess.TimeoutExpired:
            return NotPublished.TOO_LARGE
        return _pages(done.stdout) if done.returncode == 0 else NotPublished.UNREADABLE


def _pages(answer: bytes) -> list[PrintedPage] | NotPublished:
    """What the child said, which has read bytes of strangers: nothing of it is believed unseen."""
    pages: list[PrintedPage] = []
    at = 0
    try:
        while at < len(answer):
            described, pictured = HEAD.unpack_from(answer, at)
            at += HEAD.size
            told = json.loads(answer[at : at + described])
            at += described
            jpeg = answer[at : at + pictured]
            at += pictured
            if "refused" in told:
                return _REASONS.get(str(told["refused"]), NotPublished.UNREADABLE)
            if len(jpeg) != pictured or not jpeg.startswith(b"\xff\xd8"):
                return NotPublished.UNREADABLE
            pages.append(
                PrintedPage(
                    len(pages) + 1,
                    jpeg,
                    int(told["width_px"]),
                    int(told["height_px"]),
                    tuple(Word(str(word), Region(*map(float, where))) for word, where in told["words"]),
                    tuple(Region(*map(float, where)) for where in told["pictures"]),
                )
            )
    except (KeyError, TypeError, ValueError, struct.error):
        return NotPublished.UNREADABLE
    return pages or NotPublished.NO_PAGES


__all__ = ["Limits", "PdfReader"]
