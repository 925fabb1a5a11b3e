"""The database: repositories, the unit of work that holds them, and the storage that runs work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from commerce.domain.customer import Consent, Contact, Customer, FitMemory, Purpose
from commerce.domain.money import Money
from commerce.domain.product import Picture, Product, Variant
from commerce.domain.reservation import Reservation, ReservationEvent, ReservationState
from commerce.domain.stock import MovementReason, StockHold, StockLevel
from commerce.domain.store import Store
from commerce.ports.campaigning import BrandRepository, CampaignRepository
from commerce.ports.counter import (
    ConversationRepository,
    OfferRepository,
    PickUpRepository,
    StaffChatRepository,
    TeamRepository,
    WaitRepository,
)
from commerce.ports.disputes import DisputeRepository
from commerce.ports.keeping import AuditRepository, PhotoRepository, StateRepository
from commerce.ports.mail import InboxRepository, LeaseRepository, OutboxRepository, ThreadRepository
from commerce.ports.publishing import (
    AttributionRepository,
    LookbookRepository,
    PostRepository,
    ReadingRepository,
    ShortLinkRepository,
)
from commerce.ports.recommending import TasteRepository
from commerce.ports.selling import (
    CartRepository,
    LinkRepository,
    OrderRepository,
    PauseRepository,
    PaymentRepository,
    PromotionRepository,
    ReturnRepository,
)
from commerce.ports.staff_tasks import StaffTaskRepository
from commerce.ports.stocktaking import StockRecordRepository

T = TypeVar("T")


class ChangeKind(StrEnum):
    PRODUCT = "product"
    PRICE = "price"
    STOCK = "stock"
    PICTURE = "picture"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """Something about a product changed. `seq` only grows."""

    seq: int
    product_id: int
    what: ChangeKind


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture with what the import knows of it."""

    picture: Picture
    product_id: int
    source_ref: str
    sha256: str
    phash: str


class ArticleNumbers(NamedTuple):
    """What a variant that is offered is known by."""

    variant_id: int
    product_id: int
    sku: str
    gtin: str
    source_id: str  # the product's number


class ProductRepository(Protocol):
    """Products that are active, unless said otherwise."""

    def get(self, product_id: int) -> Product | None: ...

    def many(self, product_ids: Iterable[int]) -> dict[int, Product]:
        """Active products by id; ids that are gone are simply missing."""
        ...

    def by_source_id(self, source_id: str, source: str | None = None) -> Product | None: ...

    def by_sku(self, sku: str) -> tuple[Product, Variant] | None: ...

    def by_gtin(self, gtin: str) -> tuple[Product, Variant] | None: ...

    def by_variant(self, variant_id: int) -> tuple[Product, Variant] | None: ...

    def by_variants(self, variant_ids: Iterable[int]) -> dict[int, tuple[Product, Variant]]:
        """The same for many at once, by the variant's id; those that are gone are simply missing."""
        ...

    def after(self, product_id: int, limit: int) -> list[Product]:
        """Active products with a larger id, by id: for walking through all of them."""
        ...

    def numbers_after(self, variant_id: int, limit: int) -> list[ArticleNumbers]:
        """Of active variants with a larger id, by id: for walking through all of them."""
        ...

    def count(self) -> int: ...

    def set_price(self, variant_id: int, price: Money, list_price: Money | None, at: datetime) -> bool:
        """Writes the price, the past price and the change. False when it already was so."""
        ...

    def lowest_price_before(self, variant_id: int, window: timedelta) -> Money | None:
        """The lowest price that applied at any moment of the window before the present price began, in its currency;
        None where there was no other price."""
        ...

    def last_change(self) -> int:
        """Highest change number so far, 0 when there is none. Asked first in a view, it and `changes_after` know every
        change that was committed before; in a view that has looked at something already, and in a write, they may know
        fewer of them. Whatever they do not know yet comes later, with a higher number."""
        ...

    def changes_after(self, seq: int, limit: int) -> list[Change]: ...

    def change_mark(self, seq: int) -> str:
        """What tells this database's change of that number from every other database's; "" when there is none."""
        ...

    def picture(self, picture_id: int) -> StoredPicture | None: ...

    def picture_owners(self) -> list[tuple[int, int]]:
        """(picture id, product id) of every picture of active products whose file we have: little enough to read them
        all at once."""
        ...

    def pictures_ready_after(self, picture_id: int, limit: int) -> list[StoredPicture]:
        """Pictures of active products whose file we have, by id."""
        ...


class StockRepository(Protocol):
    """Levels and holds. Every change is one guarded statement plus its movement row."""

    def levels(self, variant_ids: Iterable[int], store_id: str | None = None) -> list[StockLevel]: ...

    def take(
        self,
        hold_id: str,
        lines: Sequence[tuple[int, int]],
        store_id: str,
        owner: str,
        expires_at: datetime,
        at: datetime,
    ) -> list[StockHold] | None:
        """Holds (variant_id, quantity) lines at one store, all or nothing; quantities are summed per variant and taken
        in key order by conditional updates. None when any of them is short: then nothing at all was changed.
        Hold ids are `hold_id` for one line, derived for more."""
        ...

    def hold(self, hold_id: str) -> StockHold | None: ...

    def extend(self, hold_id: str, expires_at: datetime) -> bool: ...

    def release(self, hold_id: str, reason: MovementReason, at: datetime, *, expired: bool = False) -> bool:
        """Gives an active hold back once; False when it was over already."""
        ...

    def consume(self, hold_id: str, reason: MovementReason, at: datetime) -> bool:
        """The held units leave the shop: on_hand and held fall together, once."""
        ...

    def locked(self, variant_id: int, store_id: str) -> StockLevel | None:
        """The level, which nobody else can change until this transaction ends. None: never stocked there."""
        ...

    def adjust(
        self,
        variant_id: int,
        store_id: str,
        change: int,
        reason: MovementReason,
        reference: str,
        at: datetime,
        *,
        actor: str = "",
        note: str = "",
    ) -> bool:
        """Adds to on_hand (negative: removes). False when it would go below what is held, or the reference is known."""
        ...

    def set_on_hand(
        self,
        variant_id: int,
        store_id: str,
        on_hand: int,
        reason: MovementReason,
        at: datetime,
        *,
        reference: str = "",
        actor: str = "",
        note: str = "",
    ) -> StockLevel:
        """A count or a feed says how many there are. Held units stay held: on_hand never falls below held.

        A known reference changes nothing; a new one leaves a movement even where the number was right.
        """
        ...

    def set_safety(self, variant_id: int, store_id: str, safety: int, at: datetime) -> StockLevel:
        """Units kept back from online shoppers."""
        ...


class StoreRepository(Protocol):
    def all(self) -> list[Store]: ...

    def get(self, store_id: str) -> Store | None: ...

    def put(self, store: Store) -> None: ...


class ReservationRepository(Protocol):
    def add(self, reservation: Reservation, contact: Contact, event: ReservationEvent) -> None: ...

    def get(self, reservation_id: str) -> Reservation | None: ...

    def contact_of(self, reservation_id: str) -> Contact | None: ...

    def of_customer(self, customer_id: str, *, only_open: bool) -> list[Reservation]:
        """Newest first."""
        ...

    def move(
        self,
        reservation: Reservation,
        to_state: ReservationState,
        event: ReservationEvent,
        *,
        expires_at: datetime | None = None,
        extensions: int | None = None,
    ) -> Reservation:
        """Writes the move if the stored version is `reservation.version`, else raises StaleVersion.

        `to_state` may be the present state (an extension); any other pair must be in the table of moves.
        """
        ...

    def due(self, now: datetime, limit: int) -> list[Reservation]:
        """Open reservations whose time is over."""
        ...

    def events(self, reservation_id: str) -> list[ReservationEvent]: ...


class CustomerRepository(Protocol):
    def get(self, customer_id: str) -> Customer | None:
        """The customer whose id this is now: of one that was linked to another, the other."""
        ...

    def by_contact(self, contact: Contact) -> Customer | None: ...

    def present_id(self, customer_id: str) -> str:
        """Who this customer is by now: somebody else after a link, else the very same."""
        ...

    def add(self, customer: Customer, contact: Contact, at: datetime) -> None: ...

    def update(self, customer: Customer) -> None: ...

    def came_from(self, customer_id: str, source: str) -> None:
        """What brought them: the first answer stays."""
        ...

    def brought_by(self, customer_id: str, source: str) -> None:
        """The same, whatever was known before: two became one, or one became two again."""
        ...

    def seen(self, contact: Contact, at: datetime) -> None:
        """The contact wrote to us: opens the reply window of channels that have one."""
        ...

    def contacts(self, customer_id: str) -> list[Contact]: ...

    def last_heard(self, customer_id: str) -> dict[Contact, datetime]:
        """When each of their contacts wrote to us last, the newest first."""
        ...

    def after(self, customer_id: str, limit: int) -> list[Customer]:
        """Customers with a larger id, by id: for walking through all of them. Whoever was joined to somebody else is
        that other one, and not in it."""
        ...

    def fit(self, customer_id: str) -> dict[str, FitMemory]:
        """By size system."""
        ...

    def remember_fit(self, memory: FitMemory) -> None: ...

    def forget_fit(self, customer_id: str) -> None: ...

    def add_consent(self, consent: Consent) -> None: ...

    def consent(self, customer_id: str, purpose: Purpose) -> Consent | None:
        """The latest answer, or None when never asked."""
        ...


class UnitOfWork(Protocol):
    """One transaction's view of everything stored."""

    def savepoint(self) -> AbstractContextManager[object]:
        """Everything inside is undone when the block raises; the transaction goes on."""
        ...

    @property
    def products(self) -> ProductRepository: ...
    @property
    def stock(self) -> StockRepository: ...
    @property
    def stock_records(self) -> StockRecordRepository: ...
    @property
    def stores(self) -> StoreRepository: ...
    @property
    def reservations(self) -> ReservationRepository: ...
    @property
    def customers(self) -> CustomerRepository: ...
    @property
    def inbox(self) -> InboxRepository: ...
    @property
    def outbox(self) -> OutboxRepository: ...
    @property
    def leases(self) -> LeaseRepository: ...
    @property
    def threads(self) -> ThreadRepository: ...
    @property
    def state(self) -> StateRepository: ...
    @property
    def photos(self) -> PhotoRepository: ...
    @property
    def audit(self) -> AuditRepository: ...
    @property
    def carts(self) -> CartRepository: ...
    @property
    def orders(self) -> OrderRepository: ...
    @property
    def promotions(self) -> PromotionRepository: ...
    @property
    def payments(self) -> PaymentRepository: ...
    @property
    def disputes(self) -> DisputeRepository: ...
    @property
    def returns(self) -> ReturnRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def tasks(self) -> StaffTaskRepository: ...
    @property
    def pauses(self) -> PauseRepository: ...
    @property
    def team(self) -> TeamRepository: ...
    @property
    def pick_ups(self) -> PickUpRepository: ...
    @property
    def offers(self) -> OfferRepository: ...
    @property
    def waiters(self) -> WaitRepository: ...
    @property
    def conversations(self) -> ConversationRepository: ...
    @property
    def staff_chats(self) -> StaffChatRepository: ...
    @property
    def lookbooks(self) -> LookbookRepository: ...
    @property
    def reading(self) -> ReadingRepository: ...
    @property
    def attribution(self) -> AttributionRepository: ...
    @property
    def tastes(self) -> TasteRepository: ...
    @property
    def posts(self) -> PostRepository: ...
    @property
    def short_links(self) -> ShortLinkRepository: ...
    @property
    def brand(self) -> BrandRepository: ...
    @property
    def campaigns(self) -> CampaignRepository: ...


class Storage(Protocol):
    """The database."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent view for reading; writing through it is an error."""
        ...

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Runs `work` in one transaction and commits it durably before returning what it returned.

        An exception from `work` rolls everything back and goes through. Raises StorageBusy or CommitUnknown.
        `work` may be called more than once.
        """
        ...

    def close(self) -> None: ...
