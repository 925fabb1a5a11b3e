"""One's own Telegram account at the staff's bot: bound by a link that is shown once, and forgotten."""

from __future__ import annotations

import re

from flask import Flask

from commerce.domain.customer import Contact
from commerce.wiring import Shop
from tests.unit.shoppable.staffing import StaffBrowser, add_member

ACCOUNT = Contact("telegram-staff", "700700701", "2001")


def test_a_link_is_shown_and_binds(app: Flask, shop: Shop) -> None:
    settings = shop.settings.model_copy(
        update={"staff_telegram_token": "700700701:" + "x" * 35, "staff_telegram_username": "@maison_equipe_bot"}
    )
    settings = type(shop.settings).model_validate(settings.model_dump())
    object.__setattr__(shop, "settings", settings)
    nadia = add_member(shop)
    browser = StaffBrowser(app, shop, nadia)
    assert "Bind my account" in browser.get("/staff/account/telegram").text
    page = browser.post("/staff/account/telegram")
    assert page.headers["Cache-Control"] == "no-store"
    (token,) = set(re.findall(r"https://t\.me/maison_equipe_bot\?start=([0-9a-f]{32})", page.text))
    bound = shop.storage.write(lambda uow: shop.staff_binding.bind(uow, token, ACCOUNT))
    assert bound is not None and bound.id == nadia.id
    assert shop.storage.write(lambda uow: shop.staff_binding.bind(uow, token, ACCOUNT)) is None, "once"
    assert "Forget my account" in browser.get("/staff/account/telegram").text
    assert "any more" in browser.post("/staff/account/telegram/forget").text
    with shop.storage.read() as uow:
        assert uow.staff_chats.of_staff(nadia.id) is None


def test_without_a_bot_there_is_nothing_to_bind(app: Flask, shop: Shop) -> None:
    browser = StaffBrowser(app, shop, add_member(shop))
    assert "not set up" in browser.get("/staff/account/telegram").text
    assert browser.post("/staff/account/telegram").status_code == 404
