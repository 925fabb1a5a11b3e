"""The commands for promotion codes: made, listed, stopped, and refused where they make no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vitrine.cli import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("VITRINE_ENCODER", "none")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["promotion", *arguments])

    return call


def test_made_listed_changed_and_stopped(run):
    assert "no codes" in run("list").stdout
    made = json.loads(run("add", "printemps 10", "--percent", "10", "--max-uses", "5", "--json").stdout)
    assert made == {
        "code": "PRINTEMPS10", "kind": "percent", "value": 1000, "currency": "EUR", "min_subtotal_minor": 0,
        "starts_at": None, "ends_at": None, "max_uses": 5, "once_per_customer": False, "active": True, "uses": 0,
    }  # fmt: skip
    told = run("add", "PRINTEMPS10", "--amount", "7,50", "--min", "50", "--once", "--until", "2099-03-31").stdout
    for words in ("PRINTEMPS10", "-7.50 EUR", "from 50.00 EUR on", "once a customer", "until 2099-04-01 00:00"):
        assert words in told
    run("add", "FREE", "--free-delivery", "--from", "2099-01-01T18:00")
    listed = json.loads(run("list", "--json").stdout)
    assert [(each["code"], each["kind"], each["value"]) for each in listed] == [
        ("FREE", "free_delivery", 0),
        ("PRINTEMPS10", "amount", 750),
    ]
    assert listed[0]["starts_at"] in ("2099-01-01T17:00:00+00:00", "2099-01-01T18:00:00+01:00")
    assert "begins" in run("list").stdout
    stopped = run("stop", "printemps10")
    assert stopped.exit_code == 0
    assert "stopped" in stopped.stdout
    assert not json.loads(run("list", "--json").stdout)[1]["active"]
    again = json.loads(run("add", "PRINTEMPS10", "--percent", "7.5", "--json").stdout)
    assert (again["active"], again["value"]) == (True, 750)


def test_a_code_that_is_not_there_cannot_be_stopped(run):
    result = run("stop", "nothing")
    assert result.exit_code == 1
    assert "nothing" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("X",),
        ("X", "--percent", "10", "--amount", "5"),
        ("X", "--percent", "0"),
        ("X", "--percent", "-5"),
        ("X", "--percent", "101"),
        ("X", "--percent", "ten"),
        ("X", "--percent", "NaN"),
        ("X", "--percent", "1.234"),
        ("X", "--amount", "5.001"),
        ("X", "--amount", "1e400"),
        ("X", "--amount", "-5"),
        ("  ", "--percent", "10"),
        ("X", "--percent", "10", "--from", "soon"),
        ("X", "--percent", "10", "--from", "2026-03-20", "--until", "2026-03-19"),
        ("X", "--percent", "10", "--max-uses", "-1"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_makes_nothing(run, arguments: tuple[str, ...]):
    assert run("add", *arguments).exit_code == 2
    assert json.loads(run("list", "--json").stdout) == []
