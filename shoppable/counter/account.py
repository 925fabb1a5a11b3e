"""One's own account: password, second factor, where one is signed in, and the languages one speaks."""

from __future__ import annotations

import segno
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from commerce.domain.passwords import SHORTEST
from commerce.domain.reservation import Refused
from commerce.domain.team import NotInTeam, NotSignedIn
from shoppable.counter import access, frame
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import translate
from shoppable.problems import Problem
from shoppable.site import site
from shoppable.words import NOT_IN_TEAM, NOT_SIGNED_IN, ROLES

_LONGEST_PASSWORD = 1000
DONE = {
    "password": "Your new password counts from now on. Every other browser has been signed out.",
    "second-factor": "Your second factor counts from now on. Every other browser has been signed out.",
    "no-second-factor": "Your second factor is gone.",
    "languages": "Noted.",
    "sessions": "Every other browser has been signed out.",
}


@blueprint.get("/account")
@access.needs(None)
def account() -> ResponseReturnValue:
    return _account("", told=translate(DONE[done]) if (done := request.args.get("done", "")) in DONE else "")


@blueprint.post("/account/password")
@access.needs(None)
def change_password() -> ResponseReturnValue:
    old = request.form.get("old", "")[:_LONGEST_PASSWORD]
    new = request.form.get("password", "")[:_LONGEST_PASSWORD]
    if new != request.form.get("again", "")[:_LONGEST_PASSWORD]:
        return _account("password", wrong=translate("The two are not the same."))
    refused = site().shop.own_account.change_password(access.member(), old, new, keep=access.session().digest)
    if isinstance(refused, Refused):
        return _account("password", wrong=_why(refused.reason))
    return _done("password")


@blueprint.post("/account/languages")
@access.needs(None)
def change_languages() -> ResponseReturnValue:
    """The first one is that of the pages."""
    shop, found, first = site().shop, access.member(), request.form.get("first", "")
    wanted = [first, *request.form.getlist("language")]
    shop.storage.write(lambda uow: shop.team.speak(uow, found, wanted))
    response = _done("languages")
    response.delete_cookie("lang", path="/")  # this browser follows the person again
    return response


@blueprint.post("/account/sign-out-others")
@access.needs(None)
def sign_out_others() -> ResponseReturnValue:
    shop, found, keep = site().shop, access.member(), access.session().digest
    shop.storage.write(lambda uow: shop.signing_in.sign_out_everywhere(uow, found.id, actor=access.actor(), but=keep))
    return _done("sessions")


@blueprint.get("/account/second-factor")
@access.needs(None, without_second_factor=True)
def second_factor() -> ResponseReturnValue:
    return _second_factor("")


@blueprint.post("/account/second-factor")
@access.needs(None, without_second_factor=True)
def confirm_second_factor() -> ResponseReturnValue:
    found = access.member()
    if found.has_totp:
        return _done("second-factor")
    code, keep = request.form.get("code", "")[:32], access.session().digest
    refused = site().shop.own_account.confirm(found, code, keep=keep)
    if refused is not None:
        return _second_factor(_why(refused.reason))
    return access.lead_to(access.way_on(request.form.get("next", "")) or url_for("staff.account", done="second-factor"))


@blueprint.post("/account/second-factor/remove")
@access.needs(None)
def remove_second_factor() -> ResponseReturnValue:
    found, password = access.member(), request.form.get("old", "")[:_LONGEST_PASSWORD]
    if access.must_have_second_factor(found):
        raise Problem(403, "second_factor_needed", "Owners keep their second factor.")
    refused = site().shop.own_account.remove_second_factor(found, password)
    if refused is not None:
        return _account("second-factor", wrong=_why(refused.reason))
    return _done("no-second-factor")


# --- inside


def _why(reason: NotInTeam | NotSignedIn) -> str:
    if isinstance(reason, NotSignedIn):
        return translate(NOT_SIGNED_IN[reason])
    return translate(NOT_IN_TEAM[reason], shortest=SHORTEST)


def _done(what: str) -> Response:
    return access.lead_to(url_for("staff.account", done=what))


def _account(section: str, *, wrong: str = "", told: str = "") -> ResponseReturnValue:
    shop, found = site().shop, access.member()
    with shop.storage.read() as uow:
        sessions = uow.team.sessions_of(found.id)
        stores = [store for store in uow.stores.all() if store.id in found.store_ids]
    return counter_page(
        "counter/account.html",
        room="account",
        status=422 if wrong else 200,
        member=found,
        role=translate(ROLES[found.role]),
        stores=stores,
        sessions=sessions,
        present=access.session().digest,
        now=shop.clock.now(),
        zone=shop.settings.timezone,
        shortest=SHORTEST,
        may_remove_second_factor=not access.must_have_second_factor(found),
        section=section,
        wrong=wrong,
        told=told,
    )


def _second_factor(wrong: str) -> ResponseReturnValue:
    found = access.member()
    if found.has_totp:
        return access.lead_to(url_for("staff.account"))
    secret, address = site().shop.own_account.enrol(found)
    wanted = access.way_on(request.values.get("next", ""))
    return counter_page(
        "counter/second_factor.html",
        room="account",
        status=422 if wrong else 200,
        # Dark on light whatever the page looks like: not every camera reads it the other way round.
        code=segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=address,
        later="" if access.must_set_up_second_factor(found) else wanted or frame.home(),
        next=wanted,
        wrong=wrong,
    )
