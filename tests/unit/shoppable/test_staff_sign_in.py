"""The door of the counter: who gets in, who does not, and what a browser holds afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.team import Role, StaffMember
from commerce.services.sign_in_guard import QUICK_TRIES, TRIES
from commerce.wiring import Shop
from shoppable import create_app
from tests.unit.shoppable.shopping import HOST, ORIGIN, text_of
from tests.unit.shoppable.staffing import PASSWORD, StaffBrowser, add_member, csrf_in

HTTPS = "https://shop.example"


@pytest.fixture
def nadia(shop: Shop) -> StaffMember:
    return add_member(shop, "nadia", password=PASSWORD)


@pytest.fixture
def browser(app: Flask, shop: Shop) -> StaffBrowser:
    return StaffBrowser(app, shop)


def sign_in(browser: StaffBrowser, login: str, password: str, **form: object):
    headers = {"Accept-Language": "en", "Origin": browser.host}
    environ = {"REMOTE_ADDR": str(form.pop("address", "127.0.0.1"))}
    return browser.client.post(
        "/staff/sign-in",
        data={"login": login, "password": password, **form},
        base_url=browser.host,
        headers=headers,
        environ_overrides=environ,
    )


def test_somebody_of_the_team_comes_in_and_goes(browser: StaffBrowser, nadia: StaffMember) -> None:
    led = browser.get("/staff/account")
    assert led.status_code == 303 and led.location == "/staff/sign-in?next=/staff/account"
    assert "Password" in text_of(browser.get(led.location).text)
    entered = sign_in(browser, " NADIA ", PASSWORD, next="/staff/account")
    assert (entered.status_code, entered.location) == (303, "/staff/account")
    assert "Nadia" in text_of(browser.get("/staff/account").text)
    assert browser.get("/staff/sign-in?next=/staff/account").location == "/staff/account"
    assert browser.post("/staff/sign-out").location == "/staff/sign-in"
    assert browser.get("/staff/account").status_code == 303


def test_a_cookie_of_a_session_that_was_ended_is_worth_nothing(browser: StaffBrowser, nadia: StaffMember) -> None:
    sign_in(browser, "nadia", PASSWORD)
    secret = browser.client.get_cookie("vitrine_staff", domain="127.0.0.1").value
    browser.post("/staff/sign-out")
    browser.client.set_cookie("vitrine_staff", secret, domain="127.0.0.1")
    assert browser.get("/staff/account").status_code == 303


@pytest.mark.parametrize("login", ["nadia", "nobody", "gone"])
def test_a_wrong_try_tells_nothing(browser: StaffBrowser, shop: Shop, nadia: StaffMember, login: str) -> None:
    gone = add_member(shop, "gone", password=PASSWORD)
    shop.storage.write(lambda uow: shop.team.deactivate(uow, gone.id, actor="test"))
    password = PASSWORD if login == "gone" else "something else 9"
    answer = sign_in(browser, login, password)
    nobody = sign_in(StaffBrowser(browser.client.application, shop), "nobody", password)
    assert answer.status_code == nobody.status_code == 422
    assert answer.text.replace(f'value="{login}"', "") == nobody.text.replace('value="nobody"', "")
    assert browser.client.get_cookie("vitrine_staff", domain="127.0.0.1") is None


def test_every_sign_in_makes_a_new_session(browser: StaffBrowser, shop: Shop, nadia: StaffMember) -> None:
    browser.client.set_cookie("vitrine_staff", "f" * 32, domain="127.0.0.1")  # planted by somebody else
    sign_in(browser, "nadia", PASSWORD)
    first = browser.client.get_cookie("vitrine_staff", domain="127.0.0.1").value
    assert first != "f" * 32
    sign_in(browser, "nadia", PASSWORD)
    second = browser.client.get_cookie("vitrine_staff", domain="127.0.0.1").value
    assert second != first
    with shop.storage.read() as uow:
        stored = [each.digest for each in uow.team.sessions_of(nadia.id)]
    assert len(stored) == 1 and second not in stored  # the old one is over, and what is kept is not the secret


def test_the_cookie_is_for_this_shop_alone(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(base_url=HTTPS)
    add_member(shop, "nadia", password=PASSWORD)
    browser = StaffBrowser(create_app(shop), shop, host=HTTPS)
    entered = sign_in(browser, "nadia", PASSWORD)
    cookies = {line.partition("=")[0]: line for line in entered.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-vitrine_staff", "__Host-vitrine_known"}
    for line in cookies.values():
        parts = {part.strip() for part in line.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
        assert not any(part.startswith("Domain") for part in parts)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "/staff\\@evil.example", "/staffing", "/",
        "/staff/\r\nSet-Cookie:a=b", "javascript:alert(1)", "/staff@evil.example", "http:/staff", " /staff/account",
        "/staff/sign-out",
    ],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(browser: StaffBrowser, nadia: StaffMember, wanted: str) -> None:
    entered = sign_in(browser, "nadia", PASSWORD, next=wanted)
    assert entered.location == "/staff/begin"


@pytest.mark.parametrize("path", ["/staff/sign-in", "/staff/account", "/staff/account/second-factor"])
def test_pages_are_kept_by_nobody_and_framed_by_nobody(app: Flask, shop: Shop, nadia: StaffMember, path: str) -> None:
    browser = StaffBrowser(app, shop) if path.endswith("sign-in") else StaffBrowser(app, shop, nadia)
    headers = browser.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin" and "noindex" in headers["X-Robots-Tag"]


def test_a_script_is_told_instead_of_being_led_away(browser: StaffBrowser) -> None:
    for headers in ({"Accept": "application/json"}, {"X-Part": "board"}, {"Sec-Fetch-Dest": "empty"}):
        answer = browser.get("/staff/account", **headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.json["code"] == "signed_out"


def test_writes_need_our_own_pages_and_their_token(app: Flask, shop: Shop, nadia: StaffMember) -> None:
    browser, other = StaffBrowser(app, shop, nadia), StaffBrowser(app, shop, nadia)
    path, form = "/staff/account/languages", {"first": "fr", "language": "fr"}

    def status(form: dict[str, str], headers: dict[str, str]) -> int:
        return browser.client.post(path, data=form, base_url=HOST, headers=headers).status_code

    token = browser.csrf()
    assert status(form, ORIGIN) == 403  # no token
    assert status({**form, "csrf": "é" * 32}, ORIGIN) == 403
    assert status({**form, "csrf": other.csrf()}, ORIGIN) == 403  # of another session
    assert status({**form, "csrf": token}, {}) == 403  # nobody says where it comes from
    assert status({**form, "csrf": token}, {"Origin": "https://evil.example"}) == 403
    assert status({**form, "csrf": token}, {**ORIGIN, "Sec-Fetch-Site": "cross-site"}) == 403
    assert status(form, {**ORIGIN, "X-CSRF-Token": token}) == 303
    assert status({**form, "csrf": token}, ORIGIN) == 303


def test_nobody_signs_a_browser_in_from_elsewhere(browser: StaffBrowser, nadia: StaffMember) -> None:
    form = {"login": "nadia", "password": PASSWORD}
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert browser.client.post("/staff/sign-in", data=form, base_url=HOST, headers=headers).status_code == 403
    assert browser.client.get_cookie("vitrine_staff", domain="127.0.0.1") is None


def test_a_session_ends_when_nothing_is_done(app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock) -> None:
    browser = StaffBrowser(app, shop, nadia)
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        assert browser.get("/staff/account").status_code == 200
    clock.advance(timedelta(minutes=29))
    assert browser.get("/staff/account", **{"X-Part": "board"}).status_code == 200  # a page that looks by itself
    clock.advance(timedelta(minutes=1))
    assert browser.get("/staff/account").status_code == 303


def test_a_session_ends_in_any_case(app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock) -> None:
    browser = StaffBrowser(app, shop, nadia)
    for _ in range(35):
        clock.advance(timedelta(minutes=20))
        assert browser.get("/staff/account").status_code == 200
    clock.advance(timedelta(minutes=20))
    assert browser.get("/staff/account").status_code == 303


def test_guessing_becomes_slow_and_then_stops(app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock) -> None:
    browser = StaffBrowser(app, shop)
    for _ in range(QUICK_TRIES):
        assert sign_in(browser, "nadia", "wrong").status_code == 422
    assert sign_in(browser, "nadia", "wrong").status_code == 422
    slow = sign_in(browser, "nadia", PASSWORD)
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "10")  # even the right one
    for _ in range(TRIES - QUICK_TRIES - 1):
        clock.advance(timedelta(seconds=10))
        assert sign_in(browser, "nadia", "wrong").status_code == 422
    clock.advance(timedelta(seconds=10))
    locked = sign_in(browser, "nadia", PASSWORD)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert sign_in(browser, "hugo", "wrong").status_code == 422  # others are not locked out
    clock.advance(timedelta(minutes=15))
    assert sign_in(browser, "nadia", PASSWORD).status_code == 303


def test_strangers_do_not_lock_out_whoever_was_here_before(
    app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock
) -> None:
    hers, theirs = StaffBrowser(app, shop), StaffBrowser(app, shop)
    assert sign_in(hers, "nadia", PASSWORD).status_code == 303
    hers.post("/staff/sign-out")
    for _ in range(TRIES + 1):
        sign_in(theirs, "nadia", "wrong")
        clock.advance(timedelta(seconds=10))
    assert sign_in(theirs, "nadia", PASSWORD).status_code == 429
    assert sign_in(hers, "nadia", PASSWORD).status_code == 303


def test_one_address_does_not_try_everybody(app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock) -> None:
    for number in range(30):
        clock.advance(timedelta(seconds=5))
        tried = sign_in(StaffBrowser(app, shop), f"somebody{number}", "wrong", address="203.0.113.7")
        assert tried.status_code == 422
    assert sign_in(StaffBrowser(app, shop), "nadia", PASSWORD, address="203.0.113.7").status_code == 429
    assert sign_in(StaffBrowser(app, shop), "nadia", PASSWORD, address="203.0.113.8").status_code == 303


def test_an_invitation_sets_a_password_once(app: Flask, shop: Shop) -> None:
    hugo = add_member(shop, "hugo", Role.MARKETER)
    token = shop.storage.write(lambda uow: shop.team.invite(uow, hugo.id, actor="test"))
    browser, path = StaffBrowser(app, shop), f"/staff/invitation/{token}"
    assert "Welcome, Hugo" in text_of(browser.get(path).text)
    weak = browser.post(path, {"password": "hugo123456", "again": "hugo123456"})
    assert weak.status_code == 422 and "too easy to guess" in text_of(weak.text)
    assert browser.post(path, {"password": PASSWORD, "again": "other"}).status_code == 422
    assert browser.post(path, {"password": PASSWORD, "again": PASSWORD}).location == "/staff/begin"
    assert browser.get("/staff/account").status_code == 200
    assert browser.get(path).status_code == browser.get("/staff/invitation/none").status_code == 404
    assert browser.post(path, {"password": PASSWORD + "!", "again": PASSWORD + "!"}).status_code == 404
    assert sign_in(StaffBrowser(app, shop), "hugo", PASSWORD).status_code == 303


def test_an_invitation_ends_after_three_days(app: Flask, shop: Shop, clock: ManualClock) -> None:
    hugo = add_member(shop, "hugo", Role.MARKETER)
    older = shop.storage.write(lambda uow: shop.team.invite(uow, hugo.id, actor="test"))
    token = shop.storage.write(lambda uow: shop.team.invite(uow, hugo.id, actor="test"))
    browser = StaffBrowser(app, shop)
    assert browser.get(f"/staff/invitation/{older}").status_code == 404
    clock.advance(timedelta(hours=71, minutes=59))
    assert browser.get(f"/staff/invitation/{token}").status_code == 200
    clock.advance(timedelta(minutes=1))
    assert browser.get(f"/staff/invitation/{token}").status_code == 404


def test_a_link_of_this_machine_lets_in_once(app: Flask, shop: Shop, nadia: StaffMember) -> None:
    token = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, nadia, actor="test"))
    browser, path = StaffBrowser(app, shop), f"/staff/link/{token}"
    assert browser.get(path).status_code == browser.get(path).status_code == 200  # looking uses nothing up
    assert browser.post(path).location == "/staff/begin"
    assert browser.get("/staff/account").status_code == 200
    assert StaffBrowser(app, shop).post(path).status_code == 404


def enrolled(browser: StaffBrowser, clock: ManualClock) -> pyotp.TOTP:
    page = browser.get("/staff/account/second-factor").text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret is not None and "data:image/svg+xml" in page
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    wrong = browser.post("/staff/account/second-factor", {"code": "000000"})
    assert wrong.status_code == 422
    done = browser.post("/staff/account/second-factor", {"code": totp.at(clock.now())})
    assert done.location == "/staff/account?done=second-factor"
    return totp


def test_a_second_factor_is_asked_for(app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock) -> None:
    other, browser = StaffBrowser(app, shop, nadia), StaffBrowser(app, shop, nadia)
    totp = enrolled(browser, clock)
    assert other.get("/staff/account").status_code == 303  # every other browser is out
    again = StaffBrowser(app, shop)
    halfway = sign_in(again, "nadia", PASSWORD, next="/staff/account")
    assert halfway.status_code == 200 and again.client.get_cookie("vitrine_staff", domain="127.0.0.1") is None
    ticket = re.search(r'name="ticket" value="([0-9a-f]+)"', halfway.text)[1]

    def give(code: str):
        form = {"ticket": ticket, "code": code, "next": "/staff/account"}
        return again.client.post("/staff/sign-in/code", data=form, base_url=HOST, headers=ORIGIN)

    assert give(totp.at(clock.now())).status_code == 422  # the code of the enrolment counts once
    clock.advance(timedelta(seconds=60))
    assert give(totp.at(clock.now() - timedelta(seconds=60))).status_code == 422  # too old
    early = totp.at(clock.now() + timedelta(seconds=30))
    assert give(f"{early[:3]} {early[3:]}").location == "/staff/account"
    assert give(totp.at(clock.now() + timedelta(seconds=30))).status_code == 422  # the ticket is gone


def test_a_second_factor_is_removed_with_the_password_alone(
    app: Flask, shop: Shop, nadia: StaffMember, clock: ManualClock
) -> None:
    browser = StaffBrowser(app, shop, nadia)
    enrolled(browser, clock)
    assert browser.post("/staff/account/second-factor/remove", {"old": "wrong"}).status_code == 422
    assert browser.post("/staff/account/second-factor/remove", {"old": PASSWORD}).status_code == 303
    assert sign_in(StaffBrowser(app, shop), "nadia", PASSWORD).status_code == 303


def test_an_owner_is_led_to_the_second_factor_and_may_wait_on_this_machine_alone(
    app: Flask, shop: Shop, make_shop: Callable[..., Shop]
) -> None:
    add_member(shop, "olga", Role.OWNER, password=PASSWORD)
    here = StaffBrowser(app, shop)
    assert sign_in(here, "olga", PASSWORD).location == "/staff/account/second-factor"
    assert "Later" in text_of(here.get("/staff/account/second-factor").text)
    assert here.get("/staff/account").status_code == 200


def test_an_owner_of_a_public_shop_needs_a_second_factor(make_shop: Callable[..., Shop], clock: ManualClock) -> None:
    shop = make_shop(base_url=HTTPS)
    olga = add_member(shop, "olga", Role.OWNER, password=PASSWORD)
    browser = StaffBrowser(create_app(shop), shop, olga, host=HTTPS)
    assert "Later" not in text_of(browser.get("/staff/account/second-factor").text)
    assert browser.get("/staff/account").location == "/staff/account/second-factor"
    assert browser.get("/staff/account", Accept="application/json").status_code == 403
    enrolled(browser, clock)
    assert browser.get("/staff/account").status_code == 200
    assert browser.post("/staff/account/second-factor/remove", {"old": PASSWORD}).status_code == 403


def test_a_new_password_ends_other_sessions(app: Flask, shop: Shop, nadia: StaffMember) -> None:
    other, browser = StaffBrowser(app, shop, nadia), StaffBrowser(app, shop, nadia)
    new = "encore quatre mots 8"
    path = "/staff/account/password"
    assert browser.post(path, {"old": "wrong", "password": new, "again": new}).status_code == 422
    assert browser.post(path, {"old": PASSWORD, "password": "motdepasse1", "again": "motdepasse1"}).status_code == 422
    assert browser.post(path, {"old": PASSWORD, "password": new, "again": new}).status_code == 303
    assert browser.get("/staff/account").status_code == 200
    assert other.get("/staff/account").status_code == 303
    assert sign_in(StaffBrowser(app, shop), "nadia", PASSWORD).status_code == 422
    assert sign_in(StaffBrowser(app, shop), "nadia", new).status_code == 303


def test_other_browsers_are_signed_out(app: Flask, shop: Shop, nadia: StaffMember) -> None:
    other, browser = StaffBrowser(app, shop, nadia), StaffBrowser(app, shop, nadia)
    assert "Another browser" in text_of(browser.get("/staff/account").text)
    assert browser.post("/staff/account/sign-out-others").status_code == 303
    assert other.get("/staff/account").status_code == 303
    assert "Another browser" not in text_of(browser.get("/staff/account").text)


def test_pages_speak_the_members_language_until_the_browser_says_another(app: Flask, shop: Shop) -> None:
    browser = StaffBrowser(app, shop, add_member(shop, "nadia", languages=("fr", "en")))
    assert browser.get("/staff/account").headers["Content-Language"] == "fr"
    assert browser.get("/staff/account?lang=en").headers["Content-Language"] == "en"
    assert browser.get("/staff/account").headers["Content-Language"] == "en"
    browser.post("/staff/account/languages", {"first": "fr", "language": "fr"})
    assert browser.get("/staff/account").headers["Content-Language"] == "fr"


def test_whoever_is_let_go_is_out_at_once(app: Flask, shop: Shop, nadia: StaffMember) -> None:
    browser = StaffBrowser(app, shop, nadia)
    assert csrf_in(browser.get("/staff/account").text)
    shop.storage.write(lambda uow: shop.team.deactivate(uow, nadia.id, actor="test"))
    assert browser.get("/staff/account").status_code == 303
