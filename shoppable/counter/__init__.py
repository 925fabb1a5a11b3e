"""The counter: pages for the people who work here, under /staff. Each module declares its pages when it is imported."""

from __future__ import annotations

from shoppable.counter import (
    access,
    account,
    board,
    frame,
    live,
    orders,
    pick_up,
    record,
    returns,
    sign_in,
    stock,
    stores,
    team,
)
from shoppable.counter.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (sign_in, account, board, pick_up, orders, returns, stock, stores, team, record, live)

access.install(blueprint)
frame.install(blueprint)
