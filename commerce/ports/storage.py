"""The database: the unit of work that holds every repository, and the storage that runs work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from commerce.ports.campaigning import BrandRepository, CampaignRepository
from commerce.ports.counter import (
    ConversationRepository,
    OfferRepository,
    PickUpRepository,
    StaffChatRepository,
    TeamRepository,
    WaitRepository,
)
from commerce.ports.customers import CustomerRepository
from commerce.ports.disputes import DisputeRepository
from commerce.ports.keeping import AuditRepository, PhotoRepository, StateRepository
from commerce.ports.mail import InboxRepository, LeaseRepository, OutboxRepository, ThreadRepository
from commerce.ports.payments import PaymentCallRepository, PaymentRepository
from commerce.ports.products import ProductRepository
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
    PromotionRepository,
    ReturnRepository,
)
from commerce.ports.staff_tasks import StaffTaskRepository
from commerce.ports.stock import ReservationRepository, StockRepository, StoreRepository
from commerce.ports.stocktaking import StockRecordRepository

T = TypeVar("T")


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
    def payment_calls(self) -> PaymentCallRepository: ...
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
