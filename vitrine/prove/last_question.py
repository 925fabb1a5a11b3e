"""The question before the charge, asked by many at once: a yes or no in time, whatever else the bot has to send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.clock import SystemClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed
from vitrine.prove import ProofResult
from vitrine.prove._scratch_shop import p99_ms, scratch_databases
from vitrine.prove._talking_shop import SECRET, talking_shop

if TYPE_CHECKING:
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop
    from vitrine.standins.telegram import Payment, Person, TelegramStandIn

PROMISE = (
    "However many confirm a Telegram invoice at the same moment, each is answered within two seconds (Telegram waits"
    " ten), though every one of these chats has other messages waiting; each is charged once and has one paid order."
)
DEFAULT_N = 200
CI_N = 40

_LIMIT_MS = 2_000
_WAITING = 3  # other messages in each chat, sent at the bot's pace
_PATIENCE_S = 120.0
_TITLE, _MINOR = "Baskets blanches", 8990


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` people, the webhook's real door, a real worker and aiogram, against the stand-in of the Bot API."""
    details: dict[str, object] = {}
    figures, kept = [], True
    with scratch_databases(scratch, report) as databases:
        for name, url in databases.items():
            folder = scratch / name
            folder.mkdir()
            found, figure = _ask(url, folder, n, seed)
            details[name] = found
            figures.append(f"{name}: {figure}")
            kept = kept and found["whole"] is True and float(str(found["p99_ms"])) <= _LIMIT_MS
    return ProofResult(kept, "; ".join(figures), details)


def _ask(url: str, folder: Path, n: int, seed: int) -> tuple[dict[str, object], str]:
    from bot.channels import build_channels
    from bot.webhooks import webhooks
    from bot.worker import Worker
    from vitrine.standins.telegram import PROVIDER_TOKEN, TelegramStandIn

    with TelegramStandIn() as telegram:
        known: dict[str, Any] = {"telegram_token": telegram.token, "telegram_secret": SECRET}
        known |= {"telegram_api_url": telegram.url, "telegram_payment_token": PROVIDER_TOKEN}
        with talking_shop(url, folder, SystemClock(), seed, **known) as shop:
            account = telegram.token.partition(":")[0]
            attempts = shop.storage.write(lambda uow: _order(uow, shop, account, n))
            for attempt_id in attempts:
                shop.paying.begin(attempt_id)
            people = [telegram.person(1000 + number, f"Shopper {number}") for number in range(n)]
            for person in people:
                person.started = True
            channel = build_channels(shop.settings, shop.media)["telegram"]
            worker = Worker(shop, [channel])
            server = _door(webhooks(shop, worker.wake), telegram)
            worker.start()
            try:
                _warm(channel)
                payments = _pay_at_once(telegram, list(zip(people, attempts, strict=True)))
                _wait(shop, payments, n)
            finally:
                worker.stop()
                server.shutdown()
                server.server_close()
                channel.close()
            return _judge(shop, payments, n)


def _order(uow: UnitOfWork, shop: Shop, account: str, n: int) -> list[str]:
    """One order a person, waiting to be paid by invoice; and other messages that wait in each chat."""
    found = next(
        variant
        for product in uow.products.after(0, 100)
        for variant in product.variants
        if variant.price.minor == _MINOR
    )
    attempts = []
    for number in range(n):
        contact = Contact("telegram", account, str(1000 + number))
        customer = shop.customers.recognise(uow, contact, name=f"Shopper {number}", language="fr")
        shop.carts.add(uow, customer.id, found.id)
        draft = CheckoutDraft(fulfilment=Fulfilment.PICKUP, store_id="S1", provider="telegram")
        shop.carts.set_draft(uow, customer.id, draft)
        placed = shop.checkout.place(
            uow, customer_id=customer.id, contact=contact, source=OrderSource.BOT, language="fr"
        )
        if not isinstance(placed, Placed):
            raise RuntimeError(f"not ordered: {placed}")
        attempts.append(placed.attempt.id)
        for waiting in range(_WAITING):
            body = f'{{"text":"message {waiting}","cards":[],"buttons":[]}}'
            uow.outbox.add(OutboundMessage(contact, "reply", body), shop.clock.now())
    return attempts


def _door(blueprint: Any, telegram: TelegramStandIn) -> Any:
    """The webhook's door over HTTP, and Telegram told of it."""
    from flask import Flask
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            """Nothing: hundreds of calls are no news."""

    app = Flask(__name__)
    app.register_blueprint(blueprint)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    telegram.set_webhook(f"http://127.0.0.1:{server.server_port}/hooks/telegram", SECRET, None, 40, drop=False)
    return server


def _warm(channel: Any) -> None:
    async def nothing(bot: object) -> None:
        return None

    channel.client.call(nothing, 120)


def _pay_at_once(telegram: TelegramStandIn, people: list[tuple[Person, str]]) -> list[Payment]:
    """Everybody confirms as soon as all are there; Telegram keeps at most 40 calls to a webhook open."""
    invoice = {"title": _TITLE, "currency": "EUR", "total_amount": _MINOR}

    def pay(person: Person, attempt_id: str) -> Payment:
        message = {"message_id": telegram.next_message_id(), "invoice": invoice}
        return telegram.desk.pay(person, message, attempt_id, telegram.now_s)

    with ThreadPoolExecutor(40) as pool:
        return list(pool.map(lambda each: pay(*each), people))


def _wait(shop: Shop, payments: list[Payment], n: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with shop.storage.read() as uow:
            paid = len(uow.orders.find(state=OrderState.PAID, limit=n + 1))
        if paid >= n and all(payment.ok is not None for payment in payments):
            return
        time.sleep(0.1)


def _judge(shop: Shop, payments: list[Payment], n: int) -> tuple[dict[str, object], str]:
    with shop.storage.read() as uow:
        paid = uow.orders.find(state=OrderState.PAID, limit=2 * n)
        sums = [order.paid_minor == order.total_minor for order in paid]
    answered = [payment.answered_after_s for payment in payments if payment.ok]
    p99, most = (p99_ms(answered), max(answered) * 1000) if answered else (float("inf"), float("inf"))
    whole = len(answered) == n == len(paid) and all(sums)
    found: dict[str, object] = {"whole": whole, "answered": len(answered), "paid": len(paid), "p99_ms": round(p99)}
    figure = f"{len(answered)} of {n} answered, p99 {p99:.0f} ms (most {most:.0f} ms), {len(paid)} orders paid"
    return found, figure
