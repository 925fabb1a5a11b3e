"""People of the team at browsers: added, signed in, pressing buttons of forms."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from commerce.domain.team import Role, StaffMember
from commerce.services.signing_in import SignedIn
from commerce.services.team import Place
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import HOST, ORIGIN

PASSWORD = "quatre mots sans lien 7"


def add_member(
    shop: Shop,
    login: str = "nadia",
    role: Role = Role.STAFF,
    stores: tuple[str, ...] = ("S1",),
    *,
    languages: tuple[str, ...] = ("en",),
    skills: tuple[str, ...] = (),
    password: str = "",
) -> StaffMember:
    place = Place(login.capitalize(), role, stores if role is Role.STAFF else (), languages, skills)
    added = shop.storage.write(lambda uow: shop.team.add(uow, login, place, actor="test"))
    assert isinstance(added, StaffMember), added
    if password:
        assert shop.own_account.set_password(added, password, actor="test") is None
    return added


class StaffBrowser:
    """A browser; signed in as `member` when one is given, without the detour over the pages."""

    def __init__(self, app: Flask, shop: Shop, member: StaffMember | None = None, *, host: str = HOST) -> None:
        self.client: FlaskClient = app.test_client()
        self.shop, self.host = shop, host
        if member is not None:
            token = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, member, actor="test"))
            entered = shop.signing_in.with_link(token)
            assert isinstance(entered, SignedIn), entered
            is_https = shop.settings.is_https
            name = "__Host-vitrine_staff" if is_https else "vitrine_staff"
            host_name = host.partition("://")[2].partition(":")[0]
            self.client.set_cookie(name, entered.secret, domain=host_name, secure=is_https)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=self.host, headers={"Accept-Language": "en", **headers})

    def post(self, path: str, form: dict[str, object] | None = None, **headers: str) -> TestResponse:
        """With the token of the account page, as every form of the counter sends it."""
        form = {"csrf": self.csrf(), **(form or {})}
        origin = ORIGIN if self.host == HOST else {"Origin": self.host}
        sent = {"Accept-Language": "en", **origin, **headers}
        return self.client.post(path, data=form, base_url=self.host, headers=sent)

    def csrf(self) -> str:
        return csrf_in(self.get("/staff/account/second-factor").text) or csrf_in(self.get("/staff/account").text)


def csrf_in(html: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
    return unescape(found[1]) if found else ""
