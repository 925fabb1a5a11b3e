"""The legal withdrawal from a contract made at a distance: declared in two steps, receipted at once, never asked why.

Code de la consommation, articles L221-18 to L221-28 and D221-5; directive 2011/83/EU, articles 9 to 16.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from commerce.domain.coming_back import OrderFacts, units, way_back, withdrawn_worth
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import Order, OrderState
from commerce.domain.payment import HAS_MONEY, Refund, RefundReason
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
from commerce.domain.spreadsheets import safe_cell
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.stock import MovementReason
from commerce.errors import StaleVersion
from commerce.ports import Clock, Ids, UnitOfWork
from commerce.services.alerting import raise_task
from commerce.services.receipts import Withdrawal, receipt_text
from commerce.services.refund_books import state_before
from commerce.services.refunding import Refunding
from commerce.services.returns import Returns, note_event

REFUND_WITHIN = timedelta(days=14)  # of being told, article L221-24
NOTICE_RECEIPT = "withdrawal_receipt"
_LONGEST_NAME = 120
_TRIES = 5
# The goods have left the shop: they have to come back.
_OUT = frozenset({OrderState.SHIPPED, OrderState.COMPLETED})


class Withdrawing:
    """Everything that follows from a withdrawal is written in the caller's unit of work, together with its receipt."""

    def __init__(self, clock: Clock, ids: Ids, returns: Returns, refunding: Refunding, *, shop_name: str) -> None:
        self._clock, self._ids, self._returns, self._refunding = clock, ids, returns, refunding
        self._shop_name = shop_name

    def withdraw(
        self,
        uow: UnitOfWork,
        order_id: str,
        customer_id: str,
        *,
        name: str,
        contact: Contact,
        channel: str,
        language: str,
        seen: int,
        lines: Mapping[int, int] | None = None,
    ) -> ReturnRequest | Refused[NotReturned]:
        """Withdraws from `lines` (units by position; None: all that is left) and sends the receipt to `contact`.

        `channel` names it in the receipt. `seen`: how many withdrawals of this order there were when the shopper was
        asked to confirm; where there are more by now, this is a second tap, and the answer is the same receipt.
        """
        for _ in range(_TRIES):
            order = uow.orders.get(order_id)
            if order is None or order.customer_id != customer_id:
                return Refused(NotReturned.NOT_FOUND)
            facts, requests = self._returns.facts(uow, order)
            done = self._returns.options(uow, order).withdrawn
            wanted = _left(facts) if lines is None else dict(lines)
            if done and (len(done) > seen or not any(wanted.values())):
                return done[-1]
            refusal = self._why_not(facts, wanted)
            if refusal is not None:
                return Refused(refusal)
            try:
                with uow.savepoint():
                    now = self._clock.now()
                    amount = self._amount(uow, facts, wanted, locked=True)  # what the receipt promises is asked back
                    order = note_event(uow, order, now, "shopper", "withdrawal")
                    return self._write(
                        uow,
                        replace(facts, order=order),
                        requests,
                        wanted,
                        amount,
                        name=" ".join(name.split())[:_LONGEST_NAME],
                        contact=contact,
                        channel=channel,
                        language=language,
                        now=now,
                    )
            except StaleVersion:  # a second tap was faster, or the order has just moved: look again
                continue
        raise StaleVersion(f"order {order_id} does not stand still")

    def amount(self, uow: UnitOfWork, order: Order, lines: Mapping[int, int] | None = None) -> int:
        """What would go back for a withdrawal from these units now, in minor units."""
        facts, _ = self._returns.facts(uow, order)
        return self._amount(uow, facts, _left(facts) if lines is None else lines)

    def _amount(self, uow: UnitOfWork, facts: OrderFacts, wanted: Mapping[int, int], *, locked: bool = False) -> int:
        attempts = uow.payments.of_order(facts.order.id, locked=locked)
        return min(withdrawn_worth(facts, wanted), sum(a.refundable_minor for a in attempts if a.state in HAS_MONEY))

    def _why_not(self, facts: OrderFacts, wanted: Mapping[int, int]) -> NotReturned | None:
        way = way_back(facts, ReturnKind.WITHDRAWAL, self._returns.rules, self._clock.now())
        if isinstance(way, NotReturned):
            return way
        left = _left(facts)
        if not any(wanted.values()) or any(n < 0 or position not in left for position, n in wanted.items()):
            return NotReturned.NO_SUCH_LINE
        return NotReturned.ALREADY if any(n > left[position] for position, n in wanted.items()) else None

    def _write(
        self,
        uow: UnitOfWork,
        facts: OrderFacts,
        requests: list[ReturnRequest],
        wanted: Mapping[int, int],
        amount: int,
        *,
        name: str,
        contact: Contact,
        channel: str,
        language: str,
        now: datetime,
    ) -> ReturnRequest:
        order, return_id = facts.order, self._ids.new_id()
        goods_are_out = order.fulfilled_at is not None or state_before(uow, order) in _OUT
        self._end_other_requests(uow, requests, wanted)
        due_at = now + REFUND_WITHIN
        receipt = receipt_text(
            Withdrawal(return_id, order, name, wanted, now, facts.timezone, channel, amount, due_at, goods_are_out),
            self._shop_name,
            language,
        )
        request = ReturnRequest(
            id=return_id,
            order_id=order.id,
            customer_id=order.customer_id,
            kind=ReturnKind.WITHDRAWAL,
            # What never left the shop is back already.
            state=ReturnState.APPROVED if goods_are_out else ReturnState.SETTLED,
            reason=ReturnReason.NONE,
            way=ReturnWay.PARCEL,
            code=self._ids.new_code(),
            lines=tuple(
                ReturnLine(position, quantity, None if goods_are_out else True)
                for position, quantity in sorted(wanted.items())
                if quantity
            ),
            created_at=now,
            note=name,
            store_id=order.store_id,
            refund_minor=amount,
            currency=order.currency,
            due_at=due_at,
            receipt=receipt,
            receipt_channel=contact.channel,
        )
        uow.returns.add(request)
        if not goods_are_out:
            self._put_back(uow, order, requests, request, now)
        refunds = self._refunding.ask(uow, order.id, amount, RefundReason.WITHDRAWAL, due_at) if amount else []
        self._raise(uow, order, request, [] if isinstance(refunds, Refused) else refunds, goods_are_out=goods_are_out)
        uow.outbox.add(OutboundMessage(contact, NOTICE_RECEIPT, json.dumps({"return_id": return_id})), now)
        details = {"order": order.id, "refund_minor": amount, "currency": order.currency}
        uow.audit.add(f"shopper:{order.customer_id}", "withdrawal", return_id, details, now)
        return request

    def _end_other_requests(self, uow: UnitOfWork, requests: list[ReturnRequest], wanted: Mapping[int, int]) -> None:
        """An exchange or return of the same thing that has not come back yet ends with the contract."""
        for request in requests:
            touched = any(wanted.get(line.position) for line in request.lines)
            if touched and request.kind is not ReturnKind.WITHDRAWAL and request.state in COMING_STATES:
                self._returns.end(uow, request, ReturnState.CANCELLED, "shopper", note="withdrawal")

    def _put_back(
        self, uow: UnitOfWork, order: Order, requests: list[ReturnRequest], request: ReturnRequest, now: datetime
    ) -> None:
        """What was sold and never left the shop can be sold again: at once, or since its money began to go back."""
        is_on_the_shelf = order.state is OrderState.REFUND_PENDING
        lines = {line.position: line for line in order.lines}
        for each in request.lines:
            uow.orders.returned(order.id, each.position, each.quantity)
            if is_on_the_shelf:
                continue
            had = units(lines[each.position], requests)[: each.quantity]
            for variant_id in dict.fromkeys(unit.variant_id for unit in had):
                count = sum(unit.variant_id == variant_id for unit in had)
                reference = f"return:{request.id}:{each.position}"
                uow.stock.adjust(variant_id, order.store_id, count, MovementReason.RETURN, reference, now)

    def _raise(
        self, uow: UnitOfWork, order: Order, request: ReturnRequest, refunds: list[Refund], *, goods_are_out: bool
    ) -> None:
        """What has to be back until when, and what is not to be sent any more; over when the money is back."""
        details = {
            "order": order.number,
            "order_id": order.id,
            "return_id": request.id,
            "amount_minor": request.refund_minor,
            "currency": request.currency,
            "reason": RefundReason.WITHDRAWAL.value,
            "goods": "come back" if goods_are_out else "stay in the shop: do not hand over or send",
        }
        for subject in [refund.id for refund in refunds] or [request.id]:
            raise_task(
                uow,
                StaffTask(
                    self._ids.new_id(),
                    TaskKind.REFUND,
                    subject,
                    json.dumps(details),
                    order.store_id,
                    request.created_at,
                    request.due_at,
                ),
            )

    # --- for the operator

    def as_csv(self, uow: UnitOfWork) -> str:
        """All withdrawals, oldest first, safe to open in a spreadsheet."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\r\n")
        rows.writerow(_COLUMNS)
        for request in uow.returns.find(limit=1_000_000):
            if request.kind is ReturnKind.WITHDRAWAL:
                rows.writerow([safe_cell(cell) for cell in self._row(uow, request)])
        return out.getvalue()

    def _row(self, uow: UnitOfWork, request: ReturnRequest) -> list[str]:
        order = uow.orders.get(request.order_id)
        lines = {line.position: line for line in order.lines} if order else {}
        items = [f"{each.quantity} x {lines[each.position].sku}" for each in request.lines if each.position in lines]
        refunds = [
            f"{refund.amount.minor} {refund.state.value}"
            for refund in uow.payments.refunds_of(request.order_id)
            if refund.reason is RefundReason.WITHDRAWAL and refund.due_at == request.due_at
        ]
        return [
            request.id,
            request.created_at.isoformat(),
            str(order.number if order else ""),
            order.fulfilled_at.isoformat() if order and order.fulfilled_at else "",
            request.note,
            request.receipt_channel,
            "; ".join(items),
            str(request.refund_minor),
            request.currency,
            request.due_at.isoformat() if request.due_at else "",
            request.state.value,
            "; ".join(refunds),
        ]


_COLUMNS = (
    "reference", "received_at", "order", "handed_over_at", "name", "receipt_to", "items", "refund_minor", "currency",
    "refund_due_at", "state", "refunds",
)  # fmt: skip


def _left(facts: OrderFacts) -> dict[int, int]:
    return {line.position: facts.left(line, ReturnKind.WITHDRAWAL) for line in facts.order.lines}
