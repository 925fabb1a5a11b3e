"""All repositories over one transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager

from commerce.storage.carts import SqlCarts
from commerce.storage.customers import SqlCustomers
from commerce.storage.links import SqlLinks
from commerce.storage.mail import SqlInbox, SqlLeases, SqlOutbox, SqlThreads
from commerce.storage.orders import SqlOrders
from commerce.storage.payments import SqlPayments
from commerce.storage.products import SqlProducts
from commerce.storage.promotions import SqlPromotions
from commerce.storage.reservations import SqlReservations
from commerce.storage.returns import SqlReturns
from commerce.storage.staff import SqlPauses, SqlStaffTasks
from commerce.storage.state import SqlAudit, SqlPhotos, SqlState
from commerce.storage.stock import SqlStock
from commerce.storage.stock_records import SqlStockRecords
from commerce.storage.stores import SqlStores
from commerce.storage.transaction import Transaction


class SqlUnitOfWork:
    """`commerce.ports.UnitOfWork`. Over when its transaction is: any use after that raises RuntimeError."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.products = SqlProducts(transaction)
        self.stock = SqlStock(transaction)
        self.stock_records = SqlStockRecords(transaction)
        self.stores = SqlStores(transaction)
        self.reservations = SqlReservations(transaction)
        self.customers = SqlCustomers(transaction)
        self.inbox = SqlInbox(transaction)
        self.outbox = SqlOutbox(transaction)
        self.leases = SqlLeases(transaction)
        self.threads = SqlThreads(transaction)
        self.state = SqlState(transaction)
        self.photos = SqlPhotos(transaction)
        self.audit = SqlAudit(transaction)
        self.carts = SqlCarts(transaction)
        self.orders = SqlOrders(transaction)
        self.promotions = SqlPromotions(transaction)
        self.payments = SqlPayments(transaction)
        self.returns = SqlReturns(transaction)
        self.links = SqlLinks(transaction)
        self.tasks = SqlStaffTasks(transaction)
        self.pauses = SqlPauses(transaction)

    def savepoint(self) -> AbstractContextManager[object]:
        return self.transaction.savepoint()
