"""Buttons under a card, and the code that is asked for: what a member does with something to be collected."""

from __future__ import annotations

import json
from typing import Any

from bot.messages import Button
from bot.staff.cards import stage_name
from bot.staff.desk import Desk
from bot.staff.taps import CardDeed, CardTap
from commerce.domain.collecting import NotMoved, PickUp, PickUpKind, PickUpRef, Stage
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.mail import OutboundMessage
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.i18n import format_money, format_time
from commerce.services.alerting import StaffAlert

_LONGEST_CODE = 64


def tapped(desk: Desk, tap: CardTap) -> None:
    card = desk.shop.collecting.get(desk.uow, tap.ref, by=desk.member)
    if card is None:
        desk.toast(_not_moved(desk, NotMoved.NOT_FOUND), alert=True)
        return
    match tap.deed:
        case CardDeed.SHOW:
            desk.toast()
            show(desk, tap.ref, anew=True)
        case CardDeed.REASONS | CardDeed.BACK | CardDeed.CODE if card.version != tap.version:
            _too_late(desk, card, NotMoved.STALE)
        case CardDeed.REASONS | CardDeed.BACK:
            desk.toast()
            show(desk, tap.ref, message_id=desk.said.tapped, asks_why=tap.deed is CardDeed.REASONS)
        case CardDeed.ACCEPT:
            _moved(desk, desk.shop.collecting.accept(desk.uow, tap.ref, tap.version, by=desk.member))
        case CardDeed.READY:
            _moved(desk, desk.shop.collecting.ready(desk.uow, tap.ref, tap.version, by=desk.member))
        case CardDeed.REJECT:
            _rejected(desk, tap)
        case CardDeed.CODE:
            _ask_code(desk, card)
        case CardDeed.HAND | CardDeed.HAND_PROXY:
            _hand_over(desk, tap, card)


def show(desk: Desk, ref: PickUpRef, *, anew: bool = False, message_id: str = "", asks_why: bool = False) -> None:
    """The card in this chat as it is now: again, or in place of what a message shows."""
    facts = {"kind": ref.kind.value, "id": ref.id, "anew": anew, "message_id": message_id, "asks_why": asks_why}
    row = OutboundMessage(desk.said.chat, StaffAlert.PICK_UP.value, json.dumps(facts))
    desk.uow.outbox.add(row, desk.now)


def _moved(desk: Desk, result: PickUp | Refused[NotMoved]) -> None:
    """What the others see comes by the news that the move itself has sent."""
    if isinstance(result, PickUp):
        desk.toast(stage_name(result.stage, desk.language))
    else:
        _refused(desk, result)


def _rejected(desk: Desk, tap: CardTap) -> None:
    assert tap.reason is not None
    result = desk.shop.offering.reject(
        desk.uow, tap.ref, tap.reason, alike=desk.ahead.alike, member=desk.member, version=tap.version
    )
    if isinstance(result, Refused):
        _refused(desk, result)
    elif result.offer is not None:
        count = len(result.offer.choices)
        desk.toast(desk.t("Rejected. The customer was offered {count} instead.", count=count))
    else:
        desk.toast(desk.t("Rejected. The customer was told; there was nothing to offer."))


def _refused(desk: Desk, refused: Refused[NotMoved]) -> None:
    tap_ref = _ref_of(desk)
    card = desk.uow.pick_ups.get(tap_ref) if tap_ref else None
    if card is None:
        desk.toast(_not_moved(desk, refused.reason), alert=True)
    else:
        _too_late(desk, card, refused.reason)


def _too_late(desk: Desk, card: PickUp, reason: NotMoved) -> None:
    """Says so, with what it is now, and brings the message that was tapped up to date."""
    now = desk.t("It is now: {stage}", stage=stage_name(card.stage, desk.language))
    desk.toast(f"{_not_moved(desk, reason)} {now}", alert=True)
    show(desk, card.ref, message_id=desk.said.tapped)


def _ref_of(desk: Desk) -> PickUpRef | None:
    from bot.staff.taps import read_tap

    tap = read_tap(desk.said.message.action)
    return tap.ref if isinstance(tap, CardTap) else None


def _not_moved(desk: Desk, reason: NotMoved) -> str:
    match reason:
        case NotMoved.NOT_FOUND:
            return desk.t("This is not in one of your stores.")
        case NotMoved.STALE:
            return desk.t("Somebody was faster.")
        case NotMoved.OVER:
            return desk.t("This is over.")
        case NotMoved.NOT_POSSIBLE:
            return desk.t("That cannot be done from here.")


# --- handing over: the code, then to whom


def _ask_code(desk: Desk, card: PickUp) -> None:
    if card.stage is not Stage.READY:
        _too_late(desk, card, NotMoved.NOT_POSSIBLE)
        return
    desk.toast()
    desk.wait_for("code", kind=card.ref.kind.value, id=card.ref.id)
    name = card.customer_name or desk.t("Customer")
    desk.say(desk.t("{member}, which code does {name} show? Answer this message.", member=desk.member.name, name=name),
             asks=True)  # fmt: skip


def code_typed(desk: Desk, awaited: dict[str, Any]) -> None:
    ref = PickUpRef(PickUpKind(awaited["kind"]), awaited["id"])
    code = desk.said.message.text[:_LONGEST_CODE]
    refusal = desk.shop.collecting.check_code(desk.uow, ref, code=code, by=desk.member)
    card = desk.shop.collecting.get(desk.uow, ref, by=desk.member)
    if refusal is not None or card is None:
        if refusal is None or refusal.reason is not NotHandedOver.WRONG_CODE:
            desk.wait_no_more()
        desk.say(_not_handed_over(desk, refusal or HandOverRefused(NotHandedOver.NOT_FOUND), card))
        return
    desk.wait_for("hand", kind=ref.kind.value, id=ref.id, code=code)
    due = Money(card.due_minor, card.total.currency)
    paid = bool(card.due_minor)
    if paid:
        question = desk.t("Right. Take {amount}, then say who came.", amount=format_money(due, desk.language))
    else:
        question = desk.t("Right. Who came?")
    proxy = card.details.proxy or desk.t("Somebody else")
    desk.say(
        question,
        [[
            Button(desk.t("The customer"), str(CardTap(CardDeed.HAND, ref, card.version, paid=paid))),
            Button(proxy, str(CardTap(CardDeed.HAND_PROXY, ref, card.version, paid=paid))),
        ]],
    )  # fmt: skip


def _hand_over(desk: Desk, tap: CardTap, card: PickUp) -> None:
    awaited = desk.awaited()
    if awaited is None or awaited["what"] != "hand" or awaited["id"] != tap.ref.id:
        desk.toast(desk.t("Ask for the code again: it was too long ago, or a colleague asked for it."), alert=True)
        return
    to = (card.details.proxy or desk.t("Somebody else")) if tap.deed is CardDeed.HAND_PROXY else ""
    result = desk.shop.collecting.hand_over(
        desk.uow, tap.ref, code=awaited["code"], by=desk.member, to=to, paid=tap.paid
    )
    desk.wait_no_more()
    if isinstance(result, HandOverRefused):
        desk.toast(_not_handed_over(desk, result, card), alert=True)
        return
    desk.toast(desk.t("Handed over"))
    text = desk.t("Handed over to {name}.", name=to or card.customer_name or desk.t("the customer"))
    desk.replace(text)


def _not_handed_over(desk: Desk, refused: HandOverRefused, card: PickUp | None) -> str:
    store = desk.uow.stores.get(card.store_id) if card else None
    zone = store.timezone if store else "UTC"
    at = format_time(refused.at, desk.language, zone) if refused.at else ""
    match refused.reason:
        case NotHandedOver.WRONG_CODE:
            return desk.t("Unknown code")
        case NotHandedOver.LOCKED:
            return desk.t("Too many wrong codes. Try again at {time}.", time=at)
        case NotHandedOver.SLOW:
            return desk.t("Too many wrong codes in this store. Wait a moment, then try again.")
        case NotHandedOver.NOT_READY:
            return desk.t("It is not ready yet.")
        case NotHandedOver.NOT_PAID:
            return desk.t("It is not paid yet.")
        case NotHandedOver.ALREADY:
            return desk.t("Already handed over at {time}", time=at)
        case NotHandedOver.OVER:
            return desk.t("This is over.")
        case NotHandedOver.NOT_FOUND | NotHandedOver.BY_PARCEL | NotHandedOver.WRONG_STORE:
            return desk.t("This is not in one of your stores.")
