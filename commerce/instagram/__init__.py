"""The shop's posts at Instagram, over a small client of our own. httpx is imported by the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.ports import Clock
    from commerce.ports.publishing import PostSource
    from commerce.settings import Settings

TOKEN_FILE = "instagram_token"  # noqa: S105  in the data folder


def off_because(settings: Settings) -> str:
    """'' where posts can be read."""
    return "" if settings.secrets_of("instagram_token") else "VITRINE_INSTAGRAM_TOKEN is not set"


def open_instagram(settings: Settings, clock: Clock) -> PostSource | None:
    """None without a token. Returns at once: nobody is called yet."""
    if off_because(settings):
        return None
    from commerce.instagram.access import Access
    from commerce.instagram.client import FACEBOOK_URL, INSTAGRAM_URL, GraphClient
    from commerce.instagram.source import InstagramSource

    account = settings.instagram_user_id
    client = GraphClient(settings.meta_graph_url or (FACEBOOK_URL if account else INSTAGRAM_URL), clock)
    token = settings.secrets_of("instagram_token")[0]
    return InstagramSource(client, Access(token, settings.data_dir / TOKEN_FILE, clock), account, clock)
