"""The door: signing in with a password, with a code on top, by invitation or by a link of this machine; signing out."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from commerce.domain.passwords import SHORTEST
from commerce.domain.reservation import Refused
from commerce.domain.team import NotInTeam, NotSignedIn, Role
from commerce.services.one_time_links import LinkKind
from commerce.services.signing_in import SignedIn, SignInRefused
from shoppable import inputs, security
from shoppable.counter import access, frame
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import translate
from shoppable.limits import SIGN_IN, is_loopback
from shoppable.site import site
from shoppable.words import NOT_IN_TEAM, NOT_SIGNED_IN

_LONGEST_PASSWORD = 1000
_STATUS = {NotSignedIn.WRONG: 422, NotSignedIn.TOTP_NEEDED: 200, NotSignedIn.TOO_MANY: 429}


@blueprint.get("/sign-in")
@access.open_to_all
def sign_in() -> ResponseReturnValue:
    wanted = access.way_on(request.args.get("next", ""))
    if access.member_or_none() is not None:
        return access.lead_to(wanted or frame.home())
    return counter_page("counter/sign_in.html", room="sign-in", next=wanted, login="", told="")


@blueprint.post("/sign-in")
@access.open_to_all
def give_password() -> ResponseReturnValue:
    _careful()
    login = inputs.clean(request.form.get("login", ""))[:100]
    password = request.form.get("password", "")[:_LONGEST_PASSWORD]
    known = access.is_known(login)
    return _answered(site().shop.signing_in.with_password(login, password, address=_address(), known=known), login)


@blueprint.post("/sign-in/code")
@access.open_to_all
def give_code() -> ResponseReturnValue:
    """The second step of those who have a second factor."""
    _careful()
    ticket, code = request.form.get("ticket", ""), request.form.get("code", "")[:32]
    return _answered(site().shop.signing_in.with_code(ticket, code, address=_address()), "")


@blueprint.get("/link/<token>")
@access.open_to_all
def one_time_link(token: str) -> ResponseReturnValue:
    """Opening it uses nothing up: programs look at links, too. Its button does."""
    shop = site().shop
    with shop.storage.read() as uow:
        staff_id = shop.links.whose(uow, LinkKind.SIGN_IN, token)
        found = uow.team.get(staff_id) if staff_id else None
    if found is None:
        abort(404)
    return counter_page("counter/link.html", room="sign-in", token=token, name=found.name)


@blueprint.post("/link/<token>")
@access.open_to_all
def use_link(token: str) -> ResponseReturnValue:
    _careful()
    answer = site().shop.signing_in.with_link(token)
    if isinstance(answer, SignInRefused) and answer.reason is NotSignedIn.WRONG:
        abort(404)
    return _answered(answer, "")


@blueprint.get("/invitation/<token>")
@access.open_to_all
def invitation(token: str) -> ResponseReturnValue:
    return _invitation(token, "")


@blueprint.post("/invitation/<token>")
@access.open_to_all
def choose_password(token: str) -> ResponseReturnValue:
    """Whoever was invited chooses a password and is in."""
    _careful()
    password = request.form.get("password", "")[:_LONGEST_PASSWORD]
    if password != request.form.get("again", "")[:_LONGEST_PASSWORD]:
        return _invitation(token, translate("The two are not the same."))
    answer = site().shop.own_account.accept(token, password)
    if isinstance(answer, Refused):
        if answer.reason is NotInTeam.BAD_INVITATION:
            abort(404)
        return _invitation(token, translate(NOT_IN_TEAM[answer.reason], shortest=SHORTEST))
    return _answered(answer, "")


def _invitation(token: str, told: str) -> ResponseReturnValue:
    with site().shop.storage.read() as uow:
        found = site().shop.own_account.invited(uow, token)
    if found is None:
        abort(404)
    return counter_page(
        "counter/invitation.html",
        room="sign-in",
        status=422 if told else 200,
        token=token,
        member=found,
        shortest=SHORTEST,
        told=told,
    )


@blueprint.post("/sign-out")
@access.needs(None, without_second_factor=True)
def sign_out() -> ResponseReturnValue:
    site().shop.signing_in.sign_out(access.session())
    return access.let_out(access.lead_to(url_for("staff.sign_in")))


# --- inside


def _careful() -> None:
    security.require_same_origin()
    inputs.take_turn("sign_in", SIGN_IN)


def _address() -> str:
    """Where a try comes from; '' where addresses tell nothing (see `is_loopback`)."""
    return "" if is_loopback(request.remote_addr) else request.remote_addr or "?"


def _answered(answer: SignedIn | SignInRefused, login: str) -> ResponseReturnValue:
    wanted = access.way_on(request.form.get("next", ""))
    if isinstance(answer, SignInRefused):
        told = "" if answer.reason is NotSignedIn.TOTP_NEEDED else translate(NOT_SIGNED_IN[answer.reason])
        response = counter_page(
            "counter/sign_in.html",
            room="sign-in",
            status=_STATUS[answer.reason],
            next=wanted,
            login=login,
            ticket=answer.ticket,
            told=told,
        )
        if answer.wait is not None:
            response.headers["Retry-After"] = str(round(answer.wait.total_seconds()))
        return response
    before = access.session() if access.member_or_none() else None
    if before is not None:  # the browser has one session: the one it came with is over
        site().shop.signing_in.sign_out(before)
    member = answer.member
    if member.role is Role.OWNER and not member.has_totp:
        wanted = url_for("staff.second_factor", next=wanted or None)
    return access.let_in(access.lead_to(wanted or url_for("staff.begin")), answer)


@blueprint.get("/begin")
@access.needs(None)
def begin() -> ResponseReturnValue:
    """The first room that the member may enter."""
    return access.lead_to(frame.home())
