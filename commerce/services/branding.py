"""The brand kit: colours that can be read, a logo that is our own copy, what is promised and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from commerce.domain.brand import LEAST_CONTRAST, Brand, NotBranded, contrast, is_colour
from commerce.domain.localtext import LocalText
from commerce.domain.reservation import Refused
from commerce.ports import Clock, ImageMatcher, MediaStore, Storage, UnitOfWork

LONGEST_LINE = 80  # of the tagline and of the claim: one line of a picture


@dataclass(frozen=True, slots=True)
class BrandWish:
    """What the form says. `logo`: an uploaded file, None to keep the one there is, b"" to do without."""

    ink: str
    paper: str
    accent: str
    tagline: Mapping[str, str] = field(default_factory=dict)
    claim: Mapping[str, str] = field(default_factory=dict)
    claim_until: date | None = None
    logo: bytes | None = None


class Branding:
    """For marketers. What is kept is shown from that moment on."""

    def __init__(self, storage: Storage, clock: Clock, media: MediaStore, image_matcher: ImageMatcher) -> None:
        self._storage, self._clock = storage, clock
        self._media, self._image_matcher = media, image_matcher

    def look_at(self, wish: BrandWish, known: Brand) -> Brand | Refused[NotBranded]:
        """The brand as it would be, with the logo that is there; nothing is kept."""
        ink, paper, accent = (each.strip().lower() for each in (wish.ink, wish.paper, wish.accent))
        if not all(map(is_colour, (ink, paper, accent))):
            return Refused(NotBranded.NO_COLOUR)
        if contrast(ink, paper) < LEAST_CONTRAST:
            return Refused(NotBranded.FAINT_INK)
        if contrast(accent, paper) < LEAST_CONTRAST:
            return Refused(NotBranded.FAINT_ACCENT)
        claim = _lines(wish.claim)
        until = wish.claim_until if claim.by_language else None
        return Brand(ink, paper, accent, known.logo_key, _lines(wish.tagline), claim, until)

    def keep(self, wish: BrandWish, *, actor: str) -> Brand | Refused[NotBranded]:
        """The logo is read as any picture of strangers. Takes up to some seconds with one."""
        with self._storage.read() as uow:
            before = uow.brand.get()
        brand = self.look_at(wish, before)
        if isinstance(brand, Refused):
            return brand
        if wish.logo is not None:
            clean = self._image_matcher.clean(wish.logo) if wish.logo else b""
            if wish.logo and not clean:
                return Refused(NotBranded.UNREADABLE)
            brand = replace(brand, logo_key=self._media.put(clean, ".jpg") if clean else "")

        def work(uow: UnitOfWork) -> None:
            now = self._clock.now()
            uow.brand.put(brand, now)
            uow.audit.add(actor, "brand_kept", "brand", {"logo": bool(brand.logo_key)}, now)

        self._storage.write(work)
        if before.logo_key and before.logo_key != brand.logo_key:
            self._media.delete(before.logo_key)
        return brand


def _lines(said: Mapping[str, str]) -> LocalText:
    lines = {code: " ".join(text.split())[:LONGEST_LINE] for code, text in said.items()}
    return LocalText({code: line for code, line in lines.items() if line})
