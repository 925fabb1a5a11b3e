"""Numbers, money, times and sentences in both languages."""

from datetime import UTC, datetime

import pytest

from commerce.domain.money import Money
from commerce.i18n import (
    Translator,
    format_deadline,
    format_distance,
    format_list,
    format_money,
    format_number,
    format_time,
)

PARIS = "Europe/Paris"
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # Tuesday, 10:00 in Paris


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("money", "language", "text"),
    [
        (Money(7900, "EUR"), "fr", "79,00 €"),
        (Money(7900, "EUR"), "en", "€79.00"),
        (Money(123450, "CAD"), "fr", "1 234,50 $"),
        (Money(123450, "CAD"), "en", "$1,234.50"),
        (Money(123450, "USD"), "fr", "1 234,50 $US"),
        (Money(1500, "JPY"), "en", "¥1,500"),
        (Money(12345, "KWD"), "en", "KWD12.345"),
    ],
)
def test_money(money, language, text):
    assert plain(format_money(money, language)) == text


@pytest.mark.parametrize(
    ("metres", "french", "english"),
    [(64, "60 m", "60 m"), (694, "0,7 km", "0.7 km"), (1310, "1,3 km", "1.3 km"), (12_400, "12 km", "12 km")],
)
def test_distance(metres, french, english):
    assert plain(format_distance(metres, "fr")) == french
    assert plain(format_distance(metres, "en")) == english


def test_times_are_said_in_the_store_s_zone():
    evening = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)
    assert plain(format_time(evening, "fr", PARIS)) == "19:00"
    assert plain(format_time(evening, "en", PARIS)) == "7:00 PM"


@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        (datetime(2026, 3, 11, 18, 0, tzinfo=UTC), "mer. 11 mars 19:00", "Wed 11 March 7:00 PM"),
        (datetime(2026, 3, 10, 18, 0, tzinfo=UTC), "aujourd’hui 19:00", "today 7:00 PM"),
        # 23:30 UTC on the 10th is already the 11th in Paris: the shopper's day counts.
        (datetime(2026, 3, 10, 23, 30, tzinfo=UTC), "mer. 11 mars 00:30", "Wed 11 March 12:30 AM"),
        (datetime(2027, 1, 2, 18, 0, tzinfo=UTC), "sam. 2 janvier 2027 19:00", "Sat 2 January 2027 7:00 PM"),
    ],
)
def test_deadlines(moment, french, english):
    assert plain(format_deadline(moment, NOW, "fr", PARIS)) == french
    assert plain(format_deadline(moment, NOW, "en", PARIS)) == english


def test_lists_and_numbers():
    assert format_list(["36", "38", "40"], "fr", style="or") == "36, 38 ou 40"
    assert format_list(["36", "38", "40"], "en") == "36, 38, and 40"
    assert plain(format_number(41667, "fr")) == "41 667"


@pytest.fixture
def words(tmp_path):
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "fr.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "Hello {name}"\nmsgstr "Bonjour {name}"\n\n'
        '#, fuzzy\nmsgid "Size"\nmsgstr "Taile"\n\n'
        'msgid "{count} item"\nmsgid_plural "{count} items"\n'
        'msgstr[0] "{count} article"\nmsgstr[1] "{count} articles"\n',
        "utf-8",
    )
    return Translator(tmp_path)


def test_sentences(words):
    assert words("fr", "Hello {name}", name="Léa") == "Bonjour Léa"
    assert words("en", "Hello {name}", name="Léa") == "Hello Léa"


def test_a_sentence_without_translation_comes_out_in_english(words):
    assert words("fr", "Unheard of") == "Unheard of"
    assert words("fr", "Size") == "Size", "a translation that nobody confirmed is not shown"
    assert words("it", "Hello {name}", name="Léa") == "Hello Léa"


def test_plurals_follow_each_language(words):
    assert words.plural("fr", "{count} item", "{count} items", 0) == "0 article"
    assert words.plural("en", "{count} item", "{count} items", 0) == "0 items"
    assert plain(words.plural("fr", "{count} item", "{count} items", 1200)) == "1 200 articles"
    assert words.plural("en", "{count} item", "{count} items", 1) == "1 item"


def test_values_cannot_reach_into_objects(words):
    # A name typed by a shopper is a value, never a pattern.
    assert words("en", "Hello {name}", name="{name.__class__}") == "Hello {name.__class__}"


def test_languages_are_the_files_that_exist(words):
    assert words.languages() == ("en", "fr")
