"""The board: what people will come for, how far it is, and the buttons that move it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from commerce.domain.collecting import (
    OPEN_STAGES,
    NotMoved,
    PickUp,
    PickUpKind,
    PickUpRef,
    RejectReason,
    Stage,
)
from commerce.domain.handing_over import HandOverRefused, NotHandedOver
from commerce.domain.money import Money
from commerce.domain.reservation import Refused
from commerce.domain.store import Store
from commerce.domain.team import Permission, StaffMember
from commerce.i18n import format_money, format_time
from commerce.ports import UnitOfWork
from commerce.services.again import write_again
from shoppable import inputs
from shoppable.api.counter import NOT_HANDED_OVER
from shoppable.counter import access, cards
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page, store_ids_of, wants_part
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import NOT_MOVED

_MOST_CARDS, _MOST_OVER = 200, 12
_COLUMNS = {"new": (Stage.NEW,), "in-hand": (Stage.ACCEPTED, Stage.PREPARING), "ready": (Stage.READY,)}
COLUMNS = {"new": "New", "in-hand": "In hand", "ready": "Waiting for the customer"}
NOBODY = {"new": "Nobody waits.", "in-hand": "Nothing is being prepared.", "ready": "Nothing is ready yet."}
_OVER = tuple(stage for stage in Stage if stage not in OPEN_STAGES)

DONE = {
    "accept": "Accepted: the customer knows.",
    "preparing": "Being prepared.",
    "ready": "Ready: the customer has been told.",
    "hand-over": "Handed over.",
    "reject": "Rejected: the customer is offered something else.",
}


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: str
    empty: str
    cards: list[cards.CardShown]


@blueprint.get("")
@access.needs(Permission.PICK_UPS)
def board() -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _board(Told(translate(DONE[done])) if done in DONE else None)


def _board(told: Told | None = None, *, handing: PickUpRef | None = None, status: int = 200) -> ResponseReturnValue:
    """The page, or its changing part alone where the script asks for that."""
    member, shop = access.member(), site().shop
    with shop.storage.read() as uow:
        stores = {store.id: store for store in uow.stores.all() if member.works_at(store.id)}
        asked = request.values.get("store", "")
        asked = asked if asked in stores else ""
        ids = frozenset({asked}) if asked else store_ids_of(member)
        mark = uow.pick_ups.last_mark()
        found = uow.pick_ups.find(store_ids=ids, stages=OPEN_STAGES, limit=_MOST_CARDS)
        over = uow.pick_ups.find(store_ids=ids, stages=_OVER, limit=_MOST_OVER)
        disputed = uow.disputes.open_among(each.ref.id for each in found if each.ref.kind is PickUpKind.ORDER)
    now = shop.clock.now()

    def show(pick_up: PickUp) -> cards.CardShown:
        names_store = len(stores) > 1 and not asked
        return cards.shown(
            pick_up, member, stores, now, names_store=names_store, handing=pick_up.ref == handing, disputed=disputed
        )

    part = wants_part("board")
    return counter_page(
        "counter/board_part.html" if part else "counter/board.html",
        room="board",
        status=200 if part else status,
        mark=mark,
        now_iso=now.astimezone(UTC).isoformat(),
        columns=[
            Column(
                name,
                translate(COLUMNS[name]),
                translate(NOBODY[name]),
                [show(each) for each in found if each.stage in stages],
            )
            for name, stages in _COLUMNS.items()
        ],
        over=[show(each) for each in over],
        stores=sorted(stores.values(), key=lambda store: (store.position, store.id)),
        asked_store=asked,
        told=told,
        reject_reasons=reject_reasons(),
    )


def reject_reasons() -> list[tuple[str, str]]:
    return [(reason.value, translate(words)) for reason, words in cards.REASONS.items()]


# --- moving on


@blueprint.post("/pick-ups/<kind>/<id>/accept")
@access.needs(Permission.PICK_UPS)
def accept(kind: str, id: str) -> ResponseReturnValue:
    return _moved("accept", kind, id)


@blueprint.post("/pick-ups/<kind>/<id>/preparing")
@access.needs(Permission.PICK_UPS)
def preparing(kind: str, id: str) -> ResponseReturnValue:
    return _moved("preparing", kind, id)


@blueprint.post("/pick-ups/<kind>/<id>/ready")
@access.needs(Permission.PICK_UPS)
def ready(kind: str, id: str) -> ResponseReturnValue:
    return _moved("ready", kind, id)


@blueprint.post("/pick-ups/<kind>/<id>/reject")
@access.needs(Permission.PICK_UPS)
def reject(kind: str, id: str) -> ResponseReturnValue:
    return _moved("reject", kind, id)


@blueprint.post("/pick-ups/<kind>/<id>/hand-over")
@access.needs(Permission.PICK_UPS)
def hand_over(kind: str, id: str) -> ResponseReturnValue:
    """A refusal is committed: a wrong code counts."""
    ref, member, shop = ref_of(kind, id), access.member(), site().shop
    code = inputs.clean(request.form.get("code", ""))
    to = inputs.clean(request.form.get("to", ""))[:80].strip() if request.form.get("who") == "proxy" else ""
    paid = request.form.get("paid") == "yes"

    def work(uow: UnitOfWork) -> PickUp | HandOverRefused:
        return shop.collecting.hand_over(uow, ref, code=code, by=member, to=to, paid=paid)

    result = write_again(shop.storage, work)
    site().wake()
    if isinstance(result, HandOverRefused):
        if result.reason is NotHandedOver.NOT_FOUND:
            abort(404)
        return _answered(Told(not_handed_over(result), is_bad=True), handing=ref)
    return _answered(Told(translate(DONE["hand-over"])), done="hand-over")


def _moved(name: str, kind: str, id: str) -> ResponseReturnValue:
    ref, member, shop, version = ref_of(kind, id), access.member(), site().shop, _version()
    reason, note = _reason(), inputs.clean(request.form.get("note", ""))[:200]
    # Looking at pictures takes its time: before the transaction.
    alike = shop.offering.look_alikes(ref) if name == "reject" else ()

    def work(uow: UnitOfWork) -> object:
        match name:
            case "accept":
                return shop.collecting.accept(uow, ref, version, by=member)
            case "preparing":
                return shop.collecting.start_preparing(uow, ref, version, by=member)
            case "ready":
                return shop.collecting.ready(uow, ref, version, by=member)
            case _:
                return shop.offering.reject(uow, ref, reason, alike=alike, member=member, version=version, note=note)

    result = write_again(shop.storage, work)
    site().wake()
    if isinstance(result, Refused):
        if result.reason is NotMoved.NOT_FOUND:
            abort(404)
        return _answered(Told(translate(NOT_MOVED[result.reason]), is_bad=True))
    return _answered(Told(translate(DONE[name])), done=name)


def _answered(told: Told, *, done: str = "", handing: PickUpRef | None = None) -> ResponseReturnValue:
    """The script gets the changed part; without it a browser is led back, or sees at once what was wrong."""
    if wants_part("board") or not done:
        return _board(told, handing=handing, status=409)
    store = request.form.get("store", "")
    return redirect(f"/staff?done={done}" + (f"&store={store}" if store.isalnum() else ""), 303)


def ref_of(kind: str, id: str) -> PickUpRef:
    if kind not in {each.value for each in PickUpKind} or not (id.isalnum() and id.isascii() and len(id) <= 32):
        abort(404)
    return PickUpRef(PickUpKind(kind), id)


def _version() -> int:
    given = request.form.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0


def _reason() -> RejectReason:
    given = request.form.get("reason", "")
    return RejectReason(given) if given in {each.value for each in RejectReason} else RejectReason.OTHER


def not_handed_over(refused: HandOverRefused) -> str:
    """Why, with when or how much."""
    shop = site().shop
    if refused.reason is NotHandedOver.ALREADY and refused.at is not None:
        time = format_time(refused.at, language(), shop.settings.timezone)
        return translate("Already handed over at {time}.", time=time)
    if refused.reason is NotHandedOver.NOT_PAID and refused.due_minor:
        due = format_money(Money(refused.due_minor, shop.settings.currency), language())
        return translate("{due} has to be paid first.", due=due)
    return translate(NOT_HANDED_OVER[refused.reason])


def own_pick_up(uow: UnitOfWork, ref: PickUpRef, member: StaffMember) -> tuple[PickUp, dict[str, Store]]:
    """404 for what is not there and for what belongs to a store that is not theirs: the two look alike."""
    found = uow.pick_ups.get(ref)
    if found is None or not member.may(Permission.PICK_UPS, found.store_id):
        abort(404)
    return found, {store.id: store for store in uow.stores.all()}
