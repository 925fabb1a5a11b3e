"""The commands for the team: added, invited, listed, let go, and refused where they make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from commerce.domain.team import NotSignedIn
from commerce.services.signing_in import SignedIn, SignInRefused
from commerce.settings import load_settings
from commerce.wiring import build_shop
from tests.contracts.storage_values import a_store
from vitrine.cli import app

PASSWORD = "quatre mots sans lien 7"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("VITRINE_ENCODER", "none")
    with build_shop(load_settings()) as shop:
        shop.storage.write(lambda uow: uow.stores.put(a_store("bellecour")))

    def call(*arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(app, ["staff", *arguments], input=given)

    return call


def entered(login: str, password: str) -> SignedIn | SignInRefused:
    with build_shop(load_settings()) as shop:
        return shop.signing_in.with_password(login, password)


def test_somebody_is_added_invited_and_let_go(run) -> None:
    assert "nobody" in run("list").stdout
    made = run("add", "Olga", "--name", "Olga", "--role", "owner", "--language", "fr", "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    link = urlsplit(told.pop("link"))
    assert told == {
        "login": "olga", "name": "Olga", "role": "owner", "stores": [], "languages": ["fr"], "skills": [],
        "active": True, "second_factor": False,
    }  # fmt: skip
    token = link.path.removeprefix("/staff/invitation/")
    with build_shop(load_settings()) as shop:
        assert isinstance(shop.own_account.accept(token, PASSWORD), SignedIn)
    nadia = run("add", "nadia", "--name", "Nadia", "--store", "bellecour", "--skill", "Retours")
    assert "staff, bellecour, fr, retours" in nadia.stdout and "/staff/invitation/" in nadia.stdout
    listed = {each["login"]: each["has_password"] for each in json.loads(run("list", "--json").stdout)}
    assert listed == {"olga": True, "nadia": False}
    assert "no password yet" in run("list").stdout
    assert "left" in run("deactivate", "nadia").stdout
    assert run("invite", "nadia").exit_code == 1
    last = run("deactivate", "olga")
    assert last.exit_code == 1 and "one owner" in last.stderr


def test_a_password_is_read_from_standard_input(run) -> None:
    run("add", "nadia", "--name", "Nadia", "--store", "bellecour")
    weak = run("password", "nadia", given="nadia\n")
    assert weak.exit_code == 1 and "easy to guess" in weak.stderr
    assert run("password", "NADIA", given=PASSWORD + "\n").exit_code == 0
    assert isinstance(entered("nadia", PASSWORD), SignedIn)
    assert json.loads(run("sign-out", "nadia", "--json").stdout) == {"login": "nadia", "sessions": 1}


def test_a_lost_telephone_is_forgotten(run) -> None:
    run("add", "nadia", "--name", "Nadia", "--store", "bellecour")
    run("password", "nadia", given=PASSWORD + "\n")
    with build_shop(load_settings()) as shop, shop.storage.read() as uow:
        member = uow.team.by_login("nadia")
    with build_shop(load_settings()) as shop:
        shop.storage.write(lambda uow: uow.team.set_totp_secret(member.id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    asked = entered("nadia", PASSWORD)
    assert isinstance(asked, SignInRefused) and asked.reason is NotSignedIn.TOTP_NEEDED
    assert run("invite", "nadia", "--reset-second-factor").exit_code == 0
    assert isinstance(entered("nadia", PASSWORD), SignedIn)  # the old password counts until a new one is chosen


def test_a_link_signs_in_once(run) -> None:
    run("add", "nadia", "--name", "Nadia", "--store", "bellecour")
    token = json.loads(run("link", "nadia", "--json").stdout)["link"].rpartition("/")[2]
    with build_shop(load_settings()) as shop:
        assert isinstance(shop.signing_in.with_link(token), SignedIn)
        assert isinstance(shop.signing_in.with_link(token), SignInRefused)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "nadia", "--name", "Nadia"), 1),
        (("add", "nadia", "--name", "Nadia", "--store", "nowhere"), 1),
        (("add", "é", "--name", "Nadia", "--store", "bellecour"), 1),
        (("add", "nadia", "--name", " ", "--store", "bellecour"), 1),
        (("add", "nadia", "--name", "Nadia", "--role", "king"), 2),
        (("invite", "nobody"), 1),
        (("sign-out", "nobody"), 1),
    ],
)
def test_what_makes_no_sense_is_refused(run, arguments: tuple[str, ...], code: int) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert json.loads(run("list", "--json").stdout) == []


def test_a_login_belongs_to_one_person(run) -> None:
    run("add", "nadia", "--name", "Nadia", "--store", "bellecour")
    assert run("add", "NADIA", "--name", "Else", "--store", "bellecour").exit_code == 1
