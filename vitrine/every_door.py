"""The application with every door open that a setting can open, on a scratch database: for lists of its addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from commerce.wiring import Shop

_NOTHING_REAL = "nothing-real-0123456789"
# Secrets that open doors and lead nowhere: every vendor's address is on this machine.
SETTINGS: dict[str, object] = {
    "encoder": "none",
    "database_url": "",
    "host": "127.0.0.1",
    "base_url": "http://127.0.0.1:8000",
    "secret_key": _NOTHING_REAL,
    "api_keys": _NOTHING_REAL,
    "pos_secret": _NOTHING_REAL,
    "fake_payments": True,
    "telegram_token": "1234567:nothing-real-nothing-real-nothing-re",
    "telegram_secret": _NOTHING_REAL,
    "telegram_username": "shop_bot",
    "telegram_api_url": "http://127.0.0.1:9",
    "staff_telegram_token": "1234568:nothing-real-nothing-real-nothing-re",
    "staff_telegram_secret": _NOTHING_REAL,
    "staff_telegram_username": "shop_staff_bot",
    "stripe_key": "sk_test_nothing_real",
    "stripe_webhook_secret": _NOTHING_REAL,
    "stripe_api_url": "http://127.0.0.1:9",
    "square_token": _NOTHING_REAL,
    "square_signature_key": _NOTHING_REAL,
    "square_location": "L1",
    "square_api_url": "http://127.0.0.1:9",
}


def whole_app(shop: Shop) -> Flask:
    """The pages, the API and the vendors' hooks, as `vitrine serve` puts them together."""
    from bot.webhooks import webhooks
    from shoppable import create_app

    app = create_app(shop)
    app.register_blueprint(webhooks(shop))
    return app


@contextmanager
def app_with_every_door() -> Iterator[Flask]:
    from commerce.settings import load_settings
    from commerce.wiring import build_shop

    with (
        TemporaryDirectory(prefix="vitrine-doors-") as folder,
        build_shop(load_settings(**(SETTINGS | {"data_dir": Path(folder)}))) as shop,
    ):
        yield whole_app(shop)
