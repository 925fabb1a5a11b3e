"""Short links: /s/{code} leads to a page of ours and says what brought whoever follows it."""

from __future__ import annotations

import re

from commerce.domain.lookbook import Did, NotShortened, ReadingEvent, ShortLink
from commerce.domain.reservation import Refused
from commerce.ports import Clock, Ids, UnitOfWork

CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
LONGEST_LABEL, LONGEST_PATH = 100, 500
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII but the backslash, which browsers take for a slash
_DRAWN_LETTERS, _TRIES = 7, 5


class ShortLinks:
    def __init__(self, clock: Clock, ids: Ids, base_url: str) -> None:
        self._clock, self._ids, self._base_url = clock, ids, base_url.rstrip("/")

    def make(
        self, uow: UnitOfWork, where: str, label: str, *, code: str = "", actor: str
    ) -> ShortLink | Refused[NotShortened]:
        """`where`: a path of ours, or its whole address. Without a code one is drawn."""
        path = self.own_path(where)
        if not path:
            return Refused(NotShortened.NOT_OURS)
        label = " ".join(label.split())[:LONGEST_LABEL]
        if not label:
            return Refused(NotShortened.NO_LABEL)
        if code and not CODE.fullmatch(code):
            return Refused(NotShortened.BAD_CODE)
        now = self._clock.now()
        for _ in range(1 if code else _TRIES):
            made = ShortLink(code or self._ids.new_id()[:_DRAWN_LETTERS], path, label, now)
            if uow.short_links.add(made):
                uow.audit.add(actor, "link_made", made.code, {"path": path}, now)
                return made
        return Refused(NotShortened.CODE_TAKEN)

    def own_path(self, where: str) -> str:
        """The path, with what follows it; '' for what leads anywhere else."""
        path = where.strip().removeprefix(self._base_url)
        return path if len(path) <= LONGEST_PATH and _OWN_PATH.fullmatch(path) else ""

    def followed(self, uow: UnitOfWork, link: ShortLink) -> None:
        """Counts it, once a call; it names nobody."""
        did = Did.POST if link.post_id else Did.LINK
        event = ReadingEvent(
            self._ids.new_id(), did, self._clock.now(), link.lookbook_id, source=source_of(link.code),
            subject=link.post_id or link.code,
        )  # fmt: skip
        uow.reading.add([event])
        uow.short_links.clicked(link.code)


def source_of(code: str) -> str:
    """What a cart line and an order say of a link."""
    return f"link:{code}"
