"""What comes back: what may, asking for it, changing one's mind, and the new size that nobody came for."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from commerce.domain.coming_back import (
    LineOptions,
    OrderFacts,
    ReturnRules,
    WayBack,
    coming,
    is_withdrawn,
    options,
    price_difference,
    units,
    way_back,
    worth,
)
from commerce.domain.order import Order, OrderEvent, OrderLine
from commerce.domain.payment import HAS_MONEY
from commerce.domain.product import Product, Variant
from commerce.domain.reservation import Refused
from commerce.domain.returns import (
    COMING_STATES,
    NotReturned,
    ReturnKind,
    ReturnLine,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    ReturnWay,
)
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.stock import HoldState, MovementReason
from commerce.domain.store import Store, StoreKind
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, Storage, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.return_news import ReturnNews, tell

LONGEST_NOTE = 1_000
_TRIES = 5


@dataclass(frozen=True, slots=True)
class ExchangeTimes:
    """How long a new unit waits for the old one: in a store, and while a parcel travels."""

    store: timedelta
    parcel: timedelta


@dataclass(frozen=True, slots=True)
class ReturnOptions:
    """What of an order may come back now. `ways`: each way, or why it is closed to the order; `requests`: what was
    asked for so far, oldest first."""

    order: Order
    lines: tuple[LineOptions, ...]
    ways: Mapping[ReturnKind, WayBack | NotReturned]
    requests: tuple[ReturnRequest, ...]
    timezone: str

    def lines_for(self, kind: ReturnKind) -> tuple[LineOptions, ...]:
        return tuple(each for each in self.lines if each.way(kind))

    def why_none(self, kind: ReturnKind) -> NotReturned:
        """Why no line can come back in this way, where none can."""
        way = self.ways[kind]
        return way if isinstance(way, NotReturned) else NotReturned.ALREADY

    @property
    def withdrawal(self) -> WayBack | NotReturned:
        return self.ways[ReturnKind.WITHDRAWAL]

    @property
    def withdrawn(self) -> tuple[ReturnRequest, ...]:
        return tuple(request for request in self.requests if is_withdrawn(request))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shopper asks for. `lines`: units by line position. An exchange names the new variant and, unless it goes
    by parcel, the store that is to hold it."""

    kind: ReturnKind
    lines: Mapping[int, int]
    reason: ReturnReason
    way: ReturnWay
    store_id: str = ""
    new_variant_id: int = 0
    note: str = ""
    photo_key: str = ""


class Returns:
    """Asking happens in the caller's unit of work: the new size is held, or nothing is written."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        rules: ReturnRules,
        times: ExchangeTimes,
        at_counter: Collection[str],
    ) -> None:
        """`at_counter`: providers through which nobody pays at a distance."""
        self._storage, self._clock, self._ids = storage, clock, ids
        self.rules, self._times, self._at_counter = rules, times, at_counter

    # --- what may come back

    def options(self, uow: UnitOfWork, order: Order) -> ReturnOptions:
        facts, requests = self.facts(uow, order)
        now = self._clock.now()
        return ReturnOptions(
            order,
            options(facts, self.rules, now),
            {kind: way_back(facts, kind, self.rules, now) for kind in ReturnKind},
            tuple(requests),
            facts.timezone,
        )

    def facts(self, uow: UnitOfWork, order: Order) -> tuple[OrderFacts, list[ReturnRequest]]:
        """What the rules look at, and the order's requests, oldest first."""
        requests = uow.returns.of_order(order.id)
        store = uow.stores.get(order.store_id)
        attempts = uow.payments.of_order(order.id)
        facts = OrderFacts(
            order,
            paid_online=any(a.state in HAS_MONEY and a.provider not in self._at_counter for a in attempts),
            timezone=store.timezone if store else "UTC",
            country=store.country if store else "",
            coming=coming(requests, *ReturnKind),
            withdrawn=coming(requests, ReturnKind.WITHDRAWAL),
        )
        return facts, requests

    # --- asking

    def request(
        self, uow: UnitOfWork, order_id: str, customer_id: str, wanted: Wanted
    ) -> ReturnRequest | Refused[NotReturned]:
        """Asks for a return, an exchange (the new size is held first) or help. Refused: nothing changed."""
        for _ in range(_TRIES):
            order = uow.orders.get(order_id)
            if order is None or order.customer_id != customer_id or wanted.kind is ReturnKind.WITHDRAWAL:
                return Refused(NotReturned.NOT_FOUND)
            try:
                with uow.savepoint():
                    return self._request(uow, order, wanted)
            except StaleVersion:  # somebody asked for the same thing a moment ago: look at what there is now
                continue
            except _Refusal as refusal:
                return Refused(refusal.reason)
        raise StaleVersion(f"order {order_id} does not stand still")

    def _request(self, uow: UnitOfWork, order: Order, wanted: Wanted) -> ReturnRequest:
        now = self._clock.now()
        facts, requests = self.facts(uow, order)
        self._check(facts, wanted, now)
        # The order's version first: of two that ask at the same time, the second sees what the first has asked for.
        note_event(uow, order, now, "shopper", f"{wanted.kind.value} asked for")
        request = ReturnRequest(
            id=self._ids.new_id(),
            order_id=order.id,
            customer_id=order.customer_id,
            kind=wanted.kind,
            state=ReturnState.REQUESTED,
            reason=wanted.reason,
            way=wanted.way,
            code=self._ids.new_code(),
            lines=tuple(ReturnLine(position, quantity) for position, quantity in sorted(wanted.lines.items())),
            created_at=now,
            note=wanted.note[:LONGEST_NOTE],
            photo_key=wanted.photo_key,
            store_id=self._where(uow, order, wanted),
            currency=order.currency,
        )
        if wanted.kind is ReturnKind.EXCHANGE:
            request = self._with_new_unit(uow, facts, requests, request, wanted, now)
        else:
            request = replace(request, refund_minor=_worth(facts, requests, wanted.lines))
        uow.returns.add(request)
        self._raise(uow, order, request)
        return request

    def _check(self, facts: OrderFacts, wanted: Wanted, now: datetime) -> None:
        by_position = {line.position: line for line in facts.order.lines}
        if not wanted.lines or any(n < 1 or position not in by_position for position, n in wanted.lines.items()):
            raise _Refusal(NotReturned.NO_SUCH_LINE)
        way = way_back(facts, wanted.kind, self.rules, now)
        if isinstance(way, NotReturned):
            raise _Refusal(way)
        if any(facts.left(by_position[position], wanted.kind) < n for position, n in wanted.lines.items()):
            raise _Refusal(NotReturned.ALREADY)
        if wanted.kind is ReturnKind.EXCHANGE and len(wanted.lines) != 1:
            raise _Refusal(NotReturned.NO_SUCH_LINE)  # one thing for one thing

    def _where(self, uow: UnitOfWork, order: Order, wanted: Wanted) -> str:
        """The store it is brought to; of a parcel, the place that it comes back to."""
        if wanted.way is ReturnWay.STORE:
            store = uow.stores.get(wanted.store_id)
            if store is None or not store.takes_visitors:
                raise _Refusal(NotReturned.NO_STORE)
            return store.id
        web = next((store for store in uow.stores.all() if store.kind is StoreKind.WEB), None)
        return web.id if web else order.store_id

    def _with_new_unit(
        self,
        uow: UnitOfWork,
        facts: OrderFacts,
        requests: list[ReturnRequest],
        request: ReturnRequest,
        wanted: Wanted,
        now: datetime,
    ) -> ReturnRequest:
        """With its new unit held. It waits where it is fetched or, for a parcel, where one is to be had."""
        ((position, quantity),) = wanted.lines.items()
        line = next(line for line in facts.order.lines if line.position == position)
        had = units(line, requests)[0]
        found = uow.products.by_variant(wanted.new_variant_id)
        old = uow.products.by_variant(had.variant_id)
        if found is None:
            raise _Refusal(NotReturned.SOLD_OUT)
        product, variant = found
        if not _is_same_product(product, old, line) or variant.price.currency != facts.order.currency:
            raise _Refusal(NotReturned.NOT_THE_SAME)
        back_minor = price_difference(
            variant.price.minor,
            bought_minor=line.unit_price_minor,
            now_minor=old[1].price.minor if old else None,
            quantity=quantity,
            paid_minor=_worth(facts, requests, wanted.lines),
        )
        if back_minor < 0 and wanted.way is ReturnWay.PARCEL:
            raise _Refusal(NotReturned.DEARER)
        hold_id = self._ids.new_id()
        for store in self._places(uow, request, wanted):
            until = self._until(store, wanted.way, now)
            if uow.stock.take(hold_id, [(variant.id, quantity)], store.id, request.customer_id, until, now):
                return replace(
                    request,
                    store_id=store.id,
                    new_variant_id=variant.id,
                    hold_id=hold_id,
                    refund_minor=back_minor,
                    due_at=until,
                )
        raise _Refusal(NotReturned.SOLD_OUT)

    def _places(self, uow: UnitOfWork, request: ReturnRequest, wanted: Wanted) -> list[Store]:
        """Where the new unit may be held, first choice first: the store that was chosen or, for a parcel, where parcels
        are sent from, and then every store, which sends it itself."""
        stores = uow.stores.all()
        if wanted.way is ReturnWay.STORE:
            return [store for store in stores if store.id == request.store_id]
        return sorted(stores, key=lambda store: (store.takes_visitors, store.id != wanted.store_id, store.position))

    def _until(self, store: Store, way: ReturnWay, now: datetime) -> datetime:
        """Until the store closes on the last day, or on the first day after it on which it is open."""
        until = now + (self._times.parcel if way is ReturnWay.PARCEL else self._times.store)
        day = until.astimezone(ZoneInfo(store.timezone)).date()
        closings = (store.last_closing_on(day + timedelta(days=ahead)) for ahead in range(14))
        return next((closing for closing in closings if closing is not None and closing >= until), until)

    def _raise(self, uow: UnitOfWork, order: Order, request: ReturnRequest) -> None:
        details = {"order": order.number, "kind": request.kind.value, "way": request.way.value, "code": request.code}
        raise_task(
            uow,
            StaffTask(
                self._ids.new_id(),
                TaskKind.RETURN,
                request.id,
                json.dumps(details),
                request.store_id,
                request.created_at,
                request.due_at,
            ),
        )

    # --- changing one's mind, and the clock

    def cancel(self, uow: UnitOfWork, return_id: str, customer_id: str) -> ReturnRequest | Refused[NotReturned]:
        """The shopper keeps it: the new size is free again at once. A withdrawal stands."""
        request = uow.returns.get(return_id)
        if request is None or request.customer_id != customer_id:
            return Refused(NotReturned.NOT_FOUND)
        if request.state not in COMING_STATES or request.kind is ReturnKind.WITHDRAWAL:
            return Refused(NotReturned.OVER)
        try:
            return self.end(uow, request, ReturnState.CANCELLED, "shopper")
        except StaleVersion:
            return Refused(NotReturned.OVER)

    def reject(self, uow: UnitOfWork, return_id: str, *, by: str, note: str) -> ReturnRequest | Refused[NotReturned]:
        """Staff say no, with a word why that the shopper reads. Nobody can say no to a withdrawal."""
        request = uow.returns.get(return_id)
        if request is None:
            return Refused(NotReturned.NOT_FOUND)
        if request.state not in COMING_STATES or request.kind is ReturnKind.WITHDRAWAL:
            return Refused(NotReturned.OVER)
        ended = self.end(uow, request, ReturnState.REJECTED, f"staff:{by}", note=note[:LONGEST_NOTE])
        tell(uow, ended, ReturnNews.REJECTED, self._clock.now(), note=note[:LONGEST_NOTE])
        return ended

    def expire_due(self, limit: int = 100) -> int:
        """The tick: gives back new sizes that nobody came for, and says so. Returns how many."""
        now = self._clock.now()
        with self._storage.read() as uow:
            due = uow.returns.due(now, limit)
        return sum(self._storage.write(partial(self._expire, seen=request)) for request in due)

    def _expire(self, uow: UnitOfWork, seen: ReturnRequest) -> bool:
        request = uow.returns.get(seen.id)
        if request is None or request.version != seen.version:
            return False  # it came back, or was cancelled
        hold = uow.stock.hold(request.hold_id)
        if hold is None or (hold.state is HoldState.ACTIVE and hold.expires_at > self._clock.now()):
            return False
        try:
            ended = self.end(uow, request, ReturnState.CANCELLED, "clock")
        except StaleVersion:
            return False
        tell(uow, ended, ReturnNews.EXPIRED, self._clock.now())
        return True

    def end(
        self, uow: UnitOfWork, request: ReturnRequest, state: ReturnState, actor: str, *, note: str = ""
    ) -> ReturnRequest:
        """Nothing comes back by this request: what was held for it is free, and staff need not look at it."""
        now = self._clock.now()
        ended = uow.returns.move(request, state)
        if request.hold_id:
            uow.stock.release(request.hold_id, MovementReason.RELEASE, now, expired=actor == "clock")
        uow.tasks.done(TaskKind.RETURN, request.id, now)
        details = {"state": state.value, "note": note, "order": request.order_id}
        uow.audit.add(actor, "return_ended", request.id, details, now)
        return ended


class _Refusal(Exception):
    """Undoes the savepoint of `request`."""

    def __init__(self, reason: NotReturned) -> None:
        super().__init__(reason.value)
        self.reason = reason


def note_event(uow: UnitOfWork, order: Order, at: datetime, actor: str, note: str) -> Order:
    """A line in the order's history, in the state in which it is. StaleVersion when the order has changed."""
    return uow.orders.move(order, order.state, OrderEvent(at, order.state, order.state, actor, note))


def _worth(facts: OrderFacts, requests: list[ReturnRequest], wanted: Mapping[int, int]) -> int:
    """What goes back for these units: what was paid for them, with the differences of their exchanges."""
    sum_minor = 0
    for line in facts.order.lines:
        quantity = wanted.get(line.position, 0)
        if quantity:
            already = line.quantity - facts.left(line, ReturnKind.RETURN)
            sum_minor += worth(line, already, quantity)
            sum_minor += sum(unit.extra_minor for unit in units(line, requests)[:quantity])
    return max(0, sum_minor)


def _is_same_product(product: Product, old: tuple[Product, Variant] | None, line: OrderLine) -> bool:
    """The variant that was bought may be gone from the shop: then its product is known by how its title begins."""
    if old is not None:
        return product.id == old[0].id
    titles = product.title.by_language.items()
    return any(line.title.by_language.get(language, "").startswith(title) for language, title in titles if title)
