"""What a browser sends to the web chat, and what the database holds of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import create_engine, text

from commerce.wiring import Shop

ORIGIN = {"Origin": "http://127.0.0.1:8000"}
HOST = "http://127.0.0.1:8000"


def rows(shop: Shop, query: str) -> list[Any]:
    engine = create_engine(shop.settings.url_of_database)
    with engine.connect() as connection:
        found = list(connection.execute(text(query)).all())
    engine.dispose()
    return found


def bodies(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in rows(shop, "SELECT body FROM inbox ORDER BY id")]
