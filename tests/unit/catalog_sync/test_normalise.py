"""Rows to drafts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog_sync.normalise import Normaliser, is_gtin, stock_draft
from catalog_sync.options import FeedOptions
from catalog_sync.plain_text import shown, strip_markup
from catalog_sync.rows import FeedRow, Reason, RowError, StockDraft, VariantDraft
from commerce.lexicon import lexicon

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
ROW = {"id": "A1", "title": "Linen dress", "price": "79.00 EUR"}


def draft(language: str = "en", **fields: str) -> VariantDraft | RowError:
    normaliser = Normaliser(lexicon(), FeedOptions(decimal="."), "EUR", language, NOW)
    return normaliser.draft(FeedRow(7, {**ROW, **fields}))


def good(language: str = "en", **fields: str) -> VariantDraft:
    made = draft(language, **fields)
    assert isinstance(made, VariantDraft), made
    return made


def test_words_become_keys_and_are_kept() -> None:
    made = good(product_type="Robes", color="bleu marine", gender="femme", material="lin", language="fr")
    assert (made.category, made.category_words) == ("dress", "Robes")
    assert (made.colour, made.colour_words) == ("navy", "bleu marine")
    assert made.gender == "women"
    assert made.attributes == {"material": "linen"}


def test_unknown_words_are_kept_without_a_key() -> None:
    made = good(color="Ocean Whisper", product_type="Thingamajigs")
    assert (made.colour, made.colour_words) == ("", "Ocean Whisper")
    assert (made.category, made.category_words) == ("", "Thingamajigs")


def test_the_main_colour_of_several() -> None:
    assert good(color="Red/White").colour == "red"


def test_children() -> None:
    assert good(gender="female", age_group="kids").gender == "girls"
    assert good(gender="male", age_group="toddler").gender == "boys"


@pytest.mark.parametrize(
    ("title", "size", "colour"),
    [
        ("Linen dress - Navy - 38", "38", "Navy"),
        ("Linen dress, navy, 38", "38", "navy"),
        ("Linen dress (38)", "38", "navy"),
        ("Linen dress", "38", "navy"),
    ],
)
def test_options_leave_the_title(title: str, size: str, colour: str) -> None:
    assert good(title=title, size=size, color=colour).title == {"en": "Linen dress"}


def test_a_word_of_the_title_is_no_option() -> None:
    assert good(title="Puma Suede S", size="S", color="").title == {"en": "Puma Suede S"}


def test_both_languages() -> None:
    made = good(title="", title_fr="Robe en lin", title_en="Linen dress")
    assert made.title == {"fr": "Robe en lin", "en": "Linen dress"}
    assert good("fr", title="Robe en lin").title == {"fr": "Robe en lin"}


def test_markup_becomes_text() -> None:
    made = good(
        description="<p>Soft &amp; light</p><script>steal()</script><ul><li>linen</li></ul>",
        title="A&amp;B <b>dress</b>",
    )
    assert made.description == {"en": "Soft & light\nlinen"}
    assert made.title == {"en": "A&B dress"}


def test_what_was_escaped_twice_stays_text() -> None:
    assert strip_markup("&lt;script&gt;x&lt;/script&gt;") == "<script>x</script>"


def test_sale_prices_follow_their_dates() -> None:
    sale = {"price": "79.00 EUR", "sale_price": "59.00 EUR"}
    running = good(**sale, sale_price_effective_date="2026-03-01T00:00+01:00/2026-03-31T23:59+01:00")
    assert (running.price_minor, running.list_price_minor) == (5900, 7900)
    assert running.changes_at_us == int(datetime(2026, 3, 31, 22, 59, tzinfo=UTC).timestamp()) * 1_000_000
    later = good(**sale, sale_price_effective_date="2026-04-01T00:00+02:00/2026-04-02T00:00+02:00")
    assert (later.price_minor, later.list_price_minor) == (7900, None)
    assert later.changes_at_us == int(datetime(2026, 3, 31, 22, tzinfo=UTC).timestamp()) * 1_000_000
    over = good(**sale, sale_price_effective_date="2026-01-01T00:00+01:00/2026-02-01T00:00+01:00")
    assert (over.price_minor, over.list_price_minor, over.changes_at_us) == (7900, None, 0)
    assert good(**sale).price_minor == 5900


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("id", "", Reason.MISSING),
        ("id", "A" * 129, Reason.TOO_LONG),
        ("title", "", Reason.MISSING),
        ("title", "A" * 1_000_000, Reason.TOO_LONG),
        ("title", "a\x01b", Reason.CONTROL_CHARACTERS),
        ("description", "A" * 100_000, Reason.TOO_LONG),
        ("size", "X" * 40, Reason.TOO_LONG),
        ("price", "", Reason.MISSING),
        ("price", "0.00 EUR", Reason.NOT_A_PRICE),
        ("sale_price_effective_date", "tomorrow", Reason.NOT_WELL_FORMED),
        ("quantity", "-1", Reason.NOT_A_COUNT),
        ("quantity", "1.5", Reason.NOT_A_COUNT),
    ],
)
def test_refusals_name_line_field_and_reason(field: str, text: str, reason: Reason) -> None:
    extra = {"sale_price": "5.00 EUR"} if field.startswith("sale_price") else {}
    error = draft(**extra, **{field: text})
    assert isinstance(error, RowError)
    assert (error.line, error.field, error.reason) == (7, field, reason)
    assert len(error.value) <= 60


def test_a_bad_barcode_or_address_is_left_out_and_told() -> None:
    normaliser = Normaliser(lexicon(), FeedOptions(decimal="."), "EUR", "en", NOW)
    row = FeedRow(
        3, {**ROW, "gtin": "1234567890123", "link": "javascript:alert(1)", "image_link": "file:///etc/passwd"}
    )
    made = normaliser.draft(row)
    assert isinstance(made, VariantDraft)
    assert (made.gtin, made.url, made.pictures) == ("", "", ())
    assert {error.field for error in normaliser.warnings} == {"gtin", "link", "image_link"}


@pytest.mark.parametrize(
    "ref", ["../secret.jpg", "/etc/x.jpg", "a/../../x.jpg", "C:\\x.jpg", "~/x.jpg", "x.svg", ".hidden.jpg"]
)
def test_pictures_outside_the_folder_are_no_pictures(ref: str) -> None:
    assert good(image_link=ref).pictures == ()


def test_pictures_keep_their_order_once() -> None:
    row = FeedRow(1, {**ROW, "image_link": "https://a.example/1.jpg"}, ("images/2.png", "https://a.example/1.jpg"))
    made = Normaliser(lexicon(), FeedOptions(decimal="."), "EUR", "en", NOW).draft(row)
    assert isinstance(made, VariantDraft)
    assert made.pictures == ("https://a.example/1.jpg", "images/2.png")


def test_gtin() -> None:
    assert is_gtin("4006381333931") and is_gtin("96385074") and is_gtin("036000291452")
    assert not is_gtin("4006381333932") and not is_gtin("0000000000000") and not is_gtin("40063813339a1")


def test_inventory_lines() -> None:
    def line(**fields: str) -> StockDraft | RowError:
        return stock_draft(FeedRow(2, {"id": "A1", "store_code": "one", **fields}))

    assert line(quantity="3") == StockDraft(2, "A1", "one", 3)
    assert line(availability="in stock") == StockDraft(2, "A1", "one", 1)
    assert line(quantity="3", availability="out_of_stock") == StockDraft(2, "A1", "one", 0)
    assert isinstance(line(), RowError) and isinstance(line(quantity="many"), RowError)


def test_shown_is_safe_on_a_terminal() -> None:
    assert "\x1b" not in shown("\x1b[31mred\u202e") and len(shown("x" * 500)) == 60
