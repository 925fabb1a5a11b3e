"""The question before the charge, asked by many at once: a yes or no in time, whatever else the bot has to send."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commerce.clock import SystemClock
from commerce.domain.cart import CheckoutDraft, Fulfilment
from commerce.domain.customer import Contact
from commerce.domain.mail import OutboundMessage
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._scratch_shop import p99_ms
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
_WAITING = 2  # other messages in each chat, sent at the bot's pace
_PATIENCE_S = 120.0
_TITLE, _MINOR = "Baskets blanches", 8990
_CONNECTIONS = 40  # that Telegram opens to a webhook at once


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` people at a stand-in of the Bot API; the shop answers them in a process of its own."""

    def prove(url: str, folder: Path) -> ProofResult:
        found, figure = ask(url, folder, n, seed)
        return ProofResult(found["whole"] is True and float(str(found["p99_ms"])) <= _LIMIT_MS, figure, found)

    return on_each_database(scratch, report, prove)


def ask(url: str, folder: Path, n: int, seed: int) -> tuple[dict[str, object], str]:
    from vitrine.standins.telegram import PROVIDER_TOKEN, TelegramStandIn

    with TelegramStandIn() as telegram:
        known: dict[str, Any] = {"telegram_token": telegram.token, "telegram_secret": SECRET}
        known |= {"telegram_api_url": telegram.url, "telegram_payment_token": PROVIDER_TOKEN}
        with talking_shop(url, folder, SystemClock(), seed, **known) as shop:
            attempts = shop.storage.write(lambda uow: _order(uow, shop, telegram.token.partition(":")[0], n))
            for attempt_id in attempts:
                shop.paying.begin(attempt_id)
            people = [telegram.person(1000 + number, f"Shopper {number}") for number in range(n)]
            for person in people:
                person.started = True
            with _served(url, folder, known, telegram):
                payments = _pay_at_once(telegram, list(zip(people, attempts, strict=True)))
                _wait(shop, payments, n)
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


@contextmanager
def _served(url: str, folder: Path, known: dict[str, Any], telegram: TelegramStandIn) -> Iterator[None]:
    """Pages, webhooks and worker on the same database in a process of their own, once all of it is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        **known, "data_dir": str(folder), "database_url": url, "encoder": "none", "secret_key": "proof" * 8,
        "port": port, "base_url": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    command = [sys.executable, "-m", "vitrine.prove._serving_child", json.dumps(settings)]
    log = folder / "serve.log"
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + _PATIENCE_S
            while not telegram.webhook_info()["url"] or not telegram.sent("sendMessage"):  # all is loaded
                if child.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the shop does not work: {log.read_text('utf-8', 'replace')[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            child.terminate()
            child.wait(30)


def _pay_at_once(telegram: TelegramStandIn, people: list[tuple[Person, str]]) -> list[Payment]:
    invoice = {"title": _TITLE, "currency": "EUR", "total_amount": _MINOR}

    def pay(person: Person, attempt_id: str) -> Payment:
        message = {"message_id": telegram.next_message_id(), "invoice": invoice}
        return telegram.desk.pay(person, message, attempt_id, telegram.now_s)

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return list(pool.map(lambda each: pay(*each), people))


def _wait(shop: Shop, payments: list[Payment], n: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with shop.storage.read() as uow:
            paid = len(uow.orders.find(state=OrderState.PAID, limit=n + 1))
        if paid >= n and all(payment.ok is not None for payment in payments):
            return
        time.sleep(0.2)


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
