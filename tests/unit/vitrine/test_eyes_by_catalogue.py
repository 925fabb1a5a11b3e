"""What the commands say and do where the catalogue chose the eyes: a shop of other things than clothes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.drawn_things import things
from vitrine.cli import app

pytestmark = pytest.mark.timeout(300)


def write_feed(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    lines = ["id\ttitle_fr\ttitle_en\timage_link\tavailability\tprice\tbrand"]
    for number, picture in enumerate(things(40)):
        (folder / "images" / f"{number}.png").write_bytes(picture)
        lines.append(f"T{number}\tChose {number}\tThing {number}\timages/{number}.png\tin_stock\t20.00 EUR\tVitrine")
    (folder / "products.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "feed.toml").write_text('name = "things"\nlanguage = "en"\ncurrency = "EUR"\n', "utf-8")
    return folder


def test_the_commands_say_which_eyes_look_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_DATA_DIR", str(tmp_path / "shop"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def eyes() -> str:
        report = json.loads(run("doctor", "--json").stdout)
        return str(next(one["detail"] for one in report["findings"] if one["name"] == "what looks at pictures"))

    read = run("sync", str(write_feed(tmp_path / "feed")))
    assert read.exit_code == 0, read.output
    why = "chosen by the catalogue as the eyes for things of any kind: "
    before = eyes()
    assert before.startswith("vitrine, ready") and "of 40 pictures show nothing to wear" in before
    assert before.index("objects follows") < before.index(why)
    refused = run("index", "fit")
    assert refused.exit_code == 1
    assert "objects cannot be taught" in refused.output and why in refused.output
    rebuilt = run("index", "rebuild", "--json")
    assert rebuilt.exit_code == 0 and json.loads(rebuilt.stdout) == {"pictures": 40, "encoder": "objects"}
    after = eyes()
    assert after.startswith("objects, ready") and "follows" not in after and why in after
    (tmp_path / "words.txt").write_text("a house\n", "utf-8")
    embed = ("embed", "texts", str(tmp_path / "words.txt"), "-o", str(tmp_path / "out"))
    assert "objects reads no words" in run(*embed).output, "by what looks in this shop"
    assert run(*embed, "--encoder", "vitrine").exit_code == 0
    monkeypatch.setenv("VITRINE_ENCODER", "vitrine")
    named = eyes()
    assert named.startswith("objects, ready") and named.index("vitrine follows") < named.index("named in the settings")
    small = run("index", "fit")
    assert small.exit_code == 1 and "at least 200" in small.output, "named, it can be taught"
