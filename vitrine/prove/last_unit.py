"""The last unit, wanted by two hundred people at the same moment, through every door there is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from commerce.domain.cart import CartLine
from commerce.domain.customer import Contact
from commerce.domain.mail import Direction, InboundEvent
from commerce.domain.order import NotOrdered, OrderRefused, OrderSource, OrderState
from commerce.domain.reservation import NotHeld, Refused
from commerce.domain.stock import MovementReason
from commerce.ports import UnitOfWork
from vitrine.prove import ProofResult
from vitrine.prove._each_database import on_each_database
from vitrine.prove._scratch_shop import Tally, p99_ms
from vitrine.prove._selling_shop import STORE, SellingShop, selling_shop

PROMISE = (
    "Of 200 people who want the last unit at the same moment - in a chat, on the page, through an assistant, to pay at"
    " the counter, at the counter itself - one gets it; the others hear within two seconds that it is gone, with"
    " something to choose, and nothing is left half done."
)
DEFAULT_N = 1_000
CI_N = 25

BUYERS = 200
_LIMIT_MS = 2_000
_BETWEEN = timedelta(seconds=61)  # two rounds: whoever writes to the bot in each is slower than its flood guard
_CHATTING = 20  # of them write to the bot and are answered by its worker; the others press a button
_WON, _LOST = "won", "sold out"


@dataclass(frozen=True)
class _Answer:
    """What became of one try. `give_back` undoes what the winner has."""

    what: str
    took_s: float
    give_back: Callable[[UnitOfWork], object] | None = None


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """`n` rounds on each database; the winner of a round gives the unit back before the next."""

    def prove(url: str, folder: Path) -> ProofResult:
        with selling_shop(url, folder, seed, units=(1,), people=BUYERS) as selling:
            tally, times_s = _Rounds(selling).play(n, report)
            broken = selling.breaches()
        slowest = p99_ms(times_s)
        good = tally["one winner"] == n and tally[_LOST] == n * (BUYERS - 1) and not broken
        return ProofResult(
            good and slowest <= _LIMIT_MS and not tally["without a choice"],
            f"{tally['one winner']:,} of {n:,} rounds with one winner, oversold {tally['oversold']},"
            f" errors {tally['error']}, told without a choice {tally['without a choice']}, p99 {slowest:.0f} ms",
            {**tally.counts, "whole": good, "p99_ms": round(slowest, 1), "breaches": broken},
        )

    return on_each_database(scratch, report, prove)


class _Rounds:
    def __init__(self, selling: SellingShop) -> None:
        self._selling, self._shop = selling, selling.shop
        (self._variant,) = selling.variants
        self._start = threading.Barrier(BUYERS)
        self._round = 0
        self._tally = Tally()
        self._doors = (self._reserves, self._orders_online, self._orders_to_pay_there, self._assistant, self._counter)
        from bot.channels.recorder.send import Recorder
        from bot.dispatch import Dispatcher

        channel = Recorder(self._shop.media)
        self._dispatcher = Dispatcher(self._shop, {(channel.name, channel.account): channel})

    def play(self, n: int, report: Callable[[str], None]) -> tuple[Tally, list[float]]:
        times_s: list[float] = []
        self._shop.storage.write(self._fill_all)
        with ThreadPoolExecutor(BUYERS) as pool:
            for self._round in range(n):
                self._selling.clock.advance(_BETWEEN)
                answers = list(pool.map(self._buy, range(BUYERS)))
                times_s += [answer.took_s for answer in answers]
                winners = [answer for answer in answers if answer.what == _WON]
                self._tally.add("oversold", max(0, len(winners) - 1))
                left = self._selling.level(self._variant)
                self._tally.add("one winner", int(len(winners) == 1 and left.available == 0))
                for winner in winners:
                    assert winner.give_back is not None
                    self._shop.storage.write(winner.give_back)
                if self._selling.level(self._variant).available != 1:
                    self._tally.add("not given back")
                if self._round % 100 == 99:
                    report(f"{self._round + 1:,} rounds")
        return self._tally, times_s

    def _fill_all(self, uow: UnitOfWork) -> None:
        for number in range(BUYERS):
            self._fill(uow, number)

    def _fill(self, uow: UnitOfWork, number: int) -> None:
        provider = "pay_in_store" if number % len(self._doors) == 2 else "fake"
        self._selling.fill(uow, self._selling.person(number)[0], {self._variant: 1}, provider=provider)

    def _buy(self, number: int) -> _Answer:
        chats = number < _CHATTING
        if chats:
            self._says(number)
        self._start.wait(60)
        began = time.perf_counter()
        try:
            answer = self._is_answered(number) if chats else self._doors[number % len(self._doors)](number)
        except Exception as error:
            self._tally.add("error")
            self._tally.add(f"{type(error).__name__}: {error}"[:200])
            return _Answer("error", time.perf_counter() - began)
        took_s = time.perf_counter() - began
        self._tally.add(answer.what)
        if answer.what == _WON:
            self._tally.add(f"won: {'chat' if chats else self._doors[number % len(self._doors)].__name__.strip('_')}")
        return _Answer(answer.what, took_s, answer.give_back)

    # --- doors

    def _reserves(self, number: int) -> _Answer:
        customer, contact = self._selling.person(number)
        answer = self._shop.storage.write(
            lambda uow: self._shop.reserving.place(
                uow, customer_id=customer, contact=contact, store_id=STORE, lines=[(self._variant, 1)]
            )
        )
        if isinstance(answer, Refused):
            return _Answer(_LOST if answer.reason is NotHeld.SOLD_OUT else f"refused: {answer.reason}", 0)
        return _Answer(_WON, 0, lambda uow: self._shop.reserving.cancel(uow, answer.id, customer))

    def _orders(self, number: int, source: OrderSource) -> _Answer:
        answer = self._shop.storage.write(lambda uow: self._selling.place(uow, number, source))
        if isinstance(answer, OrderRefused):
            sold_out = answer.reason is NotOrdered.SOLD_OUT and answer.variant_ids == (self._variant,)
            return _Answer(_LOST if sold_out else f"refused: {answer.reason}", 0)
        return _Answer(_WON, 0, partial(self._cancelled, number=number, order_id=answer.order.id))

    def _orders_online(self, number: int) -> _Answer:
        return self._orders(number, OrderSource.WEB)

    def _orders_to_pay_there(self, number: int) -> _Answer:
        return self._orders(number, OrderSource.BOT)

    def _assistant(self, number: int) -> _Answer:
        return self._orders(number, OrderSource.AGENT)

    def _counter(self, number: int) -> _Answer:
        receipt = f"till-{self._round}-{number}"
        sold = self._shop.storage.write(lambda uow: self._shop.catalog.sell(uow, "dress-0", STORE, 1, receipt))
        return _Answer(_WON, 0, partial(self._brought_back, receipt=receipt)) if sold else _Answer(_LOST, 0)

    # --- the chat, all the way

    def _who_chats(self, number: int) -> Contact:
        return Contact("recorder", "memory", f"chat-{number}")

    def _says(self, number: int) -> None:
        contact, now = self._who_chats(number), self._selling.clock.now()
        event_id = f"{self._round}-{number}"
        body = {
            "event_id": event_id,
            "sent_at": now.isoformat(),
            "action": f"reserve:{self._variant}:{STORE}",
        }
        event = InboundEvent(contact, event_id, now, json.dumps(body).encode())
        self._shop.storage.write(lambda uow: uow.inbox.accept(event, now))

    def _is_answered(self, number: int) -> _Answer:
        contact = self._who_chats(number)
        with self._shop.storage.read() as uow:
            row = uow.inbox.next_in(contact.lane, self._selling.clock.now())
        assert row is not None
        self._dispatcher.answer(row)
        with self._shop.storage.read() as uow:
            customer = uow.customers.by_contact(contact)
            assert customer is not None
            held = self._shop.reserving.open_of(uow, customer.id)
            entries = uow.threads.after(contact, 0, 100_000)
        said = [json.loads(entry.body) for entry in entries if entry.direction is Direction.OUT][-1]
        if held:
            return _Answer(_WON, 0, lambda uow: self._shop.reserving.cancel(uow, held[0].id, customer.id))
        if not (said["buttons"] or any(card["buttons"] for card in said["cards"])):
            self._tally.add("without a choice")
        return _Answer(_LOST, 0)

    # --- and back

    def _cancelled(self, uow: UnitOfWork, *, number: int, order_id: str) -> None:
        answer = self._shop.orders.cancel(uow, order_id, self._selling.person(number)[0])
        assert not isinstance(answer, Refused), answer
        assert answer.state is OrderState.CANCELLED, answer.state
        if not any(line.variant_id == self._variant for line in self._cart(uow, number)):
            self._fill(uow, number)

    def _cart(self, uow: UnitOfWork, number: int) -> tuple[CartLine, ...]:
        cart = self._shop.carts.of(uow, self._selling.person(number)[0])
        return cart.wanted if cart else ()

    def _brought_back(self, uow: UnitOfWork, *, receipt: str) -> None:
        at = self._selling.clock.now()
        assert uow.stock.adjust(self._variant, STORE, 1, MovementReason.RETURN, receipt, at)
