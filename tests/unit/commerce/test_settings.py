"""The table of settings: read from the environment, refused with a reason, closed when secrets are unset."""

import pytest

from commerce.errors import SettingsError
from commerce.settings import load_settings


def test_everything_has_a_default():
    settings = load_settings()
    assert settings.languages == ("fr", "en")
    assert settings.secrets_of("telegram_secret") == ()


def test_environment_wins(monkeypatch):
    monkeypatch.setenv("VITRINE_LANGUAGES", "en, fr")
    monkeypatch.setenv("VITRINE_PORT", "0")
    settings = load_settings()
    assert settings.languages == ("en", "fr")
    assert settings.default_language == "en"
    assert settings.port == 0


def test_toml_file_is_read_where_the_shop_runs(tmp_path, monkeypatch):
    (tmp_path / "vitrine.toml").write_text('shop_name = "Chez Zoé"\nlanguages = ["en"]\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings().shop_name == "Chez Zoé"
    monkeypatch.setenv("VITRINE_SHOP_NAME", "Autre")
    assert load_settings().shop_name == "Autre"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"base_url": "http://shop.example"}, "base_url"),
        ({"base_url": "ftp://127.0.0.1"}, "BASE_URL"),
        ({"timezone": "Europe/Atlantis"}, "TIMEZONE"),
        ({"currency": "euro"}, "CURRENCY"),
        ({"languages": ""}, "languages"),
        ({"secret_key": "short"}, "secret_key"),
        ({"api_keys": "a-key-that-is-long-enough,short"}, "api_keys"),
        ({"telegram_secret": "short"}, "telegram_secret"),
        ({"fake_payments": True, "base_url": "https://shop.example"}, "fake_payments"),
        ({"fake_payments": True, "host": "0.0.0.0"}, "fake_payments"),
        ({"fake_payments": True, "stripe_key": "sk_live_1"}, "stripe_key"),
        ({"fake_payments": True, "square_token": "EAAA-1"}, "square_token"),
        ({"fake_payments": True, "telegram_payment_token": "1:LIVE:1"}, "telegram_payment_token"),
        ({"stripe_webhook_secret": "whsec_a_secret_that_is_long,short"}, "stripe_webhook_secret"),
        ({"square_signature_key": "short"}, "square_signature_key"),
        ({"stripe_api_url": "api.stripe.com"}, "STRIPE_API_URL"),
    ],
)
def test_unsafe_or_wrong_settings_are_refused_by_name(values, named):
    with pytest.raises(SettingsError) as refusal:
        load_settings(**values)
    assert named in str(refusal.value)


def test_a_refusal_never_shows_a_secret():
    with pytest.raises(SettingsError) as refusal:
        load_settings(secret_key="s3cr3t")
    assert "s3cr3t" not in str(refusal.value)


def test_https_is_allowed_anywhere_and_http_on_this_machine():
    assert load_settings(base_url="https://shop.example/").base_url == "https://shop.example"
    assert load_settings(base_url="http://localhost:9000").base_url == "http://localhost:9000"


def test_the_signing_key_is_made_once_and_kept_to_its_owner(tmp_path):
    first = load_settings(data_dir=tmp_path).signing_key
    assert len(first) >= 48
    assert load_settings(data_dir=tmp_path).signing_key == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_secret_may_have_several_values_while_one_is_rotated():
    settings = load_settings(telegram_secret="new-secret-0123456789, old-secret-0123456789")
    assert settings.secrets_of("telegram_secret") == ("new-secret-0123456789", "old-secret-0123456789")


def test_make_believe_money_may_stand_beside_stand_ins():
    settings = load_settings(fake_payments=True, stripe_key="sk_test_1", stripe_api_url="http://127.0.0.1:12111/")
    assert settings.fake_payments and settings.stripe_api_url == "http://127.0.0.1:12111"
