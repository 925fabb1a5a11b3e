"""Posts from elsewhere: how the last look for them went, and a button for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, jsonify, redirect
from flask.typing import ResponseReturnValue

from commerce.domain.imported import Imported, ImportState, NotRead, Unread
from commerce.domain.team import Permission
from commerce.i18n import format_day, format_list, format_moment
from commerce.ports import UnitOfWork
from shoppable.counter import access
from shoppable.health import HEARTBEAT
from shoppable.language import language, translate, translate_plural
from shoppable.site import site
from shoppable.studio.blueprint import blueprint

NOT_READ = {
    Unread.TOKEN_ENDED: "{source} no longer takes the access token: it has ended, or the password or the app was "
    "changed. Whoever runs the shop makes a new one and sets VITRINE_INSTAGRAM_TOKEN.",
    Unread.NOT_ALLOWED: "The access token may not read the posts: it needs the permission instagram_business_basic.",
    Unread.BUSY: "{source} asks to wait: there were too many calls. The next look is after {again_at}.",
    Unread.UNREACHABLE: "{source} does not answer. It is tried again by itself.",
    Unread.UNREADABLE: "What {source} answered could not be read, and nothing was changed. It is tried again by "
    "itself.",
    Unread.RUNNING: "Somebody is looking already.",
}
_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ImportShown:
    """`said`: how it stands, in words. `is_busy`: a look is on, or wanted and about to begin."""

    source: str
    said: str
    is_bad: bool
    is_busy: bool
    warning: str


def shown(uow: UnitOfWork) -> ImportShown | None:
    """None where no posts come from elsewhere."""
    shop = site().shop
    source = shop.importing.source
    if source is None:
        return None
    state, ends = shop.importing.state(uow), source.access_ends()
    waits = state.is_wanted and uow.state.get(HEARTBEAT, shop.clock.now()) is None
    warning = translate("Nobody is there to look: start `vitrine worker`.") if waits else ""
    if ends is not None and ends - shop.clock.now() < _SOON:
        warning = translate(
            "Access to {source} ends on {day} and could not be renewed: whoever runs the shop makes a new access "
            "token.",
            source=source.name,
            day=format_day(ends, language(), shop.settings.timezone),
        )
    is_bad = isinstance(state.last, NotRead) and state.running is None
    return ImportShown(source.name, _said(source.name, state), is_bad, _is_busy(state), warning)


@blueprint.post("/posts/look")
@access.needs(Permission.PUBLISH)
def look_for_posts() -> ResponseReturnValue:
    shop, actor = site().shop, access.actor()
    if shop.importing.source is not None:
        shop.storage.write(lambda uow: shop.importing.want(uow, actor))
        site().wake()
    return redirect("/studio/posts#from-elsewhere", 303)


@blueprint.get("/posts/looking")
@access.needs(Permission.PUBLISH)
def looking_for_posts() -> Response:
    """How far the look is, for the page's script."""
    shop = site().shop
    with shop.storage.read() as uow:
        state = shop.importing.state(uow)
    source = shop.importing.source
    return jsonify(busy=_is_busy(state), said=_said(source.name, state) if source else "")


def _is_busy(state: ImportState) -> bool:
    """A look that is wanted begins at once, unless the source has asked to wait."""
    again_at = state.last.again_at if isinstance(state.last, NotRead) else None
    waits = again_at is not None and site().shop.clock.now() < again_at
    return state.running is not None or (state.is_wanted and not waits)


def _said(source: str, state: ImportState) -> str:
    if state.running is not None and state.running[1]:
        return translate("Looking at the new posts: {done} of {count}…", done=state.running[0], count=state.running[1])
    if _is_busy(state):
        return translate("Looking for new posts…")
    if state.last is None or state.last_at is None:
        return translate("Nobody has looked yet.")
    if isinstance(state.last, NotRead):
        again_at = _moment(state.last.again_at) if state.last.again_at else ""
        return translate(NOT_READ[state.last.why], source=source, again_at=again_at)
    return translate("Last look on {moment}: {found}.", moment=_moment(state.last_at), found=_found(state.last))


def _found(last: Imported) -> str:
    counted = [
        translate_plural("{count} new post", "{count} new posts", last.new) if last.new else "",
        translate_plural("{count} changed", "{count} changed", last.changed) if last.changed else "",
        translate_plural("{count} no longer there", "{count} no longer there", last.gone) if last.gone else "",
        translate_plural("{count} without a picture", "{count} without a picture", last.skipped)
        if last.skipped
        else "",
    ]
    return format_list([each for each in counted if each], language()) or translate("nothing new")


def _moment(at: datetime) -> str:
    return format_moment(at, language(), site().shop.settings.timezone)
