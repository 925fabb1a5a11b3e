"""Who may see a page of the counter, and who may press its buttons.

Every page says what it needs:

    @blueprint.post("/orders/<order>/ready")
    @needs(Permission.PICK_UPS)
    def ready(order: str) -> ResponseReturnValue: ...

Before it runs, somebody is signed in and has that permission, and a write came from a page of ours with the token of
this session. Things of one store are asked for with `own_store`: those of other stores answer like missing ones.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from commerce.domain.team import Permission, Role, StaffMember, StaffSession
from commerce.settings import LOOPBACK
from shoppable import language, security
from shoppable.chat.session import sign
from shoppable.problems import Problem
from shoppable.site import site

if TYPE_CHECKING:
    from commerce.domain.store import Store
    from commerce.services.signing_in import SignedIn

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

FIELD, HEADER = "csrf", "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_KNOWN = 8  # people who share a browser
_ONE_YEAR_S = 365 * 24 * 3600
# A path of the counter and nothing else: no other host, no backslash that browsers read as a slash.
_NEXT = re.compile(r"/(?:staff|studio)(?:[/?][!-\[\]-~]{0,500})?")


def needs(permission: Permission | None, *, without_second_factor: bool = False) -> Callable[[View[P]], View[P]]:
    """For a view: who may have it. None: everybody of the team. `without_second_factor`: also an owner who must still
    set one up."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            is_write = request.method not in _SAFE
            if is_write:
                security.require_same_origin()
            who = _who()
            if who is None:
                return _to_sign_in()
            found, session = who
            if is_write:
                _require_token(session)
            if must_set_up_second_factor(found) and not without_second_factor:
                return _to_second_factor()
            if permission is not None and not found.may(permission):
                raise Problem(403, "not_permitted", "Your place in the team does not include this.")
            return view(*args, **kwargs)

        guarded.__dict__["needs"] = permission  # what the page asks for, for whoever lists the doors
        return guarded

    return declare


def open_to_all(view: View[P]) -> View[P]:
    """For the few pages of the counter that nobody has to be signed in for."""
    view.__dict__["is_open"] = True
    return view


def member() -> StaffMember:
    """Who asks. For views that `needs` guards."""
    who = _who()
    assert who is not None
    return who[0]


def member_or_none() -> StaffMember | None:
    who = _who()
    return None if who is None else who[0]


def session() -> StaffSession:
    who = _who()
    assert who is not None
    return who[1]


def actor() -> str:
    """Who asks, as the record says it."""
    return f"staff:{member().id}"


def own_store(store_id: str) -> Store:
    """That store, if the member works there; any other one answers like one that does not exist."""
    with site().shop.storage.read() as uow:
        store = uow.stores.get(store_id) if store_id.isprintable() else None
    if store is None or not member().works_at(store.id):
        abort(404)
    return store


def csrf_token() -> str:
    """Of this session: for the field `csrf` of every form, or the header X-CSRF-Token."""
    who = _who()
    return "" if who is None else sign("csrf", who[1].digest)


def is_script() -> bool:
    """Whether a script of ours asks for a part of a page: it is told what is wrong instead of being led away."""
    return (
        "X-Part" in request.headers
        or request.headers.get("Sec-Fetch-Dest") == "empty"
        or request.accept_mimetypes.best in {"application/json", "text/event-stream"}
    )


def must_have_second_factor(found: StaffMember) -> bool:
    """Owners have one, except in a shop that only whoever sits at its machine reaches."""
    return found.role is Role.OWNER and urlsplit(site().shop.settings.base_url).hostname not in LOOPBACK


def must_set_up_second_factor(found: StaffMember) -> bool:
    return must_have_second_factor(found) and not found.has_totp


def way_on(wanted: str) -> str:
    """Where to go after signing in: a page of the counter, or '' for anything else that an address may ask for."""
    return wanted if _NEXT.fullmatch(wanted) and not wanted.startswith("/staff/sign-") else ""


def lead_to(location: str) -> Response:
    """After a write: the browser fetches that page."""
    return cast(Response, redirect(location, 303))


# --- the browser's side


def cookie_name(what: str) -> str:
    """With the prefix by which browsers promise that no other host or path has set it, where there is TLS."""
    return f"__Host-vitrine_{what}" if site().shop.settings.is_https else f"vitrine_{what}"


def let_in(response: Response, signed_in: SignedIn) -> Response:
    """Gives the browser the secret of its new session, and remembers that this login belongs to it."""
    _set_cookie(response, "staff", signed_in.secret, site().shop.settings.staff_session_h * 3600)
    mark = _mark_of(signed_in.member.login)
    marks = [mark, *(each for each in _marks() if each != mark)]
    _set_cookie(response, "known", ".".join(marks[:_MOST_KNOWN]), _ONE_YEAR_S)
    return response


def let_out(response: Response) -> Response:
    response.delete_cookie(
        cookie_name("staff"), path="/", secure=site().shop.settings.is_https, httponly=True, samesite="Lax"
    )
    return response


def is_known(login: str) -> bool:
    """Whether this browser has been signed in with that login before."""
    mark = _mark_of(login)
    return any(hmac.compare_digest(each.encode(), mark.encode()) for each in _marks())


def _set_cookie(response: Response, what: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        cookie_name(what),
        value,
        max_age=max_age_s,
        secure=site().shop.settings.is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _mark_of(login: str) -> str:
    return sign("known-browser", login.strip().casefold())


def _marks() -> list[str]:
    return request.cookies.get(cookie_name("known"), "").split(".")[:_MOST_KNOWN]


# --- inside


def _who() -> tuple[StaffMember, StaffSession] | None:
    if "staff" not in g:
        secret = request.cookies.get(cookie_name("staff"), "")
        is_activity = request.method not in _SAFE or not is_script()
        g.staff = site().shop.signing_in.who(secret, is_activity=is_activity) if secret else None
        if g.staff is not None:
            language.prefer(g.staff[0].languages)
    return cast("tuple[StaffMember, StaffSession] | None", g.staff)


def _require_token(session: StaffSession) -> None:
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), sign("csrf", session.digest).encode()):
        raise Problem(403, "bad_token", "This page was too old. Load it again, and do it once more.")


def _to_sign_in() -> ResponseReturnValue:
    if is_script():
        raise Problem(401, "signed_out", "Sign in to go on.")
    here = request.full_path.rstrip("?") if request.method in _SAFE else ""
    return redirect(url_for("staff.sign_in", next=way_on(here) or None), 303)


def _to_second_factor() -> ResponseReturnValue:
    if is_script():
        raise Problem(403, "second_factor_needed", "Set up your second factor first.")
    return redirect(url_for("staff.second_factor"), 303)


def _for_scripts() -> None:
    g.for_machines = is_script()


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    # Not "no-referrer": with that, browsers hide the origin of our own forms too.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def install(blueprint: Blueprint) -> None:
    blueprint.before_request(_for_scripts)
    blueprint.after_request(_private)
