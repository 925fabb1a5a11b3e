"""Every sentence of the pages exists in French and English, with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import shoppable

PACKAGE = Path(shoppable.__file__).parent
_IN_TEMPLATES = re.compile(r"""\b(_|plural)\(\s*'((?:[^'\\]|\\.)*)'(?:\s*,\s*'((?:[^'\\]|\\.)*)')?""")
_TABLES = {
    "_TITLES", "_DETAILS", "NOT_SEEN", "SAID", "NOT_IN_CART", "NOT_APPLIED", "NOT_ORDERED", "NOT_CANCELLED",
    "NOT_COLLECTING",
    "NOT_ADVANCED", "NOT_ENTERED", "NOT_REFUNDED", "NOT_LINKED", "DISPUTE_STATES", "ORDER_STATES", "ORDER_SOURCES",
    "HOW_TO_PAY", "HOW_TO_PAY_MORE", "NOT_RETURNED", "RETURN_REASONS", "NOT_HANDED_OVER",
    "SHELVES", "EMPTY_SHELVES", "VOICES", "HANDOFF_REASONS", "NOTE_KINDS", "SKILLS", "NOT_ANSWERED", "NOT_SPEAKING",
    "NOT_CANNED", "CHANNELS", "TOUCH_KINDS", "TOUCH_WORDS", "OFFER_KINDS", "RESERVATION_STATES", "PLACE_WORDS",
    "CAME", "NOT_SIGNED_IN", "NOT_IN_TEAM", "NOT_WAITING", "ROLES", "DONE", "ACTIONS",
    "STAGES", "REASONS", "SOURCES", "NOT_MOVED", "NOT_COUNTED", "KINDS", "STATES", "MOMENTS", "COLUMNS",
    "NOBODY", "_STEPS", "NOT_PUBLISHED", "NOT_SHORTENED", "NOT_POSTED", "DOUBTS", "FOUND_BY", "_BANDS", "METHODS",
    "NOT_BRANDED", "NOT_CAMPAIGNED", "OUTLETS", "FORMATS", "DENSITIES", "COVERS",
    "NOT_READ",
}  # fmt: skip
_CONSTANTS = {"WRONG_FIELD", "_WHOLE"}


def sentences() -> dict[str, str]:
    """msgid to the file that says it: first arguments of `_` and `translate`, third ones of `Problem`, the tables."""
    found: dict[str, str] = {}
    for template in PACKAGE.rglob("*.html"):
        for kind, msgid, _ in _IN_TEMPLATES.findall(template.read_text()):
            assert kind
            found[msgid] = template.name
    for module in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="translate" | "translate_plural"), args=[ast.Constant(value=str(msgid)), *_]
                ):
                    found[msgid] = module.name
                case ast.Call(func=ast.Name(id="Problem"), args=[_, _, ast.Constant(value=str(msgid)), *_]):
                    found[msgid] = module.name
                case ast.Call(func=ast.Name(id="Room"), args=[_, _, ast.Constant(value=str(msgid)), *_]):
                    found[msgid] = module.name
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values)) if name in _TABLES:
                    for value in values:
                        assert isinstance(value, ast.Constant)
                        found[value.value] = module.name
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(msgid))) if (
                    name in _CONSTANTS
                ):
                    found[msgid] = module.name
    return found


@pytest.fixture(scope="module")
def french() -> dict[str, tuple[str, ...]]:
    with (PACKAGE / "locales" / "fr.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    words = {}
    for message in catalogue:
        if message.id:
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            words[key] = tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)
    return words


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_sentence_has_its_french(french: dict[str, tuple[str, ...]]) -> None:
    said = sentences()
    assert len(said) > 100
    assert {msgid: where for msgid, where in said.items() if not all(french.get(msgid, ("",)))} == {}


def test_nothing_is_translated_that_nobody_says(french: dict[str, tuple[str, ...]]) -> None:
    assert set(french) - set(sentences()) == set()


def test_both_languages_name_the_same_values(french: dict[str, tuple[str, ...]]) -> None:
    for msgid, texts in french.items():
        for text in texts:
            assert fields(text) == fields(msgid), msgid


def test_french_typography(french: dict[str, tuple[str, ...]]) -> None:
    for texts in french.values():
        for text in texts:
            plain = re.sub(r"(Content-Type|Authorization):|https?:", "", text)
            assert not re.search(r"[^\u202f\u00a0][;!?]", plain), text
            assert not re.search(r"[^\u202f\u00a0]:", plain), text
            assert not re.search(r"«[^\u00a0\u202f]|[^\u00a0\u202f]»", plain), text
            assert "'" not in plain, text
