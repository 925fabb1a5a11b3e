"""Every sentence of the bot exists in French, well set."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.conversation.actions import VERBS
from bot.notices import NOTICES
from bot.wording import words
from commerce.ports import NotSeen

FOLDER = Path(bot.__file__).parent
KEYWORDS = {"t": None, "words": (2,)}


def msgids() -> list[str]:
    found = extract_from_dir(str(FOLDER), keywords=KEYWORDS)
    return sorted({message for _, _, message, _, _ in found if isinstance(message, str)})


@pytest.fixture(scope="module")
def french() -> dict[str, str]:
    with (FOLDER / "locales" / "fr.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="fr") if m.id and not m.fuzzy}


def test_sentences_are_found() -> None:
    assert "Choose size" in msgids()
    assert "Sorry, something went wrong on our side. Please try again." in msgids()
    assert len(msgids()) > 100


def test_no_sentence_hides_in_an_f_string() -> None:
    """The extractor does not look into them before Python 3.12."""
    hidden = re.compile(r"""f["'].*\{[^}]*\bt\(["']""")
    for path in FOLDER.rglob("*.py"):
        assert not hidden.search(path.read_text("utf-8")), path


def test_french_is_complete_and_holds_nothing_else(french: dict[str, str]) -> None:
    assert sorted(french) == msgids()
    assert all(french.values())


def test_the_same_values_are_filled_in(french: dict[str, str]) -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for english, text in french.items():
        assert names(english) == names(text), english


def test_french_is_set_as_french_is(french: dict[str, str]) -> None:
    for text in french.values():
        assert "'" not in text, text
        assert '"' not in text, text
        assert not re.search(r" [:;!?»%€]|« ", text), text
        assert not re.search(r"\w[;!?»]|«\S(?<!\u00a0)", text), text
        assert not re.search(r"\b(?:tu|ton|tes|toi)\b", text, re.IGNORECASE), text


def test_english_is_set_as_english_is() -> None:
    for text in msgids():
        assert "'" not in text, text
        assert '"' not in text, text


def test_it_speaks() -> None:
    assert words("fr", "Size {size}.", size="38") == "Taille 38."
    assert words("en", "Size {size}.", size="38") == "Size 38."
    assert words("de", "Size {size}.", size="38") == "Size 38."


def test_registries_are_not_empty() -> None:
    assert NOTICES
    assert len(VERBS) > 10
    assert len(NotSeen) == 8
