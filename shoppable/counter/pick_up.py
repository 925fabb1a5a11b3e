"""One thing to be handed over: its whole story, its ticket for the shelf, and how it is found by what was scanned."""

from __future__ import annotations

import io
import re
from datetime import UTC

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from commerce.domain.collecting import OPEN_STAGES, PickUp, PickUpKind, Stage
from commerce.domain.team import Permission
from commerce.i18n import format_moment
from commerce.ports import NotSeen, UnitOfWork
from shoppable import inputs
from shoppable.counter import access, cards
from shoppable.counter.blueprint import blueprint
from shoppable.counter.board import own_pick_up, ref_of, reject_reasons
from shoppable.counter.frame import counter_page, store_ids_of
from shoppable.counter.ticket_pdf import Line, ticket_pdf
from shoppable.language import language, translate
from shoppable.photos import photo_of_form
from shoppable.site import site

_OWN_CODE = re.compile(
    r"vitrine:(?P<kind>reservation|order|return):(?P<id>[0-9a-z]{1,32}):(?P<code>[0-9A-Za-z-]{0,20})"
)
_MOST_FOUND = 40
MOMENTS = {
    "extended": "Kept longer",
    "accepted": "Accepted",
    "proxy": "Somebody else will come",
    "coming": "On the way",
    "vehicle": "Comes by car",
    "arrived": "Outside",
    "slot": "Chose an hour",
    "reminded": "Reminded",
    "paid": "Paid",
}


@blueprint.get("/pick-ups/<kind>/<id>")
@access.needs(Permission.PICK_UPS)
def pick_up(kind: str, id: str) -> ResponseReturnValue:
    """With `code`: it was scanned, and the form for handing it over is open."""
    ref, member, shop = ref_of(kind, id), access.member(), site().shop
    with shop.storage.read() as uow:
        found, stores = own_pick_up(uow, ref, member)
        history = shop.collecting.history(uow, ref)
        disputed = uow.disputes.open_among([ref.id])
    now, store = shop.clock.now(), stores[found.store_id]
    scanned = inputs.clean(request.args.get("code", ""))[:20]
    handing = bool(scanned) and found.stage is Stage.READY
    return counter_page(
        "counter/pick_up.html",
        room="board",
        shown=cards.shown(
            found, member, stores, now, names_store=True, handing=handing, scanned=scanned, disputed=disputed
        ),
        customer_id=found.customer_id,
        order_id=ref.id if ref.kind is PickUpKind.ORDER else "",
        history=[
            (
                format_moment(each.at, language(), store.timezone),
                _moment(each.what),
                who(uow_names=names(), actor=each.actor),
                each.note,
            )
            for each in history
        ],
        asked_store="",
        reject_reasons=reject_reasons(),
        now_iso=now.astimezone(UTC).isoformat(),
    )


def _moment(what: str) -> str:
    stage = next((stage for stage in Stage if stage.value == what), None)
    if stage is not None:
        return translate(cards.STAGES[stage])
    return translate(MOMENTS[what]) if what in MOMENTS else what


def names() -> dict[str, str]:
    """Members' names by id."""
    with site().shop.storage.read() as uow:
        return {member.id: member.name for member in uow.team.all()}


def who(*, uow_names: dict[str, str], actor: str) -> str:
    """An actor of the record, for people."""
    kind, _, rest = actor.partition(":")
    match kind:
        case "staff":
            return uow_names.get(rest.partition("/")[0], rest)
        case "shopper":
            return translate("The customer")
        case "clock":
            return translate("By itself")
        case _:
            return actor


@blueprint.get("/pick-ups/<kind>/<id>/ticket")
@access.needs(Permission.PICK_UPS)
def ticket(kind: str, id: str) -> ResponseReturnValue:
    """To be printed and put on the bag."""
    ref, member, shop = ref_of(kind, id), access.member(), site().shop
    with shop.storage.read() as uow:
        found, stores = own_pick_up(uow, ref, member)
    now = shop.clock.now()
    return counter_page(
        "counter/ticket.html",
        room="board",
        shown=cards.shown(found, member, stores, now, names_store=True),
        store=stores[found.store_id],
        printed=format_moment(now, language(), stores[found.store_id].timezone),
        qr=_qr(f"vitrine:{ref.kind.value}:{ref.id}:"),
    )


@blueprint.get("/pick-ups/<kind>/<id>/ticket.pdf")
@access.needs(Permission.PICK_UPS)
def ticket_as_pdf(kind: str, id: str) -> ResponseReturnValue:
    """The same on a sheet of A6."""
    ref, member, shop = ref_of(kind, id), access.member(), site().shop
    with shop.storage.read() as uow:
        found, stores = own_pick_up(uow, ref, member)
    now, store = shop.clock.now(), stores[found.store_id]
    card = cards.shown(found, member, stores, now, names_store=True)
    lines = [Line(card.heading, 17), Line(f"{store.name(language())} · {card.source}", 9)]
    lines += [Line(f"{line.quantity} × {line.words} · {line.sku}", 11) for line in card.lines]
    until = translate("until {deadline}", deadline=card.deadline) if card.deadline else ""
    lines.append(Line(" · ".join(part for part in (until, card.payment) if part)))
    lines += [Line(translate("collected by: {name}", name=card.proxy))] if card.proxy else []
    lines += [Line(translate("Comes at {time}", time=card.slot))] if card.slot else []
    lines.append(Line(translate("Printed {time}", time=format_moment(now, language(), store.timezone)), 8))
    pdf = ticket_pdf(lines, f"vitrine:{ref.kind.value}:{ref.id}:")
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": 'inline; filename="ticket.pdf"'})


def _qr(text: str) -> Markup:
    """The ticket names the thing and not its code: that is the customer's to show."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, scale=4, border=2)
    return Markup(out.getvalue().decode())  # noqa: S704  drawn by us


@blueprint.get("/scan")
@access.needs(Permission.PICK_UPS)
def scan() -> ResponseReturnValue:
    """A scanner types what it reads and presses Enter; people type a number or a name. Never a code alone: it is
    compared with the thing that was named, not looked up."""
    return _found(inputs.clean(request.args.get("scan", ""))[:200].strip())


@blueprint.post("/scan")
@access.needs(Permission.PICK_UPS)
def scan_photo() -> ResponseReturnValue:
    """A QR code seen by a telephone's camera."""
    seen = site().shop.image_matcher.look(photo_of_form())
    codes = () if isinstance(seen, NotSeen) else seen.barcodes
    return _found(next((code for code in codes if _OWN_CODE.fullmatch(code)), ""), was_photo=True)


def _found(text: str, *, was_photo: bool = False) -> ResponseReturnValue:
    match = _OWN_CODE.fullmatch(text)
    if match and match["kind"] == "return":
        return redirect(f"/staff/returns/{match['id']}?code={match['code']}", 303)
    if match:
        return redirect(f"/staff/pick-ups/{match['kind']}/{match['id']}?code={match['code']}", 303)
    member, shop = access.member(), site().shop
    with shop.storage.read() as uow:
        stores = {store.id: store for store in uow.stores.all()}
        found = _by_words(uow, text, store_ids_of(member)) if text else []
    now = shop.clock.now()
    if len(found) == 1:
        return redirect(cards.path_of(found[0].ref), 303)
    if was_photo:
        nothing = translate("No QR code of ours could be read in this photo.")
    else:
        nothing = translate("Nothing that is still to be handed over is called “{words}”.", words=text)
    return counter_page(
        "counter/scan.html",
        room="board",
        words=text,
        nothing=nothing,
        found=[cards.shown(each, member, stores, now, names_store=True) for each in found],
    )


def _by_words(uow: UnitOfWork, text: str, store_ids: frozenset[str] | None) -> list[PickUp]:
    """By order number, the customer's name, a SKU or words of what it is."""
    wanted = text.casefold()
    number = wanted.lstrip("#n° ").strip()
    hits = []
    for each in uow.pick_ups.find(store_ids=store_ids, stages=OPEN_STAGES, limit=500):
        if number.isdecimal() and each.number == int(number[:12]):
            return [each]
        told = [
            each.customer_name,
            *(line.sku for line in each.lines),
            *(t for line in each.lines for t in line.title.by_language.values()),
        ]
        if any(wanted in words.casefold() for words in told):
            hits.append(each)
    return hits[:_MOST_FOUND]
