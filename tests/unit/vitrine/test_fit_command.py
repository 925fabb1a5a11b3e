"""`vitrine index fit`, on a shop of made-up makers: dry, for real, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commerce.settings import load_settings
from commerce.wiring import build_shop
from tests.unit.visual_search.made_catalogue import catalogue
from vitrine.cli import app
from vitrine.fixture import build_fixture

pytestmark = pytest.mark.timeout(600)
_TYPES = {"dress": "Dresses", "shirt": "Shirts", "bag": "Handbags", "skirt": "Skirts"}


def write_feed(folder: Path) -> Path:
    """The made catalogue as a Google feed folder."""
    products, pictures = catalogue(240)
    (folder / "images").mkdir(parents=True)
    lines = ["id\ttitle_fr\ttitle_en\timage_link\tavailability\tprice\tbrand\tgender\tproduct_type"]
    for product in products:
        [picture_id] = product.picture_ids
        (folder / "images" / f"{picture_id}.png").write_bytes(pictures[picture_id])
        names = product.names
        lines.append(
            f"{product.product_id}\t{names['fr']}\t{names['en']}\timages/{picture_id}.png\tin_stock\t20.00 EUR\t"
            f"{names['en'].split()[0]}\tfemale\t{_TYPES[product.kind]}"
        )
    (folder / "products.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "feed.toml").write_text('name = "made"\nlanguage = "en"\ncurrency = "EUR"\n', "utf-8")
    return folder


def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setenv("VITRINE_DATA_DIR", str(data_dir))
    return CliRunner().invoke(app, list(arguments))


def test_taught_dry_then_for_real_then_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = tmp_path / "shop"
    read = run(shop, monkeypatch, "sync", str(write_feed(tmp_path / "feed")))
    assert read.exit_code == 0, read.output

    def eyes() -> dict[str, object]:
        told: dict[str, object] = json.loads(run(shop, monkeypatch, "index", "verify", "--json").stdout)
        return told

    shipped = eyes()
    assert shipped["pictures"] == 240 and "+" not in str(shipped["encoder"])
    dry = run(shop, monkeypatch, "index", "fit", "--dry-run", "--json")
    assert dry.exit_code == 0, dry.output
    told = json.loads(dry.stdout)
    assert told["refused"] == [] and told["products"] == 240
    assert told["after"]["name_mrr_fr"] > told["before"]["name_mrr_fr"]
    assert eyes() == shipped
    real = run(shop, monkeypatch, "index", "fit")
    assert real.exit_code == 0, real.output
    assert "looked at by vitrine+" in real.output and "held out" in real.output
    taught = eyes()
    assert str(taught["encoder"]).startswith("vitrine+") and taught["revision"] != shipped["revision"]
    assert taught["pictures"] == 240 and taught["damage"] == "" and taught["next_encoder"] == ""
    doctor = run(shop, monkeypatch, "doctor").output
    assert str(taught["revision"]) in doctor
    back = run(shop, monkeypatch, "index", "fit", "--undo")
    assert back.exit_code == 0, back.output
    assert eyes() == shipped
    again = run(shop, monkeypatch, "index", "fit", "--undo")
    assert again.exit_code == 1 and "nothing to go back from" in again.output


def test_a_small_shop_is_told_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with build_shop(load_settings(data_dir=tmp_path)) as shop:
        build_fixture(shop)
    refused = run(tmp_path, monkeypatch, "index", "fit")
    assert refused.exit_code == 1
    assert "at least 200" in refused.output and "Nothing was changed" in refused.output
    assert run(tmp_path, monkeypatch, "index", "fit", "--undo", "--dry-run").exit_code == 2
