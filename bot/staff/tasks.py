"""What somebody of the team has to look at, and « done »."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.messages import Button
from bot.staff.desk import Desk
from bot.staff.discretion import discreet
from bot.staff.taps import TaskTap
from bot.wording import words
from commerce.domain.staff import StaffTask, TaskKind
from commerce.domain.team import Permission
from commerce.i18n import format_moment
from commerce.ports import UnitOfWork

_MOST = 1000
_NEEDS = {
    TaskKind.REFUND: Permission.REFUND,
    TaskKind.REFUND_FAILED: Permission.REFUND,
    TaskKind.DISPUTE: Permission.REFUND,
    TaskKind.DISPUTE_LOST: Permission.REFUND,
    TaskKind.STOCK_DIFFERENCE: Permission.STOCK,
    TaskKind.CALL_BACK: Permission.INBOX,
}


_DECIDED_ON_PAGES = frozenset({TaskKind.REFUND_APPROVAL})


def open_task(uow: UnitOfWork, task_id: str) -> StaffTask | None:
    return next((task for task in uow.tasks.open(limit=_MOST) if task.id == task_id), None)


def face_of(uow: UnitOfWork, task: StaffTask, language: str) -> tuple[str, tuple[tuple[Button, ...], ...]]:
    """Its words and its button. What is decided on the pages has none."""
    store = uow.stores.get(task.store_id) if task.store_id else None
    lines = [" · ".join(filter(None, ["🔔 " + kind_name(task.kind, language), store.name(language) if store else ""]))]
    details = _details(task)
    customer = uow.customers.get(uow.customers.present_id(str(details.get("customer_id", ""))))
    if customer is not None and customer.name:
        lines.append(customer.name)
    number = _order_number(uow, task, details)
    if number:
        lines.append(words(language, "Order {number}", number=number))
    if task.due_at is not None:
        zone = store.timezone if store else "UTC"
        lines.append(words(language, "by {time}", time=format_moment(task.due_at, language, zone)))
    done = Button(words(language, "Done"), str(TaskTap(task.id)))
    return discreet("\n".join(lines)), () if task.kind in _DECIDED_ON_PAGES else ((done,),)


def tapped(desk: Desk, tap: TaskTap) -> None:
    task = open_task(desk.uow, tap.task_id)
    if task is None:
        desk.toast(desk.t("This was done already."))
        desk.replace(desk.t("Done"))
        return
    if task.kind in _DECIDED_ON_PAGES or not desk.member.may(_NEEDS.get(task.kind, Permission.ORDERS), task.store_id):
        desk.toast(desk.t("You may not do that."), alert=True)
        return
    desk.uow.tasks.done(task.kind, task.subject, desk.now)
    desk.uow.audit.add(f"staff:{desk.member.id}", "task_done", task.id, {"kind": task.kind.value}, desk.now)
    desk.toast(desk.t("Done"))
    text, _ = face_of(desk.uow, task, desk.language)
    desk.replace(f"{text}\n✅ {desk.member.name}")


def kind_name(kind: TaskKind, language: str) -> str:
    match kind:
        case TaskKind.REFUND:
            return words(language, "Money to give back")
        case TaskKind.UNFULFILLABLE:
            return words(language, "Paid, and nothing left to sell")
        case TaskKind.PAYMENT_DIFFERENCE:
            return words(language, "The provider’s list and our books differ")
        case TaskKind.PAYMENT_UNKNOWN:
            return words(language, "Nobody knows whether this was paid")
        case TaskKind.REFUND_FAILED:
            return words(language, "A refund did not go through")
        case TaskKind.DISPUTE:
            return words(language, "A customer’s bank asks for money back")
        case TaskKind.DISPUTE_LOST:
            return words(language, "A customer’s bank has given money back to them")
        case TaskKind.REFUND_APPROVAL:
            return words(language, "A refund to be approved or refused, on the pages")
        case TaskKind.RETURN:
            return words(language, "A return to look at")
        case TaskKind.STOCK_DIFFERENCE:
            return words(language, "Stock that does not add up")
        case TaskKind.CALL_BACK:
            return words(language, "Somebody wants to be called back")


def _details(task: StaffTask) -> Mapping[str, object]:
    try:
        details = json.loads(task.details)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


def _order_number(uow: UnitOfWork, task: StaffTask, details: Mapping[str, object]) -> int:
    order = uow.orders.get(str(details.get("order_id") or task.subject))
    return order.number if order else 0
