"""Shoppable catalogues: published pictures with places that lead to products."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commerce.domain.localtext import LocalText

DRAFT = 0  # the version that is worked on; published ones count from 1 and never change


class LookbookState(StrEnum):
    DRAFT = "draft"  # never published
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Origin(StrEnum):
    """What a catalogue was made of."""

    PDF = "pdf"
    PICTURES = "pictures"
    LAYOUT = "layout"  # chosen products, laid out by us


class FoundBy(StrEnum):
    """What proposed a hotspot."""

    SKU = "sku"  # printed on the page
    PRICE = "price"  # a printed price and words beside it
    PICTURE = "picture"  # what the page shows, by the visual index
    LAYOUT = "layout"  # we put it there
    HAND = "hand"


class Review(StrEnum):
    SURE = "sure"
    DOUBTFUL = "doubtful"  # somebody is to look at it before it is published
    CONFIRMED = "confirmed"  # somebody did


class Doubt(StrEnum):
    """Why somebody is to look at a hotspot."""

    OTHER_PRICE = "other_price"  # the page says another price than today's
    OTHER_PICTURE = "other_picture"  # the picture looks like another product
    PICTURE_ALONE = "picture_alone"  # nothing but its picture says what it is
    NO_NUMBER = "no_number"  # its name and its price say what it is, no number does
    SEVERAL_NUMBERS = "several_numbers"  # without spaces and dashes, other products have that number too


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page, in fractions of its width and height from the top left corner; never outside of it."""

    x_frac: float
    y_frac: float
    width_frac: float
    height_frac: float

    def __post_init__(self) -> None:
        if not (
            0 <= self.x_frac < 1
            and 0 <= self.y_frac < 1
            and 0 < self.width_frac <= 1 - self.x_frac + 1e-9
            and 0 < self.height_frac <= 1 - self.y_frac + 1e-9
        ):
            raise ValueError(f"not a part of a page: {self}")


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A place on a page that leads to a product. `variant_id` 0: any of its variants. `printed`: what the
    page says there, such as "P1-navy-38"; `printed_price_minor` is 0 without a price."""

    id: str
    page: int
    region: Region
    product_id: int
    variant_id: int
    found_by: FoundBy
    review: Review
    printed: str = ""
    printed_price_minor: int = 0
    doubts: tuple[Doubt, ...] = ()


class PageKind(StrEnum):
    PICTURE = ""  # made elsewhere
    COVER = "cover"  # ours, with a place left free for the title
    LAID_OUT = "laid_out"  # ours, with a place left free under each photo


@dataclass(frozen=True, slots=True)
class Page:
    """Counted from 1. `text`: the words printed on it, for people who do not see it and for search engines. `paper`:
    the colour of a page of ours, "#rrggbb"."""

    number: int
    picture_key: str
    width_px: int
    height_px: int
    text: str = ""
    kind: PageKind = PageKind.PICTURE
    paper: str = ""

    @property
    def is_ours(self) -> bool:
        return self.kind is not PageKind.PICTURE


@dataclass(frozen=True, slots=True)
class Lookbook:
    """`version`: the one that shoppers see (0 before the first). `revision` grows by one at every change of the draft:
    whoever saves says which one they saw."""

    id: str
    slug: str
    title: LocalText
    origin: Origin
    state: LookbookState
    version: int
    revision: int
    created_at: datetime
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """All of one version: the draft, or what was published."""

    lookbook: Lookbook
    version: int
    pages: tuple[Page, ...]
    hotspots: tuple[Hotspot, ...]

    def on(self, number: int) -> tuple[Hotspot, ...]:
        """The hotspots of a page, from the top left to the bottom right: the order in which they are read."""
        of_page = [spot for spot in self.hotspots if spot.page == number]
        return tuple(sorted(of_page, key=lambda spot: (round(spot.region.y_frac, 2), spot.region.x_frac)))


class NotPublished(StrEnum):
    """Why a catalogue was not made, changed or published."""

    NOT_FOUND = "not_found"
    STALE = "stale"  # somebody else has saved meanwhile
    NO_PAGES = "no_pages"
    TOO_MANY_PAGES = "too_many_pages"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    DOUBTFUL = "doubtful"  # hotspots that nobody has looked at yet
    SLUG_TAKEN = "slug_taken"
    BAD_SLUG = "bad_slug"
    NO_TITLE = "no_title"
    NO_SUCH_PRODUCT = "no_such_product"
    NO_PHOTO = "no_photo"  # none of the chosen products has one


# --- what readers do


def came_from(lookbook_id: str, page: int = 0) -> str:
    """What a cart line and an order say of a catalogue, and of the page where it was."""
    return f"catalogue:{lookbook_id}" + (f":{page}" if page else "")


class Did(StrEnum):
    """What somebody did with a catalogue, a post, a link or a product."""

    OPENED = "opened"
    PAGE = "page"  # turned to it; with how long they stayed when they leave it
    HOTSPOT = "hotspot"
    CART = "cart"
    CHAT = "chat"
    POST = "post"
    LINK = "link"
    VIEW = "view"  # a product's own page; with how long they stayed when they leave it


@dataclass(frozen=True, slots=True)
class ReadingEvent:
    """One thing that a reader did. `visitor` is '' without their consent: then it only counts. `event_id` makes one
    that is sent twice count once."""

    event_id: str
    did: Did
    at: datetime
    lookbook_id: str = ""
    page: int = 0
    product_id: int = 0
    dwell_ms: int = 0
    visitor: str = ""
    customer_id: str = ""
    source: str = ""  # utm_source, or the short link's label
    subject: str = ""  # a post's or a link's id


# --- the link page


@dataclass(frozen=True, slots=True)
class Post:
    """A picture that leads to products: uploaded, or from the shop's Instagram. `product_ids`: first one first.
    `position` counts from 1; `created_at` is when it was posted."""

    id: str
    picture_key: str
    caption: LocalText
    product_ids: tuple[int, ...]
    position: int
    is_shown: bool
    created_at: datetime
    external_id: str = ""  # the media's id where it came from
    external_url: str = ""
    small_key: str = ""  # of what tiles show: see `Posting.keep`; "" where nobody has made it yet

    @property
    def tile_key(self) -> str:
        return self.small_key or self.picture_key

    @property
    def files(self) -> tuple[str, ...]:
        """Keys of everything that is to be deleted with it."""
        return tuple(dict.fromkeys(filter(None, (self.picture_key, self.small_key))))


class NotPosted(StrEnum):
    """Why a post was not made or changed."""

    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"
    NO_PRODUCT = "no_product"  # a post that is shown leads somewhere
    NO_SUCH_PRODUCT = "no_such_product"


class NotShortened(StrEnum):
    """Why there is no short link."""

    NOT_OURS = "not_ours"  # it leads out of the shop, or to nowhere
    BAD_CODE = "bad_code"
    CODE_TAKEN = "code_taken"
    NO_LABEL = "no_label"


@dataclass(frozen=True, slots=True)
class ShortLink:
    """/s/{code}: leads to a path of ours and says where its people come from."""

    code: str
    path: str
    label: str
    created_at: datetime
    post_id: str = ""
    lookbook_id: str = ""
    clicks: int = field(default=0)
