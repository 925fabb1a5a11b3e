"""One's own Telegram account at the staff's bot: a link that binds it, once, and forgetting it."""

from __future__ import annotations

from urllib.parse import quote

from flask.typing import ResponseReturnValue

from shoppable.counter import access
from shoppable.counter.account import account_page
from shoppable.counter.blueprint import blueprint
from shoppable.language import translate
from shoppable.site import site


@blueprint.post("/account/telegram")
@access.needs(None)
def bind_telegram() -> ResponseReturnValue:
    """The link is shown once: it works once, for ten minutes, for whoever opens it."""
    shop, found = site().shop, access.member()
    if not shop.settings.staff_telegram_token.get_secret_value():
        return account_page("telegram", wrong=translate("The staff's bot is not set up."))
    token = shop.storage.write(lambda uow: shop.staff_binding.token(uow, found))
    name = shop.settings.staff_telegram_username.removeprefix("@")
    link = f"https://t.me/{quote(name)}?start={token}" if name else ""
    return account_page("telegram", bot_link=link, bot_command=f"/start {token}")


@blueprint.post("/account/telegram/forget")
@access.needs(None)
def forget_telegram() -> ResponseReturnValue:
    shop, found = site().shop, access.member()
    shop.storage.write(lambda uow: shop.staff_binding.unbind(uow, found))
    return account_page("telegram", told=translate("The bot does not know your Telegram account any more."))
