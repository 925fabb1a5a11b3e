"""The clients of `orders`: each orders as often as it can, in a process or a thread of its own, and what that took is
added up. Children import this module, that of their client, and nothing else of ours."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

LINES = 3


@dataclass(slots=True)
class Measured:
    """Of one way in one run: seconds from asking to durable for each order placed, orders that were short of stock,
    and the time and the clients' CPU that all of it took."""

    took_s: list[float] = field(default_factory=list)
    short: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.took_s) / self.wall_s

    def add(self, other: Measured) -> None:
        self.took_s += other.took_s
        self.short += other.short
        self.wall_s += other.wall_s
        self.cpu_s += other.cpu_s


def baskets(seed: int, skus: int) -> Callable[[], list[int]]:
    """Three different things each time, in key order."""
    chance = random.Random(seed)
    numbers = range(1, skus + 1)
    return lambda: sorted(chance.sample(numbers, LINES))


class Short(Exception):
    """Not enough of one thing."""


class Over(Exception):
    """There is nothing more to try."""


def _order_until(order: Callable[[], None], mine: Measured, end: float) -> None:
    while (began := time.perf_counter()) < end:
        try:
            order()
        except Short:
            mine.short += 1
        except Over:
            break
        else:
            mine.took_s.append(time.perf_counter() - began)


def run_child(order: Callable[[], None], pipe: Connection, seconds: float) -> None:
    """In the child: says that it is ready, waits for the start, orders until the time is over, tells what it took."""
    mine = Measured()
    pipe.send("ready")
    pipe.recv()
    before_s, began = time.process_time(), time.perf_counter()
    _order_until(order, mine, began + seconds)
    mine.wall_s, mine.cpu_s = time.perf_counter() - began, time.process_time() - before_s
    pipe.send(mine)


def in_processes(
    client: Callable[..., None], arguments: Iterable[Any], clients: int, seconds: float, seed: int
) -> Measured:
    """`client` is called in each process with the arguments, a seed of its own, a pipe and the seconds, and ends in
    `run_child`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([client.__module__, "psycopg"])  # what is missing is left out
    pipes, children = [], []
    for number in range(clients):
        ours, theirs = context.Pipe()
        child = context.Process(target=client, args=(*arguments, seed + number, theirs, seconds))
        child.start()
        pipes.append(ours)
        children.append(child)
    for pipe in pipes:
        pipe.recv()
    for pipe in pipes:
        pipe.send("go")
    together = Measured()
    for pipe, child in zip(pipes, children, strict=True):
        together.add(pipe.recv())
        child.join()
    together.wall_s /= clients
    return together


def in_threads(client: Callable[[int], Callable[[], None]], clients: int, seconds: float) -> Measured:
    """Each client orders in a thread of its own until the time is over."""
    orders = [client(number) for number in range(clients)]
    each = [Measured() for _ in orders]
    begin = threading.Barrier(clients + 1)

    def run(order: Callable[[], None], mine: Measured) -> None:
        begin.wait()
        _order_until(order, mine, time.perf_counter() + seconds)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(orders, each, strict=True)]
    for thread in threads:
        thread.start()
    begin.wait()
    before_s, began = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.join()
    together = Measured()
    for mine in each:
        together.add(mine)
    together.wall_s, together.cpu_s = time.perf_counter() - began, time.process_time() - before_s
    return together
