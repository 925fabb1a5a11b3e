"""One's own Telegram account at the staff's bot: a link that binds it, once, and forgetting it."""

from __future__ import annotations

from urllib.parse import quote

from flask.typing import ResponseReturnValue

from shoppable.counter import access
from shoppable.counter.blueprint import blueprint
from shoppable.counter.frame import counter_page
from shoppable.language import translate
from shoppable.problems import Problem
from shoppable.site import site


@blueprint.get("/account/telegram")
@access.needs(None)
def telegram() -> ResponseReturnValue:
    return _page()


@blueprint.post("/account/telegram")
@access.needs(None)
def bind_telegram() -> ResponseReturnValue:
    """The link is shown once: it works once, for ten minutes, for whoever opens it."""
    shop, found = site().shop, access.member()
    if not _is_set_up():
        raise Problem(404, "no_staff_bot", "The staff’s bot is not set up.")
    token = shop.storage.write(lambda uow: shop.staff_binding.token(uow, found))
    return _page(token)


@blueprint.post("/account/telegram/forget")
@access.needs(None)
def forget_telegram() -> ResponseReturnValue:
    shop, found = site().shop, access.member()
    shop.storage.write(lambda uow: shop.staff_binding.unbind(uow, found))
    return _page(told=translate("The bot does not know your Telegram account any more."))


def _is_set_up() -> bool:
    return bool(site().shop.settings.staff_telegram_token.get_secret_value())


def _page(token: str = "", told: str = "") -> ResponseReturnValue:
    shop, found = site().shop, access.member()
    with shop.storage.read() as uow:
        is_bound = shop.staff_binding.account_of(uow, found.id) is not None
    name = shop.settings.staff_telegram_username.removeprefix("@")
    return counter_page(
        "counter/staff_bot.html",
        room="account",
        is_set_up=_is_set_up(),
        is_bound=is_bound,
        link=f"https://t.me/{quote(name)}?start={token}" if name and token else "",
        command=f"/start {token}" if token else "",
        told=told,
    )
