"""What a shop says when it opens, to whoever keeps it: in both languages, without a word for engineers."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import vitrine
from commerce.image_matching.off import NoImageMatcher
from commerce.settings import load_settings
from commerce.wiring import build_shop
from vitrine import console, opening
from vitrine.fixture import build_fixture
from vitrine.seating import told

FOLDER = Path(vitrine.__file__).parent
ADDRESS = "http://127.0.0.1:8000"
TABLES = (opening._CHANNELS, opening._WAYS_TO_PAY, opening._PAYING, console._STAGES)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop")
    with build_shop(load_settings(data_dir=directory)) as shop:
        build_fixture(shop)
    return directory


def said(folder: Path, language: str, **settings: object) -> str:
    with build_shop(load_settings(data_dir=folder, **settings)) as shop:
        shop.index_keeper.refresh()
        return opening.opening(shop, ADDRESS, language).replace("\u00a0", " ")


def test_it_says_where_things_are_and_what_waits_for_a_setting(small: Path) -> None:
    english = said(small, "en", fake_payments=True)
    assert f"is open: {ADDRESS}" in english and english.endswith("Ctrl+C closes it.")
    assert re.search(rf"^  The shop +{ADDRESS}/$", english, re.MULTILINE)
    assert re.search(rf"^  A product +{ADDRESS}/p/\d+$", english, re.MULTILINE)
    assert "Shoppers can pay: at the counter, make-believe money." in english
    assert "\n    Telegram for shoppers: VITRINE_TELEGRAM_TOKEN\n" in english
    assert "\n    Paying by Stripe: VITRINE_STRIPE_KEY\n" in english
    wrong = said(small, "fr", telegram_token="no token", stripe_key="sk_test_1")
    assert "Telegram pour les clients : VITRINE_TELEGRAM_TOKEN is not a token" in wrong, "what is wrong with it"
    assert "Paiement par Stripe : VITRINE_STRIPE_" in wrong and "VITRINE_STRIPE_KEY" not in wrong
    assert "On peut payer : à la caisse." in wrong


@pytest.mark.parametrize(
    ("encoder", "english", "french"),
    [
        ("auto", "If you sell other things, set VITRINE_ENCODER=objects.", "Si vous vendez autre chose, réglez"),
        ("vitrine", "Shoppers can search by photo, among", "Vos clients peuvent chercher par photo, parmi"),
        ("objects", "A new way of comparing pictures is being prepared", "Une nouvelle façon de comparer les images"),
        ("nothing", "cannot be prepared: there is no encoder named", "ne peut pas être préparée : there is no encoder"),
    ],
)
def test_it_says_what_a_photo_finds(small: Path, encoder: str, english: str, french: str) -> None:
    in_english, in_french = (said(small, language, encoder=encoder) for language in ("en", "fr"))
    assert english in in_english and french in in_french
    assert ("VITRINE_ENCODER" in in_english) is (encoder == "auto"), "nothing to do, nothing said"
    for text in (in_english, in_french):
        assert not re.search(r"\b(?:CLIP|eyes|yeux|index|JSON|PyTorch)\b", text), text


@pytest.mark.parametrize(
    ("eyes", "is_told"),
    [
        ({"encoder": "vitrine", "pictures": 382}, ""),
        ({"encoder": "vitrine", "pictures": 12}, "until 30 have a picture"),
        ({"encoder": "objects", "pictures": 382}, "Most of your pictures show nothing to wear"),
        (
            {"encoder": "vitrine", "next_encoder": "objects", "pictures": 382},
            "Most of your pictures show nothing to wear",
        ),
    ],
)
def test_where_nobody_said_what_is_sold_it_says_what_was_taken_for_granted(
    eyes: dict[str, object], is_told: str
) -> None:
    known = {"state": "ready", "reason": "", "next_encoder": "", **eyes}
    (first, *more) = opening._photos(known, "auto", "en")
    assert first and (is_told in " ".join(more) if is_told else not more)
    assert list(opening._photos(known, "objects", "en")) == [first], "who has said it need not be told"


def test_where_nothing_can_look_it_says_why() -> None:
    off = NoImageMatcher("onnxruntime is missing").describe()
    assert list(opening._photos(off, "auto", "fr")) == [
        "Vos clients ne peuvent pas chercher par photo\u00a0: onnxruntime is missing"
    ]


def test_a_shop_that_sells_nothing_yet_opens_too(tmp_path: Path) -> None:
    assert "A product" not in said(tmp_path / "new", "en")


# --- both languages


def sentences() -> set[str]:
    """First arguments of `t` and `words`, and what stands in the tables."""
    found = {each for table in TABLES for each in table.values()} | {what for what, _ in opening._PAGES}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="t"), args=[ast.Constant(value=str(msgid))]):
                    found.add(msgid)
                case ast.Call(func=ast.Name(id="words"), args=[_, ast.Constant(value=str(msgid))]):
                    found.add(msgid)
                case ast.Call(func=ast.Attribute(value=ast.Name(id="words"), attr="plural"), args=[_, one, _, _]):
                    assert isinstance(one, ast.Constant)
                    found.add(str(one.value))
                case ast.Yield(value=ast.Tuple(elts=[ast.Constant(value=str(msgid)), _])):
                    found.add(msgid)
                case ast.Tuple(elts=[ast.Constant(value=str(msgid)), ast.JoinedStr()]):
                    found.add(msgid)
    return found


def test_french_is_complete_holds_nothing_else_and_is_set_as_french_is() -> None:
    with (FOLDER / "locales" / "fr.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="fr") if message.id]
    assert not any(message.fuzzy for message in messages)
    french = {
        m.id[0] if isinstance(m.id, tuple) else str(m.id): m.string if isinstance(m.string, tuple) else (str(m.string),)
        for m in messages
    }
    assert set(french) == sentences()
    for english, forms in french.items():
        for text in forms:
            assert text and "'" not in text and '"' not in text
            assert not re.search(r" [:;!?»%€]|« ", text), text
            assert {name for _, name, _, _ in Formatter().parse(text)} == {
                name for _, name, _, _ in Formatter().parse(english)
            }, english


def test_links_to_sign_in_are_told_in_both() -> None:
    links = {"owner": f"{ADDRESS}/staff/link/1"}
    assert told(links, "en").startswith("To sign in at the counter") and told(links, "fr").startswith("Pour entrer")
    assert f"  owner      {ADDRESS}/staff/link/1" in told(links, "fr")
