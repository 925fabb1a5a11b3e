"""The pages of whoever runs the shop: the team and the record."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask

from commerce.clock import ManualClock
from commerce.domain.team import Role, StaffMember
from commerce.wiring import Shop
from tests.unit.shoppable.shopping import text_of
from tests.unit.shoppable.staffing import StaffBrowser, add_member

NADIA = {"login": "nadia", "name": "Nadia", "role": "staff", "store": "S1", "language": "fr", "skills": "Retours, Fit,"}


@pytest.fixture
def olga(shop: Shop) -> StaffMember:
    return add_member(shop, "olga", Role.OWNER)


@pytest.fixture
def browser(app: Flask, shop: Shop, olga: StaffMember) -> StaffBrowser:
    return StaffBrowser(app, shop, olga)


def by_login(shop: Shop, login: str) -> StaffMember:
    with shop.storage.read() as uow:
        found = uow.team.by_login(login)
    assert found is not None
    return found


def test_somebody_is_added_and_invited(browser: StaffBrowser, shop: Shop) -> None:
    shown = browser.post("/staff/team", dict(NADIA))
    link = re.search(r'value="http://127.0.0.1:8000(/staff/invitation/[0-9a-f]{32})"', shown.text)
    assert shown.status_code == 200 and link is not None
    nadia = by_login(shop, "nadia")
    assert (nadia.name, nadia.role, nadia.store_ids) == ("Nadia", Role.STAFF, frozenset({"S1"}))
    assert (nadia.languages, nadia.skills) == (("fr",), ("retours", "fit"))
    assert browser.get(link[1]).status_code == 200
    listed = text_of(browser.get("/staff/team").text)
    assert "Nadia" in listed and "invited" in listed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"login": "OLGA"}, "Somebody has this login already."),
        ({"login": "n a"}, "A login has two to sixty-four"),
        ({"name": " "}, "They need a name."),
        ({"store": "nowhere"}, "There is no such store."),
        ({"store": ""}, "There is no such store."),
        ({"role": "marketer", "name": ""}, "They need a name."),
    ],
)
def test_what_makes_no_sense_is_said(browser: StaffBrowser, change: dict[str, object], told: str) -> None:
    refused = browser.post("/staff/team", {**NADIA, **change})
    assert refused.status_code == 422 and told in text_of(refused.text)


def test_staff_without_a_store_are_refused(browser: StaffBrowser) -> None:
    refused = browser.post("/staff/team", {key: value for key, value in NADIA.items() if key != "store"})
    assert "Staff work in at least one store." in text_of(refused.text)


def test_somebody_is_changed_and_an_old_page_is_told_so(browser: StaffBrowser, shop: Shop) -> None:
    nadia = add_member(shop, "nadia")
    path = f"/staff/team/{nadia.id}"
    form = {"name": "Nadia B.", "role": "marketer", "version": 1}
    assert browser.post(path, dict(form)).location == f"{path}?done=changed"
    assert by_login(shop, "nadia").role is Role.MARKETER
    stale = browser.post(path, dict(form))
    assert stale.status_code == 409 and "Somebody else has changed this" in text_of(stale.text)
    assert "Nadia B." in text_of(browser.get(f"{path}?done=changed").text)


def test_a_change_keeps_the_language_of_their_pages(browser: StaffBrowser, shop: Shop) -> None:
    nadia = add_member(shop, "nadia", languages=("en",))
    form = {"name": "Nadia", "role": "staff", "store": "S1", "language": ["fr", "en"], "version": 1}
    assert browser.post(f"/staff/team/{nadia.id}", form).status_code == 303
    assert by_login(shop, "nadia").languages == ("en", "fr")


def test_the_last_owner_stays(browser: StaffBrowser, shop: Shop, olga: StaffMember) -> None:
    path = f"/staff/team/{olga.id}"
    for answer in (
        browser.post(f"{path}/deactivate"),
        browser.post(path, {"name": "Olga", "role": "marketer", "version": olga.version}),
    ):
        assert answer.status_code == 422 and "this is the last one" in text_of(answer.text)
    second = add_member(shop, "oskar", Role.OWNER)
    assert browser.post(f"/staff/team/{second.id}/deactivate").status_code == 303
    assert browser.post(f"{path}/deactivate").status_code == 422  # whoever has left does not count


def test_somebody_leaves_and_comes_back(app: Flask, browser: StaffBrowser, shop: Shop) -> None:
    nadia = add_member(shop, "nadia")
    hers, path = StaffBrowser(app, shop, nadia), f"/staff/team/{nadia.id}"
    assert browser.post(f"{path}/deactivate").location == f"{path}?done=deactivated"
    assert hers.get("/staff/account").status_code == 303
    assert browser.post(f"{path}/invite").status_code == 404
    assert "Bring back" in text_of(browser.get(path).text)
    assert browser.post(f"{path}/reactivate").status_code == 303
    assert hers.get("/staff/account").status_code == 303  # the old browser stays out
    assert "New link" in text_of(browser.get(path).text)
    assert browser.post(f"{path}/invite").status_code == 200


def test_somebody_is_signed_out_and_their_telephone_forgotten(app: Flask, browser: StaffBrowser, shop: Shop) -> None:
    nadia = add_member(shop, "nadia")
    shop.storage.write(lambda uow: uow.team.set_totp_secret(nadia.id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    path = f"/staff/team/{nadia.id}"
    assert browser.post(f"{path}/reset-second-factor").status_code == 303
    hers = StaffBrowser(app, shop, by_login(shop, "nadia"))
    assert "signed in on 1 browser" in text_of(browser.get(path).text)
    assert browser.post(f"{path}/sign-out").status_code == 303
    assert hers.get("/staff/account").status_code == 303


def test_what_is_done_is_in_the_record(
    app: Flask, browser: StaffBrowser, shop: Shop, olga: StaffMember, clock: ManualClock
) -> None:
    browser.post("/staff/team", dict(NADIA))
    nadia = by_login(shop, "nadia")
    clock.advance(timedelta(days=1))
    browser = StaffBrowser(app, shop, olga)
    shop.storage.write(
        lambda uow: uow.audit.add("clock", "=cmd|' /C calc'!A0", "x1", {"n": 0, "of": ["a", "b"]}, clock.now())
    )

    def read(query: str) -> str:
        return text_of(browser.get(f"/staff/audit?{query}").text)

    assert "Member added" in read("") and "n: 0; of: a, b" in read("")
    assert "Olga Member added Nadia role: staff; stores: S1" in read(f"actor=staff:{olga.id}")
    assert "Member added" in read(f"subject={nadia.id}") and "n: 0" not in read(f"subject={nadia.id}")
    assert "Member added" in read("to=2026-03-10") and "n: 0" not in read("to=2026-03-10")
    assert "n: 0" in read("from=2026-03-11") and "Member added" not in read("from=2026-03-11")
    assert "Nothing of that kind." in read("from=2026-03-12")
    assert "Member added" in read("from=yesterday&to=9999-99-99")
    file = browser.get("/staff/audit.csv?actor=clock")
    assert file.mimetype == "text/csv" and "attachment" in file.headers["Content-Disposition"]
    (line,) = csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff")))
    assert line["action"] == "'=cmd|' /C calc'!A0" and line["details"] == '{"n": 0, "of": ["a", "b"]}'


def test_the_record_is_paged(browser: StaffBrowser, shop: Shop, clock: ManualClock) -> None:
    for number in range(150):
        shop.storage.write(lambda uow, n=number: uow.audit.add("clock", "tick", f"n{n}", {}, clock.now()))
    first = browser.get("/staff/audit?actor=clock")
    assert len(re.findall(r"<time ", first.text)) == 100
    older = re.search(r'href="(/staff/audit\?[^"]*before=\d+[^"]*)"', first.text)
    assert older is not None
    second = browser.get(older[1].replace("&amp;", "&"))
    assert len(re.findall(r"<time ", second.text)) == 50 and ">Older</a>" not in second.text


@pytest.mark.parametrize("role", [Role.STAFF, Role.MARKETER])
def test_others_do_not_see_team_and_record(app: Flask, shop: Shop, role: Role) -> None:
    member = add_member(shop, "nadia", role)
    browser = StaffBrowser(app, shop, member)
    for path in ("/staff/team", f"/staff/team/{member.id}", "/staff/audit", "/staff/audit.csv"):
        assert browser.get(path).status_code == 403
    assert browser.post("/staff/team", dict(NADIA)).status_code == 403
    assert browser.post(f"/staff/team/{member.id}", {"role": "owner", "name": "Me", "version": 1}).status_code == 403


def test_a_member_who_is_not_there(browser: StaffBrowser) -> None:
    for staff_id in ("none", "a" * 32, "é", "%00", "a" * 500):
        assert browser.get(f"/staff/team/{staff_id}").status_code == 404
