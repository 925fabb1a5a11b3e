"""What the shop needs from the world, as Protocols. Adapters implement them; `commerce.wiring` brings both together.

Reading happens inside `storage.read()`, writing inside `storage.write(work)`: `work` gets a unit of work and may run
again when the database asks for it, so it only talks to that unit of work and returns a value.
"""

from commerce.ports.counter import (
    ConversationLine,
    ConversationRepository,
    OfferRepository,
    PasswordHasher,
    PickUpRepository,
    StaffChat,
    StaffChatRepository,
    TeamRepository,
    WaitRepository,
)
from commerce.ports.customers import CustomerRepository
from commerce.ports.disputes import DisputeRepository
from commerce.ports.finding import (
    Facets,
    ImageMatcher,
    Keepable,
    Kept,
    KeptWords,
    NotSeen,
    PartOfPicture,
    SeenGarment,
    SeenPhoto,
    TextDocument,
    TextIndex,
    TextMatches,
)
from commerce.ports.keeping import AuditEntry, AuditRepository, PhotoRepository, StateRepository
from commerce.ports.mail import InboxRepository, LeaseRepository, OutboxRepository, ThreadRepository
from commerce.ports.payments import PaymentCallRepository, PaymentProvider, PaymentRepository
from commerce.ports.products import ArticleNumbers, Change, ChangeKind, ProductRepository, StoredPicture
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
from commerce.ports.storage import Storage, UnitOfWork
from commerce.ports.teaching import KindWords, Taught, Teachable
from commerce.ports.world import (
    ChannelRules,
    Clock,
    Fetched,
    Gazetteer,
    Ids,
    MediaStore,
    ReservationRules,
    SellingRules,
    WebFetcher,
)

__all__ = [
    "ArticleNumbers",
    "AuditEntry",
    "AuditRepository",
    "CartRepository",
    "Change",
    "ChangeKind",
    "ChannelRules",
    "Clock",
    "ConversationLine",
    "ConversationRepository",
    "CustomerRepository",
    "DisputeRepository",
    "Facets",
    "Fetched",
    "Gazetteer",
    "Ids",
    "ImageMatcher",
    "InboxRepository",
    "Keepable",
    "Kept",
    "KeptWords",
    "KindWords",
    "LeaseRepository",
    "LinkRepository",
    "MediaStore",
    "NotSeen",
    "OfferRepository",
    "OrderRepository",
    "OutboxRepository",
    "PartOfPicture",
    "PasswordHasher",
    "PauseRepository",
    "PaymentCallRepository",
    "PaymentProvider",
    "PaymentRepository",
    "PhotoRepository",
    "PickUpRepository",
    "ProductRepository",
    "PromotionRepository",
    "ReservationRepository",
    "ReservationRules",
    "ReturnRepository",
    "SeenGarment",
    "SeenPhoto",
    "SellingRules",
    "StaffChat",
    "StaffChatRepository",
    "StaffTaskRepository",
    "StateRepository",
    "StockRecordRepository",
    "StockRepository",
    "Storage",
    "StoreRepository",
    "StoredPicture",
    "Taught",
    "Teachable",
    "TeamRepository",
    "TextDocument",
    "TextIndex",
    "TextMatches",
    "ThreadRepository",
    "UnitOfWork",
    "WaitRepository",
    "WebFetcher",
]
