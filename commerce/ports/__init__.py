"""What the shop needs from the world, as Protocols. Adapters implement them; `commerce.wiring` brings both together.

Reading happens inside `storage.read()`, writing inside `storage.write(work)`: `work` gets a unit of work and may run
again when the database asks for it, so it only talks to that unit of work and returns a value.
"""

from commerce.ports.finding import (
    Facets,
    ImageMatcher,
    NotSeen,
    SeenPhoto,
    TextDocument,
    TextIndex,
    TextMatches,
)
from commerce.ports.storage import (
    AuditRepository,
    Change,
    ChangeKind,
    CustomerRepository,
    InboxRepository,
    LeaseRepository,
    OutboxRepository,
    PhotoRepository,
    ProductRepository,
    ReservationRepository,
    StateRepository,
    StockRepository,
    Storage,
    StoredPicture,
    StoreRepository,
    ThreadRepository,
    UnitOfWork,
)
from commerce.ports.world import (
    Clock,
    Fetched,
    Gazetteer,
    Ids,
    MediaStore,
    ReservationRules,
    WebFetcher,
)

__all__ = [
    "AuditRepository",
    "Change",
    "ChangeKind",
    "Clock",
    "CustomerRepository",
    "Facets",
    "Fetched",
    "Gazetteer",
    "Ids",
    "ImageMatcher",
    "InboxRepository",
    "LeaseRepository",
    "MediaStore",
    "NotSeen",
    "OutboxRepository",
    "PhotoRepository",
    "ProductRepository",
    "ReservationRepository",
    "ReservationRules",
    "SeenPhoto",
    "StateRepository",
    "StockRepository",
    "Storage",
    "StoreRepository",
    "StoredPicture",
    "TextDocument",
    "TextIndex",
    "TextMatches",
    "ThreadRepository",
    "UnitOfWork",
    "WebFetcher",
]
