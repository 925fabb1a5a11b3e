"""The commands, on the small shop of the journeys: what they print for people and for machines, and how they end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commerce.domain.payment import CallbackKind, PaymentCallback
from commerce.settings import load_settings
from commerce.wiring import build_shop
from tests.contracts.storage_values import NOW
from tests.tiny_clip import make_clip_folder
from vitrine.cli import app
from vitrine.fixture import build_fixture, write_fixture_feed


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop, read once; tests that change it say so."""
    directory = tmp_path_factory.mktemp("shop")
    with build_shop(load_settings(data_dir=directory)) as shop:
        build_fixture(shop)
    return directory


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(data_dir))

    def call(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return call


def test_search_finds_through_typos_in_both_languages(run):
    for words, lang in (("robe lain bleu marine", "fr"), ("linnen dress navy", "en")):
        result = run("search", words, "--lang", lang, "--json")
        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        first = answer["hits"][0]
        assert set(first) == {"id", "title", "url", "price_minor", "currency", "score", "why"}
        assert (first["id"], first["price_minor"], first["currency"]) == ("P1", 7900, "EUR")
        assert answer["took_ms"] > 0


def test_search_reads_conditions_and_says_what_failed(run):
    cheap = json.loads(run("search", "robe à moins de 60 €", "--lang", "fr", "--json").stdout)
    assert [hit["id"] for hit in cheap["hits"]] == ["P6"]
    impossible = json.loads(run("search", "robe à 5 €", "--lang", "fr", "--json").stdout)
    assert impossible["hits"] == []
    assert impossible["broken"] == "price"
    told = run("search", "robe à 5 €", "--lang", "fr")
    assert "59,00" in told.stdout


def test_search_near_and_in_a_size(run):
    told = run("search", "robe lin", "--lang", "fr", "--near", "45.7600,4.8400", "--size", "38").stdout
    lines = [line for line in told.splitlines() if "Lyon" in line]
    assert "Bellecour" in lines[0]
    assert "Part-Dieu" in lines[1]


def test_misuse_ends_with_2_and_says_how(run):
    for arguments in (
        ("search",),
        ("search", "robe", "--near", "here"),
        ("search", "robe", "--lang", "tlh"),
        ("prove", "nothing-like-it"),
        ("dead-letter", "replay", "x"),
        ("no-such-command",),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert result.output.strip()


def test_a_refused_feed_ends_with_1_and_its_reason(run, tmp_path: Path):
    (tmp_path / "bad.xml").write_text('<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "utf-8")
    result = run("sync", str(tmp_path / "bad.xml"))
    assert result.exit_code == 1
    assert "DOCTYPE" in result.stdout


def test_a_second_sync_finds_nothing_to_do(run, data_dir: Path):
    feed = write_fixture_feed(data_dir / "fixture")
    report = json.loads(run("sync", str(feed), "--json").stdout)
    assert report["state"] == "unchanged"


def test_similar_finds_our_own_picture_first(run, data_dir: Path):
    answer = json.loads(run("similar", str(data_dir / "fixture" / "images" / "P4-brown.jpg"), "--json").stdout)
    assert answer["hits"][0]["id"] == "P4"
    assert answer["hits"][0]["why"] == "exact_picture"


def test_similar_looks_at_a_part(run, data_dir: Path):
    photo = str(data_dir / "fixture" / "images" / "P4-brown.jpg")
    answer = json.loads(run("similar", photo, "--box", "0.1,0.1,0.9,0.95", "--json").stdout)
    (garment,) = answer["garments"]
    assert garment["box"] == [0.1, 0.1, 0.9, 0.95]
    assert answer["hits"]
    for nonsense in ("1,2", "0.5,0,0.2,1", "0,0,2,2", "a,b,c,d"):
        assert run("similar", photo, "--box", nonsense).exit_code == 2


def test_similar_refuses_what_is_no_picture(run, tmp_path: Path):
    (tmp_path / "not.jpg").write_bytes(b"%PDF-1.7 not a picture")
    result = run("similar", str(tmp_path / "not.jpg"), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["hits"] == []


def test_a_conversation_can_be_scripted(run):
    result = run("chat", "--lang", "fr", "--json", stdin="robe lain bleu marine\n")
    assert result.exit_code == 0, result.output
    replies = [json.loads(line) for line in result.stdout.splitlines()]
    assert any("Robe midi en lin" in json.dumps(reply, ensure_ascii=False) for reply in replies)


def test_the_doctor_finds_a_healthy_shop(run):
    result = run("doctor", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["ok"] is True


def test_the_index_is_verified(run):
    result = run("index", "verify", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["pictures_on_disk"] == 6


def test_pictures_are_embedded_for_others_to_measure(run, data_dir: Path, tmp_path: Path):
    import numpy as np

    pictures = sorted((data_dir / "fixture" / "images").glob("*.jpg"))
    (tmp_path / "list.txt").write_text("\n".join(map(str, pictures)), "utf-8")
    result = run("embed", "images", str(tmp_path / "list.txt"), "-o", str(tmp_path / "out.npy"))
    assert result.exit_code == 0, result.output
    rows = np.load(tmp_path / "out.npy")
    assert rows.shape[0] == len(pictures)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_picture_that_cannot_be_read_is_a_row_of_nan_and_told_of(run, data_dir: Path, tmp_path: Path):
    import numpy as np

    good = min((data_dir / "fixture" / "images").glob("*.jpg"))
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    listed = [good, tmp_path / "bad.jpg", tmp_path / "missing.jpg", good]
    (tmp_path / "list.txt").write_text("\n".join(map(str, listed)) + "\n", "utf-8")
    result = run("embed", "images", str(tmp_path / "list.txt"), "-o", str(tmp_path / "rows"))
    assert result.exit_code == 1
    assert "bad.jpg: unknown_format" in result.stderr and "missing.jpg: No such file" in result.stderr
    rows = np.load(tmp_path / "rows")
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, True, False]
    assert np.allclose(rows[0], rows[3], atol=1e-5)


def test_texts_are_embedded_by_an_encoder_that_reads_words_only(run, tmp_path: Path):
    import numpy as np

    (tmp_path / "list.txt").write_text("robe bleue\n\nblue dress", "utf-8")
    refused = run("embed", "texts", str(tmp_path / "list.txt"), "-o", str(tmp_path / "no"), "--encoder", "imagenet")
    assert refused.exit_code == 1 and "reads no words" in refused.stderr
    assert not (tmp_path / "no").exists()
    folder = make_clip_folder(tmp_path / "model")
    result = run("embed", "texts", str(tmp_path / "list.txt"), "-o", str(tmp_path / "out"), "--encoder", str(folder))
    assert result.exit_code == 0, result.output
    rows = np.load(tmp_path / "out")
    assert rows.shape == (3, 32) and rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("what", ["images", "texts"])
def test_embedding_is_refused_with_a_reason(run, tmp_path: Path, what: str):
    (tmp_path / "list.txt").write_text("one", "utf-8")
    call = ("embed", what, str(tmp_path / "list.txt"), "-o", str(tmp_path / "out.npy"), "--encoder")
    result = run(*call, "/no/such/folder")
    assert result.exit_code == 1 and "/no/such/folder" in result.stderr
    (tmp_path / "list.txt").write_text("", "utf-8")
    assert run(*call, "imagenet").exit_code == 2


def test_the_index_is_rebuilt_with_the_encoder_of_the_settings(
    run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(data_dir, tmp_path / "shop")
    folder = make_clip_folder(tmp_path / "model")
    monkeypatch.setenv("VITRINE_DATA_DIR", str(tmp_path / "shop"))
    monkeypatch.setenv("VITRINE_ENCODER", str(folder))

    def eyes() -> str:
        report = json.loads(run("doctor", "--json").stdout)
        return next(one["detail"] for one in report["findings"] if one["name"] == "what looks at pictures")

    assert eyes().startswith("vitrine, ready") and f"open_clip:{folder} follows" in eyes()
    result = run("index", "rebuild", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"pictures": 6, "encoder": f"open_clip:{folder}"}
    assert eyes().startswith(f"open_clip:{folder}, ready, revision ") and "follows" not in eyes()


def test_dead_letters_and_proofs_are_listed(run):
    assert run("dead-letter", "list").stdout.strip() == "nothing waits for a person"
    assert run("dead-letter", "replay", "in:999").exit_code == 1
    assert "last-unit" in run("prove").stdout


def test_a_list_of_what_happened_in_the_stores(run, tmp_path):
    """Changes the small shop: a jacket that no other test asks about."""
    sales = tmp_path / "sales.csv"
    sales.write_text("sku,store,quantity,reference\nP2-blue-l,S2,1,T-1\nnothing,S2,1,T-2\n")
    checked = run("stock", "import", str(sales), "--kind", "sale", "--dry-run", "--json")
    assert checked.exit_code == 1
    report = json.loads(checked.stdout)
    assert (report["state"], report["applied"], report["rejected"]) == ("checked", 1, 1)
    assert report["rejected_lines"][0]["line"] == 3
    told = run("stock", "import", str(sales), "--kind", "sale", "--rejected", str(tmp_path / "again.csv"))
    assert told.exit_code == 1
    assert "1 taken · 0 counted before" in told.stdout
    assert "nothing" in (tmp_path / "again.csv").read_text()
    assert "0 taken · 1 counted before" in run("stock", "import", str(sales), "--kind", "sale").stdout

    shown = json.loads(run("stock", "show", "P2-blue-l", "--store", "S2", "--json").stdout)
    assert [(each["store"], each["on_hand"]) for each in shown["shelves"]] == [("S2", 0)]
    assert (shown["movements"][0]["reason"], shown["movements"][0]["reference"]) == ("sale", "T-1")
    assert shown["movements"][0]["by"].startswith("cli:")
    people = run("stock", "show", "P2-blue-l").stdout
    assert "0 on hand" in people and "sale T-1 cli:" in people

    # The feed still says one; the sale explains it.
    differ = json.loads(run("stock", "differences", "--store", "S2", "--json").stdout)
    (difference,) = [each for each in differ["differences"] if each["sku"] == "P2-blue-l"]
    assert (difference["source"], difference["theirs"], difference["ours"]) == ("feed", 1, 0)
    assert (difference["moved_since"], difference["unexplained"], differ["new_tasks"]) == (-1, 0, 0)


def test_what_is_no_list_of_stock_is_refused(run, tmp_path):
    assert run("stock", "import", str(tmp_path / "nowhere.csv"), "--kind", "sale").exit_code == 1
    assert run("stock", "import", str(tmp_path / "nowhere.csv"), "--kind", "theft").exit_code == 2
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b\n1,2\n")
    assert "sku" in run("stock", "import", str(odd), "--kind", "sale").stderr
    assert run("stock", "show", "nothing").exit_code == 1


def test_names_of_a_till(run, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("kind,theirs,ours\nitem,W62UWFY35CWMYGVWK6TWJDNI,P2-blue-M\nstore,C6W5YS5QM06F5,S1\n")
    assert "2 names are new" in run("stock", "names", "square", str(names)).stdout
    assert "0 names are new" in run("stock", "names", "square", str(names)).stdout
    names.write_text("thing,a,b\n")
    wrong = run("stock", "names", "square", str(names))
    assert wrong.exit_code == 1 and "line 1" in wrong.stderr


def test_calls_of_providers_and_tills_wait_for_a_person(run, tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_DATA_DIR", str(tmp_path / "own"))

    def bury(uow) -> list[int]:
        ids = []
        for provider in ("square", "pos"):
            call = PaymentCallback(provider, f"odd-{provider}", CallbackKind.IGNORED, NOW, body=b"{}")
            row_id = uow.payment_calls.accept(call, NOW)
            uow.payment_calls.failed(row_id, "cannot be read", None)
            ids.append(row_id)
        return ids

    with build_shop(load_settings()) as shop:
        square, pos = shop.storage.write(bury)
    told = run("dead-letter", "list").stdout
    assert f"call:{square}  square  cannot be read" in told and f"call:{pos}  pos  cannot be read" in told
    assert run("dead-letter", "replay", f"call:{square}").exit_code == 0
    assert run("dead-letter", "replay", f"call:{square}").exit_code == 1
    refused = run("dead-letter", "replay", f"call:{pos}")
    assert refused.exit_code == 1 and "your own till" in refused.stderr
    assert run("dead-letter", "replay", "call:x").exit_code == 2
