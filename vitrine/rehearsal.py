"""`vitrine rehearse`: the small shop of the journeys, a clock that moves on request, and stand-ins for the vendors.

Everything listens on this machine only. Beside the shop's own pages there are

    GET  /rehearsal                   what is where
    POST /rehearsal/clock             {"advance_s": 3600} or {"at": "2026-03-11T16:00:00+01:00"}; answers {"now": …}
    POST /rehearsal/sign-in-link      {"login": "nadia"}; answers {"link": …}, which signs in at the counter once
    GET  /rehearsal/post/<product>    a page of another site that shows one of our products (for links sent in chat)

and, at the addresses it prints, the stand-ins for Telegram, Stripe, Square and Instagram with their own controls under
/standin/.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from typing import TYPE_CHECKING

from pydantic import SecretStr

from commerce.clock import ManualClock
from commerce.errors import SettingsError
from commerce.ids import SeededIds
from commerce.settings import Settings, load_settings
from vitrine.seating import seat, sign_in_link, told

if TYPE_CHECKING:
    from flask import Flask

    from commerce.services.team import Place
    from commerce.wiring import Shop
    from vitrine.standins.instagram import InstagramStandIn
    from vitrine.standins.square import SquareStandIn
    from vitrine.standins.stripe import StripeStandIn
    from vitrine.standins.telegram import TelegramBot, TelegramStandIn

STARTS_AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # Tuesday, 10:00 in Paris
_WEBHOOK_SECRET = "rehearsal-webhook-secret"  # noqa: S105 known to both sides of a rehearsal, guards nothing real


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A running rehearsal."""

    shop: Shop
    clock: ManualClock
    address: str
    telegram: TelegramStandIn
    staff_bot: TelegramBot
    stripe: StripeStandIn
    square: SquareStandIn
    instagram: InstagramStandIn
    sign_in_links: dict[str, str]  # by login, each counts once


def run_rehearsal(port: int, directory: Path | None) -> None:
    """Runs until it is interrupted. Refuses to start beside live credentials."""
    from vitrine.logs import configure_logs
    from vitrine.serve import stop_signal

    configure_logs()
    stop = stop_signal()
    with ExitStack() as stack:
        folder = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-rehearsal-")))
        running = stack.enter_context(rehearsing(folder, port))
        links = told(running.sign_in_links, "en")
        print(
            f"\nThe rehearsal is on.\n\n  pages      {running.address}/"
            f"\n  clock      POST {running.address}/rehearsal/clock"
            f"\n  Telegram   {running.telegram.url}/standin/calls"
            f"\n  staff bot  {running.telegram.url}/standin/calls?bot={running.staff_bot.username}"
            f"\n  Stripe     {running.stripe.url}/standin/calls"
            f"\n  Square     {running.square.url}/standin/calls"
            f"\n  Instagram  {running.instagram.url}/standin/calls\n\n{links}\n\nCtrl+C ends it.",
            flush=True,
        )
        stop.wait()


@contextmanager
def rehearsing(directory: Path, port: int = 0) -> Iterator[Rehearsal]:
    """The whole thing, for the length of a `with` statement. Raises SettingsError beside live credentials."""
    from bot.channels import rules_of_channels
    from commerce.wiring import build_shop
    from vitrine.fixture import build_fixture
    from vitrine.rehearsal_team import bind_nadia
    from vitrine.rehearsed_posts import post_a_week
    from vitrine.serve import running
    from vitrine.standins.instagram import InstagramStandIn
    from vitrine.standins.square import SquareStandIn
    from vitrine.standins.stripe import StripeStandIn
    from vitrine.standins.telegram import TelegramStandIn

    _refuse_live_credentials(load_settings())
    clock = ManualClock(STARTS_AT)
    with ExitStack() as stack:
        telegram = stack.enter_context(TelegramStandIn(clock=clock))
        stripe = stack.enter_context(StripeStandIn(clock=clock))
        square = stack.enter_context(SquareStandIn(clock=clock))
        instagram = stack.enter_context(InstagramStandIn(clock=clock))
        staff_bot = telegram.another_bot()
        settings = _settings(directory, port or _free_port(), telegram, staff_bot, stripe, square, instagram)
        shop = stack.enter_context(build_shop(settings, clock=clock, ids=SeededIds(), channels=rules_of_channels()))
        build_fixture(shop, orders=True, paying=("stripe", stripe.pay))
        post_a_week(instagram, shop)
        links = seat(shop, _team())
        bind_nadia(shop, staff_bot)
        address = stack.enter_context(
            running(shop, web=True, worker=True, extend_app=lambda app: _add_controls(app, shop, clock))
        )
        telegram.set_webhook(f"{address}/hooks/telegram", _WEBHOOK_SECRET, None, 40, drop=False)
        staff_bot.set_webhook(f"{address}/hooks/telegram-staff", _WEBHOOK_SECRET, None, 10, drop=True)
        stripe.set_webhook(f"{address}/hooks/stripe", stripe.webhook_secret)
        square.set_webhook(f"{address}/hooks/square", square.signature_key)
        yield Rehearsal(shop, clock, address, telegram, staff_bot, stripe, square, instagram, links)


def _team() -> dict[str, Place]:
    """Nadia of the first store, Hugo who makes the catalogues, and whoever owns the shop."""
    from commerce.domain.team import Role
    from commerce.services.team import Place

    return {
        "nadia": Place("Nadia", Role.STAFF, ("S1",), ("fr",)),
        "hugo": Place("Hugo", Role.MARKETER, (), ("fr", "en")),
        "owner": Place("Owner", Role.OWNER, (), ("en", "fr")),
    }


def _settings(
    directory: Path,
    port: int,
    telegram: TelegramStandIn,
    staff_bot: TelegramBot,
    stripe: StripeStandIn,
    square: SquareStandIn,
    instagram: InstagramStandIn,
) -> Settings:
    return load_settings(
        data_dir=directory,
        database_url="",
        host="127.0.0.1",
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        timezone="Europe/Paris",
        currency="EUR",
        languages="fr,en",
        telegram_token=SecretStr(telegram.token),
        telegram_secret=SecretStr(_WEBHOOK_SECRET),
        telegram_api_url=telegram.url,
        telegram_username=telegram.username,
        staff_telegram_token=SecretStr(staff_bot.token),
        staff_telegram_secret=SecretStr(_WEBHOOK_SECRET),
        staff_telegram_username=staff_bot.username,
        stripe_key=SecretStr(stripe.key),
        stripe_webhook_secret=SecretStr(stripe.webhook_secret),
        stripe_api_url=stripe.url,
        square_token=SecretStr(square.token),
        square_signature_key=SecretStr(square.signature_key),
        square_location=square.location,
        square_api_url=square.url,
        instagram_token=SecretStr(instagram.token),
        meta_graph_url=instagram.url,
        fetch_allow_hosts=(f"127.0.0.1:{port}", instagram.host),
        flood_messages=1_000,  # the clock stands still: everything seems to come in the same second
    )


def _refuse_live_credentials(settings: Settings) -> None:
    for name, field in type(settings).model_fields.items():
        if field.annotation is SecretStr and name != "secret_key" and getattr(settings, name).get_secret_value():
            raise SettingsError(f"VITRINE_{name.upper()} is set: a rehearsal does not run beside live credentials")


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _add_controls(app: Flask, shop: Shop, clock: ManualClock) -> None:
    """The routes under /rehearsal. They exist in a rehearsal only."""
    from flask import Blueprint, abort, jsonify, render_template_string, request
    from flask.typing import ResponseReturnValue

    controls = Blueprint("rehearsal", __name__, url_prefix="/rehearsal")

    @controls.get("")
    def overview() -> ResponseReturnValue:
        return jsonify(
            now=clock.now().isoformat(),
            telegram=shop.settings.telegram_api_url,
            stripe=shop.settings.stripe_api_url,
            square=shop.settings.square_api_url,
            instagram=shop.settings.meta_graph_url,
        )

    @controls.post("/clock")
    def move_clock() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        try:
            if isinstance(body, dict) and isinstance(body.get("at"), str):
                moment = datetime.fromisoformat(body["at"])
                if moment.tzinfo is None:
                    raise ValueError("no zone")
                clock.set(moment)
            elif isinstance(body, dict) and isinstance(body.get("advance_s"), (int, float)):
                clock.advance(timedelta(seconds=body["advance_s"]))
            else:
                raise ValueError("neither at nor advance_s")
        except (ValueError, OverflowError) as error:
            return jsonify(title="Not a time", detail=str(error), status=400), 400
        return jsonify(now=clock.now().isoformat())

    @controls.post("/sign-in-link")
    def another_link() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        login = body.get("login") if isinstance(body, dict) else None
        with shop.storage.read() as uow:
            member = uow.team.by_login(login) if isinstance(login, str) else None
        if member is None:
            return jsonify(title="Nobody has this login", status=404), 404
        return jsonify(link=sign_in_link(shop, member))

    @controls.get("/post/<source_id>")
    def post(source_id: str) -> ResponseReturnValue:
        """A page as another site would show our product: for its sharing picture only."""
        product = shop.catalog.by_source_id(source_id)
        if product is None or not product.pictures:
            abort(404)
        picture = f"{shop.settings.base_url}/media/{product.pictures[0].media_key}"
        return render_template_string(
            '<!doctype html><html lang="fr"><head><title>Vu hier</title>'
            '<meta property="og:image" content="{{ picture }}"></head><body><p>Vu hier en ville.</p></body></html>',
            picture=picture,
        )

    app.register_blueprint(controls)
