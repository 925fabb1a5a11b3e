"""`vitrine catalogue`: a PDF, a folder of pictures or chosen products, published at once or left as a draft.
`vitrine posts import`: what is new at Instagram, or why nothing came."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commerce.domain.lookbook import LookbookState
from commerce.settings import load_settings
from commerce.wiring import build_shop
from vitrine.cli import app
from vitrine.demo_shop.printed import Article, write_pdf
from vitrine.fixture import build_fixture
from vitrine.standins.instagram import InstagramStandIn


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop")
    with build_shop(load_settings(data_dir=directory)) as shop:
        build_fixture(shop)
        shop.index_keeper.catch_up()
    return directory


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(data_dir))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["catalogue", "publish", *arguments])

    return call


def picture(data_dir: Path, name: str) -> Path:
    return next((data_dir / "fixture" / "images").glob(f"{name}-*.jpg"))


def state_of(data_dir: Path, slug: str) -> LookbookState:
    with build_shop(load_settings(data_dir=data_dir)) as shop, shop.storage.read() as uow:
        book = uow.lookbooks.by_slug(slug)
    assert book is not None
    return book.state


def test_a_document_is_published_when_nothing_is_doubtful(run, data_dir: Path, tmp_path: Path) -> None:
    jpeg = picture(data_dir, "P1").read_bytes()
    right = write_pdf(tmp_path / "ete-a-lyon.pdf", "Été", [Article("Robe", "79,00 €", "P1-navy-38", jpeg)])
    done = run(str(right), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["slug"], told["pages"]) == ("ete-a-lyon", 1)
    assert told["url"].endswith("/l/ete-a-lyon")
    assert [(spot["printed"], spot["review"]) for spot in told["hotspots"]] == [("P1-navy-38", "sure")]
    assert state_of(data_dir, "ete-a-lyon") is LookbookState.PUBLISHED
    again = run(str(right), "--slug", "ete-a-lyon")
    assert again.exit_code != 0 and "slug_taken" in again.output

    wrong = write_pdf(tmp_path / "hiver.pdf", "Hiver", [Article("Robe", "9,00 €", "P1-navy-38", jpeg)])
    kept = run(str(wrong))
    assert kept.exit_code == 0
    assert "0 of 1 places are sure." in kept.stdout and "P1-navy-38: other_price" in kept.stdout
    assert state_of(data_dir, "hiver") is LookbookState.DRAFT
    assert run(str(wrong), "--slug", "hiver-2", "--even-doubtful").exit_code == 0
    assert state_of(data_dir, "hiver-2") is LookbookState.PUBLISHED


def test_every_picture_of_a_folder_is_a_page(run, data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for at, name in enumerate(("P3", "P1"), start=1):
        shutil.copy(picture(data_dir, name), folder / f"{at:02}.jpg")
    (folder / ".hidden").write_bytes(b"not ours")
    done = run(str(folder), "--slug", "pictures", "--even-doubtful", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["pages"] == 2
    with build_shop(load_settings(data_dir=data_dir)) as shop, shop.storage.read() as uow:
        ids = [uow.products.by_source_id(name).id for name in ("P3", "P1")]  # type: ignore[union-attr]
    found = [(spot["page"], spot["product_id"], spot["found_by"]) for spot in told["hotspots"]]
    assert found == [(1, ids[0], "picture"), (2, ids[1], "picture")]


def test_what_is_no_page_is_refused_by_name(run, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    empty = run(str(tmp_path / "pages"))
    assert empty.exit_code != 0 and "no_pages" in empty.output
    (tmp_path / "pages" / "notes.txt").write_text("not a picture")
    text = run(str(tmp_path / "pages"))
    assert text.exit_code != 0 and "notes.txt" in text.output
    (tmp_path / "garbage.pdf").write_bytes(b"%PDF-nothing")
    garbage = run(str(tmp_path / "garbage.pdf"))
    assert garbage.exit_code != 0 and "unreadable" in garbage.output


@pytest.fixture
def lay_out(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(data_dir))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["catalogue", "layout", *arguments])

    return call


def test_products_that_answer_to_words_are_laid_out(lay_out, data_dir: Path) -> None:
    draft = lay_out("--search", "robe", "--n", "2", "--title", "Robes d’été", "--json")
    assert draft.exit_code == 0, draft.output
    told = json.loads(draft.stdout)
    assert (told["slug"], told["url"], told["left_out"]) == ("robes-d-ete", "", [])
    assert len({spot["product_id"] for spot in told["hotspots"]}) == 2
    assert {spot["found_by"] for spot in told["hotspots"]} == {"layout"}
    assert state_of(data_dir, "robes-d-ete") is LookbookState.DRAFT
    shown = lay_out("--search", "robe", "--slug", "robes", "--cover", "none", "--density", "dense", "--publish")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.strip().endswith("/l/robes")
    assert state_of(data_dir, "robes") is LookbookState.PUBLISHED


def test_a_list_of_numbers_is_laid_out_in_its_order(lay_out, data_dir: Path, tmp_path: Path) -> None:
    numbers = tmp_path / "le-printemps.txt"
    numbers.write_text("P3-white-42\n\nP1\nP3-white-42\n")
    done = lay_out("--sku", str(numbers), "--cover", "none", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["slug"] == "le-printemps"
    with build_shop(load_settings(data_dir=data_dir)) as shop, shop.storage.read() as uow:
        ids = [uow.products.by_source_id(name).id for name in ("P3", "P1")]  # type: ignore[union-attr]
    assert [spot["product_id"] for spot in told["hotspots"]] == ids
    numbers.write_text("P1\nNOTHING-9\nNOTHING-10\n")
    refused = lay_out("--sku", str(numbers))
    assert refused.exit_code == 1 and "NOTHING-9, NOTHING-10" in refused.output


def test_what_cannot_be_laid_out(lay_out, tmp_path: Path) -> None:
    assert lay_out().exit_code == 2
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("")
    assert lay_out("--sku", str(numbers), "--search", "robe").exit_code == 2
    nothing = lay_out("--sku", str(numbers))
    assert nothing.exit_code == 1 and "no_pages" in nothing.output
    assert lay_out("--search", "robe", "--density", "endless").exit_code == 2


@pytest.mark.enable_socket
def test_posts_are_imported_or_it_says_why(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["posts", "import", *arguments])

    monkeypatch.setenv("VITRINE_DATA_DIR", str(data_dir))
    off = call()
    assert off.exit_code == 1 and "VITRINE_INSTAGRAM_TOKEN is not set" in off.output
    with InstagramStandIn() as instagram:
        monkeypatch.setenv("VITRINE_INSTAGRAM_TOKEN", instagram.token)
        monkeypatch.setenv("VITRINE_META_GRAPH_URL", instagram.url)
        monkeypatch.setenv("VITRINE_FETCH_ALLOW_HOSTS", instagram.host)
        instagram.publish("Robe, réf. P1-navy-38", picture(data_dir, "P1").read_bytes())
        done = call("--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout) == {"new": 1, "changed": 0, "gone": 0, "skipped": 0}
        assert "0 new, 0 changed, 0 gone, 0 skipped" in call().stdout
        instagram.end_token()
        ended = call()
        assert ended.exit_code == 1 and "token_ended" in ended.output and instagram.token not in ended.output
