"""Products, their variants (one SKU each) and their pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from commerce.domain.localtext import LocalText
from commerce.domain.money import Money


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a product. `id` is the int64 under which the visual index knows it.

    `media_key` names our own re-encoded copy in the media store ('' until it has been fetched).
    `variant_id` is None when the picture shows the product in general.
    """

    id: int
    position: int
    media_key: str
    variant_id: int | None = None
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be sold: a colour and a size of a product, with its own SKU and price."""

    id: int
    product_id: int
    sku: str
    colour: str  # lexicon key, '' when the shop's colours have none
    colour_words: str  # as the source wrote it
    size: str  # as the source wrote it, '' when there is only one
    price: Money
    list_price: Money | None = None  # the price before a cut
    gtin: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """A style, with the variants in which it is sold.

    `id` is our own int64, stable for ever; (`source`, `source_id`) is the identity in the feed it came from.
    `category` and `gender` are lexicon keys or ''. `category_words` is what the source wrote.
    """

    id: int
    source: str
    source_id: str
    title: LocalText
    description: LocalText
    brand: str
    category: str
    category_words: str
    gender: str
    variants: tuple[Variant, ...]
    pictures: tuple[Picture, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict, hash=False)  # material, pattern, season, occasion…
    url: str = ""  # page at the merchant's own site, if any
    active: bool = True

    @property
    def sizes(self) -> tuple[str, ...]:
        """Sizes in the source's order, each once; () for a product without sizes."""
        return tuple(dict.fromkeys(v.size for v in self.variants if v.size))

    @property
    def colours(self) -> tuple[str, ...]:
        """Colour keys in the source's order, each once."""
        return tuple(dict.fromkeys(v.colour for v in self.variants if v.colour))

    @property
    def price_from(self) -> Money:
        """The lowest price among the variants."""
        return min((v.price for v in self.variants), key=lambda price: price.minor)

    def picture_for(self, variant: Variant | None = None) -> Picture | None:
        """The first picture whose file we have, of that variant if it has one of its own."""
        ready = [picture for picture in self.pictures if picture.media_key]
        own = [picture for picture in ready if variant is not None and picture.variant_id == variant.id]
        return next(iter(own or ready), None)

    def variant(self, *, colour: str | None = None, size: str | None = None) -> Variant | None:
        """The one variant of that colour and size, never another one. None asks for any, if there is only one."""
        found = [
            v
            for v in self.variants
            if (colour is None or v.colour == colour) and (size is None or v.size.casefold() == size.casefold())
        ]
        return found[0] if len(found) == 1 else None
