"""`vitrine demo`: a shop of drawn products, synced through the ordinary feed path, with everything running."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from socket import create_server
from typing import TYPE_CHECKING

from commerce.errors import SettingsError
from commerce.settings import Settings, load_settings
from vitrine.logs import configure_logs
from vitrine.seating import seat, told

if TYPE_CHECKING:
    from vitrine.standins.instagram import InstagramStandIn


def demo_settings(directory: Path, port: int, instagram: InstagramStandIn | None = None) -> Settings:
    """Its own data folder and address, whatever else is set; vendors' secrets stay outside. Posts come from a stand-in
    where one runs."""
    if not port:
        with create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
    return load_settings(
        data_dir=directory,
        database_url="",
        host="127.0.0.1",
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        shop_name="Vitrine",
        fake_payments=True,
        stripe_key="",
        square_token="",
        telegram_payment_token="",
        instagram_token=instagram.token if instagram else "",
        instagram_user_id="",
        meta_graph_url=instagram.url if instagram else "",
        instagram_show_sure=True,
        fetch_allow_hosts=(instagram.host,) if instagram else (),
    )


def prepare_demo(settings: Settings, instagram: InstagramStandIn | None = None, language: str = "en") -> dict[str, str]:
    """Draws the products and reads them in, with progress, and then some posts about them; a second time there is
    nothing to do. `language`: of what is said about the progress.

    One-time sign-in links of an owner, of somebody of the first store and of a marketer, by login.
    """
    from catalog_sync import sync
    from commerce.domain.team import Role
    from commerce.services.team import Place
    from commerce.wiring import build_shop
    from vitrine.console import progress_bars
    from vitrine.demo_catalogue import publish_demo_catalogue, publish_demo_lookbook
    from vitrine.demo_shop import write_demo_feed
    from vitrine.demo_shop.replies import put_replies
    from vitrine.rehearsed_posts import post_a_week

    with build_shop(settings) as shop, progress_bars(language=language) as progress:
        feed = write_demo_feed(settings.data_dir / "feed", on_progress=progress)
        report = sync(shop, str(feed), on_progress=progress)
        if report.state == "applied":
            shop.index_keeper.catch_up(progress)
            shop.storage.write(put_replies)
        if report.refused:
            raise SettingsError(f"the demo feed was refused: {report.refused}")
        publish_demo_catalogue(shop, settings.data_dir, progress)
        publish_demo_lookbook(shop, progress)
        if instagram is not None:
            post_a_week(instagram, shop)
            shop.importing.run(actor="command", progress=lambda done, of: progress("posts", done, of))
        with shop.storage.read() as uow:
            store_id = uow.stores.all()[0].id
        owner = Place("Owner", Role.OWNER, (), settings.languages)
        team = {
            "owner": owner,
            "nadia": Place("Nadia", Role.STAFF, (store_id,), settings.languages),
            "hugo": Place("Hugo", Role.MARKETER, (), settings.languages),
        }
        return seat(shop, team)


def run_demo(directory: Path, port: int, language: str) -> None:
    """Prepares what is missing and serves until it is interrupted. Only trouble is logged."""
    from vitrine.opening import words
    from vitrine.serve import serve_forever
    from vitrine.standins.instagram import InstagramStandIn

    configure_logs()
    with InstagramStandIn() as instagram:
        settings = demo_settings(directory, port, instagram)
        print(words(language, "This shop is kept in {folder}", folder=settings.data_dir), file=sys.stderr)
        links = prepare_demo(settings, instagram, language)
        print(f"\n{told(links, language)}", file=sys.stderr)
        serve_forever(settings, with_worker=True, language=language, level=logging.WARNING)
