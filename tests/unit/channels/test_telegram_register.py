"""The webhook is told to Telegram with the newest secret, and only where there is one to tell."""

import pytest

from bot.channels.telegram.parse import WANTED_KINDS
from bot.channels.telegram.register import register_webhook
from commerce.errors import RetryLater
from commerce.settings import Settings
from vitrine.standins.telegram import TelegramStandIn


def test_it_is_set_with_the_newest_secret_and_drops_nothing(tmp_path):
    with TelegramStandIn() as telegram:
        telegram.person(1001).say("avant")
        settings = Settings(
            data_dir=tmp_path,
            base_url="https://shop.example",
            telegram_token=telegram.token,
            telegram_secret="new-secret-of-the-hook,old-secret-of-the-hook",
            telegram_api_url=telegram.url,
        )
        assert register_webhook(settings)
        info = telegram.webhook_info()
        assert (info["url"], info["pending_update_count"]) == ("https://shop.example/hooks/telegram", 1)
        assert info["allowed_updates"] == list(WANTED_KINDS)
        assert telegram.calls[-1].arguments["secret_token"] == "new-secret-of-the-hook"
        telegram.fail("setWebhook", status=429, retry_after_s=1)
        with pytest.raises(RetryLater):
            register_webhook(settings)


@pytest.mark.parametrize(
    "changes",
    [{"telegram_secret": ""}, {"telegram_token": ""}, {"base_url": "http://127.0.0.1:8000"}],
    ids=["no secret", "no token", "no address"],
)
def test_where_there_is_nothing_to_tell_nothing_is_called(tmp_path, changes):
    told = {
        "base_url": "https://shop.example",
        "telegram_token": "123456789:TESTTOKEN_abcdefghijklmnopqrstuvw",
        "telegram_secret": "new-secret-of-the-hook",
        "telegram_api_url": "https://api.telegram.invalid",
    }
    assert register_webhook(Settings(data_dir=tmp_path, **(told | changes))) is False
