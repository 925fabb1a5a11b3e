"""All repositories over one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from commerce.storage.attribution import SqlAttribution
from commerce.storage.campaigns import SqlBrand, SqlCampaigns
from commerce.storage.carts import SqlCarts
from commerce.storage.conversations import SqlConversations
from commerce.storage.customers import SqlCustomers
from commerce.storage.disputes import SqlDisputes
from commerce.storage.links import SqlLinks
from commerce.storage.lookbooks import SqlLookbooks
from commerce.storage.mail import SqlInbox, SqlLeases, SqlOutbox, SqlThreads
from commerce.storage.offers import SqlOffers
from commerce.storage.orders import SqlOrders
from commerce.storage.payment_calls import SqlPaymentCalls
from commerce.storage.payments import SqlPayments
from commerce.storage.pick_ups import SqlPickUps
from commerce.storage.posts import SqlPosts, SqlShortLinks
from commerce.storage.products import SqlProducts
from commerce.storage.promotions import SqlPromotions
from commerce.storage.reading import SqlReading
from commerce.storage.recommending import SqlTastes
from commerce.storage.reservations import SqlReservations
from commerce.storage.returns import SqlReturns
from commerce.storage.staff import SqlPauses, SqlStaffTasks
from commerce.storage.staff_chats import SqlStaffChats
from commerce.storage.state import SqlAudit, SqlPhotos, SqlState
from commerce.storage.stock import SqlStock
from commerce.storage.stock_records import SqlStockRecords
from commerce.storage.stores import SqlStores
from commerce.storage.team import SqlTeam
from commerce.storage.transaction import Transaction
from commerce.storage.waiters import SqlWaiters

RepositoryT = TypeVar("RepositoryT")


class _Over(Generic[RepositoryT]):
    """A repository over the unit of work's transaction, made when it is asked for: a work uses three of twenty."""

    def __init__(self, make: Callable[[Transaction], RepositoryT]) -> None:
        self._make = make

    def __get__(self, unit_of_work: SqlUnitOfWork, owner: type) -> RepositoryT:
        return self._make(unit_of_work.transaction)


class SqlUnitOfWork:
    """`commerce.ports.UnitOfWork`. Over when its transaction is: any use after that raises RuntimeError."""

    __slots__ = ("transaction",)

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction

    products = _Over(SqlProducts)
    stock = _Over(SqlStock)
    stock_records = _Over(SqlStockRecords)
    stores = _Over(SqlStores)
    reservations = _Over(SqlReservations)
    customers = _Over(SqlCustomers)
    inbox = _Over(SqlInbox)
    outbox = _Over(SqlOutbox)
    leases = _Over(SqlLeases)
    threads = _Over(SqlThreads)
    state = _Over(SqlState)
    photos = _Over(SqlPhotos)
    audit = _Over(SqlAudit)
    carts = _Over(SqlCarts)
    orders = _Over(SqlOrders)
    promotions = _Over(SqlPromotions)
    payments = _Over(SqlPayments)
    payment_calls = _Over(SqlPaymentCalls)
    disputes = _Over(SqlDisputes)
    returns = _Over(SqlReturns)
    links = _Over(SqlLinks)
    tasks = _Over(SqlStaffTasks)
    pauses = _Over(SqlPauses)
    pick_ups = _Over(SqlPickUps)
    team = _Over(SqlTeam)
    staff_chats = _Over(SqlStaffChats)
    lookbooks = _Over(SqlLookbooks)
    reading = _Over(SqlReading)
    attribution = _Over(SqlAttribution)
    tastes = _Over(SqlTastes)
    posts = _Over(SqlPosts)
    short_links = _Over(SqlShortLinks)
    brand = _Over(SqlBrand)
    campaigns = _Over(SqlCampaigns)
    conversations = _Over(SqlConversations)
    offers = _Over(SqlOffers)
    waiters = _Over(SqlWaiters)

    def savepoint(self) -> AbstractContextManager[object]:
        return self.transaction.savepoint()
