"""What is made of a campaign: a picture for every app, papers for print, texts to post, a mail; each drawn once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign, Outlet
from commerce.domain.lookbook import Edition, Page
from commerce.domain.sheet import Sheet
from commerce.drawing import PillowDrawer
from commerce.errors import DrawingFailed
from commerce.ports import UnitOfWork
from commerce.services.campaign_posts import TelegramPost, caption, telegram_post
from commerce.services.campaign_sheets import A4, A5, FEED, STORY, TIKTOK, Format, Logo, campaign_sheet
from commerce.services.campaign_words import CampaignWords, address_of, in_words
from shoppable import came_from
from shoppable.kept import Kept
from shoppable.sharing import logo_of
from shoppable.shelf import Shelf
from shoppable.site import site
from shoppable.studio.qr import drawn_png

_MOST_KEPT = 36  # pictures in memory, 100 to 600 kB each


@dataclass(frozen=True, slots=True)
class Picture:
    """One of the pictures: its file, where it goes, and its size. `paper_mm`: of one that is printed."""

    name: str
    outlet: Outlet
    form: Format
    paper_mm: tuple[float, float] | None = None


PICTURES = (
    Picture("telegram", Outlet.TELEGRAM, FEED),
    Picture("instagram", Outlet.INSTAGRAM, FEED),
    Picture("story", Outlet.INSTAGRAM, STORY),
    Picture("tiktok", Outlet.TIKTOK, TIKTOK),
    Picture("a5", Outlet.PRINT, A5, (148.0, 210.0)),
    Picture("a4", Outlet.PRINT, A4, (210.0, 297.0)),
)


@dataclass(frozen=True, slots=True)
class Kit:
    """A campaign in one language. `available`: the SKUs that can be bought at this moment."""

    campaign: Campaign
    brand: Brand
    said: CampaignWords
    pictures: Mapping[str, bytes]
    logo: Logo | None
    available: frozenset[str]
    base_url: str
    leaf: tuple[Edition, Page] | None = None  # the page of a catalogue that it was made of

    def address(self, outlet: Outlet, product_id: int = 0) -> str:
        return address_of(self.base_url, self.campaign, outlet, product_id)

    def sheet(self, picture: Picture, *, with_photos: bool = True) -> Sheet:
        address = self.address(picture.outlet)
        return campaign_sheet(
            self.said,
            self.brand,
            picture.form,
            self.pictures if with_photos else {},
            address=address.partition("://")[2],
            qr_png=drawn_png(address) if picture.paper_mm else b"",
            logo=self.logo,
        )

    @property
    def telegram(self) -> TelegramPost:
        return telegram_post(self.said, lambda product_id: self.address(Outlet.TELEGRAM, product_id))

    def caption(self, outlet: Outlet) -> str:
        return caption(self.said, self.address(outlet))


def kit_of(uow: UnitOfWork, campaign: Campaign, language: str) -> Kit:
    """Reads everything that its renders need, once."""
    shop = site().shop
    brand, settings = uow.brand.get(), shop.settings
    products = uow.products.many([item.product_id for item in campaign.items]).values()
    shelf = Shelf.of(uow, products, shop.clock.now())
    said = in_words(
        campaign,
        brand,
        shop_name=settings.shop_name,
        language=language,
        timezone=settings.timezone,
        is_stale=bool(shop.campaigning.stale(uow, campaign)),
    )
    keys = {item.picture_key for item in campaign.items if item.picture_key}
    return Kit(
        campaign,
        brand,
        said,
        {key: picture for key in keys if (picture := shop.media.get(key))},
        logo_of(brand),
        frozenset(v.sku for product in products for v in product.variants if shelf.is_available(v)),
        settings.base_url,
        came_from.page_of(uow, campaign.came_from),
    )


def mark_of(kit: Kit, picture: Picture) -> str:
    said = repr((picture.name, kit.said, kit.brand, sorted(kit.campaign.links.items())))
    return hashlib.sha256(said.encode()).hexdigest()[:20]


def jpeg_of(kit: Kit, picture: Picture) -> bytes:
    """Takes about a second where it is new."""
    kept = site().kept.setdefault("campaign pictures", Kept[bytes](_MOST_KEPT))
    assert isinstance(kept, Kept)
    key = (kit.campaign.id, picture.name, kit.said.language)
    jpeg: bytes = kept.get(key, mark_of(kit, picture), lambda: _drawn(kit, picture))
    return jpeg


def _drawn(kit: Kit, picture: Picture) -> bytes:
    try:
        return next(iter(PillowDrawer().draw([kit.sheet(picture)])))
    except DrawingFailed:  # a damaged picture of ours: what is said is right without it
        return next(iter(PillowDrawer().draw([kit.sheet(picture, with_photos=False)])))


def pdf_of(kit: Kit, picture: Picture) -> bytes:
    """The paper at 300 dots an inch, with its words behind it for whoever searches or reads aloud."""
    from commerce.pdf.writing import sheet_as_pdf

    assert picture.paper_mm is not None, picture
    return sheet_as_pdf(kit.sheet(picture), jpeg_of(kit, picture), picture.paper_mm)
