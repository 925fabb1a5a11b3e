"""The team, for whoever runs the shop: who works here, where, and as what."""

from __future__ import annotations

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from commerce.domain.passwords import SHORTEST
from commerce.domain.reservation import Refused
from commerce.domain.store import Store
from commerce.domain.team import NotInTeam, Permission, Role, StaffMember
from commerce.errors import StaleVersion
from commerce.ports import UnitOfWork
from commerce.services.team import Place
from shoppable import inputs
from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import language, translate
from shoppable.site import site
from shoppable.words import NOT_IN_TEAM, ROLES

DONE = {
    "changed": "Changed: it counts from their next page on.",
    "deactivated": "They are out: signed out everywhere, and no link of theirs counts any more.",
    "reactivated": "They are back, with the password from before.",
    "signed-out": "They are signed out everywhere.",
    "reset": "Their second factor is gone: they set it up again when they sign in.",
}


@blueprint.get("/team")
@access.needs(Permission.TEAM)
def team() -> ResponseReturnValue:
    return _list(_place_of_nobody(), "", "")


@blueprint.post("/team")
@access.needs(Permission.TEAM)
def add_member() -> ResponseReturnValue:
    """Adds somebody and shows their invitation: the only time that it is seen."""
    shop, actor = site().shop, access.actor()
    login, place = inputs.clean(request.form.get("login", ""))[:100], _place()

    def work(uow: UnitOfWork) -> tuple[StaffMember, str] | Refused[NotInTeam]:
        added = shop.team.add(uow, login, place, actor=actor)
        return added if isinstance(added, Refused) else (added, _invite(uow, added, actor))

    added = shop.storage.write(work)
    if isinstance(added, Refused):
        return _list(place, login, _why(added.reason))
    return _invited(*added)


@blueprint.get("/team/<staff_id>")
@access.needs(Permission.TEAM)
def member(staff_id: str) -> ResponseReturnValue:
    done = request.args.get("done", "")
    return _member(_found(staff_id), told=translate(DONE[done]) if done in DONE else "")


@blueprint.post("/team/<staff_id>")
@access.needs(Permission.TEAM)
def change_member(staff_id: str) -> ResponseReturnValue:
    shop, actor, found = site().shop, access.actor(), _found(staff_id)
    place = _place(first=found.languages)
    version = request.form.get("version", "", type=str)
    seen = int(version) if version.isdecimal() and len(version) < 10 else 0
    try:
        changed = shop.storage.write(lambda uow: shop.team.change(uow, found.id, seen, place, actor=actor))
    except StaleVersion:
        wrong = translate("Somebody else has changed this meanwhile: this is how it is now.")
        return _member(_found(staff_id), wrong=wrong, status=409)
    if isinstance(changed, Refused):
        return _member(found, wrong=_why(changed.reason), status=422)
    return _done(found, "changed")


@blueprint.post("/team/<staff_id>/invite")
@access.needs(Permission.TEAM)
def invite_member(staff_id: str) -> ResponseReturnValue:
    found, actor = _found(staff_id), access.actor()
    if not found.is_active:
        abort(404)
    return _invited(found, site().shop.storage.write(lambda uow: _invite(uow, found, actor)))


@blueprint.post("/team/<staff_id>/deactivate")
@access.needs(Permission.TEAM)
def deactivate_member(staff_id: str) -> ResponseReturnValue:
    shop, found, actor = site().shop, _found(staff_id), access.actor()
    gone = shop.storage.write(lambda uow: shop.team.deactivate(uow, found.id, actor=actor))
    if isinstance(gone, Refused):
        return _member(found, wrong=_why(gone.reason), status=422)
    return _done(found, "deactivated")


@blueprint.post("/team/<staff_id>/reactivate")
@access.needs(Permission.TEAM)
def reactivate_member(staff_id: str) -> ResponseReturnValue:
    shop, found, actor = site().shop, _found(staff_id), access.actor()
    shop.storage.write(lambda uow: shop.team.reactivate(uow, found.id, actor=actor))
    return _done(found, "reactivated")


@blueprint.post("/team/<staff_id>/sign-out")
@access.needs(Permission.TEAM)
def sign_member_out(staff_id: str) -> ResponseReturnValue:
    shop, found, actor = site().shop, _found(staff_id), access.actor()
    shop.storage.write(lambda uow: shop.signing_in.sign_out_everywhere(uow, found.id, actor=actor))
    return _done(found, "signed-out")


@blueprint.post("/team/<staff_id>/reset-second-factor")
@access.needs(Permission.TEAM)
def reset_second_factor(staff_id: str) -> ResponseReturnValue:
    shop, found, actor = site().shop, _found(staff_id), access.actor()
    shop.storage.write(lambda uow: shop.own_account.reset_second_factor(uow, found, actor=actor))
    return _done(found, "reset")


# --- inside


def _found(staff_id: str) -> StaffMember:
    with site().shop.storage.read() as uow:
        found = uow.team.get(staff_id) if staff_id.isalnum() and len(staff_id) <= 32 else None
    if found is None:
        abort(404)
    return found


def _why(reason: NotInTeam) -> str:
    return translate(NOT_IN_TEAM[reason], shortest=SHORTEST)


def _done(found: StaffMember, what: str) -> Response:
    return access.lead_to(url_for("staff.member", staff_id=found.id, done=what))


def _invite(uow: UnitOfWork, found: StaffMember, actor: str) -> str:
    token = site().shop.team.invite(uow, found.id, actor=actor)
    assert isinstance(token, str), token
    return f"{site().shop.settings.base_url}/staff/invitation/{token}"


def _invited(found: StaffMember, link: str) -> ResponseReturnValue:
    return counter_page("counter/invited.html", room="team", member=found, link=link)


def _place_of_nobody() -> Place:
    return Place("", Role.STAFF, (), site().languages[:1])


def _place(first: tuple[str, ...] = ()) -> Place:
    """What the form says. Languages that they spoke before stay in their order: the first is that of their pages."""
    form = request.form
    role, spoken = form.get("role", ""), form.getlist("language")
    return Place(
        name=inputs.clean(form.get("name", "")),
        role=Role(role) if role in set(Role) else Role.STAFF,
        store_ids=form.getlist("store"),
        languages=[*(code for code in first if code in spoken), *spoken],
        skills=inputs.clean(form.get("skills", ""))[:1000].split(","),
    )


def _list(place: Place, login: str, wrong: str) -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        members = sorted(uow.team.all(), key=lambda each: not each.is_active)
        waiting = {each.id for each in members if not uow.team.password_hash(each.id)}
        stores = uow.stores.all()
    return counter_page(
        "counter/team.html",
        room="team",
        status=422 if wrong else 200,
        members=members,
        waiting=waiting,
        stores=stores,
        store_names=_names(stores),
        roles=ROLES,
        place=place,
        login=login,
        wrong=wrong,
    )


def _member(found: StaffMember, *, wrong: str = "", told: str = "", status: int = 200) -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        stores = uow.stores.all()
        sessions = len(uow.team.sessions_of(found.id))
        has_password = bool(uow.team.password_hash(found.id))
    return counter_page(
        "counter/member.html",
        room="team",
        status=status,
        member=found,
        place=found,
        stores=stores,
        sessions=sessions,
        has_password=has_password,
        roles=ROLES,
        wrong=wrong,
        told=told,
    )


def _names(stores: list[Store]) -> dict[str, str]:
    return {store.id: store.short_name(language()) for store in stores}
