"""The day that `kill-9` disturbs: what people, staff and providers do, told so that they can do it again.

Whoever gets no answer tries again, as people and vendors do: the same message with the same number, the same call with
the same signature, the button once more. What they do never depends on what the shop remembers of them.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from commerce.clock import ManualClock
from commerce.domain.customer import Contact
from commerce.domain.mail import InboundEvent
from commerce.domain.order import OrderSource, OrderState
from commerce.domain.payment import Placed, RefundReason
from commerce.ports import UnitOfWork
from vitrine.prove._selling_shop import START, STORE, SellingShop, selling_shop
from vitrine.prove._steps import CALLS, Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.channels.port import Outgoing, PaymentAnswer
    from bot.messages import MediaRef, Message

PEOPLE = 6
_UNITS = (5, 5, 1)
_BUYER, _LATE, _RESERVER, _QUIET = 0, 1, 2, 3
_FEED = "id\ttitle\tprice\tavailability\tsize\tcolor\tproduct_type\n"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong after the restart; nothing is the good answer."""

    breaches: list[str]


def live_through(url: str, folder: Path, seed: int, die_at: int, again: bool) -> None:
    """The whole day. `die_at`: the step at which to die, 0 to count them, -1 for never. `again`: after a restart."""
    steps = Steps(die_at, folder / ("steps" if not again else "steps-again"))
    if die_at >= 0:
        steps.install()
    steps.phase = "opening"
    with selling_shop(url, folder, seed + again, units=_UNITS, at_warehouse=3, clock=_clock(folder)) as selling:
        _ready(folder)
        if die_at >= 0:
            for call in CALLS:
                steps.around(selling.fake, call, f"asking the provider to {call}")
        _Day(selling, steps, folder).live()


def _clock(folder: Path) -> ManualClock:
    """Goes on where the process stood that died: a restart takes nobody back to the morning."""
    stood = folder / "clock"
    return ManualClock(datetime.fromisoformat(stood.read_text()) if stood.exists() else START)


def _ready(folder: Path) -> None:
    path = folder / "ready"
    path.unlink(missing_ok=True)
    path.write_text(str(time.monotonic()))


class _Post:
    """The messenger: what arrived there stays there, whatever dies here."""

    name, account = "recorder", "memory"

    def __init__(self, folder: Path, steps: Steps) -> None:
        from bot.channels.recorder.send import CAPABILITIES

        self.capabilities = CAPABILITIES
        self._path, self._steps = folder / "delivered", steps

    def parse(self, event: InboundEvent) -> Message | None:
        from bot.channels.recorder.parse import parse

        return parse(event)

    def send(self, contact: Contact, outgoing: Sequence[Outgoing]) -> str:
        self._steps.step("before a message leaves")
        line = json.dumps([contact.address, [message.text for message in outgoing]])
        with self._path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._steps.step("after a message has left")
        return "sent"

    def fetch_media(self, ref: MediaRef, max_bytes: int) -> bytes:
        raise AssertionError("nobody sends files on this day")

    def answer_payment(self, answer: PaymentAnswer) -> None:
        raise AssertionError("nobody pays inside this channel")

    def close(self) -> None:
        """Nothing is open."""


class _Day:
    def __init__(self, selling: SellingShop, steps: Steps, folder: Path) -> None:
        from bot.worker import Worker

        self._selling, self._steps, self._folder = selling, steps, folder
        self._shop = selling.shop
        self._worker = Worker(selling.shop, [_Post(folder, steps)])

    def live(self) -> None:
        for phase in (
            self._people_write, self._somebody_buys, self._somebody_pays_late, self._staff_give_money_back,
            self._a_feed_comes, self._a_photo_is_kept, self._evening,
        ):  # fmt: skip
            self._steps.phase = phase.__name__.strip("_").replace("_", " ")
            phase()

    # --- the people

    def _contact(self, number: int) -> Contact:
        return Contact("recorder", "memory", f"person-{number}")

    def _customer(self, uow: UnitOfWork, number: int) -> str:
        return self._shop.customers.recognise(uow, self._contact(number), language="fr").id

    def _says(self, number: int, event_id: str, **body: object) -> None:
        """A vendor delivers until it has heard that the event was kept."""
        sent_at = START
        event = InboundEvent(
            self._contact(number), event_id, sent_at,
            json.dumps({"event_id": event_id, "sent_at": sent_at.isoformat(), **body}).encode(),
        )  # fmt: skip
        self._shop.storage.write(lambda uow: uow.inbox.accept(event, self._shop.clock.now()))
        self._steps.step("after a vendor heard 200")

    def _people_write(self) -> None:
        variant = self._selling.variants[0]
        self._says(_RESERVER, "hello", text="bonjour")
        self._says(_RESERVER, "reserve", action=f"reserve:{variant}:{STORE}")
        self._says(_QUIET, "hello", text="merci")
        self._worker.run_until_quiet()

    def _place(self, number: int, variant: int, key: str) -> Placed | None:
        """Presses the button until there is an order; whoever has one does not press again."""
        with self._shop.storage.read() as uow:
            customer = uow.customers.by_contact(self._contact(number))
            had = uow.orders.of_customer(customer.id) if customer else []
        if had:
            with self._shop.storage.read() as uow:
                return Placed(had[-1], uow.payments.of_order(had[-1].id)[-1])

        def work(uow: UnitOfWork) -> Placed | None:
            customer_id = self._customer(uow, number)
            self._selling.fill(uow, customer_id, {variant: 1}, email=f"{key}@example.com")
            answer = self._shop.checkout.place(
                uow, customer_id=customer_id, contact=self._contact(number), source=OrderSource.BOT, language="fr"
            )
            return answer if isinstance(answer, Placed) else None

        return self._shop.storage.write(work)

    def _somebody_buys(self) -> None:
        placed = self._place(_BUYER, self._selling.variants[1], "buyer+twice")
        assert placed is not None
        self._pay(placed)
        self._worker.run_until_quiet()

    def _go_to_pay(self, placed: Placed) -> None:
        """Presses the button until it leads somewhere. A process that died while it asked for the page has said that it
        was at it: nobody else asks for a minute."""
        pressed = 0
        while not self._shop.paying.begin(placed.attempt.id).url:
            assert pressed < 5, "the button leads nowhere"
            pressed += 1
            self._pass(timedelta(seconds=30))

    def _pay(self, placed: Placed) -> None:
        self._go_to_pay(placed)
        for session in self._selling.fake.control.sessions():
            if session.attempt_id == placed.attempt.id:
                self._selling.fake.pay_session(session.id)
        self._selling.fake.deliver(self._selling.receive)

    def _somebody_pays_late(self) -> None:
        """The last one of its kind waits for its payment, is given free, and is paid all the same."""
        placed = self._place(_LATE, self._selling.variants[2], "late")
        assert placed is not None
        self._go_to_pay(placed)
        self._later(timedelta(minutes=50))
        for session in self._selling.fake.control.sessions():
            if session.attempt_id == placed.attempt.id:
                self._selling.fake.control.pay_late(session.id)
        self._selling.fake.deliver(self._selling.receive)
        self._worker.run_until_quiet()

    def _staff_give_money_back(self) -> None:
        with self._shop.storage.read() as uow:
            customer = uow.customers.by_contact(self._contact(_BUYER))
            orders = uow.orders.of_customer(customer.id) if customer else []
            asked = [refund for order in orders for refund in uow.payments.refunds_of(order.id)]
        for order in orders:
            if order.state is OrderState.PAID and not asked:
                ask = partial(
                    self._shop.refunding.ask, order_id=order.id, amount_minor=500, reason=RefundReason.GOODWILL
                )
                self._shop.storage.write(ask)
        self._later(timedelta(minutes=1))

    def _a_feed_comes(self) -> None:
        """A price list of a thousand things: entirely the old one or entirely the new one."""
        from catalog_sync import sync

        feed = self._folder / "feed.tsv"
        for round_, price in enumerate((1000, 1100)):
            rows = [
                f"F{number}\tRobe {number}\t{price / 100:.2f} EUR\tin stock\t38\tnavy\tDresses" for number in range(60)
            ]
            feed.write_text(_FEED + "\n".join(rows) + "\n")
            sync(self._shop, str(feed), pictures=False)
            self._steps.step(f"after feed {round_}")
        self._shop.index_keeper.refresh()

    def _a_photo_is_kept(self) -> None:
        [key] = self._shop.photos.put(self._contact(_QUIET), [b"a picture of ours"], ".jpg")
        assert self._shop.media.get(key) is not None

    def _later(self, by: timedelta) -> None:
        """Time passes, and what only time brings about happens."""
        self._pass(by)
        for _ in range(4):
            self._shop.paying.tick()
            self._worker.tick()
            self._selling.fake.deliver(self._selling.receive)
            self._worker.run_until_quiet()

    def _pass(self, by: timedelta) -> None:
        self._selling.clock.advance(by)
        (self._folder / "clock").write_text(self._shop.clock.now().isoformat())

    def _evening(self) -> None:
        """Every question that is still open is asked, every message sent."""
        for minutes in (2, 6, 16, 61, 61):
            self._later(timedelta(minutes=minutes))


# --- looking back ----------------------------------------------------------------------------------------------------


def judge(url: str, folder: Path, seed: int, *, number_of_deaths: int) -> Judgement:
    """The invariants of the doctor, and what the outside world knows better: money, messages, the price list."""
    wrong: list[str] = []
    with selling_shop(url, folder, seed + 7, units=_UNITS, clock=ManualClock(_tomorrow())) as selling:
        wrong += selling.breaches()
        with selling.shop.storage.read() as uow:
            wrong += _orders(uow, selling)
            wrong += _reservation(uow, selling)
            wrong += _price_list(uow)
            wrong += _mail(uow)
            level = uow.stock.levels([selling.variants[1]], STORE)[0]
            if (level.on_hand, level.held) != (_UNITS[1] - 1, 0):
                wrong.append(f"one was sold once: {level}")
        wrong += _messages(folder, number_of_deaths)
    return Judgement(wrong)


def _tomorrow() -> datetime:
    return START + timedelta(hours=8)


def _orders(uow: UnitOfWork, selling: SellingShop) -> list[str]:
    wrong = []
    paid_at_provider: Counter[str] = Counter()
    for session in selling.fake.control.sessions():
        attempt = uow.payments.get(session.attempt_id)
        if attempt is None:
            wrong.append(f"session {session.id} of nobody's attempt")
        else:
            paid_at_provider[attempt.order_id] += session.paid_minor - session.refunded_minor
    orders = uow.orders.find(limit=100)
    if len(orders) != 2:
        wrong.append(f"two people ordered, there are {len(orders)} orders")
    for order in orders:
        ours = order.paid_minor - order.refunded_minor
        if ours != paid_at_provider[order.id]:
            wrong.append(f"order {order.number}: {ours} by our books, {paid_at_provider[order.id]} by the provider's")
        if order.state is not OrderState.PAID:
            wrong.append(f"order {order.number} is {order.state}: both were paid and could be sold")
        refunds = [refund.amount.minor for refund in uow.payments.refunds_of(order.id)]
        wanted = [500] if order.email.startswith("buyer") else []
        if refunds != wanted:
            wrong.append(f"order {order.number}: refunds of {refunds}, asked for {wanted}")
    return wrong


def _reservation(uow: UnitOfWork, selling: SellingShop) -> list[str]:
    customer = uow.customers.by_contact(Contact("recorder", "memory", f"person-{_RESERVER}"))
    held = uow.reservations.of_customer(customer.id, only_open=False) if customer else []
    return [] if len(held) == 1 else [f"one reservation was made, there are {len(held)}"]


def _price_list(uow: UnitOfWork) -> list[str]:
    prices = {
        variant.price.minor
        for product in uow.products.after(0, 10_000)
        for variant in product.variants
        if variant.sku.startswith("F")
    }
    return [] if prices == {1100} else [f"a price list is old or new, not {sorted(prices)}"]


def _mail(uow: UnitOfWork) -> list[str]:
    far = _tomorrow() + timedelta(days=30)
    waiting = [*uow.inbox.waiting_lanes(far, 10), *uow.outbox.waiting_lanes(far, 10)]
    dead = [f"{letter.what}: {letter.error}" for letter in (*uow.inbox.dead(10), *uow.outbox.dead_letters(10))]
    return [f"waits: {waiting}"] * bool(waiting) + [f"dead letters: {dead}"] * bool(dead)


def _messages(folder: Path, deaths: int) -> list[str]:
    """None lost (the outbox is empty), and no more repeated than processes have died."""
    lines = (folder / "delivered").read_text().splitlines() if (folder / "delivered").exists() else []
    repeated = sum(count - 1 for count in Counter(lines).values())
    return [f"{repeated} messages came twice"] if repeated > deaths else []
