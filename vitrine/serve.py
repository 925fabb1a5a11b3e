"""Pages, conversations and polling around one shop: in one process, or each in its own."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from commerce.errors import SettingsError, StorageError, VendorError
from vitrine.logs import configure_logs

if TYPE_CHECKING:
    from flask import Flask
    from waitress.server import TcpWSGIServer

    from bot.worker import Worker
    from commerce.settings import Settings
    from commerce.wiring import Shop

log = structlog.get_logger(__name__)

_CALLS_EVERY_S = 1.0  # of the make-believe provider
_LARGEST_BODY_BYTES = 102 * 1024 * 1024  # a catalogue of 100 MB; each route has a limit of its own below it


def serve_forever(settings: Settings, *, with_worker: bool, language: str = "", level: int = logging.INFO) -> None:
    """The web process; with `with_worker` it answers conversations too. Ends with SIGINT or SIGTERM. `language`: of
    what it says when it opens; '' for the shop's own. `level`: of the logs."""
    from bot.channels import rules_of_channels
    from commerce.wiring import build_shop
    from vitrine.opening import opening

    configure_logs(level=level)
    stop = stop_signal()
    with (
        build_shop(settings, channels=rules_of_channels()) as shop,
        running(shop, web=True, worker=with_worker) as address,
    ):
        print(f"\n{opening(shop, address, language or settings.default_language)}", flush=True)
        stop.wait()


def work_forever(settings: Settings, *, polling: bool) -> None:
    """Answers and sends without pages; with `polling`, also fetches what was written on Telegram."""
    from bot.channels import rules_of_channels
    from commerce.wiring import build_shop

    configure_logs(level=logging.INFO)
    stop = stop_signal()
    with build_shop(settings, channels=rules_of_channels()) as shop, running(shop, worker=True, polling=polling):
        print("Working. Ctrl+C ends it.", file=sys.stderr)
        stop.wait()


@contextmanager
def running(
    shop: Shop,
    *,
    web: bool = False,
    worker: bool = False,
    polling: bool = False,
    extend_app: Callable[[Flask], None] = lambda app: None,
) -> Iterator[str]:
    """Starts what is asked for and yields the address of the pages ('' without them); stops it all at the end.

    Raises SettingsError when the port is taken or a channel that is to be polled has no token.
    """
    with ExitStack() as stack:
        shop.index_keeper.refresh()
        shop.index_keeper.start()
        stack.callback(shop.index_keeper.stop)
        wake: Callable[[], None] = lambda: None  # noqa: E731
        if worker:
            wake = stack.enter_context(_working(shop)).wake
            stack.enter_context(_make_believe(shop, wake))
        if polling:
            stack.enter_context(_polling(shop, wake))
            _tell_telegram(shop.settings, webhooks=False)
        address = ""
        if web:
            address = stack.enter_context(_serving(shop, wake, extend_app))
            if not polling:
                _tell_telegram(shop.settings)
        yield address


@contextmanager
def _working(shop: Shop) -> Iterator[Worker]:
    from bot.channels import build_channels
    from bot.worker import Worker

    channels = build_channels(shop.settings, shop.media)
    worker = Worker(shop, channels.values())
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        for channel in channels.values():
            channel.close()


@contextmanager
def _make_believe(shop: Shop, wake: Callable[[], None]) -> Iterator[None]:
    """What a real provider does by itself the make-believe one does here: it calls the shop when its time has come."""
    from commerce.payments.fake import FakeProvider

    provider = shop.providers.get("fake")
    stop = threading.Event()

    def receive(body: bytes, headers: Mapping[str, str]) -> bool:
        url = f"{shop.settings.base_url}/hooks/fake"
        try:
            return shop.paying.receive("fake", body, headers, url).status == 200
        except StorageError:
            return False

    def call(provider: FakeProvider) -> None:
        while not stop.wait(_CALLS_EVERY_S):
            if provider.deliver(receive):
                wake()

    if not isinstance(provider, FakeProvider):
        yield
        return
    thread = threading.Thread(target=call, args=(provider,), name="make-believe", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


@contextmanager
def _polling(shop: Shop, wake: Callable[[], None]) -> Iterator[None]:
    """For each of our Telegram bots that has a token; at least the shopper's has to have one."""
    from bot.channels import telegram, telegram_staff
    from bot.polling import poll, poll_staff

    if missing := telegram.off_because(shop.settings):
        raise SettingsError(missing)
    bots = [poll] if telegram_staff.off_because(shop.settings) else [poll, poll_staff]
    stop = threading.Event()
    threads = [
        threading.Thread(target=each, args=(shop, stop), kwargs={"wake": wake}, name=each.__name__, daemon=True)
        for each in bots
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(5)


def _tell_telegram(settings: Settings, *, webhooks: bool = True) -> None:
    """Says which commands the staff's bot has and where the webhooks are, in the background: the pages do not wait for
    Telegram."""
    from bot.channels.telegram.register import register_webhook
    from bot.channels.telegram_staff.register import register_webhook as register_staff_webhook
    from bot.staff.menu import offer_commands

    def tell(say: Callable[[Settings], bool], what: str) -> None:
        try:
            say(settings)
        except VendorError as error:
            log.error("telegram_not_told", what=what, reason=str(error), cure="it is told again at the next start")

    said = [(offer_commands, "commands of the staff's bot")]
    if webhooks:
        said += [(register_webhook, "webhook"), (register_staff_webhook, "webhook of the staff's bot")]
    for say, what in said:
        threading.Thread(target=tell, args=(say, what), name=f"telegram: {what}", daemon=True).start()


@contextmanager
def _serving(shop: Shop, wake: Callable[[], None], extend_app: Callable[[Flask], None]) -> Iterator[str]:
    import waitress.server

    from bot.webhooks import webhooks
    from shoppable import create_app

    app = create_app(shop, wake=wake)
    app.register_blueprint(webhooks(shop, wake))
    extend_app(app)
    settings = shop.settings
    try:
        server = waitress.server.create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.web_threads,
            ident=None,  # says nothing about what runs here
            max_request_body_size=_LARGEST_BODY_BYTES,
            channel_timeout=120,
            channel_request_lookahead=1,  # so that an open stream learns that its reader has hung up
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise SettingsError(
            f"VITRINE_PORT: {settings.host}:{settings.port} cannot be used ({error.strerror})"
        ) from error
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield f"http://{_host_in_url(settings.host)}:{server.effective_port}"
    finally:
        _close(server)
        thread.join(5)


def _close(server: TcpWSGIServer) -> None:
    """Ends the server's loop from inside: sockets that another thread closes under it make it fail."""

    def hang_up() -> None:
        server.del_channel()
        server.socket.close()
        for channel in list(server.active_channels.values()):
            channel.handle_close()

    server.trigger.pull_trigger(hang_up)
    server.task_dispatcher.shutdown(timeout=3)
    with suppress(OSError):  # the loop may close it between the two halves of the pull
        server.trigger.pull_trigger(server.trigger.close)


def _host_in_url(host: str) -> str:
    shown = "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 compared, not bound
    return f"[{shown}]" if ":" in shown else shown


def stop_signal() -> threading.Event:
    """An event that SIGINT and SIGTERM set; the main thread waits for it."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
