"""What comes back to a counter or in a parcel: the code, the stock, the new unit, the money; each once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.coming_back import units
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.order import Order
from commerce.domain.payment import RefundReason
from commerce.domain.reservation import Refused
from commerce.domain.returns import (
    CAME_BACK,
    COMING_STATES,
    ReturnKind,
    ReturnRequest,
    ReturnState,
    ReturnWay,
)
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.stock import HoldState, MovementReason
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.codes import CodeGuard
from commerce.services.refunding import Refunding
from commerce.services.return_news import ReturnNews, tell
from commerce.services.returns import Returns, note_event

# The old one is back and its new one waits in another store: it is theirs, and only has to be fetched.
WAITS_FOR = timedelta(days=90)
_TRIES = 5


class TakingBack:
    """For staff. A refusal is a value that the caller commits: wrong codes count."""

    def __init__(self, clock: Clock, ids: Ids, returns: Returns, refunding: Refunding, codes: CodeGuard) -> None:
        self._clock, self._ids = clock, ids
        self._returns, self._refunding, self._codes = returns, refunding, codes

    def receive(
        self,
        uow: UnitOfWork,
        return_id: str,
        *,
        code: str,
        by: str,
        store_id: str,
        resellable: bool | Mapping[int, bool],
        difference_paid: bool = False,
    ) -> ReturnRequest | HandOverRefused:
        """The things are here. What can be sold again is on this store's shelf; what cannot is nobody's stock.

        An exchange whose new unit waits in this store is handed over with it; a dearer one once the difference is paid.
        Money that goes back is asked for here. `resellable`: for all, or by line position.
        """
        refusal = self._check(uow, return_id, code, store_id)
        if refusal is not None:
            return refusal
        for _ in range(_TRIES):
            request = uow.returns.get(return_id)
            order = uow.orders.get(request.order_id) if request else None
            if request is None or order is None or uow.stores.get(store_id) is None:
                return HandOverRefused(NotHandedOver.NOT_FOUND)
            if request.state in CAME_BACK:
                return HandOverRefused(NotHandedOver.ALREADY)
            if request.state not in COMING_STATES:
                return HandOverRefused(NotHandedOver.OVER)
            if request.refund_minor < 0 and not difference_paid:
                return HandOverRefused(NotHandedOver.NOT_PAID, due_minor=-request.refund_minor)
            if request.hold_id and not self._still_held(uow, request):
                return HandOverRefused(NotHandedOver.OVER)  # its time ran out, and somebody else has the new one
            try:
                with uow.savepoint():
                    return self._receive(uow, order, request, by=by, store_id=store_id, resellable=resellable)
            except StaleVersion:  # another till was faster, or the order moved: look again
                continue
        raise StaleVersion(f"return {return_id} does not stand still")

    def hand_over(
        self, uow: UnitOfWork, return_id: str, *, code: str, by: str, store_id: str, to: str = ""
    ) -> ReturnRequest | HandOverRefused:
        """The new unit of an exchange whose old one is back already: fetched where it waited, or sent from there."""
        refusal = self._check(uow, return_id, code, store_id)
        if refusal is not None:
            return refusal
        request = uow.returns.get(return_id)
        if request is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        if request.state is ReturnState.SETTLED:
            return HandOverRefused(NotHandedOver.ALREADY)
        if request.state is not ReturnState.RECEIVED:
            over = request.state not in COMING_STATES
            return HandOverRefused(NotHandedOver.OVER if over else NotHandedOver.NOT_READY)
        if store_id != request.store_id:
            return HandOverRefused(NotHandedOver.WRONG_STORE)
        try:
            with uow.savepoint():
                return self._hand_over(uow, request, by=by, to=to)
        except StaleVersion:
            return HandOverRefused(NotHandedOver.ALREADY)

    def _check(self, uow: UnitOfWork, return_id: str, code: str, store_id: str) -> HandOverRefused | None:
        request = uow.returns.get(return_id)
        if request is None:
            return HandOverRefused(NotHandedOver.NOT_FOUND)
        return self._codes.check(uow, f"return:{request.id}", store_id, code, request.code)

    def _still_held(self, uow: UnitOfWork, request: ReturnRequest) -> bool:
        hold = uow.stock.hold(request.hold_id)
        return hold is not None and hold.state is HoldState.ACTIVE

    def _receive(
        self,
        uow: UnitOfWork,
        order: Order,
        request: ReturnRequest,
        *,
        by: str,
        store_id: str,
        resellable: bool | Mapping[int, bool],
    ) -> ReturnRequest:
        now = self._clock.now()
        judged = tuple(
            replace(
                line, resellable=resellable if isinstance(resellable, bool) else resellable.get(line.position, False)
            )
            for line in request.lines
        )
        before = uow.returns.of_order(order.id)
        received = uow.returns.move(replace(request, lines=judged), ReturnState.RECEIVED)
        order = note_event(uow, order, now, f"staff:{by}", f"{request.kind.value} received")
        for line in judged:
            bought = next(each for each in order.lines if each.position == line.position)
            had = units(bought, before)[: line.quantity]
            if line.resellable:
                for variant_id in dict.fromkeys(unit.variant_id for unit in had):
                    count = sum(unit.variant_id == variant_id for unit in had)
                    reference = f"return:{request.id}:{line.position}"
                    uow.stock.adjust(variant_id, store_id, count, MovementReason.RETURN, reference, now)
            if request.kind is not ReturnKind.EXCHANGE:
                uow.orders.returned(order.id, line.position, line.quantity)
        details = {"store": store_id, "resellable": [bool(line.resellable) for line in judged], "order": order.id}
        uow.audit.add(f"staff:{by}", "return_received", request.id, details, now)
        uow.tasks.done(TaskKind.RETURN, request.id, now)
        self._settle_money(uow, order, received, by=by, at=now)
        tell(uow, received, ReturnNews.RECEIVED, now)
        if request.kind is not ReturnKind.EXCHANGE:
            return uow.returns.move(received, ReturnState.SETTLED)
        if request.way is ReturnWay.STORE and store_id == request.store_id:
            return self._hand_over(uow, received, by=by, to="")
        self._let_it_wait(uow, order, received, now)
        return received

    def _settle_money(self, uow: UnitOfWork, order: Order, request: ReturnRequest, *, by: str, at: datetime) -> None:
        """A withdrawal's money was asked for when it was declared; a difference to pay was paid at this counter."""
        if request.kind is ReturnKind.WITHDRAWAL or not request.refund_minor:
            return
        if request.refund_minor < 0:
            paid = {"order": order.id, "amount_minor": -request.refund_minor, "currency": request.currency}
            uow.audit.add(f"staff:{by}", "exchange_difference_paid", request.id, paid, at)
            return
        asked = self._refunding.ask(uow, order.id, request.refund_minor, RefundReason.RETURN)
        if isinstance(asked, Refused):  # paid in a way that we have no books of: a person gives it back
            details = {
                "order": order.number,
                "order_id": order.id,
                "amount_minor": request.refund_minor,
                "currency": request.currency,
                "reason": RefundReason.RETURN.value,
                "error": asked.reason.value,
            }
            raise_task(
                uow, StaffTask(self._ids.new_id(), TaskKind.REFUND, request.id, json.dumps(details), order.store_id, at)
            )

    def _let_it_wait(self, uow: UnitOfWork, order: Order, request: ReturnRequest, at: datetime) -> None:
        uow.stock.extend(request.hold_id, at + WAITS_FOR)
        is_parcel = request.way is ReturnWay.PARCEL
        details = {"order": order.number, "to_do": "send the new one" if is_parcel else "hand over the new one"}
        raise_task(
            uow, StaffTask(self._ids.new_id(), TaskKind.RETURN, request.id, json.dumps(details), request.store_id, at)
        )

    def _hand_over(self, uow: UnitOfWork, request: ReturnRequest, *, by: str, to: str) -> ReturnRequest:
        now = self._clock.now()
        settled = uow.returns.move(request, ReturnState.SETTLED)
        if not uow.stock.consume(request.hold_id, MovementReason.COLLECT, now):
            raise StaleVersion(f"the hold of return {request.id} has ended")
        uow.tasks.done(TaskKind.RETURN, request.id, now)
        uow.audit.add(f"staff:{by}", "exchange_handed_over", request.id, {"to": to, "store": request.store_id}, now)
        return settled
